"""What GitLab's webhooks say, per event.

https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.sandbox.gitlab.records import Issuable, Json, Label, Milestone, Note, State, User

HEADERS = {
    "issues_events": "Issue Hook",
    "confidential_issues_events": "Confidential Issue Hook",
    "note_events": "Note Hook",
    "confidential_note_events": "Confidential Note Hook",
    "merge_requests_events": "Merge Request Hook",
    "milestone_events": "Milestone Hook",
    "deployment_events": "Deployment Hook",
}


@dataclass(frozen=True)
class Deployment:
    """A deployment of some application project, as its hook tells of it; without a `job` it was made by the API."""

    id: int
    environment: str
    tier: str
    status: str
    sha: str
    ref: str
    title: str | None
    project: str
    job: bool = True


def item_changed(state: State, item: Issuable, action: str, by: User, changes: Json) -> None:
    """An issue or merge request was opened, changed, closed or reopened."""
    if not state.hooks:
        return
    kind = item.kind
    flag = "merge_requests_events" if kind == "merge_request" else "issues_events"
    payload = {
        "object_kind": kind,
        "event_type": f"confidential_{kind}" if item.confidential else kind,
        "user": person(by),
        "project": project(state),
        "object_attributes": _item(state, item) | {"action": action},
        "labels": [label(state, state.labels[each]) for each in item.labels],
        "changes": changes,
        "repository": _repository(state),
    }
    if item.assignees:
        payload["assignees"] = [person(state.users[each]) for each in item.assignees]
    state.emit(f"confidential_{flag}" if item.confidential else flag, payload)


def note_written(state: State, item: Issuable, note: Note, action: str, by: User) -> None:
    """Somebody wrote a note, or changed one."""
    if not state.hooks:
        return
    hidden = note.internal or item.confidential
    payload = {
        "object_kind": "note",
        "event_type": "confidential_note" if hidden else "note",
        "user": person(by),
        "project_id": state.project.id,
        "project": project(state),
        "object_attributes": {
            "id": note.id,
            "note": note.body,
            "description": note.body,
            "noteable_type": "Issue" if item.kind == "issue" else "MergeRequest",
            "noteable_id": item.id,
            "author_id": note.author,
            "created_at": instant(note.created_at),
            "updated_at": instant(note.updated_at),
            "project_id": state.project.id,
            "system": note.system,
            "internal": note.internal,
            "action": action,
            "url": f"{_address(state, item)}#note_{note.id}",
        },
        "repository": _repository(state),
        item.kind: _item(state, item),
    }
    state.emit("confidential_note_events" if hidden else "note_events", payload)


def milestone_changed(state: State, milestone: Milestone, action: str, by: User) -> None:
    """A milestone was created, closed, reopened or deleted; there is no hook for another title."""
    words = {"created": "create", "closed": "close", "reopened": "reopen"}
    if not state.hooks or action not in words:
        return
    payload = {
        "object_kind": "milestone",
        "event_type": "milestone",
        "project": project(state),
        "object_attributes": {
            "id": milestone.id,
            "iid": milestone.iid,
            "title": milestone.title,
            "description": milestone.description,
            "state": milestone.state,
            "created_at": instant(milestone.created_at),
            "updated_at": instant(milestone.updated_at),
            "due_date": milestone.due_date.isoformat() if milestone.due_date else None,
            "start_date": milestone.start_date.isoformat() if milestone.start_date else None,
            "group_id": None,
            "project_id": state.project.id,
        },
        "action": words[action],
        "user": person(by),
    }
    state.emit("milestone_events", payload)


def deployed(state: State, deployment: Deployment, by: User, at: datetime) -> None:
    """A deployment started, succeeded, failed or was cancelled."""
    if not state.hooks:
        return
    address = f"{state.web_url}/{deployment.project}"
    job = deployment.id + 700 if deployment.job else None
    payload = {
        "object_kind": "deployment",
        "status": deployment.status,
        "status_changed_at": at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S %z"),
        "deployment_id": deployment.id,
        "deployable_id": job,
        "deployable_url": f"{address}/-/jobs/{job}" if job else None,
        "environment": deployment.environment,
        "environment_tier": deployment.tier,
        "environment_slug": deployment.environment.replace("/", "-").lower(),
        "environment_external_url": f"https://{deployment.environment.replace('/', '-').lower()}.example.com",
        "project": project(state, deployment.project),
        "ref": deployment.ref,
        "short_sha": deployment.sha[:8],
        "user": person(by),
        "user_url": f"{state.web_url}/{by.username}",
        "commit_url": f"{address}/-/commit/{deployment.sha}",
        "commit_title": deployment.title,
    }
    state.emit("deployment_events", payload)


def person(user: User) -> Json:
    """A person as hooks show them: without their address."""
    return {"id": user.id, "name": user.name, "username": user.username, "avatar_url": None, "email": "[REDACTED]"}


def label(state: State, record: Label) -> Json:
    """A label as hooks show it."""
    return {
        "id": record.id,
        "title": record.name,
        "color": record.color,
        "project_id": state.project.id,
        "description": record.description,
        "type": "ProjectLabel",
        "group_id": None,
    }


def project(state: State, full_path: str = "") -> Json:
    """The project a hook speaks of."""
    path = full_path or state.project.full_path
    own = path == state.project.full_path
    return {
        "id": state.project.id if own else 1000 + sum(path.encode()),
        "name": path.rpartition("/")[2],
        "namespace": path.rpartition("/")[0],
        "path_with_namespace": path,
        "web_url": f"{state.web_url}/{path}",
        "default_branch": "main",
        "visibility_level": 0,
    }


def instant(at: datetime) -> str:
    """An instant as hooks write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _item(state: State, item: Issuable) -> Json:
    return {
        "id": item.id,
        "iid": item.iid,
        "title": item.title,
        "description": item.description,
        "author_id": item.author,
        "assignee_id": item.assignees[0] if item.assignees else None,
        "assignee_ids": item.assignees,
        "milestone_id": item.milestone,
        "project_id": state.project.id,
        "state": item.state,
        "state_id": 1 if item.state == "opened" else 2,
        "confidential": item.confidential,
        "created_at": instant(item.created_at),
        "updated_at": instant(item.updated_at),
        "closed_at": instant(item.closed_at) if item.closed_at else None,
        "labels": [label(state, state.labels[each]) for each in item.labels],
        "url": _address(state, item),
    }


def _address(state: State, item: Issuable) -> str:
    return f"{state.web_url}/{state.project.full_path}/-/{item.kind}s/{item.iid}"


def _repository(state: State) -> Json:
    return {"name": state.project.path, "homepage": f"{state.web_url}/{state.project.full_path}"}
