"""The one writer: a thread that takes what waits together and makes it one durable transaction.

Each function runs in a savepoint of its own, so one that raises spoils nothing but its own writing. One that brings
the whole transaction down, or a commit that fails, makes each of them run once more in a transaction of its own.
Whatever goes wrong is an answer to somebody; the thread itself goes on.
"""

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from bot.store.sqlite.turns import take_turn

MOST_TOGETHER = 256
T = TypeVar("T")


@dataclass
class _Job(Generic[T]):
    fn: Callable[[T], Any]
    future: "Future[Any]" = field(default_factory=Future)


class Writer(Generic[T]):
    """Runs functions of a transaction, one group after the other.

    `begin` makes the transaction's value, `committed` is told of each one that is durable, and `worded` may turn an
    error of the database into one for people.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        begin: Callable[[], T],
        committed: Callable[[T], None],
        worded: Callable[[BaseException], BaseException],
    ) -> None:
        self._connection = connection
        self._begin, self._committed, self._worded = begin, committed, worded
        self._jobs: queue.SimpleQueue[_Job[T] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, fn: Callable[[T], Any]) -> "Future[Any] | None":
        """Ask for `fn` to be run; None when the writer was closed."""
        job = _Job(fn)
        with self._gate:  # nothing may come behind the sign that ends the queue
            if self._closed:
                return None
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Finish what was asked for, then end."""
        with self._gate:
            if not self._closed:
                self._jobs.put(None)
            self._closed = True
        self._thread.join()

    def _write_all(self) -> None:
        last = False
        while not last:
            jobs, last = self._waiting()
            # who stopped waiting before it began is not served; from here on nobody can take it back
            wanted = [job for job in jobs if job.future.set_running_or_notify_cancel()]
            try:
                self._commit_together(wanted)
            except BaseException as error:  # noqa: BLE001 - the thread goes on, and everybody is answered
                self._roll_back()
                _refuse([job for job in wanted if not job.future.done()], error)

    def _waiting(self) -> tuple[list[_Job[T]], bool]:
        """Wait for the first, then take those that came meanwhile; tell whether they are the last."""
        jobs: list[_Job[T]] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == MOST_TOGETHER or self._jobs.empty():
                return jobs, False
            job = self._jobs.get()
        return jobs, True

    def _commit_together(self, jobs: list[_Job[T]]) -> None:
        if not jobs:
            return
        self._roll_back()
        try:
            take_turn(self._connection)
        except sqlite3.Error as error:  # another process holds the file: no use to try it for each of them
            _refuse(jobs, self._worded(error))
            return
        tx = self._begin()
        try:
            answers = [self._run(tx, job.fn) for job in jobs]
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            self._one_by_one(jobs, error)
            return
        for job, (result, raised) in zip(jobs, answers, strict=True):
            if raised is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(raised)
        with contextlib.suppress(Exception):  # whoever is told may be gone already; what is written is written
            self._committed(tx)

    def _one_by_one(self, jobs: list[_Job[T]], error: sqlite3.Error) -> None:
        if len(jobs) == 1:
            _refuse(jobs, self._worded(error.__cause__ or error))
            return
        for job in jobs:
            self._commit_together([job])

    def _run(self, tx: T, fn: Callable[[T], Any]) -> tuple[Any, BaseException | None]:
        """Run one function in a savepoint; what it raises is an answer unless it destroyed the whole transaction."""
        self._connection.execute("SAVEPOINT one")
        try:
            result = fn(tx)
        except BaseException as error:
            if not self._connection.in_transaction:
                message = "the transaction was rolled back"
                raise sqlite3.OperationalError(message) from error
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return None, self._worded(error)
        self._connection.execute("RELEASE one")
        return result, None

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _refuse(jobs: list[_Job[T]], error: BaseException) -> None:
    for job in jobs:
        job.future.set_exception(error)
