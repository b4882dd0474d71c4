"""What Slack tells the bot when somebody types a command, presses a button, uses a shortcut or sends a form.

https://docs.slack.dev/reference/interaction-payloads and
https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import re
from typing import TYPE_CHECKING

from bot.sandbox.slack.forms import Part, entries_of
from bot.sandbox.slack.payloads import message_payload, view_payload
from bot.sandbox.slack.requests import Outgoing
from bot.sandbox.slack.state import Channel, Json, Message, View

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

TOKEN = "sandbox-verification-token"
_WORD = re.compile(r"(?P<url>https?://[^\s<>]+)|(?<![\w@#])(?P<sign>[@#])(?P<name>[\w.\-]*\w)")
_EVERYBODY = {"here", "channel", "everyone"}


def escaped(world: "SlackWorld", text: str) -> str:
    """A command's text with `should_escape`: mentions, channels and links as tokens, `&`, `<` and `>` as entities."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _WORD.sub(lambda match: _token(world, match), text)


def _token(world: "SlackWorld", match: re.Match[str]) -> str:
    if match["url"]:
        return f"<{match['url']}>"
    name = match["name"]
    found = _channel_token(world, name) if match["sign"] == "#" else _mention(world, name)
    return found or match[0]


def _channel_token(world: "SlackWorld", name: str) -> str:
    found = next((each for each in world.channels.values() if each.name == name and each.kind != "im"), None)
    return f"<#{found.id}|{found.name}>" if found else ""


def _mention(world: "SlackWorld", name: str) -> str:
    if name in _EVERYBODY:
        return f"<!{name}>"
    member = next((each for each in world.members.values() if each.name == name), None)
    if member is not None:
        return f"<@{member.id}|{member.name}>"
    group = next((each for each in world.usergroups.values() if each.handle == name), None)
    return f"<!subteam^{group.id}|@{group.handle}>" if group else ""


def command(world: "SlackWorld", user: str, channel: Channel, name: str, text: str) -> Outgoing:
    """A slash command."""
    escapes = world.commands is None or world.commands.get(name, False)
    payload: Json = {
        "token": TOKEN,
        "team_id": world.team_id,
        "team_domain": "sandbox",
        "channel_id": channel.id,
        "channel_name": channel.spoken_name,
        "user_id": user,
        "user_name": world.members[user].name,
        "command": name,
        "text": escaped(world, text) if escapes else text,
        "api_app_id": world.app_id,
        "is_enterprise_install": "false",
        "response_url": world.new_response_url(user, channel.id),
        "trigger_id": world.new_trigger(user),
    }
    return Outgoing("slash_commands", payload, answered=True)


def pressed_in_message(world: "SlackWorld", user: str, message: Message, part: Part, change: Json) -> Outgoing:
    """A button or menu of a message was used; `change` is what the element says of it."""
    channel = world.channels[message.channel]
    ephemeral = message.only_for is not None
    container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    values = entries_of(message.blocks)
    if part.action_id in values.get(part.block_id, {}):
        values[part.block_id][part.action_id] = {"type": part.element["type"], **change}
    payload = _interaction(world, "block_actions", user) | {
        "container": container,
        "trigger_id": world.new_trigger(user),
        "channel": {"id": channel.id, "name": channel.spoken_name},
        "state": {"values": values},
        "response_url": world.new_response_url(user, channel.id, message),
        "actions": [_action(world, part, change)],
    }
    if not ephemeral:
        payload["message"] = message_payload(world, message, metadata=True)
    return Outgoing("interactive", payload)


def pressed_in_view(world: "SlackWorld", view: View, part: Part, change: Json) -> Outgoing:
    """A button or menu of a modal or Home tab was used."""
    payload = _interaction(world, "block_actions", view.user) | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": world.new_trigger(view.user, view.id),
        "view": view_payload(world, view),
        "actions": [_action(world, part, change)],
    }
    return Outgoing("interactive", payload)


def message_shortcut(world: "SlackWorld", user: str, message: Message, callback_id: str) -> Outgoing:
    """A shortcut was used on a message, also where the bot is no member."""
    channel = world.channels[message.channel]
    interaction = _interaction(world, "message_action", user)
    # Of all interactions, only this one does not say whose app it is for, nor the name under its old key.
    del interaction["api_app_id"], interaction["user"]["username"]
    payload = interaction | {
        "action_ts": world.next_ts(),
        "callback_id": callback_id,
        "trigger_id": world.new_trigger(user),
        "response_url": world.new_response_url(user, channel.id, message),
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel.spoken_name},
        "message": message_payload(world, message),
    }
    return Outgoing("interactive", payload)


def global_shortcut(world: "SlackWorld", user: str, callback_id: str) -> Outgoing:
    """A shortcut was used that belongs to no message."""
    payload = _interaction(world, "shortcut", user) | {
        "action_ts": world.next_ts(),
        "callback_id": callback_id,
        "trigger_id": world.new_trigger(user),
    }
    return Outgoing("interactive", payload)


def submission(world: "SlackWorld", view: View) -> Outgoing:
    """A modal was sent."""
    payload = _interaction(world, "view_submission", view.user) | {
        "trigger_id": world.new_trigger(view.user, view.id),
        "view": view_payload(world, view),
        "response_urls": [],
    }
    return Outgoing("interactive", payload, answered=True)


def closing(world: "SlackWorld", view: View, *, cleared: bool) -> Outgoing:
    """A modal was closed without being sent."""
    payload = _interaction(world, "view_closed", view.user) | {
        "view": view_payload(world, view),
        "is_cleared": cleared,
    }
    return Outgoing("interactive", payload)


def _interaction(world: "SlackWorld", kind: str, user: str) -> Json:
    member = world.members[user]
    return {
        "type": kind,
        "team": {"id": world.team_id, "domain": "sandbox"},
        "user": {"id": user, "username": member.name, "name": member.name, "team_id": member.team_id},
        "api_app_id": world.app_id,
        "token": TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _action(world: "SlackWorld", part: Part, change: Json) -> Json:
    action = {"type": part.element["type"], "action_id": part.action_id, "block_id": part.block_id}
    repeated = ("text", "value", "style", "url", "confirm") if part.element["type"] == "button" else ("placeholder",)
    action |= {key: part.element[key] for key in repeated if key in part.element}
    return action | change | {"action_ts": world.next_ts()}
