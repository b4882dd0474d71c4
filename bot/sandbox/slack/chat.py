"""The Web API's `chat.*` and `reactions.*`: https://docs.slack.dev/reference/methods."""

from typing import TYPE_CHECKING, Any

from bot.sandbox.slack.calls import Call, method
from bot.sandbox.slack.payloads import message_payload
from bot.sandbox.slack.speech import MOST_CHARACTERS_IN_UPDATE, drafted, judged, metadata_in
from bot.sandbox.slack.state import Channel, Json, Message, SlackError

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

_SECONDS_BETWEEN_POSTS = 1.0


def speakable(world: "SlackWorld", target: str) -> Channel:
    """Where the bot may post: a channel it is in, by id or name, or with a user id the talk with that person."""
    if target in world.members and target != world.bot_user:
        return world.direct(target)
    channel = world.channel(target)
    if world.bot_user not in channel.members:
        public = channel.kind == "channel"
        if not (public and "chat:write.public" in world.scopes):
            raise SlackError("not_in_channel" if public else "channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def _post(call: Call) -> Json:
    world = call.world
    channel = speakable(world, call.text("channel"))
    message = drafted(world, channel.id, call.args)
    message.broadcast = call.flag("reply_broadcast")
    if message.broadcast:
        message.subtype = "thread_broadcast"
    _pace(world, channel)
    world.post(message)
    spoken = message_payload(world, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": spoken}


def _pace(world: "SlackWorld", channel: Channel) -> None:
    """https://docs.slack.dev/apis/web-api/rate-limits: about one message a second in a channel."""
    now = world.clock()
    if world.paces_posts and now - world.last_posts.get(channel.id, 0.0) < _SECONDS_BETWEEN_POSTS:
        raise SlackError("ratelimited", status=429, headers={"Retry-After": "1"})
    world.last_posts[channel.id] = now


def _post_ephemeral(call: Call) -> Json:
    world = call.world
    channel = speakable(world, call.text("channel"))
    if call.text("user") not in channel.members:
        raise SlackError("user_not_in_channel")
    message = drafted(world, channel.id, call.args)
    message.only_for = call.text("user")
    world.post(message)
    return {"message_ts": message.ts}


def _update(call: Call) -> Json:
    world = call.world
    channel = call.channel()
    message = _own(call, channel, "cant_update_message")
    content = judged(call.args, MOST_CHARACTERS_IN_UPDATE)
    if not call.text("text") and not call.args.get("blocks") and not call.args.get("attachments"):
        raise SlackError("no_text")
    # What is left out stays as it was; an empty list takes it away.
    changed: dict[str, Any] = {key: content[key] for key in ("blocks", "attachments") if call.args.get(key) is not None}
    if call.args.get("metadata") is not None:
        changed["metadata"] = metadata_in(call.args)
    text = content["text"] if call.args.get("text") is not None else message.text
    world.edit(message, text, by=world.bot_user, **changed)
    spoken = message_payload(world, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": spoken}


def _delete(call: Call) -> Json:
    channel = call.channel()
    message = _own(call, channel, "cant_delete_message")
    call.world.delete(message, by=call.world.bot_user)
    return {"channel": channel.id, "ts": message.ts}


def _own(call: Call, channel: Channel, error: str) -> Message:
    message = call.message(channel)
    if message.bot_id != call.world.bot_id:
        raise SlackError(error)
    return message


def _permalink(call: Call) -> Json:
    channel = call.channel()
    message = call.message(channel, "message_ts")
    address = f"https://sandbox.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": address}


def _add_reaction(call: Call) -> Json:
    channel = call.channel(member=True)
    message = call.message(channel, "timestamp")
    call.world.react(call.world.bot_user, message, call.text("name").strip(":"))
    return {}


def _get_reactions(call: Call) -> Json:
    if not call.text("channel") or not call.text("timestamp"):
        raise SlackError("no_item_specified")
    channel = call.channel(member=True)
    message = message_payload(call.world, call.message(channel, "timestamp"))
    return {"type": "message", "channel": channel.id, "message": message}


METHODS = {
    "chat.postMessage": method(_post, "channel", "chat:write"),
    "chat.postEphemeral": method(_post_ephemeral, "channel user", "chat:write"),
    "chat.update": method(_update, "channel ts", "chat:write"),
    "chat.delete": method(_delete, "channel ts", "chat:write"),
    "chat.getPermalink": method(_permalink, "channel message_ts"),
    "reactions.add": method(_add_reaction, "channel timestamp name", "reactions:write"),
    "reactions.get": method(_get_reactions, "", "reactions:read"),
}
