"""What there is to tell of who is on call: values that the services work out and the messages put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.events import Event, Pending
from bot.domain.logged import Waiting
from bot.domain.oncall import Handed, Handoff, Shift


@dataclass(frozen=True)
class Listing:
    """What is being worked on, most urgent first; GitLab was asked at `at`, and `silent` says why it did not answer now.

    `at` is None where GitLab never said anything yet: then only what was declared here is listed.
    """

    handed: tuple[Handed, ...]
    at: datetime | None = None
    silent: str = ""


@dataclass(frozen=True)
class Upcoming:
    """The next person by the rota, from `since` on; `trouble` says why the rota could not be read since `read_at`."""

    who: str
    since: datetime
    read_at: datetime
    trouble: str = ""


@dataclass(frozen=True)
class Offering:
    """What stands in the modal before a hand-off is offered.

    `by` fills it in for the person on call (`outgoing`). `incoming` is empty where the person is still to be chosen.
    `events` are the newest of the shift that they may read, `count` how many there were, `hidden` how many of those are
    private for them. `pending` is what waits for the hand-off, `unreadable` counts what of it they may not read. `draft` is what was
    typed before, by field. `rota` says why there is no next person where one was asked for.
    """

    by: str
    outgoing: str
    incoming: str
    shift: Shift | None
    listing: Listing
    now: datetime
    events: tuple[Event, ...] = ()
    count: int = 0
    hidden: int = 0
    pending: tuple[Pending, ...] = ()
    unreadable: int = 0
    draft: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    rota: str = ""
    upcoming: Upcoming | None = None
    metadata: str = ""


@dataclass(frozen=True)
class Part:
    """One thing that GitLab or Slack refused, or did not do: `what` in words, `why` as they said it."""

    what: str
    why: str


@dataclass(frozen=True)
class Told:
    """A hand-off as its messages tell it: people's zones by id, what waits for GitLab, and what did not work."""

    handoff: Handoff
    zones: Mapping[str, ZoneInfo]
    waiting: Waiting | None = None
    refused: tuple[Part, ...] = ()
    unassigned: tuple[Part, ...] = ()
    under_way: bool = False


@dataclass(frozen=True)
class Standing:
    """Who is on call, what is open, and what is offered."""

    shift: Shift | None
    listing: Listing
    now: datetime
    offer: Handoff | None = None
    upcoming: Upcoming | None = None
    pending: int = 0
    waiting: Waiting | None = None


@dataclass(frozen=True)
class Reported:
    """What the report of a hand-off says: those events of the shift that may be told, and how many are `hidden`.

    `resolved` are the outages that ended in the shift: how they are called, and their title as it may be told.
    """

    handoff: Handoff
    names: Mapping[str, str]
    events: tuple[Event, ...] = ()
    hidden: int = 0
    resolved: tuple[tuple[str, str], ...] = ()
    previous: Handoff | None = None
