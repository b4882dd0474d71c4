"""Slack's payloads, read into requests. The one place that knows their keys.

https://docs.slack.dev/interactivity/implementing-slash-commands
https://docs.slack.dev/reference/interaction-payloads
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.dialogue import Request

Payload = Mapping[str, Any]


def command(body: Payload, *, request: str, at: datetime, envelope: str = "", private: frozenset[str]) -> Request:
    """Read a slash command."""
    channel = str(body.get("channel_id", ""))
    return Request(
        id=request,
        kind="command",
        name=str(body.get("command", "")).lstrip("/").casefold(),
        who=str(body.get("user_id", "")),
        at=at,
        key=_key("trigger", body.get("trigger_id")) or _key("envelope", envelope),
        workspace=str(body.get("team_id", "")),
        channel=channel,
        private=_is_private(channel, str(body.get("channel_name", "")), private),
        text=str(body.get("text") or ""),
        trigger=str(body.get("trigger_id", "")),
        response_url=str(body.get("response_url", "")),
    )


def button(body: Payload, *, request: str, at: datetime, envelope: str = "", private: frozenset[str]) -> Request:
    """Read a click on a button, in a message, a modal or the Home tab."""
    action = (body.get("actions") or [{}])[0]
    channel = body.get("channel") or {}
    view = body.get("view") or {}
    return Request(
        id=request,
        kind="button",
        name=str(action.get("action_id", "")),
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
        about=str(action.get("value") or view.get("private_metadata") or ""),
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
        values=_values((view.get("state") or {}).get("values") or {}),
    )


def shortcut(body: Payload, *, request: str, at: datetime, envelope: str = "", private: frozenset[str]) -> Request:
    """Read a shortcut on a message."""
    channel = body.get("channel") or {}
    return Request(
        id=request,
        kind="shortcut",
        name=str(body.get("callback_id", "")),
        who=_person(body),
        at=at,
        key=_key("trigger", body.get("trigger_id")) or _key("envelope", envelope),
        workspace=_workspace(body),
        channel=str(channel.get("id", "")),
        private=_is_private(str(channel.get("id", "")), str(channel.get("name", "")), private),
        trigger=str(body.get("trigger_id", "")),
        response_url=str(body.get("response_url", "")),
    )


def event(body: Payload, *, request: str, at: datetime, envelope: str = "") -> Request:
    """Read an event of Slack's Events API."""
    inner = body.get("event") or {}
    user = inner.get("user")
    who = user.get("id", "") if isinstance(user, dict) else user
    return Request(
        id=request,
        kind="event",
        name=str(inner.get("type", "")),
        who=str(who or ""),
        at=at,
        key=_key("event", body.get("event_id")) or _key("envelope", envelope),
        workspace=str(body.get("team_id", "")),
        channel=str(inner.get("channel", "")) if isinstance(inner.get("channel"), str) else "",
        about=str(inner.get("subteam_id") or (inner.get("subteam") or {}).get("id", "")),
    )


def private_channel(body: Payload) -> str:
    """Name the private channel that an event tells of; empty where it tells of none.

    https://docs.slack.dev/reference/events/message.groups
    https://docs.slack.dev/reference/events/member_joined_channel
    """
    inner = body.get("event") or {}
    channel = inner.get("channel")
    return channel if isinstance(channel, str) and inner.get("channel_type") in {"group", "G"} else ""


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


def _values(values: Mapping[str, Any]) -> dict[str, str]:
    """Flatten what was filled in: field (block id) to text; a choice gives its value, several are joined by commas."""
    found = {}
    for block, actions in values.items():
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
