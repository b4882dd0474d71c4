"""A tracker in memory that keeps GitLab's rules, and a run that carries stages out as the outbox does."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from bot.domain import rollover
from bot.domain.late import Verdict
from bot.domain.operations import (
    CreateMilestone,
    MilestoneId,
    Named,
    Operation,
    Plan,
    Post,
    RemoveMilestone,
    SetIssue,
    SetMilestone,
    Stages,
    decode,
    encode,
)
from bot.domain.rollover import CREATED_NEXT, NEW_NEXT, Choice, Turn
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, Project, WeekFacts
from bot.domain.way_back import Recorded, Undo, undo

TEAM = Team(channel="C1")
REPORT = Post("report", "C1", "wow.report", "r1")
PROJECT = Project("production/tracker", access_level=40)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)

# The production team's own weeks of 2017, by their dates.
REAL = (
    ("WoW Ending 2017-05-10", "2017-05-03", "2017-05-10"),
    ("WoW ending 2017-05-17", "2017-05-10", "2017-05-17"),
    ("WoW ending 2017-05-23", "2017-05-17", "2017-05-23"),
    ("WoW ending 2017-05-30", "2017-05-24", "2017-05-30"),
    ("WoW ending 2017-06-06", "2017-05-30", "2017-06-06"),
    ("WoW ending 2017-06-13", "2017-06-06", "2017-06-13"),
    ("WoW ending 2017-06-20", "2017-06-13", "2017-06-20"),
    ("WoW ending 2017-06-27", "2017-06-20", "2017-06-27"),
    ("WoW ending 2017-07-04", "2017-06-28", "2017-07-04"),
    ("WoW ending 2017-07-11", "2017-07-04", "2017-07-11"),
    ("WoW ending 2017-07-18", "2017-07-12", "2017-07-18"),
    ("WoW ending 2017-07-25", "2017-07-19", "2017-07-25"),
    ("WoW ending 2017-08-01", "2017-07-26", "2017-08-01"),
    ("WoW ending 2017-08-08", "2017-08-02", "2017-08-08"),
    ("WoW ending 2017-08-15", "2017-08-09", "2017-08-15"),
    ("WoW ending 2017-08-22", "2017-08-16", "2017-08-22"),
    ("WoW ending 2017-08-29", "2017-08-23", "2017-08-29"),
    ("WoW ending 2017-09-12", "2017-09-06", "2017-09-12"),
    ("WoW ending 2017-09-19", "2017-09-13", "2017-09-19"),
    ("WoW ending 2017-09-26", "2017-09-20", "2017-09-26"),
    ("WoW ending 2017-10-10", "2017-10-04", "2017-10-10"),
    ("WoW ending 2017-10-17", "2017-10-11", "2017-10-17"),
    ("WoW ending 2017-10-24", "2017-10-18", "2017-10-24"),
    ("WoW ending 2017-12-05", "2017-11-22", "2017-12-05"),
)
WEEKS = tuple((title, date.fromisoformat(start), date.fromisoformat(due)) for title, start, due in REAL)


class RefusedError(Exception):
    """GitLab would answer 400."""


@dataclass
class Tracker:
    """Milestones and issues as plain data; `perform` does with an operation what the GitLab edge and GitLab do."""

    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    next_id: int = 100

    def has(self, title: str, start: date | None = None, due: date | None = None, **more: Any) -> Milestone:  # noqa: ANN401 - fields of the value
        """Create a milestone as a person would."""
        milestone = Milestone(self.next_id, title, start=start, due=due, **more)
        self.next_id += 1
        return self._write(milestone)

    def holds(self, iid: int, milestone: Milestone | None, *labels: str, **more: Any) -> Issue:  # noqa: ANN401 - fields of the value
        """Create an issue (or, with `noun`, a merge request) in a milestone."""
        issue = Issue(iid, f"Issue {iid}", labels, milestone.id if milestone else None, **more)
        self.issues[issue.key] = issue
        return issue

    def edit(self, milestone: int, **changes: Any) -> Milestone:  # noqa: ANN401 - fields of the value
        """Change a milestone, if the rules let it."""
        return self._write(replace(self.milestones[milestone], **changes))

    def change(self, key: str, **changes: Any) -> Issue:  # noqa: ANN401 - fields of the value
        """Change an issue."""
        self.issues[key] = replace(self.issues[key], **changes)
        return self.issues[key]

    def titled(self, title: str) -> Milestone | None:
        """Find a milestone by its title."""
        return next((one for one in self.milestones.values() if one.title == title), None)

    def inside(self, milestone: int) -> list[Issue]:
        """List what stands in a milestone."""
        return [issue for issue in self.issues.values() if issue.milestone == milestone]

    def facts(self, at: datetime = NOON, project: Project = PROJECT) -> WeekFacts:
        """Say what GitLab would say."""
        return WeekFacts(
            at=at,
            project=project,
            milestones=tuple(self.milestones.values()),
            issues={one: tuple(self.inside(one)) for one in self.milestones},
        )

    def state(self) -> tuple[dict[int, Milestone], dict[str, Issue]]:
        """Give all there is, in a form that compares; the order of labels means nothing."""
        issues = {key: replace(one, labels=tuple(sorted(one.labels))) for key, one in self.issues.items()}
        return dict(self.milestones), issues

    def _write(self, milestone: Milestone) -> Milestone:
        others = [one for one in self.milestones.values() if one.id != milestone.id]
        if any(one.title == milestone.title for one in others):
            raise RefusedError(f"title: has already been taken ({milestone.title})")
        if not milestone.title or len(milestone.title) > 255:
            raise RefusedError("title: is blank or too long")
        if milestone.start and milestone.due and milestone.due <= milestone.start:
            raise RefusedError("due_date: must be greater than start date")
        self.milestones[milestone.id] = milestone
        return milestone

    # what operations do

    def perform(self, operation: Operation, *, again: bool = False) -> dict[str, Any]:
        """Bring about what an operation says; when it is tried `again`, look first."""
        match operation:
            case SetIssue():
                return self._set_issue(operation, look=again)
            case CreateMilestone():
                return self._create(operation, look=again)
            case SetMilestone():
                return self._set_milestone(operation, look=again)
            case RemoveMilestone():
                return self._remove(operation)
        return {}

    def _set_issue(self, operation: SetIssue, *, look: bool) -> dict[str, Any]:
        key = f"{operation.noun}:{operation.iid}"
        issue = self.issues.get(key)
        if issue is None:
            raise RefusedError("404 not found")
        target = issue.milestone if operation.milestone is None else _id(operation.milestone)
        if look and issue.milestone not in {operation.source, target}:
            return {"kept": "somebody moved it meanwhile"}
        if look and issue.milestone != target and not issue.open and not operation.closed_too:
            return {"kept": "it was closed meanwhile"}
        if target not in self.milestones:
            raise RefusedError("404 milestone not found")
        labels = [label for label in issue.labels if label not in operation.remove]
        labels += [label for label in operation.add if label not in labels]
        self.change(key, milestone=target, labels=tuple(labels))
        return {}

    def _create(self, operation: CreateMilestone, *, look: bool) -> dict[str, Any]:
        there = self.titled(operation.title)
        if there:
            return {"id": there.id} if look else {"id": there.id, "adopted": True}
        made = self.has(operation.title, date.fromisoformat(operation.start), date.fromisoformat(operation.due))
        return {"id": made.id}

    def _set_milestone(self, operation: SetMilestone, *, look: bool) -> dict[str, Any]:
        now = self.milestones.get(_id(operation.id))
        if now is None or (look and now.title not in {operation.titled, operation.title}):
            raise RefusedError("it is gone, or somebody renamed it")
        changes: dict[str, Any] = {}
        if operation.title is not None:
            changes["title"] = operation.title
        for name in ("start", "due"):
            if (day := getattr(operation, name)) is not None:
                changes[name] = date.fromisoformat(day) if day else None
        if operation.active is not None:
            changes["active"] = operation.active
        self.edit(now.id, **changes)
        return {}

    def _remove(self, operation: RemoveMilestone) -> dict[str, Any]:
        now = self.milestones.get(_id(operation.id))
        if now is None:
            return {"removed": True}
        if now.title != operation.titled:
            return {"kept": f"somebody renamed it to {now.title}"}
        if self.inside(now.id):
            self.edit(now.id, title=operation.kept_title)
            return {"kept_title": operation.kept_title}
        del self.milestones[now.id]
        return {"removed": True}


def _id(milestone: MilestoneId) -> int:
    assert isinstance(milestone, int), f"{milestone} was not made"
    return milestone


def decided(
    tracker: Tracker,
    ending: date = TUESDAY,
    *,
    choices: Mapping[str, Choice] | None = None,
    verdicts: Mapping[str, Verdict] | None = None,
    default: Choice = "carry",
    previewed: frozenset[str] | None = None,
) -> Turn:
    """Decide a rollover that nothing stands against."""
    facts = tracker.facts()
    weeks = rollover.find_weeks(facts, TEAM)
    refused = rollover.refusal(facts, weeks, ending, TEAM)
    assert refused is None, refused
    return rollover.decide(
        facts,
        weeks,
        ending,
        TEAM,
        choices=choices or {},
        verdicts=verdicts or {},
        default=default,
        previewed=previewed,
    )


class Run:
    """A rollover on its way: what is still to do, and what its record knows."""

    def __init__(self, tracker: Tracker, turn: Turn, verdicts: Mapping[str, Verdict] | None = None) -> None:
        self.tracker, self.turn, self.verdicts = tracker, turn, verdicts or {}
        self.todo: list[list[Named]] = [list(stage) for stage in rollover.stages(turn, TEAM, about="r1", report=REPORT)]
        self.made: dict[str, int] = {}
        self.adopted: set[int] = set()
        self.attempted: set[str] = set()
        self.done: dict[str, SetIssue] = {}
        self.names: list[str] = []

    def shuffle(self, roll: random.Random) -> "Run":
        """Let each stage's operations come in another order."""
        for stage in self.todo:
            roll.shuffle(stage)
        return self

    def carry_out(self, steps: int | None = None, *, each: int = 1) -> "Run":
        """Carry out so many steps, or all; each operation `each` times."""
        while self.todo and (steps is None or steps > 0):
            for _ in range(each - 1):
                self.lose_the_answer()
            self.step()
            steps = None if steps is None else steps - 1
        return self

    def step(self) -> None:
        """Carry out the next operation, and record it."""
        name, operation = self._next()
        result = self.tracker.perform(operation, again=name in self.attempted)
        self.todo[0].pop(0)
        self.names.append(name)
        if "id" in result:
            self.made[name] = result["id"]
            if result.get("adopted"):
                self.adopted.add(result["id"])
        if isinstance(operation, SetIssue) and "kept" not in result:
            self.done[name] = operation
        if operation == Plan("latecomers", "r1"):
            self._look_again()
        self.todo = [stage for stage in self.todo if stage]

    def lose_the_answer(self) -> None:
        """Carry out the next operation, and crash before that is recorded."""
        if not self.todo:
            return
        name, operation = self._next()
        self.tracker.perform(operation, again=name in self.attempted)
        self.attempted.add(name)
        if isinstance(operation, SetIssue):
            self.done[name] = operation

    def _next(self) -> Named:
        name, operation = self.todo[0][0]
        return name, decode(encode(operation), self.made)

    def _look_again(self) -> None:
        lines = rollover.latecomers(self.turn, self.tracker.facts(), self.verdicts, TEAM)
        self.turn = replace(self.turn, lines=self.turn.lines + lines)
        self.todo.insert(1, list(rollover.carry_over(self.turn, lines, TEAM)))

    # the way back

    def way_back(self, today: date = TUESDAY) -> Undo:
        """Compute the undo from the record and from what the tracker says now."""
        following = self.turn.following.id if self.turn.following else self.made.get(CREATED_NEXT)
        recorded = Recorded(following, self.made.get(NEW_NEXT), frozenset(self.adopted))
        facts = self.tracker.facts()
        return undo(self.turn, self.done, recorded, facts, TEAM, today=today, report=REPORT)

    def take_back(self, *, each: int = 1) -> Undo:
        """Take the rollover back, each operation carried out `each` times."""
        found = self.way_back()
        carry_out_all(self.tracker, found.stages, each=each)
        return found


def carry_out_all(tracker: Tracker, stages: Stages, *, each: int = 1) -> None:
    """Carry out stages whose ids are known."""
    for _, operation in flat(stages):
        for attempt in range(each):
            tracker.perform(operation, again=attempt > 0)


def flat(stages: Iterable[Iterable[Named]]) -> list[Named]:
    """List the operations of all stages."""
    return [named for stage in stages for named in stage]
