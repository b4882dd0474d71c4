"""The objects of Slack as it shows them: users, channels, messages, files, views.

https://docs.slack.dev/reference/objects
"""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.sandbox.slack.state import Channel, File, Json, Kind, Member, Message, Usergroup, View

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

_TOKEN = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_SENT_AS_TOKEN = re.compile(r"(<(?:[@#!]|https?://|mailto:)[^<>]*>)")
_EMOJI = re.compile(r"(?<!\w):([a-z][a-z0-9_+-]*|[+-]1):(?!\w)")


def moment(at: float) -> datetime:
    """An instant of the world's clock."""
    return datetime.fromtimestamp(at, UTC)


def kind_of(*, private: bool, direct: bool) -> Kind:
    """Slack's three kinds of conversation."""
    if direct:
        return "im"
    return "group" if private else "channel"


def unescaped(text: str) -> str:
    """Entities as characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escaped(text: str) -> str:
    """Characters as entities; tokens (mentions, links) stay what they are."""
    pieces = _SENT_AS_TOKEN.split(text)
    pieces[::2] = [each.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for each in pieces[::2]]
    return "".join(pieces)


def rich_text(text: str) -> list[Json]:
    """The blocks Slack makes itself of what a person types."""
    elements: list[Json] = []
    position = 0
    for match in _TOKEN.finditer(text):
        _append_text(elements, text[position : match.start()])
        elements.append(_rich_element(*match.groups()))
        position = match.end()
    _append_text(elements, text[position:])
    if not elements:
        return []
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "typed", "elements": [section]}]


def _append_text(elements: list[Json], text: str) -> None:
    # Every second piece is the name of an emoji.
    for number, piece in enumerate(_EMOJI.split(text)):
        if number % 2:
            elements.append({"type": "emoji", "name": piece})
        elif piece:
            elements.append({"type": "text", "text": unescaped(piece)})


def _rich_element(sign: str, target: str, label: str | None) -> Json:
    if sign == "@":
        return {"type": "user", "user_id": target}
    if sign == "#":
        return {"type": "channel", "channel_id": target}
    if target.startswith("subteam^"):
        return {"type": "usergroup", "usergroup_id": target.removeprefix("subteam^")}
    if sign == "!":
        return {"type": "broadcast", "range": target}
    return {"type": "link", "url": target, **({"text": label} if label else {})}


def user_payload(world: "SlackWorld", member: Member, *, locale: bool = False) -> Json:
    """A user object; somebody deactivated has no zone any more, and the address needs its own scope."""
    profile: Json = {
        "real_name": member.real_name,
        "real_name_normalized": member.real_name,
        "display_name": member.name,
        "display_name_normalized": member.name,
        "team": member.team_id,
    }
    if "users:read.email" in world.scopes and not member.is_bot:
        profile["email"] = member.email
    if member.is_bot:
        profile |= {"bot_id": member.bot_id, "api_app_id": member.app_id}
    user: Json = {"id": member.id, "team_id": member.team_id, "name": member.name, "deleted": member.deleted}
    user |= {"is_bot": member.is_bot, "is_app_user": False, "updated": member.updated, "profile": profile}
    if not member.deleted:
        user |= _standing(world, member)
    if member.team_id != world.team_id:
        user["is_stranger"] = False
    if locale:
        user["locale"] = "en-US"
    return user


def _standing(world: "SlackWorld", member: Member) -> Json:
    return {
        "color": "9f69e7",
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": member.tz,
        "tz_offset": world.tz_offset(member),
        "is_admin": member.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": member.is_restricted,
        "is_ultra_restricted": member.is_ultra_restricted,
    }


def channel_payload(world: "SlackWorld", channel: Channel) -> Json:
    """A conversation object."""
    shown: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_im": channel.kind == "im",
        "is_mpim": False,
        "is_archived": channel.is_archived,
        "is_org_shared": False,
    }
    if channel.kind == "im":
        other = next((each for each in channel.members if each != world.bot_user), world.bot_user)
        return shown | {"user": other, "is_open": True}
    topic = {"value": channel.topic, "creator": "", "last_set": 0}
    return shown | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": False,
        "is_private": channel.kind == "group",
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_member": world.bot_user in channel.members,
        "context_team_id": world.team_id,
        "creator": next(iter(channel.members), world.bot_user),
        "topic": topic,
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
    }


def usergroup_payload(world: "SlackWorld", group: Usergroup, *, users: bool = True) -> Json:
    """A user group object."""
    shown: Json = {
        "id": group.id,
        "team_id": world.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_update": group.updated,
        "date_delete": int(group.disabled),
        "user_count": len(group.users),
    }
    return shown | ({"users": list(group.users)} if users else {})


def file_payload(world: "SlackWorld", file: File) -> Json:
    """A file object."""
    extension = file.name.rpartition(".")[2] if "." in file.name else "text"
    address = f"{world.url}/files/{file.id}/{file.name}"
    alternative = {"alt_txt": file.alternative} if file.alternative else {}
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": {"png": "image/png", "csv": "text/csv", "json": "application/json"}.get(extension, "text/plain"),
        "filetype": extension,
        "user": file.user,
        "size": file.size,
        "mode": "hosted",
        "is_external": False,
        "is_public": bool(file.channels),
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
        **alternative,
    }


def bot_profile(world: "SlackWorld", bot_id: str) -> Json:
    """Who a bot is."""
    bot = next((each for each in world.members.values() if each.bot_id == bot_id), None)
    icons = {f"image_{size}": f"{world.url}/icon/{size}.png" for size in (36, 48, 72)}
    shown: Json = {"id": bot_id, "deleted": bool(bot and bot.deleted), "name": bot.real_name if bot else bot_id}
    return shown | {"updated": 0, "app_id": bot.app_id if bot else "", "icons": icons, "team_id": world.team_id}


def message_payload(world: "SlackWorld", message: Message, *, metadata: bool = False) -> Json:
    """A message object (https://docs.slack.dev/reference/objects/message-object)."""
    shown: Json = {"type": "message", "ts": message.ts, "text": message.text, "team": world.team_id}
    optional: Json = {
        "subtype": message.subtype,
        "user": "" if message.subtype == "bot_message" else message.user,
        "username": message.username,
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "client_msg_id": message.client_msg_id,
        "topic": message.topic,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "files": [file_payload(world, each) for each in message.files],
        "edited": message.edited,
        "thread_ts": message.thread_ts,
        "metadata": message.metadata if metadata else None,
        "reactions": [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ],
    }
    shown |= {key: value for key, value in optional.items() if value}
    if message.bot_id and message.subtype != "bot_message":
        shown["bot_profile"] = bot_profile(world, message.bot_id)
    return shown | _thread(world, message)


def _thread(world: "SlackWorld", message: Message) -> Json:
    said = world.channels[message.channel].messages
    if message.is_reply:
        parent = next((each for each in said if each.ts == message.thread_ts), None)
        return {"parent_user_id": parent.user} if parent and parent.subtype != "bot_message" else {}
    replies = replies_to(world, message)
    if not replies:
        return {}
    users = list(dict.fromkeys(each.user for each in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
    }


def tombstone(ts: str) -> Json:
    """What Slack shows in the place of a thread's first message that was deleted."""
    shown = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": ts, "thread_ts": ts, "hidden": True}
    return shown | {"text": "This message was deleted."}


def replies_to(world: "SlackWorld", message: Message) -> list[Message]:
    """The replies in the thread a message began, as everybody sees them."""
    said = world.channels[message.channel].messages
    return [each for each in said if each.thread_ts == message.ts and each.is_reply and each.only_for is None]


def view_payload(world: "SlackWorld", view: View) -> Json:
    """A view object, with what stands in its inputs (https://docs.slack.dev/reference/views)."""
    given = view.given
    shown: Json = {
        "id": view.id,
        "team_id": world.team_id,
        "type": given["type"],
        "blocks": given["blocks"],
        "private_metadata": given.get("private_metadata") or "",
        "callback_id": given.get("callback_id") or "",
        "state": {"values": {block: dict(entries) for block, entries in view.values.items()}},
        "hash": view.hash,
        "title": _plain(given.get("title")) or {"type": "plain_text", "text": "View Title", "emoji": True},
        "close": _plain(given.get("close")),
        "submit": _plain(given.get("submit")),
        "clear_on_close": bool(given.get("clear_on_close")),
        "notify_on_close": bool(given.get("notify_on_close")),
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": world.app_id,
        "external_id": view.external_id,
        "app_installed_team_id": world.team_id,
        "bot_id": world.bot_id,
    }
    return shown


def _plain(text: Json | None) -> Json | None:
    return None if text is None else {"emoji": True, **text}
