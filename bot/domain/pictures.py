"""What is drawn, as data: whoever describes a picture knows nothing of how it is drawn."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.events import Kind


@dataclass(frozen=True)
class Mark:
    """One event on a timeline; `text` is empty where it may not be shown."""

    at: datetime
    kind: Kind
    text: str


@dataclass(frozen=True)
class Picture:
    """The timeline of an outage: from `began_at` to `ended_at` (None: it goes on), and what happened, in that order."""

    title: str
    began_at: datetime
    ended_at: datetime | None
    marks: tuple[Mark, ...]
    drawn_at: datetime
