"""SQLite: one file, one writer, several readers.

All writing goes through one thread. It takes the functions that wait together, runs each in a savepoint of its own,
commits them as one durable transaction (`synchronous=FULL`) and only then answers all of them: one fsync for many
acknowledgements. Another process may write the same file; `BEGIN IMMEDIATE` and the busy timeout take turns with it.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from bot.store.sqlite.journal import JournalTx
from bot.store.sqlite.migrations import migrations
from bot.store.sqlite.people import PeopleTx
from bot.store.sqlite.requests import RequestsTx
from bot.store.sqlite.weeks import WeeksTx

__all__ = ["SqliteStore", "StoreError", "Tx"]

BUSY_SECONDS = 5
READERS = 3
MOST_TOGETHER = 256
T = TypeVar("T")


class StoreError(Exception):
    """The database cannot be used; the message is for the person who runs Baton."""


class Tx(RequestsTx, PeopleTx, JournalTx, WeeksTx):
    """What a service may ask of the store within one transaction, by noun."""


@dataclass
class _Job:
    fn: Callable[[Tx], Any]
    future: "Future[Any]"


class SqliteStore:
    """The store in one SQLite file. `write` and `read` run a plain function of a transaction off the event loop."""

    def __init__(self, path: Path, *, on_work: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self.on_work = on_work
        _check(path)
        self._writer = _connect(path)
        _migrate(self._writer, path)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._thread.start()
        self._local = threading.local()
        self._reading: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closed = False

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Run `fn` in a durable transaction; when this returns, what it wrote survives any crash.

        `fn` may be run again, so it takes no clock, makes no id and does no I/O. What it raises comes back to the
        caller, and nothing that it wrote is kept.
        """
        return await asyncio.wrap_future(self._put(fn))

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run `fn` on a consistent snapshot that it cannot change."""
        return await asyncio.wrap_future(self._readers.submit(self._read, fn))

    def write_now(self, fn: Callable[[Tx], T]) -> T:
        """Do the same as `write` from plain, blocking code, such as a terminal command."""
        result: T = self._put(fn).result()
        return result

    def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        self._readers.shutdown(wait=True)
        with contextlib.suppress(sqlite3.Error):
            self._writer.execute("PRAGMA optimize")
        for connection in (*self._reading, self._writer):
            connection.close()

    def _put(self, fn: Callable[[Tx], Any]) -> "Future[Any]":
        if self._closed:
            message = "the store is closed"
            raise StoreError(message)
        job = _Job(fn, Future())
        self._jobs.put(job)
        return job.future

    def _read(self, fn: Callable[[Tx], T]) -> T:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self.path)
            connection.execute("PRAGMA query_only = ON")
            self._reading.append(connection)
        connection.execute("BEGIN")
        try:
            return fn(Tx(connection))
        finally:
            connection.execute("ROLLBACK")

    def _write_all(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs, last = self._waiting(job)
            # who stopped waiting before it began is not served; from here on nobody can take it back
            if wanted := [job for job in jobs if job.future.set_running_or_notify_cancel()]:
                self._commit_together(wanted)
            if last:
                return

    def _waiting(self, first: _Job) -> tuple[list[_Job], bool]:
        jobs = [first]
        while len(jobs) < MOST_TOGETHER:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False

    def _commit_together(self, jobs: list[_Job]) -> None:
        tx = Tx(self._writer)
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            answers = [_run(self._writer, tx, job.fn) for job in jobs]
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            if len(jobs) > 1:  # one of them spoilt it for all: each gets a transaction of its own
                for job in jobs:
                    self._commit_together([job])
            else:
                jobs[0].future.set_exception(error)
            return
        for job, (result, error_raised) in zip(jobs, answers, strict=True):
            if error_raised is not None:
                job.future.set_exception(error_raised)
            else:
                job.future.set_result(result)
        if tx.work_added:
            self.on_work()

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")


def _run(connection: sqlite3.Connection, tx: Tx, fn: Callable[[Tx], Any]) -> tuple[Any, BaseException | None]:
    """Run one function in a savepoint; what it raises is an answer unless it destroyed the whole transaction."""
    connection.execute("SAVEPOINT one")
    try:
        result = fn(tx)
    except BaseException as error:  # noqa: BLE001 - it is handed to whoever asked
        if not connection.in_transaction:
            raise sqlite3.OperationalError(str(error)) from error
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return None, error
    connection.execute("RELEASE one")
    return result, None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS, cached_statements=256
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.row_factory = sqlite3.Row
    return connection


def _check(path: Path) -> None:
    """Look at the file without touching it, and refuse one that is not ours to use."""
    if not path.parent.exists():
        message = f"DATABASE_URL: the folder {path.parent} does not exist. Create it, or name another file."
        raise StoreError(message)
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        known = _names_applied(path)
    except sqlite3.DatabaseError as error:
        message = f"DATABASE_URL: {path} cannot be read as a database ({error}). Name another file, or restore a backup."
        raise StoreError(message) from error
    if known is None:
        message = f"DATABASE_URL: {path} is the database of another program. Name another file."
        raise StoreError(message)
    ours = {migration.name for migration in migrations.pending(Database(memory=True))}
    if newer := known - ours:
        message = (
            f"DATABASE_URL: {path} was written by a newer Baton (it knows “{sorted(newer)[0]}”). "
            "Start that version, or restore a backup from before the upgrade. Nothing was changed."
        )
        raise StoreError(message)


def _names_applied(path: Path) -> set[str] | None:
    """List the migrations that the file has seen; None for a file with tables but none of ours."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "_sqlite_migrations" not in tables:
            return None if tables else set()
        rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'baton'")
        return {row[0] for row in rows}
    finally:
        connection.close()


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    plain, connection.row_factory = connection.row_factory, None
    try:
        connection.execute("BEGIN IMMEDIATE")  # two processes that start together take turns
        migrations.apply(Database(connection))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        message = f"DATABASE_URL: {path} cannot be written ({error}). Check the file's rights and the disk's free space."
        raise StoreError(message) from error
    finally:
        connection.row_factory = plain
