"""The world in which the stories play: an emulated GitLab and Slack on one clock, two people, and the bot as a process."""

import re
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import yaml

from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.records import Kind
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Changes, Exchange, Server
from bot.sandbox.slack import SlackWorld
from bot.sandbox.slack import app as slack_app
from bot.sandbox.slack.modal import Screen
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.screen import Seen
from bot.sandbox.slack.state import Message
from bot.sandbox.weather import Weather
from tests.contract import check_exchanges
from tests.stories.process import ROOT, Bot

WEDNESDAY = "2026-11-25T09:01Z"
"""When most stories begin: the morning after the week's last day, and not at a moment at which the bot looks around."""
TUESDAY = date(2026, 11, 24)
PATIENCE = 30.0
LEASES_END = 20.0
"""Seconds after which another process may take over what one had begun before it was killed."""
CHANNEL = "C1"
HOOK_SECRET = "a-secret-for-hooks"
DAY = timedelta(days=1)


class Clock:
    """The worlds' time, which runs on from the instant at which the story begins."""

    def __init__(self, begins: str) -> None:
        self._set(datetime.fromisoformat(begins))

    def _set(self, shown: datetime, pace: float = 1.0) -> None:
        self._shown, self._since, self._pace = shown, datetime.now(UTC), pace

    def __call__(self) -> datetime:
        """The present instant."""
        return self._shown + (datetime.now(UTC) - self._since) * self._pace

    def moves(self, **by: float) -> None:
        """Jumps ahead (`minutes=5`); a bot learns of it when it starts."""
        self._shown += timedelta(**by)

    def runs_fast(self) -> None:
        """Runs five times as fast as the machine's, until a bot is told of it."""
        self._set(self(), pace=5.0)

    def runs_with_the_machine(self) -> None:
        """Shows from now on what a command sees that is run as a process of its own: nobody tells it another time."""
        self._set(datetime.now(UTC))

    def told(self) -> str:
        """As a bot is told it, which has the machine's pace; from now on both have."""
        self._set(self())
        return self._shown.isoformat()


class Gitlab(GitlabWorld):
    """GitLab, with its weather."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.weather = Weather()
        self.server = Server(application(self, self.weather), changes=self.changes)

    def goes_down(self) -> None:
        """Answers nothing any more."""
        self.weather.goes_down()

    def comes_back(self) -> None:
        """Is well again, whatever it had."""
        self.weather.clears()

    def calls(self, method: str = "", path: str = "") -> list[Exchange]:
        """The requests it was sent."""
        return [each for each in self.server.recorded() if method in each.method and path in each.path]

    def labels_of(self, iid: int) -> list[str]:
        """An issue's labels."""
        return sorted(self.issue(iid)["labels"])


class Slack(SlackWorld):
    """Slack, with its weather."""

    def __init__(self, clock: Clock, changes: Changes) -> None:
        super().__init__(clock=lambda: clock().timestamp(), changes=changes)
        self.install(yaml.safe_load((ROOT / "manifest.yml").read_text()))
        self.weather = Weather()
        self.server = Server(slack_app(self, self.weather.middleware), changes=changes)

    def goes_down(self) -> None:
        """Answers nothing any more."""
        self.weather.goes_down()

    def comes_back(self) -> None:
        """Is well again, whatever it had."""
        self.weather.clears()

    @property
    def refusals(self) -> list[str]:
        """What it refused to do for the bot, and why."""
        api = [each for each in self.server.recorded() if each.path.startswith("/api/")]
        return [f"{each.path}: {each.response_body.decode()}" for each in api if b'"ok": false' in each.response_body]


class World:
    """Everything outside the bot, and the bot. `settings` are added to those that every story needs."""

    def __init__(self, folder: Path, now: str = WEDNESDAY, **settings: str) -> None:
        self.clock = Clock(now)
        self.gitlab = Gitlab(self.clock)
        self.slack = Slack(self.clock, self.gitlab.changes)
        self.alice = self.slack.add_person("U1", "alice", tz="Europe/Amsterdam")
        self.bob = self.slack.add_person("U2", "bob", tz="America/New_York")
        self.slack.add_channel(CHANNEL, "production", members=["U1", "U2"])
        # a busy machine is no failure; what must be quick is measured where it is told
        self.slack.trigger_seconds, self.slack.line.patience = 20.0, 10.0
        self.operations: set[str] = set()
        """The operations of GitLab's document that were seen; known when the story has ended."""
        self.forgives_slack = False
        """Whether it is part of the story that Slack refuses something."""
        self.forgives_bot = False
        """Whether it is part of the story that the bot logs an error."""
        self.bots: list[Bot] = []
        self._folder, self._settings = folder, settings
        self._numbers = count(1)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Opens GitLab and Slack; the bot is there, and not started."""
        self._open.callback(self.gitlab.close)
        self._open.enter_context(self.gitlab.server)
        self._open.enter_context(self.slack.server)
        self._open.callback(self._everybody_leaves)
        self.slack.url = self.slack.server.url
        self.bot = self.another_bot()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends everything; a story that went well is held to GitLab's document, and to a clean log."""
        if error is not None:
            error.add_note(self.tell())
        self._open.close()
        if error is None:
            self._is_clean()

    def _is_clean(self) -> None:
        self.operations = operations_of(self.gitlab.server.recorded())
        refusals = [] if self.forgives_slack else self.slack.refusals
        complaints = [] if self.forgives_bot else [line for each in self.bots for line in each.complaints]
        assert not refusals, f"Slack refused {refusals}\n{self.tell()}"
        assert not complaints, f"the bot complains: {complaints}\n{self.tell()}"

    def _everybody_leaves(self) -> None:
        for each in self.bots:
            each.is_killed()
        self.gitlab.weather.clears()
        self.slack.weather.clears()

    # the bot

    def another_bot(self, **settings: str) -> Bot:
        """One more process on the same database; whichever starts last is spoken to."""
        needed = {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": f"{self.slack.server.url}/api/",
            "GITLAB_URL": self.gitlab.server.url,
            "GITLAB_TOKEN": self.gitlab.token,
            "GITLAB_PROJECT": self.gitlab.state.project.full_path,
            "DATABASE_URL": f"sqlite:///{self._folder / 'baton.db'}",
            "PORT": "0",
            "TEAM_CHANNEL": CHANNEL,
            "GITLAB_WEBHOOK_SECRET": HOOK_SECRET,
            # nothing is drawn but where the story is about it: each picture takes a second
            "REPORT_PICTURE": "no",
        }
        name = f"bot{next(self._numbers)}"
        bot = Bot(needed | self._settings | settings, self._folder, self.clock.told, self._speaks_to, name)
        self.bots.append(bot)
        return bot

    def _speaks_to(self, url: str) -> None:
        self.slack.bot_url = url

    def is_told_by_hooks(self, token: str = HOOK_SECRET, signing_token: str = "") -> None:
        """GitLab tells the bot of everything from now on."""
        self.gitlab.add_hook(f"{self.bot.url}/gitlab/hooks", token, signing_token)

    def becomes(self, **settings: str) -> None:
        """The bot is started anew with other settings, on the same database."""
        self.bot.is_killed()
        self.bot = self.another_bot(**settings)
        self.bot.starts()

    def bot_returns(self) -> None:
        """The bot is started again, long enough after its end to go on with what it had begun."""
        self.clock.moves(seconds=LEASES_END)
        self.bot.starts()

    # waiting

    def until(self, happens: Callable[[], object], what: str, within: float = PATIENCE) -> None:
        """Waits for something, and fails with the whole story if it does not come."""
        deadline = time_left(within)
        while not self.gitlab.changes.wait_until(lambda: bool(happens()), min(0.1, max(0.0, deadline()))):
            assert deadline() > 0, f"waited in vain: {what}"

    def modal(self, person: Persona, submit: str, within: float = PATIENCE) -> Screen:
        """The modal in front of somebody, as soon as it has this submit button (or none, if that is empty)."""

        def is_there() -> bool:
            screen = person.modal
            return screen is not None and screen.submit == submit and "one moment" not in screen.text

        self.until(is_there, f"a modal with the button {submit!r}", within)
        screen = person.modal
        assert screen is not None
        return screen

    def said(
        self, words: str, channel: str | None = CHANNEL, to: Persona | None = None, within: float = PATIENCE
    ) -> Seen:
        """The newest message with these words, as soon as it is there."""
        self.until(lambda: self.messages(words, channel, to), f"a message with {words!r}", within)
        return self.messages(words, channel, to)[-1]

    def messages(self, words: str = "", channel: str | None = CHANNEL, to: Persona | None = None) -> list[Seen]:
        """The messages with these words that somebody (Alice) sees now."""
        return [each for each in (to or self.alice).sees(channel) if words in each.text]

    def is_idle(self, within: float = PATIENCE) -> None:
        """Waits until the bot has nothing more to deliver."""
        self.until(lambda: self.bot.is_idle, "nothing waits any more", within)

    # what is done again and again

    def opens_rollover(self, person: Persona | None = None, ending: date | None = None) -> Screen:
        """Somebody (Alice) types the command, and sees the preview."""
        who = person or self.alice
        ack = who.types(f"/wow rollover ending {ending}" if ending else "/wow rollover", CHANNEL)
        assert ack.ok, ack
        return self.modal(who, "Roll over")

    def rolls_over(self, person: Persona | None = None, ending: date = TUESDAY, channel: str = CHANNEL) -> Seen:
        """Somebody (Alice) types the command and confirms; gives the report."""
        self.opens_rollover(person, ending)
        (person or self.alice).submits()
        return self.report(ending, channel)

    def report(self, ending: date = TUESDAY, channel: str = CHANNEL, within: float = PATIENCE) -> Seen:
        """The report of a week, as soon as it is there."""
        return self.said(f"WoW ending {ending}", channel, within=within)

    def takes_back(self, person: Persona | None = None) -> Seen:
        """Somebody (Alice) takes the last rollover back; gives what the channel is told."""
        who = person or self.alice
        assert who.types("/wow undo", CHANNEL).ok
        self.modal(who, "Undo")
        who.submits()
        return self.said("is taken back by")

    def seeds_small_week(self) -> "SmallWeek":
        """A week with a goal, a late addition, a planned issue, a merge request, and one issue that is done."""
        return SmallWeek(self.gitlab)

    @property
    def outcome(self) -> dict[str, Any]:
        """All that stands in GitLab, what happened to each issue, and Baton's messages: to compare two stories by."""
        both: list[tuple[Kind, int]] = [("issue", each) for each in self.gitlab.state.issues]
        both += [("merge_request", each) for each in self.gitlab.state.merge_requests]
        return {
            "gitlab": self.gitlab.snapshot(),
            "events": {each: self._events_of(*each) for each in both},
            "messages": sorted(keys_of(self.slack.messages(CHANNEL))),
        }

    def _events_of(self, kind: Kind, iid: int) -> list[tuple[str, object]]:
        moves = self.gitlab.milestone_events(iid, kind)
        labels = self.gitlab.label_events(iid, kind)
        return [(each["action"], each["milestone"]["id"]) for each in moves] + sorted(
            (each["action"], each["label"]["name"]) for each in labels
        )

    def tell(self) -> str:
        """The whole story, for a test that failed."""
        writes = [f"{each.status} {each.method} {each.path} {each.body}" for each in self.gitlab.writes[-60:]]
        logs = [line for each in self.bots for line in each.whole_log.splitlines()[-40:]]
        return "\n".join(["SLACK", self.slack.story(), "", "GITLAB'S WRITES", *writes, "", "THE BOT'S LOG", *logs])


class SmallWeek:
    """The ids and numbers of a small week that is over, and of the next one."""

    def __init__(self, gitlab: Gitlab, ending: date = TUESDAY, following: str | None = "Next WoW") -> None:
        self.ending = ending
        self.started = at_midnight(ending - 6 * DAY)
        before, after = self.started - DAY, self.started + DAY
        self.wow = gitlab.add_milestone("WoW", ending - 6 * DAY, ending)
        self.following = gitlab.add_milestone(following) if following else 0
        self.goal = gitlab.add_issue("Two data centres", ["goal"], self.wow, added_at=before, created_at=before)
        self.late = gitlab.add_issue("Disk of db3 is full", ["SL1"], self.wow, added_at=after, created_at=before)
        self.planned = gitlab.add_issue("Rotate the keys", [], self.wow, added_at=before, created_at=before)
        self.done = gitlab.add_issue("Tidy the runbook", [], self.wow, "closed", added_at=before, created_at=before)
        self.request = gitlab.add_merge_request("Add an alert", [], self.wow, added_at=before, created_at=before)

    @property
    def open(self) -> list[int]:
        """The open issues."""
        return [self.goal, self.late, self.planned]


@cache
def _usual_outcome() -> dict[str, Any]:
    with TemporaryDirectory() as folder, World(Path(folder)) as world:
        world.bot.starts()
        world.seeds_small_week()
        world.rolls_over()
        world.is_idle()
        return world.outcome


def usual_outcome() -> dict[str, Any]:
    """How the small week ends where nothing goes wrong."""
    with _one_at_a_time:
        return _usual_outcome()


_one_at_a_time = threading.Lock()


def operations_of(exchanges: Iterable[Exchange]) -> set[str]:
    """Holds what was said to GitLab's document, but for what differs only in its numbers from what was held to it."""
    return set().union(*(_operations(each) for each in exchanges))


def _operations(exchange: Exchange) -> set[str]:
    said = f"{exchange.method} {exchange.path}?{exchange.query} {exchange.status} "
    form = _NUMBER.sub(b"0", said.encode() + exchange.request_body + exchange.response_body)
    if form not in _held:
        _held[form] = check_exchanges([exchange])
    return _held[form]


_NUMBER = re.compile(rb"\d+")
_held: dict[bytes, set[str]] = {}


def at_midnight(day: date) -> datetime:
    """The first instant of a day, in UTC."""
    return datetime.combine(day, time(), tzinfo=UTC)


def time_left(seconds: float) -> Callable[[], float]:
    """Counts down."""
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    return lambda: _seconds_until(end)


def keys_of(messages: Iterable[Message]) -> list[str]:
    """The hidden markers of messages: `rollover:…` for progress, `report:…` for a report, `undone:…`."""
    found: list[Any] = [each.metadata["event_payload"]["key"] for each in messages if each.metadata]
    return [str(each).partition(":")[0] for each in found]


def _seconds_until(end: datetime) -> float:
    return (end - datetime.now(UTC)).total_seconds()
