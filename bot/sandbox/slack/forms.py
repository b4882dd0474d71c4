"""The inputs of a view or message: what stands in them, and how a person changes that.

The shapes are those of `view.state.values` (https://docs.slack.dev/reference/views).
"""

import copy
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from bot.sandbox.slack.elements import options_of
from bot.sandbox.slack.payloads import unescaped
from bot.sandbox.slack.state import Json

# Element type: where its value stands in the state, and which property of the element it begins with.
_STATE = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "overflow": ("selected_option", "initial_option"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
TYPED = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}


class Part(NamedTuple):
    """An interactive element and the block it stands in."""

    block: Json
    element: Json

    @property
    def action_id(self) -> str:
        """The element's name."""
        return str(self.element["action_id"])

    @property
    def block_id(self) -> str:
        """The block's name."""
        return str(self.block["block_id"])

    @property
    def is_input(self) -> bool:
        """Whether it is the element of an input block."""
        return bool(self.block["type"] == "input")


def settled(blocks: Iterable[Json]) -> list[Json]:
    """A copy in which every block and every interactive element has a name, as Slack gives them."""
    copied: list[Json] = copy.deepcopy(list(blocks))
    for block in copied:
        block.setdefault("block_id", _name())
        for element in _elements(block):
            if element.get("type") not in {"image", "plain_text", "mrkdwn"}:
                element.setdefault("action_id", _name())
    return copied


def parts_of(blocks: Iterable[Json]) -> Iterator[Part]:
    """The interactive elements, in the order in which they stand on the screen."""
    for block in blocks:
        for element in _elements(block):
            if "action_id" in element:
                yield Part(block, element)


def entries_of(blocks: Iterable[Json]) -> dict[str, dict[str, Json]]:
    """The state of all inputs before anybody touched them."""
    values: dict[str, dict[str, Json]] = {}
    for part in parts_of(blocks):
        if part.element["type"] in _STATE and part.element["type"] != "overflow":
            values.setdefault(part.block_id, {})[part.action_id] = first_entry(part.element)
    return values


def entry(element: Json, value: Any) -> Json:  # noqa: ANN401 - what the element holds
    """The state of an element that holds a value."""
    key, _ = _STATE[element["type"]]
    return {"type": element["type"], key: value}


def is_empty(state: Json) -> bool:
    """Whether nothing stands in an input."""
    key, _ = _STATE[state["type"]]
    return state.get(key) in (None, "", [])


def many(element: Json) -> bool:
    """Whether several things can be chosen."""
    return str(element["type"]).startswith("multi_") or element["type"] == "checkboxes"


def option_texts(element: Json) -> list[str]:
    """The labels one can choose from."""
    return [label_of(each) for each in options_of(element)]


def label_of(option: Json) -> str:
    """An option's label as it is read."""
    return unescaped(str(option["text"]["text"]))


def shown(state: Json) -> str:
    """What a person reads in an input."""
    return ", ".join(chosen(state))


def chosen(state: Json) -> list[str]:
    """What stands in an input, piece by piece."""
    key, _ = _STATE[state["type"]]
    value = state.get(key)
    pieces = value if isinstance(value, list) else [] if value is None else [value]
    return [label_of(each) if isinstance(each, dict) else str(each) for each in pieces]


def option_named(element: Json, text: str) -> Json:
    """The one option with this label, else the one whose label contains it; as Slack repeats it, bare."""
    options = options_of(element)
    exact = [each for each in options if label_of(each) == text]
    found = exact or [each for each in options if text.casefold() in label_of(each).casefold()]
    if len(found) != 1:
        complaint = f"{len(found)} options match {text!r} of {option_texts(element)}"
        raise LookupError(complaint)
    return _bare(found[0])


def given(element: Json, values: Sequence[str]) -> object:
    """What an element is to hold when these are its options by value, its people or places by id, or its text."""
    kind = str(element["type"])
    held: list[Any] = list(values)
    if _STATE[kind][0] in {"selected_option", "selected_options"}:
        held = [_option_with(element, each) for each in values]
    elif kind == "datetimepicker":
        held = [int(each) for each in values]
    if many(element):
        return held
    return held[0] if held and held[0] != "" else None


def _option_with(element: Json, value: str) -> Json:
    found = next((each for each in options_of(element) if each["value"] == value), None)
    if found is None:
        complaint = f"no option has the value {value!r}"
        raise LookupError(complaint)
    return _bare(found)


def first_entry(element: Json) -> Json:
    """The state of an element before anybody touched it."""
    key, initial = _STATE[element["type"]]
    value = element.get(initial)
    if key == "selected_options":
        value = [_bare(each) for each in value or []]
    elif key == "selected_option":
        value = _bare(value) if value else None
    elif many(element):
        value = list(value or [])
    elif element["type"] in TYPED and value == "":
        value = None
    return {"type": element["type"], key: value}


def _bare(option: Json) -> Json:
    text = option["text"]
    if text["type"] == "plain_text":
        text = {"emoji": True, **text}
    return {**{key: option[key] for key in ("description",) if key in option}, "text": text, "value": option["value"]}


def _elements(block: Json) -> list[Json]:
    found = [*block.get("elements", [])] if block["type"] == "actions" else []
    found += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return found


def _name() -> str:
    return secrets.token_urlsafe(4)
