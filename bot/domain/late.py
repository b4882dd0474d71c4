"""Which issue was added to the week after it had started, and is therefore `unscheduled`.

The rule is the handbook's: an issue added to WoW after the week has started gets the label, unless it is an outage
(those are unscheduled by definition). It is decided by milestone *id* and event time, because planned issues keep
their milestone's id when `Next WoW` is renamed to `WoW`. Whoever takes the label off by hand has the last word.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.domain.team import Team
from bot.domain.tracker import History, Issue, LabelEvent, Milestone, MilestoneEvent
from bot.domain.week import Week, first_moment

TAKEN_OFF = "taken off by hand"
AT_THE_SAME_TIME = timedelta(seconds=2)
"""GitLab may tell of one move as of two: out of one milestone, and into the other."""


@dataclass(frozen=True)
class Verdict:
    """What was decided once about one issue in one milestone; `labelled` once the label was seen or set.

    `seen` is the mark of the issue's last change when it was judged: one that is late and has no label yet is judged
    anew when it has changed, for a person may have set the label and taken it off meanwhile. `added` is the instant at
    which it came into the week, written down, where that had started.
    """

    late: bool
    why: str
    labelled: bool = False
    seen: str = ""
    added: str = ""


def week_started(
    wow: Milestone, became_wow_at: datetime | None, team: Team, ending: date | None = None
) -> datetime | None:
    """Tell when the week of the milestone `wow` started.

    That is the moment at which it became `WoW`, when Baton did that; else 00:00 of its first day in the team's zone.
    Without a start date the due date tells the first day, and without either the last day `ending` that somebody named.
    Without any of them nothing can be late: None.
    """
    if became_wow_at is not None:
        return became_wow_at
    last = wow.due or ending
    first = wow.start or (Week(last).start if last else None)
    return first_moment(first, team.zone) if first else None


def additions(events: History, wow: int) -> list[MilestoneEvent]:
    """List the times an issue was put into the milestone with id `wow`, oldest first."""
    added = [one for one in events if isinstance(one, MilestoneEvent) and one.added and one.milestone == wow]
    return sorted(added, key=lambda one: one.at)


def removals(events: History, label: str) -> list[LabelEvent]:
    """List the times `label` was taken off an issue."""
    return [one for one in events if isinstance(one, LabelEvent) and not one.added and one.label == label]


def judge(
    issue: Issue,
    events: History,
    wow: int,
    started: datetime | None,
    team: Team,
    own: str = "",
    closed: Collection[int] = (),
) -> Verdict:
    """Decide whether `issue` came into the milestone with id `wow` after `started`.

    `own` is Baton's user in GitLab, `closed` are the ids of the closed weeks.
    """
    if started is None:
        return Verdict(late=False, why="the week has no first day", seen=issue.changed)
    added = _added_at(events, wow, own, closed)
    if added is None or added <= started:
        return Verdict(late=False, why="planned", seen=issue.changed)
    came = Verdict(late=False, why=TAKEN_OFF, seen=issue.changed, added=added.isoformat())
    if team.labels.outage in issue.labels:
        return replace(came, why="an outage is unscheduled by definition")
    labelled = team.labels.unscheduled in issue.labels
    if not labelled and _is_taken_off(events, team.labels.unscheduled, added, own):
        return came
    return replace(came, late=True, why="added after the week had started", labelled=labelled)


def depends_on_own(events: History, wow: int, closed: Collection[int]) -> bool:
    """Tell whether it matters for the judgement who put an issue into the milestone with id `wow`."""
    added = additions(events, wow)
    return len(added) > 1 or any(_came_from(one, events) in closed for one in added)


def _came_from(addition: MilestoneEvent, events: History) -> int | None:
    """Give the id of the milestone in which an issue stood before it was added."""
    moves = (one for one in events if isinstance(one, MilestoneEvent) and one is not addition)
    stood = None
    for one in sorted((one for one in moves if one.at <= addition.at), key=lambda one: one.at):
        if one.added:
            stood = one.milestone
        elif addition.at - one.at > AT_THE_SAME_TIME:
            stood = None
    return stood


def needs_label(issue: Issue, verdict: Verdict | None, team: Team) -> bool:
    """Tell whether `unscheduled` is to be set: on a late addition that never had it, unless it became an outage."""
    exempt = {team.labels.unscheduled, team.labels.outage} & {*issue.labels}
    return bool(verdict and verdict.late and not verdict.labelled and not exempt)


def _added_at(events: History, wow: int, own: str, closed: Collection[int]) -> datetime | None:
    """Tell when somebody added an issue to a milestone; None when nobody did.

    The last addition counts: who plans an issue, takes it out and puts it back on Thursday has added it on Thursday.
    But where Baton itself put it back, in an undo, the one before counts, and what Baton carried over from a closed
    week was added by nobody.
    """
    added = additions(events, wow)
    while own and added and added[-1].by == own:
        if _came_from(added[-1], events) in closed:
            return None
        if len(added) == 1:
            break
        added.pop()
    return added[-1].at if added else None


def _is_taken_off(events: History, label: str, since: datetime, own: str) -> bool:
    """Tell whether what last happened to a label is that a person took it off; an undo of Baton's is no person."""
    changes = [one for one in events if isinstance(one, LabelEvent) and one.label == label and one.at >= since]
    last = sorted(changes, key=lambda one: one.at)[-1:]  # of one instant the later in the list, as GitLab lists them
    return any(not one.added and not (own and one.by == own) for one in last)
