"""Taking a rollover back: computed from what was recorded and from what GitLab says now.

What people changed since is left as it is, and listed. The order is the rollover's in reverse: issues first, then the
titles in the order in which they become free.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.domain import priority
from bot.domain.operations import Named, Post, RemoveMilestone, SetIssue, SetMilestone, Stages
from bot.domain.rollover import Kept, Line, Turn
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, WeekFacts
from bot.domain.week import Week


@dataclass(frozen=True)
class Undo:
    """The way back: stages in order, the issues that go back, and what is left as people made it."""

    stages: Stages
    issues: tuple[Line, ...] = ()
    kept: tuple[Kept, ...] = ()

    @property
    def week_returns(self) -> bool:
        """Tell whether there is a current week then."""
        return not any(kept.is_week for kept in self.kept)


@dataclass(frozen=True)
class Recorded:
    """What the rollover's record knows of its milestones.

    `following` is the id of the week that became current, `new_next` that of the `Next WoW` made after it; None where
    it was not made, or where GitLab's answer was lost. `adopted` are those of them that a person had made meanwhile.
    """

    following: int | None = None
    new_next: int | None = None
    adopted: frozenset[int] = frozenset()


def undo(
    turn: Turn,
    done: Mapping[str, SetIssue],
    recorded: Recorded,
    facts: WeekFacts,
    team: Team,
    *,
    today: date,
    report: Post,
) -> Undo:
    """Compute the way back.

    `done` are the issue operations that were carried out (or may have been), by name, with ids filled in.
    """
    kept: list[Kept] = []
    own = {milestone.id: milestone for milestone in facts.milestones if not milestone.group}
    recorded = _with_lost_answers(turn, recorded, own, team)
    back, lines = _issues_back(turn, done, facts, kept)
    stages = (
        back,
        _make_room(recorded, own, team, today, kept),
        _following_back(turn, recorded, own, team, kept),
        *_week_back(turn, own, team, kept),
        (("report", report),),
    )
    return Undo(stages=tuple(stage for stage in stages if stage), issues=lines, kept=tuple(kept))


# issues


def _issues_back(
    turn: Turn, done: Mapping[str, SetIssue], facts: WeekFacts, kept: list[Kept]
) -> tuple[tuple[Named, ...], tuple[Line, ...]]:
    now = facts.all_issues()
    lines = {line.key: line for line in turn.lines}
    back = [
        (name, reverse)
        for name, operation in done.items()
        if (reverse := _reverse(operation, now.get(name), lines[name], turn.wow.id, kept))
    ]
    return tuple(back), tuple(lines[name] for name, _ in back)


def _reverse(operation: SetIssue, issue: Issue | None, line: Line, wow: int, kept: list[Kept]) -> SetIssue | None:
    here = issue.milestone if issue else None
    if issue is None or here is None or here not in {operation.milestone, wow}:
        kept.append(Kept(f"{line.reference} {line.spoken}", "somebody took it out of the week, or deleted it"))
        return None
    remove, add = _labels_back(operation, issue, wow, line, kept)
    back = wow if here != wow else None
    if back is None and not remove and not add:
        return None
    return SetIssue(operation.noun, operation.iid, here, back, add, remove, closed_too=True)


def _labels_back(
    operation: SetIssue, issue: Issue, wow: int, line: Line, kept: list[Kept]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the labels to take off and to put back; a count that a person took off or replaced stays as it is."""
    remove = tuple(label for label in operation.add if label in issue.labels)
    counted = bool(priority.moved_labels(remove))
    add = tuple(label for label in operation.remove if counted and label not in issue.labels)
    gone = [label for label in operation.add if label not in remove]
    if gone and issue.milestone != wow:
        names = ", ".join(f"“{label}”" for label in gone)
        kept.append(Kept(f"{line.reference} {line.spoken}", f"somebody took {names} off since"))
    return remove, add


# milestones


def _with_lost_answers(turn: Turn, recorded: Recorded, own: Mapping[int, Milestone], team: Team) -> Recorded:
    """Find by title and dates what the rollover has made where GitLab's answer never arrived."""
    return replace(
        recorded,
        following=recorded.following or _made(own, team, turn.week),
        new_next=recorded.new_next or _made(own, team, turn.week.following),
    )


def _made(own: Mapping[int, Milestone], team: Team, of: Week) -> int | None:
    wanted = (team.next_wow_title, of.start, of.ending)
    return next((one.id for one in own.values() if (one.title, one.start, one.due) == wanted), None)


def _make_room(
    recorded: Recorded, own: Mapping[int, Milestone], team: Team, today: date, kept: list[Kept]
) -> tuple[Named, ...]:
    """Free the title `Next WoW`: the one that the rollover made goes if it is empty, a person's gets another title."""
    following = own.get(recorded.following or 0)
    made = own.get(recorded.new_next or 0) if recorded.new_next not in recorded.adopted else None
    there = next((one for one in own.values() if one.title == team.next_wow_title), None)
    if made and made is not there:
        kept.append(Kept(f"Milestone “{made.title}”", "somebody renamed it since"))
    if there is None:
        return ()
    title = _kept_title(there.title, today, {milestone.title for milestone in own.values()})
    if there is made:
        return (("drop new next", RemoveMilestone(there.id, there.title, title)),)
    if following is None or following.title != team.wow_title:
        return ()
    kept.append(Kept(f"Milestone “{there.title}”", f"somebody else made it; it is now “{title}”"))
    return (("make room", SetMilestone(there.id, there.title, title=title)),)


def _kept_title(title: str, today: date, taken: Collection[str]) -> str:
    free = f"{title} (kept {today.isoformat()})"
    number = 2
    while free in taken:
        free = f"{title} (kept {today.isoformat()}, {number})"
        number += 1
    return free


def _following_back(
    turn: Turn, recorded: Recorded, own: Mapping[int, Milestone], team: Team, kept: list[Kept]
) -> tuple[Named, ...]:
    if recorded.following is None:
        return ()
    before = turn.following
    title = before.title if before else team.next_wow_title
    milestone = own.get(recorded.following)
    if milestone is None:
        kept.append(Kept(f"Milestone “{title}”", "somebody deleted it since"))
        return ()
    if milestone.title not in {team.wow_title, title}:
        kept.append(Kept(f"Milestone “{milestone.title}”", "somebody renamed it since"))
        return ()
    if before:
        ours = (turn.week.start, turn.week.ending)
        return _restored("next back", milestone, title, ours, (before.start, before.due), kept)
    if milestone.id in recorded.adopted:
        now = (milestone.start, milestone.due)
        return _restored("next back", milestone, title, now, now, kept)
    return (("drop next", RemoveMilestone(milestone.id, milestone.title, title)),)


def _week_back(
    turn: Turn, own: Mapping[int, Milestone], team: Team, kept: list[Kept]
) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    """Give the closed week its title and dates, *then* open it again."""
    before, closed_title = turn.wow, team.ending_title(turn.ending)
    milestone = own.get(before.id)
    if milestone is None:
        kept.append(Kept(f"Milestone “{closed_title}”", "somebody deleted it since", is_week=True))
        return (), ()
    if milestone.title not in {before.title, closed_title}:
        kept.append(Kept(f"Milestone “{milestone.title}”", "somebody renamed it since", is_week=True))
        return (), ()
    ours = (before.start, turn.ending)
    reopen = SetMilestone(milestone.id, before.title, active=True)
    return (
        _restored("week back", milestone, before.title, ours, (before.start, before.due), kept),
        (("reopen week", reopen),) if not milestone.active else (),
    )


Dates = tuple[date | None, date | None]


def _restored(
    name: str, milestone: Milestone, title: str, ours: Dates, before: Dates, kept: list[Kept]
) -> tuple[Named, ...]:
    """Give a milestone its title back, and its dates where they are still the ones that the rollover set."""
    now = (milestone.start, milestone.due)
    if now not in {ours, before}:
        kept.append(Kept(f"Dates of “{milestone.title}”", "somebody changed them since"))
        before = now
    operation = SetMilestone(
        milestone.id,
        milestone.title,
        title=title if title != milestone.title else None,
        start=_written(before[0]) if before[0] != now[0] else None,
        due=_written(before[1]) if before[1] != now[1] else None,
    )
    nothing = (operation.title, operation.start, operation.due) == (None, None, None)
    return () if nothing else ((name, operation),)


def _written(day: date | None) -> str:
    return day.isoformat() if day else ""
