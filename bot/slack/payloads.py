"""Slack's payloads, read into requests. The one place that knows their keys.

https://docs.slack.dev/interactivity/implementing-slash-commands
https://docs.slack.dev/reference/interaction-payloads
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.dialogue import Request
from bot.slack.markup import NOBODY, as_typed
from bot.slack.said import Reader

Payload = Mapping[str, Any]
WITH_IDS = frozenset({"handoff"})
"""Commands that need to know whom the mention means that they begin with; all the rest is read as it was typed."""
TS = "ts"
"""Under which name an event's values hold the `ts` of the message that it is about."""
_PRIVATE = frozenset({"group", "G", "mpim"})
_NAMELESS = re.compile(r"<@[UW][A-Z0-9]+\|?>")
_MENTION = r"<(?:@[UW][A-Z0-9]+|!subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>"
_NAMED_FIRST = re.compile(rf"\s*(?:(?i:to)\s+)?{_MENTION}(?:[\s,;:]*(?:(?i:and|or|&amp;|\+)[\s,]*)?{_MENTION})*")
"""Whom a text begins with, one or several in a row: they are told apart by id, because anybody may take a name."""


def command(
    body: Payload,
    *,
    request: str,
    at: datetime,
    envelope: str = "",
    private: frozenset[str],
    names: Mapping[str, str] = NOBODY,
) -> Request:
    """Read a slash command; `names` are people's by id."""
    channel = str(body.get("channel_id", ""))
    ids, typed = _divided(body)
    return Request(
        id=request,
        kind="command",
        name=_command_name(body),
        who=str(body.get("user_id", "")),
        at=at,
        key=_key("trigger", body.get("trigger_id")) or _key("envelope", envelope),
        workspace=str(body.get("team_id", "")),
        channel=channel,
        private=_is_private(channel, str(body.get("channel_name", "")), private),
        text=ids + as_typed(typed, names),
        trigger=str(body.get("trigger_id", "")),
        response_url=str(body.get("response_url", "")),
    )


def nameless(body: Payload) -> Payload:
    """Pick those mentions out of a slash command that can only be read with people's names."""
    found = _NAMELESS.findall(_divided(body)[1])
    return {"text": " ".join(found)} if found else {}


def _divided(body: Payload) -> tuple[str, str]:
    """Tell the mentions that a command begins with, where they have to stay ids, from what is read as typed."""
    text = str(body.get("text") or "")
    first = _NAMED_FIRST.match(text) if _command_name(body) in WITH_IDS else None
    return (first[0], text[first.end() :]) if first else ("", text)


def _command_name(body: Payload) -> str:
    return str(body.get("command", "")).lstrip("/").casefold()


def button(body: Payload, *, request: str, at: datetime, envelope: str = "", private: frozenset[str]) -> Request:
    """Read a click on a button, in a message, a modal or the Home tab; in a modal, with what is filled in.

    A field whose input is told while somebody types is read like a button, and is about the modal that it stands in.
    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    action = (body.get("actions") or [{}])[0]
    typed = str(action.get("type", "")).endswith("_input")
    channel = body.get("channel") or {}
    view = body.get("view") or {}
    return Request(
        id=request,
        kind="button",
        # what follows tells buttons of one kind apart, which Slack asks for
        name=str(action.get("action_id", "")).partition("#")[0],
        who=_person(body),
        at=at,
        key=_key("trigger", body.get("trigger_id"))
        or _key("action", action.get("action_ts"))
        or _key("envelope", envelope),
        workspace=_workspace(body),
        channel=str(channel.get("id", "")),
        private=_is_private(str(channel.get("id", "")), str(channel.get("name", "")), private),
        trigger=str(body.get("trigger_id", "")),
        response_url=str(body.get("response_url", "")),
        view=str(view.get("id", "")),
        about=str((not typed and action.get("value")) or view.get("private_metadata") or ""),
        values=_values(view),
        field=str(action.get("block_id", "")),
        home=view.get("type") == "home",
        ts=str((body.get("container") or {}).get("message_ts") or (body.get("message") or {}).get("ts") or ""),
    )


def submission(body: Payload, *, request: str, at: datetime, envelope: str = "") -> Request:
    """Read a modal that was submitted."""
    view = body.get("view") or {}
    return Request(
        id=request,
        kind="submission",
        name=str(view.get("callback_id", "")),
        who=_person(body),
        at=at,
        key=_key("trigger", body.get("trigger_id")) or _key("envelope", envelope),
        workspace=_workspace(body),
        trigger=str(body.get("trigger_id", "")),
        view=str(view.get("id", "")),
        about=str(view.get("private_metadata") or ""),
        values=_values(view),
    )


def shortcut(
    body: Payload,
    *,
    request: str,
    at: datetime,
    envelope: str = "",
    private: frozenset[str],
    own: Collection[str] = (),
    names: Mapping[str, str] = NOBODY,
) -> Request:
    """Read a shortcut on a message, and the message. `own` are Baton's ids, `names` people's by id.

    What two people say to each other is as private as can be.
    """
    channel = body.get("channel") or {}
    where = str(channel.get("id", ""))
    domain = (body.get("team") or {}).get("domain")
    reader = Reader(own, names, f"https://{domain}.slack.com" if domain else "")
    return Request(
        id=request,
        kind="shortcut",
        name=str(body.get("callback_id", "")),
        who=_person(body),
        at=at,
        key=_key("trigger", body.get("trigger_id")) or _key("envelope", envelope),
        workspace=_workspace(body),
        channel=where,
        private=where.startswith("D") or _is_private(where, str(channel.get("name", "")), private),
        trigger=str(body.get("trigger_id", "")),
        response_url=str(body.get("response_url", "")),
        said=reader.read(body.get("message") or {}, where),
    )


def event(
    body: Payload,
    *,
    request: str,
    at: datetime,
    envelope: str = "",
    private: frozenset[str] = frozenset(),
    own: Collection[str] = (),
    names: Mapping[str, str] = NOBODY,
) -> Request | None:
    """Read an event of Slack's Events API; None for what nothing has to be done about, such as words newly said.

    An edited message is named `message_changed`, one that was deleted `message_deleted`, and their `values` hold its
    `ts`; so do those of a reaction, whose name stands in `about`, as does the tab of the app's home that was opened.
    """
    inner = body.get("event") or {}
    user = inner.get("user")
    heard = Request(
        id=request,
        kind="event",
        name=str(inner.get("type", "")),
        who=str((user.get("id") if isinstance(user, dict) else user) or ""),
        at=at,
        key=_key("event", body.get("event_id")) or _key("envelope", envelope),
        workspace=str(body.get("team_id", "")),
        about=str(inner.get("subteam_id") or (inner.get("subteam") or {}).get("id", "")),
        **_place(inner, private),
    )
    match heard.name:
        case "reaction_added" | "reaction_removed":
            item = inner.get("item") or {}
            about, ts = str(inner.get("reaction", "")), str(item.get("ts", ""))
            return replace(heard, about=about, values={TS: ts}) if item.get("type") == "message" else None
        case "app_home_opened":
            return replace(heard, about=str(inner.get("tab") or "home"))
        case "message":
            return _about_message(heard, inner, Reader({*own, str(body.get("api_app_id", ""))} - {""}, names))
    return heard


def _about_message(heard: Request, inner: Payload, reader: Reader) -> Request | None:
    """Read what became of a message, where it was not Baton's; a first message of a thread leaves an empty place."""
    message, before = inner.get("message") or {}, inner.get("previous_message") or {}
    changed, deleted = (inner.get("subtype") == each for each in ("message_changed", "message_deleted"))
    old = reader.read(before, heard.channel)
    if old is not None and old.own:
        return None
    if deleted or (changed and message.get("subtype") == "tombstone"):
        ts = str(inner.get("deleted_ts") or message.get("ts") or "")
        return replace(heard, name="message_deleted", who=_author(before), values={TS: ts})
    new = reader.read(message, heard.channel) if changed else None
    if new is None or new.own or (old is not None and (old.text, old.files) == (new.text, new.files)):
        return None  # nothing is said in another way: Slack also tells of previews and of counted replies
    who = str((message.get("edited") or {}).get("user") or "") or _author(message)
    return replace(heard, name="message_changed", who=who, values={TS: new.ts}, said=new)


def _author(message: Payload) -> str:
    return str(message.get("user") or message.get("bot_id") or "")


def edited_message(body: Payload) -> Payload:
    """Find the message, as it is now, in an event that tells of a change; empty in all others."""
    found: Payload = (body.get("event") or {}).get("message") or {}
    return found


def private_channel(body: Payload) -> str:
    """Name the private channel that an event tells of; empty where it tells of none.

    https://docs.slack.dev/reference/events/message.groups
    https://docs.slack.dev/reference/events/member_joined_channel
    """
    inner = body.get("event") or {}
    channel = inner.get("channel")
    return channel if isinstance(channel, str) and inner.get("channel_type") in {"group", "G"} else ""


def _place(inner: Payload, private: frozenset[str]) -> dict[str, Any]:
    """Tell in which channel an event happened, and whether that is a private one."""
    found = inner.get("channel") or (inner.get("item") or {}).get("channel")
    channel = found if isinstance(found, str) else ""
    return {
        "channel": channel,
        "private": inner.get("channel_type") in _PRIVATE or _is_private(channel, "", private),
    }


def _key(kind: str, name: object) -> str:
    """Name what stays the same when Slack delivers again; empty when Slack gave nothing to tell it by."""
    return f"{kind}:{name}" if name else ""


def _person(body: Payload) -> str:
    return str((body.get("user") or {}).get("id", ""))


def _workspace(body: Payload) -> str:
    """Prefer the person's own workspace: in a shared channel it is not that of the channel."""
    user, team = body.get("user") or {}, body.get("team") or {}
    return str(user.get("team_id") or team.get("id", ""))


def _is_private(channel: str, name: str, private: frozenset[str]) -> bool:
    """Tell private channels: Slack names them so, the id of an old one begins with G, or it is known (`private`).

    Slack mostly names a private channel `privategroup`, a conversation of several people `mpdm-…`, and one of two
    `directmessage`: that is no channel. https://docs.slack.dev/reference/objects/group-object
    """
    return name == "privategroup" or name.startswith("mpdm-") or channel.startswith("G") or channel in private


def _values(view: Payload) -> dict[str, str]:
    """Flatten what was filled in: field (block id) to text; a choice gives its value, several are joined by commas."""
    found = {}
    for block, actions in ((view.get("state") or {}).get("values") or {}).items():
        for state in actions.values():
            found[str(block)] = _value(state)
    return found


def _value(state: Mapping[str, Any]) -> str:
    if "selected_options" in state:
        return ",".join(str(option["value"]) for option in state["selected_options"] or ())
    if option := state.get("selected_option"):
        return str(option["value"])
    for key in ("value", "selected_user", "selected_conversation", "selected_date", "selected_time"):
        if state.get(key) is not None:
            return str(state[key])
    return ""
