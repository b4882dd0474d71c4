"""How operations are brought to an outside world: as tasks here, or in threads of an edge's own.

A carrier only brings and reports; what is sent, when, and what an answer means, the outbox decides.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from bot.domain.errors import Unsent
from bot.domain.journal import Delivery

DEADLINE = 7.0
"""Seconds for one whole delivery, less than half a lease."""
Landed = Callable[[Delivery, object], None]
"""Takes what became of a delivery: its result, or the exception it ended with. May be called from any thread."""


class Carrier(Protocol):
    """Brings operations to one outside world: `at_once` at the same time, and up to `room` with those that wait to go."""

    at_once: int
    room: int

    def carry(self, delivery: Delivery, leaves: Callable[[Delivery], bool], landed: Landed) -> None:
        """Bring it there, unless `leaves`, asked right before, says that it may not go any more.

        It lands with its result, or with Unavailable, Rejected or Unsent. `delivery.attempts` is above zero when an
        earlier attempt may have arrived.
        """

    def recall(self) -> list[Delivery]:
        """Take back what has not left."""

    def abandon(self) -> None:
        """Wait for no answer any more."""


class Tasks:
    """Carries with a coroutine function; each delivery is a task that has `deadline` seconds."""

    def __init__(
        self, perform: Callable[[Delivery], Awaitable[dict[str, Any]]], at_once: int, deadline: float = DEADLINE
    ) -> None:
        self.at_once = self.room = at_once
        self._deadline = deadline
        self._perform = perform
        self._tasks: set[asyncio.Task[None]] = set()

    def carry(self, delivery: Delivery, leaves: Callable[[Delivery], bool], landed: Landed) -> None:
        """Begin at once."""
        task = asyncio.create_task(self._carry(delivery, leaves, landed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def recall(self) -> list[Delivery]:
        """Give nothing back: nothing waits."""
        return []

    def abandon(self) -> None:
        """Cancel what is under way."""
        for task in self._tasks:
            task.cancel()

    async def _carry(self, delivery: Delivery, leaves: Callable[[Delivery], bool], landed: Landed) -> None:
        if not leaves(delivery):
            landed(delivery, Unsent())
            return
        try:
            async with asyncio.timeout(self._deadline):
                result: object = await self._perform(delivery)
        except Exception as error:  # noqa: BLE001 - told apart where it lands
            result = error
        landed(delivery, result)
