"""Socket Mode of the emulated Slack, with the real slack_bolt handler on aiohttp at the other end."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app

Body = dict[str, Any]


class SocketBot:
    """A bot on Socket Mode, in a loop of its own; with a gate it holds its answers back."""

    def __init__(self, world: SlackWorld, name: str = "bot") -> None:
        self.name = name
        self.heard: list[Body] = []
        self.retries: list[str] = []
        self.gate: asyncio.Event | None = None
        self._world = world
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._handler = self.runs(self._start)

    def runs(self, work: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401
        async def run() -> Any:  # noqa: ANN401
            return await work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def _start(self) -> AsyncSocketModeHandler:
        client = AsyncWebClient(token=self._world.bot_token, base_url=f"{self._world.url}/api/", retry_handlers=[])
        bolt = AsyncApp(client=client, process_before_response=True)
        bolt.command("/wow")(self._wow)
        bolt.event("message")(self._event)
        handler = AsyncSocketModeHandler(bolt, self._world.app_token, web_client=client, ping_interval=0.2)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # the library's own
        return handler

    async def holds(self) -> None:
        self.gate = asyncio.Event()

    async def _wow(self, ack: AsyncAck, body: Body) -> None:
        self.heard.append(body)
        if self.gate is not None:
            await self.gate.wait()
        await ack(f"{self.name} says {body['text']}")

    async def _event(self, body: Body, request: Any) -> None:  # noqa: ANN401
        self.heard.append(body)
        self.retries += request.headers.get("x-slack-retry-num", [])

    def stops(self) -> None:
        self.runs(self._stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        if self.gate is not None:
            self.gate.set()
        await self._handler.close_async()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            await asyncio.wait([task])


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    world = SlackWorld()
    world.add_person("U1", "alice")
    world.add_channel("C1", "production", members=["U1"])
    with Server(app(world), changes=world.changes) as server:
        world.url = server.url
        yield world


@pytest.fixture
def bot(world: SlackWorld) -> Iterator[SocketBot]:
    bot = SocketBot(world)
    assert world.wait_for(lambda: world.line.sockets.count == 1)
    yield bot
    bot.stops()


def test_a_command_and_its_answer_travel_over_the_socket(world: SlackWorld, bot: SocketBot) -> None:
    ack = world.person("U1").types("/wow status", "C1")

    assert (ack.ok, ack.via) == (True, "socket")
    assert world.person("U1").sees("C1")[0].text == "bot says status"


def test_an_event_travels_over_the_socket(world: SlackWorld, bot: SocketBot) -> None:
    world.person("U1").says("deployed", "C1")

    assert bot.heard[0]["event"]["text"] == "deployed"


def test_a_redelivered_event_says_that_it_is_one(world: SlackWorld, bot: SocketBot) -> None:
    world.person("U1").says("deployed", "C1")

    world.redeliver(world.line.sent[0], retry=(2, "timeout"))

    assert bot.heard[0]["event_id"] == bot.heard[1]["event_id"]
    assert bot.retries[-1] == "2"


def test_the_bot_comes_back_after_its_connection_was_cut(world: SlackWorld, bot: SocketBot) -> None:
    assert world.cuts_sockets() == 1

    assert world.wait_for(lambda: world.line.sockets.count == 1, timeout=20)
    assert world.person("U1").types("/wow status", "C1").ok


def test_the_bot_moves_to_a_fresh_connection_when_it_is_asked_to(world: SlackWorld, bot: SocketBot) -> None:
    world.line.sockets.says_goodbye()

    assert world.wait_for(lambda: world.line.sockets.connected == 2, timeout=20)
    assert world.person("U1").types("/wow status", "C1").ok


def test_an_envelope_that_was_not_acknowledged_goes_to_another_connection(world: SlackWorld, bot: SocketBot) -> None:
    bot.runs(bot.holds)
    answers: list[str] = []
    typing = threading.Thread(target=lambda: answers.append(world.person("U1").types("/wow status", "C1").body["text"]))
    typing.start()
    assert world.wait_for(lambda: len(world.line.sockets.under_way) == 1)
    other = SocketBot(world, "other")
    try:
        assert world.wait_for(lambda: world.line.sockets.count == 2)
        world.line.sockets.cut(oldest=1)
        typing.join()
        assert answers == ["other says status"]
    finally:
        other.stops()


def test_an_envelope_nobody_acknowledges_times_out(world: SlackWorld, bot: SocketBot) -> None:
    bot.runs(bot.holds)
    world.line.patience = 0.1

    assert world.person("U1").types("/wow status", "C1").timed_out


def test_a_connection_needs_the_apps_token(world: SlackWorld) -> None:
    world.app_token = "xapp-other"
    bot = AsyncWebClient(token=world.bot_token, base_url=f"{world.url}/api/")

    async def ask() -> str:
        answer = await bot.api_call("apps.connections.open", headers={"Authorization": f"Bearer {world.bot_token}"})
        return str(answer)

    with pytest.raises(Exception, match="not_allowed_token_type"):
        asyncio.run(ask())
