"""What a check-up finds, and what of it can be mended at once: the labels and weeks that GitLab lacks."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Literal

from bot.domain.priority import AP_LABELS
from bot.domain.rollover import Weeks
from bot.domain.team import Team
from bot.domain.tracker import Milestone, WeekFacts
from bot.domain.week import DAYS, Week, last_ending

Level = Literal["ok", "note", "warning", "problem"]
LEVELS: tuple[Level, ...] = ("ok", "note", "warning", "problem")
"""From fine to grave. A note is nothing to mend: something that is left out on purpose, or that cannot be seen."""


@dataclass(frozen=True)
class Finding:
    """What was found in one `check`, named as people call it, and how to mend it."""

    check: str
    level: Level
    said: str
    mend: str = ""


def worst(findings: Iterable[Finding]) -> Level:
    """Tell the gravest level among findings; without any, all is well."""
    return LEVELS[max((LEVELS.index(one.level) for one in findings), default=0)]


def labels_of(team: Team) -> Mapping[str, str]:
    """List the labels that carry a meaning, each with the variable that names it."""
    return {getattr(team.labels, one.name): f"LABEL_{one.name.upper()}" for one in fields(team.labels)}


@dataclass(frozen=True)
class Lacking:
    """What GitLab lacks and can be created: labels that carry a meaning, those of `/wow ap`, and weeks by title."""

    labels: tuple[str, ...] = ()
    ap_labels: tuple[str, ...] = ()
    weeks: tuple[tuple[str, Week], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.labels or self.ap_labels or self.weeks)


def lacking(facts: WeekFacts, weeks: Weeks, team: Team, today: date, wrong: Collection[str] = ()) -> Lacking:
    """Find what can be created; a title or label that is there in another way is for a person to decide about.

    Nothing is lacking that is named by one of the `wrong` variables: nobody knows what it is called.
    """
    known, alike = set(facts.label_ranks), {label.casefold() for label in facts.label_ranks}
    return Lacking(
        labels=tuple(
            label for label, name in labels_of(team).items() if label.casefold() not in alike and name not in wrong
        ),
        ap_labels=tuple(label for label in AP_LABELS if label not in known),
        weeks=() if {"WOW_TITLE", "NEXT_WOW_TITLE"} & set(wrong) else tuple(_weeks(facts, weeks, team, today)),
    )


def _weeks(facts: WeekFacts, weeks: Weeks, team: Team, today: date) -> Iterator[tuple[str, Week]]:
    taken = {milestone.title.strip().casefold() for milestone in facts.milestones}
    now = current(today)
    follows = weeks.following is None or (weeks.following.start is not None and weeks.following.start > today)
    if weeks.wow is None and team.wow_title.casefold() not in taken and follows:
        yield team.wow_title, now
    if weeks.following is None and team.next_wow_title.casefold() not in taken:
        due = weeks.wow.due if weeks.wow else None
        yield team.next_wow_title, (Week(due) if due else now).following


def current(today: date) -> Week:
    """Give the week in which a day lies."""
    last = last_ending(today)
    return Week(today if last == today else last + timedelta(days=DAYS))


def clashes(facts: WeekFacts, weeks: Weeks, team: Team, today: date) -> list[Milestone]:
    """List the milestones whose title the next rollover needs for another one: GitLab allows each only once."""
    ours = {milestone.id for milestone in (weeks.wow, weeks.following) if milestone}
    ending = weeks.wow.due if weeks.wow and weeks.wow.due else current(today).ending
    needed = {team.next_wow_title, *([team.wow_title] if weeks.wow else [])}
    if ending not in weeks.closed:
        needed.add(team.ending_title(ending))
    return [one for one in facts.milestones if one.id not in ours and one.title in needed]
