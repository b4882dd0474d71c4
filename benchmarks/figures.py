"""The figures of a large rollover: 500 open issues, GitLab 20 ms away. `make figures` prints them.

The whole bot runs as a process of its own against the sandbox. Beside it, in the same run and against the same sandbox,
stands the limit: 16 plain connections that send nothing but the 500 writes. The sandbox is set so that one call alone
takes 20 ms from the request to the answer. Machines are noisy, so several rounds are made in turn and medians are given.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from multiprocessing import get_context
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import quote

import requests

from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Exchange, Server
from bot.sandbox.slack import SlackWorld
from bot.sandbox.slack import app as slack_application
from bot.sandbox.weather import Weather

ISSUES = int(os.environ.get("ISSUES", "500"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
LATENCY = 0.020
CORRECTIONS = 3
CALIBRATING = 50
"""Calls made one after the other to find out what the sandbox itself takes for one."""
AT_ONCE = 16
SERIAL_CALLS = 5
"""Calls of any rollover that cannot be side by side: read, rename, close, rename, create."""
GOAL = 1.25
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ENDING = date(2026, 11, 24)
PROJECT = "acme/production"
SECRET = "asecretofthesandbox"  # noqa: S105 - it opens nothing
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Round:
    """One rollover: its seconds from the confirmation to the last write, and its requests to GitLab."""

    seconds: float
    preview_seconds: float
    writes: int
    pages: int
    others: int


def main() -> None:
    """Measure in turn, and print."""
    limits: list[float] = []
    rounds: list[Round] = []
    slow, alone = calibrate()
    for number in range(ROUNDS):
        limits.append(measure_limit(slow))
        rounds.append(measure_rollover(slow))
        print(f"round {number + 1}: limit {limits[-1]:.2f} s, rollover {rounds[-1].seconds:.2f} s", flush=True)
    bound = (-(-ISSUES // AT_ONCE) + SERIAL_CALLS) * LATENCY
    wall = statistics.median(one.seconds for one in rounds)
    limit = statistics.median(limits)
    worst = max(rounds, key=lambda one: one.others)
    allowed = ISSUES + worst.pages + 12
    total = worst.writes + worst.pages + worst.others
    print(f"\n{ISSUES} open issues, {LATENCY * 1000:.0f} ms a call, {ROUNDS} rounds, {os.cpu_count()} cores; medians")
    print(f"one call alone                            {alone * 1000:.1f} ms")
    print(f"bound of {AT_ONCE} in flight, by arithmetic   {bound:.2f} s")
    print(f"limit: {ISSUES} plain writes, measured        {limit:.2f} s")
    print(f"preview, with every issue judged          {statistics.median(one.preview_seconds for one in rounds):.2f} s")
    print(f"rollover, confirmation to last write      {wall:.2f} s")
    fastest = limit + SERIAL_CALLS * LATENCY
    ratio = wall / bound
    print(f"rollover / bound by arithmetic            {ratio:.2f}   goal ≤ {GOAL}: {_met(ratio <= GOAL)}")
    print(f"rollover / (limit + {SERIAL_CALLS} calls)              {wall / fastest:.2f}")
    print(
        f"requests: {worst.writes} writes on issues, {worst.pages} pages, {worst.others} others; "
        f"at most {allowed}: {_met(total <= allowed)}"
    )


def _met(good: bool) -> str:  # noqa: FBT001 - a yes or no to be worded
    return "met" if good else "missed"


def calibrate() -> tuple[float, float]:
    """Find the delay with which one call alone takes `LATENCY`; give it, and what a call then takes (seconds)."""
    with _gitlab() as (world, server, weather), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        iids = world.issues_of(world.milestones()["WoW"], state="opened")[:CALIBRATING]
        work = (server.url, iids, world.milestones()["Next WoW"])
        slow = LATENCY
        for _ in range(CORRECTIONS):
            weather.goes_slow(slow)
            slow += LATENCY - process.submit(_alone, *work).result()
        weather.goes_slow(slow)
        return slow, process.submit(_alone, *work).result()


def _alone(url: str, iids: list[int], milestone: int) -> float:
    taken = []
    with _session() as session:
        for iid in iids:
            started = time.perf_counter()
            _write(session, url, iid, milestone)
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def measure_limit(slow: float) -> float:
    """Time 16 kept connections that send the writes and nothing else, from a process of their own like the bot's."""
    with _gitlab() as (world, server, weather):
        milestones = world.milestones()
        iids = world.issues_of(milestones["WoW"], state="opened")
        weather.goes_slow(slow)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            return process.submit(_limit, server.url, iids, milestones["Next WoW"]).result()


def _limit(url: str, iids: list[int], milestone: int) -> float:
    work: SimpleQueue[int] = SimpleQueue()
    for iid in iids:
        work.put(iid)
    threads = [threading.Thread(target=_write_all, args=(url, work, milestone)) for _ in range(AT_ONCE)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def _write_all(url: str, work: "SimpleQueue[int]", milestone: int) -> None:
    with _session() as session:
        while True:
            try:
                iid = work.get_nowait()
            except Empty:
                return
            _write(session, url, iid, milestone)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["PRIVATE-TOKEN"] = "glpat-sandbox"
    return session


def _write(session: requests.Session, url: str, iid: int, milestone: int) -> None:
    address = f"{url}/api/v4/projects/{quote(PROJECT, safe='')}/issues/{iid}"
    session.put(address, json={"milestone_id": milestone}, timeout=10).raise_for_status()


def measure_rollover(slow: float) -> Round:
    """Let a lead preview and confirm, and count what reaches GitLab after that."""
    with _gitlab() as (world, gitlab, weather), _slack() as (slack, slack_server):
        lead = slack.person("ULEAD")
        with _bot(gitlab.url, slack_server.url) as address:
            slack.bot_url = address
            weather.goes_slow(slow)
            asked = time.perf_counter()
            lead.types("/wow rollover", channel="CTEAM")
            _must(slack.wait_for(lambda: lead.modal is not None and lead.modal.submit == "Roll over", 60), "a preview")
            previewed = time.perf_counter()
            gitlab.exchanges.clear()
            lead.submits()
            started = time.perf_counter()
            _must(world.wait_until(lambda: _is_over(world), 60), "the rollover's end")
            over = time.perf_counter()
            _must(
                slack.wait_for(lambda: any("is closed" in one.text for one in slack.messages("CTEAM")), 30), "a report"
            )
        return _counted(over - started, previewed - asked, list(gitlab.exchanges))


def _is_over(world: GitlabWorld) -> bool:
    return len(world.milestones()) == 3


def _must(happened: bool, what: str) -> None:  # noqa: FBT001 - the answer of a wait
    if not happened:
        sys.exit(f"{what} did not come in time")


def _counted(seconds: float, preview_seconds: float, exchanges: list[Exchange]) -> Round:
    kinds = Counter(_kind(one) for one in exchanges)
    return Round(seconds, preview_seconds, kinds["write"], kinds["page"], kinds["other"])


def _kind(one: Exchange) -> str:
    if one.method == "PUT" and "/issues/" in one.path:
        return "write"
    return "page" if one.method == "GET" and "per_page=100" in one.query else "other"


@contextmanager
def _gitlab() -> "Iterator[tuple[GitlabWorld, Server, Weather]]":
    world, weather = GitlabWorld(project=PROJECT, clock=lambda: NOW), Weather()
    first = ENDING - timedelta(days=6)
    planned = datetime.combine(first, clock_time(), tzinfo=UTC) - timedelta(days=2)
    wow = world.add_milestone("WoW", start_date=first.isoformat(), due_date=ENDING.isoformat())
    world.add_milestone("Next WoW")
    for number in range(ISSUES):
        world.add_issue(f"Issue {number}", milestone=wow, added_at=planned)
    with Server(application(world, weather), changes=world.changes) as server:
        yield world, server, weather
    world.close()


@contextmanager
def _slack() -> "Iterator[tuple[SlackWorld, Server]]":
    world = SlackWorld("T0SANDBOX", "xoxb-sandbox", "xapp-sandbox", SECRET)
    world.add_person("ULEAD", "lead")
    world.add_channel("CTEAM", "production", private=False, members=["ULEAD"])
    with Server(slack_application(world), changes=world.changes) as server:
        world.url = server.url
        yield world, server


@contextmanager
def _bot(gitlab: str, slack: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SLACK_BOT_TOKEN": "xoxb-sandbox",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": f"{slack}/api/",
            "GITLAB_URL": gitlab,
            "GITLAB_TOKEN": "glpat-sandbox",
            "GITLAB_PROJECT": PROJECT,
            "DATABASE_URL": f"sqlite:///{folder}/baton.db",
            "PORT": "0",
            "TEAM_CHANNEL": "CTEAM",
        }
        command = [sys.executable, "-m", "bot", "serve", "--now", NOW.isoformat()]
        process = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True)
        try:
            yield _address(process)
        finally:
            process.terminate()
            process.wait(15)


def _address(process: "subprocess.Popen[str]") -> str:
    """Read the log until the bot says where it listens, and go on reading so that it never waits for us."""
    if process.stderr is None:
        sys.exit("the bot has no log")
    for line in process.stderr:
        if '"app.ready"' in line:
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return str(json.loads(line)["address"])
    sys.exit("the bot did not start")


if __name__ == "__main__":
    main()
