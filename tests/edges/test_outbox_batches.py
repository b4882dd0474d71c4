"""Batches: stages one after the other, plans made once, stops, retries, and what an undo drops."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.errors import Unavailable
from bot.domain.operations import CreateMilestone, Made, Plan, SetIssue, Stages
from bot.outbox import LEASE
from bot.store import Tx
from tests.edges.outbox_bench import Bench, issue, issues, post, rename

pytestmark = pytest.mark.anyio


async def test_a_stage_begins_when_the_one_before_is_through(bench: Bench) -> None:
    await bench.batch(issues(5), {"rename": rename("WoW ending")}, {"report": post("m1")})

    await bench.box.deliver_due()

    assert set(bench.world.names[:5]) == set(issues(5))
    assert bench.world.names[5:] == ["rename", "report"]
    assert bench.told[-1] == ("done", "")


async def test_within_a_stage_operations_run_side_by_side_up_to_a_bound(bench: Bench) -> None:
    await bench.batch(issues(40))

    await bench.box.deliver_due()

    assert bench.world.most_at_once == 16


async def test_a_batch_ends_once_however_many_processes_deliver_it(bench: Bench) -> None:
    await bench.batch(issues(20), {"last": issue(99)})
    other = bench.open()

    while await bench.box.deliver_due() + await other.deliver_due():
        pass

    assert bench.told.count(("done", "")) == 1
    assert set(bench.world.effects.values()) == {1}


async def test_a_refused_milestone_stops_its_batch_and_asks(bench: Bench) -> None:
    await bench.batch({"rename": rename("WoW ending")}, {"close": rename("closed")})
    bench.world.of["rename"] = "reject"

    await bench.box.deliver_due()

    assert await bench.state() == "stopped"
    assert bench.told == [("stopped", "rename"), ("progressed", "")]
    assert bench.world.names == ["rename"]


async def test_a_stopped_batch_goes_on_where_it_stopped_when_it_is_retried(bench: Bench) -> None:
    await bench.batch({"rename": rename("WoW ending")}, {"close": rename("closed")})
    bench.world.of["rename"] = "reject"
    await bench.box.deliver_due()
    bench.world.of.clear()

    assert await retries(bench) == 1
    assert await retries(bench) == 0
    await bench.box.deliver_due()

    assert bench.world.calls == [("rename", 0), ("rename", 1), ("close", 0)]
    assert await bench.state() == "done"


async def test_retrying_an_issue_does_not_pass_over_the_milestone_that_stopped_the_batch(bench: Bench) -> None:
    await bench.batch({"a": issue(1)}, {"rename": rename("WoW ending")}, {"close": rename("closed")})
    bench.world.of.update(a="reject", rename="reject")
    await bench.box.deliver_due()
    bench.world.of["a"] = ""

    await bench.write(lambda tx: tx.retry("b", ["a"], bench.clock()))
    await bench.box.deliver_due()

    assert await bench.states() == {"a": "delivered", "rename": "rejected", "close": "planned"}
    assert await bench.state() == "stopped"


async def test_a_refused_issue_of_a_batch_that_is_done_can_be_retried(bench: Bench) -> None:
    await bench.batch({"a": issue(1)}, {"report": post("m1")})
    bench.world.of["a"] = "reject"
    await bench.box.deliver_due()
    bench.world.of.clear()

    await retries(bench)
    await bench.box.deliver_due()

    assert await bench.states() == {"a": "delivered", "report": "delivered"}
    assert bench.world.effects == {"b/a": 1, "b/report": 1}
    assert bench.told.count(("done", "")) == 2


async def test_nothing_of_an_undone_batch_is_retried(bench: Bench) -> None:
    await bench.batch({"a": issue(1)})
    bench.world.of["a"] = "reject"
    await bench.box.deliver_due()
    await undoes(bench)

    assert await retries(bench) == 0
    assert await bench.state() == "undone"


async def test_an_undo_drops_what_was_not_sent(bench: Bench) -> None:
    await bench.batch(issues(3), {"rename": rename("WoW ending")})
    await undoes(bench)

    assert await bench.box.deliver_due() == 0
    assert set((await bench.states()).values()) == {"dropped"}


async def test_what_was_under_way_when_its_batch_was_undone_is_not_repeated(bench: Bench) -> None:
    await bench.batch({"rename": rename("WoW ending")})
    bench.world.faults = iter(["crash before"])
    await bench.crashes(bench.box)
    await undoes(bench)

    bench.clock.moves(LEASE.total_seconds())
    assert await bench.open().deliver_due() == 0
    assert await bench.states() == {"rename": "dropped"}


async def test_what_failed_while_its_batch_was_undone_is_dropped(bench: Bench) -> None:
    await bench.batch({"rename": rename("WoW ending")})
    bench.world.before = lambda _: bench.store.write_now(lambda tx: tx.drop_rest("b", bench.clock()))
    bench.world.faults = iter(["before"])

    await bench.box.deliver_due()

    assert await bench.states() == {"rename": "dropped"}


async def test_what_was_given_back_is_dropped_when_its_batch_was_undone(bench: Bench) -> None:
    await bench.batch({"rename": rename("WoW ending")})
    at = bench.clock()
    (claimed,) = await bench.write(lambda tx: tx.claim_due("gitlab", at, holder="h", until=at + LEASE, limit=1))
    await undoes(bench)
    await bench.write(lambda tx: tx.give_back(claimed))

    assert await bench.box.deliver_due() == 0
    assert await bench.states() == {"rename": "dropped"}


async def test_what_got_through_while_its_batch_was_undone_is_written_down(bench: Bench) -> None:
    await bench.batch({"a": issue(1)}, {"rename": rename("WoW ending")})
    bench.world.before = lambda _: bench.store.write_now(lambda tx: tx.drop_rest("b", bench.clock()))

    await bench.box.deliver_due()

    assert await bench.states() == {"a": "delivered", "rename": "dropped"}
    assert await bench.state() == "undone"


async def test_a_plan_is_made_once_and_its_stages_come_before_those_that_follow(bench: Bench) -> None:
    made = []

    def decide(_: Tx) -> Stages:
        made.append(1)
        return ((), (("late", issue(2)),), (("later", issue(3)),))

    bench.plans["late"] = decide
    await bench.batch({"a": issue(1)}, {"look": Plan("plan", "late")}, {"rename": rename("WoW ending")})

    await bench.box.deliver_due()

    assert bench.world.names == ["a", "late", "later", "rename"]
    assert made == [1]


async def test_a_plan_without_stages_ends_its_batch(bench: Bench) -> None:
    bench.plans["nothing"] = lambda _: ()
    await bench.batch({"plan": Plan("plan", "nothing")})

    await bench.box.deliver_due()

    assert bench.told == [("delivered", "plan"), ("done", "")]


async def test_a_plan_that_cannot_be_made_yet_is_asked_again_and_leaves_nothing_half_written(bench: Bench) -> None:
    def not_yet(tx: Tx) -> Stages:
        tx.keep_fact("half", "done", bench.clock())
        raise Unavailable("the last steps are still on their way", retry_after=1.0)

    bench.plans["later"] = not_yet
    await bench.batch({"plan": Plan("plan", "later")})
    await bench.box.deliver_due()
    assert await bench.states() == {"plan": "waiting"}
    assert await bench.store.read(lambda tx: tx.fact("half")) == ""

    bench.plans["later"] = lambda _: ((("a", issue(1)),),)
    bench.clock.moves(1)
    await bench.box.deliver_due()
    assert await bench.state() == "done"


async def test_of_two_plans_made_together_the_second_sees_what_the_first_has_decided(bench: Bench) -> None:
    seen = []

    def decide(tx: Tx) -> Stages:
        seen.append(tx.is_taken("issue:1"))
        return ((("move", issue(1)),),)

    bench.plans["both"] = decide
    for name in ("b", "c"):
        await bench.batch({"plan": Plan("plan", "both")}, id=name)

    await bench.box.deliver_due()

    assert seen == [False, True]


async def test_a_plan_that_breaks_stops_its_batch_in_words(bench: Bench) -> None:
    bench.plans["twice"] = lambda _: ((("plan", issue(1)),),)
    await bench.batch({"plan": Plan("plan", "twice")})

    await bench.box.deliver_due()

    (one,) = await bench.store.read(lambda tx: tx.deliveries("b"))
    assert (one.state, one.error) == ("rejected", "an error in Baton itself (IntegrityError)")
    assert (await bench.state(), bench.told) == ("stopped", [("stopped", "plan"), ("progressed", "")])


async def test_a_plan_may_read_for_longer_than_a_lease_and_stays_with_its_reader(bench: Bench) -> None:
    enough = asyncio.Event()

    async def read(about: str) -> None:
        await enough.wait()

    bench.read = read
    bench.plans["long"] = lambda _: ()
    bench.box.renew_every = 0.02
    await bench.batch({"plan": Plan("plan", "long")})
    reading = asyncio.ensure_future(bench.box.deliver_due())
    other = bench.open()
    for _ in range(4):
        await renewed(bench)
        bench.clock.moves(LEASE.total_seconds() / 2)
        assert other.worlds["gitlab"].sent + await other.deliver_due() == 0

    enough.set()
    await reading
    assert await bench.state() == "done"


async def test_a_plan_whose_batch_was_undone_while_it_was_read_is_dropped(bench: Bench) -> None:
    async def read(about: str) -> None:
        await undoes(bench)

    bench.read = read
    bench.plans["too late"] = lambda _: ((("a", issue(1)),),)
    await bench.batch({"plan": Plan("plan", "too late")})

    await bench.box.deliver_due()

    assert await bench.states() == {"plan": "dropped"}


async def test_an_operation_is_given_the_id_of_what_an_earlier_one_has_made(bench: Bench) -> None:
    await bench.batch({"next": CreateMilestone("Next WoW", "", "")}, {"a": SetIssue("issue", 1, 1, Made("next"))})

    await bench.box.deliver_due()

    assert bench.world.issues == {1: bench.world.made["Next WoW"]}


async def renewed(bench: Bench) -> None:
    """Waits until the lease on the one delivery is as long as it can be now."""
    until = bench.clock() + LEASE
    async with asyncio.timeout(30):
        while not await bench.store.read(lambda tx: tx.deliveries("b")[0].lease_until == until):
            pass  # reading is what it waits for


async def retries(bench: Bench) -> int:
    return await bench.write(lambda tx: tx.retry("b", None, bench.clock()))


async def undoes(bench: Bench) -> None:
    await bench.write(lambda tx: tx.drop_rest("b", bench.clock()))


async def test_batches_that_ended_long_ago_may_be_forgotten_and_no_others(bench: Bench) -> None:
    await bench.batch({"a": issue(1)}, id="old")
    await bench.box.deliver_due()
    bench.clock.moves(8 * 86_400)
    await bench.batch({"b": issue(2)}, id="new")
    await bench.box.deliver_due()
    await bench.batch({"c": issue(3)}, id="running")

    count = await bench.write(lambda tx: tx.forget_batches("test", bench.clock(), timedelta(days=7)))

    assert count == 1
    assert [await bench.state(batch) for batch in ("old", "new", "running")] == ["", "done", "running"]
    assert await bench.states("old") == {}
    assert await bench.states("new") == {"b": "delivered"}
