"""What stands on somebody's screen, as JSON: places with unread marks, one conversation, threads, modal, Home tab.

Blocks go out as the app sent them and are drawn in the browser; names, zones and the world's clock go with them.
"""

from bot.sandbox.page.answers import Json
from bot.sandbox.slack import reading
from bot.sandbox.slack.payloads import message_payload, replies_to, view_payload
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.state import Channel, Member, Message, View
from bot.sandbox.slack.world import SlackWorld

MOST_MESSAGES = 400


def shown(world: SlackWorld, person: Persona, place: str) -> Json:
    """Everything on the screen of a person who looks at a place."""
    with world.lock:
        mine = [each for each in world.channels.values() if person.id in each.members]
        channel = next((each for each in mine if each.id == place), None)
        return {
            "now": world.clock(),
            "me": person.id,
            "bot": world.bot_user,
            "takes_words": world.takes_words,
            "members": {each.id: _member(world, each) for each in world.members.values()},
            "usergroups": {
                each.id: {"handle": each.handle, "users": list(each.users)} for each in world.usergroups.values()
            },
            "commands": [_usage(each) for each in world.usages if each.name.startswith("/")],
            "shortcuts": [_usage(each) for each in world.usages if not each.name.startswith("/")],
            "places": [_place(world, person.id, each) for each in mine],
            "threads": _threads(world, person.id, mine),
            "channel": _channel(world, person.id, channel) if channel else None,
            "modal": _modal(world, person.id),
            "home": _view(world, world.homes[person.id]) if person.id in world.homes else None,
        }


def _usage(usage: object) -> Json:
    return dict(vars(usage))


def _member(world: SlackWorld, member: Member) -> Json:
    return {
        "name": member.name,
        "real_name": member.real_name,
        "is_bot": member.is_bot,
        "tz": member.tz,
        "offset": world.tz_offset(member),
        "here": member.team_id == world.team_id and not member.deleted,
    }


def _place(world: SlackWorld, user: str, channel: Channel) -> Json:
    new = reading.unread_in_channel(world, user, channel)
    others = [each for each in channel.members if each != user]
    return {
        "id": channel.id,
        "kind": channel.kind,
        "name": channel.name if channel.kind != "im" else "",
        "with": others[0] if channel.kind == "im" and others else None,
        "topic": channel.topic or channel.purpose,
        "members": list(channel.members),
        "has_bot": world.bot_user in channel.members,
        "unread": new.messages,
        "mentions": new.mentions,
    }


def _channel(world: SlackWorld, user: str, channel: Channel) -> Json:
    seen = [each for each in channel.messages if each.only_for in (None, user)]
    return {
        "id": channel.id,
        "read": world.last_read.get((user, channel.id), ""),
        "messages": [_message(world, user, each) for each in seen[-MOST_MESSAGES:]],
    }


def _message(world: SlackWorld, user: str, message: Message) -> Json:
    return message_payload(world, message) | {
        "by": message.user,
        "only_for_me": message.only_for is not None,
        "is_reply": message.is_reply,
        "broadcast": message.broadcast,
        "unread_replies": reading.unread_in_thread(world, user, message),
    }


def _threads(world: SlackWorld, user: str, channels: list[Channel]) -> list[Json]:
    """The threads somebody takes part in, the liveliest first."""
    found = [
        {
            "channel": channel.id,
            "first": _message(world, user, each),
            "latest": replies_to(world, each)[-1].ts,
            "unread": reading.unread_in_thread(world, user, each),
        }
        for channel in channels
        for each in channel.messages
        if each.only_for is None and not each.is_reply and reading.follows(world, user, each)
    ]
    return sorted(found, key=lambda each: str(each["latest"]), reverse=True)


def _modal(world: SlackWorld, user: str) -> Json | None:
    stack = world.stacks.get(user, [])
    return _view(world, stack[-1]) | {"depth": len(stack)} if stack else None


def _view(world: SlackWorld, view: View) -> Json:
    return view_payload(world, view) | {"errors": dict(view.errors), "trouble": view.trouble}
