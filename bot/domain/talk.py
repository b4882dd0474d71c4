"""What people say in Slack, as far as the log needs it: values read from messages."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.commands import can_be_seen

CUT = " … (cut here; the message says more)"


@dataclass(frozen=True)
class Said:
    """One message. `ts` is Slack's id of it, `thread` that of the first message of its thread (its own, if it is that).

    `text` is what was typed, with people by name (`@bob`); where a message has none, it is what its blocks or
    attachments say. `by` is a Slack id, empty for a bot's, whose `name` is then all that is known. `own` tells that it
    is Baton's. `files` are named and linked, never opened to anybody. `answered` tells that it has replies.
    `reactions` are the names of those on it.
    """

    channel: str
    ts: str
    at: datetime
    text: str
    by: str = ""
    name: str = ""
    own: bool = False
    thread: str = ""
    answered: bool = False
    permalink: str = ""
    files: tuple[tuple[str, str], ...] = ()
    reactions: tuple[str, ...] = ()

    def logged(self, most: int) -> str:
        """Give the text that an event has of it, with its files; what is longer than `most` is cut, and says so.

        Of a long message the words are cut rather than the files, unless those alone are too many. Where nothing can be
        seen, there is nothing to log.
        """
        files = "".join(f"\n(file: {name} {url})" for name, url in self.files)
        if not files and not can_be_seen(self.text):
            return ""
        if len(files) < most // 2:
            return f"{_cut(self.text, most - len(files))}{files}".strip()
        return _cut(f"{self.text}{files}".strip(), most)

    @property
    def author(self) -> str:
        """Name whose words they are: a Slack id, or `bot:` and a bot's name."""
        return self.by or f"bot:{self.name}"

    @property
    def key(self) -> str:
        """Name it: the same message is logged once."""
        return f"message:{self.channel}:{self.ts}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


@dataclass(frozen=True)
class Talk:
    """A message, and its thread in order where that was asked for; None where Slack does not show it."""

    message: Said | None
    thread: tuple[Said, ...] = ()
