"""The same words on a terminal: Slack's mrkdwn and blocks in, rich text out.

What Slack shows as a name, a date or a link stands in tokens (`<@U1>`, `<!date^…|…>`, `<https://…|text>`); a `Read`
knows how to say each of them here. Nothing in a text can move the cursor or colour the screen.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from itertools import groupby
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.emoji import Emoji
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

Block = Mapping[str, Any]
Read = Callable[[str], str]
"""Says one of Slack's tokens, brackets included, in words."""

SIGNS: Mapping[str, tuple[str, str]] = {
    "warning": ("⚠", "yellow"),
    "white_check_mark": ("✓", "green"),
    "checkered_flag": ("⚑", "green"),
    "hourglass_flowing_sand": ("◷", "cyan"),
    "leftwards_arrow_with_hook": ("↩", "green"),
    "information_source": ("ℹ", "cyan"),
    "octagonal_sign": ("■", "red"),
}
"""Signs one cell wide for the emoji that Baton uses, each with its colour."""
CODE, ITALIC, SMALL = "cyan", "italic", "dim"

_MARKS = re.compile(
    r"(?P<token><[^<>\n]+>)"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>\S(?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>\S(?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|:(?P<emoji>[a-z][a-z0-9_+-]*):"
)
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


# text


def marked(mrkdwn: str, read: Read) -> Text:
    """Write mrkdwn as rich text."""
    drawn = Text()
    end = 0
    for found in _MARKS.finditer(mrkdwn):
        drawn.append(harmless(unescape(mrkdwn[end : found.start()])))
        drawn.append_text(_piece(found, read))
        end = found.end()
    return drawn.append(harmless(unescape(mrkdwn[end:])))


def plain(mrkdwn: str, read: Read) -> str:
    """Write mrkdwn without any style."""
    return marked(mrkdwn, read).plain


def harmless(text: str) -> str:
    """Take out what a terminal would obey instead of showing it: control characters, and turns of the reading order."""
    return "".join(sign for sign in text if sign == "\n" or (unicodedata.category(sign) != "Cc" and sign not in _TURNS))


def _piece(found: "re.Match[str]", read: Read) -> Text:
    kind, said = found.lastgroup, str(found[found.lastgroup or 0])
    if kind == "token":
        return _token(said, read)
    if kind == "code":
        return Text(harmless(unescape(said)), CODE)
    if kind == "bold":
        inner = marked(said, read)
        inner.stylize("bold")
        return inner
    if kind == "italic":
        inner = marked(said, read)
        inner.stylize(ITALIC)
        return inner
    sign, style = SIGNS.get(said, (Emoji.replace(f":{said}:"), ""))
    return Text(sign, style)


def _token(token: str, read: Read) -> Text:
    words = harmless(unescape(read(token)))
    address = token[1:-1].partition("|")[0]
    if address.startswith(("https://", "http://")):
        return Text(words, _link(unescape(address)))
    return Text(words, "bold cyan" if address.startswith("@") else "")


def linked(words: str, address: str) -> Text:
    """Write words that lead somewhere, where the terminal can do that."""
    return Text(harmless(words), _link(address) if address else "")


def _link(address: str) -> Style:
    return Style(underline=True, link=harmless(address))


def reader(names: Mapping[str, str]) -> Read:
    """Make a reader that knows people by `names` (id to name) and writes dates in this machine's own zone."""

    def read(token: str) -> str:
        target, _, label = token[1:-1].partition("|")
        if target.startswith("!date^"):
            return _local(target, label)
        if target.startswith("@"):
            return f"@{names.get(target[1:]) or label or target[1:]}"
        if target.startswith("!subteam^"):
            return label or f"@{target.removeprefix('!subteam^')}"
        return label or f"@{target[1:]}" if target.startswith("!") else label or target

    return read


def _local(target: str, fallback: str) -> str:
    try:
        at = datetime.fromtimestamp(int(target.split("^")[1]), UTC).astimezone()
    except (ValueError, IndexError, OverflowError, OSError):
        return fallback
    return f"{at:%Y-%m-%d %H:%M}"


# blocks


def drawn(blocks: Sequence[Block], read: Read, chosen: Mapping[str, str] | None = None) -> RenderableType:
    """Draw blocks from top to bottom; `chosen` tells what stands in a field (by block id), else its first option."""
    parts: list[RenderableType] = []
    for is_field, some in groupby(blocks, key=lambda block: block["type"] == "input"):
        group = list(some)
        if is_field:
            parts += [Text(), _fields(group, chosen or {})]
            continue
        for block in group:
            if parts and _opens(block):
                parts.append(Text())
            parts += _block(block, read)
    return Group(*parts)


def modal(view: Mapping[str, Any], read: Read, chosen: Mapping[str, str] | None = None) -> Panel:
    """Draw a modal as a box, with its buttons at the foot."""
    labels = [(str((view.get(key) or {}).get("text", "")), key == "submit") for key in ("close", "submit")]
    foot = Text("  ").join(button(text, strong=strong) for text, strong in labels if text)
    foot.justify = "right"
    return Panel(
        Group(drawn(view["blocks"], read, chosen), Text(), foot),
        title=Text(harmless(unescape(view["title"]["text"])), "bold"),
        title_align="left",
        border_style="blue",
        box=box.ROUNDED,
        padding=(1, 2),
    )


def button(text: str, *, strong: bool = False) -> Text:
    """Draw a button."""
    return Text(f"[ {harmless(unescape(text))} ]", "bold blue" if strong else "")


def _opens(block: Block) -> bool:
    """Tell whether a block begins a part of its own, which an empty line sets off."""
    text = str((block.get("text") or {}).get("text", ""))
    return block["type"] in {"section", "header"} and text.startswith(("*", "1. "))


def _block(block: Block, read: Read) -> list[RenderableType]:
    match block["type"]:
        case "section" | "header":
            texts = [block.get("text"), *block.get("fields", ())]
            return [line for text in texts if text for line in _lines(_of(text, read))]
        case "context":
            return [Text.assemble(_of(text, read), style=SMALL) for text in block["elements"] if "text" in text]
        case "rich_text":
            return [line for element in block["elements"] for line in _rich(element)]
        case "actions":
            return [Text("  ").join(_button(element) for element in block["elements"] if element["type"] == "button")]
        case "divider":
            return [Text()]
    return []


def _of(text: Block, read: Read) -> Text:
    said = str(text["text"])
    return marked(said, read) if text["type"] == "mrkdwn" else Text(harmless(unescape(said)))


def _lines(text: Text) -> Iterator[RenderableType]:
    """Give each line by itself; what begins with a number or a sign hangs behind it."""
    for line in text.split("\n", allow_blank=True):
        mark, _, rest = line.plain.partition(" ")
        if rest and (re.fullmatch(r"\d+\.|•", mark) or mark in {sign for sign, _ in SIGNS.values()}):
            yield hanging(line[: len(mark)], line[len(mark) + 1 :])
        else:
            yield line


def hanging(mark: Text, rest: Text) -> Table:
    """Put a mark in front of a text whose further lines are indented."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(overflow="fold")
    grid.add_row(mark, rest)
    return grid


def _rich(element: Block) -> Iterator[RenderableType]:
    if element["type"] == "rich_text_list":
        for item in element["elements"]:
            yield hanging(Text("•", SMALL), _section(item))
    else:
        yield _section(element)


def _section(element: Block) -> Text:
    drawn_parts = Text()
    for part in element["elements"]:
        text = harmless(str(part.get("text") or part.get("url") or ""))
        style = " ".join(name for name, on in (part.get("style") or {}).items() if on)
        drawn_parts.append(text, _link(part["url"]) if part["type"] == "link" else style)
    return drawn_parts


def _button(element: Block) -> Text:
    return button(element["text"]["text"], strong=element.get("style") == "primary")


def _fields(blocks: Sequence[Block], chosen: Mapping[str, str]) -> Table:
    """Draw menus as a table: what is asked, and what is chosen."""
    table = Table(box=box.SIMPLE_HEAD, show_header=False, expand=True, padding=(0, 1), show_edge=False, pad_edge=False)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(no_wrap=True)
    for block in blocks:
        first = ((block["element"].get("initial_option") or {}).get("text") or {}).get("text", "")
        value = chosen.get(block.get("block_id", ""), first)
        asked = Text(harmless(unescape(block["label"]["text"])))
        if hint := (block.get("hint") or {}).get("text"):
            asked.append(f"\n   {harmless(unescape(hint))}", SMALL)
        style = "bold yellow" if value != first else ""
        table.add_row(asked, Text(f"{harmless(unescape(value))} ▾", style))
    return table
