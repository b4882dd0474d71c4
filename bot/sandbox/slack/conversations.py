"""The Web API's `conversations.*`: https://docs.slack.dev/reference/methods."""

import itertools
from collections.abc import Iterable

from bot.sandbox.slack.calls import Call, method
from bot.sandbox.slack.payloads import channel_payload, message_payload, tombstone
from bot.sandbox.slack.state import Json, Message, SlackError

_READ = "channels:read groups:read im:read mpim:read"
_HISTORY = "channels:history groups:history im:history mpim:history"
_OPEN = "channels:manage groups:write im:write mpim:write"
_TOPIC = {
    "channel": ("channels:write.topic", "channels:manage"),
    "group": ("groups:write.topic", "groups:write"),
    "im": ("im:write.topic", "im:write"),
}
_MOST_TOPIC_CHARACTERS = 250


def _info(call: Call) -> Json:
    channel = call.channel("read")
    shown = channel_payload(call.world, channel)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def _members(call: Call) -> Json:
    channel = call.channel("read")
    page, following = call.page(channel.members, 100)
    return {"members": page, "response_metadata": following}


def _list(call: Call) -> Json:
    world = call.world
    kinds = call.names("types") or ["public_channel"]
    known = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    if not set(kinds) <= set(known):
        raise SlackError("invalid_types")
    wanted = {known[each] for each in kinds}
    found = [
        each
        for each in world.channels.values()
        if each.kind in wanted and (each.kind == "channel" or world.bot_user in each.members)
        if not (each.is_archived and call.flag("exclude_archived"))
    ]
    page, following = call.page(found, 100)
    return {"channels": [channel_payload(world, each) for each in page], "response_metadata": following}


def _open(call: Call) -> Json:
    world = call.world
    users = call.names("users")
    if call.text("channel"):
        channel = call.channel()
    elif not users:
        raise SlackError("users_list_not_supplied")
    elif len(users) > 1:
        raise SlackError("invalid_user_combination")
    else:
        member = world.members.get(users[0])
        if member is None:
            raise SlackError("user_not_found")
        if member.deleted:
            raise SlackError("user_disabled")
        if member.is_bot:
            raise SlackError("cannot_dm_bot")
        channel = world.direct(member.id)
    return {"channel": channel_payload(world, channel) if call.flag("return_im") else {"id": channel.id}}


def _history(call: Call) -> Json:
    channel = call.channel("history", member=True)
    said = [each for each in channel.messages if each.only_for is None and (not each.is_reply or each.broadcast)]
    page, following = call.page(list(reversed(list(_between(call, said)))), 100)
    more = bool(following["next_cursor"])
    answer: Json = {"messages": [_shown(call, each) for each in page], "has_more": more, "pin_count": 0}
    return answer | ({"response_metadata": following} if more else {})


def _replies(call: Call) -> Json:
    """The thread; with the `ts` of a reply only that reply, as Slack does it."""
    channel, ts = call.channel("history", member=True), call.text("ts")
    said = [each for each in channel.messages if each.only_for is None]
    later = [each for each in said if each.is_reply and each.thread_ts == ts]
    first = channel.find(ts)
    if first is None and not later:
        raise SlackError("thread_not_found")
    page, following = call.page([first, *_between(call, later)], 1000)
    more = bool(following["next_cursor"])
    shown = [_shown(call, each) if each else tombstone(ts) for each in page]
    answer: Json = {"messages": shown, "has_more": more}
    return answer | ({"response_metadata": following} if more else {})


def _between(call: Call, said: Iterable[Message]) -> Iterable[Message]:
    oldest, latest = _ts(call, "oldest"), _ts(call, "latest")
    inclusive = call.flag("inclusive")
    for each in said:
        at = _number(each.ts)
        if (inclusive and at in (oldest, latest)) or (
            (oldest is None or at > oldest) and (latest is None or at < latest)
        ):
            yield each


def _ts(call: Call, key: str) -> int | None:
    text = call.text(key)
    if text in {"", "0", "now"}:
        return None
    try:
        return _number(text)
    except ValueError:
        raise SlackError(f"invalid_ts_{key}") from None


def _number(ts: str) -> int:
    """Microseconds; a float would blur the last digits."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction.ljust(6, "0")[:6] or 0)


def _shown(call: Call, message: Message) -> Json:
    return message_payload(call.world, message, metadata=call.flag("include_all_metadata"))


def _set_topic(call: Call) -> Json:
    channel = call.channel(member=True)
    call.needs(*_TOPIC[channel.kind])
    if channel.is_archived:
        raise SlackError("is_archived")
    if len(call.text("topic")) > _MOST_TOPIC_CHARACTERS:
        raise SlackError("too_long")
    call.world.set_topic(call.world.bot_user, channel.id, call.text("topic"))
    return {"channel": channel_payload(call.world, channel)}


def _join(call: Call) -> Json:
    channel = call.channel()
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    call.world.joins(call.world.bot_user, channel.id)
    return {"channel": channel_payload(call.world, channel)}


METHODS = {
    "conversations.info": method(_info, "channel", _READ),
    "conversations.members": method(_members, "channel", _READ),
    "conversations.list": method(_list, "", _READ),
    "conversations.open": method(_open, "", _OPEN),
    "conversations.history": method(_history, "channel", _HISTORY),
    "conversations.replies": method(_replies, "channel ts", _HISTORY),
    "conversations.setTopic": method(
        _set_topic, "channel topic", " ".join([*itertools.chain(*_TOPIC.values()), "mpim:write.topic mpim:write"])
    ),
    "conversations.join": method(_join, "channel", "channels:join"),
}
