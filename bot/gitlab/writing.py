"""Tells GitLab of an outage or a hand-off: makes the issue, writes the notes under it and the text on top, closes it.

Whatever is told again looks first: an earlier attempt may have arrived although its answer was lost. `since` is then
the moment from which on to look, and None where nothing was tried before.
https://docs.gitlab.com/api/issues/ and https://docs.gitlab.com/api/notes/
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bot.domain.errors import Rejected
from bot.domain.operations import AddNote, Assign, CloseIssue, CreateIssue, SetDescription, WriteNote
from bot.domain.tracker import Issue
from bot.gitlab import rows
from bot.gitlab.calls import Row, Straight
from bot.gitlab.marks import is_marked, is_same, marked, on_top

CLOCKS_DIFFER = timedelta(minutes=5)
"""How much GitLab's clock may be behind ours."""


class _Note(NamedTuple):
    id: int
    body: str
    at: datetime
    internal: bool


def create_issue(calls: Straight, project: str, operation: CreateIssue, since: datetime | None) -> dict[str, Any]:
    """Make an issue, unless an earlier attempt did."""
    path = f"{project}/issues"
    made = _made_since(calls, path, operation.marker, since) if since else None
    if made is None:
        body: Row = {
            "title": operation.title,
            "description": marked(operation.description, operation.marker),
            "confidential": operation.confidential,
        }
        if operation.labels:
            body["labels"] = ",".join(operation.labels)
        made = calls.row("post", path, _issue, body=body)
    if operation.confidential and not made.confidential:
        message = f"GitLab made #{made.iid}, but did not make it confidential; I write nothing more into it"
        raise Rejected(message)
    return {"id": made.iid, "iid": made.iid, "url": made.url, "title": made.title}


def _made_since(calls: Straight, path: str, marker: str, since: datetime) -> Issue | None:
    """Find the issue with the marker; the oldest, for a copy that somebody made of it has the marker too."""
    for page in calls.pages(
        path,
        lambda row: (_issue(row), row.get("description") or ""),
        created_after=f"{(since - CLOCKS_DIFFER).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        state="all",
        scope="all",
        order_by="created_at",
        sort="asc",
    ):
        for issue, description in page:
            if is_marked(description, marker):
                return issue
    return None


def write_note(calls: Straight, project: str, operation: WriteNote, since: datetime | None) -> dict[str, Any]:
    """Let a note say what it should; a note that somebody deleted stays deleted."""
    issue = issue_path(project, operation)
    path, text = f"{issue}/notes", marked(operation.body, operation.marker)
    try:
        note = _present(calls, path, operation, since)
        if note and operation.internal and not note.internal:
            message = "everybody can read the note in GitLab, so I leave it as it is"
            raise Rejected(message)
        if note and not is_same(note.body, text):
            calls.row("put", f"{path}/{note.id}", _nothing, body={"body": text})
    except Rejected as refusal:
        if operation.note is None or not refusal.gone:
            raise
        calls.row("get", issue, _nothing)  # the issue itself may be gone
        return {"kept": "somebody deleted the note"}
    if note:
        return {"id": note.id}
    return _as_wanted(calls, path, _write(calls, path, text, internal=operation.internal), internal=operation.internal)


def add_note(calls: Straight, project: str, operation: AddNote, since: datetime | None) -> dict[str, Any]:
    """Write a note once; what people made of it since stays as it is."""
    path = f"{issue_path(project, operation)}/notes"
    note = _written_since(calls, path, operation.marker, since) if since else None
    if note is None:
        note = _write(calls, path, marked(operation.body, operation.marker), internal=operation.internal)
    return _as_wanted(calls, path, note, internal=operation.internal)


def _write(calls: Straight, path: str, text: str, *, internal: bool) -> _Note:
    return calls.row("post", path, _note, body={"body": text, "internal": internal})


def _as_wanted(calls: Straight, path: str, made: _Note, *, internal: bool) -> dict[str, Any]:
    """Give what is worth remembering of a note that we made, unless everybody can read what should be internal."""
    if internal and not made.internal:
        calls.row("delete", f"{path}/{made.id}", _nothing)
        message = "GitLab let everybody read the note instead of making it internal; I took it back"
        raise Rejected(message)
    return {"id": made.id}


def _present(calls: Straight, path: str, operation: WriteNote, since: datetime | None) -> _Note | None:
    """Read the note that is known, or find the one that an earlier attempt may have made."""
    if operation.note is not None:
        return calls.row("get", f"{path}/{operation.note}", _note)
    return _written_since(calls, path, operation.marker, since) if since else None


def _written_since(calls: Straight, path: str, marker: str, since: datetime) -> _Note | None:
    """Find the note with the marker; the oldest, for a copy that somebody made of it has the marker too."""
    found, earliest = None, since - CLOCKS_DIFFER
    for page in calls.pages(path, _note, order_by="created_at", sort="desc", activity_filter="only_comments"):
        found = next((one for one in reversed(page) if is_marked(one.body, marker)), found)
        if page and page[-1].at < earliest:
            break
    return found


def close_issue(calls: Straight, project: str, operation: CloseIssue, since: datetime | None) -> dict[str, Any]:
    """Close an issue, unless it is closed, or somebody opened it again meanwhile."""
    path = issue_path(project, operation)
    if since is not None:
        if not calls.row("get", path, _issue).open:
            return {}
        states = calls.rows(f"{path}/resource_state_events", lambda row: (row["state"], rows.moment(row["created_at"])))
        if any(state == "reopened" and at >= since for state, at in states):
            return {"kept": "somebody reopened it"}
    after, at = calls.row(
        "put",
        path,
        lambda row: (_issue(row), row.get("closed_at") or row.get("updated_at") or ""),
        body={"state_event": "close"},
    )
    if after.open:
        message = "GitLab accepted the request but did not close it"
        raise Rejected(message)
    return {"at": at}


def set_description(calls: Straight, project: str, operation: SetDescription) -> dict[str, Any]:
    """Put a text on top of an issue's description, in place of Baton's first; what people wrote there stays below it."""
    path = issue_path(project, operation)
    present = calls.row("get", path, _description)
    wanted, edited = on_top(operation.text, operation.marker, present, operation.instead_of)
    if edited:
        return {"kept": "somebody edited it since"}
    if wanted != present:
        after = calls.row("put", path, _description, body={"description": wanted})
        if not is_same(after, wanted):
            message = "GitLab accepted the text but kept another one"
            raise Rejected(message)
    return {}


def issue_path(project: str, operation: WriteNote | CloseIssue | SetDescription | Assign | AddNote) -> str:
    """Write the path of the issue that an operation is about; raises Rejected where there is none yet."""
    if operation.iid is None:
        message = "the outage has no issue in GitLab yet"
        raise Rejected(message)
    return f"{project}/issues/{operation.iid}"


def _issue(row: Row) -> Issue:
    return rows.issue(row, "issue")


def _note(row: Row) -> _Note:
    internal = bool(row.get("internal") or row.get("confidential"))
    return _Note(row["id"], row.get("body") or "", rows.moment(row["created_at"]), internal)


def _description(row: Row) -> str:
    return row.get("description") or ""


def _nothing(_: Row) -> None:
    return None
