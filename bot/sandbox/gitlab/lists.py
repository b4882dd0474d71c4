"""Which issues and merge requests a list holds, and in which order.

https://docs.gitlab.com/api/issues/#list-project-issues
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias

from bot.sandbox.gitlab import issues, labels
from bot.sandbox.gitlab.calls import Call, Rows
from bot.sandbox.gitlab.records import REPORTER, Issuable, Kind, State
from bot.sandbox.gitlab.shapes import instant, item_text

Test: TypeAlias = Callable[[Issuable], bool]

_PAGING = frozenset({"page", "per_page", "cursor", "pagination"})
_ORDERS: dict[str, Callable[[Issuable], datetime | str]] = {
    "created_at": lambda item: item.created_at,
    "updated_at": lambda item: item.updated_at,
    "title": lambda item: item.title.lower(),
    "due_date": lambda item: str(item.due_date or "9999"),
}


class FoundBefore:
    """Remembers what a list holds until anything changes, so that the pages of a long list are cut from one list."""

    def __init__(self) -> None:
        self._version = -1
        self._lists: dict[str, list[Issuable]] = {}

    def get(self, version: int, asked: str, find: Callable[[], list[Issuable]]) -> list[Issuable]:
        """The list for this question."""
        if version != self._version:
            self._version = version
            self._lists.clear()
        if asked not in self._lists:
            self._lists[asked] = find()
        return self._lists[asked]


def items(call: Call, kind: Kind, found_before: FoundBefore) -> Rows[Issuable]:
    """The list that was asked for."""
    state = call.in_project()
    asked = repr(
        (kind, call.world.token_access, [pair for pair in call.request.query.items() if pair[0] not in _PAGING])
    )
    rows = found_before.get(state.version, asked, lambda: _find(call, kind))
    order = call.request.query.get("order_by") or "created_at"
    return Rows(rows, lambda item: item_text(state, item), lambda item: (_text(_ORDERS[order](item)), item.id))


def _find(call: Call, kind: Kind) -> list[Issuable]:
    tests = list(_tests(call))
    seen = [item for item in call.state.items(kind).values() if all(test(item) for test in tests)]
    order = _ORDERS.get(call.request.query.get("order_by") or "created_at", _ORDERS["created_at"])
    seen.sort(key=lambda item: (order(item), item.id), reverse=call.request.query.get("sort") != "asc")
    return seen


def _tests(call: Call) -> Iterator[Test]:
    """What an item must fulfil, each only where the query asks for it."""
    user, access = call.user, call.world.token_access
    if not call.state.project.issues_enabled:
        yield lambda item: item.kind != "issue"
    if access < REPORTER:
        yield lambda item: issues.may_see(item, user, access)
    if (wanted := call.request.query.get("state")) and wanted != "all":
        yield lambda item: item.state == wanted
    if iids := set(call.numbers("iids")):
        yield lambda item: item.iid in iids
    if (hidden := call.flag("confidential")) is not None:
        yield lambda item: item.confidential == hidden
    if search := (call.request.query.get("search") or "").lower():
        yield lambda item: search in item.title.lower() or search in item.description.lower()
    yield from _milestone_tests(call)
    yield from _label_tests(call)
    yield from _people_tests(call)
    yield from _time_tests(call)


def _milestone_tests(call: Call) -> Iterator[Test]:
    title = call.request.query.get("milestone") or call.request.query.get("milestone_id")
    if title:
        yield _in_milestone(call.state, title)
    if unwanted := call.request.query.get("not[milestone]"):
        held = _in_milestone(call.state, unwanted)
        yield lambda item: not held(item)


def _in_milestone(state: State, title: str) -> Test:
    if title in ("None", "Any"):
        return lambda item: (item.milestone is None) == (title == "None")
    ids = {each.id for each in state.milestones.values() if each.title == title}
    return lambda item: item.milestone in ids


def _label_tests(call: Call) -> Iterator[Test]:
    names = call.words("labels")
    if names in (["None"], ["Any"]):
        yield lambda item: bool(item.labels) == (names == ["Any"])
    elif names:
        ids = _label_ids(call.state, names)
        yield lambda item: ids is not None and ids <= set(item.labels)
    for name in call.words("not[labels]"):
        unwanted = labels.named(call.state, name)
        if unwanted is not None:
            yield _without_label(unwanted.id)


def _label_ids(state: State, names: list[str]) -> set[int] | None:
    """The ids of labels; None if one of them does not exist, for then nothing has them all."""
    found = [labels.named(state, name) for name in names]
    known = {each.id for each in found if each is not None}
    return known if len(known) == len(set(names)) else None


def _without_label(unwanted: int) -> Test:
    return lambda item: unwanted not in item.labels


def _people_tests(call: Call) -> Iterator[Test]:
    users = call.state.users.values()
    if assignee := call.request.query.get("assignee_id"):
        if assignee in ("None", "Any"):
            yield lambda item: bool(item.assignees) == (assignee == "Any")
        else:
            yield lambda item: assignee in map(str, item.assignees)
    if names := call.words("assignee_username"):
        ids = {each.id for each in users if each.username in names}
        yield lambda item: bool(ids & set(item.assignees))
    if author := call.request.query.get("author_id"):
        yield lambda item: str(item.author) == author
    if written_by := call.request.query.get("author_username"):
        authors = {each.id for each in users if each.username == written_by}
        yield lambda item: item.author in authors
    if call.request.query.get("scope") == "created_by_me":
        me = call.state.token_user
        yield lambda item: item.author == me
    if call.request.query.get("scope") == "assigned_to_me":
        mine = call.state.token_user
        yield lambda item: mine in item.assignees


def _time_tests(call: Call) -> Iterator[Test]:
    if since := call.moment("created_after"):
        yield lambda item: item.created_at >= since
    if until := call.moment("created_before"):
        yield lambda item: item.created_at <= until
    if updated_since := call.moment("updated_after"):
        yield lambda item: item.updated_at >= updated_since
    if updated_until := call.moment("updated_before"):
        yield lambda item: item.updated_at <= updated_until


def _text(value: datetime | str) -> str:
    return value if isinstance(value, str) else instant(value)
