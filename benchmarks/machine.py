"""The machine: which core does what, and how it is described."""

import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

if not hasattr(os, "sched_setaffinity"):
    sys.exit("The benchmarks pin programs to cores, which works on Linux only.")

CORES = sorted(os.sched_getaffinity(0))
SERVER = frozenset(CORES[:1])
"""Where whatever is measured runs."""
LOAD = frozenset(CORES[1:2] or CORES)
"""Where whoever asks runs, and with it the emulated Slack and GitLab."""
BOTH = frozenset(CORES[:2])
COMMITS = 200


@contextmanager
def on(cores: Collection[int]) -> Iterator[None]:
    """Let what is started inside run on these cores, and on no other."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def described() -> list[str]:
    """Say what was measured on, a line for each thing that matters."""
    return [
        f"{os.cpu_count()} cores, {_processor()}, {_memory():.0f} GB of memory",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        f"one durable commit of one row (`synchronous=FULL`): {commit_seconds() * 1e6:,.0f} µs",
        f"load before the run: {', '.join(f'{one:.2f}' for one in os.getloadavg())}",
    ]


def commit_seconds() -> float:
    """Take the time of the smallest durable transaction: much of what is measured waits for it."""
    with tempfile.TemporaryDirectory() as folder, closing(_plain_file(Path(folder) / "plain.db")) as connection:
        return statistics.median(_commit(connection) for _ in range(COMMITS))


def _plain_file(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE plain (said TEXT)")
    return connection


def _commit(connection: sqlite3.Connection) -> float:
    started = time.perf_counter()
    connection.execute("INSERT INTO plain VALUES ('something')")
    return time.perf_counter() - started


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
