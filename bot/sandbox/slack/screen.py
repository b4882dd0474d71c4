"""What a person sees: messages, modals and Home tabs as the text that stands on the screen.

`text` is what is read: mentions as names, dates in the reader's zone, entities as characters. `raw` is what was sent.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from bot.sandbox.slack import forms
from bot.sandbox.slack.payloads import moment, unescaped
from bot.sandbox.slack.state import Json, Message, View

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

_TOKEN = re.compile(r"<([^<>]+)>")
_PING = re.compile(r"<(@[UW]\w+|![a-z]+|!subteam\^\w+)(?:\|[^<>]*)?>")


class Line(NamedTuple):
    """A piece of text, and whether Slack reads markup in it."""

    text: str
    markup: bool = True


@dataclass(frozen=True)
class Seen:
    """A message on somebody's screen."""

    text: str
    raw: str
    buttons: list[str]
    by: str
    ephemeral: bool
    message: Message

    @property
    def pings(self) -> list[str]:
        """Who is called by it: `@U1`, `!channel`, `!subteam^S1`."""
        return _PING.findall(self.raw)

    def __str__(self) -> str:
        only = " (only visible to you)" if self.ephemeral else ""
        return f"{self.by}{only}: {self.text}"


class Reader:
    """Reads Slack's markup with the eyes of one person."""

    def __init__(self, world: "SlackWorld", user: str) -> None:
        self._world = world
        self._zone = ZoneInfo(world.members[user].tz)

    def read(self, line: Line) -> str:
        """What stands on the screen."""
        if not line.markup:
            return unescaped(line.text)
        return unescaped(_TOKEN.sub(lambda match: self._token(match.group(1)), line.text))

    def seen(self, message: Message) -> Seen:
        """A message as it is displayed."""
        lines = list(lines_of(message))
        return Seen(
            text="\n".join(self.read(each) for each in lines),
            raw="\n".join(each.text for each in lines),
            buttons=buttons_of(message.blocks),
            by=self._name(message),
            ephemeral=message.only_for is not None,
            message=message,
        )

    def _name(self, message: Message) -> str:
        member = self._world.members.get(message.user)
        return message.username or (member.name if member else message.user)

    def _token(self, token: str) -> str:
        target, _, label = token.partition("|")
        if target.startswith("@"):
            member = self._world.members.get(target[1:])
            return f"@{member.name if member else label or target[1:]}"
        if target.startswith("#"):
            channel = self._world.channels.get(target[1:])
            return f"#{channel.name if channel else label or target[1:]}"
        if target.startswith("!date^"):
            return self._date(target, label)
        if target.startswith("!subteam^"):
            group = self._world.usergroups.get(target.removeprefix("!subteam^"))
            return f"@{group.handle if group else label.lstrip('@')}"
        if target.startswith("!"):
            return f"@{target[1:]}"
        return label or target

    def _date(self, target: str, fallback: str) -> str:
        """https://docs.slack.dev/messaging/formatting-message-text#date-formatting."""
        _, seconds, form, *_ = [*target.split("^"), ""]
        try:
            at = moment(int(seconds)).astimezone(self._zone)
        except ValueError:
            return fallback
        today = moment(self._world.clock()).astimezone(self._zone)
        return re.sub(r"\{(\w+)\}", lambda match: _date_words(match.group(1), at, today), form)


def story(world: "SlackWorld") -> str:
    """All channels, modals and Home tabs of the workspace as text."""
    told: list[str] = []
    reader = Reader(world, world.bot_user)
    for channel in world.channels.values():
        told += [f"#{channel.name} ({channel.id})"] if channel.messages else []
        for each in channel.messages:
            only = f" [only for {each.only_for}]" if each.only_for else ""
            told.append(f"  {each.ts}{' in thread' if each.is_reply else ''}{only} {reader.seen(each)}")
    for view in [*world.views.values()]:
        text = " / ".join(reader.read(each) for each in view_lines(view))
        told.append(f"{view.given['type']} {view.id} in front of {view.user}: {text}")
    return "\n".join(told)


def lines_of(message: Message) -> Iterator[Line]:
    """The lines of a message; where there are blocks, its text is only for notifications."""
    if message.blocks:
        yield from block_lines(message.blocks)
    elif message.text:
        yield Line(message.text)
    for attachment in message.attachments:
        yield from _attachment_lines(attachment)
    for file in message.files:
        yield Line(f"[file: {file.title or file.name}]", markup=False)


def block_lines(blocks: Iterable[Json], values: dict[str, dict[str, Json]] | None = None) -> Iterator[Line]:
    """The lines of blocks, inputs with what stands in them."""
    for block in blocks:
        if block["type"] == "section":
            yield from _texts([block.get("text"), *block.get("fields", [])])
        elif block["type"] in {"header", "image"}:
            yield from _texts([block.get("text"), block.get("title")])
        elif block["type"] == "context":
            yield from _texts(each for each in block["elements"] if each["type"] != "image")
        elif block["type"] == "input":
            yield from _texts([block["label"], block.get("hint")])
        elif block["type"] == "markdown":
            yield Line(block["text"], markup=False)
        elif block["type"] == "rich_text":
            yield Line(_rich(block), markup=True)
        elif block["type"] == "table":
            yield from _table(block)
        if block["type"] == "image":
            yield Line(f"[image: {block['alt_text']}]", markup=False)
        yield from _part_lines(block, values or {})


def buttons_of(blocks: Iterable[Json]) -> list[str]:
    """The labels of all buttons."""
    return [unescaped(each.element["text"]["text"]) for each in forms.parts_of(blocks) if _is_button(each)]


def part_named(blocks: Iterable[Json], name: str) -> forms.Part:
    """The element with this `action_id`, else the button or menu with this label, else the one that contains it."""
    parts = list(forms.parts_of(blocks))
    for fits in (_has_id, _has_label, _has_label_in):
        found = [each for each in parts if fits(each, name)]
        if found:
            return found[0]
    complaint = f"nothing to press is called {name!r} among {[_label(each) for each in parts]}"
    raise LookupError(complaint)


def view_lines(view: View) -> Iterator[Line]:
    """The lines of a modal or Home tab, from title to buttons."""
    if view.given.get("title"):
        yield Line(view.given["title"]["text"], markup=False)
    yield from block_lines(view.blocks, view.values)
    for message in view.errors.values():
        yield Line(message, markup=False)
    if view.trouble:
        yield Line(view.trouble, markup=False)
    for key in ("close", "submit"):
        if view.given.get(key):
            yield Line(f"[{view.given[key]['text']}]", markup=False)


def _part_lines(block: Json, values: dict[str, dict[str, Json]]) -> Iterator[Line]:
    for part in forms.parts_of([block]):
        element = part.element
        state = values.get(part.block_id, {}).get(part.action_id)
        if _is_button(part):
            yield Line(f"[{element['text']['text']}]", markup=False)
        elif element["type"] in {"checkboxes", "radio_buttons"}:
            chosen = forms.chosen(state or forms.first_entry(element))
            yield from (Line(f"[{'x' if each in chosen else ' '}] {each}") for each in forms.option_texts(element))
        else:
            hint = element.get("placeholder", {}).get("text", "")
            yield Line(f"[{forms.shown(state or forms.first_entry(element)) or hint}]", markup=False)


def _texts(texts: Iterable[Json | None]) -> Iterator[Line]:
    for each in texts:
        if each is not None:
            yield Line(each["text"], markup=each["type"] == "mrkdwn")


def _table(block: Json) -> Iterator[Line]:
    for row in block["rows"]:
        cells = [str(each.get("text", "")) if each["type"] != "rich_text" else _rich(each) for each in row]
        yield Line(" | ".join(cells), markup=False)


def _rich(block: Json) -> str:
    """The text of a rich text block, with mentions as tokens, so that they are read like others."""
    if "elements" in block:
        divider = "\n" if block["type"] in {"rich_text", "rich_text_list"} else ""
        return divider.join(_rich(each) for each in block["elements"])
    for key, form in (("user_id", "<@{}>"), ("channel_id", "<#{}>"), ("usergroup_id", "<!subteam^{}>")):
        if key in block:
            return form.format(block[key])
    if block["type"] == "broadcast":
        return f"<!{block['range']}>"
    if block["type"] == "emoji":
        return f":{block['name']}:"
    text = str(block.get("text") or block.get("url") or "")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attachment_lines(attachment: Json) -> Iterator[Line]:
    found = [Line(str(attachment[key])) for key in ("pretext", "author_name", "title", "text") if attachment.get(key)]
    found += [Line(f"{each.get('title', '')}: {each.get('value', '')}") for each in attachment.get("fields", [])]
    found += block_lines(attachment.get("blocks", []))
    if attachment.get("footer"):
        found.append(Line(str(attachment["footer"])))
    yield from found or [Line(str(attachment.get("fallback", "")))]


def _is_button(part: forms.Part) -> bool:
    return bool(part.element["type"] == "button")


def _label(part: forms.Part) -> str:
    text = part.element.get("text") or part.element.get("placeholder") or part.block.get("text") or {}
    return unescaped(str(text.get("text", ""))) or part.action_id


def _has_id(part: forms.Part, name: str) -> bool:
    return part.action_id == name


def _has_label(part: forms.Part, name: str) -> bool:
    return _label(part) == name


def _has_label_in(part: forms.Part, name: str) -> bool:
    return name.casefold() in _label(part).casefold()


def _date_words(form: str, at: datetime, today: datetime) -> str:
    day = f"{at.day}{_ordinal(at.day)}"
    words = {
        "date_num": f"{at:%Y-%m-%d}",
        "date_slash": f"{at:%d/%m/%Y}",
        "date": f"{at:%B} {day}, {at:%Y}",
        "date_short": f"{at:%b} {at.day}, {at:%Y}",
        "date_long": f"{at:%A}, {at:%B} {day}, {at:%Y}",
        "time": f"{at:%H:%M}",
        "time_secs": f"{at:%H:%M:%S}",
        "ago": _ago(today - at),
    }
    base = form.removesuffix("_pretty")
    near = _near(at, today) if base != form else ""
    return near or words.get(base, form)


def _near(at: datetime, today: datetime) -> str:
    return {0: "today", 1: "yesterday", -1: "tomorrow"}.get((today.date() - at.date()).days, "")


def _ago(passed: timedelta) -> str:
    """How long ago, in the largest unit that there is one of."""
    seconds = int(abs(passed.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            words = f"{seconds // size} {unit}{'' if seconds // size == 1 else 's'}"
            return f"{words} ago" if passed > timedelta() else f"in {words}"
    return "just now"


def _ordinal(day: int) -> str:
    return "th" if 10 < day % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
