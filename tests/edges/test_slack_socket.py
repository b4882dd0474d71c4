"""Requests come over a WebSocket of our own, which is back within seconds whatever happens to it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.dialogue import Outcome, Reply, Request
from bot.domain.team import Team
from bot.messages import Words
from bot.sandbox.server import Server
from bot.slack.bolt import SlackApp
from bot.slack.calls import SlackCalls
from bot.slack.channels import Channels
from bot.slack.edge import Edge
from bot.slack.socket import Socket
from bot.store import Store, Tx, open_store
from tests.stories.world import CHANNEL, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, SLACK_APP_TOKEN="xapp-sandbox") as world:
        yield world


def connects(world: World, times: int = 1, within: float = 10.0) -> float:
    """Waits for so many connections since the beginning; gives the seconds it took."""
    began = time.monotonic()
    sockets = world.slack.line.sockets
    world.until(lambda: sockets.connected >= times and sockets.count, f"connection number {times}", within)
    return time.monotonic() - began


def test_a_connection_that_breaks_is_back_within_five_seconds(world: World) -> None:
    world.bot.starts()
    connects(world)

    world.slack.cuts_sockets()

    assert connects(world, 2) < 5.0
    assert world.alice.types("/wow help", CHANNEL).ok


def test_a_connection_that_slack_wants_anew_is_made_before_the_old_one_ends(world: World) -> None:
    world.bot.starts()
    connects(world)

    world.slack.line.sockets.says_goodbye()

    assert connects(world, 2) < 5.0
    assert world.slack.line.sockets.count == 2
    world.slack.line.sockets.cut(1)
    world.until(lambda: world.slack.line.sockets.count == 1, "the old one is gone")
    assert world.alice.types("/wow help", CHANNEL).via == "socket"
    assert world.slack.line.sockets.connected == 2


def test_a_slack_that_is_away_at_the_start_is_connected_to_when_it_comes(world: World) -> None:
    world.slack.goes_down()
    world.bot.starts()
    world.until(lambda: world.bot.has_said("socket.waits"), "the first attempt fails")
    assert world.bot.asks("/healthz")[0] == 200

    world.slack.comes_back()

    assert connects(world) < 5.0


def test_a_refused_token_is_said_once_and_not_again_and_again(world: World) -> None:
    world.forgives_slack = True
    world.slack.app_token = "xapp-another"
    world.bot.starts()
    calls = world.slack.server.recorded
    world.until(
        lambda: sum("apps.connections.open" in each.path for each in calls()) >= 3, "it is tried again and again"
    )

    said = [json.loads(line) for line in world.bot.log.splitlines() if "socket.waits" in line]

    assert len(said) == 1
    assert "token" in said[0]["reason"]
    assert said[0]["setting"] == "SLACK_APP_TOKEN"
    assert "xapp-" in said[0]["fix"]
    assert world.bot.asks("/healthz")[0] == 200
    assert world.bot.asks("/readyz")[0] == 503


def test_a_refused_bot_token_is_told_from_a_refused_app_token_with_its_mend(world: World) -> None:
    world.forgives_slack = True
    world.slack.bot_token = "xoxb-another"
    world.bot.starts()
    world.until(lambda: world.bot.has_said("roster.waits"), "Slack refuses it")

    said = [json.loads(line) for line in world.bot.log.splitlines() if "roster.waits" in line]

    assert said[0]["setting"] == "SLACK_BOT_TOKEN"
    assert "xoxb-" in said[0]["fix"]


def test_it_ends_cleanly_when_asked_to(world: World) -> None:
    world.bot.starts()
    connects(world)
    began = time.monotonic()

    assert world.bot.stops() == 0

    assert time.monotonic() - began < 5.0
    world.until(lambda: not world.slack.line.sockets.count, "the connection is closed")


def test_it_ends_cleanly_also_while_slack_hangs(world: World) -> None:
    world.slack.weather.hangs()
    world.bot.starts()

    assert world.bot.stops() == 0


# Envelopes


@asynccontextmanager
async def listening(store: Store) -> AsyncIterator[SlackApp]:
    """Bolt with one command, which counts how often it was carried out."""

    def handle(tx: Tx, _: Team, __: Request) -> Outcome:
        times = int(tx.fact("times") or 0) + 1
        tx.keep_fact("times", str(times), datetime.now(UTC))
        return Reply(Words(f"{times}"))

    edge = Edge(
        store,
        Team("C1"),
        {(kind, "*"): handle for kind in ("command", "button", "submission", "shortcut")},
        lambda: datetime.now(UTC),
        lambda: "r",
    )
    async with aiohttp.ClientSession() as session:
        calls = SlackCalls("xoxb-1", "http://127.0.0.1:9/api/", session, lambda: datetime.now(UTC))
        yield SlackApp(
            edge,
            calls,
            store,
            Channels(store, calls, edge.team, edge.clock),
            token="xoxb-1",
            signing_secret=None,
            begin=lambda *_: None,
            people_changed=lambda: None,
        )


COMMAND = {"command": "/wow", "text": "help", "user_id": "U1", "team_id": "T1", "channel_id": "C1"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/baton.db")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"envelope_id": "e1"}, {"envelope_id": "e1"}, True),
        ({"envelope_id": "e1"}, {"envelope_id": "e2"}, False),
        ({"envelope_id": "e1", "trigger_id": "t1"}, {"envelope_id": "e2", "trigger_id": "t1"}, True),
        ({"envelope_id": "e1", "trigger_id": "t1"}, {"envelope_id": "e1", "trigger_id": "t2"}, False),
    ],
)
def test_an_envelope_is_known_by_its_trigger_else_by_its_own_id(
    store: Store, first: dict[str, str], second: dict[str, str], same: bool
) -> None:
    def envelope(given: dict[str, str]) -> dict[str, Any]:
        payload = COMMAND | ({"trigger_id": given["trigger_id"]} if "trigger_id" in given else {})
        return {"envelope_id": given["envelope_id"], "type": "slash_commands", "payload": payload}

    async def run() -> list[Any]:
        async with listening(store) as app:
            return [await app.take_envelope(envelope(each)) for each in (first, second)]

    one, two = asyncio.run(run())

    assert one["text"] == "1"
    assert two["text"] == ("1" if same else "2")


@pytest.mark.parametrize(
    "payload", [{}, {"type": "unheard_of"}, {"command": 3}, {"type": "block_actions", "actions": []}]
)
def test_nothing_that_stands_in_an_envelope_breaks_the_line(store: Store, payload: dict[str, Any]) -> None:
    async def run() -> Any:  # noqa: ANN401 - JSON
        async with listening(store) as app:
            return await app.take_envelope({"envelope_id": "e1", "type": "interactive", "payload": payload})

    assert asyncio.run(run()) in ({}, None)


def test_a_network_that_swallows_everything_is_noticed_within_five_seconds() -> None:
    begun: list[float] = []

    def shortest() -> float:
        return min(after - before for before, after in pairwise(begun))

    async def address(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://{request.host}/link"})

    async def link(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        begun.append(time.monotonic())
        async for _ in socket:
            pass  # not even a heartbeat is answered
        return socket

    app = web.Application()
    app.router.add_post("/api/apps.connections.open", address)
    app.router.add_get("/link", link)

    async def run(url: str) -> None:
        async with aiohttp.ClientSession() as session:
            calls = SlackCalls("xoxb-1", f"{url}/api/", session, lambda: datetime.now(UTC))
            socket = Socket(calls, "xapp-1", take=nothing)
            socket.start()
            # a busy machine may hold up one of them; who cannot notice is late every time
            await asyncio.to_thread(server.wait_until, lambda: len(begun) > 1 and shortest() < 5.0, 25.0)
            await socket.stop()

    with Server(app) as server:
        asyncio.run(run(server.url))

    assert len(begun) > 1
    assert shortest() < 5.0


async def nothing(_: Mapping[str, Any]) -> dict[str, Any] | None:
    """Answers nothing."""
