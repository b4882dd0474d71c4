"""What there is to tell of the log: values that the services work out and the messages put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.events import Event, Reader, Revision
from bot.domain.outages import Outage


@dataclass(frozen=True)
class Waiting:
    """How many operations wait for GitLab, and why it does not take them."""

    count: int
    reason: str = ""


@dataclass(frozen=True)
class Logged:
    """What was logged, and into which outage; with several that go on, the `choices`. `again`: it was there already."""

    event: Event
    outage: Outage | None
    choices: tuple[Outage, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Echoed:
    """An event as its message in the channel tells it: `toil` is the issue made of it, `refused` GitLab's reason."""

    event: Event
    outage: Outage | None
    first: Revision
    last: Revision
    choices: tuple[Outage, ...] = ()
    toil: tuple[int | None, str] | None = None
    waiting: Waiting | None = None
    refused: str = ""


@dataclass(frozen=True)
class Listed:
    """Events in the order in which they happened, and who is to read them; `more` tells that there are older ones."""

    events: tuple[Event, ...]
    reader: Reader
    outages: Mapping[int, Outage] = field(default_factory=dict)
    more: bool = False

    @property
    def hidden(self) -> int:
        """Count those whose text this reader may not see."""
        return sum(not self.reader.may_read(one) for one in self.events)


@dataclass(frozen=True)
class Announced:
    """An outage as its message in the channel tells it; `events` counts what was logged into it."""

    outage: Outage
    events: int
    waiting: Waiting | None = None
    closed: bool = False

    @property
    def lasted(self) -> timedelta | None:
        """Tell how long it lasted, when it is over."""
        return self.outage.ended_at - self.outage.began_at if self.outage.ended_at else None
