"""The GitLab pane: what stands in the project, and a colleague's hand in it.

Every change goes through the world, as that colleague: it leaves the same events and sends the same hooks as a call of
the API.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from aiohttp import web

from bot.sandbox.gitlab import labels, shapes
from bot.sandbox.gitlab.records import Issuable, Kind, Label, Milestone, OnlyQuickActions, User
from bot.sandbox.gitlab.records import RefusedError as GitlabRefusedError
from bot.sandbox.gitlab.world import KEEP, GitlabWorld
from bot.sandbox.page.answers import Json, RefusedError, asked, done, refused
from bot.sandbox.page.colours import ink_on
from bot.sandbox.page.deployments import Deployments

_SIGILS: Final[Mapping[Kind, str]] = {"issue": "#", "merge_request": "!"}
_GONE: Final = "That is not there any more."


def routes(world: GitlabWorld) -> list[web.RouteDef]:
    """What the pane asks for, and what it lets people do."""
    deployments = Deployments(world)
    shown, hands = _Shown(world, deployments), _Hands(world, deployments)

    async def everything(_: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(shown.everything))

    async def item(request: web.Request) -> web.Response:
        kind, number = request.match_info["kind"], int(request.match_info["number"])
        try:
            return web.json_response(await asyncio.to_thread(shown.item, kind, number))
        except RefusedError as refusal:
            return refused(str(refusal), 404)

    async def act(request: web.Request) -> web.Response:
        wanted = await asked(request)
        try:
            return done(**await asyncio.to_thread(hands.do, request.match_info["what"], wanted))
        except RefusedError as refusal:
            return refused(str(refusal))

    return [
        web.get("/page/gitlab", everything),
        web.get(r"/page/gitlab/{kind:issue|merge_request}/{number:\d+}", item),
        web.post("/page/gitlab/{what}", act),
    ]


class _Line(NamedTuple):
    """Something that happened to an issue, as its page tells it."""

    at: datetime
    by: int
    text: str
    note: bool = False
    internal: bool = False


class _Shown:
    """How everything looks."""

    def __init__(self, world: GitlabWorld, deployments: Deployments) -> None:
        self._world, self._state, self._deployments = world, world.state, deployments

    def everything(self) -> Json:
        """What the lists are made of: people, labels, and milestones with their issues and merge requests."""
        state = self._state
        with self._world.lock:
            held: dict[int | None, list[Issuable]] = {}
            for item in (*state.issues.values(), *state.merge_requests.values()):
                held.setdefault(item.milestone, []).append(item)
            return {
                "project": state.project.full_path,
                "address": f"{state.web_url}/{state.project.full_path}",
                "people": [{"name": each.username, "says": each.name} for each in colleagues(self._world)],
                "labels": [_label(each) for each in state.labels.values()],
                "milestones": [
                    self._milestone(each, held.pop(each.id, [])) for each in _in_order(state.milestones.values())
                ],
                "elsewhere": self._items(each for items in held.values() for each in items),
                "deployments": self._deployments.shown(),
            }

    def item(self, kind: str, number: int) -> Json:
        """One issue or merge request in full, with all that happened to it, oldest first."""
        state = self._state
        with self._world.lock:
            item = found(self._world, kind, number)
            return self._item(item) | {
                "description": item.description,
                "author": state.users[item.author].name,
                "created_at": shapes.instant(item.created_at),
                "activity": [self._line(each) for each in sorted(self._lines(item), key=lambda each: each.at)],
            }

    def _milestone(self, record: Milestone, items: Iterable[Issuable]) -> Json:
        shown = self._items(items)
        return {
            "id": record.id,
            "title": record.title,
            "state": record.state,
            "start": record.start_date.isoformat() if record.start_date else None,
            "due": record.due_date.isoformat() if record.due_date else None,
            "expired": record.due_date is not None and record.due_date < self._state.now().date(),
            "group": record.of_group,
            "open": sum(each["state"] == "opened" for each in shown),
            "done": sum(each["state"] != "opened" for each in shown),
            "items": shown,
        }

    def _items(self, items: Iterable[Issuable]) -> list[Json]:
        """The open ones first, and of those the newest; merge requests behind the issues."""
        order = sorted(items, key=lambda each: (each.state != "opened", each.kind != "issue", -each.iid))
        return [self._item(each) for each in order]

    def _item(self, item: Issuable) -> Json:
        state = self._state
        return {
            "kind": item.kind,
            "number": item.iid,
            "reference": f"{_SIGILS[item.kind]}{item.iid}",
            "title": item.title,
            "state": item.state,
            "milestone": item.milestone,
            "labels": [state.labels[each].name for each in item.labels],
            "assignees": [state.users[each].username for each in item.assignees],
            "confidential": item.confidential,
            "notes": sum(not each.system for each in item.notes),
        }

    def _line(self, line: _Line) -> Json:
        by = self._state.users[line.by]
        told = {"at": shapes.instant(line.at), "by": by.name, "bot": by.bot}
        return told | {"text": line.text, "note": line.note, "internal": line.internal}

    def _lines(self, item: Issuable) -> list[_Line]:
        state = self._state
        lines = [
            _Line(
                each.created_at,
                each.author,
                _plain(each.body) if each.system else each.body,
                not each.system,
                each.internal,
            )
            for each in item.notes
        ]
        for event in item.label_events:
            label = state.labels.get(event.subject)
            verb = "added" if event.action == "add" else "removed"
            lines.append(_Line(event.created_at, event.user, f"{verb} the label “{label.name if label else '?'}”"))
        for event in item.milestone_events:
            milestone = state.milestones.get(event.subject)
            verb = "put it into" if event.action == "add" else "took it out of"
            lines.append(_Line(event.created_at, event.user, f"{verb} “{milestone.title if milestone else '?'}”"))
        return lines + [_Line(each.created_at, each.user, f"{each.action} it") for each in item.state_events]


class _Hands:
    """What a colleague does by hand. What GitLab refuses, and what makes no sense, is a `RefusedError`."""

    def __init__(self, world: GitlabWorld, deployments: Deployments) -> None:
        self._world, self._deployments = world, deployments

    def do(self, what: str, wanted: Json) -> Json:
        """Does what is wanted, as the colleague `by`; gives what it was done to."""
        doing: Callable[[str, Json], Json] | None = {
            "edit": self._edit,
            "note": self._note,
            "create": self._create,
            "milestone": self._edit_milestone,
            "new_milestone": self._create_milestone,
            "deploy": lambda by, _: self._deployments.begins(by),
            "deployed": lambda by, wanted: self._deployments.ends(by, wanted.get("id"), wanted.get("state")),
        }.get(what)
        if doing is None:
            raise RefusedError(f"There is no “{what}” here.")
        try:
            return doing(self._colleague(wanted.get("by")), wanted)
        except GitlabRefusedError as refusal:
            raise RefusedError(_in_words(refusal.body)) from None

    def _edit(self, by: str, wanted: Json) -> Json:
        item = found(self._world, wanted.get("kind"), wanted.get("number"))
        assignee = wanted.get("assignee")
        self._world.edit_issue(
            item.iid,
            by=by,
            kind=item.kind,
            title=_text(wanted, "title"),
            state=_one_of(wanted, "state", "opened", "closed"),
            milestone=self._milestone(wanted["milestone"]) if "milestone" in wanted else KEEP,
            add_labels=labels.listed(wanted.get("add_labels")),
            remove_labels=labels.listed(wanted.get("remove_labels")),
            assignees=None if assignee is None else [self._colleague(assignee)] if assignee else [],
            confidential=bool(wanted["confidential"]) if "confidential" in wanted else None,
        )
        return {"kind": item.kind, "number": item.iid}

    def _note(self, by: str, wanted: Json) -> Json:
        item = found(self._world, wanted.get("kind"), wanted.get("number"))
        body, internal = _text(wanted, "body") or "", bool(wanted.get("internal"))
        said = ""
        try:
            self._world.comment(item.iid, body, by, internal=internal, kind=item.kind)
        except OnlyQuickActions as applied:
            self._world.changes.happened()
            said = applied.summary
        return {"kind": item.kind, "number": item.iid, "said": said}

    def _create(self, by: str, wanted: Json) -> Json:
        assignee = wanted.get("assignee")
        number = self._world.add_issue(
            _text(wanted, "title") or "",
            labels.listed(wanted.get("labels")),
            self._milestone(wanted.get("milestone")),
            by=by,
            description=_text(wanted, "description") or "",
            confidential=bool(wanted.get("confidential")),
            assignees=[self._colleague(assignee)] if assignee else [],
        )
        return {"kind": "issue", "number": number}

    def _edit_milestone(self, by: str, wanted: Json) -> Json:
        milestone = self._milestone(wanted.get("id"))
        if milestone is None:
            raise RefusedError(_GONE)
        changed: Json = {key: _text(wanted, key) for key in ("title", "start_date", "due_date") if key in wanted}
        if state := _one_of(wanted, "state", "active", "closed"):
            changed["state_event"] = "close" if state == "closed" else "activate"
        self._world.edit_milestone(milestone, by, **changed)
        return {"id": milestone}

    def _create_milestone(self, by: str, wanted: Json) -> Json:
        start, due = _text(wanted, "start_date") or None, _text(wanted, "due_date") or None
        return {"id": self._world.add_milestone(_text(wanted, "title") or "", start, due, by=by)}

    def _colleague(self, username: object) -> str:
        """Only people who are there: the world would make up everybody else."""
        if not any(each.username == username for each in colleagues(self._world)):
            raise RefusedError("Choose a colleague to act as.")
        return str(username)

    def _milestone(self, value: object) -> int | None:
        """Only a milestone that is there: GitLab would take every other for none."""
        if value is not None and (not isinstance(value, int) or value not in self._world.state.milestones):
            raise RefusedError("That milestone is not there any more.")
        return value


def colleagues(world: GitlabWorld) -> list[User]:
    """Those who work here by hand."""
    return [each for each in world.state.users.values() if not each.bot and each.state == "active"]


def found(world: GitlabWorld, kind: object, number: object) -> Issuable:
    """The issue or merge request of this number."""
    items = world.state.items("merge_request" if kind == "merge_request" else "issue")
    item = items.get(number) if isinstance(number, int) else None
    if item is None:
        raise RefusedError(_GONE)
    return item


def _in_order(records: Iterable[Milestone]) -> list[Milestone]:
    """Open ones in the order in which they come, those without a date last; then closed ones, the latest first."""
    everything = list(records)
    active = [each for each in everything if each.state == "active"]
    closed = [each for each in everything if each.state != "active"]
    active.sort(key=lambda each: (str(each.due_date or "no date"), each.id))
    closed.sort(key=lambda each: (str(each.due_date or ""), each.id), reverse=True)
    return active + closed


def _plain(text: str) -> str:
    """What GitLab itself writes, without its Markdown."""
    return re.sub(r"\*\*(.+?)\*\*", r"“\1”", text)


def _label(record: Label) -> Json:
    return {"name": record.name, "color": record.color, "ink": ink_on(record.color)}


def _text(wanted: Json, key: str) -> str | None:
    value = wanted.get(key)
    if value is not None and not isinstance(value, str):
        raise RefusedError(f"“{key}” is not a text.")
    return value


def _one_of(wanted: Json, key: str, *known: str) -> Any:  # noqa: ANN401 - one of the literals that were given
    value = wanted.get(key)
    if value is not None and value not in known:
        raise RefusedError(f"“{key}” is none of {', '.join(known)}.")
    return value


def _in_words(body: Json) -> str:
    """A refusal as a sentence: GitLab gives a text, or lists by field."""
    message = body.get("message") or body.get("error") or "GitLab refuses this."
    if isinstance(message, Mapping):
        message = "; ".join(f"{field.replace('_', ' ')} {', '.join(each)}" for field, each in message.items())
    words = str(message)
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith(".") else ".")
