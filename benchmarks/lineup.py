"""Who is measured: Baton, the limit, and what somebody would take instead; each as a program on an empty database."""

import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import load, machine
from benchmarks.baton import fresh_database, serving
from benchmarks.programs import PYTHON, ROOT, Program, running
from benchmarks.slack import SECRET, log_requests

LOGGED = b"Logged as event"
JAVASCRIPT = ROOT / "benchmarks" / "contenders" / "javascript"
BATON, BARE, GROUPED, BEHIND, BOLT, BOLT_JS = (
    "Baton",
    "the limit",
    "the limit, group commit",
    "the limit, behind Bolt",
    "Bolt for Python, as documented",
    "Bolt for JavaScript",
)
BOTH_CORES = "{}, both cores free"


@dataclass(frozen=True)
class Contender:
    """Somebody who answers `/event log`."""

    name: str
    at_once: tuple[int, ...] = (1, 16, 64)
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
    python = [
        Contender(BARE),
        Contender(GROUPED),
        Contender(BEHIND, (1, 16)),
        Contender(BATON),
        Contender(BOLT, (1, 16)),
    ]
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
            BEHIND: [PYTHON, "-m", "benchmarks.contenders.behind_bolt", *bare[3:]],
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


def is_awake(address: str, asked: Callable[[], Iterator[bytes]] = log_requests, holds: bytes = LOGGED) -> None:
    """Ask until the answer is the usual one: who somebody is, and what they may see, is asked of Slack the first time."""
    for _ in range(200):
        if load.run(load.counted(address, asked(), 1, 1, holds)).waits:
            return
        time.sleep(0.05)
    sys.exit(f"{address} does not answer as it should")
