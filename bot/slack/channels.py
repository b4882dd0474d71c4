"""Which channels are private, as far as the team, payloads, events and Slack itself told.

A command's payload mostly says so. Where it does not, Slack is asked on the side, never before the ack: what was
previewed meanwhile knows the answer in time, and what is told at once knows it from the second time on.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.domain.errors import Rejected, Unavailable
from bot.domain.team import Team
from bot.slack.calls import SlackCalls
from bot.store import Store, StoreError, Tx
from bot.telemetry import log

PRIVATE = "private channels"
"""Name of the remembered fact that lists them."""
PATIENCE = 2.0
"""Seconds for which what is shown waits for Slack to say it."""


class Channels:
    """What is known of channels, remembered over a restart."""

    def __init__(self, store: Store, calls: SlackCalls, team: Team, clock: Callable[[], datetime]) -> None:
        self._store, self._calls, self._team, self._clock = store, calls, team, clock
        self._private: frozenset[str] | None = None
        self._looks: dict[str, asyncio.Task[None]] = {}

    async def private(self) -> frozenset[str]:
        """List the private channels that are known."""
        if self._private is None:
            try:
                remembered = await self._store.read(lambda tx: tx.fact(PRIVATE))
            except StoreError:  # whoever answers the request says so
                return self._team.private_channels
            self._private = self._team.private_channels.union(remembered.split())
        return self._private

    async def remember(self, channel: str) -> None:
        """Take a channel for private from now on."""
        known = await self.private()
        if channel in known:
            return
        self._private = known | {channel}
        at = self._clock()

        def keep(tx: Tx) -> None:
            tx.keep_fact(PRIVATE, " ".join(sorted({*tx.fact(PRIVATE).split(), channel})), at)
            tx.keep_privacy(channel, at, private=True)

        if await self._keep(channel, keep):
            log.info("channels.private", channel=channel)

    def look(self, channel: str) -> None:
        """Begin to ask Slack about a channel of which nothing is known; nobody waits here."""
        if channel.startswith("C") and channel != self._team.channel and channel not in self._looks:
            self._looks[channel] = asyncio.create_task(self._ask(channel))

    async def is_private(self, channel: str) -> bool:
        """Tell whether a channel is private, after a short while for Slack to answer."""
        if look := self._looks.get(channel):
            await asyncio.wait({look}, timeout=PATIENCE)
        return channel in await self.private()

    async def _keep(self, channel: str, keep: Callable[[Tx], None]) -> bool:
        try:
            await self._store.write(keep)
        except StoreError as trouble:
            log.warning("channels.not_kept", channel=channel, reason=str(trouble))
            return False
        return True

    async def _ask(self, channel: str) -> None:
        """Ask Slack, and remember what it says; what could not be asked is asked next time."""
        try:
            private, at = await self._calls.is_private(channel), self._clock()
            if private:
                await self.remember(channel)
            else:
                await self._keep(channel, lambda tx: tx.keep_privacy(channel, at, private=False))
        except (Unavailable, Rejected) as error:
            log.info("channels.not_read", channel=channel, reason=error.reason)
            if isinstance(error, Unavailable):
                self._looks.pop(channel, None)
