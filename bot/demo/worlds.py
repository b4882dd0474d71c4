"""What the demo runs on: both emulated worlds, and Baton as a process of its own between them."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.sandbox import seed
from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.weather import Weather

CODE = Path(__file__).parents[2]
NINE = clock_time(9)
WEDNESDAY = 2
START_SECONDS = 30.0
STOP_SECONDS = 12.0
PATIENCE = 40.0


class DemoError(Exception):
    """Something that should have happened did not."""


class Worlds:
    """An emulated Slack and GitLab on a Wednesday morning, and the bot; a context manager that leaves nothing behind."""

    def __init__(self) -> None:
        self.morning = datetime.combine(last_wednesday(datetime.now(UTC).date()), NINE, tzinfo=UTC)
        self._ahead = self.morning - datetime.now(UTC)
        self.slack = SlackWorld(clock=lambda: self.now().timestamp())
        self.gitlab = GitlabWorld(clock=self.now)
        self.weather = Weather()
        self.ending = self.morning.date() - timedelta(days=1)
        self._stack = ExitStack()

    def now(self) -> datetime:
        """The present instant of the rehearsal: its clock runs on from Wednesday, 09:00 UTC."""
        return datetime.now(UTC) + self._ahead

    def __enter__(self) -> Self:
        """Start everything, and wait until the bot answers."""
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything, children first."""
        self._stack.close()

    def waits_for(self, what: str, happened: Callable[[], bool]) -> None:
        """Wait until something can be seen in Slack; DemoError when it does not come."""
        if not self.slack.wait_for(happened, PATIENCE):
            message = f"{what} did not come.\n{self._last_words()}"
            raise DemoError(message)

    def _start(self) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="baton-demo-")))
        seed.seed_slack(self.slack)
        seed.seed_gitlab(self.gitlab, self.ending)
        self._stack.callback(self.gitlab.close)
        gitlab = Server(application(self.gitlab, self.weather), changes=self.gitlab.changes)
        slack = Server(app(self.slack), changes=self.slack.changes)
        self.gitlab_url = self._stack.enter_context(gitlab).url
        self.slack_url = self.slack.url = self._stack.enter_context(slack).url
        self._log = folder / "baton.log"
        self.settings = self._settings(folder)
        process = self._stack.enter_context(_running(self.settings, folder, self._log, self.now()))
        self.bot_url = self.slack.bot_url = self._address(process)

    def _settings(self, folder: Path) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "GITLAB_URL": self.gitlab_url,
            "GITLAB_TOKEN": self.gitlab.token,
            "GITLAB_PROJECT": self.gitlab.state.project.full_path,
            "DATABASE_URL": f"sqlite:///{folder}/baton.db",
            "TEAM_CHANNEL": seed.CHANNEL,
            "WOW_LEADS": f"{seed.ALICE},{seed.CHEN}",
            "PORT": "0",
        }

    def _address(self, process: "subprocess.Popen[bytes]") -> str:
        """Read in the log where the bot listens; it took a free port."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            for line in self._log.read_text(encoding="utf-8").splitlines():
                if '"app.ready"' in line:
                    return str(json.loads(line)["address"])
            time.sleep(0.02)
        message = f"the bot did not start.\n{self._last_words()}"
        raise DemoError(message)

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8").splitlines()
        return "\n".join(lines[-5:])


def last_wednesday(today: date) -> date:
    """Find the Wednesday that is today or was last."""
    return today - timedelta(days=(today.weekday() - WEDNESDAY) % 7)


@contextmanager
def _running(
    settings: Mapping[str, str], folder: Path, log: Path, now: datetime
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run the bot in `folder`, with these settings and nothing of the surroundings, apart from the keyboard's Ctrl-C."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "SYSTEMROOT"}}
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "bot.demo.child", "--now", now.isoformat()],
            env={**kept, "PYTHONPATH": str(CODE), **settings},
            cwd=folder,
            stdin=subprocess.PIPE,  # never written to: it ends when this process does
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
