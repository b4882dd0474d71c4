"""What things cost, in counts that are the same on every machine: statements, listeners tried, requests for a look."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, groupby
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse

import handlers
from bot.dialogue import Request
from bot.domain.people import Person
from bot.domain.team import Team
from bot.slack.bolt import SlackApp
from bot.slack.calls import SlackCalls
from bot.slack.channels import Channels
from bot.slack.edge import Answered, Edge
from bot.store import Store, open_store
from tests.edges import tracker

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
MOST_STATEMENTS = 28
COMMAND = {"command": "/event", "text": "log it", "user_id": "U1", "channel_id": "C1"}
EVENT = {"type": "event_callback", "event": {"type": "reaction_added"}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/baton.db")
    opened.write_now(lambda tx: tx.keep_person(Person("U1", "alice"), AT))
    opened.write_now(lambda tx: tx.keep_privacy("C1", AT, private=False))
    yield opened
    opened.close()


def edge_of(store: Store) -> Edge:
    """The edge, with everything that people do on its routing page."""
    return Edge(store, Team("C1"), handlers.REQUESTS, lambda: AT, lambda: "new")


def logs(store: Store, number: int) -> Answered:
    """Lets alice log an event."""
    text = f"log restarted redis for the {number}th time"
    return asyncio.run(
        edge_of(store).answer(
            Request(f"r{number}", "command", "event", "U1", AT, f"trigger:{number}", channel="C1", text=text)
        )
    )


def test_logging_an_event_takes_few_statements_however_many_there_are(store: Store) -> None:
    numbers, said, costs = count(1), list[str](), list[int]()
    logs(store, next(numbers))

    for _ in range(3):
        store._writing.set_trace_callback(said.append)
        assert "Logged" in logs(store, next(numbers)).ack["text"]
        store._writing.set_trace_callback(None)
        # SQLite tells of a statement again for each trigger that it fires, and with -- of what the full text does
        costs.append(sum(not statement.startswith("--") for statement, _ in groupby(said)))
        said.clear()

    assert costs == [costs[0]] * 3
    assert costs[0] <= MOST_STATEMENTS, costs


async def tries(store: Store, body: dict[str, Any]) -> int:
    """How many of its listeners Bolt tries until it has the one for a payload."""
    async with aiohttp.ClientSession() as session:
        edge = edge_of(store)
        calls = SlackCalls("xoxb-1", "http://127.0.0.1:9/api/", session, lambda: AT)
        channels = Channels(store, calls, edge.team, edge.clock)
        slack = SlackApp(
            edge,
            calls,
            store,
            channels,
            token="xoxb-1",
            signing_secret=None,
            begin=lambda *_: None,
            people_changed=lambda: None,
        )
        request, response = AsyncBoltRequest(mode="socket_mode", body=body), BoltResponse(status=404)
        for number, listener in enumerate(slack.app._async_listeners, start=1):
            if await listener.async_matches(req=request, resp=response):
                return number
    return 0


def test_bolt_finds_a_command_at_once_and_anything_else_within_five_tries(store: Store) -> None:
    assert asyncio.run(tries(store, COMMAND)) == 1
    assert asyncio.run(tries(store, EVENT)) == 5


def test_a_look_for_outages_takes_three_lists_however_many_are_known() -> None:
    with tracker.opened() as gitlab:
        known = [gitlab.world.add_issue(f"Outage {number}", ["outage"]) for number in range(5)]

        assert len(gitlab.is_asked(*known).issues) == 5

        assert sorted(gitlab.requests()) == ["issues", "issues", "labels"]
