"""Ten thousand issues are read for a preview, with GitLab 20 ms away, once it is known which of them came late.

What is measured is the reading, inside the real program: from the first request's arrival at GitLab to the last answer.
The bound is the first page, which tells how many there are, and then the others, 16 in flight.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.baton import fresh_database, serving
from benchmarks.figures import Goal, Part, Table, median, written
from benchmarks.rollover import AT_ONCE, PATIENCE
from benchmarks.sizes import Sizes
from benchmarks.slack import CHANNEL
from benchmarks.worlds import LATENCY, NOW, Worlds, calibrated, goes_slow, milestones, open_issues, worlds
from bot.domain.late import Verdict
from bot.store import open_store

PER_PAGE = 100


@dataclass(frozen=True)
class Shown:
    """One preview: seconds of reading, seconds until it stood on the screen, and its requests."""

    reading: float
    whole: float
    requests: int


def measure(sizes: Sizes) -> Part:
    """Let a lead ask for the preview again and again; the first time warms both sides up."""
    with worlds(sizes.previewed) as both, tempfile.TemporaryDirectory() as folder:
        database = fresh_database(Path(folder))
        _judge_all(database, both)
        with serving(database, both.addresses(), now=NOW) as program:
            both.run(goes_slow, calibrated().delay)
            shown = [both.run(_preview, program.address) for _ in range(sizes.rounds + 1)]
    return _part_of(sizes, shown[1:])


def _judge_all(database: Path, both: Worlds) -> None:
    wow, _ = both.run(milestones)
    verdicts = {f"issue:{iid}": Verdict(late=False, why="planned") for iid in both.run(open_issues)}
    store = open_store(f"sqlite:///{database}")
    store.write_now(lambda tx: tx.keep_verdicts(wow, verdicts, NOW))
    store.close()


def _preview(inside: Worlds, address: str) -> Shown:
    slack, lead = inside.slack, inside.slack.person("ULEAD")
    slack.bot_url = address
    inside.answered.clear()
    asked = time.perf_counter()
    lead.types("/wow rollover", channel=CHANNEL)
    if not slack.wait_for(lambda: lead.modal is not None and lead.modal.submit == "Roll over", PATIENCE):
        sys.exit("no preview came")
    whole = time.perf_counter() - asked
    lead.closes()
    pages = [one.at for one in inside.answered if one.method == "GET"]
    return Shown(max(pages) - min(pages) + LATENCY, whole, len(pages))


def _part_of(sizes: Sizes, shown: Sequence[Shown]) -> Part:
    pages = -(-sizes.previewed // PER_PAGE)
    bound = (1 + -(-(pages - 1) // AT_ONCE)) * calibrated().bound
    reading, whole = median(one.reading for one in shown), median(one.whole for one in shown)
    goal = Goal(
        f"reading {sizes.previewed:,} issues: wall / the bound of {AT_ONCE} in flight", reading / bound, 2.2, " ×"
    )
    rows = [
        [f"the bound: one page, then {pages - 1}, {AT_ONCE} at once", written(bound)],
        ["reading", written(reading)],
        ["until the preview stands on the screen", written(whole)],
    ]
    said = [__doc__ or "", f"A preview took {median(one.requests for one in shown):.0f} requests."]
    return Part("A large preview", said, [goal], [Table(["", "s"], rows)])
