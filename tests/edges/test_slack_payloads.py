"""Where a payload comes from: Slack tells private places by a name, by an id, or not at all."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.dialogue import Request
from bot.slack import payloads

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "name", "private"),
    [
        ("C1", "production", False),
        ("C2", "privategroup", True),
        ("G2", "privategroup", True),
        ("G2", "leads", True),
        ("C3", "mpdm-alice--bob--carol-1", True),
        ("C4", "listed", True),
        ("D1", "directmessage", False),
    ],
)
def test_a_command_tells_whether_it_comes_from_a_private_channel(channel: str, name: str, private: bool) -> None:
    body = {"channel_id": channel, "channel_name": name, "command": "/wow"}

    assert payloads.command(body, request="r1", at=AT, private=frozenset({"C4"})).private is private


@pytest.mark.parametrize(
    ("channel", "name", "private"),
    [
        ("C1", "production", False),
        ("C2", "privategroup", True),
        ("C3", "mpdm-alice--bob--carol-1", True),
        ("C4", "listed", True),
        ("D1", "directmessage", True),
    ],
)
def test_a_shortcut_tells_whether_its_message_is_private(channel: str, name: str, private: bool) -> None:
    body = {"channel": {"id": channel, "name": name}, "callback_id": "log_as_event"}

    assert payloads.shortcut(body, request="r1", at=AT, private=frozenset({"C4"})).private is private


@pytest.mark.parametrize(
    ("event", "channel"),
    [
        ({"type": "message", "channel": "C9", "channel_type": "group"}, "C9"),
        ({"type": "member_joined_channel", "channel": "C9", "channel_type": "G"}, "C9"),
        ({"type": "message", "channel": "C9", "channel_type": "channel"}, ""),
        ({"type": "member_joined_channel", "channel": "C9", "channel_type": "C"}, ""),
        ({"type": "message", "channel": "D9", "channel_type": "im"}, ""),
        ({"type": "user_change"}, ""),
    ],
)
def test_an_event_tells_of_a_private_channel(event: dict[str, str], channel: str) -> None:
    assert payloads.private_channel({"event": event}) == channel


def test_a_command_is_read_as_it_was_typed_but_for_whom_a_hand_off_names() -> None:
    text = "log &lt;disk&gt; of <@U2|bob>"
    read = {
        name: payloads.command({"command": name, "text": text}, request="r1", at=AT, private=frozenset()).text
        for name in ("/event", "/handoff")
    }

    assert read == {"/event": "log <disk> of @bob", "/handoff": text}


# Events

TS = "1795597200.000007"
OLD = {"type": "message", "ts": TS, "user": "U1", "text": "disk full"}


def event(kind: str, own: tuple[str, ...] = ("U0BATON", "B0BATON"), **fields: Any) -> Request | None:  # noqa: ANN401
    body = {"type": "event_callback", "event_id": "Ev1", "event": {"type": kind, "channel": "C1", **fields}}
    return payloads.event(body, request="r1", at=AT, private=frozenset({"C4"}), own=own)


def test_words_newly_said_ask_for_nothing() -> None:
    assert event("message", user="U1", text="hello", ts=TS) is None
    assert event("message", subtype="bot_message", bot_id="B7", text="hello", ts=TS) is None
    assert event("message", subtype="channel_join", user="U1", text="joined", ts=TS) is None
    assert event("message", subtype="message_replied", message=OLD, ts=TS) is None


def test_a_preview_of_a_link_or_a_counted_reply_is_no_edit() -> None:
    new = {**OLD, "attachments": [{"text": "a preview"}], "reply_count": 1}

    assert event("message", subtype="message_changed", message=new, previous_message=OLD) is None


def test_an_edit_says_what_the_message_says_now() -> None:
    new = {**OLD, "text": "disk full on db1", "edited": {"user": "U1", "ts": TS}}

    edit = event("message", subtype="message_changed", message=new, previous_message=OLD, channel_type="group")

    assert edit is not None
    assert edit.said is not None
    assert (edit.name, edit.said.text, edit.values, edit.who) == (
        "message_changed",
        "disk full on db1",
        {"ts": TS},
        "U1",
    )
    assert (edit.key, edit.private) == ("event:Ev1", True)


def test_an_alert_whose_attachment_changes_says_something_else() -> None:
    alert = {"type": "message", "ts": TS, "subtype": "bot_message", "bot_id": "B7", "text": ""}
    before, now = ({**alert, "attachments": [{"text": text}]} for text in ("firing", "resolved"))

    edit = event("message", subtype="message_changed", message=now, previous_message=before)

    assert edit is not None
    assert edit.said is not None
    assert (edit.said.text, edit.who) == ("resolved", "B7")


def test_the_first_message_of_a_thread_is_deleted_though_its_place_stays() -> None:
    stone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": TS, "text": "It was deleted."}

    gone = event("message", subtype="message_changed", message=stone, previous_message=OLD)

    assert gone is not None
    assert (gone.name, gone.values, gone.said, gone.who) == ("message_deleted", {"ts": TS}, None, "U1")


@pytest.mark.parametrize("own", [("U0BATON",), ("B0BATON",)])
def test_what_becomes_of_batons_own_messages_asks_for_nothing(own: tuple[str, ...]) -> None:
    mine = {"type": "message", "ts": TS, "user": "U0BATON", "bot_id": "B0BATON", "text": "31 of 48"}

    assert (
        event("message", own, subtype="message_changed", message={**mine, "text": "32"}, previous_message=mine) is None
    )
    assert event("message", own, subtype="message_deleted", deleted_ts=TS, previous_message=mine) is None


def test_a_reaction_on_something_else_than_a_message_asks_for_nothing() -> None:
    item = {"type": "message", "channel": "C4", "ts": TS}
    reaction = event("reaction_removed", user="U1", reaction="pushpin", item=item, channel=None)

    assert reaction is not None
    assert (reaction.channel, reaction.private, reaction.about, reaction.values) == ("C4", True, "pushpin", {"ts": TS})
    assert event("reaction_added", user="U1", reaction="pushpin", item={"type": "file", "file": "F1"}) is None


@pytest.mark.parametrize(("kind", "private"), [("C", False), ("G", True)])
def test_who_joins_and_leaves_is_told_with_the_channel(kind: str, *, private: bool) -> None:
    for name in ("member_joined_channel", "member_left_channel"):
        move = event(name, user="U1", channel="C9", channel_type=kind)

        assert move is not None
        assert (move.name, move.who, move.channel, move.private) == (name, "U1", "C9", private)


def test_a_person_who_changed_is_named() -> None:
    change = event("user_change", user={"id": "U1"}, channel=None)

    assert change is not None
    assert (change.who, change.channel) == ("U1", "")
