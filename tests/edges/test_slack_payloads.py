"""What Slack's payloads say: where they come from, whom they name, what stands in a modal."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue import Request
from bot.slack import payloads
from bot.slack.markup import as_typed

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


def command(name: str, text: str, names: dict[str, str] | None = None) -> str:
    body = {"command": name, "text": text}
    return payloads.command(body, request="r1", at=AT, private=frozenset(), names=names or {}).text


def test_a_command_is_read_as_it_was_typed() -> None:
    assert command("/event", "log &lt;disk&gt; of <@U2|bob>") == "log <disk> of @bob"
    assert command("/event", "<@U2|bob> was here") == "@bob was here"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<@U2|bob>", "<@U2|bob>"),
        ("<@U2> ask <@U3> &amp; <@U4|dan> about &lt;db3&gt;", "<@U2> ask @carol & @dan about <db3>"),
        ("To  <@U2|bob>: see <#C1|production>", "To  <@U2|bob>: see #production"),
        ("<@U2> <@U3> knows it", "<@U2> <@U3> knows it"),
        ("<@U2|bob>, <@U3|carol> and <@U4|dan> know", "<@U2|bob>, <@U3|carol> and <@U4|dan> know"),
        ("<@U2><@U3> &amp; <@U4> &amp; all", "<@U2><@U3> &amp; <@U4> & all"),
        ("<@U2> and tell <@U3>", "<@U2> and tell @carol"),
        ("<!subteam^S1|@ops> please", "<!subteam^S1|@ops> please"),
        ("<!here> please", "@here please"),
        ("note ask <@U3> about it", "note ask @carol about it"),
        ("take <@U3|carol> is ill", "take @carol is ill"),
        ("@next &amp; tell <@U3>", "@next & tell @carol"),
        ("tomorrow <@U2>", "tomorrow @U2"),
        ("", ""),
    ],
)
def test_whom_a_hand_off_begins_with_is_told_by_id_and_the_rest_as_it_was_typed(text: str, read: str) -> None:
    assert command("/handoff", text, {"U3": "carol"}) == read


@given(st.lists(st.sampled_from(["to", "and", ",", "&amp;", "<@U2>", "<@U3|carol>", "<!subteam^S1>", "note", " "])))
def test_the_parts_of_a_hand_off_are_all_there(words: list[str]) -> None:
    text = " ".join(words)

    assert as_typed(command("/handoff", text)) == as_typed(text)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("/event", "log <@U2> saw <@U3|carol>", "<@U2>"),
        ("/handoff", "<@U2>", ""),
        ("/handoff", "to <@U2>, <@U3> and <@U4|> ask <@U5|>", "<@U5|>"),
        ("/handoff", "note ask <@U3> about <@U4|dan>", "<@U3>"),
    ],
)
def test_names_are_looked_up_where_a_mention_is_read_as_it_was_typed(name: str, text: str, found: str) -> None:
    assert payloads.nameless({"command": name, "text": text}).get("text", "") == found


# What happens in modals

FILLED_IN = {
    "summary": {"handoff.typed#0": {"type": "plain_text_input", "value": "all quiet"}},
    "note-7": {"handoff.typed#7": {"type": "plain_text_input", "value": None}},
    "who": {"who": {"type": "users_select", "selected_user": "U2"}},
    "nobody": {"who": {"type": "users_select", "selected_user": None}},
}


def pressed(**action: object) -> Request:
    view = {"id": "V1", "private_metadata": "handoff-3", "state": {"values": FILLED_IN}}
    body = {"trigger_id": "1.2", "user": {"id": "U1"}, "view": view, "actions": [action]}
    return payloads.button(body, request="r1", at=AT, private=frozenset())


def test_a_button_in_a_modal_brings_what_is_filled_in() -> None:
    click = pressed(type="button", action_id="more", value="page 2")

    assert click.values == {"summary": "all quiet", "note-7": "", "who": "U2", "nobody": ""}
    assert (click.about, click.is_typing) == ("page 2", False)


def test_a_field_that_tells_what_is_typed_is_about_its_modal() -> None:
    typing = pressed(type="plain_text_input", action_id="handoff.typed#0", value="all quiet")

    assert (typing.kind, typing.name, typing.about) == ("button", "handoff.typed", "handoff-3")
    assert (typing.view, typing.key, typing.is_typing) == ("V1", "trigger:1.2", True)
    assert typing.values["summary"] == "all quiet"


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
