"""Performs operations on one GitLab project, and answers questions about it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import Rejected
from bot.domain.journal import Delivery
from bot.domain.operations import CreateMilestone, Made, RemoveMilestone, SetIssue, SetMilestone
from bot.domain.questions import WeekQuestion
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, WeekFacts
from bot.gitlab import rows
from bot.gitlab.calls import Calls, Row, patiently, together
from bot.gitlab.paths import PATHS, project_path
from bot.gitlab.reading import Reading

STALE = timedelta(minutes=5)
"""A plan older than this is checked against GitLab before something is touched: a person may have been faster."""


class Gitlab:
    """GitLab, for one project. Everything blocking runs in threads of its own."""

    def __init__(self, url: str, token: str, project: str, team: Team, clock: Callable[[], datetime]) -> None:
        self.calls = Calls(url, token, clock)
        self._reading = Reading(self.calls, project, team, clock)
        self._project, self._clock = project_path(project), clock

    def close(self) -> None:
        """Let go of the threads; a call that hangs is not waited for."""
        self.calls.close()

    async def read(self, question: WeekQuestion) -> WeekFacts:
        """Answer a question about the weeks; raises Unavailable or Rejected."""
        return await patiently(self._reading.read(question))

    async def pulse(self) -> None:
        """Ask something small; raises Unavailable or Rejected when GitLab does not answer as it should."""
        await self.calls.row("get", "/version", lambda row: row["version"])

    async def perform(self, delivery: Delivery) -> dict[str, Any]:
        """Bring about the state that an operation names; give what is worth remembering.

        Raises Unavailable or Rejected.
        """
        operation = delivery.operation
        stale = delivery.added_at is not None and self._clock() - delivery.added_at > STALE
        look = delivery.attempts > 0 or stale
        match operation:
            case SetIssue():
                return await self._set_issue(operation, look=look)
            case CreateMilestone():
                return await self._create_milestone(operation, look=delivery.attempts > 0)
            case SetMilestone():
                return await self._set_milestone(operation, look=look)
            case RemoveMilestone():
                return await self._remove_milestone(operation)
        message = f"GitLab cannot do {type(operation).__name__}"
        raise Rejected(message)

    async def _set_issue(self, operation: SetIssue, *, look: bool) -> dict[str, Any]:
        path = f"{self._project}/{PATHS[operation.noun]}/{operation.iid}"

        def read(row: Row) -> Issue:
            return rows.issue(row, operation.noun)

        if look:
            issue = await self.calls.row("get", path, read)
            if kept := _why_kept(operation, issue):
                return {"kept": kept}
            if _is_so(operation, issue):
                return {}
        body: Row = {}
        if operation.milestone is not None:
            body["milestone_id"] = _id(operation.milestone)
        if operation.add:
            body["add_labels"] = ",".join(operation.add)
        if operation.remove:
            body["remove_labels"] = ",".join(operation.remove)
        after = await self.calls.row("put", path, read, body=body)
        if operation.milestone is not None and after.milestone != _id(operation.milestone):
            message = "GitLab accepted the request but did not move it"
            raise Rejected(message)
        return {}

    async def _create_milestone(self, operation: CreateMilestone, *, look: bool) -> dict[str, Any]:
        if look and (found := await self._titled(operation.title)):
            return _found(operation, found)
        body: Row = {"title": operation.title, "start_date": operation.start, "due_date": operation.due}
        try:
            made = await self.calls.row("post", f"{self._project}/milestones", rows.milestone, body=body)
        except Rejected:
            # somebody was faster: theirs will do, and it is not ours to remove
            theirs = await self._titled(operation.title)
            if theirs is None:
                raise
            return {"id": theirs.id, "adopted": True}
        return {"id": made.id}

    async def _titled(self, title: str) -> Milestone | None:
        """Find the project's open milestone of exactly this title."""
        found = await self.calls.rows(f"{self._project}/milestones", rows.milestone, title=title)
        return next((one for one in found if one.title == title and one.active and not one.group), None)

    async def _set_milestone(self, operation: SetMilestone, *, look: bool) -> dict[str, Any]:
        path = f"{self._project}/milestones/{_id(operation.id)}"
        if look:
            now = await self.calls.row("get", path, rows.milestone)
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
        await self.calls.row("put", path, rows.milestone, body=body)
        return {}

    async def _remove_milestone(self, operation: RemoveMilestone) -> dict[str, Any]:
        path = f"{self._project}/milestones/{_id(operation.id)}"
        try:
            now = await self.calls.row("get", path, rows.milestone)
        except Rejected as gone:
            if gone.gone:
                return {"removed": True}
            raise
        if now.title == operation.kept_title != operation.titled:
            return {"kept_title": operation.kept_title}
        if now.title != operation.titled:
            return {"kept": f"somebody renamed it to “{now.title}”"}
        inside = await together(
            *(self.calls.some(f"{path}/{noun}", lambda row: row["iid"], per_page=1) for noun in PATHS.values())
        )
        if any(inside):
            await self.calls.row("put", path, rows.milestone, body={"title": operation.kept_title})
            return {"kept_title": operation.kept_title}
        await self.calls.row("delete", path, lambda _: None)
        return {"removed": True}


def _id(milestone: int | Made) -> int:
    if isinstance(milestone, Made):
        message = f"the milestone “{milestone.key}” was not made"
        raise Rejected(message)
    return milestone


def _found(operation: CreateMilestone, found: Milestone) -> dict[str, Any]:
    """Tell what an earlier attempt has made from what somebody else made meanwhile, by its dates."""
    dates = tuple(day.isoformat() if day else "" for day in (found.start, found.due))
    return {"id": found.id} if dates == (operation.start, operation.due) else {"id": found.id, "adopted": True}


def _why_kept(operation: SetIssue, issue: Issue) -> str:
    """Say why an issue must be left alone: a person was faster."""
    expected = {_id(operation.source)} | ({_id(operation.milestone)} if operation.milestone is not None else set())
    if issue.milestone not in expected:
        return "somebody moved it meanwhile"
    moves = operation.milestone is not None and issue.milestone != _id(operation.milestone)
    if moves and not issue.open and not operation.closed_too:
        return "it was closed meanwhile"
    return ""


def _is_so(operation: SetIssue, issue: Issue) -> bool:
    moved = operation.milestone is None or issue.milestone == _id(operation.milestone)
    labelled = set(operation.add) <= set(issue.labels) and not set(operation.remove) & set(issue.labels)
    return moved and labelled


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
