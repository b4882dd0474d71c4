"""An emulated GitLab of its own time, and the edge that tells it of outages and asks it about them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.journal import Delivery
from bot.domain.operations import Operation
from bot.domain.questions import OutageQuestion
from bot.domain.team import Team
from bot.domain.tracker import OutageFacts
from bot.gitlab import Gitlab
from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Server
from bot.sandbox.weather import Weather

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def moves(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Telling:
    """One operation, tried as often as it is wanted, as the outbox would."""

    tracker: "Tracker"
    operation: Operation
    added_at: datetime
    attempts: int = 0
    first_attempt_at: datetime | None = None

    def tries(self) -> dict[str, Any]:
        """Makes the next attempt; a second passes before it."""
        clock = self.tracker.clock
        clock.moves(seconds=1)
        at = self.first_attempt_at
        self.first_attempt_at = at or clock()
        delivery = Delivery(
            1, "b", "n", self.operation, "leased", self.attempts, first_attempt_at=at, added_at=self.added_at
        )
        self.attempts += 1
        gitlab = self.tracker.edge()
        try:
            return gitlab.perform(delivery)
        finally:
            gitlab.close()


class Tracker:
    """The world, its weather, and the edge."""

    def __init__(self, world: GitlabWorld, clock: Clock, weather: Weather, server: Server) -> None:
        self.world, self.clock, self.weather, self.server = world, clock, weather, server

    def telling(self, operation: Operation) -> Telling:
        """An operation that nobody has tried yet."""
        return Telling(self, operation, self.clock())

    def tells(self, operation: Operation) -> dict[str, Any]:
        """Performs an operation at the first attempt."""
        return self.telling(operation).tries()

    def is_asked(self, *known: int) -> OutageFacts:
        """Answers which outages go on."""
        return asyncio.run(self._asked(OutageQuestion(known)))

    async def _asked(self, question: OutageQuestion) -> OutageFacts:
        gitlab = self.edge()
        try:
            async with asyncio.timeout(30):
                return await gitlab.read(question)
        finally:
            gitlab.close()

    def edge(self) -> Gitlab:
        """The edge."""
        return Gitlab(self.server.url, self.world.token, "acme/production", Team("C1"), self.clock)

    def requests(self, method: str = "") -> list[str]:
        """The paths below the project that were asked for."""
        asked = [each.path.partition("production/")[2] for each in self.server.recorded() if method in each.method]
        return [each for each in asked if each]


@contextmanager
def opened() -> Iterator[Tracker]:
    """A tracker that is there for a while."""
    clock, weather = Clock(), Weather()
    world = GitlabWorld(clock=clock)
    try:
        with Server(application(world, weather), changes=world.changes) as server:
            yield Tracker(world, clock, weather, server)
    finally:
        world.close()
