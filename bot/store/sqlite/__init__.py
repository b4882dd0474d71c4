"""SQLite: one file, one writer, several readers.

All writing goes through one thread. It takes the functions that wait together, commits them as one durable transaction
(`synchronous=FULL`) and only then answers all of them: one fsync for many acknowledgements. What one of them raises
spoils nothing but its own writing. Another process may write the same file; `BEGIN IMMEDIATE` and the busy timeout take turns with it.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from bot.domain.events import Pending
from bot.domain.oncall import Handoff
from bot.domain.outages import Outage
from bot.domain.tracker import OutageFacts
from bot.store.sqlite.homes import HomesTx
from bot.store.sqlite.journal import JournalTx
from bot.store.sqlite.log import LogTx
from bot.store.sqlite.oncall import OncallTx
from bot.store.sqlite.opening import open_for_reading, open_for_writing
from bot.store.sqlite.outages import OutagesTx
from bot.store.sqlite.people import PeopleTx
from bot.store.sqlite.requests import RequestsTx
from bot.store.sqlite.rows import HOMES, KEPT
from bot.store.sqlite.trouble import StoreError, cannot_be_used, is_useless
from bot.store.sqlite.values import prepare
from bot.store.sqlite.weeks import KEPT_AS_TEXT, WeeksTx
from bot.store.sqlite.writer import Land, Writer

__all__ = ["HOMES", "KEPT", "OnWork", "SqliteStore", "StoreError", "Tx", "look_in"]

READERS = 3
T = TypeVar("T")
OnWork = Callable[[frozenset[str]], None]
"""Is told, after a commit, who has something to do: worlds of the outbox, `KEPT`, or `HOMES`."""


class Tx(RequestsTx, PeopleTx, JournalTx, WeeksTx, LogTx, OutagesTx, OncallTx, HomesTx):
    """What a service may ask of the store within one transaction, by noun."""


class SqliteStore:
    """The store in one SQLite file. `write` and `read` run a plain function of a transaction off the event loop."""

    def __init__(self, path: Path, *, on_work: OnWork = lambda _: None) -> None:
        self.path = path
        self.on_work = on_work
        self._writing = open_for_writing(path)
        self._writer = Writer(
            self._writing,
            begin=lambda careful: Tx(self._writing, careful=careful),
            committed=self._committed,
            worded=self._worded,
        )
        self._local = threading.local()
        self._reading: list[sqlite3.Connection] = []
        self._watching: sqlite3.Connection | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._readers.submit(
            prepare, *KEPT_AS_TEXT, Outage, Pending, Handoff, OutageFacts
        )  # else the first who writes such a value keeps everybody waiting
        self._closed = False

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Run `fn` in a durable transaction; when this returns, what it wrote survives any crash.

        `fn` may be run again, so it takes no clock, makes no id and does no I/O. What it raises comes back to the
        caller, and nothing that it wrote is kept; StoreError when the database could not be written.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def land(result: T, raised: BaseException | None) -> None:
            loop.call_soon_threadsafe(_settle, answer, result, raised)

        self._put(fn, land, answer.cancelled)
        return await answer

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run `fn` on a consistent snapshot that it cannot change."""
        if self._closed:
            raise _closed()
        return await asyncio.wrap_future(self._readers.submit(self._read, fn))

    async def version(self) -> int:
        """Give a number that is another one as soon as anybody, in any process, has written something.

        To be asked by one at a time.
        """
        if self._closed:
            raise _closed()
        return await asyncio.wrap_future(self._readers.submit(self._version))

    def _version(self) -> int:
        # what it tells is about one connection: https://www.sqlite.org/pragma.html#pragma_data_version
        try:
            if self._watching is None:
                self._watching = open_for_reading(self.path)
                self._reading.append(self._watching)
            number: int = self._watching.execute("PRAGMA data_version").fetchone()[0]
            return number
        except sqlite3.Error as error:
            raise self._worded(error) from error

    def write_now(self, fn: Callable[[Tx], T]) -> T:
        """Do the same as `write` from plain, blocking code, such as a terminal command."""
        answer: Future[T] = Future()

        def land(result: T, raised: BaseException | None) -> None:
            if raised is None:
                answer.set_result(result)
            else:
                answer.set_exception(raised)

        self._put(fn, land, answer.cancelled)
        return answer.result()

    def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._readers.shutdown(wait=True)
        with contextlib.suppress(sqlite3.Error):
            self._writing.execute("PRAGMA optimize")
        for connection in (*self._reading, self._writing):
            connection.close()

    def _put(self, fn: Callable[[Tx], Any], land: Land, is_given_up: Callable[[], bool]) -> None:
        if not self._writer.put(fn, land, is_given_up):
            raise _closed()

    def _read(self, fn: Callable[[Tx], T]) -> T:
        try:
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return fn(Tx(connection))
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except (StopIteration, sqlite3.Error) as error:
            worded = self._worded(error)
            raise worded from (error if worded is not error else error.__cause__)

    def _reader(self) -> sqlite3.Connection:
        """Give this thread the connection that it keeps."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = open_for_reading(self.path)
            self._reading.append(connection)
        return connection

    def _committed(self, tx: Tx) -> None:
        if tx.work_for:
            self.on_work(frozenset(tx.work_for))

    def _worded(self, error: BaseException) -> BaseException:
        if isinstance(error, StopIteration):
            return _unexpected(error)
        if not is_useless(error):
            return error
        worded = cannot_be_used(self.path, error)
        worded.__cause__ = error
        return worded


def look_in(path: Path, fn: Callable[[Tx], T]) -> T:
    """Run `fn` on a snapshot of a database that another process serves; nothing is created, migrated or changed.

    Raises StoreError when it cannot be read.
    """
    if not path.is_file():
        message = f"There is no database at {path}."
        raise StoreError(message)
    try:
        with contextlib.closing(open_for_reading(path)) as connection:
            connection.execute("BEGIN")
            return fn(Tx(connection))
    except sqlite3.Error as error:
        raise cannot_be_used(path, error) from error


def _settle(answer: "asyncio.Future[T]", result: T, raised: BaseException | None) -> None:
    if answer.cancelled():
        return
    if raised is None:
        answer.set_result(result)
    else:
        answer.set_exception(raised)


def _closed() -> StoreError:
    return StoreError("the store is closed")


def _unexpected(error: StopIteration) -> RuntimeError:
    # a future cannot carry it: whoever waits would wait for ever
    return RuntimeError(f"{type(error).__name__} in a function of the store: {error}")
