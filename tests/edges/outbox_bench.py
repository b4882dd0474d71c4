"""A world with state and creation markers, in which everything can go wrong, and outboxes that deliver to it."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.domain.errors import Rejected, Unavailable
from bot.domain.journal import Batch, Delivery
from bot.domain.operations import CreateMilestone, Operation, Post, Refresh, SetIssue, SetMilestone, Stages
from bot.outbox import Outbox, Planner, Pulse, Tasks
from bot.store import Store, StoreError, Tx, open_store

T = TypeVar("T")
START = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
CRASHES = {"crash before", "crash after"}
NO_DEADLINE = 3600.0
"""A call that hangs says so by itself here; one that a busy machine holds up does not hang."""


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def moves(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class World:
    """GitLab and Slack in one: it applies operations and looks for what is there when one is repeated.

    `faults` are used up one per call; `of` names faults that meet every call about one thing.
    """

    def __init__(self, faults: Iterable[str] = ()) -> None:
        self.faults = iter(faults)
        self.of: dict[str, str] = {}
        self.calls: list[tuple[str, int]] = []
        self.effects: Counter[str] = Counter()
        self.order: list[str] = []
        self.issues: dict[int, object] = {}
        self.milestones: dict[object, object] = {}
        self.made: dict[str, int] = {}
        self.under_way: list[str] = []
        self.most_at_once = 0
        self.crashed = asyncio.Event()
        self.released = asyncio.Event()
        self.before: Callable[[Delivery], None] = lambda _: None
        self.after: Callable[[Delivery, bool], None] = lambda _, __: None

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    async def perform(self, delivery: Delivery) -> dict[str, Any]:
        target = delivery.operation.target or f"nothing:{delivery.id}"
        assert target not in self.under_way, f"two calls about {target} at once"
        self.before(delivery)
        self.calls.append((delivery.name, delivery.attempts))
        self.under_way.append(target)
        self.most_at_once = max(self.most_at_once, len(self.under_way))
        try:
            await asyncio.sleep(0)
            return await self._answer(delivery)
        finally:
            self.under_way.remove(target)

    async def _answer(self, delivery: Delivery) -> dict[str, Any]:
        fault = self.of.get(delivery.name) or next(self.faults, "")
        if fault == "reject":
            self.after(delivery, False)
            raise Rejected("no")
        if fault == "defect":
            raise KeyError("oops")
        await _before_applying(fault, self.crashed, self.released)
        result = self._apply(delivery)
        self.after(delivery, True)
        await asyncio.sleep(0)
        if fault == "after":
            raise Unavailable("the answer was lost")
        if fault == "hang after":
            raise TimeoutError
        if fault == "crash after":
            self.crashed.set()
            await asyncio.Event().wait()
        return result

    def _apply(self, delivery: Delivery) -> dict[str, Any]:
        operation, again = delivery.operation, delivery.attempts > 0
        match operation:
            case SetIssue():
                if not (again and self.issues.get(operation.iid) == operation.milestone):
                    self._effect(delivery)
                self.issues[operation.iid] = operation.milestone
            case SetMilestone():
                if not (again and self.milestones.get(operation.id) == operation.title):
                    self._effect(delivery)
                self.milestones[operation.id] = operation.title
            case CreateMilestone(title=marker) | Post(message=marker):
                if not (again and marker in self.made):
                    self._effect(delivery)
                    self.made[marker] = len(self.made) + 100
                return {"id": self.made[marker]}
            case _:
                self._effect(delivery)
        return {}

    def _effect(self, delivery: Delivery) -> None:
        self.effects[label(delivery.batch, delivery.name)] += 1
        self.order.append(label(delivery.batch, delivery.name))


async def _before_applying(fault: str, crashed: asyncio.Event, released: asyncio.Event) -> None:
    match fault:
        case "full disk":
            raise StoreError("the disk is full")
        case "before":
            raise Unavailable("no route")
        case "error":
            raise Unavailable("500", world_is_down=False)
        case "limit":
            raise Unavailable("429", retry_after=40, world_is_down=False)
        case "hang before":
            raise TimeoutError
        case "crash before":
            crashed.set()
            await asyncio.Event().wait()
        case "wait":
            await released.wait()


def label(batch: str | None, name: str) -> str:
    return f"{batch or ''}/{name}"


class Bench:
    """A store in a file, a clock, a world, and outboxes on it."""

    def __init__(self, folder: Path, faults: Iterable[str] = (), store: Store | None = None) -> None:
        self.clock, self.world = Clock(), World(faults)
        self.store = store or open_store(f"sqlite:///{folder / 'baton.db'}")
        self.told: list[tuple[str, str]] = []
        self.plans: dict[str, Callable[[Tx], Stages]] = {}
        self.read: Callable[[str], Awaitable[Any]] = _nothing
        self.follow: Callable[[Tx, Batch, Delivery | None, str, datetime], None] = self._note
        self._opened = 0
        self.box = self.open()

    def open(self, holder: str = "", pulses: dict[str, Pulse] | None = None) -> Outbox:
        """Open an outbox: the first one, a second process, or the next start after a crash."""
        self._opened += 1
        return Outbox(
            self.store,
            carriers={
                "gitlab": Tasks(self.world.perform, 16, NO_DEADLINE),
                "slack": Tasks(self.world.perform, 4, NO_DEADLINE),
            },
            planners={"plan": Planner(self._read, self._decide)},
            follow={"test": self._follow},
            clock=self.clock,
            holder=holder or f"process {self._opened}",
            roll=random.Random(self._opened),
            pulses=pulses,
        )

    async def _read(self, about: str) -> object:
        return await self.read(about)

    def _decide(self, tx: Tx, about: str, answer: object, at: datetime) -> Stages:
        return self.plans[about](tx)

    def _follow(self, tx: Tx, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
        self.follow(tx, batch, delivery, outcome, at)

    def _note(self, tx: Tx, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
        self.told.append((outcome, delivery.name if delivery else ""))

    async def batch(self, *stages: dict[str, Operation], id: str = "b") -> None:
        named = tuple(tuple(stage.items()) for stage in stages)
        batch = Batch(id, "test", "about", "running", "U1", self.clock())
        await self.store.write(lambda tx: tx.add_batch(batch, named))

    async def single(self, name: str, operation: Operation) -> None:
        await self.store.write(lambda tx: tx.add_operation(name, operation, self.clock()))

    async def write(self, fn: Callable[[Tx], T]) -> T:
        return await self.store.write(fn)

    async def states(self, batch: str = "b") -> dict[str, str]:
        return {one.name: one.state for one in await self.store.read(lambda tx: tx.deliveries(batch))}

    async def state(self, batch: str = "b") -> str:
        found = await self.store.read(lambda tx: tx.batch(batch))
        return found.state if found else ""

    async def crashes(self, box: Outbox) -> None:
        """Deliver until a call brings the process down."""
        self.world.crashed.clear()
        running = asyncio.ensure_future(box.deliver_due())
        crash = asyncio.ensure_future(self.world.crashed.wait())
        await asyncio.wait({running, crash}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        crash.cancel()
        await asyncio.gather(running, crash, return_exceptions=True)
        while self.world.under_way:  # noqa: ASYNC110 - what was cancelled ends in the next turns of the loop
            await asyncio.sleep(0)


async def _nothing(about: str) -> object:
    return None


def issue(iid: int, milestone: int = 2) -> SetIssue:
    return SetIssue("issue", iid, 1, milestone)


def issues(count: int) -> dict[str, Operation]:
    return {f"i{number}": issue(number) for number in range(count)}


def rename(title: str, id: int = 7) -> SetMilestone:
    return SetMilestone(id, "WoW", title=title)


def post(message: str) -> Post:
    return Post(message, "C1", "show", "about")


def refresh(message: str) -> Refresh:
    return Refresh(message)
