"""A week in numbers: delivered, carried and for how long, unscheduled, toil, planned, goals, by label and by day.

The rule of thumb is by number of issues: toil takes 20 % of a week at most, what was not scheduled 30 % at most, and at
least 50 % was planned. An issue can be toil and unscheduled; it counts in both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from bot.domain.priority import moved
from bot.domain.team import Labels, Team
from bot.domain.tracker import Called, Milestone, Noun
from bot.domain.week import DAYS, Week, ending_from

TREND = 10
"""Weeks that are compared."""
MOST_TOIL, MOST_UNSCHEDULED, LEAST_PLANNED = 20, 30, 50
"""The rule of thumb, in percent."""
Fate = Literal["delivered", "open", "carry", "next", "left"]
"""What became of an issue: closed in the week; open in one that goes on; else where the rollover put it."""


@dataclass(frozen=True)
class Stood(Called):
    """An issue that stood in a week.

    `unplanned`: it came late, or is an outage. `came` is the day on which it came into the week where that is recorded
    and the week had begun. `weeks` counts the weeks in a row from which it was carried on, this one with them.
    """

    iid: int
    title: str
    fate: Fate
    labels: tuple[str, ...] = ()
    url: str = ""
    confidential: bool = False
    unplanned: bool = False
    came: date | None = None
    closed: date | None = None
    weeks: int = 0
    noun: Noun = "issue"


@dataclass(frozen=True)
class Day:
    """The end of a day: how many issues stood in the week, and how many of them were delivered."""

    day: date
    issues: int
    delivered: int


@dataclass(frozen=True)
class Share:
    """A part of the week's issues, in numbers."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """Give it in percent, rounded half up; None of nothing."""
        return (200 * self.part + self.whole) // (2 * self.whole) if self.whole else None


@dataclass(frozen=True)
class Totals:
    """A week for comparison; `carried` is None where Baton did not turn it, for GitLab does not tell."""

    ending: date
    issues: int
    delivered: int
    unscheduled: int
    toil: int
    carried: int | None = None

    def follows(self, other: "Totals") -> bool:
        """Tell whether no week is missing between another one and this."""
        return (self.ending - other.ending).days <= DAYS * 1.5


@dataclass(frozen=True)
class Numbers:
    """A week, with all that stood in it. A week is `closed`, or goes on; `turned` tells that Baton closed it.

    `start` and `ending` are its first and its last day, `today` the team's day on which it is looked at.
    """

    title: str
    start: date
    ending: date
    today: date
    issues: tuple[Stood, ...]
    labels: Labels
    closed: bool = False
    turned: bool = False
    url: str = ""

    def fated(self, *fates: Fate) -> tuple[Stood, ...]:
        """List those of which this has become."""
        return tuple(one for one in self.issues if one.fate in fates)

    @property
    def carried(self) -> tuple[Stood, ...]:
        """List what goes on into another week."""
        return self.fated("carry", "next")

    @property
    def came_carried(self) -> tuple[Stood, ...]:
        """List what came from the week before, in a week that goes on."""
        return tuple(one for one in self.issues if one.weeks) if not self.closed else ()

    @property
    def unscheduled(self) -> Share:
        """Give the share of what was not scheduled when the week began: late additions and outages."""
        return self._share(one.unplanned for one in self.issues)

    @property
    def toil(self) -> Share:
        """Give the share of toil."""
        return self._share(self.labels.toil in one.labels for one in self.issues)

    @property
    def planned(self) -> Share:
        """Give the share of what was planned and is no toil."""
        return self._share(not one.unplanned and self.labels.toil not in one.labels for one in self.issues)

    @property
    def goals(self) -> tuple[Stood, ...]:
        """List the goals."""
        return tuple(one for one in self.issues if self.labels.goal in one.labels)

    @property
    def totals(self) -> Totals:
        """Give the week for comparison."""
        return Totals(
            self.ending,
            len(self.issues),
            len(self.fated("delivered")),
            self.unscheduled.part,
            self.toil.part,
            len(self.carried) if self.turned else None,
        )

    def _share(self, counts: Iterable[bool]) -> Share:
        return Share(sum(counts), len(self.issues))

    def by_label(self, order: Mapping[str, int]) -> tuple[tuple[str, Share], ...]:
        """Count what was delivered by label, most urgent first; labels that no issue has are left out.

        Labels of one rank stand in the order of their names; issues without any of them come last, without a name.
        """
        found = []
        for label in sorted(order, key=lambda one: (order[one], one)):
            having = [one for one in self.issues if label in one.labels]
            if having:
                found.append((label, _delivered_of(having)))
        others = [one for one in self.issues if order.keys().isdisjoint(one.labels)]
        return (*found, ("", _delivered_of(others))) if others else tuple(found)

    def days(self) -> tuple[Day, ...]:
        """Count the issues, and what was delivered, at the end of each day of the week until today.

        What came, or was closed, on an unknown day or before the first counts from the first on; what was closed after
        the last day (the week was closed late), on the last.
        """
        last = max(self.start, min(self.ending, self.today))
        days = [self.start + timedelta(number) for number in range((last - self.start).days + 1)]
        closed = [min(one.closed or self.start, last) for one in self.fated("delivered")]
        came = [min(one.came or self.start, last) for one in self.issues]
        return tuple(Day(day, sum(each <= day for each in came), sum(each <= day for each in closed)) for day in days)


def _delivered_of(issues: Sequence[Stood]) -> Share:
    return Share(sum(one.fate == "delivered" for one in issues), len(issues))


def weeks_carried(labels: Iterable[str], key: str, earlier: Sequence[frozenset[str]], *, goes_on: bool) -> int:
    """Count the weeks in a row from which an issue was carried on: `earlier` are what was, newest week first.

    `goes_on` tells that it is carried on now, too. A goal's `moved N` knows of weeks that were turned before Baton came.
    """
    count = 0
    for carried in earlier:
        if key not in carried:
            break
        count += 1
    return max(count, moved(labels)) + goes_on


def choose(closed: Mapping[date, Milestone], wow: Milestone | None, day: date, today: date) -> date | None:
    """Find the week that a day is in, and give its last day: a closed one, or that of the current week.

    The week that ends on the day comes before all others: weeks may overlap. A current week without dates goes on since
    the last closed one.
    """
    if day in closed:
        return day
    ahead = min((ending for ending in closed if ending > day), default=None)
    if ahead and (closed[ahead].start or Week(ahead).start) <= day:
        return ahead
    if wow is None:
        return None
    start, ending = span(wow, closed, today)
    return ending if start <= day <= max(ending, today) else None


def span(wow: Milestone, closed: Iterable[date], today: date) -> tuple[date, date]:
    """Give the first and the last day of the current week, as far as its milestone, or the one before, tells."""
    before = max(closed, default=None)
    start = wow.start or (Week(wow.due).start if wow.due else before + timedelta(1) if before else today)
    return start, wow.due or max(ending_from(start), start)


def day_of(instant: str, team: Team) -> date | None:
    """Tell the team's day of an instant as GitLab writes it; None for none, or for what is no instant."""
    try:
        return team.day(datetime.fromisoformat(instant))
    except (ValueError, OverflowError):
        return None


def came_on(instant: str, start: date, team: Team) -> date | None:
    """Tell the day on which an issue came into a week that begins on `start`; None where it was there from the start."""
    day = day_of(instant, team)
    return day if day and day > start else None
