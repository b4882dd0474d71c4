"""`/event log` over Socket Mode, one at a time: from the envelope to its answer, beside a bare WebSocket.

Both call in at a WebSocket of ours; the emulated Slack names it to Baton as its own.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from benchmarks import load
from benchmarks.baton import fresh_database, serving
from benchmarks.figures import Goal, Part, Table, median, written
from benchmarks.lineup import BARE, BATON, LOGGED
from benchmarks.load import PATIENCE, Waits
from benchmarks.programs import PYTHON, Program, running
from benchmarks.sizes import Sizes
from benchmarks.slack import log_text, payload
from benchmarks.worlds import Worlds, finds_socket_at, worlds

CONNECT_SECONDS = 30.0


class Wire:
    """Slack's end of a connection."""

    def __init__(self) -> None:
        self.address = ""
        self._socket: asyncio.Future[web.WebSocketResponse] = asyncio.get_running_loop().create_future()
        self._answers: dict[str, asyncio.Future[str]] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Take a connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(json.dumps({"type": "hello"}))
        self._socket.set_result(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                said: dict[str, Any] = json.loads(message.data)
                self._answers[said["envelope_id"]].set_result(message.data)
        return socket

    async def ask(self, text: str) -> str:
        """Send a slash command in an envelope, and wait for its answer."""
        envelope = str(uuid4())
        said = {"envelope_id": envelope, "type": "slash_commands", "accepts_response_payload": True}
        answer = self._answers[envelope] = asyncio.get_running_loop().create_future()
        socket = await asyncio.wait_for(asyncio.shield(self._socket), CONNECT_SECONDS)
        await socket.send_str(json.dumps({**said, "payload": payload("/event", text)}))
        try:
            return await asyncio.wait_for(answer, PATIENCE)
        finally:
            del self._answers[envelope]


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    """Listen for one connection."""
    found = Wire()
    app = web.Application()
    app.router.add_get("/link", found.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.address = f"ws://127.0.0.1:{runner.addresses[0][1]}/link"
    try:
        yield found
    finally:
        await runner.cleanup()


def measure(sizes: Sizes) -> Part:
    """Measure both in turn, round by round."""
    found: dict[str, list[Waits]] = {BARE: [], BATON: []}
    with worlds() as both:
        for _ in range(sizes.rounds):
            for name, waits in found.items():
                waits.append(load.run(_measure_one(name, both, sizes)))
    return _part_of(found)


async def _measure_one(name: str, both: Worlds, sizes: Sizes) -> Waits:
    with tempfile.TemporaryDirectory() as folder:
        database = fresh_database(Path(folder))
        async with wire() as found:
            # the connection that comes meanwhile waits until we look
            with _started(name, database, both, found.address):
                while LOGGED.decode() not in await found.ask("log are you awake?"):  # noqa: ASYNC110 - it is asked
                    await asyncio.sleep(0.05)
                await _ask_on(found, sizes.warming)
                return await _ask_on(found, sizes.window)


def _started(name: str, database: Path, both: Worlds, address: str) -> AbstractContextManager[Program]:
    if name == BATON:
        both.run(finds_socket_at, address)
        return serving(database, both.addresses(), socket_mode=True)
    command = [PYTHON, "-m", "benchmarks.contenders.bare_socket", "--database", str(database), "--address", address]
    return running(command, {}, database.parent)


async def _ask_on(found: Wire, seconds: float) -> Waits:
    waits, started, number = Waits(), time.perf_counter(), 0
    while time.perf_counter() < started + seconds:
        number += 1
        asked = time.perf_counter()
        try:
            answer = await found.ask(log_text(number))
        except TimeoutError:
            answer = ""
        if LOGGED.decode() in answer:
            waits.waits.append(time.perf_counter() - asked)
        else:
            waits.failed += 1
    waits.seconds = time.perf_counter() - started
    return waits


def _part_of(found: dict[str, list[Waits]]) -> Part:
    p50 = {name: median(one.p50 for one in waits) for name, waits in found.items()}
    p99 = {name: median(one.p99 for one in waits) for name, waits in found.items()}
    rows = [
        [name, written(p50[name]), written(p99[name]), str(sum(one.failed for one in waits))]
        for name, waits in found.items()
    ]
    goal = Goal("`/event log` over Socket Mode: p50 / a bare WebSocket's", p50[BATON] / p50[BARE], 2.0, " ×")
    return Part("Socket Mode", [__doc__ or ""], [goal], [Table(["", "p50 ms", "p99 ms", "failed"], rows)])
