"""Load: raw asyncio connections that are kept, so that whoever asks costs little beside whoever answers.

An answer counts when it is a 200, holds what it should hold (a pattern), and comes within Slack's three seconds.
"""

import asyncio
import re
import statistics
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import uvloop

PATIENCE = 3.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LASTS = re.compile(rb"^HTTP/1\.1 (?!.*\r\nconnection: *close)", re.IGNORECASE | re.DOTALL)
T = TypeVar("T")


@dataclass
class Waits:
    """Seconds until each answer that counts, how many did not, and how long all of it took."""

    waits: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.waits) / self.seconds

    @property
    def p50(self) -> float:
        """Milliseconds within which half of the answers came."""
        return statistics.median(self.waits) * 1000 if self.waits else float("inf")

    @property
    def p99(self) -> float:
        """Milliseconds within which all but one in a hundred came."""
        return percentile(self.waits, 0.99) * 1000 if self.waits else float("inf")


def percentile(found: list[float], part: float) -> float:
    """Find below which value so large a part lies."""
    return sorted(found)[min(len(found) - 1, int(len(found) * part))]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it on the quickest loop."""
    return uvloop.run(work)


class Caller(asyncio.Protocol):
    """One connection, which asks one thing at a time; a new one is made where the server ended the last."""

    def __init__(self, address: str) -> None:
        place = urlsplit(address)
        self._host, self._port = place.hostname or "", place.port or 80
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._got = b""

    async def ask(self, request: bytes) -> bytes:
        """Send a request and wait for its whole answer; raises OSError where there is none."""
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            self._transport, _ = await loop.create_connection(lambda: self, self._host, self._port)
        self._got, self._answer = b"", loop.create_future()
        self._transport.write(request)
        answer = await self._answer
        if not _LASTS.match(answer.partition(b"\r\n\r\n")[0]):
            self.close()
        return answer

    def close(self) -> None:
        """Let go of the connection."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def data_received(self, data: bytes) -> None:
        """Take a part of the answer."""
        self._got += data
        if self._answer is not None and not self._answer.done() and _is_whole(self._got):
            self._answer.set_result(self._got)

    def connection_lost(self, error: Exception | None) -> None:
        """Give up what is not there yet."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError(str(error)))


def _is_whole(got: bytes) -> bool:
    head, found, body = got.partition(b"\r\n\r\n")
    if not found:
        return False
    if length := _LENGTH.search(head):
        return len(body) >= int(length[1])
    return bool(_CHUNKED.search(head)) and got.endswith(b"0\r\n\r\n")


async def closed(address: str, requests: Iterator[bytes], at_once: int, seconds: float, holds: bytes) -> Waits:
    """Let so many ask without a pause: each sends its next request when it has its answer."""
    found, callers = Waits(), [Caller(address) for _ in range(at_once)]
    started = time.perf_counter()

    async def ask_on(caller: Caller) -> None:
        while time.perf_counter() < started + seconds:
            await _ask(caller, next(requests), holds, found)

    await asyncio.gather(*(ask_on(caller) for caller in callers))
    found.seconds = time.perf_counter() - started
    for caller in callers:
        caller.close()
    return found


async def counted(address: str, requests: Iterator[bytes], at_once: int, count: int, holds: bytes) -> Waits:
    """Let so many ask until so much was asked."""
    found, callers = Waits(), [Caller(address) for _ in range(at_once)]
    left = iter(range(count))
    started = time.perf_counter()

    async def ask_on(caller: Caller) -> None:
        for _ in left:
            await _ask(caller, next(requests), holds, found)

    await asyncio.gather(*(ask_on(caller) for caller in callers))
    found.seconds = time.perf_counter() - started
    for caller in callers:
        caller.close()
    return found


async def paced(address: str, requests: Iterator[bytes], per_second: float, seconds: float, holds: bytes) -> Waits:
    """Ask at a steady pace, whether or not what was asked before is answered."""
    found, started = Waits(), time.perf_counter()

    async def ask(number: int) -> None:
        await asyncio.sleep(started + number / per_second - time.perf_counter())
        caller = Caller(address)
        await _ask(caller, next(requests), holds, found)
        caller.close()

    await asyncio.gather(*(ask(number) for number in range(int(per_second * seconds))))
    found.seconds = time.perf_counter() - started
    return found


async def _ask(caller: Caller, request: bytes, holds: bytes, found: Waits) -> None:
    asked = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await caller.ask(request)
    except (OSError, TimeoutError):
        found.failed += 1
        caller.close()
        return
    waited = time.perf_counter() - asked
    if answer.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")) and re.search(holds, answer):
        found.waits.append(waited)
    else:
        found.failed += 1
