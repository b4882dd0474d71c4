"""A week of 500 open issues is turned, with GitLab 20 ms away: from the confirmation to the last write.

Beside it stand the script that python-gitlab's own documentation suggests (get, set, save, one issue after the other;
it is linear, so a part is measured and the whole reckoned), 16 plain connections that send the writes and nothing else,
and the bound: what has to wait for 20 ms each time, with 16 calls in flight.
"""

import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from queue import Empty, SimpleQueue

from benchmarks import machine
from benchmarks.baton import PROJECT, fresh_database, serving
from benchmarks.figures import Goal, Part, Picture, Table, median, written
from benchmarks.sizes import Sizes
from benchmarks.slack import CHANNEL
from benchmarks.worlds import (
    NOW,
    Answered,
    Worlds,
    calibrated,
    connected,
    goes_slow,
    milestones,
    move,
    open_issues,
    worlds,
)

AT_ONCE = 16
SERIAL_CALLS = 5
"""Calls of any rollover that cannot be side by side: read, rename, close, rename, create."""
OTHERS = 12
"""Requests beside one write an issue and the pages that are read."""
PATIENCE = 90


@dataclass(frozen=True)
class Turn:
    """One rollover: its seconds from the confirmation to the last write, and its requests to GitLab."""

    seconds: float
    preview_seconds: float
    writes: int
    pages: int
    others: int

    def excess(self, issues: int) -> int:
        """Count the requests beside one write an issue and the pages."""
        return self.writes - issues + self.others


def measure(sizes: Sizes) -> Part:
    """Measure Baton, the plain connections and the script in turn, round by round."""
    turns, plain, scripts = list[Turn](), list[float](), list[float]()
    found = calibrated()
    for _ in range(sizes.rounds):
        with worlds(sizes.open_issues) as both:
            turns.append(_turned(both, found.delay))
        with worlds(sizes.open_issues) as both:
            both.run(goes_slow, found.delay)
            plain.append(by_plain_connections(both))
        with worlds(sizes.plain_issues) as both:
            both.run(goes_slow, found.delay)
            scripts.append(_by_script(both) / sizes.plain_issues * sizes.open_issues)
    return _part_of(sizes, turns, plain, scripts)


# Baton


def _turned(both: Worlds, delay: float) -> Turn:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(fresh_database(Path(folder)), both.addresses(), now=NOW) as program,
    ):
        return both.run(_turn, program.address, delay)


def _turn(inside: Worlds, address: str, delay: float) -> Turn:
    """Let a lead preview and confirm, and count what reaches GitLab after that."""
    slack, gitlab, lead = inside.slack, inside.gitlab, inside.slack.person("ULEAD")
    slack.bot_url = address
    inside.weather.goes_slow(delay)
    asked = time.perf_counter()
    lead.types("/wow rollover", channel=CHANNEL)
    if not slack.wait_for(lambda: lead.modal is not None and lead.modal.submit == "Roll over", PATIENCE):
        sys.exit("no preview came")
    previewed = time.perf_counter()
    inside.answered.clear()
    lead.submits()
    started = time.perf_counter()
    if not gitlab.wait_until(lambda: len(gitlab.milestones()) == 3, PATIENCE):
        sys.exit("the rollover did not end")
    over = time.perf_counter()
    if not slack.wait_for(lambda: any("is closed" in one.text for one in slack.messages(CHANNEL)), PATIENCE):
        sys.exit("no report came")
    kinds = Counter(_kind(one) for one in inside.answered)
    return Turn(over - started, previewed - asked, kinds["write"], kinds["page"], kinds["other"])


def _kind(one: Answered) -> str:
    if one.method == "PUT" and "/issues/" in one.path:
        return "write"
    return "page" if one.method == "GET" and "per_page=100" in one.query else "other"


# Beside it, each in a process of its own where Baton would run


def by_plain_connections(both: Worlds) -> float:
    """Take the seconds in which 16 plain connections move all issues, and do nothing else."""
    gitlab, _ = both.addresses()
    _, following = both.run(milestones)
    with machine.on(machine.SERVER), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_write_all, gitlab, both.run(open_issues), following).result()


def _write_all(gitlab: str, iids: Sequence[int], milestone: int) -> float:
    work: SimpleQueue[int] = SimpleQueue()
    for iid in iids:
        work.put(iid)
    threads = [threading.Thread(target=_write_on, args=(gitlab, work, milestone)) for _ in range(AT_ONCE)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def _write_on(gitlab: str, work: "SimpleQueue[int]", milestone: int) -> None:
    with connected() as session:
        while True:
            try:
                iid = work.get_nowait()
            except Empty:
                return
            move(session, gitlab, iid, milestone)


def _by_script(both: Worlds) -> float:
    gitlab, _ = both.addresses()
    _, following = both.run(milestones)
    with machine.on(machine.SERVER), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_get_set_save, gitlab, both.run(open_issues), following).result()


def _get_set_save(url: str, iids: Sequence[int], milestone: int) -> float:
    """https://python-gitlab.readthedocs.io/en/stable/gl_objects/issues.html ."""
    import gitlab

    project = gitlab.Gitlab(url, private_token="glpat-sandbox").projects.get(PROJECT)  # noqa: S106
    started = time.perf_counter()
    for iid in iids:
        issue = project.issues.get(iid)
        issue.milestone_id = milestone
        issue.save()
    return time.perf_counter() - started


# What came out


def _part_of(sizes: Sizes, turns: Sequence[Turn], plain: Sequence[float], scripts: Sequence[float]) -> Part:
    issues = sizes.open_issues
    bound = (-(-issues // AT_ONCE) + SERIAL_CALLS) * calibrated().bound
    ours, script = median(one.seconds for one in turns), median(scripts)
    worst = max(turns, key=lambda one: one.excess(issues))
    goals = [
        Goal(f"rollover of {issues}: wall / the bound of {AT_ONCE} in flight", ours / bound, 1.25, " ×"),
        Goal("… times as fast as the plain script", script / ours, 12.0, " ×", at_least=True),
        Goal("… requests beside one write an issue and the pages read", worst.excess(issues), OTHERS),
    ]
    seconds = {
        f"the bound: {issues} writes, {AT_ONCE} at once, and {SERIAL_CALLS} calls in a row": bound,
        f"{AT_ONCE} plain connections, the writes alone": median(plain),
        "Baton": ours,
        "the plain script": script,
    }
    preview = median(one.preview_seconds for one in turns)
    counted = (
        f"One call alone took {written(calibrated().call * 1000)} ms. Of {sizes.plain_issues} issues that the script moved in each "
        f"round {issues} were reckoned. Baton sent {worst.writes} writes on issues, {worst.pages} pages and "
        f"{worst.others} others; its preview, in which every issue is judged, took {written(preview)} s."
    )
    table = Table(["", "s"], [[name, written(value)] for name, value in seconds.items()])
    picture = Picture("rollover", f"A rollover of {issues} issues", "s", list(seconds.items()))
    return Part("Rollover", [__doc__ or "", counted], goals, [table], [picture])
