"""What a command costs when much has been written: a million events, a hundred thousand operations that wait.

The full and the empty ones run side by side and are asked in turn. Those of the outbox have a GitLab that does not
answer, so nothing of what waits goes away, and every answer says how much it is.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import load, million
from benchmarks.baton import fresh_database, serving
from benchmarks.figures import Goal, Part, Table, median, written
from benchmarks.lineup import LOGGED, is_awake
from benchmarks.load import Waits
from benchmarks.outbox import fill_outbox
from benchmarks.programs import Program
from benchmarks.sizes import Sizes
from benchmarks.slack import log_requests
from benchmarks.worlds import Worlds, goes_down, worlds

EMPTY, EVENTS, NO_ROWS, ROWS = "no events", "{:,} events", "nothing waits", "{:,} operations wait"
Found = dict[str, list[Waits]]


def measure(sizes: Sizes) -> Part:
    """Measure the log's growth, and then the outbox'."""
    events = {EMPTY: None, EVENTS.format(sizes.events): million.database(sizes.events)}
    with worlds() as both:
        log = _in_turn(both, events, sizes)
        both.run(goes_down)
        with tempfile.TemporaryDirectory() as folder:
            full = fill_outbox(Path(folder), range(1, sizes.rows + 1), (1, 2))
            outbox = _in_turn(both, {NO_ROWS: None, ROWS.format(sizes.rows): full}, sizes)
    return _part_of(log, outbox)


def _in_turn(both: Worlds, databases: "dict[str, Path | None]", sizes: Sizes) -> Found:
    found: Found = {name: [] for name in databases}
    with ExitStack() as all_of_them:
        programs = {name: all_of_them.enter_context(_started(both, one)) for name, one in databases.items()}
        for _ in range(sizes.rounds):
            for name, program in programs.items():
                load.run(load.closed(program.address, log_requests(), 1, sizes.warming, LOGGED))
                found[name].append(load.run(load.closed(program.address, log_requests(), 1, sizes.window, LOGGED)))
    return found


@contextmanager
def _started(both: Worlds, database: "Path | None") -> Iterator[Program]:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(database or fresh_database(Path(folder)), both.addresses()) as program,
    ):
        is_awake(program.address)
        yield program


def _part_of(*pairs: Found) -> Part:
    goals, rows = [], []
    for found in pairs:
        p50 = {name: median(one.p50 for one in waits) for name, waits in found.items()}
        empty, full = p50
        goals.append(Goal(f"time per command, {full} against {empty}", p50[full] / p50[empty], 1.2, " ×"))
        rows += [[name, written(p50[name]), written(median(one.p99 for one in found[name]))] for name in p50]
    table = Table(["`/event log`, one at a time", "p50 ms", "p99 ms"], rows)
    return Part("Growth", [__doc__ or ""], goals, [table])
