"""Who somebody is, as Slack describes them: under all the names by which they may be told of."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bot.domain.people import Person
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.weather import Weather
from bot.slack.calls import SlackCalls

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)


def described(user: dict[str, Any] | None = None) -> Person:
    """What is understood of U2; of `user`, where Slack is to answer that."""
    slack, weather = SlackWorld(), Weather()
    slack.add_person("U2", "bob", real_name="Bob Real", email="bob@x.example")
    if user is not None:
        weather.fails(200, match="users.info", body={"ok": True, "user": {"id": "U2", "team_id": "T1", **user}})

    async def asks(url: str) -> Person:
        async with aiohttp.ClientSession() as session:
            return await SlackCalls(slack.bot_token, f"{url}/api/", session, lambda: AT).describe("U2", "T1")

    with Server(app(slack, weather.middleware)) as server:
        return asyncio.run(asks(server.url))


def test_somebody_is_shown_by_one_name_and_known_by_all() -> None:
    person = described()

    assert (person.name, person.others, person.email) == ("bob", ("Bob Real",), "bob@x.example")
    assert person.names == ("bob", "Bob Real", "bob@x.example")


@pytest.mark.parametrize(
    ("user", "names"),
    [
        (
            {"name": "breal", "real_name": "Bob R.", "profile": {"display_name": "bob", "real_name": "Bob Real"}},
            ("bob", "Bob Real", "Bob R.", "breal"),
        ),
        ({"name": "breal", "profile": {"display_name": "", "real_name": "Bob Real"}}, ("Bob Real", "breal")),
        ({"name": "breal", "deleted": True}, ("breal",)),
        ({}, ("U2",)),
    ],
)
def test_of_the_names_that_slack_tells_the_one_that_people_chose_is_shown(
    user: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert described(user).names == names
