"""The Slack side of the page: what stands on somebody's screen, and that person's hands.

Whatever a person does goes through `Persona`, as in the stories; it may wait for the bot, so it runs in a thread.
"""

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from aiohttp import web

from bot.sandbox.page.answers import Json, RefusedError, asked, done, refused
from bot.sandbox.page.slack_shown import shown
from bot.sandbox.slack import forms
from bot.sandbox.slack.interactions import escaped
from bot.sandbox.slack.modal import Screen
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.requests import Ack
from bot.sandbox.slack.state import File, Message, SlackError
from bot.sandbox.slack.world import SlackWorld

_Act: TypeAlias = Callable[[SlackWorld, Persona, Json], Json | None]
_PICTURES: Final = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}


def routes(world: SlackWorld) -> list[web.RouteDef]:
    """What the page asks for, and what it lets people do."""

    async def look(request: web.Request) -> web.Response:
        person = _person(world, request.query.get("as", ""))
        return web.json_response(shown(world, person, request.query.get("channel", "")))

    async def act(request: web.Request) -> web.Response:
        body = await asked(request)
        deed = _ACTS.get(request.match_info["act"])
        if deed is None:
            raise web.HTTPNotFound
        person = _person(world, str(body.get("as", "")))
        try:
            return done(**(await asyncio.to_thread(deed, world, person, body) or {}))
        except RefusedError as error:
            return refused(str(error))
        except SlackError as error:
            return refused(f"This is refused: {error.code}.")
        except (LookupError, ValueError):
            return refused("That is not there any more.")

    async def file(request: web.Request) -> web.Response:
        person = _person(world, request.query.get("as", ""))
        return _file(world, person, request.match_info["id"])

    return [
        web.get("/page/slack", look),
        web.post("/page/slack/{act}", act),
        web.get("/page/slack/files/{id}/{name}", file),
    ]


def _person(world: SlackWorld, id_: str) -> Persona:
    """Who looks through this window; without a name, the first person there is."""
    people = [each.id for each in world.members.values() if not each.is_bot]
    if id_ and id_ not in people:
        raise web.HTTPNotFound(text=f"Nobody here has the id {id_}.")
    return world.person(id_ or people[0])


# -- saying -----------------------------------------------------------------------------------------------------------


def _type(world: SlackWorld, person: Persona, body: Json) -> None:
    """A message or a slash command, as it was typed into the field."""
    channel, text, thread_ts = _channel(world, person, body), str(body.get("text") or ""), body.get("thread_ts")
    files = {str(each["name"]): base64.b64decode(each["content"]) for each in body.get("files") or []}
    if text.startswith("/") and not files:
        if thread_ts:
            raise RefusedError(f"{text.split(maxsplit=1)[0]} does not work in threads.")
        person.types(text, channel)
        return
    if not world.takes_words and world.bot_user in world.channel(channel).members and channel.startswith("D"):
        raise RefusedError("Messages to this app are turned off. Commands work in every channel.")
    if not text.strip() and not files:
        raise RefusedError("There is nothing to send.")
    message = person.says(escaped(world, text), channel, thread_ts or None, files)
    person.reads_up_to(message)


def _edit(world: SlackWorld, person: Persona, body: Json) -> None:
    message = _own(world, person, body)
    if not str(body.get("text") or "").strip():
        raise RefusedError("A message cannot be empty.")
    person.edits(message, escaped(world, str(body["text"])))


def _delete(world: SlackWorld, person: Persona, body: Json) -> None:
    person.deletes(_own(world, person, body))


def _react(world: SlackWorld, person: Persona, body: Json) -> None:
    message, name = _message(world, person, body), str(body["name"])
    (person.reacts if body.get("on") else person.unreacts)(message, name)


def _read(world: SlackWorld, person: Persona, body: Json) -> None:
    person.reads_up_to(_message(world, person, body))


def _talk_to(world: SlackWorld, person: Persona, body: Json) -> Json:
    if body.get("user") not in world.members:
        raise LookupError
    return {"channel": world.between(person.id, str(body["user"])).id}


# -- pressing ---------------------------------------------------------------------------------------------------------


def _press(world: SlackWorld, person: Persona, body: Json) -> Json:
    where = _screen(world, person, body) if body.get("view") else _message(world, person, body)
    block_id, action_id = str(body["block_id"]), str(body["action_id"])
    if isinstance(where, Message):
        block_id = _block_now(where, block_id, action_id)
    return _heard(person.presses(where, block_id, action_id, *_values(body.get("values"))))


def _block_now(message: Message, block_id: str, action_id: str) -> str:
    """Blocks that the app does not name get another name with every edit; what stands in them is the same."""
    parts = list(forms.parts_of(message.blocks))
    if any(each.block_id == block_id for each in parts):
        return block_id
    return next((each.block_id for each in parts if each.action_id == action_id), block_id)


def _shortcut(world: SlackWorld, person: Persona, body: Json) -> Json:
    return _heard(person.opens_shortcut(_message(world, person, body), str(body["name"])))


def _open_home(_: SlackWorld, person: Persona, __: Json) -> None:
    person.opens_home()


def _open_messages(_: SlackWorld, person: Persona, __: Json) -> None:
    person.opens_messages()


# -- filling in -------------------------------------------------------------------------------------------------------


def _enter(world: SlackWorld, person: Persona, body: Json) -> Json:
    screen, tells = _screen(world, person, body), bool(body.get("tells"))
    values = _values(body.get("values"))
    return _heard(person.enters(screen, str(body["block_id"]), str(body["action_id"]), *values, tells=tells))


def _submit(world: SlackWorld, person: Persona, body: Json) -> Json:
    """Sends the modal, with everything that stands in its fields."""
    screen = _front(world, person, body)
    given: Mapping[str, Mapping[str, object]] = body.get("values") or {}
    for block_id, actions in given.items():
        for action_id, values in actions.items():
            person.enters(screen, block_id, action_id, *_values(values), tells=False)
    person.submits()
    return {}


def _close(world: SlackWorld, person: Persona, body: Json) -> None:
    _front(world, person, body)
    person.closes(everything=bool(body.get("everything")))


# -- finding ----------------------------------------------------------------------------------------------------------


def _channel(world: SlackWorld, person: Persona, body: Json) -> str:
    channel = world.channel(str(body.get("channel")))
    if person.id not in channel.members:
        raise SlackError("not_in_channel")
    return channel.id


def _message(world: SlackWorld, person: Persona, body: Json) -> Message:
    """The message this person sees there, only theirs too."""
    said = world.channels[_channel(world, person, body)].messages
    found = next((each for each in said if each.ts == body.get("ts") and each.only_for in (None, person.id)), None)
    if found is None:
        raise LookupError(body.get("ts"))
    return found


def _own(world: SlackWorld, person: Persona, body: Json) -> Message:
    message = _message(world, person, body)
    if message.user != person.id:
        raise RefusedError("This is somebody else's message.")
    return message


def _screen(world: SlackWorld, person: Persona, body: Json) -> Screen:
    """The modal in front of this person, or their Home tab."""
    home = person.home
    return home if home is not None and home.view.id == body.get("view") else _front(world, person, body)


def _front(_: SlackWorld, person: Persona, body: Json) -> Screen:
    modal = person.modal
    if modal is None or modal.view.id != body.get("view"):
        raise LookupError(body.get("view"))
    return modal


def _values(given: object) -> list[str]:
    return [str(each) for each in given] if isinstance(given, list) else []


def _heard(ack: Ack | None) -> Json:
    """What Slack shows beside a button whose app did not answer."""
    return {"trouble": "" if ack is None or ack.ok else ack.error or "dispatch_failed"}


def _file(world: SlackWorld, person: Persona, id_: str) -> web.Response:
    file = world.files.get(id_)
    if file is None or file.content is None or not _may_see(world, person, file):
        raise web.HTTPNotFound
    extension = file.name.rpartition(".")[2].lower()
    if extension in _PICTURES:
        return web.Response(body=file.content, content_type=_PICTURES[extension])
    # Nothing that somebody sent is ever opened as a page of this origin.
    response = web.Response(body=file.content, content_type="text/plain", charset="utf-8")
    response.headers["Content-Disposition"] = "attachment"
    return response


def _may_see(world: SlackWorld, person: Persona, file: File) -> bool:
    if file.user == person.id:
        return True
    with world.lock:
        return any(
            file in each.files or file.id in str(each.blocks)
            for channel in world.channels.values()
            if person.id in channel.members
            for each in channel.messages
            if each.only_for in (None, person.id)
        )


_ACTS: Final[dict[str, _Act]] = {
    "type": _type,
    "edit": _edit,
    "delete": _delete,
    "react": _react,
    "read": _read,
    "talk-to": _talk_to,
    "press": _press,
    "shortcut": _shortcut,
    "open-home": _open_home,
    "open-messages": _open_messages,
    "enter": _enter,
    "submit": _submit,
    "close": _close,
}
