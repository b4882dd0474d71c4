"""Programs that are measured: started on their cores, found by the address that they tell, looked at, and ended."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import machine

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 15.0
LOOK_EVERY = 0.002
PYTHON = sys.executable


@dataclass(frozen=True)
class Program:
    """A program that runs, and serves at `address`; `start_seconds` is how long that took from its `exec`."""

    pid: int
    address: str
    start_seconds: float

    @property
    def memory(self) -> "Memory":
        """Look at the memory that it has now."""
        return memory_of(self.pid)


@dataclass(frozen=True)
class Memory:
    """Megabytes: everything that is mapped and present, and what of it is the program's own and no file's."""

    whole: float
    own: float


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], folder: Path, cores: Collection[int] = machine.SERVER
) -> Iterator[Program]:
    """Run a program until the block ends. It says where it serves in a line with `"address": "http://…"`."""
    log = folder / "program.log"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("wb") as written, machine.on(cores):
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**kept, "PYTHONPATH": str(ROOT), **environment},
            cwd=folder,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        address = _address(process, log)
        yield Program(process.pid, address, time.perf_counter() - started)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        process.kill()
        process.wait()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        told = log.read_text().partition('"address": "')[2].partition('"')
        if told[1] and _listens(told[0]):
            return told[0]
        time.sleep(LOOK_EVERY)
    sys.exit(f"a program did not start:\n{log.read_text()}")


def _listens(address: str) -> bool:
    place = urlsplit(address)
    try:
        socket.create_connection((place.hostname, place.port or 80), timeout=1).close()
    except OSError:
        return False
    return True


def memory_of(pid: int) -> Memory:
    """Look at a process' memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    told = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    return Memory(*(int(told[name][0]) / 1024 for name in ("VmRSS", "RssAnon")))


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port
