"""From `exec` to ready, and the memory of an idle Baton: new, and after a million events and a hundred thousand commands.

Ready is when it listens and says so. Memory is what is mapped and present (RSS), and the part of it that is the
program's own; the rest is files that other processes share, or that the system takes back when it needs the room:
libraries, and the pages of the database that were read.
"""

import tempfile
import time
from pathlib import Path

from benchmarks import load, million
from benchmarks.baton import fresh_database, serving
from benchmarks.figures import Goal, Part, Table, median, written
from benchmarks.lineup import LOGGED, is_awake
from benchmarks.programs import Memory
from benchmarks.questions import Asker
from benchmarks.reading import ANSWER
from benchmarks.sizes import Sizes
from benchmarks.slack import log_requests, requests
from benchmarks.talk import Talk
from benchmarks.worlds import Worlds, worlds

AT_ONCE = 64


def measure(sizes: Sizes) -> Part:
    """Start often on nothing and on a million events; then give one of those much to do."""
    database = million.database(sizes.events)
    starts: dict[str, list[float]] = {"no events": [], f"{sizes.events:,} events": []}
    memory: dict[str, Memory] = {}
    with worlds() as both, tempfile.TemporaryDirectory() as folder:
        places = dict(zip(starts, (fresh_database(Path(folder)), database), strict=True))
        for _ in range(sizes.rounds):
            for name, place in places.items():
                with serving(place, both.addresses()) as program:
                    starts[name].append(program.start_seconds)
                    time.sleep(sizes.settling)
                    memory[f"{name}, just started"] = program.memory
        much = f"{sizes.events:,} events, after {sizes.commands:,} commands"
        memory[much], failed = _after_much(database, both, sizes)
    return _part_of(starts, memory, failed)


def _after_much(database: Path, both: Worlds, sizes: Sizes) -> tuple[Memory, int]:
    asker = Asker(Talk(), sizes.events)
    with serving(database, both.addresses()) as program:
        is_awake(program.address)
        logged = load.run(load.counted(program.address, log_requests(), AT_ONCE, sizes.commands, LOGGED))
        for make in asker.as_commands().values():
            asked = requests("/event", lambda _, make=make: make())  # type: ignore[misc]
            load.run(load.counted(program.address, asked, 1, sizes.answered, ANSWER))
        time.sleep(sizes.settling)
        return program.memory, logged.failed


def _part_of(starts: dict[str, list[float]], memory: dict[str, Memory], failed: int) -> Part:
    started = {name: median(seconds) for name, seconds in starts.items()}
    goals = [Goal(f"from `exec` to ready, {name}", seconds, 1.0, " s") for name, seconds in started.items()]
    goals += [Goal(f"idle memory, {name}", one.whole, 100.0, " MB") for name, one in memory.items()]
    goals.append(Goal("… commands of these that were not answered", failed, 0))
    rows = [[name, written(one.whole), written(one.own)] for name, one in memory.items()]
    tables = [
        Table(["from `exec` to ready", "s"], [[name, written(seconds)] for name, seconds in started.items()]),
        Table(["memory, MB", "all", "its own"], rows),
    ]
    return Part("Start and memory", [__doc__ or ""], goals, tables)
