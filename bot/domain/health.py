"""How an outside world has been answering, and how much may be sent to it because of that.

A world that does not answer at all is not hammered: after a few failures in a row it counts as down. When it was more
than one operation that failed, one at a time is then tried, with growing pauses; a single one has pauses of its own
and keeps nobody else waiting. The first answer ends all of this.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import Unavailable
from bot.domain.operations import backoff

DOWN_AFTER = 3
FEW = 3
"""With no more operations than these failing, it may be their own fault."""


@dataclass(frozen=True)
class Health:
    """One outside world, as one process has seen it.

    `suspects` are the deliveries that failed since the last success, `probes` those tried in vain while it was down.
    """

    heard_at: datetime | None = None
    last_success: datetime | None = None
    failures: int = 0
    suspects: frozenset[int] = frozenset()
    down_at: datetime | None = None
    probes: int = 0
    closed_until: datetime | None = None
    limited_until: datetime | None = None

    @property
    def down(self) -> bool:
        """Tell whether the world counts as not answering at all."""
        return self.down_at is not None

    @property
    def one_at_a_time(self) -> bool:
        """Tell whether only one delivery at a time may be tried."""
        return self.down and len(self.suspects) > 1

    def room(self, at: datetime, most: int, under_way: int) -> int:
        """Tell how many more may be sent, beside those under way."""
        if self.opens_at(at) is not None:
            return 0
        if self.one_at_a_time:
            return 0 if under_way else 1
        return max(0, most - under_way)

    def opens_at(self, at: datetime) -> datetime | None:
        """Tell until when nothing may be sent at all, if that is so."""
        pauses = [self.limited_until, self.closed_until if self.one_at_a_time else None]
        return max((pause for pause in pauses if pause is not None and pause > at), default=None)

    def succeeded(self, at: datetime) -> "Health":
        """Note that something got through, or was refused in so many words."""
        return Health(heard_at=at, last_success=at, limited_until=self.limited_until)

    def answered(self, at: datetime, suspect: int | None = None) -> "Health":
        """Note that the world is there, though it could not do what was asked for by the delivery `suspect`."""
        suspects = self.suspects | {suspect} if suspect is not None else self.suspects
        return Health(heard_at=at, last_success=self.last_success, limited_until=self.limited_until, suspects=suspects)

    def limited(self, at: datetime, seconds: float) -> "Health":
        """Note that the world asked to be left alone for a while; what gets through meanwhile does not change that."""
        until = at + timedelta(seconds=seconds)
        return replace(self.answered(at), limited_until=max(until, self.limited_until or until))

    def silent(
        self, delivery: int, started: datetime, at: datetime, failure: Unavailable, roll: random.Random
    ) -> "Health":
        """Note a call, begun at `started`, that was not answered."""
        after = replace(self, heard_at=at, failures=self.failures + 1, suspects=self.suspects | {delivery})
        if self.down_at is None:
            goes_down = after.failures >= DOWN_AFTER
            return _paused(replace(after, down_at=at), at, failure, roll) if goes_down else after
        if started <= self.down_at:
            return after  # it was on its way when the world went down, and proves nothing new
        return _paused(replace(after, probes=self.probes + 1), at, failure, roll)


def _paused(health: Health, at: datetime, failure: Unavailable, roll: random.Random) -> Health:
    pause = backoff(health.probes + 1, failure.retry_after, roll)
    return replace(health, closed_until=at + timedelta(seconds=pause))
