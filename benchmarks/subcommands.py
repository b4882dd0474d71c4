"""Fifty sub-commands against one: what a command costs when many others stand beside it.

Baton finds the handler in a dictionary. Bolt as documented has a listener for each, and tries one after the other.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import load
from benchmarks.baton import fresh_database, serving
from benchmarks.figures import Goal, Part, Table, median, written
from benchmarks.lineup import BATON, BOLT, LOGGED, is_awake
from benchmarks.load import Waits
from benchmarks.programs import PYTHON, Program, running
from benchmarks.sizes import Sizes
from benchmarks.slack import SECRET, log_requests
from benchmarks.worlds import worlds

FEW, MANY = 1, 50


def measure(sizes: Sizes) -> Part:
    """Let all four run, and ask them in turn, round by round."""
    with worlds() as both, ExitStack() as all_of_them:
        programs = {
            (name, count): all_of_them.enter_context(_started(name, count, both.addresses()))
            for name in (BATON, BOLT)
            for count in (FEW, MANY)
        }
        found: dict[tuple[str, int], list[Waits]] = {key: [] for key in programs}
        for _ in range(sizes.rounds):
            for key, program in programs.items():
                load.run(load.closed(program.address, log_requests(), 1, sizes.warming, LOGGED))
                found[key].append(load.run(load.closed(program.address, log_requests(), 1, sizes.window, LOGGED)))
    return _part_of(found)


@contextmanager
def _started(name: str, count: int, addresses: tuple[str, str]) -> Iterator[Program]:
    gitlab, slack = addresses
    with tempfile.TemporaryDirectory() as folder:
        database = fresh_database(Path(folder))
        where = ["--database", str(database), "--secret", SECRET, "--slack", f"{slack}/api/", "--gitlab", gitlab]
        bolt = [PYTHON, "-m", "benchmarks.contenders.bolt", *where, "--commands", str(count)]
        program = (
            serving(database, addresses, program=("benchmarks.contenders.many_subcommands", str(count)))
            if name == BATON
            else running(bolt, {}, Path(folder))
        )
        with program as found:
            is_awake(found.address)
            yield found


def _part_of(found: dict[tuple[str, int], list[Waits]]) -> Part:
    p50 = {key: median(one.p50 for one in waits) for key, waits in found.items()}
    ratio = {name: p50[name, MANY] / p50[name, FEW] for name in (BATON, BOLT)}
    rows = [[name, written(p50[name, FEW]), written(p50[name, MANY]), f"{written(ratio[name])} ×"] for name in ratio]
    goal = Goal("fifty sub-commands against one: time per command", ratio[BATON], 1.2, " ×")
    head = ["p50 ms of `/event log`", "with one", "with fifty", ""]
    return Part("Many sub-commands", [__doc__ or ""], [goal], [Table(head, rows)])
