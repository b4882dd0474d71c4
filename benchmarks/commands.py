"""`/event log` over HTTP: signed, durable before the ack, one at a time and many at once, beside everybody else.

Every contender is started anew in every round, on an empty database of its own, and runs alone. Slack, as it says of
itself, takes about one message a second for a channel; what Baton posts there is delivered meanwhile. “The limit,
behind Bolt” is the same transaction in one listener of Bolt's asynchronous app under uvicorn, and nothing else: the
least that is left for whoever uses them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import load, machine
from benchmarks.figures import Goal, Part, Picture, Table, median, written
from benchmarks.lineup import (
    BARE,
    BATON,
    BEHIND,
    BOLT,
    BOLT_JS,
    BOTH_CORES,
    GROUPED,
    LOGGED,
    Contender,
    contenders,
    started,
)
from benchmarks.load import Waits
from benchmarks.sizes import Sizes
from benchmarks.slack import log_requests
from benchmarks.worlds import Worlds, worlds

MANY = (16, 64)
Found = dict[tuple[str, int], list[Waits]]
"""The rounds of each contender, by how many asked at once."""


def measure(sizes: Sizes) -> Part:
    """Measure all contenders in turn, round by round."""
    found: Found = {}
    with worlds() as both:
        for _ in range(sizes.rounds):
            for one in contenders():
                _measure_one(one, both, sizes, found)
    return _part_of(_Medians(found))


def _measure_one(one: Contender, both: Worlds, sizes: Sizes, found: Found) -> None:
    asking = machine.on(machine.BOTH if one.is_free else machine.LOAD)
    with started(one.name, both.addresses(), one.cores) as program, asking:
        for at_once in one.at_once:
            load.run(load.closed(program.address, log_requests(), at_once, sizes.warming, LOGGED))
            waits = load.run(load.closed(program.address, log_requests(), at_once, sizes.window, LOGGED))
            found.setdefault((one.label, at_once), []).append(waits)


@dataclass(frozen=True)
class _Medians:
    """What was found, the middle of the rounds."""

    found: Found

    def p50(self, name: str, at_once: int = 1) -> float:
        return median(one.p50 for one in self.found[name, at_once])

    def p99(self, name: str, at_once: int) -> float:
        return median(one.p99 for one in self.found[name, at_once])

    def rate(self, name: str, at_once: int) -> float:
        return median(one.rate for one in self.found[name, at_once])

    def failed(self, name: str) -> int:
        return sum(one.failed for (who, _), waits in self.found.items() if who == name for one in waits)

    def names(self, at_once: int | None = None) -> list[str]:
        return list(dict.fromkeys(name for name, many in self.found if at_once in {None, many}))


def _part_of(found: _Medians) -> Part:
    said = [__doc__ or ""]
    if BOLT_JS not in found.names():
        said.append("**Left out: Bolt for JavaScript.** There is no Node here, or npm could not install it.")
    said.append(_bound(found))
    head = [
        "",
        "one at a time, p50 ms",
        *(part for many in MANY for part in (f"{many} at once, /s", "p99 ms")),
        "failed",
    ]
    table = Table(head, [_row(found, name) for name in found.names()])
    return Part("Commands over HTTP", said, _goals(found), [table], _pictures(found))


def _bound(found: _Medians) -> str:
    tenth, behind, ours = 0.1 * found.p50(BOLT), found.p50(BEHIND), found.p50(BATON)
    return (
        f"A tenth of Bolt as documented, which waits in steps of 10 ms for its listener, is {written(tenth)} ms. Bolt's "
        f"asynchronous app with nothing but the transaction takes {written(behind)} ms; Baton takes "
        f"{written(ours - behind)} ms more for all that it does besides."
    )


def _goals(found: _Medians) -> Sequence[Goal]:
    ours = found.p50(BATON)
    failed = sum(found.failed(name) for name in found.names() if name.startswith(BATON))
    return [
        Goal("`/event log`, one at a time: p50 / the limit's", ours / found.p50(BARE), 2.0, " ×"),
        Goal("… p50 / that of Bolt for Python as documented", ours / found.p50(BOLT), 0.1, " ×"),
        *(goal for many in MANY for goal in _goals_of_many(found, many)),
        Goal("… 16 at once: p99", found.p99(BATON, 16), 25.0, " ms"),
        Goal("… acks of all rounds that failed", failed, 0),
    ]


def _goals_of_many(found: _Medians, many: int) -> Sequence[Goal]:
    what = f"… {many} at once: answers a second / "
    grouped = found.rate(BATON, many) / found.rate(GROUPED, many)
    goals = [Goal(f"{what}the limit's with group commit", grouped, 0.4, " ×", at_least=True)]
    if BOLT_JS in found.names():
        apart = found.rate(BATON, many) / found.rate(BOLT_JS, many)
        free = found.rate(BOTH_CORES.format(BATON), many) / found.rate(BOTH_CORES.format(BOLT_JS), many)
        goals.append(Goal(f"{what}Bolt for JavaScript's, one core each", apart, 1.5, " ×", at_least=True))
        goals.append(Goal(f"{what}Bolt for JavaScript's, both cores free", free, 1.0, " ×", at_least=True))
    return goals


def _row(found: _Medians, name: str) -> list[str]:
    alone = written(found.p50(name)) if name in found.names(1) else ""
    many = (part for at_once in MANY for part in _rate_and_p99(found, name, at_once))
    return [name, alone, *many, str(found.failed(name))]


def _rate_and_p99(found: _Medians, name: str, at_once: int) -> tuple[str, str]:
    if name not in found.names(at_once):
        return "", ""
    return written(found.rate(name, at_once)), written(found.p99(name, at_once))


def _pictures(found: _Medians) -> Sequence[Picture]:
    alone = [(name, found.p50(name)) for name in found.names(1)]
    many = [(name, found.rate(name, 16)) for name in found.names(16)]
    return [
        Picture("commands-one", "/event log, one at a time: p50", "ms", alone),
        Picture("commands-many", "/event log, 16 at once: answers a second", "/s", many),
    ]
