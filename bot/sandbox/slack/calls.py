"""A call of a Web API method: its arguments as Slack reads them, and the questions every method asks.

https://docs.slack.dev/apis/web-api
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from bot.sandbox.slack.speech import parsed
from bot.sandbox.slack.state import Channel, Json, Message, SlackError

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

_Item = TypeVar("_Item")
_FAMILIES = {"channel": "channels", "group": "groups", "im": "im"}


class Call(NamedTuple):
    """One call; arguments arrive as form text or as JSON values."""

    world: "SlackWorld"
    args: Mapping[str, Any]
    origin: str

    def text(self, key: str) -> str:
        """An argument as text; empty if it is not there."""
        value = self.args.get(key)
        return "" if value is None else str(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """An argument that says yes or no."""
        value = self.text(key).casefold()
        return value in {"true", "1"} if value else default

    def number(self, key: str, default: int) -> int:
        """An argument that counts."""
        try:
            return int(self.text(key) or default)
        except ValueError:
            raise SlackError("invalid_arguments") from None

    def json(self, key: str, error: str = "invalid_arguments") -> Any:  # noqa: ANN401 - JSON
        """An argument that is JSON, as text or as it is."""
        return parsed(self.args.get(key), error)

    def names(self, key: str) -> list[str]:
        """An argument that lists things, separated by commas or as a JSON array."""
        value = self.args.get(key)
        given = value if isinstance(value, list) else self.text(key).split(",")
        return [str(each).strip() for each in given if str(each).strip()]

    def needs(self, *scopes: str) -> None:
        """Refuses unless the app has one of these scopes."""
        if scopes and not self.world.scopes & set(scopes):
            provided = ",".join(sorted(self.world.scopes))
            raise SlackError("missing_scope", needed=",".join(scopes), provided=provided)

    def channel(self, purpose: str = "", *, member: bool = False) -> Channel:
        """The channel of the argument `channel`, with the scope its kind needs for this purpose.

        Private ones are hidden from those outside; what was said is for members only.
        """
        world = self.world
        found = world.channels.get(self.text("channel"))
        if found is None:
            raise SlackError("channel_not_found")
        if purpose:
            self.needs(f"{_FAMILIES[found.kind]}:{purpose}")
        if world.bot_user not in found.members:
            if found.kind != "channel":
                raise SlackError("channel_not_found")
            if member:
                raise SlackError("not_in_channel")
        return found

    def message(self, channel: Channel, key: str = "ts") -> Message:
        """The message of an argument that is a `ts`."""
        found = channel.find(self.text(key))
        if found is None:
            raise SlackError("message_not_found")
        return found

    def page(self, items: Sequence[_Item], default: int) -> tuple[list[_Item], Json]:
        """One page of a list, and the cursor to the next."""
        limit = self.number("limit", default) or default
        if not 0 < limit <= 1000:
            raise SlackError("invalid_limit")
        begin = _position(self.text("cursor"))
        end = begin + limit
        cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
        return list(items[begin:end]), {"next_cursor": cursor}


class Method(NamedTuple):
    """A method: what it does, which arguments it must have, and of which scopes it needs one."""

    run: Callable[[Call], Json]
    required: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


def method(run: Callable[[Call], Json], required: str = "", scopes: str = "") -> Method:
    """A method, its arguments and scopes as words."""
    return Method(run, tuple(required.split()), tuple(scopes.split()))


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
        if word == "next":
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise SlackError("invalid_cursor")
