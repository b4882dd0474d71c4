"""What the demo runs on: both emulated worlds, and Baton as a process of its own between them."""

import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from bot.demo.outbox import waiting
from bot.demo.process import CODE, DemoError, Process
from bot.sandbox import seed, seed_talk
from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.records import Json
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.weather import Weather

NINE = clock_time(9)
WEDNESDAY = 2
PATIENCE = 40.0
HOOK_SECRET = "sandbox-hook-secret"  # noqa: S105 - the emulated GitLab's


class Worlds:
    """An emulated Slack and GitLab on a Wednesday morning, and the bot; a context manager that leaves nothing behind."""

    def __init__(self) -> None:
        self.morning = datetime.combine(last_wednesday(datetime.now(UTC).date()), NINE, tzinfo=UTC)
        self._ahead = self.morning - datetime.now(UTC)
        self.slack = SlackWorld(clock=lambda: self.now().timestamp())
        self.gitlab = GitlabWorld(clock=self.now)
        self.weather = Weather()
        self.slack_weather = Weather()
        self.kills = 0
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
            message = f"{what} did not come.\n{self._bot.last_words}"
            raise DemoError(message)

    # what can be done with the bot

    def is_killed(self) -> None:
        """Kill the bot as `kill -9` does, and start it again at once."""
        self.kills += 1
        self._bot.is_killed()
        self._bot.starts(self.now())

    def travels(self, to: datetime) -> None:
        """Set everybody's clock: that of the worlds, and that of the bot, which has to be started again for it."""
        self._bot.ends()
        self._ahead += to - self.now()
        for world in (self.slack, self.gitlab):
            world.changes.happened()  # what is shown of both depends on the day
        self._bot.starts(self.now())

    def waits(self) -> Json:
        """Tell what waits in the bot's outbox."""
        return waiting(self.bot_url, self._database)

    def _start(self) -> None:
        with _no_interruption():  # a folder that is made, and that nobody knows of yet, would be left behind
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="baton-demo-")))
        seed.seed_slack(self.slack)
        self.slack.install(yaml.safe_load((CODE / "manifest.yml").read_text(encoding="utf-8")))
        seed_talk.seed_talk(self.slack, self.morning)
        seed.seed_gitlab(self.gitlab, self.ending)
        self._stack.callback(self.gitlab.close)
        gitlab = Server(application(self.gitlab, self.weather), changes=self.gitlab.changes)
        slack = Server(app(self.slack, self.slack_weather.middleware), changes=self.slack.changes)
        self.gitlab_url = self.gitlab.state.web_url = self._stack.enter_context(gitlab).url
        self.slack_url = self.slack.url = self._stack.enter_context(slack).url
        self._database = folder / "baton.db"
        self._rota = folder / "rota.ics"
        self._rota.write_text(seed.rota(self.morning), encoding="utf-8", newline="")
        self.settings = self._settings()
        self._bot = Process(self.settings, folder)
        self._stack.callback(self._bot.ends)
        self._bot.starts(self.now())
        self.bot_url = self.slack.bot_url = self._bot.url
        self.gitlab.add_hook(f"{self.bot_url}/gitlab/hooks", HOOK_SECRET)

    def _settings(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "GITLAB_URL": self.gitlab_url,
            "GITLAB_TOKEN": self.gitlab.token,
            "GITLAB_PROJECT": self.gitlab.state.project.full_path,
            "GITLAB_WEBHOOK_SECRET": HOOK_SECRET,
            "DATABASE_URL": f"sqlite:///{self._database}",
            "TEAM_CHANNEL": seed.CHANNEL,
            "WOW_LEADS": f"{seed.ALICE},{seed.CHEN}",
            "ROTA": str(self._rota),
            "ONCALL_USERGROUP": seed.ONCALL,
            "ONCALL_TOPIC": "true",
            "PORT": "0",
        }


@contextmanager
def _no_interruption() -> Iterator[None]:
    """Let Ctrl-C wait until this is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def last_wednesday(today: date) -> date:
    """Find the Wednesday that is today or was last."""
    return today - timedelta(days=(today.weekday() - WEDNESDAY) % 7)
