"""Socket Mode: Slack's requests over a WebSocket that we open, for a bot that nobody can reach from outside.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import contextlib

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.telemetry import log

PING_SECONDS = 2.0
LOOK_SECONDS = 1.0


class Socket:
    """Keeps a connection open until `stop`, and is back within a few seconds when it is lost."""

    def __init__(self, app: AsyncApp, app_token: str) -> None:
        self._handler = AsyncSocketModeHandler(app, app_token, ping_interval=PING_SECONDS)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to connect; Slack may be away for now."""
        self._tasks = [asyncio.create_task(self._handler.connect_async()), asyncio.create_task(self._mind())]

    async def connected(self) -> bool:
        """Tell whether requests can arrive now."""
        return bool(await self._handler.client.is_connected())

    async def stop(self) -> None:
        """Take nothing more."""
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._handler.close_async(), 2.0)

    async def _mind(self) -> None:
        """Let every new attempt ask for a new address: the client would try one that has expired for ever."""
        was_connected = False
        while True:
            is_connected = await self.connected()
            if is_connected != was_connected:
                log.info("socket.connected" if is_connected else "socket.lost")
                was_connected = is_connected
            if not is_connected:
                self._handler.client.wss_uri = None
            await asyncio.sleep(LOOK_SECONDS)
