"""Delivers what GitLab and Slack must be told.

Why it is built so. The journal is a table, so this loop looks at what is due, not at what just happened: a crash, a
restart or a second process needs no special case. A claim is a lease; who holds it checks, before sending, that it
covers the whole call, and writes a result only while it still holds it. Whether an earlier attempt may have arrived is
known from the attempts counted in the claim itself, so the performer can look before it repeats.

An outside world that does not answer at all is not hammered: after a few failures in a row it counts as down, one
delivery at a time is tried, with growing pauses, and with the first success everything that waits is due at once. A
single call that keeps failing while others get through is given up after a number of strikes, and reported.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.errors import Rejected, Unavailable
from bot.domain.journal import Batch, Delivery, World
from bot.domain.operations import Plan, Stages, backoff, category
from bot.store import Store, Tx
from bot.telemetry import log, metrics

LEASE = timedelta(seconds=16)
DEADLINE = 7.0
"""Seconds for one whole delivery, less than half a lease."""
POLL = 0.5
STRIKES = 12
DOWN_AFTER = 3
SIDE_BY_SIDE = {"gitlab": 16, "slack": 4}
AHEAD = {"gitlab": 16, "slack": 0}
"""How many more are claimed than are sent at once, so that nobody waits for the next commit."""


class Performer(Protocol):
    """Does what an operation says, in one outside world; gives its result, or raises Unavailable or Rejected."""

    async def __call__(self, delivery: Delivery) -> dict[str, Any]:
        """Do it. `delivery.attempts` is above zero when an earlier attempt may have arrived."""


@dataclass(frozen=True)
class Planner:
    """How a Plan is made: `read` asks the outside world, `decide` turns the answer into the stages that follow.

    `decide` runs in the transaction that marks the plan as delivered, so a plan is made once and then fixed.
    """

    read: Callable[[str], Awaitable[Any]]
    decide: Callable[[Tx, str, Any, datetime], Stages]


Follow = Callable[[Tx, Batch, Delivery | None, str, datetime], None]
"""What a service does when a delivery of its batch is delivered, rejected or waiting, or the batch stopped or is done."""


@dataclass
class _WorldState:
    """How one outside world has been answering, as this process saw it."""

    failures: int = 0
    down: bool = False
    closed_until: datetime | None = None
    last_success: datetime | None = None
    in_flight: set[asyncio.Task[None]] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    heard_at: datetime | None = None


class Outbox:
    """Delivers from one store. `performers` by world, `planners` by kind of plan, `follow` by kind of batch."""

    def __init__(  # noqa: PLR0913 - the composition root hands over everything by name
        self,
        store: Store,
        *,
        performers: Mapping[str, Performer],
        planners: Mapping[str, Planner],
        follow: Mapping[str, Follow],
        clock: Callable[[], datetime],
        holder: str,
        roll: random.Random | None = None,
    ) -> None:
        self.store = store
        self.performers = performers
        self.planners = planners
        self.follow = follow
        self.clock = clock
        self.holder = holder
        self.roll = roll or random.Random()  # noqa: S311 - jitter, not a secret
        self.worlds = {name: _WorldState() for name in performers}
        self._stopping = False

    def wake(self) -> None:
        """Look at once: something may be due."""
        for world in self.worlds.values():
            world.wake.set()

    async def run(self) -> None:
        """Deliver until `stop`; what waited out a pause before a restart is tried at once."""
        at = self.clock()
        await self.store.write(lambda tx: [tx.all_due_now(name, at) for name in self.worlds])
        await asyncio.gather(*(self._run(name) for name in self.worlds))

    async def stop(self) -> None:
        """Take nothing more, and let what is on its way end."""
        self._stopping = True
        self.wake()
        for world in self.worlds.values():
            if world.in_flight:
                await asyncio.wait(world.in_flight, timeout=DEADLINE)

    async def deliver_due(self, *, batch: str | None = None) -> int:
        """Deliver, side by side, what is due right now, until nothing more is; how many attempts were made."""
        attempts = 0
        while True:
            claimed = [
                (name, delivery)
                for name in self.worlds
                for delivery in await self._claim(name, SIDE_BY_SIDE[name], batch)
            ]
            if not claimed:
                return attempts
            attempts += len(claimed)
            await asyncio.gather(*(self._deliver(name, delivery) for name, delivery in claimed))

    def is_up(self, world: str) -> bool | None:
        """Tell whether a world answered last time; None before the first time."""
        state = self.worlds[world]
        return None if state.heard_at is None else not state.down

    async def _run(self, name: str) -> None:
        world = self.worlds[name]
        gate = asyncio.Semaphore(SIDE_BY_SIDE[name])
        while not self._stopping:
            world.wake.clear()
            metrics.beat(f"outbox {name}", self.clock())
            room = SIDE_BY_SIDE[name] + AHEAD[name] - len(world.in_flight)
            claimed: list[Delivery] = []
            if room > 0:
                try:
                    claimed = await self._claim(name, room, None)
                except Exception:
                    # the database may be full or busy for a while; what is due stays due
                    log.exception("outbox.claim_failed", world=name)
            for delivery in claimed:
                task = asyncio.create_task(self._deliver(name, delivery, gate))
                world.in_flight.add(task)
                task.add_done_callback(lambda done: self._landed(name, done))
            if not claimed or room <= len(claimed):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(world.wake.wait(), await self._pause(name))

    def _landed(self, name: str, task: "asyncio.Task[None]") -> None:
        world = self.worlds[name]
        world.in_flight.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("outbox.delivery_broke", world=name, error=repr(error), exc_info=error)
        if len(world.in_flight) <= AHEAD[name]:
            world.wake.set()

    async def _pause(self, name: str) -> float:
        closed = self.worlds[name].closed_until
        if closed is not None and closed > self.clock():
            return min(POLL, (closed - self.clock()).total_seconds())
        due = await self.store.read(lambda tx: tx.next_due(name))
        if due is None:
            return POLL
        return min(POLL, max(0.01, (due - self.clock()).total_seconds()))

    async def _claim(self, name: str, room: int, batch: str | None) -> list[Delivery]:
        world, at = self.worlds[name], self.clock()
        if world.closed_until is not None and at < world.closed_until:
            return []
        limit = room
        if world.down:
            limit = 0 if world.in_flight else 1
        if limit <= 0 or not await self.store.read(lambda tx: _anything_due(tx, name, at)):
            return []
        return await self.store.write(
            lambda tx: tx.claim_due(name, at, holder=self.holder, until=at + LEASE, limit=limit, batch=batch)
        )

    async def _deliver(self, name: str, delivery: Delivery, gate: asyncio.Semaphore | None = None) -> None:
        async with gate or contextlib.nullcontext():
            if not self._may_send(name, delivery):
                await self.store.write(lambda tx: self._give_back(tx, delivery))
                return
            with log.bound(batch=delivery.batch, delivery=delivery.id, operation=delivery.name):
                await self._attempt(name, delivery)

    def _may_send(self, name: str, delivery: Delivery) -> bool:
        """Check that the lease covers the whole call, and that the world has not gone silent since the claim."""
        at, world = self.clock(), self.worlds[name]
        covered = delivery.lease_until is not None and at + timedelta(seconds=DEADLINE) < delivery.lease_until
        closed = world.closed_until is not None and at < world.closed_until
        return covered and not closed and not self._stopping

    def _give_back(self, tx: Tx, delivery: Delivery) -> None:
        if tx.hold(delivery, self.holder):
            tx.give_back(delivery, self.clock())

    async def _attempt(self, name: str, delivery: Delivery) -> None:
        started = self.clock()
        try:
            async with asyncio.timeout(DEADLINE):
                result = await self._perform(name, delivery)
        except TimeoutError:
            failure: Unavailable | Rejected = Unavailable(f"no answer within {DEADLINE:.0f} s")
            await self._failed(name, delivery, failure, started)
        except Unavailable as unavailable:
            await self._failed(name, delivery, unavailable, started)
        except Rejected as rejected:
            await self._settle(name, delivery, None, rejected.reason)
        except Exception as error:
            # a defect of ours must not hold up the rest, and must not be repeated for ever
            log.exception("outbox.operation_broke")
            await self._settle(name, delivery, None, f"an error in Baton itself ({type(error).__name__})")
        else:
            await self._settle(name, delivery, result, "")

    async def _perform(self, name: str, delivery: Delivery) -> Any:  # noqa: ANN401 - a plan's answer is its planner's
        if isinstance(delivery.operation, Plan):
            return await self.planners[delivery.operation.kind].read(delivery.operation.about)
        return await self.performers[name](delivery)

    # what became of it

    async def _settle(self, name: str, delivery: Delivery, result: Any, refusal: str) -> None:  # noqa: ANN401
        at = self.clock()
        came_back = self._heard_from(name, at)
        outcome = "rejected" if refusal else "delivered"
        metrics.delivered(name, delivery.operation, outcome, at - (delivery.added_at or at))
        log.debug("outbox.settled", outcome=outcome, refusal=refusal)

        def settle(tx: Tx) -> None:
            if came_back:
                tx.keep_world(World(name, up=True, since=at))
                tx.all_due_now(name, at)
            if not tx.hold(delivery, self.holder):
                return
            if refusal:
                self._refused(tx, delivery, refusal, at)
            elif isinstance(delivery.operation, Plan):
                self._planned(tx, delivery, delivery.operation, result, at)
            else:
                tx.delivered(delivery, result, at)
                self._tell(tx, delivery, "delivered", at)
            self._advance(tx, delivery, at)

        await self.store.write(settle)

    def _planned(self, tx: Tx, delivery: Delivery, plan: Plan, answer: Any, at: datetime) -> None:  # noqa: ANN401
        try:
            stages = self.planners[plan.kind].decide(tx, plan.about, answer, at)
        except Unavailable as later:
            tx.put_back(delivery, at + timedelta(seconds=later.retry_after or 1.0), error=later.reason)
            return
        tx.delivered(delivery, {}, at)
        if delivery.batch:
            tx.insert_stages(delivery.batch, stages, at)
        self._tell(tx, delivery, "delivered", at)

    def _refused(self, tx: Tx, delivery: Delivery, refusal: str, at: datetime) -> None:
        tx.rejected(delivery, refusal, at)
        stops = category(delivery.operation) == "milestone" or isinstance(delivery.operation, Plan)
        if stops and delivery.batch:
            batch = tx.batch(delivery.batch)
            if batch and batch.state == "running":
                tx.set_batch_state(delivery.batch, "stopped", at)
                self._tell(tx, delivery, "stopped", at)
        else:
            self._tell(tx, delivery, "rejected", at)

    def _advance(self, tx: Tx, delivery: Delivery, at: datetime) -> None:
        if delivery.batch and tx.advance(delivery.batch, at):
            self._tell(tx, None, "done", at, batch=delivery.batch)

    def _tell(self, tx: Tx, delivery: Delivery | None, outcome: str, at: datetime, *, batch: str | None = None) -> None:
        name = batch or (delivery.batch if delivery else None)
        found = tx.batch(name) if name else None
        if found and found.kind in self.follow:
            self.follow[found.kind](tx, found, delivery, outcome, at)

    async def _failed(self, name: str, delivery: Delivery, failure: Unavailable, started: datetime) -> None:
        at, world = self.clock(), self.worlds[name]
        went_down = self._did_not_hear_from(name, failure, at)
        alone = not failure.world_is_down or not world.down
        got_through = world.last_success is not None and (
            delivery.last_attempt_at is None or world.last_success > delivery.last_attempt_at
        )
        strikes = delivery.strikes + (1 if alone and got_through and failure.retry_after is None else 0)
        metrics.delivered(name, delivery.operation, "unavailable", at - started)
        log.info("outbox.waits", reason=failure.reason, attempts=delivery.attempts + 1)
        if strikes >= STRIKES:
            await self._settle(name, delivery, None, f"it failed {strikes} times: {failure.reason}")
            return
        due = at + timedelta(seconds=backoff(delivery.attempts + 1, failure.retry_after, self.roll))

        def wait(tx: Tx) -> None:
            if went_down:
                tx.keep_world(World(name, up=False, since=at, reason=failure.reason))
            if tx.hold(delivery, self.holder):
                tx.put_back(delivery, due, error=failure.reason, strikes=strikes)
                self._tell(tx, delivery, "waiting", at)

        await self.store.write(wait)

    def _heard_from(self, name: str, at: datetime) -> bool:
        """Note an answer; tell whether this is the first one after silence."""
        world = self.worlds[name]
        first = world.heard_at is None or world.down or world.failures > 0
        world.failures, world.down, world.closed_until = 0, False, None
        world.last_success = world.heard_at = at
        return first

    def _did_not_hear_from(self, name: str, failure: Unavailable, at: datetime) -> bool:
        """Note a failure; tell whether the world has just gone down."""
        world = self.worlds[name]
        if not failure.world_is_down:
            if failure.retry_after is not None:
                world.closed_until = at + timedelta(seconds=failure.retry_after)
            return False
        world.failures += 1
        world.heard_at = at
        went_down = not world.down and world.failures >= DOWN_AFTER
        world.down = world.down or went_down
        if world.down:
            pause = backoff(world.failures - DOWN_AFTER + 1, failure.retry_after, self.roll)
            world.closed_until = at + timedelta(seconds=pause)
        return went_down


def _anything_due(tx: Tx, name: str, at: datetime) -> bool:
    due = tx.next_due(name)
    return due is not None and due <= at
