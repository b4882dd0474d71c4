"""Where a payload comes from: Slack tells private places by a name, by an id, or not at all."""

from datetime import UTC, datetime

import pytest

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
