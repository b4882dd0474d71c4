"""The emulated Slack held to recorded payloads and to Slack's list of methods, where that contract is at hand.

What the recordings lack and Slack documents is listed here, with its page.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.slack.http import METHODS
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.state import Message

Json = dict[str, Any]
CONTRACT = Path(os.environ.get("CONTRACTS") or Path(__file__).parents[3] / "shared" / "contract")
pytestmark = pytest.mark.skipif(
    not (CONTRACT / "slack-methods.json").exists(), reason=f"no contract in $CONTRACTS or {CONTRACT}: left out"
)

# Objects whose inside is checked elsewhere, or is the app's own.
OPAQUE = {"blocks", "values", "attachments", "files", "reactions", "metadata", "actions"}
DOCUMENTED = {
    "view": {"blocks"},  # https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
    "payload": {
        "response_urls",  # the same page
        "action_ts",  # https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
        "context_team_id",  # https://docs.slack.dev/apis/events-api#callback-field
        "context_enterprise_id",
    },
    "state": {"values"},
    "action": {"selected_options"},  # https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
}
FORM: Json = {
    "type": "modal",
    "callback_id": "form",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Form"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "optional": True,
            "label": {"type": "plain_text", "text": "Words"},
            "element": {"type": "plain_text_input", "action_id": "words"},
        }
    ],
}
BUTTON: Json = {
    "type": "actions",
    "elements": [{"type": "button", "action_id": "go", "value": "1", "text": {"type": "plain_text", "text": "Go"}}],
}


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    world = SlackWorld()
    world.add_person("U1", "alice")
    world.add_person("U3", "grafana", is_bot=True)
    world.add_channel("C1", "production", members=["U1", "U3"])
    with Server(app(world)) as server:
        world.url = server.url
        yield world


@pytest.fixture
def alice(world: SlackWorld) -> Persona:
    return world.person("U1")


@pytest.fixture
def message(world: SlackWorld) -> Message:
    return world.post_as("U3", "C1", "disk full", blocks=[{**BUTTON, "block_id": "b"}])


def recorded(name: str) -> Json:
    shape: Json = json.loads((CONTRACT / "slack-payloads" / f"{name}Payload.json").read_text())
    return shape


def unknown_keys(sent: Json, shape: Json, place: str = "payload") -> list[str]:
    """What we send that was never recorded, as paths."""
    strange = []
    for key, value in sent.items():
        if key not in shape:
            strange += [] if key in DOCUMENTED.get(place.rpartition(".")[2], ()) else [f"{place}.{key}"]
        elif isinstance(value, dict) and isinstance(shape[key], dict) and key not in OPAQUE:
            strange += unknown_keys(value, shape[key], f"{place}.{key}")
    return strange


def last(world: SlackWorld) -> Json:
    return world.line.sent[-1].payload


def test_a_slash_command_has_the_recorded_shape(world: SlackWorld, alice: Persona) -> None:
    alice.types("/wow status", "C1")

    assert unknown_keys(last(world), recorded("SlashCommand")) == []
    relied_on = {"user_id", "channel_id", "channel_name", "team_id", "command", "text", "response_url", "trigger_id"}
    assert relied_on <= set(last(world))


def test_a_pressed_button_has_the_recorded_shape(world: SlackWorld, alice: Persona, message: Message) -> None:
    shape = recorded("BlockAction")

    alice.clicks(message, "Go")

    assert unknown_keys(last(world), shape) == []
    assert unknown_keys(last(world)["actions"][0], shape["actions"][0], "action") == []
    relied_on = {"user", "team", "channel", "message", "container", "actions", "response_url", "trigger_id"}
    assert relied_on <= set(last(world))


def test_a_message_shortcut_has_the_recorded_shape(world: SlackWorld, alice: Persona, message: Message) -> None:
    alice.opens_shortcut(message, "log")

    assert unknown_keys(last(world), recorded("MessageShortcut")) == []
    relied_on = {"callback_id", "message", "message_ts", "channel", "user", "response_url", "trigger_id"}
    assert relied_on <= set(last(world))


def test_a_submission_and_a_closing_have_the_recorded_shape(world: SlackWorld, alice: Persona) -> None:
    _open(world)
    alice.submits()
    assert unknown_keys(last(world), recorded("ViewSubmission")) == []
    assert {"user", "team", "view", "trigger_id"} <= set(last(world))

    alice.closes()
    assert unknown_keys(last(world), recorded("ViewClosed")) == []


def test_events_have_the_recorded_shape(world: SlackWorld, alice: Persona) -> None:
    said = alice.says("deployed", "C1")
    happenings: dict[str, Callable[[], object]] = {
        "ReactionAdded": lambda: alice.reacts(said, "pushpin"),
        "MessageChanged": lambda: alice.edits(said, "deployed twice"),
        "MessageDeleted": lambda: alice.deletes(said),
        "AppHomeOpened": alice.opens_home,
    }

    for name, happens in happenings.items():
        happens()
        shape = recorded(name)
        # Messages inside events are recorded narrower than elsewhere; a message is a message.
        for key in {"message", "previous_message"} & set(shape["event"]):
            shape["event"][key] |= recorded("MessageShortcut")["message"]
        assert unknown_keys(last(world), shape) == [], name
        assert {"event_id", "event_time", "team_id", "authorizations"} <= set(last(world))


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_asks_for_what_slack_asks_for(name: str) -> None:
    theirs = json.loads((CONTRACT / "slack-methods.json").read_text())[name]
    ours = METHODS[name]

    # The trigger of a view may come under either of two names, so that it is asked for inside.
    assert set(ours.required) == set(theirs["required"]) - {"token"}
    assert set(ours.scopes) == set(theirs["scope"].get("bot", []))


def _open(world: SlackWorld) -> None:
    from bot.sandbox.slack import views

    views.open_view(world, world.new_trigger("U1"), FORM)
