"""Worlds that go silent, limit us, or have one call that never succeeds; and the loop around all of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.journal import World
from bot.outbox import LEASE, STRIKES, Outbox
from bot.store import Store, Tx
from tests.edges.outbox_bench import Bench, issue, issues, post

pytestmark = pytest.mark.anyio
T = TypeVar("T")


async def test_nothing_is_known_of_a_world_before_the_first_call(bench: Bench) -> None:
    assert bench.box.is_up("gitlab") is None


async def test_after_a_few_failures_in_a_row_a_world_is_down_and_it_is_written_down_why(bench: Bench) -> None:
    down(bench, count=2)
    await bench.batch(issues(2))
    await bench.box.deliver_due()
    assert bench.box.is_up("gitlab") is True

    bench.clock.moves(2)
    await bench.box.deliver_due()

    assert bench.box.is_up("gitlab") is False
    assert await remembered(bench) == World("gitlab", up=False, since=bench.clock(), reason="no route")


async def test_while_a_world_is_down_one_thing_at_a_time_is_tried_with_growing_pauses(bench: Bench) -> None:
    down(bench, count=50)
    await bench.batch(issues(50))
    await bench.box.deliver_due()
    assert len(bench.world.calls) == 16

    pauses = [await next_probe(bench) for _ in range(9)]

    assert 0.5 <= pauses[0] <= 0.8, "sixteen failures at once are one failure"
    assert pauses[:5] == sorted(pauses[:5])
    assert max(pauses) <= 21.2
    assert len(bench.world.calls) == 16 + 9


async def test_with_the_first_answer_everything_that_waits_is_due_at_once(bench: Bench) -> None:
    down(bench, count=50)
    await bench.batch(issues(50))
    for _ in range(9):
        await next_probe(bench)
    bench.world.of.clear()

    assert await next_probe(bench) <= 21.2
    await bench.box.deliver_due()

    assert await bench.state() == "done"
    assert set(bench.world.effects.values()) == {1}
    assert bench.box.is_up("gitlab") is True
    known = await remembered(bench)
    assert known is not None
    assert known.up


async def test_one_world_that_is_down_does_not_hold_up_the_other(bench: Bench) -> None:
    down(bench, count=20)
    await bench.batch(issues(20))
    await bench.single("say", post("m1"))

    await bench.box.deliver_due()

    assert bench.world.effects == {"/say": 1}
    assert bench.box.is_up("slack") is True


async def test_what_was_never_tried_comes_first_when_one_thing_at_a_time_is_tried(bench: Bench) -> None:
    down(bench, count=4)
    await bench.batch(issues(4), id="failing")
    for _ in range(4):
        await next_probe(bench)

    bench.clock.moves(20)
    await bench.batch({"fresh": issue(9)}, id="fresh")
    await next_probe(bench)

    assert bench.world.effects["fresh/fresh"] == 1


async def test_a_single_call_that_never_succeeds_keeps_nobody_waiting(bench: Bench) -> None:
    bench.world.of["poison"] = "hang before"
    await bench.batch({"poison": issue(900)}, id="poison")
    for _ in range(6):
        await next_probe(bench)
    assert bench.box.is_up("gitlab") is False

    await bench.batch(issues(20), id="healthy")
    await bench.box.deliver_due()

    assert await bench.state("healthy") == "done"
    assert bench.box.is_up("gitlab") is True


async def test_a_call_that_fails_while_others_get_through_is_given_up_and_reported(bench: Bench) -> None:
    bench.world.of["poison"] = "error"
    await bench.batch({"poison": issue(1)}, {"next": issue(2)})

    for number in range(2 * STRIKES):
        await bench.box.deliver_due()
        bench.clock.moves(1)
        await bench.single(f"other {number}", issue(100 + number))
        await bench.box.deliver_due()
        bench.clock.moves(25)

    assert await bench.states() == {"poison": "rejected", "next": "delivered"}
    assert ("rejected", "poison") in bench.told


async def test_a_call_is_not_given_up_while_nothing_tells_that_the_world_is_well(bench: Bench) -> None:
    bench.world.of["poison"] = "error"
    await bench.batch({"poison": issue(1)})

    for _ in range(3 * STRIKES):
        await bench.box.deliver_due()
        bench.clock.moves(25)

    assert await bench.states() == {"poison": "waiting"}


@pytest.mark.parametrize("fault", ["error", "hang before"])
async def test_the_last_call_of_a_stage_is_given_up_when_the_pulse_of_its_world_beats(bench: Bench, fault: str) -> None:
    async def beats() -> None: ...

    bench.world.of["poison"] = fault
    await bench.batch({"poison": issue(1)}, {"next": issue(2)})
    box = bench.open(pulses={"gitlab": beats})

    for _ in range(STRIKES + 1):
        await box.deliver_due()
        bench.clock.moves(25)

    assert await bench.states() == {"poison": "rejected", "next": "delivered"}


@pytest.mark.parametrize(("count", "pulse_beats"), [(1, False), (9, True)])
async def test_nothing_is_given_up_when_the_pulse_is_gone_or_many_fail(
    bench: Bench, count: int, pulse_beats: bool
) -> None:
    async def pulse() -> None:
        if not pulse_beats:
            raise OSError

    bench.world.of = dict.fromkeys(issues(count), "error")
    await bench.batch(issues(count))
    box = bench.open(pulses={"gitlab": pulse})

    for _ in range(2 * STRIKES):
        await box.deliver_due()
        bench.clock.moves(25)

    assert set((await bench.states()).values()) == {"waiting"}


async def test_a_rate_limit_closes_its_world_for_the_time_that_was_named(bench: Bench) -> None:
    bench.world.of["i3"] = "limit"
    await bench.batch(issues(60))
    await bench.box.deliver_due()
    bench.world.of.clear()
    before = len(bench.world.calls)
    assert before == 16, "those that got through beside it do not open the world again"

    bench.clock.moves(39)
    assert await bench.box.deliver_due() == 0
    bench.clock.moves(2)
    await bench.box.deliver_due()

    assert await bench.state() == "done"
    assert bench.box.is_up("gitlab") is True


async def test_a_restart_goes_on_with_what_waited_out_a_pause(bench: Bench) -> None:
    bench.world.of["a"] = "error"
    await bench.batch({"a": issue(1)})
    for _ in range(8):
        await bench.box.deliver_due()
        bench.clock.moves(25)
    await bench.box.deliver_due()
    bench.world.of.clear()

    async with running(bench.open()):
        await until(bench, "done")


async def test_interrupted_work_goes_on_within_twenty_seconds_of_a_restart(bench: Bench) -> None:
    await bench.batch(issues(3))
    bench.world.faults = iter(["crash after", "crash before", ""])
    await bench.crashes(bench.box)

    async with running(bench.open()):
        bench.clock.moves(LEASE.total_seconds())
        await until(bench, "done")

    assert LEASE.total_seconds() < 18
    assert set(bench.world.effects.values()) == {1}


async def test_the_loop_delivers_what_is_added_and_wakes_at_once(bench: Bench) -> None:
    async with running(bench.box):
        for number in range(3):
            await bench.batch(issues(20), id=f"b{number}")
            bench.box.wake()
            await until(bench, "done", f"b{number}")

    assert set(bench.world.effects.values()) == {1}


class CountingStore(Store):
    """A store that counts how often it is asked."""

    asked = 0

    async def read(self, fn: Callable[[Tx], T]) -> T:
        self.asked += 1
        return await super().read(fn)

    async def write(self, fn: Callable[[Tx], T]) -> T:
        self.asked += 1
        return await super().write(fn)


@pytest.mark.parametrize("fault", ["", "wait"])
async def test_the_loop_rests_when_it_is_idle_and_while_it_waits_for_an_answer(tmp_path: Path, fault: str) -> None:
    store = CountingStore(tmp_path / "baton.db")
    bench = Bench(tmp_path, store=store)
    bench.world.of = dict.fromkeys(issues(60), fault)
    async with running(bench.box):
        await bench.batch(issues(60))
        bench.box.wake()
        await asyncio.sleep(0.5)
        store.asked = 0
        await asyncio.sleep(1)
        assert store.asked <= 6
        bench.world.released.set()
        await until(bench, "done")
    store.close()


async def test_the_loop_survives_a_database_that_cannot_be_used_for_a_while(bench: Bench) -> None:
    bench.store._writing.execute("PRAGMA query_only = ON")
    running_box = asyncio.ensure_future(bench.box.run())
    await asyncio.sleep(0.1)
    bench.store._writing.execute("PRAGMA query_only = OFF")
    await bench.batch(issues(3))

    await until(bench, "done")
    await bench.box.stop()
    await running_box


async def test_stopping_lets_what_is_on_its_way_end_and_writes_it_down(bench: Bench) -> None:
    bench.world.of = dict.fromkeys(issues(16), "wait")
    await bench.batch(issues(40))
    loop = asyncio.ensure_future(bench.box.run())
    while len(bench.world.under_way) < 16:  # noqa: ASYNC110 - the loop runs by itself
        await asyncio.sleep(0.01)

    stopping = asyncio.ensure_future(bench.box.stop())
    await asyncio.sleep(0)
    bench.world.released.set()
    await stopping
    await loop

    states = list((await bench.states()).values())
    assert (states.count("delivered"), states.count("waiting")) == (16, 24)


async def test_stopping_does_not_wait_for_a_call_that_hangs(bench: Bench) -> None:
    bench.world.of["i3"] = "wait"
    await bench.batch(issues(40))
    loop = asyncio.ensure_future(bench.box.run())
    while "delivered" not in (await bench.states()).values():  # noqa: ASYNC110 - the loop runs by itself
        await asyncio.sleep(0.01)

    await bench.box.stop(within=0.2)
    await asyncio.wait_for(loop, 1)

    states = await bench.states()
    assert states.pop("i3") == "leased", "it may have arrived: the next start looks first"
    assert set(states.values()) <= {"delivered", "waiting"}


async def test_stopping_what_never_ran_is_no_work(bench: Bench) -> None:
    await bench.box.stop()


def down(bench: Bench, count: int) -> None:
    bench.world.of = dict.fromkeys(issues(count), "before")


async def remembered(bench: Bench) -> World | None:
    return await bench.store.read(lambda tx: tx.world("gitlab"))


async def next_probe(bench: Bench) -> float:
    """Let time pass until something is tried again; how long it took."""
    began, before = bench.clock.now, len(bench.world.calls)
    while len(bench.world.calls) == before:
        await bench.box.deliver_due()
        bench.clock.moves(0.1)
        assert (bench.clock.now - began).total_seconds() < 60, "nothing is tried any more"
    return (bench.clock.now - began).total_seconds()


async def until(bench: Bench, state: str, batch: str = "b") -> None:
    async with asyncio.timeout(10):
        while await bench.state(batch) != state:  # noqa: ASYNC110 - the loop runs by itself
            await asyncio.sleep(0.01)


class running:  # noqa: N801 - it reads as a verb: `async with running(box)`
    """Runs an outbox for a while."""

    def __init__(self, box: Outbox) -> None:
        self.box = box

    async def __aenter__(self) -> None:
        self.loop = asyncio.ensure_future(self.box.run())

    async def __aexit__(self, *_: object) -> None:
        await self.box.stop()
        await self.loop
