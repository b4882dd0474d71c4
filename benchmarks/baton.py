"""Baton as it is really run: `python -m bot serve`, everything on, between the emulated Slack and GitLab."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.programs import PYTHON, Program, running
from benchmarks.slack import CHANNEL, SECRET
from bot.store import open_store

PROJECT = "acme/production"


def fresh_database(folder: Path) -> Path:
    """Make an empty database with Baton's schema."""
    path = folder / "baton.db"
    open_store(f"sqlite:///{path}").close()
    return path


@contextmanager
def serving(
    database: Path,
    addresses: tuple[str, str],
    *,
    socket_mode: bool = False,
    now: datetime | None = None,
    program: tuple[str, ...] = ("bot",),
    cores: Collection[int] = machine.SERVER,
) -> Iterator[Program]:
    """Run Baton on a database; `addresses` are those of the emulated GitLab and Slack.

    `program` is the module that is run, with arguments, where it is not Baton itself.
    """
    gitlab, slack = addresses
    settings = {
        "SLACK_BOT_TOKEN": "xoxb-sandbox",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{slack}/api/",
        "GITLAB_URL": gitlab,
        "GITLAB_TOKEN": "glpat-sandbox",
        "GITLAB_PROJECT": PROJECT,
        "DATABASE_URL": f"sqlite:///{database}",
        "PORT": "0",
        "TEAM_CHANNEL": CHANNEL,
        **({"SLACK_APP_TOKEN": "xapp-sandbox"} if socket_mode else {}),
    }
    command = [PYTHON, "-m", *program, "serve", *(["--now", now.isoformat()] if now else [])]
    with running(command, settings, database.parent, cores) as found:
        yield found
