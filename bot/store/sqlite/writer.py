"""The one writer: a thread that takes what waits together and makes it one durable transaction.

One that raises spoils nothing but its own writing. Nearly always none does, or it has written nothing by then, so at
first they run without savepoints, each of which would copy every page that is changed and make the full text write
down what it has gathered. Where something has to be taken back, all begin again, each in a savepoint of its own. One
that brings the whole transaction down, or a commit that fails, makes each of them run once more in a transaction of its
own. Whatever goes wrong is an answer to somebody; the thread itself goes on.
"""

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bot.store.sqlite.rows import TakeBack
from bot.store.sqlite.turns import take_turn

MOST_TOGETHER = 256
BUSY_SECONDS = 5.0
"""How long another process that writes is waited for."""
T = TypeVar("T")


Land = Callable[[Any, BaseException | None], None]
"""Takes what a function gave, or what it raised; called in the writer's thread."""


@dataclass
class _Job(Generic[T]):
    fn: Callable[[T], Any]
    land: Land
    is_given_up: Callable[[], bool]
    is_answered: bool = False

    def answer(self, result: Any, raised: BaseException | None) -> None:  # noqa: ANN401 - whatever a function gives
        self.is_answered = True
        with contextlib.suppress(Exception):  # whoever waited may be gone already
            self.land(result, raised)


class Writer(Generic[T]):
    """Runs functions of a transaction, one group after the other.

    `begin` makes the transaction's value, told whether it is to be careful, `committed` is told of each one that is durable, and `worded` may turn an
    error of the database into one for people.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        begin: Callable[[bool], T],
        committed: Callable[[T], None],
        worded: Callable[[BaseException], BaseException],
    ) -> None:
        self._connection = connection
        self._begin, self._committed, self._worded = begin, committed, worded
        self.patience = BUSY_SECONDS
        self._jobs: queue.SimpleQueue[_Job[T] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, fn: Callable[[T], Any], land: Land, is_given_up: Callable[[], bool]) -> bool:
        """Ask for `fn` to be run, unless it `is_given_up` by then; tells whether it will be: a closed writer does not."""
        job = _Job(fn, land, is_given_up)
        with self._gate:  # nothing may come behind the sign that ends the queue
            if not self._closed:
                self._jobs.put(job)
            return not self._closed

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
            wanted = [job for job in jobs if not job.is_given_up()]
            try:
                self._commit_together(wanted)
            except BaseException as error:  # noqa: BLE001 - the thread goes on, and everybody is answered
                self._roll_back()
                _refuse([job for job in wanted if not job.is_answered], error)

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

    def _commit_together(self, jobs: list[_Job[T]], *, careful: bool = False) -> None:
        if not jobs:
            return
        self._roll_back()
        try:
            take_turn(self._connection, self.patience)
        except sqlite3.Error as error:  # another process holds the file: no use to try it for each of them
            _refuse(jobs, self._worded(error))
            return
        tx = self._begin(careful)
        run = self._run_apart if careful else self._run
        answers = None
        try:
            answers = [run(tx, job.fn) for job in jobs]
            self._connection.execute("COMMIT")
        except TakeBack:
            pass  # what they raise then must not carry this along
        except sqlite3.Error as error:
            self._roll_back()
            self._one_by_one(jobs, error)
            return
        if answers is None:
            self._commit_together(jobs, careful=True)
            return
        for job, (result, raised) in zip(jobs, answers, strict=True):
            job.answer(result, raised)
        with contextlib.suppress(Exception):  # whoever is told may be gone already; what is written is written
            self._committed(tx)

    def _one_by_one(self, jobs: list[_Job[T]], error: sqlite3.Error) -> None:
        if len(jobs) == 1:
            _refuse(jobs, self._worded(error.__cause__ or error))
            return
        for job in jobs:
            self._commit_together([job])

    def _run(self, tx: T, fn: Callable[[T], Any]) -> tuple[Any, BaseException | None]:
        """Run one function; what it raises is an answer, unless it has written something, or destroyed everything."""
        before = self._connection.total_changes
        try:
            return fn(tx), None
        except TakeBack:
            raise
        except BaseException as error:
            self._must_go_on(error)
            if self._connection.total_changes != before:
                raise TakeBack from error
            return None, self._worded(error)

    def _run_apart(self, tx: T, fn: Callable[[T], Any]) -> tuple[Any, BaseException | None]:
        """Run one function in a savepoint; what it raises is an answer unless it destroyed the whole transaction."""
        self._connection.execute("SAVEPOINT one")
        try:
            result = fn(tx)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is an answer
            self._must_go_on(error)
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return None, self._worded(error)
        self._connection.execute("RELEASE one")
        return result, None

    def _must_go_on(self, error: BaseException) -> None:
        if not self._connection.in_transaction:
            message = "the transaction was rolled back"
            raise sqlite3.OperationalError(message) from error

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _refuse(jobs: list[_Job[T]], error: BaseException) -> None:
    for job in jobs:
        job.answer(None, error)
