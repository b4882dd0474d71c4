"""Outages under Baton's own numbers, the notes under their issues, and what waits for the next hand-off."""

import sqlite3
from dataclasses import replace
from datetime import datetime

from bot.domain.events import Pending
from bot.domain.outages import Named, Outage
from bot.store.sqlite.rows import Rows, text
from bot.store.sqlite.values import dump, load


class OutagesTx(Rows):
    """Outages, notes and pending things."""

    def add_outage(self, outage: Outage) -> Outage:
        """Keep a new outage; gives it with its number. One of the same key must not be there (IntegrityError)."""
        cursor = self.run(
            "INSERT INTO outages (key, message, iid, began_at, ended_at, confidential, value) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            _columns(outage),
        )
        return replace(outage, number=cursor.lastrowid or 0)

    def save_outage(self, outage: Outage) -> None:
        """Keep how an outage is now."""
        self.run(
            "UPDATE outages SET key = ?, message = ?, iid = ?, began_at = ?, ended_at = ?, confidential = ?, value = ? "
            "WHERE number = ?",
            (*_columns(outage), outage.number),
        )

    def outage(self, number: int) -> Outage | None:
        """Find an outage by Baton's number."""
        return self._outage("number = ?", number)

    def outage_of_issue(self, iid: int) -> Outage | None:
        """Find an outage by the number of its issue."""
        return self._outage("iid = ?", iid)

    def outage_of_key(self, key: str) -> Outage | None:
        """Find an outage by its key, which is the hidden marker of its issue."""
        return self._outage("key = ?", key)

    def outage_of_message(self, message: str) -> Outage | None:
        """Find the outage that was declared from a message."""
        return self._outage("message = ?", message)

    def outage_named(self, named: Named) -> Outage | None:
        """Find an outage as somebody named it."""
        if named.number is not None:
            return self.outage(named.number)
        return self.outage_of_issue(named.iid) if named.iid is not None else None

    def ongoing(self) -> list[Outage]:
        """List the outages that go on, oldest first."""
        rows = self.rows("SELECT * FROM outages WHERE ended_at IS NULL ORDER BY began_at, number")
        return [_outage(row) for row in rows]

    def outages_ended(self, since: datetime, until: datetime) -> list[Outage]:
        """List the outages that ended from `since` to `until`, in that order."""
        rows = self.rows(
            "SELECT * FROM outages WHERE ended_at >= ? AND ended_at <= ? ORDER BY ended_at, number",
            (text(since), text(until)),
        )
        return [_outage(row) for row in rows]

    def last_outage(self) -> Outage | None:
        """Find the outage that began last, whether it goes on or not."""
        row = self.row("SELECT * FROM outages ORDER BY began_at DESC, number DESC LIMIT 1")
        return _outage(row) if row else None

    def outages(self, numbers: set[int]) -> dict[int, Outage]:
        """Find several outages."""
        found = (self.outage(number) for number in sorted(numbers))
        return {one.number: one for one in found if one is not None}

    def _outage(self, where: str, value: object) -> Outage | None:
        row = self.row(f"SELECT * FROM outages WHERE {where}", (value,))
        return _outage(row) if row else None

    # notes under its issue

    def note_of(self, event: int, outage: int) -> int | None:
        """Find the note that mirrors an event under the issue of an outage."""
        row = self.row("SELECT id FROM notes WHERE event = ? AND outage = ?", (event, outage))
        return row["id"] if row else None

    def keep_note(self, event: int, outage: int, note: int) -> None:
        """Remember that note."""
        self.run("INSERT OR REPLACE INTO notes (event, outage, id) VALUES (?, ?, ?)", (event, outage, note))

    # for the next hand-off

    def add_pending(self, pending: Pending) -> bool:
        """Put something on the list for the next hand-off, once; False when it is there already.

        What has passed with a hand-off is on the list no more, and may be put there again.
        """
        cursor = self.run(
            "INSERT INTO pending (key, at, value) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
            "at = excluded.at, value = excluded.value, taken_at = NULL WHERE taken_at IS NOT NULL",
            (pending.key, text(pending.at), dump(pending)),
        )
        return cursor.rowcount == 1

    def pending(self) -> list[Pending]:
        """List what waits for the next hand-off, oldest first."""
        rows = self.rows("SELECT id, value FROM pending WHERE taken_at IS NULL ORDER BY id")
        return [replace(load(Pending, row["value"]), id=row["id"]) for row in rows]


def _columns(outage: Outage) -> tuple[object, ...]:
    return (
        outage.key,
        outage.message or None,
        outage.iid,
        text(outage.began_at),
        _text_or_none(outage.ended_at),
        outage.confidential,
        dump(outage),
    )


def _text_or_none(at: datetime | None) -> str | None:
    return text(at) if at else None


def _outage(row: sqlite3.Row) -> Outage:
    return replace(load(Outage, row["value"]), number=row["number"])
