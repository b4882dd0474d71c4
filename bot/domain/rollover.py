"""Turning the week: what a rollover does, step by step, and what takes it back.

The steps come from the production team's handbook. They are data (stages of operations), so that a preview shows
exactly what will be done, an interrupted run goes on where it was, and an undo is computed from what was recorded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bot.domain import priority, week
from bot.domain.late import Verdict
from bot.domain.operations import (
    CreateMilestone,
    Made,
    MilestoneId,
    Named,
    Plan,
    Post,
    RemoveMilestone,
    SetIssue,
    SetMilestone,
    Stages,
)
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, Noun, WeekFacts

Choice = Literal["carry", "leave", "next"]
CREATED_NEXT = "create next"
NEW_NEXT = "create new next"
MAY_EDIT = 15
"""GitLab's access level from which on milestones and issues may be edited (Planner)."""


@dataclass(frozen=True)
class Weeks:
    """The milestones a rollover is about, found by title among what GitLab said."""

    wow: Milestone | None
    following: Milestone | None
    closed: Mapping[date, Milestone]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """What a rollover does with one issue: `moved` is the number of a goal's new `moved N` label, 0 for none."""

    noun: Noun
    iid: int
    title: str
    url: str = ""
    choice: Choice = "carry"
    labels: tuple[str, ...] = ()
    late: bool = False
    moved: int = 0
    appeared: bool = False

    @property
    def key(self) -> str:
        """Name it among issues and merge requests alike: `issue:12`; so is its operation named."""
        return f"{self.noun}:{self.iid}"

    @property
    def reference(self) -> str:
        """Write it as people do."""
        return f"{'#' if self.noun == 'issue' else '!'}{self.iid}"


@dataclass(frozen=True)
class Turn:
    """A rollover decided: the week's last day, the milestones as they were, and a line for each open issue.

    `following` is None when `Next WoW` was missing. `done` counts what was closed in the week.
    """

    ending: date
    wow: Milestone
    following: Milestone | None
    lines: tuple[Line, ...]
    done: int = 0
    warnings: tuple[str, ...] = ()
    closed_since: tuple[str, ...] = ()

    @property
    def week(self) -> week.Week:
        """The week that becomes current."""
        return week.Week(self.ending).following


@dataclass(frozen=True)
class Refusal:
    """Why a rollover can not be done as things stand; `closed` is the week that was rolled over already, if it was."""

    reason: str
    closed: Milestone | None = None


def find_weeks(facts: WeekFacts, team: Team) -> Weeks:
    """Find the open `WoW` and `Next WoW` by exact title, else by another spelling of case (with a remark)."""
    remarks: list[str] = []
    wow = _titled(facts.milestones, team.wow_title, remarks)
    following = _titled(facts.milestones, team.next_wow_title, remarks)
    closed = {
        ending: milestone
        for milestone in facts.milestones
        if not milestone.group and (ending := week.ending_of(milestone.title, team.wow_title))
    }
    return Weeks(wow, following, closed, tuple(remarks))


def _titled(milestones: Iterable[Milestone], title: str, remarks: list[str]) -> Milestone | None:
    own = [milestone for milestone in milestones if milestone.active and not milestone.group]
    exact = [milestone for milestone in own if milestone.title == title]
    if exact:
        return exact[0]
    alike = [milestone for milestone in own if milestone.title.strip().casefold() == title.casefold()]
    if len(alike) == 1:
        remarks.append(f"The milestone is written “{alike[0].title}”; I take it for “{title}”.")
        return alike[0]
    if alike:
        remarks.append(f"{len(alike)} open milestones are written almost like “{title}”; I take none of them.")
    return None


def refusal(facts: WeekFacts, weeks: Weeks, ending: date, team: Team) -> Refusal | None:
    """Find what stands against closing the week on `ending`; None when it can be rolled over."""
    if ending in weeks.closed:
        closed = weeks.closed[ending]
        return Refusal(f"The week ending {ending} was rolled over already", closed)
    return (
        _missing(facts, weeks, team) or _clash(facts, weeks, ending, team) or _too_early(weeks, ending) or _rights(facts)
    )


def _missing(facts: WeekFacts, weeks: Weeks, team: Team) -> Refusal | None:
    if weeks.wow:
        return None
    title = team.wow_title
    if any(milestone.group and milestone.title == title for milestone in facts.milestones):
        return Refusal(
            f"The milestone “{title}” belongs to a group. I turn the weeks of one project, {facts.project.path}: "
            f"please create “{title}” there."
        )
    if any(milestone.title == title for milestone in facts.milestones):
        return Refusal(f"The milestone “{title}” is closed. Please reopen it, or rename it and create a new one.")
    said = f"There is no open milestone “{title}” in {facts.project.path}."
    if weeks.following:
        said += f" “{weeks.following.title}” is there; if it is the current week, rename it to “{title}”."
    return Refusal(" ".join([said, *weeks.remarks]))


def _clash(facts: WeekFacts, weeks: Weeks, ending: date, team: Team) -> Refusal | None:
    needed = {team.ending_title(ending), team.wow_title, team.next_wow_title}
    for milestone in facts.milestones:
        if milestone.group and milestone.title in needed:
            return Refusal(
                f"A group above the project has a milestone “{milestone.title}” too, and GitLab allows a title only "
                "once. Please rename the group's."
            )
        if not weeks.following and not milestone.active and milestone.title == team.next_wow_title:
            return Refusal(
                f"There is a closed milestone “{milestone.title}”, so a new one cannot get this title. "
                "Please reopen or rename it."
            )
    return None


def _too_early(weeks: Weeks, ending: date) -> Refusal | None:
    started = weeks.wow.start if weeks.wow else None
    if started and started >= ending:
        return Refusal(
            f"The current week started on {started}, so it cannot end on {ending}. "
            f"It ends on {week.ending_from(started)}."
        )
    return None


def _rights(facts: WeekFacts) -> Refusal | None:
    level = facts.project.access_level
    if level is not None and level < MAY_EDIT:
        return Refusal(
            f"My GitLab token may not edit milestones in {facts.project.path}. "
            "Please give its user the Reporter role or more, and the token the scope api."
        )
    return None


def decide(
    facts: WeekFacts,
    weeks: Weeks,
    ending: date,
    team: Team,
    *,
    choices: Mapping[str, Choice],
    verdicts: Mapping[str, Verdict],
    default: Choice = "carry",
    previewed: frozenset[str] | None = None,
) -> Turn:
    """Decide what becomes of each open issue of the week; raises ValueError without a current week.

    `previewed` are the issues that the person saw; None when there was no preview. What appeared since is carried over.
    """
    if weeks.wow is None:
        message = "there is no current week"
        raise ValueError(message)
    found = facts.of(weeks.wow)
    lines = tuple(
        line_for(
            issue,
            choices.get(issue.key, default if _seen(issue, previewed) else "carry"),
            verdicts.get(issue.key),
            team,
            appeared=not _seen(issue, previewed),
        )
        for issue in found
        if issue.open
    )
    return Turn(
        ending=ending,
        wow=weeks.wow,
        following=weeks.following,
        lines=lines,
        done=sum(not issue.open and issue.noun == "issue" for issue in found),
        warnings=_warnings(weeks, ending, team),
        closed_since=tuple(
            issue.reference for issue in found if not issue.open and previewed and issue.key in previewed
        ),
    )


def _seen(issue: Issue, previewed: frozenset[str] | None) -> bool:
    return previewed is None or issue.key in previewed


def _warnings(weeks: Weeks, ending: date, team: Team) -> tuple[str, ...]:
    said = [*weeks.remarks]
    said += week.warnings(ending, weeks.wow.start if weeks.wow else None, list(weeks.closed))
    if not weeks.following:
        said.append(f"There is no open milestone “{team.next_wow_title}”: I create it on the way.")
    return tuple(said)


def line_for(issue: Issue, choice: Choice, verdict: Verdict | None, team: Team, *, appeared: bool = False) -> Line:
    """Decide about one open issue.

    `unscheduled` goes to a late addition that never had it (one that a person took off stays off), and a goal that
    moves on counts one more `moved N`.
    """
    late = bool(verdict and verdict.late and not verdict.labelled and team.labels.unscheduled not in issue.labels)
    moves = choice != "leave" and team.labels.goal in issue.labels
    return Line(
        noun=issue.noun,
        iid=issue.iid,
        title=issue.title,
        url=issue.url,
        choice=choice,
        labels=issue.labels,
        late=late,
        moved=priority.moved(issue.labels) + 1 if moves else 0,
        appeared=appeared,
    )


def stages(turn: Turn, team: Team, *, about: str, report: Post) -> Stages:
    """Lay out the whole rollover in the order of the rule; `about` names the rollover's record."""
    ending, ahead = turn.ending, turn.week
    following: MilestoneId = turn.following.id if turn.following else Made(CREATED_NEXT)
    following_title = turn.following.title if turn.following else team.next_wow_title
    closed_title = team.ending_title(ending)
    wow = turn.wow
    first: list[tuple[Named, ...]] = []
    if not turn.following:
        first.append(((CREATED_NEXT, CreateMilestone(team.next_wow_title, _day(ahead.start), _day(ahead.ending))),))
    return (
        *first,
        carry_over(turn.lines, wow.id, following, team),
        (("read again", Plan("latecomers", about)),),
        (("rename week", SetMilestone(wow.id, wow.title, title=closed_title, due=_day(ending))),),
        (("close week", SetMilestone(wow.id, closed_title, active=False)),),
        (
            (
                "rename next",
                SetMilestone(
                    following,
                    following_title,
                    title=team.wow_title,
                    start=_day(ahead.start),
                    due=_day(ahead.ending),
                ),
            ),
        ),
        (
            (
                NEW_NEXT,
                CreateMilestone(team.next_wow_title, _day(ahead.following.start), _day(ahead.following.ending)),
            ),
        ),
        tuple(
            (line.key, _set_issue(line, wow.id, Made(NEW_NEXT), team)) for line in turn.lines if line.choice == "next"
        ),
        (("report", report),),
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def carry_over(lines: Iterable[Line], wow: int, following: MilestoneId, team: Team) -> tuple[Named, ...]:
    """Write the one request for each issue that is carried over, or stays but needs a label."""
    return tuple(
        (line.key, _set_issue(line, wow, following if line.choice == "carry" else None, team))
        for line in lines
        if line.choice == "carry" or (line.choice == "leave" and line.late)
    )


def _set_issue(line: Line, wow: int, milestone: MilestoneId | None, team: Team) -> SetIssue:
    add = ([team.labels.unscheduled] if line.late else []) + ([f"moved {line.moved}"] if line.moved else [])
    remove = [label for label in priority.moved_labels(line.labels) if line.moved and label not in add]
    return SetIssue(line.noun, line.iid, wow, milestone, tuple(add), tuple(remove))


# The way back


@dataclass(frozen=True)
class Kept:
    """Something that the undo leaves as it is, because a person changed it since."""

    what: str
    why: str


@dataclass(frozen=True)
class Undo:
    """The way back: stages in order, the issues that go back, and what is left as people made it."""

    stages: Stages
    issues: tuple[Line, ...] = ()
    kept: tuple[Kept, ...] = field(default=())


def undo(
    turn: Turn,
    done: Mapping[str, SetIssue],
    facts: WeekFacts,
    team: Team,
    *,
    today: date,
    following: int | None,
    new_next: int | None,
    report: Post,
) -> Undo:
    """Compute the way back from what was recorded and what GitLab says now.

    `done` are the issue operations that were carried out (or may have been), by name, with ids filled in. `following`
    and `new_next` are the ids of the week that became current and of the `Next WoW` that was made, if they exist.
    """
    now = facts.all_issues()
    kept: list[Kept] = []
    back: list[Named] = []
    lines = {line.key: line for line in turn.lines}
    for name, operation in done.items():
        line = lines[name]
        issue = now.get(line.key)
        reverse = _reverse(operation, issue, line, turn.wow.id, kept)
        if reverse:
            back.append((name, reverse))
    by_id = {milestone.id: milestone for milestone in facts.milestones}
    milestones = (
        _drop_new_next(by_id, new_next, team, today, kept),
        _following_back(by_id, turn, following, team, kept),
        *_wow_back(by_id, turn, team, kept),
    )
    return Undo(
        stages=(tuple(back), *milestones, (("report", report),)),
        issues=tuple(lines[name] for name, _ in back),
        kept=tuple(kept),
    )


def _reverse(operation: SetIssue, issue: Issue | None, line: Line, wow: int, kept: list[Kept]) -> SetIssue | None:
    if issue is None or issue.milestone not in {operation.milestone, wow}:
        kept.append(Kept(f"{line.reference} {line.title}", "it was moved elsewhere or deleted since"))
        return None
    here = issue.milestone
    remove = tuple(label for label in operation.add if label in issue.labels)
    if len(remove) < len(operation.add) and here != wow:
        gone = ", ".join(f"“{label}”" for label in operation.add if label not in issue.labels)
        kept.append(Kept(f"{line.reference} {line.title}", f"somebody took {gone} off since"))
    counted = any(priority.moved_labels((label,)) for label in remove)
    add = tuple(label for label in operation.remove if counted and label not in issue.labels)
    back = wow if here != wow else None
    if back is None and not remove and not add:
        return None
    return SetIssue(operation.noun, operation.iid, here if here is not None else wow, back, add, remove, closed_too=True)


def _drop_new_next(
    by_id: Mapping[int, Milestone], new_next: int | None, team: Team, today: date, kept: list[Kept]
) -> tuple[Named, ...]:
    milestone = by_id.get(new_next) if new_next is not None else None
    if milestone is None:
        return ()
    if milestone.title != team.next_wow_title:
        kept.append(Kept(f"Milestone “{milestone.title}”", "somebody renamed it since"))
        return ()
    return (("drop new next", RemoveMilestone(milestone.id, milestone.title, _kept_title(milestone, today))),)


def _kept_title(milestone: Milestone, today: date) -> str:
    return f"{milestone.title} (kept {today.isoformat()})"


def _following_back(
    by_id: Mapping[int, Milestone], turn: Turn, following: int | None, team: Team, kept: list[Kept]
) -> tuple[Named, ...]:
    milestone = by_id.get(following) if following is not None else None
    if milestone is None:
        return ()
    before = turn.following
    known = {team.wow_title, before.title if before else team.next_wow_title}
    if milestone.title not in known:
        kept.append(Kept(f"Milestone “{milestone.title}”", "somebody renamed it since"))
        return ()
    if before is None:
        return (("drop next", RemoveMilestone(milestone.id, milestone.title, team.next_wow_title)),)
    start, due = _dates_back(
        milestone, (turn.week.start, turn.week.ending), (before.start, before.due), kept
    )
    title = before.title if milestone.title != before.title else None
    if title is None and start is None and due is None:
        return ()
    return (("next back", SetMilestone(milestone.id, milestone.title, title=title, start=start, due=due)),)


def _wow_back(
    by_id: Mapping[int, Milestone], turn: Turn, team: Team, kept: list[Kept]
) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    milestone = by_id.get(turn.wow.id)
    if milestone is None:
        kept.append(Kept(f"Milestone “{team.ending_title(turn.ending)}”", "it was deleted since"))
        return (), ()
    before = turn.wow
    if milestone.title not in {before.title, team.ending_title(turn.ending)}:
        kept.append(Kept(f"Milestone “{milestone.title}”", "somebody renamed it since"))
        return (), ()
    start, due = _dates_back(milestone, (before.start, turn.ending), (before.start, before.due), kept)
    title = before.title if milestone.title != before.title else None
    rename = SetMilestone(milestone.id, milestone.title, title=title, start=start, due=due)
    reopen = SetMilestone(milestone.id, before.title, active=True)
    return (
        (("week back", rename),) if (title, start, due) != (None, None, None) else (),
        (("reopen week", reopen),) if not milestone.active else (),
    )


def _dates_back(
    milestone: Milestone,
    ours: tuple[date | None, date | None],
    before: tuple[date | None, date | None],
    kept: list[Kept],
) -> tuple[str | None, str | None]:
    """Restore dates only where they are still the ones that the rollover set; None leaves a date as it is."""
    current = (milestone.start, milestone.due)
    if current == before:
        return None, None
    if current != ours:
        kept.append(Kept(f"Dates of “{milestone.title}”", "somebody changed them since"))
        return None, None
    start, due = (_day(old) if old != now else None for old, now in zip(before, current, strict=True))
    return start, due
