"""How records look in the answers of the REST API."""

import json
from datetime import UTC, datetime

from bot.sandbox.gitlab.records import (
    Hook,
    Issuable,
    Json,
    Label,
    Milestone,
    Note,
    ProjectEvent,
    ResourceEvent,
    State,
    User,
)

_NO_TIME = {"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": None, "human_total_time_spent": None}


def instant(at: datetime) -> str:
    """An instant as GitLab writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user(state: State, person: User) -> Json:
    """A person as seen in passing."""
    return {
        "id": person.id,
        "username": person.username,
        "public_email": person.email if person.email and person.email_public else "",
        "name": person.name,
        "state": person.state,
        "locked": False,
        "avatar_url": None,
        "web_url": f"{state.web_url}/{person.username}",
    }


def user_in_full(state: State, person: User) -> Json:
    """A person's own page; the address is shown only where it is public, or to that person."""
    page = user(state, person) | {"created_at": instant(person.created_at), "bio": "", "bot": person.bot}
    return page | {"email": person.email} if person.id == state.token_user else page


def user_for_admin(state: State, person: User) -> Json:
    """A person as an administrator's token is shown them: with the address."""
    return user(state, person) | {"email": person.email or ""}


def member(state: State, person: User, access_level: int) -> Json:
    """A person as a member of the project or group."""
    return user(state, person) | {
        "access_level": access_level,
        "created_at": instant(person.created_at),
        "expires_at": None,
        "membership_state": "active",
    }


def milestone(state: State, record: Milestone) -> Json:
    """A milestone of the project or its group."""
    place = state.project.full_path if not record.of_group else f"groups/{state.project.namespace}"
    owner = {"group_id": state.group_id} if record.of_group else {"project_id": state.project.id}
    today = state.now().date()
    return {
        "id": record.id,
        "iid": record.iid,
        **owner,
        "title": record.title,
        "description": record.description,
        "state": record.state,
        "created_at": instant(record.created_at),
        "updated_at": instant(record.updated_at),
        "due_date": record.due_date.isoformat() if record.due_date else None,
        "start_date": record.start_date.isoformat() if record.start_date else None,
        "expired": record.due_date is not None and record.due_date < today,
        "web_url": f"{state.web_url}/{place}/-/milestones/{record.iid}",
    }


def label(state: State, record: Label, *, with_counts: bool = False) -> Json:
    """A label, with how often it is used where that was asked for."""
    shape: Json = {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        "description_html": record.description or "",
        "text_color": "#FFFFFF",
        "color": record.color,
        "archived": False,
        "subscribed": False,
        "priority": record.priority,
        "is_project_label": True,
    }
    if with_counts:
        issues = [each.state for each in state.issues.values() if record.id in each.labels]
        merges = [each.state for each in state.merge_requests.values() if record.id in each.labels]
        shape["open_issues_count"] = issues.count("opened")
        shape["closed_issues_count"] = issues.count("closed")
        shape["open_merge_requests_count"] = merges.count("opened")
    return shape


def item_text(state: State, item: Issuable) -> str:
    """An issue or merge request as JSON, kept until it or something it shows changes: long lists must be quick."""
    version, text = item.rendered
    if version != state.shared:
        text = json.dumps(issue(state, item) if item.kind == "issue" else merge_request(state, item))
        item.rendered = (state.shared, text)
    return text


def issue(state: State, item: Issuable) -> Json:
    """An issue."""
    api = f"{state.web_url}/api/v4/projects/{state.project.id}"
    return _item(state, item) | {
        "type": "ISSUE",
        "issue_type": "issue",
        "confidential": item.confidential,
        "due_date": item.due_date.isoformat() if item.due_date else None,
        "merge_requests_count": 0,
        "web_url": f"{state.web_url}/{state.project.full_path}/-/issues/{item.iid}",
        "references": _references(state, item, "#"),
        "has_tasks": False,
        "severity": "UNKNOWN",
        "moved_to_id": item.moved_to,
        "service_desk_reply_to": None,
        "_links": {
            "self": f"{api}/issues/{item.iid}",
            "notes": f"{api}/issues/{item.iid}/notes",
            "award_emoji": f"{api}/issues/{item.iid}/award_emoji",
            "project": api,
            "closed_as_duplicate_of": None,
        },
    }


def issue_in_brief(state: State, item: Issuable) -> Json:
    """An issue as it stands in its milestone's list."""
    return {key: value for key, value in issue(state, item).items() if key not in _NOT_IN_BRIEF}


def merge_request(state: State, item: Issuable) -> Json:
    """A merge request."""
    return _item(state, item) | {
        "merged_by": None,
        "merge_user": None,
        "merged_at": None,
        "target_branch": "main",
        "source_branch": item.source_branch,
        "source_project_id": state.project.id,
        "target_project_id": state.project.id,
        "reviewers": [],
        "draft": False,
        "work_in_progress": False,
        "merge_when_pipeline_succeeds": False,
        "merge_status": "can_be_merged",
        "detailed_merge_status": "mergeable",
        "sha": f"{item.id:040x}",
        "merge_commit_sha": None,
        "squash_commit_sha": None,
        "reference": f"!{item.iid}",
        "references": _references(state, item, "!"),
        "web_url": f"{state.web_url}/{state.project.full_path}/-/merge_requests/{item.iid}",
        "squash": False,
        "has_conflicts": False,
        "blocking_discussions_resolved": True,
    }


def note(state: State, item: Issuable, record: Note) -> Json:
    """A note under an issue or merge request."""
    return {
        "id": record.id,
        "type": None,
        "body": record.body,
        "author": user(state, state.users[record.author]),
        "created_at": instant(record.created_at),
        "updated_at": instant(record.updated_at),
        "system": record.system,
        "noteable_id": item.id,
        "noteable_type": _type(item),
        "project_id": state.project.id,
        "noteable_iid": item.iid,
        "resolvable": False,
        "confidential": record.internal,
        "internal": record.internal,
        "imported": False,
        "imported_from": "none",
        "commands_changes": {},
    }


def resource_event(state: State, item: Issuable, record: ResourceEvent, noun: str) -> Json:
    """An event of a milestone, a label or a state; a label or milestone that is gone is null."""
    shape: Json = {
        "id": record.id,
        "user": user(state, state.users[record.user]),
        "created_at": instant(record.created_at),
        "resource_type": _type(item),
        "resource_id": item.id,
    }
    if noun == "state":
        return shape | {"state": record.action, "source_commit": None, "source_merge_request_id": None}
    shape["action"] = record.action
    if noun == "milestone":
        found = state.milestones.get(record.subject)
        return shape | {"milestone": milestone(state, found) if found else None}
    known = state.labels.get(record.subject)
    return shape | {"label": {key: label(state, known)[key] for key in _BASIC_LABEL} if known else None}


def project_event(state: State, record: ProjectEvent) -> Json:
    """A line of the project's activity; the title is that of today, as in GitLab."""
    author = state.users[record.author]
    return {
        "id": record.id,
        "project_id": state.project.id,
        "action_name": "opened" if record.action == "created" else record.action,
        "target_id": record.target_id,
        "target_iid": record.target_iid,
        "target_type": record.target_type,
        "author_id": author.id,
        "target_title": _title_today(state, record),
        "created_at": instant(record.created_at),
        "author": user(state, author),
        "imported": False,
        "imported_from": "none",
        "author_username": author.username,
    }


def project(state: State, access_level: int, *, by_group: bool) -> Json:
    """The project, with what the token may do in it."""
    record = state.project
    granted = {"access_level": access_level, "notification_level": 3}
    return {
        "id": record.id,
        "description": None,
        "name": record.path.replace("-", " ").title(),
        "name_with_namespace": f"{record.namespace} / {record.path}",
        "path": record.path,
        "path_with_namespace": record.full_path,
        "created_at": instant(record.created_at),
        "default_branch": "main",
        "web_url": f"{state.web_url}/{record.full_path}",
        "namespace": {
            "id": state.group_id,
            "name": record.namespace.rpartition("/")[2],
            "path": record.namespace.rpartition("/")[2],
            "kind": record.namespace_kind,
            "full_path": record.namespace,
            "parent_id": None,
            "avatar_url": None,
            "web_url": f"{state.web_url}/{'groups/' if record.namespace_kind == 'group' else ''}{record.namespace}",
        },
        "archived": record.archived,
        "visibility": record.visibility,
        "issues_enabled": record.issues_enabled,
        "merge_requests_enabled": True,
        "issues_access_level": "enabled" if record.issues_enabled else "disabled",
        "open_issues_count": sum(each.state == "opened" for each in state.issues.values()),
        "permissions": {
            "project_access": None if by_group else granted,
            "group_access": granted if by_group else None,
        },
    }


def group(state: State) -> Json:
    """The group of the project."""
    path = state.project.namespace
    return {
        "id": state.group_id,
        "web_url": f"{state.web_url}/groups/{path}",
        "name": path.rpartition("/")[2],
        "path": path.rpartition("/")[2],
        "description": "",
        "visibility": "private",
        "full_name": path,
        "full_path": path,
        "created_at": instant(state.project.created_at),
        "parent_id": None,
    }


def hook(state: State, record: Hook) -> Json:
    """A webhook; secrets are not shown again."""
    return {
        "id": record.id,
        "url": record.url,
        "name": record.name,
        "created_at": instant(record.created_at),
        "project_id": state.project.id,
        "enable_ssl_verification": True,
        "alert_status": record.alert_status,
        "disabled_until": instant(record.disabled_until) if record.disabled_until else None,
        "token_present": bool(record.token),
        "signing_token_present": bool(record.signing_token),
        **record.events,
    }


_NOT_IN_BRIEF = frozenset(
    {
        "_links",
        "has_tasks",
        "imported",
        "imported_from",
        "moved_to_id",
        "references",
        "service_desk_reply_to",
        "severity",
    }
)
_BASIC_LABEL = ("id", "name", "description", "description_html", "text_color", "color", "archived")


def _item(state: State, item: Issuable) -> Json:
    people = [user(state, state.users[each]) for each in item.assignees]
    set_to = state.milestones.get(item.milestone) if item.milestone else None
    return {
        "id": item.id,
        "iid": item.iid,
        "project_id": state.project.id,
        "title": item.title,
        "description": item.description or None,
        "state": item.state,
        "created_at": instant(item.created_at),
        "updated_at": instant(item.updated_at),
        "closed_at": instant(item.closed_at) if item.closed_at else None,
        "closed_by": user(state, state.users[item.closed_by]) if item.closed_by else None,
        "labels": sorted(state.labels[each].name for each in item.labels),
        "milestone": milestone(state, set_to) if set_to else None,
        "assignees": people,
        "assignee": people[0] if people else None,
        "author": user(state, state.users[item.author]),
        "user_notes_count": sum(not each.system for each in item.notes),
        "upvotes": 0,
        "downvotes": 0,
        "discussion_locked": None,
        "time_stats": _NO_TIME,
        "task_completion_status": {"count": 0, "completed_count": 0},
        "imported": False,
        "imported_from": "none",
    }


def _references(state: State, item: Issuable, sigil: str) -> Json:
    short = f"{sigil}{item.iid}"
    return {"short": short, "relative": short, "full": f"{state.project.full_path}{short}"}


def _title_today(state: State, record: ProjectEvent) -> str | None:
    holders = {"Issue": state.issues, "MergeRequest": state.merge_requests}
    target = holders.get(record.target_type, {}).get(record.target_iid) or state.milestones.get(record.target_id)
    return target.title if target else None


def _type(item: Issuable) -> str:
    return "Issue" if item.kind == "issue" else "MergeRequest"
