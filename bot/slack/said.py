"""Messages as Slack describes them, read into what somebody said.

https://docs.slack.dev/reference/objects/message-object
https://docs.slack.dev/reference/block-kit/blocks
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.talk import Said
from bot.slack.markup import NOBODY, as_typed, linked

Message = Mapping[str, Any]
SAYS_NOTHING = "[no preview available]"
"""What Slack puts into an attachment that has no fallback."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_TS = re.compile(r"([0-9]{1,11})\.([0-9]{6})", re.ASCII)
_MENTIONED = re.compile(r'<@([UW][A-Z0-9]+)[|>]|"user_id": "([UW][A-Z0-9]+)"')
_WORDLESS = frozenset({"actions", "input", "divider", "file"})
_SPEAKING = ("pretext", "title", "subtitle", "text", "body", "description")


@dataclass(frozen=True)
class Reader:
    """Reads messages. `own` are Baton's ids (user, bot, app), `names` people's by id, `workspace` begins permalinks."""

    own: Collection[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=lambda: NOBODY)
    workspace: str = ""

    def read(self, message: Message, channel: str) -> Said | None:
        """Read a message of a channel; None for what is no message, such as the place of a deleted one."""
        ts, thread = str(message.get("ts") or ""), str(message.get("thread_ts") or "")
        at = instant(ts)
        if at is None or message.get("subtype") == "tombstone":
            return None
        bot = message.get("bot_id") or message.get("subtype") == "bot_message"
        return Said(
            channel=channel,
            ts=ts,
            at=at,
            text=self.words(message),
            by="" if bot else str(message.get("user") or ""),
            name=_bot_name(message) if bot else "",
            own=any(message.get(key) in self.own for key in ("user", "bot_id", "app_id")),
            thread=thread,
            answered=bool(message.get("reply_count")),
            permalink=permalink(self.workspace, channel, ts, thread),
            files=tuple(_file(each) for each in message.get("files") or () if each.get("name") or each.get("title")),
            reactions=tuple(str(each.get("name")) for each in message.get("reactions") or ()),
        )

    def words(self, message: Message) -> str:
        """Tell what a message says: its text, else its blocks, else its attachments, a line for each piece."""
        text = self._typed(message.get("text"))
        blocks = text or _lines(self._blocks(message.get("blocks")))
        return blocks or _lines(line for each in message.get("attachments") or () for line in self._attached(each))

    def _attached(self, attachment: Message) -> Iterator[str]:
        lines = [*self._plain(attachment), *self._blocks(attachment.get("blocks"))]
        fallback = self._typed(attachment.get("fallback"))
        yield from [line for line in lines if line] or ([] if fallback == SAYS_NOTHING else [fallback])

    def _blocks(self, blocks: object) -> Iterator[str]:
        for block in blocks if isinstance(blocks, list) else ():
            match block.get("type"):
                case "rich_text":
                    yield from self._rich_lines(block)
                case "context":
                    yield " ".join(line for part in block.get("elements") or () for line in self._plain(part))
                case "table":
                    for row in block.get("rows") or ():
                        yield " | ".join(" ".join(self._cell(cell)) for cell in row)
                case "image":
                    yield self._typed(block.get("title")) or self._typed(block.get("alt_text"))
                case kind if kind not in _WORDLESS:
                    yield from self._plain(block)

    def _cell(self, cell: Message) -> Iterator[str]:
        yield from self._rich_lines(cell) if cell.get("type") == "rich_text" else self._plain(cell)

    def _plain(self, part: Message) -> Iterator[str]:
        """Read what has its words in fields of its own: most blocks, and attachments of the older kind."""
        yield from filter(None, (self._typed(part.get(key)) for key in _SPEAKING))
        for each in part.get("fields") or ():
            said = ": ".join(filter(None, (self._typed(each.get(key)) for key in ("title", "value"))))
            yield " ".join((said or self._typed(each)).split())

    def _typed(self, text: object) -> str:
        """Read a text, or a text object; empty for anything else."""
        inner = text.get("text") if isinstance(text, Mapping) else text
        return as_typed(inner, self.names).strip() if isinstance(inner, str) else ""

    def _rich_lines(self, block: Message) -> Iterator[str]:
        for part in block.get("elements") or ():
            if part.get("type") == "rich_text_list":
                yield from (f"• {line}" for line in self._rich_lines(part))
            else:
                yield "".join(self._rich(each) for each in part.get("elements") or ())

    def _rich(self, element: Message) -> str:
        """Read an element of rich text, where nothing is escaped."""
        kind, name = element.get("type"), self.names.get
        match kind:
            case "user":
                return f"@{name(str(element.get('user_id'))) or element.get('user_id')}"
            case "usergroup":
                return f"@{name(str(element.get('usergroup_id'))) or element.get('usergroup_id')}"
            case "channel":
                return f"#{name(str(element.get('channel_id'))) or element.get('channel_id')}"
            case "broadcast":
                return f"@{element.get('range')}"
            case "emoji":
                return f":{element.get('name')}:"
            case "link":
                return linked(str(element.get("url") or ""), str(element.get("text") or ""))
            case "date":
                return str(element.get("fallback") or "")
        return str(element.get("text") or element.get("value") or "")


def instant(ts: str) -> datetime | None:
    """Tell the moment of a Slack `ts`, to the microsecond; None for what is none."""
    found = _TS.fullmatch(ts)
    return BEGINNING + timedelta(seconds=int(found[1]), microseconds=int(found[2])) if found else None


def permalink(workspace: str, channel: str, ts: str, thread: str = "") -> str:
    """Make a message's address as Slack does; empty where the workspace's own (`https://…slack.com`) is not known."""
    if not workspace:
        return ""
    address = f"{workspace.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
    return f"{address}?thread_ts={thread}&cid={channel}" if thread and thread != ts else address


def mentioned(message: Message) -> set[str]:
    """List the people whom a message names by their ids only."""
    return {one or other for one, other in _MENTIONED.findall(json.dumps(message, ensure_ascii=False))}


def _bot_name(message: Message) -> str:
    profile = message.get("bot_profile") or {}
    return str(message.get("username") or profile.get("name") or message.get("bot_id") or "")


def _file(file: Message) -> tuple[str, str]:
    return str(file.get("name") or file.get("title")), str(file.get("permalink") or "")


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(line for line in lines if line.strip())
