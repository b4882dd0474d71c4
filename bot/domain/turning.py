"""The record of one rollover: what was decided, by whom, and how far it is."""

from dataclasses import dataclass, field
from datetime import date, datetime

from bot.domain.rollover import Choice, Kept, Turn


@dataclass(frozen=True)
class Choices:
    """What the person chose: per issue (by key), for all others, and which issues were on the screen (None: none were)."""

    chosen: dict[str, Choice] = field(default_factory=dict)
    default: Choice = "carry"
    previewed: frozenset[str] | None = None


@dataclass(frozen=True)
class Rollover:
    """A rollover as remembered.

    `state` is running, done, void (found impossible before anything was written: see `problem`), undoing or undone.
    `turn` is None until GitLab was read; `became_wow_at` is the moment the next week became current.
    """

    id: str
    ending: date
    state: str
    by: str
    channel: str
    at: datetime
    batch: str
    choices: Choices = field(default_factory=Choices)
    turn: Turn | None = None
    problem: str = ""
    became_wow_at: datetime | None = None
    wow: int | None = None
    done_at: datetime | None = None
    undone_by: str = ""
    undone_at: datetime | None = None
    undo_batch: str = ""
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What somebody was shown before they confirmed; `silent` when GitLab did not answer and nothing could be shown."""

    id: str
    kind: str
    by: str
    at: datetime
    ending: date | None = None
    keys: frozenset[str] = frozenset()
    silent: bool = False
    about: str = ""
    channel: str = ""
