"""Ten thousand operations wait, each about another issue, when GitLab is back after an outage.

Measured is the time from its first answer to the last: with 20 ms a call, beside the bound of 16 in flight; with 0 ms
and a rate limit (GitLab.com's 2,000 requests, in windows of five seconds instead of a minute, so that nobody waits for
it), beside that limit's; and with neither, beside 16 plain connections. Each is one long drain, whose fifths are rounds.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.baton import fresh_database, serving
from benchmarks.figures import Goal, Part, Picture, Table, written
from benchmarks.programs import Program
from benchmarks.rollover import AT_ONCE, by_plain_connections
from benchmarks.sizes import Sizes
from benchmarks.worlds import (
    Worlds,
    calibrated,
    comes_back,
    count_of_writes,
    goes_down,
    milestones,
    move_back,
    open_issues,
    worlds,
    writes,
)
from bot.domain.operations import SetIssue
from bot.store import Tx, open_store

WINDOW = 5.0
FIFTHS = 5
PATIENCE = 120.0
LOOK_EVERY = 0.2
DOWN_SECONDS = 2.0
"""How long the outage is seen to last: long enough to be known."""
SLOW, LIMITED, FREE = "20 ms a call", "0 ms a call, with a rate limit", "0 ms a call"


@dataclass
class Drain:
    """One drain: when each operation was through (seconds from the return), and the memory meanwhile (MB)."""

    bound: float
    began: float
    through: Sequence[float] = ()
    memory: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.through[-1]


def measure(sizes: Sizes) -> Part:
    """Drain three times."""
    slow = calibrated()
    with worlds(sizes.waiting) as both:
        plain = by_plain_connections(both)
        both.run(move_back)
        limited = (-(-sizes.waiting // sizes.limit) - 1) * WINDOW + plain * _rest(sizes) / sizes.waiting
        drains = {
            SLOW: _drained(both, -(-sizes.waiting // AT_ONCE) * slow.bound, slow.delay),
            LIMITED: _drained(both, limited, 0.0, (sizes.limit, WINDOW)),
            FREE: _drained(both, plain, 0.0),
        }
    return _part_of(sizes, drains)


def _rest(sizes: Sizes) -> int:
    return sizes.waiting - (-(-sizes.waiting // sizes.limit) - 1) * sizes.limit


def fill_outbox(folder: Path, iids: Sequence[int], move: tuple[int, int]) -> Path:
    """Make a database in which moves of these issues, from one milestone to another, wait for GitLab."""
    path, at = fresh_database(folder), datetime.now(UTC)
    source, target = move
    store = open_store(f"sqlite:///{path}")

    def fill(tx: Tx) -> None:
        for iid in iids:
            tx.add_operation(f"issue {iid}", SetIssue("issue", iid, source, target), at)

    store.write_now(fill)
    store.close()
    return path


def _drained(both: Worlds, bound: float, delay: float, limit: "tuple[int, float] | None" = None) -> Drain:
    iids = both.run(open_issues)
    both.run(goes_down)
    with tempfile.TemporaryDirectory() as folder:
        database = fill_outbox(Path(folder), iids, both.run(milestones))
        with serving(database, both.addresses()) as program:
            time.sleep(DOWN_SECONDS)
            drain = Drain(bound, time.monotonic())
            both.run(comes_back, delay, limit)
            _watch(both, program, len(iids), drain)
    at = both.run(writes)
    drain.through = [one - at[0] + delay for one in at]
    both.run(move_back)
    return drain


def _watch(both: Worlds, program: Program, count: int, drain: Drain) -> None:
    deadline = time.monotonic() + PATIENCE
    while both.run(count_of_writes) < count:
        if time.monotonic() > deadline:
            sys.exit("the outbox did not drain")
        drain.memory.append(program.memory.whole)
        time.sleep(LOOK_EVERY)
    drain.memory.append(program.memory.whole)


def _part_of(sizes: Sizes, drains: "dict[str, Drain]") -> Part:
    goals = [
        Goal(
            f"draining {sizes.waiting:,} operations, {name}: wall / the bound",
            drains[name].seconds / drains[name].bound,
            1.3,
            " ×",
        )
        for name in (SLOW, LIMITED)
    ]
    highest = max(max(one.memory) / one.memory[0] for one in drains.values())
    goals.append(Goal("… memory at its highest / when it began", highest, 1.1, " ×"))
    rows = [
        [
            name,
            written(one.seconds),
            written(one.bound),
            f"{written(one.seconds / one.bound)} ×",
            _fifths(one),
            written(max(one.memory)),
        ]
        for name, one in drains.items()
    ]
    head = ["", "s", "bound, s", "ratio", "s of each fifth", "highest memory, MB"]
    return Part("Draining the outbox", [__doc__ or ""], goals, [Table(head, rows)], [_picture(drains)])


def _fifths(drain: Drain) -> str:
    ends = [drain.through[len(drain.through) * number // FIFTHS - 1] for number in range(1, FIFTHS + 1)]
    return ", ".join(written(end - begin) for begin, end in zip([0.0, *ends], ends, strict=False))


def _picture(drains: "dict[str, Drain]") -> Picture:
    lines = []
    for name, one in drains.items():
        count = len(one.through)
        step = max(1, count // 100)
        lines.append((name, [(one.through[at], float(count - at)) for at in range(0, count, step)]))
        lines.append((f"{name}: the bound", [(0.0, float(count)), (one.bound, 0.0)]))
    return Picture(
        "outbox", "Operations that still wait, after GitLab's return", "operations", lines=lines, across="seconds"
    )
