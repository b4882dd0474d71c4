"""What the bot hears without being asked: the events it may have subscribed to.

https://docs.slack.dev/reference/events and https://docs.slack.dev/apis/events-api
"""

from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.sandbox.slack.payloads import (
    message_payload,
    replies_to,
    tombstone,
    user_payload,
    usergroup_payload,
    view_payload,
)
from bot.sandbox.slack.state import Channel, Json, Member, Message, Usergroup

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

_SUBSCRIPTIONS = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


class Event(NamedTuple):
    """One event; heard only if subscribed to, and only where the bot is a member (`channel` None: everywhere)."""

    subscription: str
    channel: str | None
    body: Json


def posted(world: "SlackWorld", message: Message) -> list[Event]:
    """Somebody said something; a mention of the bot is an event of its own."""
    channel = world.channels[message.channel]
    spoken = message_payload(world, message, metadata=True)
    event_of = {"channel": channel.id, "event_ts": message.ts}
    said = [_message(channel, spoken | event_of | {"channel_type": channel.kind})]
    if f"<@{world.bot_user}>" in message.text and message.user != world.bot_user:
        said.append(Event("app_mention", channel.id, spoken | event_of | {"type": "app_mention"}))
    return said


def changed(world: "SlackWorld", message: Message, before: Json) -> list[Event]:
    """A message says something else now."""
    now = message_payload(world, message, metadata=True)
    return [_about(world, message, {"subtype": "message_changed", "message": now, "previous_message": before})]


def deleted(world: "SlackWorld", message: Message, before: Json) -> list[Event]:
    """A message is gone; the first one of a thread leaves a tombstone, which Slack tells as a change."""
    if replies_to(world, message):
        kept = {key: before[key] for key in before if key.startswith(("reply_", "latest_", "team"))}
        stone = {**kept, **tombstone(message.ts)}
        return [_about(world, message, {"subtype": "message_changed", "message": stone, "previous_message": before})]
    gone = {"subtype": "message_deleted", "deleted_ts": message.ts, "previous_message": before}
    return [_about(world, message, gone)]


def reaction(
    world: "SlackWorld",
    kind: Literal["reaction_added", "reaction_removed"],
    user: str,
    message: Message,
    name: str,
) -> list[Event]:
    """A reaction was put on or taken off; a message without a user has no `item_user`."""
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    body: Json = {"type": kind, "user": user, "reaction": name, "item": item, "event_ts": world.next_ts()}
    if message.subtype != "bot_message":
        body["item_user"] = message.user
    return [Event(kind, message.channel, body)]


def home_opened(world: "SlackWorld", user: str, tab: Literal["home", "messages"] = "home") -> list[Event]:
    """Somebody looks at one of the bot's tabs; on the Home tab, at what stands there already."""
    body: Json = {"type": "app_home_opened", "user": user, "channel": world.direct(user).id, "tab": tab}
    body["event_ts"] = world.next_ts()
    if tab == "home" and user in world.homes:
        body["view"] = view_payload(world, world.homes[user])
    return [Event("app_home_opened", None, body)]


def user_change(world: "SlackWorld", member: Member) -> list[Event]:
    """An account is not as it was."""
    body = {"type": "user_change", "user": user_payload(world, member), "cache_ts": member.updated}
    return [Event("user_change", None, body | {"event_ts": world.next_ts()})]


def subteam_updated(world: "SlackWorld", group: Usergroup) -> list[Event]:
    """A user group is not as it was."""
    body = {"type": "subteam_updated", "subteam": usergroup_payload(world, group), "event_ts": world.next_ts()}
    return [Event("subteam_updated", None, body)]


def membership(
    world: "SlackWorld",
    kind: Literal["member_joined_channel", "member_left_channel"],
    user: str,
    channel: Channel,
) -> list[Event]:
    """Somebody came or went."""
    body = {"type": kind, "user": user, "channel": channel.id, "channel_type": channel.id[0], "team": world.team_id}
    return [Event(kind, channel.id, body | {"event_ts": world.next_ts()})]


def callback(world: "SlackWorld", event: Event) -> Json:
    """The envelope an event travels in (https://docs.slack.dev/apis/events-api#callback-field)."""
    authorization = {
        "enterprise_id": None,
        "team_id": world.team_id,
        "user_id": world.bot_user,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "sandbox-verification-token",
        "team_id": world.team_id,
        "context_team_id": world.team_id,
        "context_enterprise_id": None,
        "api_app_id": world.app_id,
        "event": event.body,
        "type": "event_callback",
        "event_id": world.next_id("Ev"),
        "event_time": int(world.clock()),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": world.next_id("EC"),
    }


def may_hear(world: "SlackWorld", event: Event) -> bool:
    """Whether Slack would tell the bot at all."""
    if event.subscription not in world.subscriptions:
        return False
    return event.channel is None or world.bot_user in world.channels[event.channel].members


def _message(channel: Channel, body: Json) -> Event:
    return Event(_SUBSCRIPTIONS[channel.kind], channel.id, body)


def _about(world: "SlackWorld", message: Message, body: Json) -> Event:
    channel = world.channels[message.channel]
    at = world.next_ts()
    return _message(
        channel,
        {
            "type": "message",
            "channel": channel.id,
            "hidden": True,
            "ts": at,
            "event_ts": at,
            "channel_type": channel.kind,
            **body,
        },
    )
