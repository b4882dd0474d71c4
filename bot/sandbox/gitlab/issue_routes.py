"""The endpoints of issues and merge requests, and of what is written under them.

https://docs.gitlab.com/api/issues/ and https://docs.gitlab.com/api/notes/
"""

from functools import partial
from http import HTTPStatus

from bot.sandbox.gitlab import issues, lists, notes, shapes
from bot.sandbox.gitlab.calls import Accepted, Answer, Call, Handler, Rows, Text, needs_one_of, whole
from bot.sandbox.gitlab.records import (
    DEVELOPER,
    GUEST,
    MAINTAINER,
    OWNER,
    PLANNER,
    Issuable,
    Kind,
    Note,
    OnlyQuickActions,
    ResourceEvent,
    refused,
)

_OWN_FIELDS = frozenset({"title", "description", "state_event"})
_SET_BY_PLANNERS = frozenset({"labels", "add_labels", "remove_labels", "milestone_id", "assignee_ids", "assignee_id"})


# Issues and merge requests


def item(call: Call, kind: Kind) -> Answer:
    """An issue or merge request."""
    return Text(shapes.item_text(call.state, call.item(kind)))


def create_issue(call: Call) -> Answer:
    """Makes an issue; what the role may not set is dropped without a word."""
    state = call.in_project()
    call.needs(GUEST)
    call.required("title")
    if not state.project.issues_enabled:
        raise refused(403, "403 Forbidden")
    if call.world.token_access < PLANNER:
        call.body = {key: value for key, value in call.body.items() if key not in _SET_BY_PLANNERS}
    if call.world.token_access < OWNER:
        call.body.pop("created_at", None)
    _check_milestone(call)
    return Text(shapes.item_text(state, issues.create(state, "issue", call.body, call.user)))


def update_item(call: Call, kind: Kind) -> Answer:
    """Changes an issue or merge request."""
    found = call.item(kind)
    own = found.author == call.user.id and call.body.keys() <= _OWN_FIELDS
    call.needs(GUEST if own else PLANNER if kind == "issue" else DEVELOPER)
    if not call.body:
        needs_one_of(call, "title", "description", "labels", "milestone_id", "assignee_ids", "state_event")
    _check_milestone(call)
    issues.update(call.state, found, call.body, call.user)
    return Text(shapes.item_text(call.state, found))


def delete_issue(call: Call) -> None:
    """Deletes an issue."""
    found = call.item("issue")
    if call.world.token_access != PLANNER:
        call.needs(OWNER)
    issues.delete(call.state, found, call.user)


def resource_events(call: Call, kind: Kind, noun: str) -> Answer:
    """When something was added or removed, and by whom."""
    found = call.item(kind)
    events: dict[str, list[ResourceEvent]] = {
        "milestone": found.milestone_events,
        "label": found.label_events,
        "state": found.state_events,
    }
    return Rows(events[noun], lambda each: shapes.resource_event(call.state, found, each, noun))


# Notes


def item_notes(call: Call, kind: Kind) -> Answer:
    """What stands under an issue or merge request; what the token may not see is missing in its page."""
    found = call.item(kind)
    wanted = call.request.query.get("activity_filter") or "all_notes"
    shown = [
        each for each in found.notes if wanted in ("all_notes", "only_activity" if each.system else "only_comments")
    ]
    by_update = call.request.query.get("order_by") == "updated_at"
    shown.sort(
        key=lambda each: (each.updated_at if by_update else each.created_at, each.id),
        reverse=call.request.query.get("sort") != "asc",
    )
    return Rows(shown, partial(shapes.note, call.state, found), may_see=call.may_see)


def item_note(call: Call, kind: Kind) -> Answer:
    """A note by id."""
    found = call.item(kind)
    return shapes.note(call.state, found, call.note(found))


def create_note(call: Call, kind: Kind) -> Answer:
    """Writes a note."""
    found = call.item(kind)
    internal = bool(call.body.get("internal") or call.body.get("confidential"))
    call.needs(PLANNER if internal else GUEST)
    try:
        note = notes.create(call.state, found, call.required("body"), call.user, internal=internal)
    except OnlyQuickActions as done:
        return Accepted(HTTPStatus.ACCEPTED, {"commands_changes": {}, "summary": [done.summary]})
    return shapes.note(call.state, found, note)


def update_note(call: Call, kind: Kind) -> Answer:
    """Changes a note."""
    found = call.item(kind)
    note = _own_note(call, found)
    try:
        notes.update(call.state, found, note, call.required("body"), call.user)
    except OnlyQuickActions as done:
        return Accepted(HTTPStatus.ACCEPTED, {"commands_changes": {}, "summary": [done.summary]})
    return shapes.note(call.state, found, note)


def delete_note(call: Call, kind: Kind) -> None:
    """Deletes a note."""
    found = call.item(kind)
    notes.delete(call.state, found, _own_note(call, found))


def _check_milestone(call: Call) -> None:
    if call.body.get("milestone_id") is not None:
        call.body["milestone_id"] = whole(call.body["milestone_id"], "milestone_id")


def _own_note(call: Call, found: Issuable) -> Note:
    note = call.note(found)
    if note.author != call.user.id or note.system:
        call.needs(MAINTAINER)
    return note


def routes(kind: Kind) -> list[tuple[str, str, Handler]]:
    """What issues and merge requests have in common, and what only issues have."""
    place = f"/projects/{{project}}/{kind}s"
    one = f"{place}/{{iid}}"
    found_before = lists.FoundBefore()
    common: list[tuple[str, str, Handler]] = [
        ("GET", place, lambda call: lists.items(call, kind, found_before)),
        ("GET", one, partial(item, kind=kind)),
        ("PUT", one, partial(update_item, kind=kind)),
        ("GET", f"{one}/notes", partial(item_notes, kind=kind)),
        ("POST", f"{one}/notes", partial(create_note, kind=kind)),
        ("GET", f"{one}/notes/{{note}}", partial(item_note, kind=kind)),
        ("PUT", f"{one}/notes/{{note}}", partial(update_note, kind=kind)),
        ("DELETE", f"{one}/notes/{{note}}", partial(delete_note, kind=kind)),
        *(
            ("GET", f"{one}/resource_{noun}_events", partial(resource_events, kind=kind, noun=noun))
            for noun in ("milestone", "label", "state")
        ),
    ]
    if kind == "merge_request":
        return common
    return [*common, ("POST", place, create_issue), ("DELETE", one, delete_issue)]
