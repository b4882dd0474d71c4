"""Whatever fails, whenever it crashes: every effect once, in order, stage after stage, to the end."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.journal import Delivery
from bot.domain.operations import CreateMilestone, Operation, Plan, stops_batch
from bot.store import Tx
from tests.edges.outbox_bench import CRASHES, Bench, issue, label, post, rename

FAULTS = [
    "",
    "",
    "before",
    "after",
    "reject",
    "hang before",
    "hang after",
    "error",
    "limit",
    "crash before",
    "crash after",
]
KINDS = ["issue", "issue", "issue", "rename", "create", "post"]
stages = st.lists(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4), min_size=1, max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("batch"), stages),
        st.tuples(st.just("planned"), stages),
        st.tuples(st.just("single"), st.sampled_from(["issue", "post"])),
        st.tuples(st.just("later"), st.floats(0, 60)),
        st.tuples(st.just("deliver"), st.integers(0, 1)),
        st.tuples(st.just("both"), st.none()),
    ),
    min_size=4,
    max_size=12,
)


@dataclass
class Judge:
    """Watches every call, and knows what must not happen."""

    bench: Bench
    stage_of: dict[tuple[str, str], int]
    through: set[tuple[str, str]]
    refused: dict[str, int]

    def before(self, delivery: Delivery) -> None:
        if delivery.batch is None:
            return
        stage = self.stage_of[delivery.batch, delivery.name]
        earlier = {key for key, of in self.stage_of.items() if key[0] == delivery.batch and of < stage}
        assert earlier <= self.through, f"{delivery.name} began before its stage"
        assert stage <= self.refused.get(delivery.batch, stage), f"{delivery.name} passed a refused milestone"

    def after(self, delivery: Delivery, applied: bool) -> None:
        if delivery.batch is None:
            return
        self.through.add((delivery.batch, delivery.name))
        if not stops_batch(delivery.operation):
            return
        if applied:
            self.refused.pop(delivery.batch, None)
        else:
            self.refused[delivery.batch] = self.stage_of[delivery.batch, delivery.name]


class Story:
    """One run of random steps in one random world."""

    def __init__(self, folder: Path, faults: list[str]) -> None:
        self.bench = Bench(folder, faults)
        self.boxes = [self.bench.box, self.bench.open()]
        self.judge = Judge(self.bench, {}, set(), {})
        self.bench.world.before, self.bench.world.after = self.judge.before, self.judge.after
        self.labels: list[str] = []
        self.batches: list[str] = []
        self.singles: dict[str | None, list[str]] = {}
        self.count = 0

    def operation(self, kind: str) -> Operation:
        self.count += 1
        match kind:
            case "issue":
                return issue(self.count % 3, 1000 + self.count)
            case "rename":
                return rename(f"title {self.count}", id=self.count % 2)
            case "create":
                return CreateMilestone(f"made {self.count}", "", "")
            case _:
                return post(f"message {self.count}")

    async def batch(self, kinds: list[list[str]], *, planned: bool) -> None:
        name = f"b{len(self.batches)}"
        made: list[dict[str, Operation]] = []
        for number, stage in enumerate(kinds):
            # a refused milestone stops the batch before the next stage: so it stands alone, as in a rollover
            alone = [kind for kind in stage if kind in {"rename", "create"}][:1] or stage
            made.append({f"{number}.{place}": self.operation(kind) for place, kind in enumerate(alone)})
        for number, operations in enumerate(made):
            self.judge.stage_of.update({(name, one): number for one in operations})
            self.labels += [label(name, one) for one in operations]
        self.batches.append(name)
        if planned:
            self.bench.plans[name] = lambda _: tuple(tuple(stage.items()) for stage in made)
            await self.bench.batch({"plan": Plan("plan", name)}, id=name)
        else:
            await self.bench.batch(*made, id=name)

    async def single(self, kind: str) -> None:
        operation = self.operation(kind)
        name = f"single {self.count}"
        self.labels.append(label(None, name))
        self.singles.setdefault(operation.target, []).append(label(None, name))
        await self.bench.single(name, operation)

    async def deliver(self, which: int) -> None:
        await self.bench.crashes(self.boxes[which])
        if self.bench.world.crashed.is_set():
            self.boxes[which] = self.bench.open()

    async def both(self) -> None:
        await asyncio.gather(*(self.deliver(which) for which in range(2)))

    async def play(self, what: list[tuple[str, object]]) -> None:
        for step, value in what:
            match step, value:
                case (("batch" | "planned"), list()):
                    await self.batch(value, planned=step == "planned")
                case "single", str():
                    await self.single(value)
                case "later", float():
                    self.bench.clock.moves(value)
                case "deliver", int():
                    await self.deliver(value)
                case _:
                    await self.both()

    async def heal(self) -> None:
        """Let the faults run out, and people press Retry."""
        for _ in range(80):
            self.bench.clock.moves(60)
            await self.deliver(0)
            await self.bench.write(self.retry_all)
            if await self.bench.store.read(self.all_ended):
                return

    def retry_all(self, tx: Tx) -> None:
        for batch in self.batches:
            tx.retry(batch, None, self.bench.clock())

    def all_ended(self, tx: Tx) -> bool:
        found = [tx.batch(batch) for batch in self.batches]
        return (
            all(one and one.state == "done" for one in found) and not tx.backlog("gitlab")[0] + tx.backlog("slack")[0]
        )


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(what=steps, faults=st.lists(st.sampled_from(FAULTS), max_size=30))
def test_every_effect_happens_once_in_order_and_every_batch_ends(
    what: list[tuple[str, object]], faults: list[str]
) -> None:
    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            told = Story(Path(folder), faults)
            try:
                await told.play(what)
                await told.heal()
                assert [await told.bench.state(batch) for batch in told.batches] == ["done"] * len(told.batches)
                expect_once(told)
            finally:
                told.bench.store.close()

    asyncio.run(story())


def expect_once(told: Story) -> None:
    effects = told.bench.world.effects
    refused = {one for one in told.labels if one not in effects}
    assert not {one for one in refused if not one.startswith("/")}, (
        "what belongs to a batch was retried until it was through"
    )
    assert {one: count for one, count in effects.items() if count != 1} == {}
    for expected in told.singles.values():
        order = [one for one in told.bench.world.order if one in expected]
        assert order == [one for one in expected if one not in refused]


def test_a_crash_is_among_the_faults() -> None:
    assert set(FAULTS) >= CRASHES
