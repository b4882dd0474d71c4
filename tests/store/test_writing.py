"""One writer: durable before it answers, one group one commit, and nobody's error is anybody else's."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.operations import Post
from bot.store import KEPT, Store, StoreError, Tx, open_store

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
WRITES_FOR_EVER = """
import asyncio, sys
from datetime import UTC, datetime
from bot.store import open_store

async def main():
    store = open_store(sys.argv[1])
    async def one(number):
        await store.write(lambda tx: tx.keep_fact(f"{sys.argv[2]} {number}", "kept", datetime.now(UTC)))
        print(f"{sys.argv[2]} {number}", flush=True)
    for first in range(0, 100_000, 8):
        await asyncio.gather(*(one(first + number) for number in range(8)))

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    with subprocess.Popen(  # noqa: ASYNC220 - it is to run while this process waits
        [sys.executable, "-c", WRITES_FOR_EVER, f"sqlite:///{path}", "fact"], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(200)]
        writer.kill()
        acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]

    store = open_store(f"sqlite:///{path}")
    for fact in acknowledged:
        assert await store.read(lambda tx, fact=fact: tx.fact(fact)) == "kept"  # type: ignore[misc]
    store.close()


async def test_two_processes_write_one_file(path: Path) -> None:
    writers = [
        subprocess.Popen(  # noqa: ASYNC220 - it is to run while this process writes too
            [sys.executable, "-c", WRITES_FOR_EVER, f"sqlite:///{path}", name], stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    store = open_store(f"sqlite:///{path}")
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline()
    for number in range(50):
        await keep(store, f"three {number}")
    for writer in writers:
        writer.kill()
        writer.communicate()

    for fact in ("one 0", "two 0", "three 0", "three 49"):
        assert await known(store, fact)
    store.close()


async def test_everybody_in_a_group_is_answered(store: Store) -> None:
    def count(number: int) -> int:
        return number * 2

    answers = await asyncio.gather(*(store.write(lambda tx, n=n: count(n)) for n in range(1000)))  # type: ignore[misc]

    assert answers == [number * 2 for number in range(1000)]


async def test_a_function_that_raises_spoils_nothing_but_its_own_writing(store: Store) -> None:
    def broken(tx: Tx) -> None:
        tx.keep_fact("broken", "kept", AT)
        raise ValueError

    with holding(store):
        writes = [
            asyncio.ensure_future(store.write(fn))
            for fn in (lambda tx: tx.keep_fact("a", "kept", AT), broken, lambda tx: tx.keep_fact("b", "kept", AT))
        ]
        await asyncio.sleep(0)
    results = await asyncio.gather(*writes, return_exceptions=True)

    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    assert [await known(store, fact) for fact in ("a", "broken", "b")] == [True, False, True]


async def test_a_function_that_brings_the_transaction_down_spoils_nothing_but_its_own_writing(store: Store) -> None:
    await store.write(
        lambda tx: tx.run(
            "CREATE TRIGGER boom BEFORE INSERT ON facts WHEN NEW.name = 'boom' "
            "BEGIN SELECT RAISE(ROLLBACK, 'boom'); END"
        )
    )

    with holding(store):
        writes = [asyncio.ensure_future(keep(store, fact)) for fact in ("a", "boom", "b")]
        await asyncio.sleep(0)
    results = await asyncio.gather(*writes, return_exceptions=True)

    assert [type(result) for result in results] == [type(None), sqlite3.IntegrityError, type(None)]
    assert [await known(store, fact) for fact in ("a", "boom", "b")] == [True, False, True]


async def test_nothing_is_written_by_a_function_that_goes_on_after_its_transaction_ended(store: Store) -> None:
    def careless(tx: Tx) -> None:
        with contextlib.suppress(sqlite3.Error):
            tx.run("ROLLBACK")
        tx.keep_fact("careless", "kept", AT)

    with pytest.raises(sqlite3.OperationalError):
        await store.write(careless)

    assert not await known(store, "careless")
    await keep(store, "after")
    assert await known(store, "after")


async def test_a_part_that_raises_is_taken_back_alone(store: Store) -> None:
    def careful(tx: Tx) -> None:
        tx.keep_fact("before", "kept", AT)
        with contextlib.suppress(ValueError), tx.apart():
            tx.keep_fact("inside", "kept", AT)
            raise ValueError
        tx.keep_fact("after", "kept", AT)

    await store.write(careful)

    assert [await known(store, fact) for fact in ("before", "inside", "after")] == [True, False, True]


async def test_savepoints_are_made_only_where_something_has_to_be_taken_back(store: Store) -> None:
    said = list[str]()
    store._writing.set_trace_callback(said.append)

    def does_well(tx: Tx) -> None:
        with tx.apart():
            tx.keep_fact("well", "kept", AT)

    def refuses_before_it_writes(tx: Tx) -> None:
        with tx.apart():
            tx.fact("well")
            raise LookupError

    def raises_after_it_has_written(tx: Tx) -> None:
        tx.keep_fact("ill", "kept", AT)
        raise ValueError

    await asyncio.gather(store.write(does_well), store.write(refuses_before_it_writes), return_exceptions=True)
    assert not any("SAVEPOINT" in one for one in said)
    results = await asyncio.gather(
        store.write(does_well), store.write(raises_after_it_has_written), return_exceptions=True
    )

    store._writing.set_trace_callback(None)
    assert any("SAVEPOINT" in one for one in said)
    assert [type(one) for one in results] == [type(None), ValueError]
    assert await store.read(lambda tx: (tx.fact("well"), tx.fact("ill"))) == ("kept", "")


async def test_whoever_stops_waiting_before_it_began_is_not_served(store: Store) -> None:
    with holding(store):
        write = asyncio.ensure_future(keep(store, "unwanted"))
        await asyncio.sleep(0)
        write.cancel()
        await asyncio.gather(write, return_exceptions=True)

    await keep(store, "wanted")
    assert not await known(store, "unwanted")


async def test_whoever_stops_waiting_while_it_runs_harms_nobody(store: Store) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        began.set()
        go_on.wait(5)
        tx.keep_fact("slow", "kept", AT)

    write = asyncio.ensure_future(store.write(slow))
    await asyncio.to_thread(began.wait, 5)
    write.cancel()
    await asyncio.gather(write, return_exceptions=True)
    go_on.set()

    await keep(store, "after")
    assert await known(store, "slow")


@pytest.mark.parametrize("error", [StopIteration, KeyError, MemoryError])
async def test_whatever_is_raised_comes_back_and_the_writer_goes_on(store: Store, error: type[Exception]) -> None:
    def broken(tx: Tx) -> None:
        raise error

    expected = RuntimeError if error is StopIteration else error
    with pytest.raises(expected):
        await asyncio.wait_for(store.write(broken), 5)
    with pytest.raises(expected):
        await asyncio.wait_for(store.read(broken), 5)

    await keep(store, "after")


async def test_a_full_disk_is_said_and_nothing_of_the_write_is_kept(store: Store) -> None:
    pages = await store.read(lambda tx: tx.rows("PRAGMA page_count")[0][0])
    store._writing.execute(f"PRAGMA max_page_count = {pages}")

    def much(tx: Tx) -> None:
        for number in range(50):
            tx.keep_fact(str(number), "x" * 4000, AT)

    with pytest.raises(StoreError, match="cannot be used"):
        await store.write(much)

    assert await store.read(lambda tx: tx.rows("SELECT count(*) FROM facts")[0][0]) == 0
    store._writing.execute("PRAGMA max_page_count = 100000")
    await keep(store, "after")


async def test_another_process_that_holds_the_file_too_long_is_said_to_all_who_wait_at_once(store: Store) -> None:
    store._writer.patience = 0.05
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    results = await asyncio.wait_for(
        asyncio.gather(*(keep(store, str(number)) for number in range(100)), return_exceptions=True), 2
    )
    other.execute("ROLLBACK")
    other.close()

    assert {type(result) for result in results} == {StoreError}
    await keep(store, "after")


async def test_a_commit_wakes_those_who_work_even_when_the_one_who_is_told_breaks(path: Path) -> None:
    told = list[frozenset[str]]()

    def on_work(whom: frozenset[str]) -> None:
        told.append(whom)
        raise RuntimeError

    store = open_store(f"sqlite:///{path}", on_work=on_work)
    await keep(store, "no work")
    assert told == []
    await store.write(lambda tx: tx.keep_request("r1", "{}", "U1", AT))
    await store.write(lambda tx: tx.add_operation("say", Post("m", "C1", "show", "about"), AT))
    await keep(store, "after")

    assert told == [{KEPT}, {"slack"}]
    store.close()


async def test_a_reader_sees_one_moment_and_cannot_write(store: Store) -> None:
    def twice(tx: Tx) -> tuple[str, str]:
        before = tx.fact("a")
        store.write_now(lambda writing: writing.keep_fact("a", "new", AT))
        return before, tx.fact("a")

    await store.write(lambda tx: tx.keep_fact("a", "old", AT))

    assert await store.read(twice) == ("old", "old")
    assert await store.read(lambda tx: tx.fact("a")) == "new"
    with pytest.raises(StoreError, match="cannot be used"):
        await store.read(lambda tx: tx.keep_fact("a", "changed", AT))


async def test_closing_finishes_what_was_asked_for_and_refuses_the_rest(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(store.write_now, lambda tx, n=n: tx.keep_fact(str(n), "kept", AT)) for n in range(200)]
        store.close()
        store.close()
    kept = {number for number, write in enumerate(asked) if write.exception() is None}

    assert {type(write.exception()) for write in asked} <= {type(None), StoreError}
    for call in (store.read, store.write):
        with pytest.raises(StoreError):
            await call(lambda tx: tx.fact("a"))
    again = open_store(f"sqlite:///{path}")
    assert {int(row["name"]) for row in await again.read(lambda tx: tx.rows("SELECT name FROM facts"))} == kept
    again.close()


async def keep(store: Store, fact: str) -> None:
    await store.write(lambda tx: tx.keep_fact(fact, "kept", AT))


async def known(store: Store, fact: str) -> bool:
    return await store.read(lambda tx: tx.fact(fact)) == "kept"


@contextlib.contextmanager
def holding(store: Store) -> Iterator[None]:
    """Keep the writer busy, so that what is asked meanwhile becomes one group."""
    began, go_on = threading.Event(), threading.Event()

    def hold(_: Tx) -> None:
        began.set()
        go_on.wait(5)

    asked = ThreadPoolExecutor(1)
    held = asked.submit(store.write_now, hold)
    began.wait(5)
    try:
        yield
    finally:
        go_on.set()
        held.result()
        asked.shutdown()
