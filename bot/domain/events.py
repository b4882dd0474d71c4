"""The log of production: changes and incidents, each with the moment at which it happened, and all its revisions.

Nothing is ever overwritten. An event is what its newest revision says; the ones before stay.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["change", "incident"]
KINDS: tuple[Kind, ...] = ("change", "incident")
Source = Literal["command", "shortcut", "reaction", "outage", "deploy", "terminal"]
"""What brought an event: `/event log`, a shortcut, a reaction, an outage's own beginning and end, a deployment."""
LONGEST_TEXT = 3000
"""Characters of an event's text: what a field of Slack's modals takes, so that every event can be edited there."""


@dataclass(frozen=True)
class Event:
    """One line of the log, as its newest revision has it.

    `id` grows in the order of logging; `key` is the same for what may be logged once only (a message, a deployment).
    `at` is when it happened, `recorded_at` when it was logged. `by` is a Slack id, `terminal:name` or `gitlab:name`.
    `text` is what was typed, without kind and time. `channel` is where it was said (empty: nowhere in Slack), and
    `private` tells that this channel was a private one. `outage` is Baton's own number of the outage it belongs to.
    `confidential` tells that this outage is so. `version` counts the revisions.
    """

    id: int
    key: str
    kind: Kind
    at: datetime
    recorded_at: datetime
    by: str
    text: str
    source: Source
    channel: str = ""
    permalink: str = ""
    private: bool = False
    outage: int | None = None
    confidential: bool = False
    retracted: bool = False
    version: int = 1

    @property
    def hidden(self) -> bool:
        """Tell whether its text is for those only who are known to be members of its channel."""
        return self.private or self.confidential


@dataclass(frozen=True)
class Revision:
    """One state of an event: `at` is when it was written, `happened_at` what it says of the event; `why` in a word.

    `why` is logged, edited, switched, retracted, restored, moved (to another outage), deployed, message edited, or
    message deleted.
    """

    event: int
    number: int
    at: datetime
    by: str
    why: str
    kind: Kind
    happened_at: datetime
    text: str
    outage: int | None = None
    retracted: bool = False


@dataclass(frozen=True)
class Pending:
    """Something put on the list for the next hand-off."""

    id: int
    key: str
    by: str
    at: datetime
    text: str
    permalink: str = ""
    channel: str = ""
    private: bool = False

    @property
    def hidden(self) -> bool:
        """Tell whether its text is for members of its channel only."""
        return self.private


@dataclass(frozen=True)
class Found:
    """A hit of a search: the event, and the piece of its text around the hit, as (words, whether they are the hit)."""

    event: Event
    snippet: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Span:
    """A range of time, from `since` (inclusive) to `until` (exclusive); None leaves that end open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Place:
    """Where a page of the log ends: the next, older page begins behind it."""

    at: datetime
    id: int


@dataclass(frozen=True)
class Reader:
    """Somebody who reads the log: what is hidden is for whoever logged it, and for members of its channel.

    `channels` are those of which `who` is known to be a member. At a terminal, where the database lies, all is
    readable (`everything`).
    """

    who: str
    channels: frozenset[str] = frozenset()
    everything: bool = False

    def may_read(self, event: Event | Pending) -> bool:
        """Tell whether the text of an event may be shown to this reader alone."""
        return not event.hidden or event.by == self.who or self.is_in(event.channel)

    def is_in(self, channel: str) -> bool:
        """Tell whether what is said in a channel may be shown to this reader alone."""
        return self.everything or channel in self.channels


PUBLIC = Reader("")
"""Whoever may see a channel: what is posted, sent or written there shows nothing that is hidden."""


@dataclass(frozen=True)
class Entry:
    """What somebody wants to be in the log. `kind` and `at` are None where they follow from what goes on, and when.

    `key` is the same for what may be logged once only. `now` is the moment of logging. `by` is whose words they
    are, and `logged_by` who logged them, where that is somebody else.
    """

    key: str
    text: str
    by: str
    now: datetime
    source: Source
    kind: Kind | None = None
    at: datetime | None = None
    channel: str = ""
    permalink: str = ""
    private: bool = False
    logged_by: str = ""
