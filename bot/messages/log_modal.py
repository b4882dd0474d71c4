"""What we ask of somebody who logs an event without typing a command."""

from collections.abc import Sequence

from bot.domain.events import LONGEST_TEXT
from bot.domain.outages import Outage
from bot.messages import View
from bot.messages.events import NO_OUTAGE, OTHER, WHEN_HINT, button_label, option

TITLE = "Log an event"


def modal(outages: Sequence[Outage]) -> View:
    """Ask what happened, and when; with several `outages` that go on, also which of them it belongs to."""
    text: dict[str, object] = {
        "type": "plain_text_input",
        "action_id": "text",
        "multiline": True,
        "max_length": LONGEST_TEXT,
    }
    kinds: dict[str, object] = {
        "type": "static_select",
        "action_id": "kind",
        "options": [option(kind, kind) for kind in OTHER],
    }
    left_out = f"Left empty: {'incident, because an outage is ongoing' if outages else 'change'}."
    fields: list[dict[str, object]] = [
        _field("text", "What happened", {**text, "focus_on_load": True}),
        _field(
            "when",
            "When",
            {"type": "plain_text_input", "action_id": "when", "max_length": 100},
            f"Left empty: now. {WHEN_HINT}",
        ),
        _field("kind", "Kind", kinds, left_out),
    ]
    if len(outages) > 1:
        options = [option(NO_OUTAGE, "no outage"), *(option(str(one.number), button_label(one)) for one in outages)]
        fields.append(
            _field(
                "outage",
                "Outage",
                {"type": "static_select", "action_id": "outage", "options": options},
                "Left empty: the one named in the text, if any.",
            )
        )
    told = "It is posted in the team's channel, like `/event log`."
    return {
        "type": "modal",
        "callback_id": "event.log",
        "title": {"type": "plain_text", "text": TITLE},
        "submit": {"type": "plain_text", "text": "Log"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [*fields, {"type": "context", "elements": [{"type": "mrkdwn", "text": told}]}],
    }


def _field(name: str, label: str, element: dict[str, object], hint: str = "") -> dict[str, object]:
    """Make a field; one with a hint may be left empty."""
    shown: dict[str, object] = {
        "type": "input",
        "block_id": name,
        "label": {"type": "plain_text", "text": label},
        "element": element,
    }
    return {**shown, "optional": True, "hint": {"type": "plain_text", "text": hint}} if hint else shown


def too_long(text: str) -> str:
    """Say that a text is longer than an event may be."""
    return f"An event takes at most {LONGEST_TEXT:,} characters, and this has {len(text):,}. Please say it shorter."
