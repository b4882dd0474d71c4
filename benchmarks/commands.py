"""`/event log` over HTTP: signed, durable before the ack, one at a time and many at once, beside everybody else.

Every contender is started anew in every round, on an empty database of its own, and runs alone.
"""

import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import load, machine
from benchmarks.baton import fresh_database, serving
from benchmarks.figures import Goal, Part, Picture, Table, median, written
from benchmarks.load import Waits
from benchmarks.programs import PYTHON, ROOT, Program, running
from benchmarks.sizes import Sizes
from benchmarks.slack import SECRET, log_requests
from benchmarks.worlds import Worlds, worlds

LOGGED = b"Logged as event"
JAVASCRIPT = ROOT / "benchmarks" / "contenders" / "javascript"
AT_ONCE = (1, 16, 64)
BATON, BARE, GROUPED, BOLT, BOLT_JS = (
    "Baton",
    "the limit",
    "the limit, group commit",
    "Bolt for Python, as documented",
    "Bolt for JavaScript",
)
BOTH_CORES = "{}, both cores free"
Found = dict[tuple[str, int], list[Waits]]


@dataclass(frozen=True)
class Contender:
    """Somebody who answers `/event log`."""

    name: str
    at_once: tuple[int, ...] = AT_ONCE
    cores: Collection[int] = machine.SERVER

    @property
    def is_free(self) -> bool:
        """Tell whether it may use both cores, which it then shares with whoever asks."""
        return self.cores == machine.BOTH

    @property
    def label(self) -> str:
        """Its name, and where it runs."""
        return BOTH_CORES.format(self.name) if self.is_free else self.name


def contenders() -> list[Contender]:
    """List those that can be run here."""
    both = machine.BOTH
    python = [Contender(BARE), Contender(GROUPED), Contender(BATON), Contender(BOLT)]
    if not has_javascript():
        return python
    free = [Contender(name, (16, 64), both) for name in (BATON, BOLT_JS)]
    return [*python, Contender(BOLT_JS), *free]


def has_javascript() -> bool:
    """Tell whether Bolt for JavaScript is installed."""
    return (JAVASCRIPT / "node_modules" / "better-sqlite3" / "build").is_dir()


@contextmanager
def started(name: str, addresses: tuple[str, str], cores: Collection[int] = machine.SERVER) -> Iterator[Program]:
    """Run a contender on an empty database."""
    gitlab, slack = addresses
    with tempfile.TemporaryDirectory() as folder:
        database = fresh_database(Path(folder))
        bare = [PYTHON, "-m", "benchmarks.contenders.bare", "--database", str(database), "--secret", SECRET]
        bolt = [PYTHON, "-m", "benchmarks.contenders.bolt", *bare[3:]]
        commands: Mapping[str, list[str]] = {
            BARE: bare,
            GROUPED: [*bare, "--group"],
            BOLT: [*bolt, "--slack", f"{slack}/api/", "--gitlab", gitlab],
            BOLT_JS: ["node", str(JAVASCRIPT / "server.js"), str(database), SECRET, f"{slack}/api/"],
        }
        program = (
            serving(database, addresses, cores=cores)
            if name == BATON
            else running(commands[name], {}, Path(folder), cores)
        )
        with program as found:
            is_awake(found.address)
            yield found


def is_awake(address: str, holds: bytes = LOGGED) -> None:
    """Ask until the answer is the usual one: whoever never saw the person before asks Slack about them first."""
    for _ in range(100):
        if load.run(load.counted(address, log_requests(), 1, 1, holds)).waits:
            return
        time.sleep(0.05)
    sys.exit(f"{address} does not answer as it should")


def measure(sizes: Sizes) -> Part:
    """Measure all contenders in turn, round by round."""
    found: Found = {}
    with worlds() as both:
        for _ in range(sizes.rounds):
            for one in contenders():
                _measure_one(one, both, sizes, found)
    return part_of(found)


def _measure_one(one: Contender, both: Worlds, sizes: Sizes, found: Found) -> None:
    with (
        started(one.name, both.addresses(), one.cores) as program,
        machine.on(one.cores if one.is_free else machine.LOAD),
    ):
        for at_once in one.at_once:
            load.run(load.closed(program.address, log_requests(), at_once, sizes.warming, LOGGED))
            waits = load.run(load.closed(program.address, log_requests(), at_once, sizes.window, LOGGED))
            found.setdefault((one.label, at_once), []).append(waits)


def part_of(found: Found) -> Part:
    """Judge what was found."""
    p50 = {key: median(one.p50 for one in waits) for key, waits in found.items()}
    p99 = {key: median(one.p99 for one in waits) for key, waits in found.items()}
    rate = {key: median(one.rate for one in waits) for key, waits in found.items()}
    failed = sum(one.failed for (name, _), waits in found.items() if name.startswith(BATON) for one in waits)
    names = list(dict.fromkeys(name for name, _ in found))
    goals = [
        Goal("`/event log`, one at a time: p50 / the limit's", p50[BATON, 1] / p50[BARE, 1], 2.0, " ×"),
        Goal("… p50 / that of Bolt for Python as documented", p50[BATON, 1] / p50[BOLT, 1], 0.1, " ×"),
    ]
    for at_once in (16, 64):
        goals.append(
            Goal(
                f"… {at_once} at once: answers a second / the limit's with group commit",
                rate[BATON, at_once] / rate[GROUPED, at_once],
                0.4,
                " ×",
                at_least=True,
            )
        )
        for label, bound in ((str, 1.5), (BOTH_CORES.format, 1.0)):
            ours, theirs = (label(BATON), at_once), (label(BOLT_JS), at_once)
            if theirs in rate:
                where = "both cores free" if bound == 1.0 else "one core each"
                what = f"… {at_once} at once: answers a second / Bolt for JavaScript's, {where}"
                goals.append(Goal(what, rate[ours] / rate[theirs], bound, " ×", at_least=True))
    goals += [
        Goal("… 16 at once: p99", p99[BATON, 16], 25.0, " ms"),
        Goal("… acks of all rounds that failed", failed, 0),
    ]
    rows = [
        [
            name,
            written(p50[name, 1]) if (name, 1) in p50 else "",
            *(cell for at_once in (16, 64) for cell in (written(rate[name, at_once]), written(p99[name, at_once]))),
            str(sum(one.failed for (who, _), waits in found.items() if who == name for one in waits)),
        ]
        for name in names
    ]
    head = ["", "one at a time, p50 ms", "16 at once, /s", "p99 ms", "64 at once, /s", "p99 ms", "failed"]
    pictures = [
        Picture(
            "commands-one",
            "/event log, one at a time: p50",
            "ms",
            [(name, p50[name, 1]) for name in names if (name, 1) in p50],
        ),
        Picture(
            "commands-many",
            "/event log, 16 at once: answers a second",
            "/s",
            [(name, rate[name, 16]) for name in names],
        ),
    ]
    said = [__doc__ or ""]
    if BOLT_JS not in names:
        said.append("**Left out: Bolt for JavaScript.** There is no Node here, or npm could not install it.")
    return Part("Commands over HTTP", said, goals, [Table(head, rows)], pictures)
