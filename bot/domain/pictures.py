"""What is drawn, as data: whoever describes a picture knows nothing of how it is drawn."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.events import Kind
from bot.domain.report import Day, Totals


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


@dataclass(frozen=True)
class WeekPicture:
    """A week that ends on `ending`, day by day from its first one until now, and the weeks up to it, itself the last."""

    title: str
    subtitle: str
    ending: date
    days: tuple[Day, ...]
    trend: tuple[Totals, ...]


Drawable = Picture | WeekPicture
