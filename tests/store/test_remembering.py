"""What is remembered: the audit only grows, answers are given once, jobs are taken once, and claims stay cheap."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.journal import Batch, Delivery, Message, Progress, World
from bot.domain.operations import Operation, Plan, Post, SetIssue
from bot.domain.people import Person
from bot.store import Store, Tx

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
LEASE = AT + timedelta(seconds=16)


@pytest.mark.parametrize("change", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit"])
async def test_the_audit_only_grows(store: Store, change: str) -> None:
    await store.write(lambda tx: audit(tx, "first"))

    with pytest.raises(sqlite3.IntegrityError, match="the audit only grows"):
        await store.write(lambda tx: tx.run(change))

    await store.write(lambda tx: audit(tx, "second"))
    assert [line["command"] for line in await store.read(lambda tx: tx.audit_lines())] == ["first", "second"]


async def test_a_request_keeps_its_first_answer(store: Store) -> None:
    await store.write(lambda tx: tx.keep_answer("trigger", "first", AT))
    await store.write(lambda tx: tx.keep_answer("trigger", "second", AT))

    assert await store.read(lambda tx: tx.answer_to("trigger")) == "first"


async def test_answers_are_forgotten_when_nobody_can_ask_for_them_any_more(store: Store) -> None:
    await store.write(lambda tx: tx.keep_answer("old", "answer", AT - timedelta(hours=2)))
    await store.write(lambda tx: tx.keep_answer("new", "answer", AT))

    assert await store.write(lambda tx: tx.forget_answers(AT, timedelta(hours=1))) == 1
    assert await store.read(lambda tx: tx.answer_to("old")) is None
    assert await store.read(lambda tx: tx.answer_to("new")) == "answer"


async def test_a_job_is_taken_by_one_of_those_who_want_it(store: Store) -> None:
    assert await store.write(lambda tx: tx.take_job("sweep", AT, AT))
    assert not await store.write(lambda tx: tx.take_job("sweep", AT, AT))
    assert await store.write(lambda tx: tx.take_job("sweep", AT + timedelta(hours=1), AT))


async def test_progress_counts_what_is_done_in_gitlab_and_not_looking_or_speaking(store: Store) -> None:
    await add(store, {"plan": Plan("rollover", "r1")}, {"a": issue(1), "b": issue(2)}, {"report": post("m")})

    assert await store.read(lambda tx: tx.progress("b")) == Progress(delivered=0, rejected=0, waiting=2)


async def test_a_batch_with_nothing_to_do_is_done_at_once(store: Store) -> None:
    await add(store)

    batch = await store.read(lambda tx: tx.batch("b"))
    assert batch is not None
    assert batch.state == "done"


async def test_a_name_is_used_once_within_a_batch(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await add(store, {"a": issue(1)}, {"a": issue(2)})

    assert await store.read(lambda tx: tx.batch("b")) is None


async def test_the_backlog_counts_what_is_still_to_be_sent_and_tells_since_when(store: Store) -> None:
    await add(store, {"a": issue(1)}, {"b": issue(2)})

    assert await store.read(lambda tx: tx.backlog("gitlab")) == (2, AT)
    assert await store.read(lambda tx: tx.backlog("slack")) == (0, None)


async def test_the_backlog_is_right_whatever_becomes_of_an_operation(store: Store) -> None:
    def is_right(tx: Tx) -> bool:
        counted = "SELECT count(*) FROM deliveries WHERE world = 'gitlab' AND state NOT IN ('delivered', 'rejected', 'dropped')"
        return bool(tx.backlog("gitlab")[0] == tx.rows(counted)[0][0])

    def claimed(tx: Tx) -> list[Delivery]:
        return tx.claim_due("gitlab", AT, holder="h", until=LEASE, limit=9)

    await add(store, {"a": issue(1), "b": issue(2), "c": issue(3)}, {"d": issue(4)})
    one, two, three = await store.write(claimed)
    for step in (
        lambda tx: tx.delivered(one, {}, AT),
        lambda tx: tx.rejected(two, "no", AT),
        lambda tx: tx.put_back(three, AT),
        lambda tx: tx.retry("b", None, AT),
        lambda tx: tx.add_operation("again", issue(1), AT),
        lambda tx: tx.drop_rest("b", AT),
        lambda tx: tx.forget_batches("test", AT + timedelta(hours=2), timedelta(hours=1)),
    ):
        await store.write(step)
        assert await store.read(is_right)

    assert (await store.read(lambda tx: tx.backlog("gitlab")))[0] == 1


async def test_first_in_line_are_the_oldest_batch_and_its_earliest_stage(store: Store) -> None:
    younger = Batch("a", "test", "about", "running", "U1", AT + timedelta(minutes=1))
    await store.write(lambda tx: tx.add_batch(younger, ((("late", issue(3)),),)))
    await add(store, {"first": issue(1)}, {"second": issue(2), "speaks": post("m")})

    line = await store.read(lambda tx: tx.first_in_line("gitlab", 2))
    assert [each.name for each in line] == ["first", "second"]
    assert [each.name for each in await store.read(lambda tx: tx.first_in_line("slack", 9))] == ["speaks"]


async def test_worlds_and_messages_are_remembered_as_last_known(store: Store) -> None:
    world, message = World("gitlab", up=False, since=AT, reason="502"), Message("m", "C1", "1.2", "show", "about", AT)
    await store.write(lambda tx: tx.keep_world(World("gitlab", up=True, since=AT)))
    await store.write(lambda tx: tx.keep_world(world))
    await store.write(lambda tx: tx.keep_message(message))

    assert await store.read(lambda tx: tx.world("gitlab")) == world
    assert await store.read(lambda tx: tx.message("m")) == message


# Members of channels


async def test_members_are_known_of_channels_that_were_read_even_where_nobody_is_in_them(store: Store) -> None:
    await store.write(lambda tx: tx.keep_channel("C1", ["U1", "U2", "U1"], AT))
    await store.write(lambda tx: tx.keep_channel("C2", [], AT))

    found = await store.read(lambda tx: tx.members_of(["C1", "C2", "C3"]))

    assert found == {"C1": frozenset({"U1", "U2"}), "C2": frozenset()}


async def test_it_is_told_of_many_channels_at_once_whether_somebody_is_a_member(store: Store) -> None:
    await store.write(lambda tx: tx.keep_channel("C1", ["U1", "U2"], AT))
    await store.write(lambda tx: tx.keep_channel("C2", ["U2"], AT))
    await store.write(lambda tx: tx.keep_channel("C3", ["U1"], AT))

    assert await store.read(lambda tx: tx.membership("U1", ["C1", "C2", "C4"])) == {"C1": True, "C2": False}
    assert await store.read(lambda tx: tx.membership("U1", [])) == {}


async def test_a_channel_that_is_read_again_has_the_members_of_then(store: Store) -> None:
    await store.write(lambda tx: tx.keep_channel("C1", ["U1", "U2"], AT))
    await store.write(lambda tx: tx.keep_channel("C1", ["U2", "U3"], AT))

    assert await store.read(lambda tx: tx.members_of(["C1"])) == {"C1": frozenset({"U2", "U3"})}


async def test_who_joins_and_leaves_changes_only_channels_that_were_read(store: Store) -> None:
    await store.write(lambda tx: tx.keep_channel("C1", ["U1"], AT))

    def move(tx: Tx) -> None:
        for channel in ("C1", "C2"):
            tx.joins(channel, "U2")
            tx.joins(channel, "U2")
            tx.leaves(channel, "U1")

    await store.write(move)

    assert await store.read(lambda tx: tx.members_of(["C1", "C2"])) == {"C1": frozenset({"U2"})}


async def test_a_channel_that_told_nothing_is_read_again_when_somebody_is_seen_to_join_it(store: Store) -> None:
    await store.write(lambda tx: tx.keep_channel("C1", [], AT))
    await store.write(lambda tx: tx.keep_channel("C2", ["U1"], AT))

    await store.write(lambda tx: tx.joins("C1", "U2"))
    await store.write(lambda tx: tx.joins("C2", "U2"))

    assert await store.read(lambda tx: tx.read_before(AT, timedelta(days=1))) == ["C1"]


async def test_what_was_read_a_day_ago_is_to_be_read_again_the_oldest_first(store: Store) -> None:
    def keep(tx: Tx) -> None:
        tx.keep_channel("C1", ["U1"], AT - timedelta(days=3))
        tx.keep_privacy("C1", AT, private=True)
        tx.keep_person(Person("U1", "alice"), AT - timedelta(days=2))
        tx.keep_privacy("C2", AT - timedelta(days=4), private=False)
        tx.keep_group("S1", ["U1"], AT)

    await store.write(keep)

    assert await store.read(lambda tx: tx.read_before(AT, timedelta(days=1))) == ["C2", "C1", "U1"]


async def test_everybody_who_is_known_can_be_listed(store: Store) -> None:
    alice, bob = (
        Person("U1", "alice", zone="Europe/Amsterdam", others=("Alice A.", "a,b")),
        Person("U2", "bob", guest=True),
    )
    await store.write(lambda tx: tx.keep_person(bob, AT))
    await store.write(lambda tx: tx.keep_person(alice, AT))

    assert await store.read(lambda tx: tx.everybody()) == [alice, bob]


async def test_a_lease_is_renewed_only_by_its_holder(store: Store) -> None:
    await add(store, {"a": issue(1)})
    (claimed,) = await store.write(lambda tx: tx.claim_due("gitlab", AT, holder="me", until=LEASE, limit=1))
    later = LEASE + timedelta(seconds=16)

    assert not await store.write(lambda tx: tx.renew(claimed, "you", later))
    assert await store.write(lambda tx: tx.renew(claimed, "me", later))
    assert await store.write(lambda tx: tx.claim_due("gitlab", LEASE, holder="you", until=later, limit=1)) == []


async def test_what_the_outbox_asks_again_and_again_never_reads_the_whole_journal(store: Store) -> None:
    await add(store, {f"i{number}": issue(number) for number in range(3000)})
    asked: set[str] = set()
    store._writing.set_trace_callback(asked.add)

    def one_step(tx: Tx) -> None:
        claimed = tx.claim_due("gitlab", AT, holder="me", until=LEASE, limit=16)
        tx.claim_due("gitlab", AT, holder="me", until=LEASE, limit=16, batch="b")
        assert len(claimed) == 16
        tx.delivered(claimed[0], {}, AT)
        tx.rejected(claimed[1], "no", AT)
        tx.put_back(claimed[2], LEASE)
        tx.give_back(claimed[3])
        tx.renew(claimed[4], "me", LEASE)
        tx.all_due_now("gitlab", AT)
        tx.refresh("m", AT, at_most_every=timedelta(seconds=2))
        tx.next_due("gitlab")
        tx.backlog("gitlab")
        tx.advance("b", AT)

    await store.write(one_step)
    store._writing.set_trace_callback(None)

    plans = {
        statement: [row[3] for row in store._writing.execute(f"EXPLAIN QUERY PLAN {statement}")]
        for statement in asked
        if statement.startswith(("SELECT", "UPDATE"))
    }
    assert len(plans) > 10
    for statement, plan in plans.items():
        assert not [step for step in plan if step.startswith("SCAN deliveries") and "INDEX" not in step], statement
        # sorting all that waits would make each claim dearer than the last
        assert not [step for step in plan if "TEMP B-TREE" in step and "target" not in statement], statement


def issue(iid: int) -> SetIssue:
    return SetIssue("issue", iid, 1, 2)


def post(message: str) -> Post:
    return Post(message, "C1", "show", "about")


def audit(tx: Tx, command: str) -> None:
    tx.audit(who="U1", command=command, outcome="done", detail="", source="slack", channel="C1", request="r", at=AT)


async def add(store: Store, *stages: dict[str, Operation]) -> None:
    named = tuple(tuple(stage.items()) for stage in stages)
    await store.write(lambda tx: tx.add_batch(Batch("b", "test", "about", "running", "U1", AT), named))


async def test_a_kept_request_is_held_by_one_until_its_time_is_up(store: Store) -> None:
    until = AT + timedelta(seconds=15)

    async def takes(holder: str, at: datetime, request: str = "r1") -> bool:
        return await store.write(lambda tx: tx.take_request(request, holder, at, until))

    await store.write(lambda tx: tx.keep_request("r1", "{}", "U9", AT))

    assert await takes("one", AT)
    assert await takes("one", AT), "the same one, again"
    assert not await takes("two", AT)
    assert await takes("two", until)
    assert not await takes("one", AT, "unknown")
