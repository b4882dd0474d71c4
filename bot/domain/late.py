"""Which issue was added to the week after it had started, and is therefore `unscheduled`.

The rule is the handbook's: an issue added to WoW after the week has started gets the label, unless it is an outage
(those are unscheduled by definition). It is decided by milestone *id* and event time, because planned issues keep
their milestone's id when `Next WoW` is renamed to `WoW`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, MilestoneEvent
from bot.domain.week import Week, first_moment


@dataclass(frozen=True)
class Verdict:
    """What was decided once about one issue in one milestone; `labelled` once the label was seen or set."""

    late: bool
    why: str
    labelled: bool = False


def week_started(wow: Milestone, became_wow_at: datetime | None, team: Team) -> datetime | None:
    """Tell when the week of the milestone `wow` started.

    That is the moment at which it became `WoW`, when Baton did that; else 00:00 of its first day in the team's zone.
    Without a start date the due date tells the first day; without either nothing can be late: None.
    """
    if became_wow_at is not None:
        return became_wow_at
    first = wow.start or (Week(wow.due).start if wow.due else None)
    return first_moment(first, team.zone) if first else None


def judge(issue: Issue, events: Iterable[MilestoneEvent], wow: int, started: datetime | None, team: Team) -> Verdict:
    """Decide whether `issue` came into the milestone with id `wow` after `started`.

    The last addition counts: who plans an issue, takes it out and puts it back on Thursday has added it on Thursday.
    """
    if started is None:
        return Verdict(late=False, why="the week has no first day")
    added = [event.at for event in events if event.added and event.milestone == wow]
    if not added or max(added) <= started:
        return Verdict(late=False, why="planned")
    if team.labels.outage in issue.labels:
        return Verdict(late=False, why="an outage is unscheduled by definition")
    return Verdict(late=True, why="added after the week had started", labelled=team.labels.unscheduled in issue.labels)
