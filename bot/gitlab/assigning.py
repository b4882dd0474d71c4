"""Assigns issues to whoever takes the pager, in place of whoever hands it off, and overrules nobody.

What is assigned is read first, always: it sets a state, so an earlier attempt that may have arrived does no harm, but
somebody may have changed the assignees since. https://docs.gitlab.com/api/issues/#update-an-issue
"""

import re
from datetime import datetime
from typing import Any, NamedTuple

from bot.domain import assigning
from bot.domain.operations import Assign, Colleague
from bot.gitlab import rows
from bot.gitlab.calls import Row, Straight
from bot.gitlab.colleagues import Colleagues, why_unknown
from bot.gitlab.user import User, user
from bot.gitlab.writing import issue_path


class _Assigned(NamedTuple):
    open: bool
    people: tuple[User, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.people)


def assign(
    calls: Straight, project: str, colleagues: Colleagues, operation: Assign, since: datetime | None
) -> dict[str, Any]:
    """Let the incoming person be assigned; `since` is the moment of the first attempt, None where this is the first.

    Gives why somebody is `missing` there, or why a person's choice was `kept`.
    """
    path = issue_path(project, operation)
    who = operation.incoming or Colleague()
    incoming = colleagues.find(calls, who)
    if incoming is None:
        return {"missing": why_unknown(who)}
    leaving = colleagues.find(calls, operation.outgoing) if operation.outgoing else None
    outgoing = leaving.name if leaving else ""
    issue = calls.row("get", path, _assigned)
    if not issue.open:
        return {"kept": "it is closed"}
    if assigning.is_so(issue.names, incoming.name, outgoing):
        return {}
    others = assigning.put_there(issue.names, operation.before, incoming.name, outgoing)
    if since and incoming.name not in issue.names and _was_assigned(calls, path, incoming.name, since):
        return {"kept": _why_kept(others) if others else f"somebody took {incoming.name} off meanwhile"}
    wanted = assigning.wanted(issue.names, operation.before, incoming.name, outgoing)
    ids = {one.name: one.id for one in (*issue.people, incoming)}
    after = calls.row("put", path, _assigned, body={"assignee_ids": [ids[name] for name in wanted]}).names
    if incoming.name in after:
        return _made_room(wanted, after, incoming.name)
    if others and len(after) == 1:
        return {"kept": _why_kept(others)}
    return {"missing": f"GitLab did not accept {incoming.name} as an assignee (are they a member of the project?)"}


def _made_room(wanted: tuple[str, ...], after: tuple[str, ...], name: str) -> dict[str, Any]:
    """Say who is assigned no more, where GitLab keeps fewer people than it was told of."""
    gone = [one for one in wanted if one not in after]
    return {"missing": f"{' and '.join(gone)} had to make room for {name}: GitLab keeps one here"} if gone else {}


def _why_kept(others: tuple[str, ...]) -> str:
    return f"somebody assigned {' and '.join(others)} meanwhile"


def _was_assigned(calls: Straight, path: str, name: str, since: datetime) -> bool:
    """Tell whether somebody was assigned since an earlier attempt, by it or by a person: then they were taken off again.

    GitLab keeps no events of that; it writes a line under the issue: "assigned to @alice, @bob and unassigned @chen".
    """
    mentioned = re.compile(rf"@{re.escape(name)}(?![\w.-])")
    for page in calls.pages(
        f"{path}/notes", _line, order_by="created_at", sort="desc", activity_filter="only_activity"
    ):
        if any(line.at >= since and mentioned.search(line.assigned) for line in page):
            return True
        if page and page[-1].at < since:
            break
    return False


class _Line(NamedTuple):
    assigned: str
    at: datetime


def _line(row: Row) -> _Line:
    """Read what GitLab itself wrote, as far as it tells of somebody who was assigned."""
    body = str(row.get("body") or "") if row.get("system") else ""
    assigned = body.partition("unassigned ")[0] if body.startswith("assigned to ") else ""
    return _Line(assigned, rows.moment(row["created_at"]))


def _assigned(row: Row) -> _Assigned:
    return _Assigned(rows.issue(row, "issue").open, tuple(user(each) for each in row.get("assignees") or ()))
