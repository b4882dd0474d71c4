"""The journal's rows as values: batches, deliveries, and how an outside world was last seen."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.operations import Operation


@dataclass(frozen=True)
class Batch:
    """Operations that belong together; `about` is the id of the record they serve.

    `state` is running, stopped (a milestone was refused; somebody was asked), done, or undone (the rest is dropped).
    """

    id: str
    kind: str
    about: str
    state: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Delivery:
    """One operation on its way. `attempts` counts those before this one; `strikes` those that failed while others got through."""

    id: int
    batch: str | None
    name: str
    operation: Operation
    state: str
    attempts: int
    strikes: int = 0
    first_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None
    lease_until: datetime | None = None
    added_at: datetime | None = None
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a batch is: operations delivered, refused, and still to do."""

    delivered: int
    rejected: int
    waiting: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.delivered + self.rejected + self.waiting


@dataclass(frozen=True)
class World:
    """An outside world as last known: whether it answers, since when that is so, and why not."""

    name: str
    up: bool
    since: datetime
    reason: str = ""


@dataclass(frozen=True)
class Message:
    """A message of Baton's own: where it stands (`ts` is Slack's id of it), and the rendering that words it."""

    key: str
    channel: str
    ts: str
    show: str
    about: str
    shown_at: datetime
