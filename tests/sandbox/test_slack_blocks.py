"""Block Kit is judged as Slack judges it."""

from typing import Any

import pytest
from slack_sdk.models import blocks as kit

from bot.sandbox.slack import SlackWorld
from bot.sandbox.slack.blocks import faults_in
from bot.sandbox.slack.views import faults_in_view

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def words(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str = "v") -> Json:
    return {"text": plain(text), "value": value}


def button(**more: Any) -> Json:  # noqa: ANN401
    return {"type": "button", "text": plain("Go"), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def asks(element: Json, **more: Any) -> Json:  # noqa: ANN401
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def select(*options: Json, **more: Any) -> Json:  # noqa: ANN401
    return {"type": "static_select", "options": list(options), **more}


TEXT = {"type": "plain_text_input", "action_id": "text"}
GOOD_MODAL: Json = {"type": "modal", "title": plain("T"), "submit": plain("Send"), "blocks": [asks(TEXT)]}


def test_what_slacks_own_library_builds_is_taken() -> None:
    built = [
        kit.HeaderBlock(text="Header"),
        kit.SectionBlock(
            text="*words*",
            fields=["one", "two"],
            accessory=kit.OverflowMenuElement(action_id="o", options=[kit.Option(value="1", label="One")]),
        ),
        kit.DividerBlock(),
        kit.ContextBlock(elements=[kit.MarkdownTextObject(text="small"), kit.PlainTextObject(text="plain")]),
        kit.ActionsBlock(
            elements=[
                kit.ButtonElement(
                    text="Go",
                    action_id="go",
                    style="danger",
                    confirm=kit.ConfirmObject(title="Sure?", text="Really", confirm="Yes", deny="No"),
                ),
                kit.StaticSelectElement(
                    action_id="s", placeholder="Pick", options=[kit.Option(value="1", label="One")]
                ),
                kit.UserSelectElement(action_id="u", placeholder="Who"),
                kit.DatePickerElement(action_id="d", initial_date="2026-11-24"),
                kit.TimePickerElement(action_id="t", initial_time="14:05"),
            ]
        ),
        kit.InputBlock(
            label="Boxes",
            element=kit.CheckboxesElement(action_id="c", options=[kit.Option(value="1", label="One")]),
            optional=True,
        ),
        kit.InputBlock(label="Long", element=kit.PlainTextInputElement(action_id="p", multiline=True, max_length=9)),
        kit.ImageBlock(image_url="https://example.com/x.png", alt_text="x"),
        kit.MarkdownBlock(text="**bold**"),
    ]

    assert faults_in([each.to_dict() for each in built], "message") == []


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
        ({"type": "section", "text": words("")}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (
            {"type": "section", "text": words("x" * 3001)},
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            {"type": "section", "fields": [words("x" * 2001)]},
            "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
        ),
        (
            {"type": "section", "fields": [words("x")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        ({"type": "header", "text": words("x")}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
        (
            {"type": "header", "text": plain("x" * 151)},
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        ({"type": "header"}, "missing required field: text [json-pointer:/blocks/0]"),
        ({"type": "divider", "colour": "red"}, "invalid additional property: colour [json-pointer:/blocks/0]"),
        ({"type": "video"}, "unsupported type: video [json-pointer:/blocks/0/type]"),
        (
            {"type": "context", "elements": [words("x")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (actions(), "must have at least 1 item [json-pointer:/blocks/0/elements]"),
        (actions(*[button()] * 26), "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
        (
            actions(button(action_id="a"), button(action_id="a")),
            "`action_id` `a` already exists [json-pointer:/blocks/0/elements/1/action_id]",
        ),
        (
            actions(button(value="x" * 2001)),
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            actions({**button(), "text": plain("x" * 76)}),
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (actions(button(style="green")), "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]"),
        (
            actions(select(*[option("x")] * 101)),
            "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            actions(select(option("x" * 76))),
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
        ),
        (
            actions(select(option("x", "y" * 151))),
            "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
        ),
        (
            actions(select(option("x"), initial_option=option("y"))),
            "initial option must exactly match one of the options [json-pointer:/blocks/0/elements/0/initial_option]",
        ),
        (actions(TEXT), "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]"),
        (asks(button()), "unsupported type: button [json-pointer:/blocks/0/element/type]"),
        (
            asks({**TEXT, "initial_value": "x" * 3001}),
            "must be less than 3001 characters [json-pointer:/blocks/0/element/initial_value]",
        ),
        (
            {**asks(TEXT), "label": words("x")},
            "unsupported type: mrkdwn [json-pointer:/blocks/0/label/type]",
        ),
        (
            asks({"type": "datepicker", "initial_date": "24.11.2026"}),
            "invalid format [json-pointer:/blocks/0/element/initial_date]",
        ),
        (
            {"type": "divider", "block_id": "x" * 256},
            "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(block: Json, fault: str) -> None:
    assert faults_in([block], "message") == [fault]


def test_a_message_has_at_most_fifty_blocks_and_a_modal_a_hundred() -> None:
    lines = [{"type": "divider"}] * 51

    assert faults_in(lines, "message") == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert faults_in(lines, "modal") == []
    assert faults_in(lines * 2, "modal") == ["no more than 100 items allowed [json-pointer:/blocks]"]


def test_two_blocks_cannot_have_one_name() -> None:
    twice = [{"type": "divider", "block_id": "b"}] * 2

    assert faults_in(twice, "message") == ["`block_id` `b` already exists [json-pointer:/blocks/1/block_id]"]


def test_one_action_may_stand_in_several_blocks() -> None:
    rows = [actions(button(action_id="retract", value=str(n))) for n in range(3)]

    assert faults_in(rows, "message") == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"title": plain("x" * 25)}, "must be less than 25 characters [json-pointer:/view/title/text]"),
        ({"submit": plain("x" * 25)}, "must be less than 25 characters [json-pointer:/view/submit/text]"),
        ({"submit": None}, "missing required field: submit [json-pointer:/view]"),
        ({"callback_id": "x" * 256}, "must be less than 256 characters [json-pointer:/view/callback_id]"),
        ({"private_metadata": "x" * 3001}, "must be less than 3001 characters [json-pointer:/view/private_metadata]"),
        ({"type": "dialog"}, "must be one of: modal [json-pointer:/view/type]"),
        ({"colour": "red"}, "invalid additional property: colour [json-pointer:/view]"),
        (
            {"blocks": [{"type": "section", "text": words("")}]},
            "must be more than 0 characters [json-pointer:/view/blocks/0/text/text]",
        ),
    ],
)
def test_a_modals_fault_is_named_with_its_place(change: Json, fault: str) -> None:
    assert faults_in_view(GOOD_MODAL, "modal") == []
    assert faults_in_view({**GOOD_MODAL, **change}, "modal") == [fault]


def test_a_field_that_tells_of_typing_says_on_what() -> None:
    def faults(config: Any) -> list[str]:  # noqa: ANN401
        return faults_in_view({**GOOD_MODAL, "blocks": [asks({**TEXT, "dispatch_action_config": config})]}, "modal")

    assert faults({"trigger_actions_on": ["on_character_entered", "on_enter_pressed"]}) == []
    wrongs: list[Any] = [
        {"trigger_actions_on": ["on_pause"]},
        {"trigger_actions_on": "on_enter_pressed"},
        {"on": []},
        "x",
    ]
    for wrong in wrongs:
        assert len(faults(wrong)) == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7300, "2 hours ago"),
        (200_000, "2 days ago"),
        (-90, "in 1 minute"),
    ],
)
def test_how_long_ago_something_was_is_told_in_its_largest_unit(seconds: int, words: str) -> None:
    world = SlackWorld(clock=lambda: 1_790_000_000.0)
    alice = world.add_person("U1", "alice")

    assert alice.reads_markup(f"<!date^{1_790_000_000 - seconds}^{{ago}}|then>") == words
