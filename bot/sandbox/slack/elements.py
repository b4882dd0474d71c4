"""Judges the interactive parts of Block Kit: buttons, menus, inputs, pickers.

https://docs.slack.dev/reference/block-kit/block-elements
"""

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from bot.sandbox.slack.faults import Judge
from bot.sandbox.slack.state import Json

MOST_OPTIONS = 100
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")


class _Kind(NamedTuple):
    required: frozenset[str]
    optional: frozenset[str]
    check: Callable[[Judge, Json, str], None]


def judge_element(judge: Judge, element: object, at: str, allowed: Collection[str]) -> None:
    """What is wrong with an element at a place where only some types are allowed."""
    if not judge.is_object(element, at):
        return
    name = str(element.get("type"))
    kind = _KINDS.get(name)
    if kind is None or name not in allowed:
        judge.says(f"unsupported type: {element.get('type')}", f"{at}/type")
        return
    if not judge.keys(element, at, kind.required, kind.optional | _EVERYWHERE):
        return
    judge.string(element, "action_id", at, most=255)
    if "placeholder" in element:
        judge.text(element["placeholder"], f"{at}/placeholder", most=150, plain=True)
    if "confirm" in element:
        _confirm(judge, element["confirm"], f"{at}/confirm")
    if "dispatch_action_config" in element:
        _dispatch(judge, element["dispatch_action_config"], f"{at}/dispatch_action_config")
    judge.flag(element, "focus_on_load", at)
    kind.check(judge, element, at)


def _confirm(judge: Judge, confirm: object, at: str) -> None:
    if not judge.is_object(confirm, at):
        return
    if judge.keys(confirm, at, {"title", "text", "confirm", "deny"}, {"style"}):
        judge.text(confirm["title"], f"{at}/title", most=100, plain=True)
        judge.text(confirm["text"], f"{at}/text", most=300)
        judge.text(confirm["confirm"], f"{at}/confirm", most=30, plain=True)
        judge.text(confirm["deny"], f"{at}/deny", most=30, plain=True)
        _style(judge, confirm, at)


def _dispatch(judge: Judge, config: object, at: str) -> None:
    if not judge.is_object(config, at) or not judge.keys(config, at, (), {"trigger_actions_on"}):
        return
    told = config.get("trigger_actions_on", [])
    if not isinstance(told, list) or not set(map(str, told)) <= {"on_enter_pressed", "on_character_entered"}:
        judge.says("must be one of: on_enter_pressed, on_character_entered", f"{at}/trigger_actions_on")


def _style(judge: Judge, holder: Json, at: str) -> None:
    if holder.get("style", "primary") not in {"primary", "danger"}:
        judge.says("must be one of: primary, danger", f"{at}/style")


def _button(judge: Judge, element: Json, at: str) -> None:
    judge.text(element["text"], f"{at}/text", most=75, plain=True)
    judge.string(element, "value", at, most=2000)
    judge.string(element, "url", at, most=3000)
    judge.string(element, "accessibility_label", at, most=75)
    _style(judge, element, at)


def _image(judge: Judge, element: Json, at: str) -> None:
    judge.string(element, "image_url", at, most=3000)
    judge.string(element, "alt_text", at, most=2000)


def _option(judge: Judge, option: object, at: str, *, plain: bool = True, with_url: bool = False) -> None:
    if not judge.is_object(option, at):
        return
    allowed = {"description", "url"} if with_url else {"description"}
    if judge.keys(option, at, {"text", "value"}, allowed):
        judge.text(option["text"], f"{at}/text", most=75, plain=plain)
        judge.string(option, "value", at, most=150)
        if "description" in option:
            judge.text(option["description"], f"{at}/description", most=75, plain=plain)


def _options(judge: Judge, element: Json, at: str, most: int, *, plain: bool = True, with_url: bool = False) -> None:
    if judge.is_list(element["options"], f"{at}/options", most=most):
        for number, each in enumerate(element["options"]):
            _option(judge, each, f"{at}/options/{number}", plain=plain, with_url=with_url)


def _overflow(judge: Judge, element: Json, at: str) -> None:
    _options(judge, element, at, most=5, with_url=True)


def _static_select(judge: Judge, element: Json, at: str) -> None:
    if ("options" in element) == ("option_groups" in element):
        judge.says("must define either `options` or `option_groups`", at)
    elif "options" in element:
        _options(judge, element, at, most=MOST_OPTIONS)
    elif judge.is_list(element["option_groups"], f"{at}/option_groups", most=MOST_OPTIONS):
        for number, group in enumerate(element["option_groups"]):
            _option_group(judge, group, f"{at}/option_groups/{number}")
    _initial_options(judge, element, at)


def _option_group(judge: Judge, group: object, at: str) -> None:
    if not judge.is_object(group, at):
        return
    if judge.keys(group, at, {"label", "options"}, ()):
        judge.text(group["label"], f"{at}/label", most=75, plain=True)
        _options(judge, group, at, most=MOST_OPTIONS)


def _checkable(judge: Judge, element: Json, at: str) -> None:
    _options(judge, element, at, most=10, plain=False)
    _initial_options(judge, element, at)


def options_of(element: Json) -> list[Json]:
    """All options of a menu, also those in groups."""
    options = [each for each in element.get("options") or [] if isinstance(each, dict)]
    for group in element.get("option_groups") or []:
        options += group.get("options") or []
    return options


def _initial_options(judge: Judge, element: Json, at: str) -> None:
    values = {_identity(each) for each in options_of(element)}
    initial = element.get("initial_options", [])
    if "initial_options" in element:
        judge.is_list(initial, f"{at}/initial_options", most=MOST_OPTIONS)
    chosen = {f"initial_options/{n}": each for n, each in enumerate(initial)} if isinstance(initial, list) else {}
    if "initial_option" in element:
        chosen["initial_option"] = element["initial_option"]
    for key, each in chosen.items():
        if _identity(each) not in values:
            judge.says("initial option must exactly match one of the options", f"{at}/{key}")


def _identity(option: object) -> tuple[str, str]:
    if not isinstance(option, dict):
        return "", ""
    text = option.get("text")
    return str(option.get("value")), str(text.get("text") if isinstance(text, dict) else text)


def _plain_text_input(judge: Judge, element: Json, at: str) -> None:
    judge.string(element, "initial_value", at, most=3000)
    judge.flag(element, "multiline", at)
    for key in ("min_length", "max_length"):
        length = element.get(key, 1)
        if not isinstance(length, int) or not 0 <= length <= 3000:
            judge.says("must be between 0 and 3000", f"{at}/{key}")
    longest = element.get("max_length")
    if isinstance(longest, int) and len(str(element.get("initial_value") or "")) > longest:
        judge.says(f"must be less than {longest + 1} characters", f"{at}/initial_value")


def _matches(key: str, pattern: re.Pattern[str]) -> Callable[[Judge, Json, str], None]:
    def check(judge: Judge, element: Json, at: str) -> None:
        if key in element and not pattern.match(str(element[key])):
            judge.says("invalid format", f"{at}/{key}")

    return check


def _datetimepicker(judge: Judge, element: Json, at: str) -> None:
    if not isinstance(element.get("initial_date_time", 0), int):
        judge.says("must be a whole number", f"{at}/initial_date_time")


def _number_input(judge: Judge, element: Json, at: str) -> None:
    judge.flag(element, "is_decimal_allowed", at)


def _nothing_more(judge: Judge, element: Json, at: str) -> None:
    """The keys say it all."""


def _kind(check: Callable[[Judge, Json, str], None], required: str = "", optional: str = "") -> _Kind:
    return _Kind(frozenset(required.split()), frozenset(optional.split()), check)


_EVERYWHERE = frozenset({"type", "action_id", "confirm", "focus_on_load"})
_KINDS = {
    "button": _kind(_button, required="text", optional="value url style accessibility_label"),
    "image": _kind(_image, required="alt_text", optional="image_url slack_file"),
    "overflow": _kind(_overflow, required="options"),
    "static_select": _kind(_static_select, optional="options option_groups initial_option placeholder"),
    "multi_static_select": _kind(
        _static_select, optional="options option_groups initial_options placeholder max_selected_items"
    ),
    "external_select": _kind(_nothing_more, optional="placeholder initial_option min_query_length"),
    "multi_external_select": _kind(
        _nothing_more, optional="placeholder initial_options min_query_length max_selected_items"
    ),
    "users_select": _kind(_nothing_more, optional="placeholder initial_user"),
    "multi_users_select": _kind(_nothing_more, optional="placeholder initial_users max_selected_items"),
    "channels_select": _kind(_nothing_more, optional="placeholder initial_channel response_url_enabled"),
    "multi_channels_select": _kind(_nothing_more, optional="placeholder initial_channels max_selected_items"),
    "conversations_select": _kind(
        _nothing_more,
        optional="placeholder initial_conversation default_to_current_conversation response_url_enabled filter",
    ),
    "multi_conversations_select": _kind(
        _nothing_more,
        optional="placeholder initial_conversations default_to_current_conversation max_selected_items filter",
    ),
    "checkboxes": _kind(_checkable, required="options", optional="initial_options"),
    "radio_buttons": _kind(_checkable, required="options", optional="initial_option"),
    "datepicker": _kind(_matches("initial_date", _DATE), optional="initial_date placeholder"),
    "timepicker": _kind(_matches("initial_time", _TIME), optional="initial_time placeholder timezone"),
    "datetimepicker": _kind(_datetimepicker, optional="initial_date_time"),
    "plain_text_input": _kind(
        _plain_text_input,
        optional="initial_value multiline min_length max_length placeholder dispatch_action_config",
    ),
    "number_input": _kind(
        _number_input,
        required="is_decimal_allowed",
        optional="initial_value min_value max_value placeholder dispatch_action_config",
    ),
    "email_text_input": _kind(_nothing_more, optional="initial_value placeholder dispatch_action_config"),
    "url_text_input": _kind(_nothing_more, optional="initial_value placeholder dispatch_action_config"),
}
