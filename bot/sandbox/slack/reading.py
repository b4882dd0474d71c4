"""How far each person has read, so that what is new can be marked: in channels, in direct talks, in threads.

What a person says is read by that person; what only one person sees is never new to anybody.
"""

from typing import TYPE_CHECKING, NamedTuple

from bot.sandbox.slack.payloads import replies_to
from bot.sandbox.slack.state import Channel, Message

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

_EVERYBODY = ("<!here", "<!channel", "<!everyone")


class Unread(NamedTuple):
    """How much is new in a place, and how much of it calls the person."""

    messages: int = 0
    mentions: int = 0


def mark_read(world: "SlackWorld", user: str, place: str, ts: str) -> None:
    """Somebody has read as far as this; `place` is a channel's id, or that of a thread (`thread_of`)."""
    with world.lock:
        if ts <= world.last_read.get((user, place), ""):
            return
        world.last_read[user, place] = ts
    world.changes.happened()


def unread_in_channel(world: "SlackWorld", user: str, channel: Channel) -> Unread:
    """What is new in a channel, its threads apart."""
    said = [each for each in channel.messages if not each.is_reply or each.broadcast]
    new = _new(world, user, channel.id, said)
    calling = new if channel.kind == "im" else [each for each in new if _calls(user, each)]
    return Unread(len(new), len(calling))


def unread_in_thread(world: "SlackWorld", user: str, first: Message) -> int:
    """How many replies are new in a thread."""
    return len(_new(world, user, thread_of(first), replies_to(world, first)))


def follows(world: "SlackWorld", user: str, first: Message) -> bool:
    """Whether somebody takes part in a thread: began it, replied, or was called in it."""
    replies = replies_to(world, first)
    return bool(replies) and any(each.user == user or _calls(user, each) for each in [first, *replies])


def thread_of(first: Message) -> str:
    """The name of the place that the replies to a message are."""
    return f"{first.channel}:{first.ts}"


def _new(world: "SlackWorld", user: str, place: str, said: list[Message]) -> list[Message]:
    seen = world.last_read.get((user, place), "")
    return [each for each in said if each.ts > seen and each.user != user and each.only_for is None]


def _calls(user: str, message: Message) -> bool:
    return (
        f"<@{user}>" in message.text or f"<@{user}|" in message.text or any(each in message.text for each in _EVERYBODY)
    )
