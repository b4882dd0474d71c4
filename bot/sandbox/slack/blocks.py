"""Judges Block Kit as Slack does: what is wrong with these blocks, in Slack's words, each with its place.

The rules are those of https://docs.slack.dev/reference/block-kit/blocks and the pages of elements and composition
objects beside it. `faults_in` is the one entry; an empty answer means that Slack would take the blocks.
"""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias

from bot.sandbox.slack.elements import judge_element
from bot.sandbox.slack.faults import Judge
from bot.sandbox.slack.state import Json

Surface: TypeAlias = Literal["message", "modal", "home"]

MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
_MARKDOWN_CHARACTERS = 12_000

_SELECTS = {"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
_MULTI_SELECTS = {f"multi_{each}" for each in _SELECTS}
_CHOICES = {"checkboxes", "radio_buttons", "datepicker", "timepicker"}
_ACTIONS = {"button", "overflow", "datetimepicker"} | _SELECTS | _CHOICES
_ACCESSORIES = {"button", "overflow", "image"} | _SELECTS | _MULTI_SELECTS | _CHOICES
_TYPED = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
_INPUTS = {"datetimepicker"} | _TYPED | _SELECTS | _MULTI_SELECTS | _CHOICES


class _Kind(NamedTuple):
    required: frozenset[str]
    optional: frozenset[str]
    check: Callable[[Judge, Json, str], None]


def faults_in(blocks: object, surface: Surface, at: str = "/blocks") -> list[str]:
    """What Slack would refuse in these blocks; `at` is where they stand in the request (a JSON pointer)."""
    judge = Judge()
    if not judge.is_list(blocks, at, most=MOST_BLOCKS[surface]):
        return judge.faults
    for number, block in enumerate(blocks):
        _judge_block(judge, block, f"{at}/{number}")
    _judge_whole(judge, [each for each in blocks if isinstance(each, dict)], at)
    return judge.faults


def _judge_block(judge: Judge, block: object, at: str) -> None:
    if not judge.is_object(block, at):
        return
    kind = _KINDS.get(str(block.get("type")))
    if kind is None:
        judge.says(f"unsupported type: {block.get('type')}", f"{at}/type")
        return
    if judge.keys(block, at, kind.required, kind.optional | {"type", "block_id"}):
        judge.string(block, "block_id", at, most=255)
        kind.check(judge, block, at)


def _judge_whole(judge: Judge, blocks: list[Json], at: str) -> None:
    _judge_block_ids(judge, blocks, at)
    if sum(len(str(each.get("text"))) for each in blocks if each.get("type") == "markdown") > _MARKDOWN_CHARACTERS:
        judge.says("msg_too_long", at)
    if sum(each.get("type") == "table" for each in blocks) > 1:
        judge.says("only_one_table_allowed", at)


def _judge_block_ids(judge: Judge, blocks: list[Json], at: str) -> None:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        name = block.get("block_id")
        if name and name in seen:
            judge.says(f"`block_id` `{name}` already exists", f"{at}/{number}/block_id")
        seen.add(str(name))


def _section(judge: Judge, block: Json, at: str) -> None:
    if "text" not in block and not block.get("fields"):
        judge.says("must define either `text` or `fields`", at)
    if "text" in block:
        judge.text(block["text"], f"{at}/text", most=3000)
    if "fields" in block and judge.is_list(block["fields"], f"{at}/fields", most=10):
        for number, each in enumerate(block["fields"]):
            judge.text(each, f"{at}/fields/{number}", most=2000)
    if "accessory" in block:
        judge_element(judge, block["accessory"], f"{at}/accessory", _ACCESSORIES)


def _header(judge: Judge, block: Json, at: str) -> None:
    judge.text(block["text"], f"{at}/text", most=150, plain=True)


def _divider(judge: Judge, block: Json, at: str) -> None:
    """Nothing can be wrong with a line."""


def _context(judge: Judge, block: Json, at: str) -> None:
    for number, each in _elements(judge, block, at, most=10):
        place = f"{at}/elements/{number}"
        if isinstance(each, dict) and each.get("type") == "image":
            judge_element(judge, each, place, {"image"})
        else:
            judge.text(each, place, most=3000)


def _actions(judge: Judge, block: Json, at: str) -> None:
    seen: set[str] = set()
    for number, each in _elements(judge, block, at, most=25):
        place = f"{at}/elements/{number}"
        judge_element(judge, each, place, _ACTIONS)
        name = str(each.get("action_id") or "") if isinstance(each, dict) else ""
        if name and name in seen:
            judge.says(f"`action_id` `{name}` already exists", f"{place}/action_id")
        seen.add(name)


def _image(judge: Judge, block: Json, at: str) -> None:
    if "image_url" not in block and "slack_file" not in block:
        judge.says("must define either `image_url` or `slack_file`", at)
    judge.string(block, "image_url", at, most=3000)
    judge.string(block, "alt_text", at, most=2000)
    if "title" in block:
        judge.text(block["title"], f"{at}/title", most=2000, plain=True)


def _input(judge: Judge, block: Json, at: str) -> None:
    judge.text(block["label"], f"{at}/label", most=2000, plain=True)
    if "hint" in block:
        judge.text(block["hint"], f"{at}/hint", most=2000, plain=True)
    judge.flag(block, "optional", at)
    judge.flag(block, "dispatch_action", at)
    judge_element(judge, block["element"], f"{at}/element", _INPUTS)


def _markdown(judge: Judge, block: Json, at: str) -> None:
    judge.string(block, "text", at, most=_MARKDOWN_CHARACTERS)


def _rich_text(judge: Judge, block: Json, at: str) -> None:
    known = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
    for number, each in _elements(judge, block, at):
        if not isinstance(each, dict) or each.get("type") not in known or not isinstance(each.get("elements"), list):
            judge.says("invalid rich_text element", f"{at}/elements/{number}")


def _table(judge: Judge, block: Json, at: str) -> None:
    if not judge.is_list(block["rows"], f"{at}/rows", most=100):
        return
    for number, row in enumerate(block["rows"]):
        if judge.is_list(row, f"{at}/rows/{number}", most=20):
            for column, cell in enumerate(row):
                if not isinstance(cell, dict) or cell.get("type") not in {"raw_text", "rich_text", "raw_number"}:
                    judge.says("unsupported type of cell", f"{at}/rows/{number}/{column}")


def _elements(judge: Judge, block: Json, at: str, most: int | None = None) -> Iterable[tuple[int, object]]:
    if not judge.is_list(block["elements"], f"{at}/elements", most=most):
        return ()
    return enumerate(block["elements"])


def _kind(check: Callable[[Judge, Json, str], None], required: str = "", optional: str = "") -> _Kind:
    return _Kind(frozenset(required.split()), frozenset(optional.split()), check)


_KINDS = {
    "section": _kind(_section, optional="text fields accessory expand"),
    "header": _kind(_header, required="text"),
    "divider": _kind(_divider),
    "context": _kind(_context, required="elements"),
    "actions": _kind(_actions, required="elements"),
    "image": _kind(_image, required="alt_text", optional="image_url slack_file title"),
    "input": _kind(_input, required="label element", optional="hint optional dispatch_action"),
    "markdown": _kind(_markdown, required="text"),
    "rich_text": _kind(_rich_text, required="elements"),
    "table": _kind(_table, required="rows", optional="column_settings"),
}
