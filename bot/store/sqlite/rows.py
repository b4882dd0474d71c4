"""What every part of the transaction shares: running statements, and instants as text."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache

from bot.store.sqlite.trouble import StoreError, is_useless

KEPT = "kept requests"
"""Stands for whoever looks after requests that wait until Slack has described somebody."""
HOMES = "homes"
"""Stands for whoever shows Home tabs."""


class TakeBack(BaseException):
    """Something was written that has to be taken back: everybody begins again, and with savepoints."""


class Rows:
    """Statements on one connection, inside a transaction that somebody else begins and ends.

    When not `careful`, it has no savepoints, and `TakeBack` is raised where one would have been needed.
    """

    def __init__(self, connection: sqlite3.Connection, *, careful: bool = True) -> None:
        self.connection, self.careful = connection, careful
        self.work_for: set[str] = set()
        """Who has something to do once this is committed: worlds of the outbox, `KEPT`, or `HOMES`."""

    def run(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._inside().execute(sql, values)

    def run_many(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        """Run one statement for each row of values."""
        self._inside().executemany(sql, values)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Read all rows."""
        return self.run(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Row | None:
        """Read the first row, if there is one."""
        found: sqlite3.Row | None = self.run(sql, values).fetchone()
        return found

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Take back what is written inside, and nothing else, when it raises.

        Raises StoreError when it was the database itself that failed: then the whole transaction should end.
        """
        before = self.connection.total_changes
        if self.careful:
            self.run("SAVEPOINT apart")
        try:
            yield
        except TakeBack:
            raise
        except BaseException as error:
            if is_useless(error) or not self.connection.in_transaction:
                message = f"the database cannot be used ({error})"
                raise StoreError(message) from error
            if self.careful:
                self.run("ROLLBACK TO apart")
                self.run("RELEASE apart")
            elif self.connection.total_changes != before:
                raise TakeBack from error
            raise
        if self.careful:
            self.run("RELEASE apart")

    def _inside(self) -> sqlite3.Connection:
        # a full disk can end the transaction under a function that goes on: then nothing may commit by itself
        if not self.connection.in_transaction:
            message = "the transaction was rolled back"
            raise sqlite3.OperationalError(message)
        return self.connection


@lru_cache(maxsize=256)  # one command writes the same instant many times
def text(at: datetime) -> str:
    """Write an instant so that texts sort like instants: UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(written: str) -> datetime:
    """Read an instant back."""
    return datetime.fromisoformat(written)


def instant_or_none(written: str | None) -> datetime | None:
    """Read an instant back, if there is one."""
    return instant(written) if written else None
