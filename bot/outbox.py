"""Delivers what GitLab and Slack must be told.

Why it is built so. The journal is a table, so this loop looks at what is due, not at what just happened: a crash, a
restart or a second process needs no special case. A claim is a lease; who holds it checks, before sending, that it
covers the whole call, and writes a result only while that very claim still stands. Whether an earlier attempt may have
arrived is known from the attempts counted in the claim itself, so the performer can look before it repeats.

Each outside world has one loop. Its step is one transaction: write down what became of the calls that have ended, and
claim what may be sent next. So the results that come in together cost one commit, and a few operations claimed ahead
keep the connections busy meanwhile. Results that could not be written down are kept for the next step.

A single operation that keeps failing while the world is well (others get through, or its pulse answers) is given up
after a number of strikes, and reported. How silent a world may be before it is left alone is told in `domain.health`.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from bot.domain.errors import Rejected, Unavailable, UserError
from bot.domain.health import FEW, Health
from bot.domain.journal import Batch, Delivery, World
from bot.domain.operations import Plan, Stages, backoff
from bot.store import Store, StoreError, Tx
from bot.telemetry import log, metrics

LEASE = timedelta(seconds=16)
DEADLINE = 7.0
"""Seconds for one whole delivery, less than half a lease."""
PLAN_DEADLINE = 90.0
"""Seconds for reading what a plan depends on: it changes nothing, and its lease is renewed meanwhile."""
RENEW_EVERY = 5.0
PULSE_DEADLINE = 2.0
POLL = 0.5
STOP_WITHIN = 5.0
STRIKES = 6
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
"""What a service does when a delivery of its batch is delivered, rejected or waiting, or the batch stopped, and then,
once for all that ended together, when the batch progressed or is done."""
Pulse = Callable[[], Awaitable[object]]
"""Asks a world something small that changes nothing; raises whatever it likes when there is no answer."""


@dataclass(frozen=True)
class _Outcome:
    """What became of a claimed delivery, until it is written down."""

    delivery: Delivery
    kind: Literal["delivered", "refused", "later", "unsent"]
    at: datetime
    result: Any = None
    reason: str = ""
    due: datetime | None = None
    strikes: int = 0


@dataclass
class _World:
    """One outside world as this process sees it: what is claimed, under way, and ended but not written down."""

    name: str
    health: Health = field(default_factory=Health)
    ready: deque[Delivery] = field(default_factory=deque)
    sending: set["asyncio.Task[None]"] = field(default_factory=set)
    ended: list[_Outcome] = field(default_factory=list)
    news: World | None = None
    sent: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def room(self, at: datetime, ahead: int) -> int:
        """Tell how many more may be claimed."""
        return self.health.room(at, SIDE_BY_SIDE[self.name] + ahead, len(self.sending) + len(self.ready))

    def keep(self, ended: list[_Outcome], news: World | None) -> None:
        """Keep for the next step what could not be written down in this one."""
        self.ended = ended + self.ended
        self.news = self.news or news


class Outbox:
    """Delivers from one store. `performers` by world, `planners` by kind of plan, `follow` by kind of batch.

    `pulses` by world, where there is one, tell an operation that fails from a world that does.
    """

    def __init__(
        self,
        store: Store,
        *,
        performers: Mapping[str, Performer],
        planners: Mapping[str, Planner],
        follow: Mapping[str, Follow],
        clock: Callable[[], datetime],
        holder: str,
        roll: random.Random | None = None,
        pulses: Mapping[str, Pulse] | None = None,
    ) -> None:
        self.store = store
        self.performers = performers
        self.planners = planners
        self.follow = follow
        self.clock = clock
        self.holder = holder
        self.roll = roll or random.Random()  # noqa: S311 - jitter, not a secret
        self.pulses = pulses or {}
        self.renew_every = RENEW_EVERY
        self.worlds = {name: _World(name) for name in performers}
        self._stopping = False
        self._ended = asyncio.Event()
        self._ended.set()

    def wake(self) -> None:
        """Look at once: something may be due."""
        for world in self.worlds.values():
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
                    await self._exchange(world, ahead=0, batch=batch)
                    self._send(world)
                sending = [task for world in worlds for task in world.sending]
                if sending:
                    await asyncio.wait(sending)
                elif not any(world.ended or world.news for world in worlds):
                    return sum(world.sent for world in worlds) - before
        finally:
            self._abandon(worlds)

    def _abandon(self, worlds: Iterable[_World] | None = None) -> None:
        """Stop waiting for answers: the leases stay until they end, and the next attempt looks first."""
        for world in self.worlds.values() if worlds is None else worlds:
            for task in world.sending:
                task.cancel()

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
                due = await self._exchange(world, ahead=AHEAD[world.name])
            except Exception:  # noqa: BLE001 - the database may be full or busy for a while; what is due stays due
                log.exception("outbox.store_failed", world=world.name)
                if self._stopping:
                    return
                await asyncio.sleep(POLL)
                continue
            self._send(world)
            if self._stopping and not world.sending and not world.ended:
                return
            await self._wait(world, due)

    async def _wait(self, world: _World, due: datetime | None) -> None:
        """Wait until there is something to do, but never longer than another process may need to be noticed."""
        if world.ended:
            return
        at = self.clock()
        opens = world.health.opens_at(at)
        if opens is not None:
            pause = min(POLL, (opens - at).total_seconds())
        elif due is None or self._stopping or not world.room(at, AHEAD[world.name]):
            pause = POLL
        else:
            pause = min(POLL, max(0.01, (due - at).total_seconds()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(world.wake.wait(), pause)

    async def _exchange(self, world: _World, *, ahead: int, batch: str | None = None) -> datetime | None:
        """Write down what has ended and claim what is due, in one transaction; tell when something is due next."""
        at = self.clock()
        room = 0 if self._stopping else world.room(at, ahead)
        fresh_first = world.health.one_at_a_time
        if not world.ended and not world.news:
            due = await self.store.read(lambda tx: tx.next_due(world.name)) if room else None
            if due is None or due > at:
                return due
        ended, news = world.ended, world.news
        world.ended, world.news = [], None

        def exchange(tx: Tx) -> tuple[list[Delivery], datetime | None]:
            self._write_down(tx, ended, news, at)
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
            return claimed, tx.next_due(world.name)

        try:
            claimed, due = await self.store.write(exchange)
        except BaseException:
            world.keep(ended, news)
            raise
        world.ready.extend(claimed)
        return due

    def _send(self, world: _World) -> None:
        """Send what is ready, as far as there is room; return what can not be sent soon."""
        at = self.clock()
        while (
            world.ready and not self._stopping and world.health.room(at, SIDE_BY_SIDE[world.name], len(world.sending))
        ):
            delivery = world.ready.popleft()
            if delivery.lease_until is None or at + timedelta(seconds=DEADLINE) >= delivery.lease_until:
                world.ended.append(_Outcome(delivery, "unsent", at))
                continue
            world.sent += 1
            task = asyncio.create_task(self._deliver(world, delivery))
            world.sending.add(task)
            task.add_done_callback(lambda done: self._landed(world, done))
        if self._stopping or world.health.one_at_a_time or world.health.opens_at(at) is not None:
            world.ended += [_Outcome(delivery, "unsent", at) for delivery in world.ready]
            world.ready.clear()

    def _landed(self, world: _World, task: "asyncio.Task[None]") -> None:
        world.sending.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("outbox.delivery_broke", world=world.name, error=repr(error), exc_info=error)
        self._send(world)
        world.wake.set()

    # one attempt

    async def _deliver(self, world: _World, delivery: Delivery) -> None:
        with log.bound(batch=delivery.batch, delivery=delivery.id, operation=delivery.name):
            outcome = await self._attempt(world, delivery)
            age = outcome.at - (delivery.added_at or outcome.at)
            counted = "unavailable" if outcome.kind == "later" else outcome.kind
            metrics.delivered(world.name, delivery.operation, counted, age)
            log.debug("outbox.attempted", outcome=counted, reason=outcome.reason, attempts=delivery.attempts + 1)
        world.ended.append(outcome)

    async def _attempt(self, world: _World, delivery: Delivery) -> _Outcome:
        started = self.clock()
        try:
            if isinstance(delivery.operation, Plan):
                result = await self._read(delivery, delivery.operation)
            else:
                async with asyncio.timeout(DEADLINE):
                    result = await self.performers[world.name](delivery)
        except TimeoutError:
            return await self._failed(world, delivery, Unavailable("no answer in time"), started)
        except Unavailable as unavailable:
            return await self._failed(world, delivery, unavailable, started)
        except Rejected as rejected:
            self._hear(world, world.health.succeeded(self.clock()))
            return _Outcome(delivery, "refused", self.clock(), reason=rejected.reason)
        except UserError as refusal:
            return _Outcome(delivery, "refused", self.clock(), reason=str(refusal))
        except StoreError as trouble:
            return self._later(delivery, str(trouble))
        except Exception as error:  # noqa: BLE001 - a defect must not hold up the rest, nor be repeated for ever
            log.exception("outbox.operation_broke")
            return _Outcome(delivery, "refused", self.clock(), reason=_defect(error))
        self._hear(world, world.health.succeeded(self.clock()))
        return _Outcome(delivery, "delivered", self.clock(), result=result)

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

    async def _failed(self, world: _World, delivery: Delivery, failure: Unavailable, started: datetime) -> _Outcome:
        own_fault = await self._is_its_own_fault(world, delivery, failure)
        at = self.clock()
        if failure.retry_after is not None and not failure.world_is_down:
            after = world.health.limited(at, failure.retry_after)
        elif failure.world_is_down and not own_fault:
            after = world.health.silent(delivery.id, started, at, failure, self.roll)
        else:
            after = world.health.answered(at, delivery.id)
        self._hear(world, after, failure.reason)
        strikes = delivery.strikes + own_fault
        log.info("outbox.waits", reason=failure.reason, attempts=delivery.attempts + 1, strikes=strikes)
        if strikes >= STRIKES:
            return _Outcome(delivery, "refused", at, reason=f"it failed {strikes} times: {failure.reason}")
        return self._later(delivery, failure.reason, failure.retry_after, strikes)

    def _later(
        self, delivery: Delivery, reason: str, retry_after: float | None = None, strikes: int | None = None
    ) -> _Outcome:
        at = self.clock()
        due = at + timedelta(seconds=backoff(delivery.attempts + 1, retry_after, self.roll))
        counted = delivery.strikes if strikes is None else strikes
        return _Outcome(delivery, "later", at, reason=reason, due=due, strikes=counted)

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

    # what became of it

    def _write_down(self, tx: Tx, ended: list[_Outcome], news: World | None, at: datetime) -> None:
        if news:
            known = tx.world(news.name)
            if known is None or known.up != news.up:
                tx.keep_world(news)
            if news.up:
                tx.all_due_now(news.name, at)
        moved: dict[str, None] = {}
        for outcome in ended:
            try:
                with tx.apart():
                    if tx.hold(outcome.delivery, self.holder):  # else somebody else has it now, and has looked
                        self._settle(tx, outcome)
                        if outcome.delivery.batch:
                            moved[outcome.delivery.batch] = None
            except StoreError:
                raise
            except Exception:  # noqa: BLE001 - it stays leased, so it comes again; the others are not held up
                log.exception("outbox.settling_broke", delivery=outcome.delivery.id)
        for batch in moved:
            self._tell(tx, batch, None, "done" if tx.advance(batch, at) else "progressed", at)

    def _settle(self, tx: Tx, outcome: _Outcome) -> None:
        delivery = outcome.delivery
        if outcome.kind == "delivered" and isinstance(delivery.operation, Plan):
            self._planned(tx, outcome, delivery.operation)
        elif outcome.kind == "delivered":
            tx.delivered(delivery, outcome.result, outcome.at)
            self._tell(tx, delivery.batch, delivery, "delivered", outcome.at)
        elif outcome.kind == "refused":
            self._refused(tx, delivery, outcome.reason, outcome.at)
        elif outcome.kind == "unsent":
            tx.give_back(delivery)
        elif tx.is_undone(delivery):
            tx.dropped(delivery, outcome.at)
        else:
            tx.put_back(delivery, outcome.due or outcome.at, error=outcome.reason, strikes=outcome.strikes)
            self._tell(tx, delivery.batch, delivery, "waiting", outcome.at)

    def _planned(self, tx: Tx, outcome: _Outcome, plan: Plan) -> None:
        delivery, at = outcome.delivery, outcome.at
        if tx.is_undone(delivery):
            tx.dropped(delivery, at)
            return
        try:
            with tx.apart():
                stages = self.planners[plan.kind].decide(tx, plan.about, outcome.result, at)
                tx.delivered(delivery, {}, at)
                if delivery.batch:
                    tx.insert_stages(delivery.batch, stages, at)
        except Unavailable as later:
            tx.put_back(delivery, at + timedelta(seconds=later.retry_after or 1.0), error=later.reason)
        except (Rejected, UserError) as refusal:
            self._refused(tx, delivery, str(refusal), at)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the plan is refused, and said
            log.exception("outbox.plan_broke", delivery=delivery.id)
            self._refused(tx, delivery, _defect(error), at)
        else:
            self._tell(tx, delivery.batch, delivery, "delivered", at)

    def _refused(self, tx: Tx, delivery: Delivery, reason: str, at: datetime) -> None:
        stopped = tx.rejected(delivery, reason, at)
        self._tell(tx, delivery.batch, delivery, "stopped" if stopped else "rejected", at)

    def _tell(self, tx: Tx, batch: str | None, delivery: Delivery | None, outcome: str, at: datetime) -> None:
        """Tell the service whose batch it is; what breaks there does not undo what is a fact."""
        found = tx.batch(batch) if batch else None
        if found is None or found.kind not in self.follow:
            return
        try:
            with tx.apart():
                self.follow[found.kind](tx, found, delivery, outcome, at)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - the operation is through all the same
            log.exception("outbox.follow_broke", batch=batch, outcome=outcome)


def _defect(error: Exception) -> str:
    return f"an error in Baton itself ({type(error).__name__})"
