"""The server's side of Socket Mode: connections, envelopes, acknowledgements, and connections that break.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import itertools
import json
import threading
import time
import uuid
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.sandbox.server import Changes
from bot.sandbox.slack.state import Json


@dataclass(eq=False)
class _Connection:
    socket: web.WebSocketResponse
    transport: asyncio.BaseTransport
    loop: asyncio.AbstractEventLoop
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


class Sockets:
    """The open connections; each envelope goes to one of them, and to another one if that one breaks."""

    def __init__(self, changes: Changes, app_id: str) -> None:
        self._changes = changes
        self._app_id = app_id
        self._condition = threading.Condition()
        self._open: list[_Connection] = []
        self._turn = itertools.count()
        self._answers: dict[str, Json] = {}
        self._asked: set[str] = set()
        self._tickets: set[str] = set()
        self.connected = 0
        """How many connections there have been."""

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._open)

    @property
    def under_way(self) -> list[str]:
        """The envelopes that wait for an acknowledgement."""
        return sorted(self._asked)

    def new_ticket(self) -> str:
        """The right to connect once."""
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, from its handshake to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="invalid_ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if request.transport is None:
            return socket
        connection = _Connection(socket, request.transport, asyncio.get_running_loop())
        await socket.send_str(json.dumps(self._hello()))
        self._enters(connection)
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._hears(message.data)
        finally:
            self._leaves(connection)
        return socket

    def ask(self, envelope: Json, patience: float) -> Json | None:
        """Sends an envelope and waits for its acknowledgement; None if none came in time."""
        deadline = time.monotonic() + patience
        envelope_id = str(uuid.uuid4())
        text = json.dumps({"envelope_id": envelope_id, **envelope})
        with self._condition:
            self._asked.add(envelope_id)
        self._changes.happened()
        try:
            while (left := deadline - time.monotonic()) > 0:
                connection = self._next_connection(left)
                if connection is not None:
                    asyncio.run_coroutine_threadsafe(_send(connection, text), connection.loop)
                    self._wait_for(envelope_id, connection, deadline - time.monotonic())
                if envelope_id in self._answers:
                    return self._answers[envelope_id]
            return None
        finally:
            with self._condition:
                self._asked.discard(envelope_id)
                self._answers.pop(envelope_id, None)

    def cut(self, oldest: int | None = None) -> int:
        """Aborts every connection, or only the oldest ones, as a broken network does; how many those were."""
        with self._condition:
            cut = self._open[:oldest]
            self._open = self._open[len(cut) :]
            self._condition.notify_all()
        for each in cut:
            each.loop.call_soon_threadsafe(_abort, each.transport)
        return len(cut)

    def says_goodbye(self, reason: str = "refresh_requested") -> int:
        """Asks every connection to be made anew (`warning`, `refresh_requested`, `link_disabled`)."""
        farewell = json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
        connections = list(self._open)
        for each in connections:
            asyncio.run_coroutine_threadsafe(_send(each, farewell), each.loop)
        return len(connections)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.count + 1,
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    def _enters(self, connection: _Connection) -> None:
        with self._condition:
            self._open.append(connection)
            self.connected += 1
            self._condition.notify_all()
        self._changes.happened()

    def _leaves(self, connection: _Connection) -> None:
        with self._condition:
            if connection in self._open:
                self._open.remove(connection)
            self._condition.notify_all()
        self._changes.happened()

    def _hears(self, text: str) -> None:
        try:
            answer = json.loads(text)
        except ValueError:
            return
        with self._condition:
            if isinstance(answer, dict) and answer.get("envelope_id") in self._asked:
                self._answers[answer["envelope_id"]] = answer
                self._condition.notify_all()

    def _next_connection(self, patience: float) -> _Connection | None:
        with self._condition:
            if not self._condition.wait_for(lambda: self._open, patience):
                return None
            return self._open[next(self._turn) % len(self._open)]

    def _wait_for(self, envelope_id: str, connection: _Connection, patience: float) -> None:
        with self._condition:
            self._condition.wait_for(lambda: envelope_id in self._answers or connection not in self._open, patience)


async def _send(connection: _Connection, text: str) -> None:
    if not connection.socket.closed:
        await connection.socket.send_str(text)


def _abort(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
