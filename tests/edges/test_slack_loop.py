"""The event loop is never held up: not by commands, not by a rollover, not by reading a large week."""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from typing import Any, Self, TypeVarTuple

import pytest
import structlog

from bot import app
from bot.settings import Settings
from bot.store import open_store
from tests.stories.world import CHANNEL, World

COMPUTES, WAITS = 0.05, 0.8
"""Seconds that a callback may compute, and may take in all: a busy machine takes time away, a slow world takes a second."""


Ts = TypeVarTuple("Ts")


class Loop(asyncio.SelectorEventLoop):
    """A loop that notes which of its callbacks computed for too long, or waited for something outside."""

    def __init__(self) -> None:
        super().__init__()
        self.slow: list[str] = []

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        return super().call_soon(self._timed, callback, *args, context=context)

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        return super().call_soon_threadsafe(self._timed, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(when, self._timed, callback, *args, context=context)

    def _timed(self, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        computed, began = time.thread_time(), time.monotonic()
        callback(*args)
        computed, took = time.thread_time() - computed, time.monotonic() - began
        if computed >= COMPUTES or took >= WAITS:
            task = getattr(callback, "__self__", None)
            name = getattr(task.get_coro() if isinstance(task, asyncio.Task) else callback, "__name__", str(callback))
            self.slow.append(f"{name} computed {computed:.3f} s of {took:.3f}")


class InProcess:
    """The bot in a thread of this process, on a loop that notes what held it up."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ready = threading.Event()
        self._stopping: asyncio.Event | None = None
        self.loop = Loop()
        self._thread = threading.Thread(target=self._runs, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._stopping is not None
        self.loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(20)

    def _runs(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        given: dict[str, Any] = {key.lower(): value for key, value in self.world.bot.settings.items()}
        settings = Settings(**given)
        store = await asyncio.to_thread(open_store, settings.database_url)
        bot = app.Bot(settings, store, self.world.clock)
        try:
            await app._run(bot, self._stopping, self._serves)
        finally:
            await bot.close()
            store.close()

    def _serves(self, address: str) -> None:
        self.world.slack.bot_url = address
        self._ready.set()


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """No logging, and no garbage collection, which in a process full of tests takes longer than in a bot."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    gc.disable()
    yield
    gc.enable()
    structlog.reset_defaults()


def test_no_callback_computes_for_more_than_fifty_milliseconds_or_waits_for_the_world(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        week = world.seeds_small_week()
        for number in range(150):
            world.gitlab.add_issue(f"Issue {number}", ["goal"], week.wow)
        with InProcess(world) as bot:
            bot.loop.slow.clear()  # nobody waits for anything before it serves
            for text in ("/wow", "/wow status", "/wow next", "/wow history", "/wow help"):
                assert world.alice.types(text, CHANNEL).ok
            world.opens_rollover()
            world.alice.submits()
            world.bob.types("/wow status", CHANNEL)
            world.report()
            world.gitlab.weather.goes_slow(1.0)
            world.slack.weather.goes_slow(1.0)
            world.bob.types("/wow next", CHANNEL)
            world.said("Next WoW", to=world.bob)

            assert not bot.loop.slow


def test_the_loop_notes_who_computes_and_who_waits() -> None:
    async def computes() -> None:
        began = time.thread_time()
        while time.thread_time() - began < COMPUTES:
            pass

    async def waits() -> None:
        time.sleep(WAITS)  # noqa: ASYNC251 - that is what must be noticed

    async def both() -> None:
        await asyncio.gather(asyncio.sleep(0.01), asyncio.create_task(computes()), asyncio.create_task(waits()))

    loop = Loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(both())

    assert [said.split()[0] for said in loop.slow] == ["computes", "waits"]
