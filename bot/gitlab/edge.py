"""Performs operations on one GitLab project, and answers questions about it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, overload

from bot.domain import repeating
from bot.domain.errors import Rejected, Unsent
from bot.domain.journal import Delivery
from bot.domain.operations import (
    AddNote,
    Assign,
    CloseIssue,
    CreateIssue,
    CreateMilestone,
    Made,
    Operation,
    RemoveMilestone,
    SetDescription,
    SetIssue,
    SetMilestone,
    WriteNote,
)
from bot.domain.questions import OutageQuestion, WeekQuestion
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, OutageFacts, WeekFacts
from bot.gitlab import rows, writing
from bot.gitlab.assigning import assign
from bot.gitlab.calls import Calls, Row, Straight, patiently
from bot.gitlab.colleagues import Colleagues
from bot.gitlab.crew import AT_ONCE, Turn
from bot.gitlab.outages import Outages
from bot.gitlab.paths import PATHS, project_path
from bot.gitlab.reading import Reading
from bot.gitlab.user import OwnUser
from bot.telemetry import log

ROOM = 48
"""Operations taken at once: those of the sixteen threads, and as many again as they need until more can be claimed."""
DEADLINE = 7.0
"""Seconds for all calls of one operation, less than half a lease."""
STALE = timedelta(minutes=5)
"""A plan older than this is checked against GitLab before something is touched: a person may have been faster."""


class Gitlab:
    """GitLab, for one project. Everything blocking runs in threads of its own. Carries operations for the outbox."""

    room, at_once = ROOM, AT_ONCE

    def __init__(self, url: str, token: str, project: str, team: Team, clock: Callable[[], datetime]) -> None:
        self.calls = Calls(url, token, clock)
        self._project, self._clock = project_path(project), clock
        user = OwnUser(self.calls)
        self._reading = Reading(self.calls, self._project, team, user, clock)
        self._outages = Outages(self.calls, self._project, team.labels, user)
        self._colleagues = Colleagues(clock)

    def close(self) -> None:
        """Let go of the threads; a call that hangs is not waited for."""
        self.calls.close()

    @overload
    async def read(self, question: WeekQuestion) -> WeekFacts: ...

    @overload
    async def read(self, question: OutageQuestion) -> OutageFacts: ...

    async def read(self, question: WeekQuestion | OutageQuestion) -> WeekFacts | OutageFacts:
        """Answer a question about the weeks or about outages; raises Unavailable or Rejected."""
        if isinstance(question, OutageQuestion):
            return await patiently(self._outages.read(question, self._clock()))
        return await patiently(self._reading.read(question))

    async def pulse(self) -> None:
        """Ask something small; raises Unavailable or Rejected when GitLab does not answer as it should."""
        await self.calls.row("get", "/version", lambda row: row["version"])

    def carry(
        self, delivery: Delivery, leaves: Callable[[Delivery], bool], landed: Callable[[Delivery, object], None]
    ) -> None:
        """Perform it in a thread of the crew, if `leaves` lets it go by then, and hand over what became of it there."""

        def work() -> None:
            if not leaves(delivery):
                landed(delivery, Unsent())
                return
            try:
                with log.bound(batch=delivery.batch, delivery=delivery.id, operation=delivery.name):
                    result: object = self.perform(delivery)
            except Exception as error:  # noqa: BLE001 - told apart where it lands
                result = error
            landed(delivery, result)

        self.calls.crew.put(work, Turn.CARRIED, delivery)

    def recall(self) -> list[Delivery]:
        """Take back what no thread has begun."""
        return self.calls.crew.recall()

    def abandon(self) -> None:
        """Let what is under way end by itself."""

    def perform(self, delivery: Delivery) -> dict[str, Any]:
        """Bring about the state that an operation names, blocking; give what is worth remembering.

        Raises Unavailable or Rejected.
        """
        operation = delivery.operation
        added_at = delivery.added_at or delivery.first_attempt_at
        stale = added_at is not None and self._clock() - added_at > STALE
        look = delivery.attempts > 0 or stale
        tried_since = delivery.first_attempt_at or added_at if delivery.attempts else None
        calls = self.calls.within(DEADLINE)
        match operation:
            case SetIssue():
                return self._set_issue(calls, operation, look=look, since=delivery.first_attempt_at)
            case CreateMilestone():
                return self._create_milestone(calls, operation, look=delivery.attempts > 0)
            case SetMilestone():
                return self._set_milestone(calls, operation, look=look)
            case RemoveMilestone():
                return self._remove_milestone(calls, operation)
        return self._tell(calls, operation, tried_since, added_at if look else None)

    def _tell(
        self, calls: Straight, operation: Operation, tried_since: datetime | None, waited_since: datetime | None
    ) -> dict[str, Any]:
        """Bring about what an outage or a hand-off wants."""
        match operation:
            case CreateIssue():
                return writing.create_issue(calls, self._project, operation, tried_since)
            case WriteNote():
                return writing.write_note(calls, self._project, operation, tried_since)
            case CloseIssue():
                return writing.close_issue(calls, self._project, operation, waited_since)
            case SetDescription():
                return writing.set_description(calls, self._project, operation)
            case Assign():
                return assign(calls, self._project, self._colleagues, operation, tried_since)
            case AddNote():
                return writing.add_note(calls, self._project, operation, tried_since)
        message = f"GitLab cannot do {type(operation).__name__}"
        raise Rejected(message)

    def _set_issue(self, calls: Straight, operation: SetIssue, *, look: bool, since: datetime | None) -> dict[str, Any]:
        path = f"{self._project}/{PATHS[operation.noun]}/{operation.iid}"

        def read(row: Row) -> Issue:
            return rows.issue(row, operation.noun)

        if look:
            issue = calls.row("get", path, read)
            if kept := _why_kept(operation, issue):
                return {"kept": kept}
            left = repeating.left_to_do(_with_ids(operation), issue)
            operation = self._without_overruling(calls, path, left, since)
            if repeating.is_nothing(operation):
                return {} if repeating.is_nothing(left) else {"kept": "somebody changed it back meanwhile"}
        body: Row = {}
        if operation.milestone is not None:
            body["milestone_id"] = _id(operation.milestone)
        if operation.add:
            body["add_labels"] = ",".join(operation.add)
        if operation.remove:
            body["remove_labels"] = ",".join(operation.remove)
        after = calls.row("put", path, read, body=body)
        if operation.milestone is not None and after.milestone != _id(operation.milestone):
            message = "GitLab accepted the request but did not move it"
            raise Rejected(message)
        return {}

    def _without_overruling(self, calls: Straight, path: str, operation: SetIssue, since: datetime | None) -> SetIssue:
        """Leave out what an attempt `since` then has done and somebody undid; read as far as it matters."""
        if since is None or repeating.is_nothing(operation):
            return operation
        moves = calls.rows(f"{path}/resource_milestone_events", rows.milestone_event) if operation.milestone else []
        labelled = operation.add or operation.remove
        labels = calls.rows(f"{path}/resource_label_events", rows.label_event) if labelled else []
        found = (one for one in (*moves, *labels) if one is not None and one.at >= since)
        return repeating.without_overruling(operation, tuple(found))

    def _create_milestone(self, calls: Straight, operation: CreateMilestone, *, look: bool) -> dict[str, Any]:
        if look and (found := self._titled(calls, operation.title)):
            return _found(operation, found)
        body: Row = {"title": operation.title, "start_date": operation.start, "due_date": operation.due}
        try:
            made = calls.row("post", f"{self._project}/milestones", rows.milestone, body=body)
        except Rejected:
            # somebody was faster: theirs will do, and it is not ours to remove
            theirs = self._titled(calls, operation.title)
            if theirs is None:
                raise
            return {"id": theirs.id, "adopted": True}
        return {"id": made.id}

    def _titled(self, calls: Straight, title: str) -> Milestone | None:
        """Find the project's open milestone of exactly this title."""
        found = calls.rows(f"{self._project}/milestones", rows.milestone, title=title)
        return next((one for one in found if one.title == title and one.active and not one.group), None)

    def _set_milestone(self, calls: Straight, operation: SetMilestone, *, look: bool) -> dict[str, Any]:
        path = f"{self._project}/milestones/{_id(operation.id)}"
        if look:
            now = calls.row("get", path, rows.milestone)
            if now.title not in {operation.titled, operation.title}:
                message = f"somebody renamed the milestone to “{now.title}” meanwhile"
                raise Rejected(message)
            if _milestone_is_so(operation, now):
                return {}
        body: Row = {}
        if operation.title is not None:
            body["title"] = operation.title
        if operation.start is not None:
            body["start_date"] = operation.start
        if operation.due is not None:
            body["due_date"] = operation.due
        if operation.active is not None:
            body["state_event"] = "activate" if operation.active else "close"
        return {"at": calls.row("put", path, lambda row: row.get("updated_at") or "", body=body)}

    def _remove_milestone(self, calls: Straight, operation: RemoveMilestone) -> dict[str, Any]:
        path = f"{self._project}/milestones/{_id(operation.id)}"
        try:
            now = calls.row("get", path, rows.milestone)
        except Rejected as gone:
            if gone.gone:
                return {"removed": True}
            raise
        if now.title == operation.kept_title != operation.titled:
            return {"kept_title": operation.kept_title}
        if now.title != operation.titled:
            return {"kept": f"somebody renamed it to “{now.title}”"}
        if any(calls.some(f"{path}/{noun}", lambda row: row["iid"], per_page=1) for noun in PATHS.values()):
            calls.row("put", path, rows.milestone, body={"title": operation.kept_title})
            return {"kept_title": operation.kept_title}
        calls.row("delete", path, lambda _: None)
        return {"removed": True}


def _id(milestone: int | Made) -> int:
    if isinstance(milestone, Made):
        message = f"the milestone “{milestone.key}” was not made"
        raise Rejected(message)
    return milestone


def _id_or_none(milestone: int | Made | None) -> int | None:
    return None if milestone is None else _id(milestone)


def _found(operation: CreateMilestone, found: Milestone) -> dict[str, Any]:
    """Tell what an earlier attempt has made from what somebody else made meanwhile, by its dates."""
    dates = tuple(day.isoformat() if day else "" for day in (found.start, found.due))
    return {"id": found.id} if dates == (operation.start, operation.due) else {"id": found.id, "adopted": True}


def _why_kept(operation: SetIssue, issue: Issue) -> str:
    """Say why an issue must be left alone: a person was faster."""
    if operation.anywhere:
        others = [label for label in operation.unless[1:] if label in issue.labels]
        return f"somebody set {others[0]} meanwhile" if others else ""
    expected = {_id_or_none(operation.source)} | (
        {_id(operation.milestone)} if operation.milestone is not None else set()
    )
    if issue.milestone not in expected:
        return "somebody moved it meanwhile"
    moves = operation.milestone is not None and issue.milestone != _id(operation.milestone)
    if moves and not issue.open and not operation.closed_too:
        return "it was closed meanwhile"
    return ""


def _with_ids(operation: SetIssue) -> SetIssue:
    return operation if operation.milestone is None else replace(operation, milestone=_id(operation.milestone))


def _milestone_is_so(operation: SetMilestone, now: Milestone) -> bool:
    return all(
        wanted is None or wanted == is_now
        for wanted, is_now in (
            (operation.title, now.title),
            (operation.start, now.start.isoformat() if now.start else ""),
            (operation.due, now.due.isoformat() if now.due else ""),
            (operation.active, now.active),
        )
    )
