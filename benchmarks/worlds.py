"""The emulated Slack and GitLab, in a process of their own on the load's core.

Slack takes about one message a second in a channel, as it says of itself. Lists that are asked for again while nothing
was written are answered from memory, so that a week of ten thousand issues costs the emulation no more than its delay.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import cache
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import quote

import requests
from aiohttp import web

from benchmarks import machine
from benchmarks.baton import PROJECT
from benchmarks.slack import CHANNEL, SECRET, WHO
from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld
from bot.sandbox.slack import app as slack_application
from bot.sandbox.weather import Handler, Weather

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ENDING = date(2026, 11, 24)
LATENCY = 0.020
CORRECTIONS = 3
CALIBRATING = 50
"""Calls made one after the other to find out what the emulation itself takes for one."""
API = f"/api/v4/projects/{quote(PROJECT, safe='')}"
T = TypeVar("T")


class Answered(NamedTuple):
    """A request to GitLab: when its answer was there (by the monotonic clock), what it was, and what came of it."""

    at: float
    method: str
    path: str
    query: str
    status: int


class Worlds:
    """Both worlds. What is measured inside them is a function that is handed to `run`."""

    def __init__(self, issues: int = 0, *, paced: bool = True) -> None:
        self.gitlab = GitlabWorld(project=PROJECT, clock=lambda: NOW)
        self.slack = SlackWorld("T0SANDBOX", "xoxb-sandbox", "xapp-sandbox", SECRET)
        self.weather, self.answered = Weather(), list[Answered]()
        self.limit: Limit | None = None
        self.socket = ""
        """Where Socket Mode is to be found instead of here."""
        self._remembered: dict[str, web.Response] = {}
        self.wow, self.following = _fill(self.gitlab, issues)
        self.slack.paces_posts = paced
        for who, name in ((WHO, "load"), ("ULEAD", "lead")):
            self.slack.add_person(who, name)
        self.slack.add_channel(CHANNEL, "production", private=False, members=[WHO, "ULEAD"])
        gitlab_application = application(self.gitlab, self.weather)
        gitlab_application.middlewares.insert(0, self._noted)
        gitlab_application.middlewares.append(self._from_memory)
        self._servers = ExitStack()
        self.gitlab_server = self._servers.enter_context(
            Server(gitlab_application, keep=0, changes=self.gitlab.changes)
        )
        self.slack_server = self._servers.enter_context(
            Server(slack_application(self.slack, self._elsewhere), keep=0, changes=self.slack.changes)
        )
        self.slack.url = self.slack_server.url

    def addresses(self) -> tuple[str, str]:
        """Tell where GitLab and Slack answer."""
        return self.gitlab_server.url, self.slack_server.url

    def run(self, work: Callable[..., T], *given: object) -> T:
        """Do something inside: `work(self, *given)`."""
        return work(self, *given)

    @web.middleware
    async def _noted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        self.answered.append(
            Answered(
                time.monotonic(),
                request.method,
                request.rel_url.raw_path,
                request.rel_url.raw_query_string,
                response.status,
            )
        )
        return response

    @web.middleware
    async def _from_memory(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.limit is not None and (wait := self.limit.wait()):
            return web.Response(status=429, text="Retry later\n", headers={"Retry-After": str(wait)})
        if request.method != "GET":
            self._remembered.clear()
            return await handler(request)
        known = self._remembered.get(request.path_qs)
        if known is None:
            answer = await handler(request)
            if not isinstance(answer, web.Response) or answer.status != 200:
                return answer
            known = self._remembered[request.path_qs] = answer
        return web.Response(body=known.body, headers=known.headers)

    @web.middleware
    async def _elsewhere(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.socket and request.path == "/api/apps.connections.open":
            return web.json_response({"ok": True, "url": self.socket})
        if request.path == "/response/load":
            return web.Response(text="ok")
        return await handler(request)


class Limit:
    """So many requests in each window, as GitLab counts them, but in shorter windows, from the first request on."""

    def __init__(self, most: int, window: float) -> None:
        self.most, self.window = most, window
        self._began = 0.0
        self._count = 0

    def wait(self) -> int:
        """Count a request; tell how many seconds to wait where it is one too many, else 0."""
        now = time.monotonic()
        if now >= self._began + self.window:
            self._began = now if not self._count else now - (now - self._began) % self.window
            self._count = 0
        self._count += 1
        return math.ceil(self._began + self.window - now) if self._count > self.most else 0


def _fill(world: GitlabWorld, issues: int) -> tuple[int, int]:
    first = ENDING - timedelta(days=6)
    planned = datetime.combine(first, clock_time(), tzinfo=UTC) - timedelta(days=2)
    wow = world.add_milestone("WoW", start_date=first.isoformat(), due_date=ENDING.isoformat())
    following = world.add_milestone("Next WoW")
    for number in range(issues):
        world.add_issue(f"Issue {number}", milestone=wow, added_at=planned)
    return wow, following


class _Manager(BaseManager):
    pass


_Manager.register("Worlds", Worlds)


@contextmanager
def worlds(issues: int = 0, *, paced: bool = True) -> Iterator[Worlds]:
    """Let both worlds live in a process of their own until the block ends. Only methods can be reached from here."""
    manager = _Manager(ctx=get_context("spawn"))
    with machine.on(machine.LOAD):
        manager.start()
    try:
        made: Any = manager
        yield cast("Worlds", made.Worlds(issues, paced=paced))
    finally:
        manager.shutdown()


# Weather, from outside


def goes_slow(inside: Worlds, seconds: float) -> None:
    """Let every call to GitLab take so long."""
    inside.weather.goes_slow(seconds)


def goes_down(inside: Worlds) -> None:
    """Cut every connection to GitLab."""
    inside.weather.goes_down()


def clears(inside: Worlds) -> None:
    """Let GitLab answer again."""
    inside.weather.clears()


def comes_back(inside: Worlds, seconds: float, limit: "tuple[int, float] | None" = None) -> None:
    """Let GitLab answer again, each time after so many seconds, and perhaps only so many requests in each window."""
    inside.answered.clear()
    inside.limit = Limit(*limit) if limit else None
    inside.weather.clears()
    inside.weather.goes_slow(seconds)


def writes(inside: Worlds) -> list[float]:
    """List when each change that GitLab took was answered, by the monotonic clock."""
    return [one.at for one in inside.answered if one.method == "PUT" and one.status == 200]


def count_of_writes(inside: Worlds) -> int:
    """Count those changes."""
    return len(writes(inside))


def finds_socket_at(inside: Worlds, address: str) -> None:
    """Let Slack name another address for Socket Mode."""
    inside.socket = address


def open_issues(inside: Worlds) -> list[int]:
    """List the current week's open issues."""
    return inside.gitlab.issues_of(inside.wow, state="opened")


def milestones(inside: Worlds) -> tuple[int, int]:
    """Tell the ids of the current week and of the next."""
    return inside.wow, inside.following


class Calibrated(NamedTuple):
    """The delay with which one call alone takes `LATENCY`, whatever the emulation itself needs; and what it takes."""

    delay: float
    call: float

    @property
    def bound(self) -> float:
        """What a bound reckons with for one call."""
        return min(LATENCY, self.call)


@cache
def calibrated() -> Calibrated:
    """Find that delay, once for everybody."""
    delay = LATENCY
    with worlds(CALIBRATING) as outside:
        for _ in range(CORRECTIONS):
            outside.run(goes_slow, delay)
            delay += LATENCY - _alone(outside)
        outside.run(goes_slow, delay)
        return Calibrated(delay, _alone(outside))


def _alone(outside: Worlds) -> float:
    gitlab, _ = outside.addresses()
    _, following = outside.run(milestones)
    taken = []
    with connected() as session, machine.on(machine.SERVER):
        for iid in outside.run(open_issues):
            started = time.perf_counter()
            move(session, gitlab, iid, following)
            taken.append(time.perf_counter() - started)
        outside.run(move_back)
    return statistics.median(taken)


def move_back(inside: Worlds) -> None:
    """Put all issues back into the current week."""
    for iid in inside.gitlab.issues_of(inside.following):
        inside.gitlab.edit_issue(iid, milestone=inside.wow)


def connected() -> requests.Session:
    """Open a connection to GitLab that is kept."""
    session = requests.Session()
    session.trust_env = False
    session.headers["PRIVATE-TOKEN"] = "glpat-sandbox"
    return session


def move(session: requests.Session, gitlab: str, iid: int, milestone: int) -> None:
    """Move an issue to a milestone, with one request."""
    session.put(f"{gitlab}{API}/issues/{iid}", json={"milestone_id": milestone}, timeout=10).raise_for_status()
