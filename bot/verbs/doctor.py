"""`python -m bot doctor`."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from bot.settings import read_partly
from bot.verbs import end, is_wrong, run

EXIT_CODES = (
    "Exit codes: 0 all is well; 1 Baton can serve, but something is not well (a warning); 2 Baton cannot serve, or "
    "cannot do its work, until somebody fixes it (a problem); 130 Ctrl-C."
)


def doctor(
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Create missing labels and milestones, after asking.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --fix: create them without asking.")] = False,
) -> None:
    """Check all that Baton depends on, and say for each thing what is wrong and how to fix it.

    Nothing is changed without --fix. docs/troubleshooting.md explains what it says.
    """
    if yes and not fix:
        is_wrong("--yes answers what --fix asks: give both.")
    from bot import app
    from bot.telemetry import start_logging
    from bot.terminal import checkup

    env_file = Path(".env")
    found = read_partly(env_file)
    start_logging(level=logging.CRITICAL, secrets=found.secrets)
    end(run(checkup.run(found, env_file, app.now, fix=fix, yes=yes)))
