"""The threads that call GitLab, never more than so many, and who goes first.

What a plan or a pulse asks goes before operations, and those before what a question reads: so a large preview holds up
no rollover. Threads take the next thing by themselves, so a connection is not idle while the event loop is busy.
"""

import threading
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from queue import SimpleQueue
from typing import NamedTuple

from bot.domain.errors import Unavailable
from bot.domain.journal import Delivery

AT_ONCE = 16
"""How many calls may be on their way side by side."""


class Turn(IntEnum):
    """Who goes before whom."""

    ASKED = 0
    CARRIED = 1
    PATIENT = 2


class _Work(NamedTuple):
    do: Callable[[], None]
    delivery: Delivery | None


class Crew:
    """At most `size` threads; they start with the first work, and end with the process or with `close`."""

    def __init__(self, size: int, name: str) -> None:
        self._size, self._name = size, name
        self._queues: tuple[deque[_Work], ...] = tuple(deque() for _ in Turn)
        self._signs: SimpleQueue[bool] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def put(self, do: Callable[[], None], turn: Turn, delivery: Delivery | None = None) -> None:
        """Have something done, by whoever is free first; it must not raise. Raises Unavailable after `close`."""
        if self._closed:
            message = "Baton is stopping"
            raise Unavailable(message)
        self._queues[turn].append(_Work(do, delivery))
        self._signs.put(True)
        if len(self._threads) < self._size:
            number = len(self._threads)
            thread = threading.Thread(target=self._work, name=f"{self._name}_{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def recall(self) -> list[Delivery]:
        """Take back the deliveries that nobody has begun."""
        found = []
        queue = self._queues[Turn.CARRIED]
        while queue:
            try:
                found.append(queue.popleft().delivery)
            except IndexError:
                break
        return [delivery for delivery in found if delivery is not None]

    def close(self) -> None:
        """Let the threads go; a call that hangs is not waited for."""
        self._closed = True
        for queue in self._queues:
            queue.clear()
        for _ in range(self._size):
            self._signs.put(False)

    def _work(self) -> None:
        while self._signs.get():
            if work := self._next():
                work.do()

    def _next(self) -> _Work | None:
        for queue in self._queues:
            try:
                return queue.popleft()
            except IndexError:
                continue
        return None  # it was taken back meanwhile
