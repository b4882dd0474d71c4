"""What things cost, in counts that are the same on every machine: statements, listeners tried, requests for a look."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, groupby
from pathlib import Path

import aiohttp
import pytest

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


def test_bolt_has_no_listeners_to_try(store: Store) -> None:
    assert asyncio.run(listeners(store)) == []


async def listeners(store: Store) -> list[object]:
    """What Bolt tries one after the other until something takes a payload."""
    async with aiohttp.ClientSession() as session:
        edge = edge_of(store)
        calls = SlackCalls("xoxb-1", "http://127.0.0.1:9/api/", session, lambda: AT)
        slack = SlackApp(
            edge,
            calls,
            store,
            Channels(store, calls, edge.team, edge.clock),
            token="xoxb-1",
            signing_secret=None,
            begin=lambda *_: None,
            people_changed=lambda: None,
        )
        return [*slack.app._async_listeners]


def test_a_look_for_outages_takes_three_lists_however_many_are_known() -> None:
    with tracker.opened() as gitlab:
        known = [gitlab.world.add_issue(f"Outage {number}", ["outage"]) for number in range(5)]

        assert len(gitlab.is_asked(*known).issues) == 5

        assert sorted(gitlab.requests()) == ["issues", "issues", "labels"]
