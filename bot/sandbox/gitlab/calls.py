"""One request to the emulated REST API: who asks, what with, and what may be answered."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.gitlab import issues, labels, notes
from bot.sandbox.gitlab.records import (
    GUEST,
    PLANNER,
    Hook,
    Issuable,
    Json,
    Kind,
    Label,
    Milestone,
    Note,
    RefusedError,
    State,
    User,
    refused,
)
from bot.sandbox.gitlab.world import GitlabWorld

Row = TypeVar("Row")
MOST_PER_PAGE = 100
_USUAL_PER_PAGE = 20
_MOST_COUNTED = 10_000


class Text(str):
    """An answer that is JSON already."""

    __slots__ = ()


class Accepted(NamedTuple):
    """An answer with a status of its own."""

    status: int
    body: Json


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """A list to be answered in pages; `show` is asked only for the rows of the page.

    What `may_see` turns down is left out of its page, which is then a short one although others follow.
    """

    rows: Sequence[Row]
    show: Callable[[Row], Json | str]
    keyset: Callable[[Row], tuple[Any, ...]] | None = None
    may_see: Callable[[Row], bool] | None = None


Answer: TypeAlias = "Json | Text | Accepted | Rows[Any] | None"
Handler: TypeAlias = "Callable[[Call], Answer]"


class Page(NamedTuple):
    """A page of a list, with the headers that tell of the others."""

    body: str
    headers: dict[str, str]


@dataclass
class Call:
    """A request that has been let in."""

    world: GitlabWorld
    request: web.Request
    body: Json

    @property
    def ids(self) -> Mapping[str, str]:
        """What the address names."""
        return self.request.match_info

    @property
    def state(self) -> State:
        """Everything GitLab knows."""
        return self.world.state

    @property
    def user(self) -> User:
        """Who asks: the one the token belongs to."""
        return self.state.users[self.state.token_user]

    def needs(self, access_level: int) -> None:
        """Refuses who has less than this role, and everybody in an archived project."""
        if self.world.token_access < access_level or (self.request.method != "GET" and self.state.project.archived):
            raise refused(403, "403 Forbidden")

    def required(self, name: str) -> str:
        """A field of the body that must be there."""
        if self.body.get(name) is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, {"error": f"{name} is missing"})
        return str(self.body[name])

    def flag(self, name: str) -> bool | None:
        """A yes or no of the query; None if it is not there."""
        value = self.request.query.get(name)
        return None if value in (None, "") else value.lower() in ("true", "1")

    def words(self, name: str) -> list[str]:
        """A list of the query, as `name=a,b` or `name[]=a&name[]=b`."""
        found = [*self.request.query.getall(f"{name}[]", []), *self.request.query.getall(name, [])]
        return [word.strip() for each in found for word in each.split(",") if word.strip()]

    def numbers(self, name: str) -> list[int]:
        """A list of numbers of the query."""
        return [whole(each, name) for each in self.words(name)]

    def moment(self, name: str) -> datetime | None:
        """An instant of the query."""
        value = self.request.query.get(name)
        if not value:
            return None
        try:
            at = datetime.fromisoformat(value.replace(" ", "+"))
        except ValueError:
            raise RefusedError(HTTPStatus.BAD_REQUEST, {"error": f"{name} is invalid"}) from None
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def in_project(self) -> State:
        """The state, if the address names the project and the token may see it."""
        known = (str(self.state.project.id), self.state.project.full_path)
        if self.ids["project"] not in known or self.world.token_access < GUEST:
            raise refused(404, "404 Project Not Found")
        return self.state

    def in_group(self) -> State:
        """The state, if the address names the group."""
        project = self.state.project
        known = (str(self.state.group_id), project.namespace)
        if project.namespace_kind != "group" or self.ids["group"] not in known:
            raise refused(404, "404 Group Not Found")
        return self.state

    def milestone(self, *, of_group: bool = False) -> Milestone:
        """The milestone the address names."""
        found = self.state.milestones.get(whole(self.ids["milestone"], "milestone_id"))
        if found is None or found.of_group != of_group:
            raise refused(404, "404 Not found")
        return found

    def item(self, kind: Kind) -> Issuable:
        """The issue or merge request the address names, if the token may see it."""
        found = self.in_project().items(kind).get(whole(self.ids["iid"], "iid"))
        hidden = kind == "issue" and not self.state.project.issues_enabled
        if found is None or hidden or not issues.may_see(found, self.user, self.world.token_access):
            raise refused(404, "404 Not found")
        return found

    def note(self, item: Issuable) -> Note:
        """The note the address names, if the token may see it."""
        found = notes.found(item, whole(self.ids["note"], "note_id"))
        if not self.may_see(found):
            raise refused(404, "404 Note Not Found")
        return found

    def may_see(self, note: Note) -> bool:
        """Whether the token may see a note: internal ones are for planners and up, whoever wrote the issue."""
        return not note.internal or self.world.token_access >= PLANNER

    def label(self, named: str) -> Label:
        """A label by name or id."""
        found = labels.named(self.state, named)
        found = found or (self.state.labels.get(int(named)) if named.isdigit() else None)
        if found is None:
            raise refused(404, "404 Label Not Found")
        return found

    def hook(self) -> Hook:
        """The webhook the address names."""
        found = self.in_project().hooks.get(whole(self.ids["hook"], "hook_id"))
        if found is None:
            raise refused(404, "404 Not found")
        return found


def whole(value: object, name: str) -> int:
    """A whole number, or GitLab's word for what is none."""
    try:
        return int(str(value))
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, {"error": f"{name} is invalid"}) from None


def needs_one_of(call: Call, *names: str) -> None:
    """Refuses a change that changes nothing."""
    if not set(names) & call.body.keys():
        error = f"{', '.join(names)} are missing, at least one parameter must be provided"
        raise RefusedError(400, {"error": error})


def page(call: Call, rows: Rows[Row]) -> Page:
    """The page that was asked for: https://docs.gitlab.com/api/rest/#pagination."""
    per_page = min(whole(call.request.query.get("per_page") or _USUAL_PER_PAGE, "per_page"), MOST_PER_PAGE)
    if per_page < 1:
        raise RefusedError(HTTPStatus.BAD_REQUEST, {"error": "per_page does not have a valid value"})
    if call.request.query.get("pagination") == "keyset" and rows.keyset is not None:
        return _keyset_page(call, rows, rows.keyset, per_page)
    number = max(1, whole(call.request.query.get("page") or 1, "page"))
    total = len(rows.rows)
    pages = max(1, -(-total // per_page))
    headers = {
        "X-Page": str(number),
        "X-Per-Page": str(per_page),
        "X-Next-Page": str(number + 1) if number < pages else "",
        "X-Prev-Page": str(number - 1) if number > 1 else "",
    }
    links = {"prev": number - 1 if number > 1 else 0, "next": number + 1 if number < pages else 0, "first": 1}
    # Beyond 10,000 rows GitLab does not count, so nobody may rely on totals.
    if total <= _MOST_COUNTED:
        headers |= {"X-Total": str(total), "X-Total-Pages": str(pages)}
        links["last"] = pages
    headers["Link"] = ", ".join(
        f'<{_address(call, page=str(target), per_page=str(per_page))}>; rel="{word}"'
        for word, target in links.items()
        if target
    )
    return Page(_array(rows, rows.rows[(number - 1) * per_page : number * per_page]), headers)


def _keyset_page(call: Call, rows: Rows[Row], key: Callable[[Row], tuple[Any, ...]], per_page: int) -> Page:
    after = call.request.query.get("cursor")
    start = 0
    if after:
        last = base64.urlsafe_b64decode(after.encode()).decode()
        start = next((n + 1 for n, row in enumerate(rows.rows) if json.dumps(key(row)) == last), len(rows.rows))
    shown = rows.rows[start : start + per_page]
    if start + per_page >= len(rows.rows):
        return Page(_array(rows, shown), {"X-Per-Page": str(per_page)})
    cursor = base64.urlsafe_b64encode(json.dumps(key(shown[-1])).encode()).decode()
    link = f'<{_address(call, cursor=cursor, per_page=str(per_page))}>; rel="next"'
    return Page(_array(rows, shown), {"X-Per-Page": str(per_page), "Link": link})


def _array(rows: Rows[Row], shown: Iterable[Row]) -> str:
    texts = (rows.show(each) for each in shown if rows.may_see is None or rows.may_see(each))
    return f"[{','.join(each if isinstance(each, str) else json.dumps(each) for each in texts)}]"


def _address(call: Call, **changed: str) -> str:
    kept = [(key, value) for key, value in call.request.query.items() if key not in changed]
    return f"{call.state.web_url}{call.request.rel_url.raw_path}?{urlencode([*kept, *changed.items()])}"
