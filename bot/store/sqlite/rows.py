"""What every part of the transaction shares: running statements, and instants as text."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime


class Rows:
    """Statements on one connection, inside a transaction that somebody else begins and ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.work_added = False

    def run(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.connection.execute(sql, values)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Read all rows."""
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Row | None:
        """Read the first row, if there is one."""
        found: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return found


def text(at: datetime) -> str:
    """Write an instant so that texts sort like instants: UTC, always with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(written: str) -> datetime:
    """Read an instant back."""
    return datetime.fromisoformat(written)


def instant_or_none(written: str | None) -> datetime | None:
    """Read an instant back, if there is one."""
    return instant(written) if written else None
