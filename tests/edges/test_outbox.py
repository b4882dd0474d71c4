"""One delivery: claimed under a lease, looked for before it is repeated, written down once."""

import asyncio
import sqlite3
from datetime import datetime, timedelta

import pytest

from bot.domain.journal import Batch, Delivery, Message
from bot.outbox import LEASE
from bot.services.wow import message_of, refresh_messages
from bot.store import StoreError, Tx
from tests.edges.outbox_bench import Bench, issue, issues, post

pytestmark = pytest.mark.anyio


async def test_what_is_through_is_not_sent_again(bench: Bench) -> None:
    await bench.batch({"a": issue(1)})

    assert await bench.box.deliver_due() == 1
    assert await bench.box.deliver_due() == 0
    assert bench.world.calls == [("a", 0)]
    assert bench.told == [("delivered", "a"), ("done", "")]


async def test_a_call_is_looked_for_when_the_process_died_after_it(bench: Bench) -> None:
    await bench.single("say", post("m1"))
    bench.world.faults = iter(["crash after"])
    await bench.crashes(bench.box)

    bench.clock.moves(LEASE.total_seconds())
    await bench.open().deliver_due()

    assert bench.world.calls == [("say", 0), ("say", 1)]
    assert bench.world.effects == {"/say": 1}


async def test_a_lease_of_another_process_is_left_alone_until_it_ends(bench: Bench) -> None:
    await bench.single("say", post("m1"))
    bench.world.faults = iter(["crash before"])
    await bench.crashes(bench.box)
    other = bench.open()

    bench.clock.moves(LEASE.total_seconds() - 1)
    assert await other.deliver_due() == 0
    bench.clock.moves(1)
    assert await other.deliver_due() == 1


async def test_a_result_counts_only_while_the_lease_is_still_held(bench: Bench) -> None:
    await bench.batch({"a": issue(1)})
    claimed = await claims(bench, "first")
    bench.clock.moves(LEASE.total_seconds())
    await claims(bench, "second")

    assert not await bench.write(lambda tx: tx.hold(claimed, "first"))
    assert (await bench.states()) == {"a": "leased"}


async def test_two_claims_of_the_same_process_are_told_apart(bench: Bench) -> None:
    await bench.batch({"a": issue(1)})
    before = await claims(bench, "same")
    bench.clock.moves(LEASE.total_seconds())
    after = await claims(bench, "same")

    assert not await bench.write(lambda tx: tx.hold(before, "same"))
    assert await bench.write(lambda tx: tx.hold(after, "same"))


async def test_a_late_answer_does_not_overwrite_what_another_process_found(bench: Bench) -> None:
    await bench.batch({"a": issue(1)})
    claimed = await claims(bench, "slow")
    bench.clock.moves(LEASE.total_seconds())
    await bench.box.deliver_due()

    slow = bench.open("slow")
    slow._send(slow.worlds["gitlab"], claimed)
    await slow.deliver_due()

    assert bench.world.calls == [("a", 1)]
    assert bench.told == [("delivered", "a"), ("done", "")]


async def test_what_was_claimed_too_long_ago_is_given_back_unsent(bench: Bench) -> None:
    await bench.batch(issues(20))
    running = asyncio.ensure_future(bench.box.run())

    def slow(delivery: Delivery) -> None:
        if delivery.name == "i0":
            bench.clock.moves(10)

    bench.world.before = slow
    while await bench.state() != "done":  # noqa: ASYNC110 - the loop runs by itself
        await asyncio.sleep(0.01)
    await bench.box.stop()
    await running

    assert sorted(bench.world.names) == sorted(issues(20))
    assert {attempts for _, attempts in bench.world.calls} == {0}


async def test_giving_back_leaves_no_trace_of_the_claim(bench: Bench) -> None:
    await bench.batch({"a": issue(1)})
    first = await claims(bench, "one")
    await bench.write(lambda tx: tx.give_back(first))

    again = await claims(bench, "two")

    assert (again.attempts, again.first_attempt_at, again.last_attempt_at) == (0, None, None)


async def test_what_cannot_be_done_now_is_tried_again_after_a_growing_pause(bench: Bench) -> None:
    await bench.single("say", post("m1"))
    bench.world.of["say"] = "error"

    pauses = []
    for _ in range(8):
        before = bench.clock.now
        while not await bench.box.deliver_due():
            bench.clock.moves(0.1)
        pauses.append((bench.clock.now - before).total_seconds())

    assert pauses == sorted(pauses[:6]) + pauses[6:]
    assert max(pauses) <= 21.2


async def test_a_refusal_is_recorded_and_the_rest_goes_on(bench: Bench) -> None:
    await bench.batch({"a": issue(1), "b": issue(2)}, {"c": issue(3)})
    bench.world.of["a"] = "reject"

    await bench.box.deliver_due()

    assert await bench.states() == {"a": "rejected", "b": "delivered", "c": "delivered"}
    assert ("rejected", "a") in bench.told


async def test_a_defect_of_ours_is_refused_in_words_and_not_repeated(bench: Bench) -> None:
    await bench.batch({"a": issue(1)})
    bench.world.of["a"] = "defect"

    await bench.box.deliver_due()

    (one,) = await bench.store.read(lambda tx: tx.deliveries("b"))
    assert (one.state, one.error) == ("rejected", "an error in Baton itself (KeyError)")
    assert bench.world.calls == [("a", 0)]


async def test_a_performer_whose_own_notes_could_not_be_kept_is_asked_again(bench: Bench) -> None:
    await bench.single("say", post("m1"))
    bench.world.faults = iter(["full disk"])

    await bench.box.deliver_due()
    bench.clock.moves(2)
    await bench.box.deliver_due()

    assert bench.world.calls == [("say", 0), ("say", 1)]
    assert bench.world.effects == {"/say": 1}


async def test_a_service_that_breaks_does_not_undo_what_is_a_fact(bench: Bench) -> None:
    def broken(tx: Tx, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
        tx.keep_fact("half", "done", at)
        raise ValueError

    bench.follow = broken
    await bench.batch({"a": issue(1)}, {"b": issue(2)})

    await bench.box.deliver_due()

    assert await bench.state() == "done"
    assert await bench.store.read(lambda tx: tx.fact("half")) == ""


async def test_a_result_that_could_not_be_written_down_is_kept_for_the_next_step(bench: Bench) -> None:
    await bench.batch({"a": issue(1)})
    other = sqlite3.connect(bench.store.path)
    other.execute(
        "CREATE TRIGGER full BEFORE UPDATE ON deliveries WHEN NEW.state = 'delivered' "
        "BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END"
    )

    with pytest.raises(StoreError):
        await bench.box.deliver_due()
    other.execute("DROP TRIGGER full")
    other.close()
    await bench.box.deliver_due()

    assert bench.world.calls == [("a", 0)]
    assert await bench.state() == "done"


async def test_operations_on_one_target_go_one_after_the_other(bench: Bench) -> None:
    await bench.batch({"a": issue(1, 2)}, id="first")
    await bench.batch({"b": issue(1, 3)}, id="second")
    await bench.single("c", issue(1, 4))

    await bench.box.deliver_due()

    assert bench.world.order == ["first/a", "second/b", "/c"]


async def test_two_operations_on_one_target_within_a_stage_keep_their_order(bench: Bench) -> None:
    await bench.batch({"z": issue(1, 2), "a": issue(1, 3)})

    await bench.box.deliver_due()

    assert bench.world.order == ["b/z", "b/a"]


@pytest.mark.parametrize("fault", ["before", "after", "error"])
async def test_what_waits_for_another_attempt_keeps_its_place_in_the_line(bench: Bench, fault: str) -> None:
    await bench.batch({"a": issue(1, 2)}, id="first")
    await bench.batch({"b": issue(1, 3)}, id="second")
    bench.world.faults = iter([fault])

    await bench.box.deliver_due()
    bench.clock.moves(2)
    await bench.box.deliver_due()

    assert bench.world.names == ["a", "a", "b"]
    assert bench.world.order == ["first/a", "second/b"]


async def test_when_the_first_in_line_is_refused_the_next_one_goes(bench: Bench) -> None:
    await bench.batch({"a": issue(1, 2)}, id="first")
    await bench.batch({"b": issue(1, 3)}, id="second")
    bench.world.of["a"] = "reject"

    await bench.box.deliver_due()

    assert bench.world.order == ["second/b"]


async def test_when_the_first_in_line_is_dropped_the_next_one_goes(bench: Bench) -> None:
    await bench.batch({"a": issue(1, 2)}, id="first")
    await bench.batch({"b": issue(1, 3)}, id="second")
    await bench.write(lambda tx: tx.drop_rest("first", bench.clock()))

    await bench.box.deliver_due()

    assert bench.world.order == ["second/b"]


async def test_what_is_retried_waits_for_whoever_is_in_line_before_it(bench: Bench) -> None:
    await bench.batch({"a": issue(1, 2)}, id="first")
    bench.world.of["a"] = "reject"
    await bench.box.deliver_due()
    bench.world.of.clear()
    await bench.batch({"b": issue(1, 3)}, id="second")

    await bench.write(lambda tx: tx.retry("first", None, bench.clock()))
    await bench.box.deliver_due()

    assert bench.world.names == ["a", "b", "a"]


async def test_a_terminal_delivers_only_its_own_batch(bench: Bench) -> None:
    await bench.batch({"a": issue(1)}, id="mine")
    await bench.batch({"b": issue(2)}, id="theirs")

    await bench.box.deliver_due(batch="mine")

    assert bench.world.names == ["a"]


async def test_a_message_that_is_about_to_be_edited_is_not_edited_twice(bench: Bench) -> None:
    await bench.single("say", post("m1"))
    for _ in range(3):
        await refreshes(bench)

    await bench.box.deliver_due()
    bench.clock.moves(5)
    await bench.box.deliver_due()

    assert bench.world.names == ["say", "refresh"]


async def test_an_edit_that_comes_while_another_is_under_way_is_made_after_it(bench: Bench) -> None:
    await refreshes(bench)
    await claims(bench, "slow", world="slack")

    await refreshes(bench)
    await refreshes(bench)

    due = await bench.store.read(lambda tx: tx.rows("SELECT state, due_at FROM deliveries ORDER BY id"))
    assert [row["state"] for row in due] == ["leased", "queued"]
    assert datetime.fromisoformat(due[1]["due_at"]) == bench.clock() + timedelta(seconds=2)


async def test_how_a_rollover_goes_is_said_now_and_then_and_that_it_has_ended_at_once(bench: Bench) -> None:
    at = bench.clock()
    shown = Message(message_of("r"), "C1", "1.0", "wow.progress", "r", at)
    await bench.write(lambda tx: tx.keep_message(shown))

    async def due(*, ended: bool) -> datetime:
        await bench.write(lambda tx: refresh_messages(tx, "r", at, ended=ended))
        [edit] = await bench.store.read(lambda tx: tx.rows("SELECT due_at FROM deliveries"))
        return datetime.fromisoformat(edit["due_at"])

    assert await due(ended=False) == at + timedelta(seconds=2)
    assert await due(ended=True) == at


async def refreshes(bench: Bench) -> None:
    await bench.write(lambda tx: tx.refresh("m1", bench.clock(), at_most_every=timedelta(seconds=2)))


async def claims(bench: Bench, holder: str, world: str = "gitlab") -> Delivery:
    at = bench.clock()
    (claimed,) = await bench.write(lambda tx: tx.claim_due(world, at, holder=holder, until=at + LEASE, limit=9))
    return claimed
