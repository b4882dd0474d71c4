"""Delivers what GitLab and Slack must be told.

Why it is built so. The journal is a table, so this loop looks at what is due, not at what just happened: a crash, a
restart or a second process needs no special case. A claim is a lease; who holds it checks, before sending, that it
covers the whole call, and writes a result only while that very claim still stands. Whether an earlier attempt may have
arrived is known from the attempts counted in the claim itself, so the performer can look before it repeats.

Each outside world has one loop, and a carrier that brings operations there: as tasks, or in threads of its own, where
what was claimed ahead keeps the connections busy. The loop's step is one transaction: write down what has landed, and
claim what may be sent next. So the results that come in together cost one commit. Results that could not be written
down are kept for the next step.

A single operation that keeps failing while the world is well (others get through, or its pulse answers) is given up
after a number of strikes, and reported. How silent a world may be before it is left alone is told in `domain.health`.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import Rejected, Unavailable, Unsent, UserError
from bot.domain.health import FEW, Health
from bot.domain.journal import Delivery, World
from bot.domain.operations import Operation, Plan, backoff
from bot.outbox.carriers import DEADLINE, Carrier, Landed, Tasks
from bot.outbox.settling import Follow, Outcome, Planner, Settling, defect
from bot.store import Store, StoreError, Tx
from bot.telemetry import log, metrics

__all__ = ["DEADLINE", "Carrier", "Follow", "Landed", "Outbox", "Planner", "Pulse", "Tasks"]

LEASE = timedelta(seconds=16)
PLAN_DEADLINE = 90.0
"""Seconds for reading what a plan depends on: it changes nothing, and its lease is renewed meanwhile."""
RENEW_EVERY = 5.0
PULSE_DEADLINE = 2.0
POLL = 0.5
STOP_WITHIN = 5.0
STRIKES = 6
GATHER = 0.01
"""Seconds in which results come together while there is enough to send: a commit for each would cost more than it says."""


FillIn = Callable[[Tx, Operation], Operation]
"""Completes an operation, in the transaction that claims it, with what is known only when it is sent."""
Pulse = Callable[[], Awaitable[object]]
"""Asks a world something small that changes nothing; raises whatever it likes when there is no answer."""


@dataclass
class _World:
    """One outside world as this process sees it: what is under way, has landed, and ended but is not written down."""

    name: str
    carrier: Carrier
    health: Health = field(default_factory=Health)
    under_way: dict[int, Delivery] = field(default_factory=dict)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    landed: deque[tuple[Delivery, object]] = field(default_factory=deque)
    is_told: bool = False
    left_at: dict[int, datetime] = field(default_factory=dict)
    ended: list[Outcome] = field(default_factory=list)
    news: World | None = None
    sent: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def room(self, at: datetime) -> int:
        """Tell how many more may be claimed."""
        return self.health.room(at, self.carrier.room, len(self.under_way))

    @property
    def has_plenty(self) -> bool:
        """Tell whether enough waits to go to keep the carrier busy for a while."""
        return len(self.under_way) > (self.carrier.at_once + self.carrier.room) // 2

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the loop."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def end(self, outcome: Outcome) -> None:
        """Note what became of a delivery; the next step writes it down."""
        del self.under_way[outcome.delivery.id]
        self.left_at.pop(outcome.delivery.id, None)
        self.sent += outcome.kind != "unsent"
        self.ended.append(outcome)
        self.wake.set()

    def keep(self, ended: list[Outcome], news: World | None) -> None:
        """Keep for the next step what could not be written down in this one."""
        self.ended = ended + self.ended
        self.news = self.news or news

    def abandon(self) -> None:
        """Wait for no answer any more: the leases stay until they end, and the next attempt looks first."""
        self.carrier.recall()
        self.carrier.abandon()
        for task in self.tasks:
            task.cancel()
        self.under_way.clear()
        self.wake.set()


class Outbox:
    """Delivers from one store. `carriers` by world, `planners` by kind of plan, `follow` by kind of batch.

    `pulses` by world, where there is one, tell an operation that fails from a world that does. `fill_in` completes what
    is claimed.
    """

    def __init__(  # noqa: PLR0913 - what it is put together from, each with a name
        self,
        store: Store,
        *,
        carriers: Mapping[str, Carrier],
        planners: Mapping[str, Planner],
        follow: Mapping[str, Follow],
        clock: Callable[[], datetime],
        holder: str,
        roll: random.Random | None = None,
        pulses: Mapping[str, Pulse] | None = None,
        fill_in: FillIn = lambda _, operation: operation,
    ) -> None:
        self.store = store
        self.fill_in = fill_in
        self.planners = planners
        self.clock = clock
        self.holder = holder
        self.roll = roll or random.Random()  # noqa: S311 - jitter, not a secret
        self.pulses = pulses or {}
        self.renew_every = RENEW_EVERY
        self.worlds = {name: _World(name, carrier) for name, carrier in carriers.items()}
        self._settling = Settling(planners, follow, holder)
        self._stopping = False
        self._ended = asyncio.Event()
        self._ended.set()

    def wake(self, worlds: Collection[str] | None = None) -> None:
        """Look at once whether something is due for these worlds, or for any; not where nothing may be sent yet."""
        at = self.clock()
        for name, world in self.worlds.items():
            if worlds is None or (name in worlds and world.health.opens_at(at) is None):
                world.wake.set()

    def is_up(self, world: str) -> bool | None:
        """Tell whether a world answered last time; None before the first time."""
        health = self.worlds[world].health
        return None if health.heard_at is None else not health.down

    async def run(self) -> None:
        """Deliver until `stop`; what waited out a pause before a restart is tried at once."""
        self._ended.clear()
        try:
            await asyncio.gather(*(self._run(world) for world in self.worlds.values()))
        finally:
            self._abandon()
            self._ended.set()

    async def stop(self, within: float = STOP_WITHIN) -> None:
        """Take nothing more, and let what is on its way end, or after `within` seconds leave it to the next start."""
        self._stopping = True
        self.wake()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), within)
        self._abandon()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), POLL)

    async def deliver_due(self, *, batch: str | None = None, to: str | None = None) -> int:
        """Deliver, side by side, what is due right now, until nothing more is; how many attempts were made.

        With `batch` only what belongs to it, with `to` only what is for that world.
        """
        worlds = [self.worlds[to]] if to else list(self.worlds.values())
        before = sum(world.sent for world in worlds)
        try:
            while True:
                for world in worlds:
                    world.wake.clear()
                    await self._exchange(world, batch=batch)
                if any(world.ended or world.news for world in worlds):
                    continue
                busy = [world for world in worlds if world.under_way]
                if not busy:
                    return sum(world.sent for world in worlds) - before
                await _first_of(world.wake for world in busy)
        finally:
            self._abandon(worlds)

    def _abandon(self, worlds: Iterable[_World] | None = None) -> None:
        for world in self.worlds.values() if worlds is None else worlds:
            world.abandon()

    # the loop

    async def _run(self, world: _World) -> None:
        began = False
        while True:
            world.wake.clear()
            at = self.clock()
            metrics.beat(f"outbox {world.name}", at)
            try:
                if not began:
                    await self.store.write(lambda tx: tx.all_due_now(world.name, at))  # noqa: B023 - run at once
                    began = True
                due = await self._exchange(world)
            except Exception:  # noqa: BLE001 - the database may be full or busy for a while; what is due stays due
                log.exception("outbox.store_failed", world=world.name)
                if self._stopping:
                    return
                await asyncio.sleep(POLL)
                continue
            if self._stopping and not world.under_way and not world.ended:
                return
            await self._wait(world, due)

    async def _wait(self, world: _World, due: datetime | None) -> None:
        """Wait until there is something to do, but never longer than another process may need to be noticed."""
        if world.ended:
            return
        if world.has_plenty:
            await asyncio.sleep(GATHER)
        at = self.clock()
        opens = world.health.opens_at(at)
        if opens is not None:
            pause = min(POLL, (opens - at).total_seconds())
        elif due is None or self._stopping or not world.room(at):
            pause = POLL
        else:
            pause = min(POLL, max(0.01, (due - at).total_seconds()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(world.wake.wait(), pause)

    async def _exchange(self, world: _World, *, batch: str | None = None) -> datetime | None:
        """Write down what has ended and claim what is due, in one transaction; tell when something is due next."""
        at = self.clock()
        room = 0 if self._stopping else world.room(at)
        fresh_first = world.health.one_at_a_time
        if not world.ended and not world.news:
            due = await self.store.read(lambda tx: tx.next_due(world.name)) if room else None
            if due is None or due > at:
                return due
        ended, news = world.ended, world.news
        world.ended, world.news = [], None

        def exchange(tx: Tx) -> tuple[list[Delivery], datetime | None]:
            if news:
                _note(tx, news, at)
            self._settling.write_down(tx, ended, at)
            claimed = (
                tx.claim_due(
                    world.name,
                    at,
                    holder=self.holder,
                    until=at + LEASE,
                    limit=room,
                    batch=batch,
                    fresh_first=fresh_first,
                )
                if room
                else []
            )
            return [self._filled_in(tx, one) for one in claimed], tx.next_due(world.name)

        try:
            claimed, due = await self.store.write(exchange)
        except BaseException:
            world.keep(ended, news)
            raise
        for delivery in claimed:
            self._send(world, delivery)
        return due

    def _filled_in(self, tx: Tx, delivery: Delivery) -> Delivery:
        try:
            return replace(delivery, operation=self.fill_in(tx, delivery.operation))
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - a defect must not hold up the rest; whoever performs it sees what is missing
            log.exception("outbox.fill_in_broke", delivery=delivery.id)
            return delivery

    # one attempt

    def _send(self, world: _World, delivery: Delivery) -> None:
        world.under_way[delivery.id] = delivery
        loop = asyncio.get_running_loop()

        def landed(delivery: Delivery, result: object) -> None:
            # one call into the loop for all that land together: waking it costs more than the rest
            world.landed.append((delivery, result))
            if not world.is_told:
                world.is_told = True
                with contextlib.suppress(RuntimeError):  # the loop was closed, and nobody waits for it any more
                    loop.call_soon_threadsafe(self._take_in, world)

        if isinstance(delivery.operation, Plan):
            world.left_at[delivery.id] = self.clock()
            world.begin(self._plan(delivery, delivery.operation, landed))
        else:
            world.carrier.carry(delivery, lambda one: self._may_leave(world, one), landed)

    def _may_leave(self, world: _World, delivery: Delivery) -> bool:
        """Tell, right before it is sent, whether its lease covers the whole call; may be asked from any thread."""
        at = world.left_at[delivery.id] = self.clock()
        covered = delivery.lease_until is not None and at + timedelta(seconds=DEADLINE) < delivery.lease_until
        return covered and not self._stopping and world.health.opens_at(at) is None

    def _take_in(self, world: _World) -> None:
        world.is_told = False
        while world.landed:
            delivery, result = world.landed.popleft()
            if world.under_way.get(delivery.id) is delivery:  # else it was abandoned
                self._land(world, delivery, result)
        at = self.clock()
        if self._stopping or world.health.one_at_a_time or world.health.opens_at(at) is not None:
            for delivery in world.carrier.recall():
                world.end(Outcome(delivery, "unsent", at))

    def _land(self, world: _World, delivery: Delivery, result: object) -> None:
        at = self.clock()
        outcome = Outcome(delivery, "delivered", at, result=result)
        match result:
            case Unsent():
                outcome = Outcome(delivery, "unsent", at)
            case TimeoutError():
                world.begin(self._failed(world, delivery, Unavailable("no answer in time")))
                return
            case Unavailable():
                world.begin(self._failed(world, delivery, result))
                return
            case Rejected():
                self._hear(world, world.health.succeeded(at))
                outcome = Outcome(delivery, "refused", at, reason=result.reason)
            case UserError():
                outcome = Outcome(delivery, "refused", at, reason=str(result))
            case StoreError():
                outcome = self._later(delivery, str(result))
            case Exception():  # a defect must not hold up the rest, nor be repeated for ever
                log.error("outbox.operation_broke", operation=delivery.name, error=repr(result), exc_info=result)
                outcome = Outcome(delivery, "refused", at, reason=defect(result))
            case _:
                self._hear(world, world.health.succeeded(at))
        self._end(world, outcome)

    def _end(self, world: _World, outcome: Outcome) -> None:
        delivery = outcome.delivery
        if outcome.kind != "unsent":
            age = outcome.at - (delivery.added_at or outcome.at)
            counted = "unavailable" if outcome.kind == "later" else outcome.kind
            metrics.delivered(world.name, delivery.operation, counted, age)
            log.debug("outbox.attempted", **_named(delivery), outcome=counted, reason=outcome.reason)
        world.end(outcome)

    async def _plan(self, delivery: Delivery, plan: Plan, landed: Landed) -> None:
        with log.bound(**_named(delivery)):
            try:
                result: object = await self._read(delivery, plan)
            except Exception as error:  # noqa: BLE001 - told apart where it lands
                result = error
        landed(delivery, result)

    async def _read(self, delivery: Delivery, plan: Plan) -> Any:  # noqa: ANN401 - a plan's answer is its planner's
        reading = asyncio.ensure_future(self.planners[plan.kind].read(plan.about))
        try:
            async with asyncio.timeout(PLAN_DEADLINE):
                while not (await asyncio.wait({reading}, timeout=self.renew_every))[0]:
                    until = self.clock() + LEASE
                    with contextlib.suppress(StoreError):  # without it the lease may be lost, and somebody else reads
                        await self.store.write(lambda tx: tx.renew(delivery, self.holder, until))  # noqa: B023
                return reading.result()
        finally:
            reading.cancel()

    async def _failed(self, world: _World, delivery: Delivery, failure: Unavailable) -> None:
        own_fault = await self._is_its_own_fault(world, delivery, failure)
        at = self.clock()
        started = world.left_at.get(delivery.id, at)
        if failure.retry_after is not None and not failure.world_is_down:
            after = world.health.limited(at, failure.retry_after)
        elif failure.world_is_down and not own_fault:
            after = world.health.silent(delivery.id, started, at, failure, self.roll)
        else:
            after = world.health.answered(at, delivery.id)
        self._hear(world, after, failure.reason)
        strikes = delivery.strikes + own_fault
        attempts = delivery.attempts + 1
        log.info("outbox.waits", **_named(delivery), reason=failure.reason, attempts=attempts, strikes=strikes)
        if strikes >= STRIKES:
            reason = f"it failed {strikes} times: {failure.reason}"
            self._end(world, Outcome(delivery, "refused", at, reason=reason))
        else:
            self._end(world, self._later(delivery, failure.reason, failure.retry_after, strikes))

    def _later(
        self, delivery: Delivery, reason: str, retry_after: float | None = None, strikes: int | None = None
    ) -> Outcome:
        at = self.clock()
        due = at + timedelta(seconds=backoff(delivery.attempts + 1, retry_after, self.roll))
        counted = delivery.strikes if strikes is None else strikes
        return Outcome(delivery, "later", at, reason=reason, due=due, strikes=counted)

    async def _is_its_own_fault(self, world: _World, delivery: Delivery, failure: Unavailable) -> bool:
        """Tell whether this operation fails in a world that is well: others got through meanwhile, or its pulse beats."""
        health, since = world.health, delivery.last_attempt_at
        if failure.retry_after is not None or since is None:
            return False
        if not health.down and health.last_success is not None and health.last_success > since:
            return True
        pulse = self.pulses.get(world.name)
        if pulse is None or len(health.suspects | {delivery.id}) > FEW:
            return False
        try:
            async with asyncio.timeout(PULSE_DEADLINE):
                await pulse()
        except Exception:  # noqa: BLE001 - any answer but a good one says that the world is not well
            return False
        return True

    def _hear(self, world: _World, after: Health, reason: str = "") -> None:
        """Take note of how the world has answered; what is new about it is written down in the next step."""
        before, world.health = world.health, after
        at = after.heard_at
        if at is None:
            return
        if after.down and not before.down:
            world.news = World(world.name, up=False, since=at, reason=reason)
        elif not after.failures and (before.failures or before.heard_at is None):
            world.news = World(world.name, up=True, since=at)


def _note(tx: Tx, news: World, at: datetime) -> None:
    """Remember that a world went away or came back; when it is back, what waits is due."""
    known = tx.world(news.name)
    if known is None or known.up != news.up:
        tx.keep_world(news)
    if news.up:
        tx.all_due_now(news.name, at)


def _named(delivery: Delivery) -> dict[str, object]:
    return {"batch": delivery.batch, "delivery": delivery.id, "operation": delivery.name}


async def _first_of(events: Iterable[asyncio.Event]) -> None:
    """Wait until one of them is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
