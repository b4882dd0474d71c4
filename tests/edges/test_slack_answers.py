"""What Slack delivers is acknowledged at once and answered once, whatever else is going on."""

import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.sandbox.slack.requests import Ack, Outgoing, signature
from tests.stories.world import CHANNEL, World

SECRET = "sandbox-signing-secret"


@pytest.fixture(params=["http", "socket"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world in which the bot serves, over HTTP and over a WebSocket."""
    settings = {"SLACK_APP_TOKEN": "xapp-sandbox"} if request.param == "socket" else {}
    with World(tmp_path, **settings) as world:
        world.bot.starts()
        if request.param == "socket":
            world.until(lambda: world.slack.line.sockets.count, "the WebSocket")
        yield world


def posted(world: World, body: bytes, headers: dict[str, str], path: str = "/slack/events") -> int:
    """Sends bytes to the bot, as anybody could; gives the status."""
    place = urlsplit(world.bot.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=15)
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def signed(body: bytes, at: float | None = None, kind: str = "application/x-www-form-urlencoded") -> dict[str, str]:
    """Slack's headers for a body."""
    stamp = str(int(time.time() if at is None else at))
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(SECRET, stamp, body),
    }


# Acknowledged within a second


def test_every_command_is_acknowledged_at_once_while_gitlab_and_slack_hang(world: World) -> None:
    world.gitlab.weather.hangs()
    world.slack.weather.hangs()

    for text in ("/wow", "/wow status", "/wow rollover", "/wow undo", "/wow help", "/event list"):
        # a busy machine may hold up one of them; who waited for the world would be late every time
        acks = [world.alice.types(text, CHANNEL) for _ in range(3)]
        assert all(each.ok for each in acks), text
        assert min(each.seconds for each in acks) < 1.0, text


# Once


def test_a_command_delivered_again_is_answered_the_same_and_shown_once(world: World) -> None:
    first = world.alice.types("/wow nonsense", CHANNEL)
    again = world.slack.redeliver(first, retry=(1, "http_timeout"))

    assert again.body == first.body
    assert "nonsense" in str(first.body)


def test_a_look_up_delivered_again_is_shown_once(world: World) -> None:
    world.seeds_small_week()
    first = world.alice.types("/wow status", CHANNEL)
    world.said("Rotate the keys")

    assert world.slack.redeliver(first).body == first.body
    world.alice.types("/wow next", CHANNEL)
    world.said("Next WoW")
    assert len(world.messages("Rotate the keys")) == 1


def test_a_confirmation_delivered_again_also_to_another_process_and_after_a_kill_rolls_over_once(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover()
    confirmed = world.alice.submits()
    assert world.slack.redeliver(confirmed).body == confirmed.body
    world.report()
    world.is_idle()
    world.bot.is_killed()
    other = world.another_bot()
    other.starts()
    if "SLACK_APP_TOKEN" in other.settings:
        world.until(lambda: other.has_said("socket.connected"), "the WebSocket")

    again = world.slack.redeliver(confirmed, retry=(2, "http_timeout"))

    assert again.body == confirmed.body
    world.until(lambda: other.is_idle, "nothing waits")
    assert len(world.messages("is closed, rolled over by")) == 1


def test_an_event_delivered_again_is_taken_once(world: World) -> None:
    world.slack.subscriptions.add("user_change")
    first = world.slack.change_person("U1", tz="Asia/Tokyo")[0]

    assert world.slack.redeliver(first, retry=(1, "http_error")).ok
    world.until(lambda: world.bot.has_said("request.repeated"), "the second is recognised")


# Nobody gets in


def test_what_is_not_signed_by_slack_is_refused_and_its_text_is_not_logged(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.bot.starts()
        body = b"command=/wow&text=topsecretword&user_id=U1&trigger_id=1"
        good = signed(body)
        cases: dict[str, tuple[int, dict[str, str], bytes]] = {
            "no headers": (401, {}, body),
            "no timestamp": (401, {"X-Slack-Signature": "v0=0"}, body),
            "a timestamp that is no number": (401, {**good, "X-Slack-Request-Timestamp": "soon"}, body),
            "a negative timestamp": (401, {**good, "X-Slack-Request-Timestamp": "-1"}, body),
            "a huge timestamp": (401, {**good, "X-Slack-Request-Timestamp": "9" * 40}, body),
            "a stale timestamp": (401, signed(body, time.time() - 600), body),
            "a wrong signature": (401, {**good, "X-Slack-Signature": "v0=00"}, body),
            "a signature that is not ASCII": (400, {**good, "X-Slack-Signature": "v0=\xe9"}, body),
            "another body": (401, good, body + b"x"),
            "a body that is no JSON": (400, signed(b"{topsecretword", kind="application/json"), b"{topsecretword"),
            "a list": (400, signed(b"[1]", kind="application/json"), b"[1]"),
            "bytes that are no text": (400, signed(b"\xff\xfe"), b"\xff\xfe"),
            "a payload that is no JSON": (400, signed(b"payload=topsecretword"), b"payload=topsecretword"),
            "deep brackets": (400, signed(b"[" * 90_000, kind="application/json"), b"[" * 90_000),
        }

        answered = {name: posted(world, sent, headers) for name, (_, headers, sent) in cases.items()}

        assert answered == {name: status for name, (status, _, _) in cases.items()}
        assert "topsecretword" not in world.bot.log
        assert world.bot.log.count("web.refused") >= len(cases)
        assert world.alice.types("/wow help", CHANNEL).ok


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_one_megabyte_is_refused_before_it_is_looked_at(tmp_path: Path, chunked: bool) -> None:
    body = b"text=" + b"a" * 1_100_000
    with World(tmp_path) as world:
        world.bot.starts()
        place = urlsplit(world.bot.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=5)
        pieces = iter([body[:600_000], body[600_000:]]) if chunked else body
        connection.request("POST", "/slack/events", pieces, signed(body), encode_chunked=chunked)

        assert connection.getresponse().status == 413
        connection.close()
        assert world.alice.types("/wow help", CHANNEL).ok


def altered(ack: Ack, **changed: object) -> Outgoing:
    """The same payload with other values in it."""
    assert ack.outgoing is not None
    payload = {key: value for key, value in {**ack.payload, **changed}.items() if value is not None}
    return ack.outgoing._replace(payload=payload)


def test_a_command_with_parts_missing_or_strange_is_answered_in_words(world: World) -> None:
    strange: list[dict[str, object]] = [
        {"trigger_id": None},
        {"response_url": None, "channel_id": None},
        {"text": None},
        {"user_id": None},
        {"command": "/unheard-of"},
        {"text": "x" * 9000},
        {"text": "\x00\u202e" * 40},
    ]
    for number, changed in enumerate(strange):
        given = {"trigger_id": f"t{number}", "text": "help", **changed}

        ack = world.slack.line.ask(altered(world.alice.types("/wow help", CHANNEL), **given))

        assert ack.ok, changed
        assert "text" not in changed or changed["text"] is None or ack.body["text"], changed


def test_messages_shortcuts_and_buttons_that_nothing_is_for_are_answered_in_words(world: World) -> None:
    message = world.bob.says("The disk is full", CHANNEL)
    world.slack.shortcuts["Sing"] = "sing"

    assert world.alice.opens_shortcut(message, "Sing").ok

    world.said("I do not know this button or shortcut.")
