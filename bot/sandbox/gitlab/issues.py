"""The rules of issues and merge requests: one request changes everything it names, and every change leaves its event.

https://docs.gitlab.com/api/issues/
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.sandbox.gitlab import hooks, labels
from bot.sandbox.gitlab.records import (
    GUEST,
    REPORTER,
    Found,
    Issuable,
    Json,
    Kind,
    Label,
    Milestone,
    Note,
    ResourceEvent,
    State,
    User,
    refused,
)
from bot.sandbox.gitlab.text import QuickAction, Reading, names, read

_LONGEST_TITLE = 255
_LONGEST_DESCRIPTION = 1_048_576
_TRANSITIONS = {("close", "opened"): "closed", ("reopen", "closed"): "opened"}


@dataclass(frozen=True)
class Facts:
    """What can change about an issue, to compare before and after."""

    title: str
    description: str
    state: str
    milestone: int | None
    labels: frozenset[int]
    assignees: tuple[int, ...]
    confidential: bool
    due_date: date | None


def create(state: State, kind: Kind, attributes: Json, by: User, at: datetime | None = None) -> Issuable:
    """A new issue or merge request, with the events of what it was created with."""
    at = at or _moment(attributes.get("created_at")) or state.now()
    _check(attributes, needs_title=True)
    iid = state.next_iid(kind)
    item = Issuable(kind, state.next_id(kind), iid, str(attributes["title"]).strip(), by.id, at, at)
    before = _facts(item)
    state.items(kind)[iid] = item
    _assign(state, item, {**attributes, **_run(state, item, attributes, by)}, by, at)
    state.happened("created", item, by, at)
    _record(state, item, before, by, at)
    state.changed()
    hooks.item_changed(state, item, "open", by, {})
    return item


def update(state: State, item: Issuable, attributes: Json, by: User, at: datetime | None = None) -> None:
    """Changes what is named; what is as it was leaves no trace."""
    at = at or state.now()
    _check(attributes, needs_title=False)
    before = _facts(item)
    was_updated_at = item.updated_at
    _assign(state, item, {**attributes, **_run(state, item, attributes, by)}, by, at)
    after = _facts(item)
    if after == before:
        return
    _record(state, item, before, by, at)
    _comment_on_changes(state, item, before, by, at)
    item.updated_at = at
    touched(state, item)
    action = {"closed": "close", "opened": "reopen"}[after.state] if after.state != before.state else "update"
    hooks.item_changed(state, item, action, by, _changes(state, before, after, was_updated_at, at))


def delete(state: State, item: Issuable, by: User) -> None:
    """Gone for good, with all its notes."""
    del state.items(item.kind)[item.iid]
    state.happened("destroyed", item, by, state.now())
    state.changed()


def touched(state: State, item: Issuable) -> None:
    """Says that an issue is no longer what was prepared for answers."""
    item.rendered = (-1, "")
    state.changed()


def listen(state: State, item: Issuable, where: str, text: str, by: User, *, may_act: bool = True) -> Reading:
    """Reads a text as GitLab does; what a text of the token's user sets off is written down for tests."""
    reading = read(text, state.project.full_path, may_act=may_act)
    if by.id == state.token_user:
        state.mentions += [Found(where, each) for each in reading.mentions]
        state.references += [Found(where, each) for each in reading.references]
        state.quick_actions += [Found(where, f"/{each.name} {each.argument}".strip()) for each in reading.actions]
    for reference in reading.references:
        _mention_in(state, item, reference, by)
    return reading


def from_actions(state: State, actions: list[QuickAction]) -> Json:
    """What quick actions ask for, as the fields of an update."""
    wanted: Json = {}
    for action in actions:
        wanted |= _from_action(state, action, wanted)
    return wanted


def system_note(state: State, item: Issuable, text: str, by: User, at: datetime) -> None:
    """A line that GitLab itself writes under an issue."""
    item.notes.append(Note(state.next_id("note"), text, by.id, at, at, system=True))


def can_be_assigned(state: State, item: Issuable, user: int) -> bool:
    """Whether GitLab would take this person, who must be able to see the issue; it says nothing when not."""
    person = state.users.get(user)
    if person is None or person.state != "active" or person.access_level < GUEST:
        return False
    return may_see(item, person, person.access_level)


def available_milestone(state: State, value: object) -> Milestone | None:
    """The milestone of this id; GitLab takes an unknown one for none."""
    return state.milestones.get(int(str(value))) if value else None


def _run(state: State, item: Issuable, attributes: Json, by: User) -> Json:
    """The description without its quick actions, and what they ask for."""
    if "title" in attributes:
        listen(state, item, f"title of {_short(item)}", str(attributes["title"]), by, may_act=False)
    if "description" not in attributes:
        return {}
    reading = listen(state, item, f"description of {_short(item)}", str(attributes["description"] or ""), by)
    return {**from_actions(state, reading.actions), "description": reading.text}


def _assign(state: State, item: Issuable, attributes: Json, by: User, at: datetime) -> None:
    if "title" in attributes:
        item.title = str(attributes["title"]).strip()
    if "description" in attributes:
        item.description = str(attributes["description"] or "")
    if "milestone_id" in attributes:
        milestone = available_milestone(state, attributes["milestone_id"])
        item.milestone = milestone.id if milestone else None
    if "confidential" in attributes:
        item.confidential = bool(attributes["confidential"])
    if "due_date" in attributes:
        item.due_date = _day(attributes["due_date"])
    _assign_labels(state, item, attributes)
    _assign_people(state, item, attributes)
    if target := _TRANSITIONS.get((str(attributes.get("state_event")), item.state)):
        item.state = target
        item.closed_at = at if target == "closed" else None
        item.closed_by = by.id if target == "closed" else None


def _assign_labels(state: State, item: Issuable, attributes: Json) -> None:
    wanted = item.labels
    if attributes.get("labels") is not None:
        wanted = [labels.created_if_unknown(state, name).id for name in labels.listed(attributes["labels"])]
    added = [labels.created_if_unknown(state, name).id for name in labels.listed(attributes.get("add_labels"))]
    removed = labels.listed(attributes.get("remove_labels"))
    item.labels = [each for each in dict.fromkeys((*wanted, *added)) if state.labels[each].name not in removed]


def _assign_people(state: State, item: Issuable, attributes: Json) -> None:
    """Without a paid tier only the first person counts, and who cannot be assigned is dropped without a word."""
    if "assignee_ids" not in attributes and "assignee_id" not in attributes:
        return
    given = attributes.get("assignee_ids", [attributes.get("assignee_id")])
    wanted = [int(each) for each in given or [] if each not in (None, "")]
    if not wanted or wanted == [0]:
        item.assignees = []
        return
    told = wanted if state.many_assignees else wanted[:1]
    accepted = [each for each in told if can_be_assigned(state, item, each)]
    item.assignees = accepted or item.assignees


def _from_action(state: State, action: QuickAction, so_far: Json) -> Json:  # noqa: C901 - a table, as a match
    match action.name:
        case "close" | "reopen":
            return {"state_event": action.name}
        case "label" | "labels":
            return {"add_labels": [*so_far.get("add_labels", []), *names(action.argument, "~")]}
        case "relabel":
            return {"labels": names(action.argument, "~")}
        case "unlabel":
            return {"remove_labels": names(action.argument, "~") or [each.name for each in state.labels.values()]}
        case "assign" | "reassign":
            people = names(action.argument, "@")
            return {"assignee_ids": [each.id for each in state.users.values() if each.username in people]}
        case "unassign":
            return {"assignee_ids": []}
        case "milestone":
            titles = names(action.argument, "%")
            found = [each.id for each in state.milestones.values() if each.title in titles]
            return {"milestone_id": found[0]} if found else {}
        case "remove_milestone":
            return {"milestone_id": None}
        case "title":
            return {"title": action.argument} if action.argument else {}
        case "confidential":
            return {"confidential": True}
    return {}


def _record(state: State, item: Issuable, before: Facts, by: User, at: datetime) -> None:
    """The resource events: of a milestone in place of another only the new one is noted, as GitLab does."""
    if item.milestone != before.milestone:
        action, subject = ("add", item.milestone) if item.milestone else ("remove", before.milestone)
        item.milestone_events.append(ResourceEvent(state.next_id("resource event"), by.id, at, action, subject or 0))
    for action, changed in (("add", set(item.labels) - before.labels), ("remove", before.labels - set(item.labels))):
        item.label_events += [
            ResourceEvent(state.next_id("resource event"), by.id, at, action, each) for each in sorted(changed)
        ]
    if item.state != before.state:
        word = "reopened" if item.state == "opened" else item.state
        item.state_events.append(ResourceEvent(state.next_id("resource event"), by.id, at, word))
        state.happened(word, item, by, at)


def _comment_on_changes(state: State, item: Issuable, before: Facts, by: User, at: datetime) -> None:
    if item.title != before.title:
        system_note(state, item, f"changed title from **{before.title}** to **{item.title}**", by, at)
    if item.description != before.description:
        system_note(state, item, "changed the description", by, at)
    if item.confidential != before.confidential:
        seen = "confidential" if item.confidential else "visible to everyone"
        system_note(state, item, f"made the issue {seen}", by, at)
    added = [each for each in item.assignees if each not in before.assignees]
    gone = [each for each in before.assignees if each not in item.assignees]
    if said := [f"{word} {_listed(state, ids)}" for word, ids in (("assigned to", added), ("unassigned", gone)) if ids]:
        system_note(state, item, " and ".join(said), by, at)


def _listed(state: State, ids: list[int]) -> str:
    """People as they stand in GitLab's own sentences: "@alice, @bob, and @chen"."""
    called = [f"@{state.users[each].username}" for each in ids]
    comma = "," if len(called) > 2 else ""  # English has a comma from three on
    return f"{', '.join(called[:-1])}{comma} and {called[-1]}" if called[1:] else called[0]


def _mention_in(state: State, item: Issuable, reference: str, by: User) -> None:
    """The line GitLab writes under an issue that a text somewhere else refers to."""
    _, sigil, number = reference.rpartition("#")
    target = state.issues.get(int(number)) if sigil and number.isdigit() else None
    if target is not None and target is not item:
        kind = "merge request" if item.kind == "merge_request" else "issue"
        system_note(state, target, f"mentioned in {kind} {_short(item)}", by, state.now())
        touched(state, target)


def _changes(state: State, before: Facts, after: Facts, was_updated_at: datetime, at: datetime) -> Json:
    changes: Json = {}
    for name in ("title", "description", "confidential"):
        changes |= _change(name, getattr(before, name), getattr(after, name))
    changes |= _change("milestone_id", before.milestone, after.milestone)
    changes |= _change("state_id", *(1 if each.state == "opened" else 2 for each in (before, after)))
    if before.labels != after.labels:
        changes |= _change("labels", *(_label_payloads(state, each.labels) for each in (before, after)))
    if before.assignees != after.assignees:
        people = ([hooks.person(state.users[user]) for user in each.assignees] for each in (before, after))
        changes |= _change("assignees", *people)
    return changes | _change("updated_at", hooks.instant(was_updated_at), hooks.instant(at))


def _label_payloads(state: State, ids: frozenset[int]) -> list[Json]:
    found: list[Label] = [state.labels[each] for each in sorted(ids)]
    return [hooks.label(state, each) for each in found]


def _change(name: str, previous: object, current: object) -> Json:
    return {} if previous == current else {name: {"previous": previous, "current": current}}


def _facts(item: Issuable) -> Facts:
    return Facts(
        item.title,
        item.description,
        item.state,
        item.milestone,
        frozenset(item.labels),
        tuple(item.assignees),
        item.confidential,
        item.due_date,
    )


def _check(attributes: Json, *, needs_title: bool) -> None:
    title = attributes.get("title")
    errors: Json = {}
    if (needs_title or "title" in attributes) and not str(title or "").strip():
        errors["title"] = ["can't be blank"]
    elif len(str(title or "")) > _LONGEST_TITLE:
        errors["title"] = [f"is too long (maximum is {_LONGEST_TITLE} characters)"]
    if len(str(attributes.get("description") or "")) > _LONGEST_DESCRIPTION:
        errors["description"] = [f"is too long (maximum is {_LONGEST_DESCRIPTION} characters)"]
    if errors:
        raise refused(400, errors)


def may_see(item: Issuable, user: User, access: int) -> bool:
    """Confidential issues are for reporters and up, their authors and their assignees."""
    return not item.confidential or access >= REPORTER or user.id == item.author or user.id in item.assignees


def _short(item: Issuable) -> str:
    return f"{'#' if item.kind == 'issue' else '!'}{item.iid}"


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else None
