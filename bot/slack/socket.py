"""Socket Mode: Slack's requests over a WebSocket that we open, for a bot that nobody can reach from outside.

https://docs.slack.dev/apis/events-api/using-socket-mode

One connection at a time, on aiohttp. Every attempt asks for a new address, because an address works once; a lost
connection is noticed by a heartbeat, and the next attempt follows within two seconds. When Slack asks for a new
connection it is made before the old one is let go, so nothing is missed meanwhile. What was taken is answered on the
connection it came by, or, if that broke, not at all: Slack then delivers it again, and the first answer is found.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from bot.domain.errors import Rejected, Unavailable
from bot.slack.calls import SlackCalls
from bot.slack.errors import mended_by
from bot.slack.sparing import Sparing

HEARTBEAT_SECONDS = 2.4
CONNECT_SECONDS = 6.0
PAUSES = (0.2, 1.0, 2.0)
"""Seconds before the first, the second and every further attempt after a loss; Slack allows many a minute."""
LONGEST_PAUSE = 60.0
MOST_BYTES = 4_000_000
Take = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any] | None]]
"""Answers an envelope; None when there is no answer."""


class Socket:
    """Keeps a connection open until `stop`, and is back within a few seconds when it is lost."""

    def __init__(self, calls: SlackCalls, app_token: str, take: Take) -> None:
        self._calls, self._app_token, self._take = calls, app_token, take
        self._open: set[aiohttp.ClientWebSocketResponse] = set()
        self._taken: set[asyncio.Task[None]] = set()
        self._readers: set[asyncio.Task[None]] = set()
        self._keeping: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._stopping = False
        self._sparing = Sparing("socket.waits")

    def start(self) -> None:
        """Begin to connect; Slack may be away for now."""
        self._keeping = asyncio.create_task(self._keep_open())

    @property
    def connected(self) -> bool:
        """Tell whether requests can arrive now."""
        return any(not each.closed for each in self._open)

    async def stop(self, seconds: float = 2.0) -> None:
        """Take nothing more, answer what was taken, and close."""
        self._stopping = True
        if self._keeping is not None:
            self._keeping.cancel()
        for reader in self._readers:
            reader.cancel()
        if self._taken:
            await asyncio.wait(self._taken, timeout=seconds)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1.0):
                await asyncio.gather(*(each.close() for each in self._open), return_exceptions=True)

    async def _keep_open(self) -> None:
        attempts = 0
        while True:
            try:
                connection = await self._connect()
            except (Unavailable, Rejected) as error:
                wait = max(PAUSES[min(attempts, len(PAUSES) - 1)], _named_pause(error))
                attempts += 1
                self._sparing.warn(error.reason, **mended_by(error, "SLACK_APP_TOKEN"))
                await asyncio.sleep(wait)
                continue
            attempts = 0
            self._wanted.clear()  # whichever connection asked for another has it now
            self._sparing.over("socket.connected")
            reader = asyncio.create_task(self._read(connection))
            self._readers.add(reader)
            reader.add_done_callback(self._readers.discard)
            await self._wanted.wait()
            await asyncio.sleep(PAUSES[0])  # a server that hangs up at once must not be called in a busy loop

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        address = await self._calls.socket_address(self._app_token)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                connection = await self._calls.session.ws_connect(
                    address, heartbeat=HEARTBEAT_SECONDS, max_msg_size=MOST_BYTES, proxy=self._calls.proxy
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            message = f"Slack's WebSocket does not answer ({type(error).__name__})"
            raise Unavailable(message) from error
        self._open.add(connection)
        return connection

    async def _read(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Take what comes until the connection ends; ask for the next one as soon as this one is going to."""
        try:
            async for message in connection:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                said = _parsed(message.data)
                if said.get("type") == "disconnect":
                    self._wanted.set()  # this one stays until Slack closes it: answers are still on their way
                elif isinstance(said.get("payload"), dict) and said.get("envelope_id"):
                    task = asyncio.create_task(self._answer(connection, said))
                    self._taken.add(task)
                    task.add_done_callback(self._taken.discard)
        finally:
            if not self._stopping:
                self._open.discard(connection)
                if not self.connected:
                    self._wanted.set()
                await connection.close()

    async def _answer(self, connection: aiohttp.ClientWebSocketResponse, envelope: Mapping[str, Any]) -> None:
        answer = await self._take(envelope)
        if answer is None:
            return
        said: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
        if answer:
            said["payload"] = answer
        with contextlib.suppress(ConnectionError, RuntimeError):  # it broke: Slack delivers again elsewhere
            await connection.send_str(json.dumps(said))


def _parsed(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _named_pause(error: Unavailable | Rejected) -> float:
    named = error.retry_after if isinstance(error, Unavailable) else None
    return min(named or 0.0, LONGEST_PAUSE)
