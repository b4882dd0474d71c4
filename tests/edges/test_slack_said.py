"""What a message says is read from its text, or from wherever else it has its words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.talk import Said
from bot.slack import payloads
from bot.slack.said import Reader, mentioned
from tests.contract import contract_folder, needs_contract

TS = "1795597200.000007"
AT = datetime(2026, 11, 25, 9, 0, 0, 7, tzinfo=UTC)
READER = Reader(own={"U0BATON", "B0BATON"}, names={"U2": "bob"}, workspace="https://acme.slack.com/")


def said(**message: Any) -> Said:  # noqa: ANN401 - the fields of a message
    read = READER.read({"type": "message", "ts": TS, **message}, "C1")
    assert read is not None
    return read


def words(**message: Any) -> str:  # noqa: ANN401 - the fields of a message
    return said(**message).text


def section(text: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - the fields of a block
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def test_a_message_is_what_somebody_typed_and_when_to_the_microsecond() -> None:
    message = said(user="U1", text="&lt;disk&gt; of <@U2> is full", blocks=[section("elsewhere")])

    assert message == Said(
        channel="C1",
        ts=TS,
        at=AT,
        text="<disk> of @bob is full",
        by="U1",
        permalink="https://acme.slack.com/archives/C1/p1795597200000007",
    )


def test_a_reply_names_its_thread_and_so_does_its_address() -> None:
    reply = said(user="U1", text="on it", thread_ts="1795590000.000001")

    assert reply.thread == "1795590000.000001"
    assert reply.permalink.endswith("/p1795597200000007?thread_ts=1795590000.000001&cid=C1")
    assert not reply.answered


def test_the_first_message_of_a_thread_tells_that_it_was_answered() -> None:
    first = said(user="U1", text="down", thread_ts=TS, reply_count=2)

    assert first.answered
    assert first.thread == TS
    assert "thread_ts" not in first.permalink


@pytest.mark.parametrize(
    "bot",
    [
        {"bot_id": "B7", "user": "U7", "bot_profile": {"name": "Grafana"}},
        {"subtype": "bot_message", "bot_id": "B7", "username": "Grafana"},
        {"subtype": "bot_message", "username": "Grafana"},
    ],
)
def test_an_alert_is_by_a_bot_whose_name_is_known(bot: dict[str, Any]) -> None:
    alert = said(text="disk full", **bot)

    assert (alert.by, alert.name, alert.own) == ("", "Grafana", False)


def test_what_baton_said_is_its_own() -> None:
    assert said(bot_id="B0BATON", user="U0BATON", text="x").own
    assert said(subtype="bot_message", bot_id="B0BATON", text="x").own


def test_an_alert_without_text_says_what_its_attachments_say() -> None:
    attachments = [
        {
            "fallback": "never said",
            "pretext": "[FIRING:1]",
            "title": "Disk full &amp; slow",
            "text": "on <https://db1.example.com|db1>",
            "fields": [{"title": "Severity", "value": "critical"}, {"title": "", "value": "db"}],
            "blocks": [section("*Look* at once")],
        },
        {"fallback": "the fallback"},
    ]

    assert words(text="", attachments=attachments).splitlines() == [
        "[FIRING:1]",
        "Disk full & slow",
        "on db1 (https://db1.example.com)",
        "Severity: critical",
        "db",
        "*Look* at once",
        "the fallback",
    ]


def test_a_message_without_text_says_what_its_blocks_say_line_by_line() -> None:
    blocks = [
        {"type": "header", "text": plain("Alert")},
        section("Disk of <@U2>", fields=[{"type": "mrkdwn", "text": "*Host*\ndb1"}, plain("now")]),
        {"type": "divider"},
        {"type": "context", "elements": [plain("prod"), {"type": "image", "alt_text": "x"}, plain("eu")]},
        {"type": "markdown", "text": "**bold**"},
        {"type": "image", "alt_text": "a graph", "image_url": "https://example.com/x.png"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]]},
        {"type": "actions", "elements": [{"type": "button", "text": plain("Silence")}]},
    ]

    assert words(text=" ", blocks=blocks, attachments=[{"text": "not said"}]).splitlines() == [
        "Alert",
        "Disk of @bob",
        "*Host* db1",
        "now",
        "prod eu",
        "**bold**",
        "a graph",
        "a | b",
    ]


def test_rich_text_is_read_as_it_stands_on_the_screen() -> None:
    elements = [
        {"type": "text", "text": "a &amp; <b> "},
        {"type": "user", "user_id": "U2"},
        {"type": "user", "user_id": "U3"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "broadcast", "range": "here"},
        {"type": "emoji", "name": "fire"},
        {"type": "link", "url": "https://example.com", "text": "page"},
        {"type": "date", "timestamp": 1, "format": "{date}", "fallback": " noon"},
    ]
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]}
    rich = [
        {"type": "rich_text_section", "elements": elements},
        {"type": "rich_text_list", "elements": [item]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "df -h"}]},
    ]

    assert words(blocks=[{"type": "rich_text", "elements": rich}]).splitlines() == [
        "a &amp; <b> @bob@U3#C1@S1@here:fire:page (https://example.com) noon",
        "• first",
        "df -h",
    ]


def test_files_are_named_and_linked() -> None:
    files = [
        {"name": "graph.png", "permalink": "https://acme.slack.com/files/1", "url_private": "https://never"},
        {"id": "F2", "mode": "tombstone"},
    ]

    assert said(files=files).files == (("graph.png", "https://acme.slack.com/files/1"),)


def test_reactions_are_named() -> None:
    assert said(reactions=[{"name": "pushpin", "count": 1}]).reactions == ("pushpin",)


@pytest.mark.parametrize("message", [{}, {"ts": ""}, {"ts": "yesterday"}, {"ts": TS, "subtype": "tombstone"}])
def test_what_is_no_message_is_not_read(message: dict[str, str]) -> None:
    assert READER.read(message, "C1") is None


def test_people_who_are_mentioned_are_found_wherever_they_are() -> None:
    rich = {"type": "rich_text", "elements": [{"elements": [{"type": "user", "user_id": "U3"}]}]}

    assert mentioned({"text": "<@U1> URGENT <@U2|bob> U9", "blocks": [rich]}) == {"U1", "U2", "U3"}


# The shapes that were recorded


def recorded(name: str) -> Any:  # noqa: ANN401 - JSON
    folder = contract_folder()
    assert folder is not None
    return json.loads((folder / "slack-payloads" / f"{name}Payload.json").read_text())


@needs_contract
def test_a_recorded_shortcut_brings_its_message() -> None:
    body = recorded("MessageShortcut")
    body["message"] |= {"ts": TS, "text": "", "bot_id": "", "subtype": ""}
    body["channel"]["id"], body["team"]["domain"], body["user"]["id"] = "C1", "acme", "U1"
    body["message"]["attachments"][0]["text"] = "disk full"

    request = payloads.shortcut(body, request="r1", at=AT, private=frozenset())

    assert request.said is not None
    assert (request.who, request.channel, request.said.text) == ("U1", "C1", "disk full")
    assert request.said.permalink == "https://acme.slack.com/archives/C1/p1795597200000007"


@needs_contract
def test_a_recorded_shortcut_without_anything_in_it_is_read_too() -> None:
    assert payloads.shortcut(recorded("MessageShortcut"), request="r1", at=AT, private=frozenset()).said is None


@needs_contract
def test_a_recorded_reaction_tells_of_which_message_it_is() -> None:
    body = recorded("ReactionAdded")
    body["event"] |= {"user": "U1", "reaction": "pushpin"}
    body["event"]["item"] |= {"channel": "C4", "ts": TS}

    request = payloads.event(body, request="r1", at=AT, private=frozenset({"C4"}))

    assert request is not None
    assert (request.name, request.who, request.channel, request.private) == ("reaction_added", "U1", "C4", True)
    assert (request.about, request.values, request.said) == ("pushpin", {"ts": TS}, None)


@needs_contract
def test_a_recorded_change_brings_the_message_as_it_is_now() -> None:
    body = recorded("MessageChanged")
    body["event"]["channel"] = "C1"
    body["event"]["message"] |= {"ts": TS, "text": "now", "user": "U1", "edited": {"user": "U2", "ts": TS}}

    request = payloads.event(body, request="r1", at=AT)

    assert request is not None
    assert request.said is not None
    assert (request.name, request.who, request.values) == ("message_changed", "U2", {"ts": TS})
    assert (request.said.text, request.said.ts, request.said.channel) == ("now", TS, "C1")


@needs_contract
def test_a_recorded_deletion_names_the_message() -> None:
    body = recorded("MessageDeleted")
    body["event"] |= {"channel": "C1", "deleted_ts": TS}
    body["event"]["previous_message"]["user"] = "U1"

    request = payloads.event(body, request="r1", at=AT)

    assert request is not None
    assert (request.name, request.who, request.channel) == ("message_deleted", "U1", "C1")
    assert (request.values, request.said) == ({"ts": TS}, None)
