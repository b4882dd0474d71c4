"""Turning the week: what a rollover does, step by step, and what takes it back.

The steps come from the production team's handbook. They are data (stages of operations), so that a preview shows
exactly what will be done, an interrupted run goes on where it was, and an undo is computed from what was recorded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.domain import priority, week
from bot.domain.late import Verdict, needs_label
from bot.domain.operations import (
    CreateMilestone,
    Made,
    MilestoneId,
    Named,
    Plan,
    Post,
    SetIssue,
    SetMilestone,
    Stages,
)
from bot.domain.team import Team
from bot.domain.tracker import Called, Issue, Milestone, Noun, WeekFacts, reference_of

Choice = Literal["carry", "leave", "next"]
CREATED_NEXT = "create next"
NEW_NEXT = "create new next"
NO_MEMBER = 0
MAY_EDIT = 15
"""GitLab's access level from which on milestones and issues may be edited (Planner)."""
MAY_EDIT_MERGE_REQUESTS = 30
"""The same for merge requests (Developer)."""


@dataclass(frozen=True)
class Weeks:
    """The milestones a rollover is about, found by title among what GitLab said."""

    wow: Milestone | None
    following: Milestone | None
    closed: Mapping[date, Milestone]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line(Called):
    """What a rollover does with one issue: `moved` is the number of a goal's new `moved N` label, 0 for none.

    `came` is the instant, as GitLab writes it, at which it came into the week where that had started, else empty.
    """

    noun: Noun
    iid: int
    title: str
    url: str = ""
    choice: Choice = "carry"
    labels: tuple[str, ...] = ()
    late: bool = False
    moved: int = 0
    appeared: bool = False
    confidential: bool = False
    came: str = ""


@dataclass(frozen=True)
class Delivered(Called):
    """An issue that was closed in the week: `closed` is the instant, as GitLab writes it; `came` as in a Line."""

    iid: int
    title: str
    url: str = ""
    labels: tuple[str, ...] = ()
    closed: str = ""
    came: str = ""
    confidential: bool = False
    noun: Noun = "issue"


@dataclass(frozen=True)
class Turn:
    """A rollover decided: the week's last day, the milestones as they were, and a line for each open issue.

    `following` is None when `Next WoW` was missing. `done` counts what was closed in the week, and `delivered` names it.
    With `requests_stay` the token may not write merge requests, so whatever was chosen they are left as they are.
    `unread` counts those of which GitLab did not show when they came into the week.
    """

    ending: date
    wow: Milestone
    following: Milestone | None
    lines: tuple[Line, ...]
    done: int = 0
    warnings: tuple[str, ...] = ()
    closed_since: tuple[str, ...] = ()
    gone_since: tuple[str, ...] = ()
    requests_stay: bool = False
    delivered: tuple[Delivered, ...] = ()
    unread: int = 0

    @property
    def week(self) -> week.Week:
        """The week that becomes current."""
        return week.Week(self.ending).following


@dataclass(frozen=True)
class Refusal:
    """Why a rollover can not be done as things stand.

    `closed` is the week that was rolled over already, if it was; the reason then ends without a full stop, so that
    "by whom" can follow, and `advice` is what is left to do by hand.
    """

    reason: str
    closed: Milestone | None = None
    advice: str = ""


@dataclass(frozen=True)
class Kept:
    """Something that is left as it is, because a person changed it since; `is_week`: the week that would be current."""

    what: str
    why: str
    is_week: bool = False


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
        remarks.append(f"The milestone is written “{alike[0].title}”; I use it as “{title}”.")
        return alike[0]
    if alike:
        remarks.append(
            f"{len(alike)} open milestones are written almost like “{title}”; I use none of them. Please give the right one exactly this title."
        )
    return None


def refusal(facts: WeekFacts, weeks: Weeks, ending: date, team: Team) -> Refusal | None:
    """Find what stands against closing the week on `ending`; None when it can be rolled over."""
    if ending in weeks.closed:
        return _already(facts, weeks, weeks.closed[ending], ending, team)
    return (
        _shut(facts)
        or missing(facts, weeks, team)
        or _clash(facts, weeks, ending, team)
        or _too_early(facts, weeks, ending, team)
        or _rights(facts)
    )


def _already(facts: WeekFacts, weeks: Weeks, closed: Milestone, ending: date, team: Team) -> Refusal:
    lacking = missing(facts, weeks, team)
    advice = f"The milestone “{closed.title}” is still open: please close it in GitLab. " if closed.active else ""
    advice += lacking.reason if lacking else ""
    return Refusal(f"The week ending {ending} was rolled over already", closed, advice.strip())


def _shut(facts: WeekFacts) -> Refusal | None:
    path = facts.project.path
    if facts.project.archived:
        return Refusal(
            f"The project {path} is archived, so nobody can change anything in it. Please unarchive it in GitLab "
            "(Settings, General, Advanced), or name another one in `GITLAB_PROJECT`."
        )
    if not facts.project.has_issues:
        return Refusal(
            f"The project {path} has its issues switched off. Please switch them on in GitLab "
            "(Settings, General, Visibility), or name another project in `GITLAB_PROJECT`."
        )
    return None


def missing(facts: WeekFacts, weeks: Weeks, team: Team) -> Refusal | None:
    """Say what is wrong where there is no current week."""
    if weeks.wow:
        return None
    title = team.wow_title
    if any(milestone.group and milestone.title == title for milestone in facts.milestones):
        return Refusal(
            f"The milestone “{title}” belongs to a group. I roll over the weeks of one project, {facts.project.path}: "
            f"please create “{title}” there."
        )
    if any(milestone.title == title for milestone in facts.milestones):
        return Refusal(f"The milestone “{title}” is closed. Please reopen it, or rename it and create a new one.")
    said = f"There is no open milestone “{title}” in {facts.project.path}."
    if weeks.following:
        said += f" “{weeks.following.title}” is there; if it is the current week, rename it to “{title}”."
    return Refusal(" ".join([said, *weeks.remarks]))


def _clash(facts: WeekFacts, weeks: Weeks, ending: date, team: Team) -> Refusal | None:
    ours = {milestone.id for milestone in (weeks.wow, weeks.following) if milestone}
    needed = {team.ending_title(ending), team.wow_title, team.next_wow_title}
    for milestone in facts.milestones:
        if milestone.id in ours or milestone.title not in needed:
            continue
        if milestone.group:
            return Refusal(
                f"A group above the project has a milestone “{milestone.title}” too, and GitLab allows a title only "
                "once. Please rename the group's."
            )
        mend = "rename it" if weeks.following or milestone.title != team.next_wow_title else "reopen or rename it"
        return Refusal(
            f"There is a closed milestone “{milestone.title}”, and GitLab allows a title only once. Please {mend}."
        )
    return None


def _too_early(facts: WeekFacts, weeks: Weeks, ending: date, team: Team) -> Refusal | None:
    wow = weeks.wow
    if wow is None or wow.start is None or wow.start < ending:
        return None
    last = wow.due if wow.due and wow.due > wow.start else week.ending_from(wow.start)
    said = f"The current week started on {wow.start}, so it cannot end on {ending}. Its last day is {last}."
    if last - team.day(facts.at) <= week.FURTHEST_AHEAD:
        said += f" To close it now: `/wow rollover ending {last}`."
    return Refusal(said)


def _rights(facts: WeekFacts) -> Refusal | None:
    level = facts.project.access_level
    if level == NO_MEMBER:
        return Refusal(
            f"The user of my GitLab token is not a member of {facts.project.path}. "
            "Please add it with the Reporter role or more (Developer, to move merge requests too)."
        )
    if level is not None and level < MAY_EDIT:
        return Refusal(
            f"My GitLab token may not edit milestones in {facts.project.path}. "
            "Please give its user the Reporter role or more, and the token the scope api."
        )
    return None


def forbidden(facts: WeekFacts) -> Refusal | None:
    """Find out whether the project, or the token's rights in it, let nothing be written."""
    return _shut(facts) or _rights(facts)


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
    requests_stay = not may_move_requests(facts)
    lines = tuple(
        line_for(
            issue,
            choices.get(issue.key, default if _seen(issue, previewed) else "carry"),
            verdicts.get(issue.key),
            team,
            appeared=not _seen(issue, previewed),
            stays=requests_stay and issue.noun == "merge_request",
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
        delivered=tuple(
            Delivered(
                issue.iid,
                issue.title,
                issue.url,
                issue.labels,
                issue.closed,
                came(issue, verdicts.get(issue.key)),
                issue.confidential,
            )
            for issue in found
            if not issue.open and issue.noun == "issue"
        ),
        warnings=_warnings(facts, weeks, ending, team),
        closed_since=tuple(
            issue.reference for issue in found if not issue.open and previewed and issue.key in previewed
        ),
        gone_since=tuple(
            reference_of(key)
            for key in sorted((previewed or frozenset()) - {issue.key for issue in found}, key=_by_iid)
        ),
        requests_stay=requests_stay,
        unread=len(facts.unread),
    )


def may_move_requests(facts: WeekFacts) -> bool:
    """Tell whether the token's role lets it change merge requests, as far as GitLab says."""
    level = facts.project.access_level
    return level is None or level >= MAY_EDIT_MERGE_REQUESTS


def _by_iid(key: str) -> tuple[str, int]:
    noun, _, iid = key.partition(":")
    return noun, int(iid)


def _seen(issue: Issue, previewed: frozenset[str] | None) -> bool:
    return previewed is None or issue.key in previewed


def _warnings(facts: WeekFacts, weeks: Weeks, ending: date, team: Team) -> tuple[str, ...]:
    wow = weeks.wow
    said = [*weeks.remarks]
    said += week.warnings(
        ending,
        started=wow.start if wow else None,
        due=wow.due if wow else None,
        endings=list(weeks.closed),
        today=team.day(facts.at),
    )
    if not weeks.following:
        said.append(f"There is no open milestone “{team.next_wow_title}”: I create it on the way.")
    requests = [one for one in facts.of(wow) if one.open and one.noun == "merge_request"]
    if requests and not may_move_requests(facts):
        said.append(
            f"My GitLab token may not move merge requests, so {len(requests)} will stay in the closed week. To change "
            "that, give it the Developer role."
        )
    return tuple(said)


def line_for(
    issue: Issue,
    choice: Choice,
    verdict: Verdict | None,
    team: Team,
    *,
    appeared: bool = False,
    stays: bool = False,
) -> Line:
    """Decide about one open issue; one that `stays` is left as it is, whatever was chosen.

    `unscheduled` goes to a late addition that never had it (one that a person took off stays off) unless it has become
    an outage since it was judged, and a goal that moves on counts one more `moved N`.
    """
    if stays:
        choice, verdict = "leave", None
    late = needs_label(issue, verdict, team)
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
        confidential=issue.confidential,
        came=came(issue, verdict),
    )


def came(issue: Issue, verdict: Verdict | None) -> str:
    """Tell when an issue came into its week, as far as that is recorded; at its creation at the earliest."""
    return verdict.added if verdict and verdict.added else issue.created


def stages(turn: Turn, team: Team, *, about: str, report: Post) -> Stages:
    """Lay out the whole rollover in the order of the rule; `about` names the rollover's record."""
    wow, ending, ahead = turn.wow, turn.ending.isoformat(), turn.week
    closed_title = team.ending_title(turn.ending)
    following_title = turn.following.title if turn.following else team.next_wow_title
    rename_next = SetMilestone(
        _following(turn),
        following_title,
        title=team.wow_title,
        start=ahead.start.isoformat(),
        due=ahead.ending.isoformat(),
    )
    chosen = (line for line in turn.lines if line.choice == "next")
    laid_out: Stages = (
        () if turn.following else ((CREATED_NEXT, _fresh(ahead, team)),),
        carry_over(turn, turn.lines, team),
        (("read again", Plan("latecomers", about)),),
        (("rename week", SetMilestone(wow.id, wow.title, title=closed_title, due=ending)),),
        (("close week", SetMilestone(wow.id, closed_title, active=False)),),
        (("rename next", rename_next),),
        ((NEW_NEXT, _fresh(ahead.following, team)),),
        tuple((line.key, _set_issue(line, wow.id, Made(NEW_NEXT), team)) for line in chosen),
        (("report", report),),
    )
    return tuple(stage for stage in laid_out if stage)


def _fresh(of: week.Week, team: Team) -> CreateMilestone:
    return CreateMilestone(team.next_wow_title, of.start.isoformat(), of.ending.isoformat())


def latecomers(turn: Turn, facts: WeekFacts, verdicts: Mapping[str, Verdict], team: Team) -> tuple[Line, ...]:
    """Decide about the open issues that came into the week since `turn` was decided: they are carried over too."""
    known = {line.key for line in turn.lines}
    return tuple(
        line_for(
            issue,
            "carry",
            verdicts.get(issue.key),
            team,
            appeared=True,
            stays=turn.requests_stay and issue.noun == "merge_request",
        )
        for issue in facts.of(turn.wow)
        if issue.open and issue.key not in known
    )


def carry_over(turn: Turn, lines: Iterable[Line], team: Team) -> tuple[Named, ...]:
    """Write the one request for each of `lines` that is carried over, or stays but needs a label."""
    following = _following(turn)
    return tuple(
        (line.key, _set_issue(line, turn.wow.id, following if line.choice == "carry" else None, team))
        for line in lines
        if line.choice == "carry" or (line.choice == "leave" and line.late)
    )


def _following(turn: Turn) -> MilestoneId:
    return turn.following.id if turn.following else Made(CREATED_NEXT)


def _set_issue(line: Line, wow: int, milestone: MilestoneId | None, team: Team) -> SetIssue:
    add = ([team.labels.unscheduled] if line.late else []) + ([f"moved {line.moved}"] if line.moved else [])
    remove = [label for label in priority.moved_labels(line.labels) if line.moved and label not in add]
    unless = (team.labels.unscheduled, team.labels.outage) if line.late else ()
    return SetIssue(line.noun, line.iid, wow, milestone, tuple(add), tuple(remove), unless=unless)
