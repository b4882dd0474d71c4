"""What there is to tell about the weeks: values that the services work out and the messages put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.domain.operations import Operation
from bot.domain.report import Numbers, Totals
from bot.domain.rollover import Kept, Line, Refusal, Turn
from bot.domain.tracker import Issue, Milestone, WhoAndWhen
from bot.domain.turning import Preview, Rollover
from bot.domain.way_back import Undo


@dataclass(frozen=True)
class Previewed:
    """What is shown before a rollover: the plan, or why there can be none; `who` tells who did it already."""

    preview: Preview
    turn: Turn | None = None
    refusal: Refusal | None = None
    running: Rollover | None = None
    now: "Progressed | None" = None
    who: WhoAndWhen | None = None
    project: str = ""


@dataclass(frozen=True)
class UndoPreviewed:
    """What is shown before a rollover is taken back; without `undo` there is a `refusal`, or GitLab is silent."""

    preview: Preview
    found: Rollover
    undo: Undo | None = None
    refusal: str = ""


@dataclass(frozen=True)
class Progressed:
    """How far a rollover (or its way back) is, and what GitLab has been doing.

    Where it stopped, `stopped` is GitLab's reason, and `refused` the step.
    """

    found: Rollover
    delivered: int
    total: int
    waiting: int
    gitlab_silent: bool
    reason: str = ""
    stopped: str = ""
    refused: Operation | None = None


@dataclass(frozen=True)
class Reported:
    """What the report of a rollover tells: lines by what became of them."""

    found: Rollover
    turn: Turn
    failed: tuple[tuple[Line, str], ...] = ()
    kept: tuple[tuple[Line, str], ...] = ()

    def lines(self, choice: str) -> tuple[Line, ...]:
        """List what was done as chosen, without what failed or was left to somebody faster."""
        out = {line.key for line, _ in (*self.failed, *self.kept)}
        return tuple(line for line in self.turn.lines if line.choice == choice and line.key not in out)


@dataclass(frozen=True)
class TakenBack:
    """What is told of a rollover that was taken back: what stays as people made it, and what GitLab refused."""

    found: Rollover
    kept: tuple[Kept, ...] = ()
    failed: tuple[tuple[Line, str], ...] = ()

    @property
    def week_returned(self) -> bool:
        """Tell whether there is a current week now."""
        return not any(kept.is_week for kept in self.kept)


@dataclass(frozen=True)
class Standing:
    """How a week stands.

    `as_of` is set, and `reason`, when GitLab is silent and this is what it said last. `outages` are those of the
    unscheduled that have no label for it. `ended` counts the days since the week's last one. `order` ranks labels, and
    `own_order` tells that the project gave that order itself.
    """

    title: str
    now: datetime
    milestone: Milestone | None = None
    days_left: int | None = None
    ended: int = 0
    done: int = 0
    open: tuple[Issue, ...] = ()
    goals: tuple[Issue, ...] = ()
    unscheduled: int = 0
    outages: int = 0
    carried: int | None = None
    ap: Mapping[str, int] = field(default_factory=dict)
    as_of: datetime | None = None
    reason: str = ""
    running: Progressed | None = None
    order: Mapping[str, int] = field(default_factory=dict)
    own_order: bool = False


@dataclass(frozen=True)
class Reviewed:
    """A week in numbers, in its `order` of labels, with the weeks up to it (`trend`, oldest first, itself the last).

    `by` is its rollover. `current` is the last day of the current week, where that has just begun and this is the one
    before. `as_of` and `reason` as in a Standing.
    """

    numbers: Numbers
    order: Mapping[str, int]
    trend: tuple[Totals, ...]
    now: datetime
    by: Rollover | None = None
    current: date | None = None
    as_of: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Closed:
    """A closed week; `carried` is None where Baton did not roll it over."""

    milestone: Milestone
    done: int
    unscheduled: int
    carried: int | None = None
    by: str = ""
    by_hand: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Due:
    """A week that somebody was reminded of, and its rollover, if there is one by now; or it was turned `by_hand`."""

    ending: date
    found: Rollover | None
    by_hand: bool = False
