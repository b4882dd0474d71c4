"""A database of what may be shown: a file of its own, which others may search and ask anything.

Only what anybody may read goes into it, so there is nothing in it that a question could bring out. It is written anew
each time; nothing that was ever in the other file is left between its pages.
"""

import contextlib
import json
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.oncall import Handoff
from bot.domain.outages import Outage
from bot.domain.week import DAYS, Week, last_ending
from bot.store.sqlite.opening import open_for_reading
from bot.store.sqlite.rows import instant
from bot.store.sqlite.trouble import cannot_be_used
from bot.store.sqlite.values import load

AT_ONCE = 5000
SCHEMA = """
    CREATE TABLE weeks (
        ending TEXT PRIMARY KEY, starting TEXT NOT NULL, rolled_over_by TEXT, rolled_over_at TEXT,
        issues_done INTEGER, issues_carried INTEGER
    );
    CREATE TABLE shifts (
        number INTEGER PRIMARY KEY, who TEXT NOT NULL, since TEXT NOT NULL, until TEXT, quiet INTEGER, summary TEXT
    );
    CREATE TABLE outages (
        number INTEGER PRIMARY KEY, title TEXT NOT NULL, began_at TEXT NOT NULL, ended_at TEXT, minutes INTEGER,
        "by" TEXT, ended_by TEXT, data_loss INTEGER, confidential INTEGER NOT NULL, issue INTEGER, address TEXT,
        week TEXT REFERENCES weeks (ending)
    );
    CREATE TABLE events (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, "by" TEXT NOT NULL,
        outage INTEGER REFERENCES outages (number), source TEXT NOT NULL, week TEXT REFERENCES weeks (ending),
        shift INTEGER REFERENCES shifts (number), private INTEGER NOT NULL, retracted INTEGER NOT NULL,
        revisions INTEGER NOT NULL, channel TEXT, permalink TEXT, recorded_at TEXT NOT NULL
    );
"""
FINISH = """
    CREATE INDEX events_at ON events (at);
    CREATE INDEX events_outage ON events (outage, at);
    CREATE INDEX events_week ON events (week);
    CREATE INDEX events_shift ON events (shift);
    CREATE INDEX events_kind ON events (kind);
    CREATE INDEX events_source ON events (source);
    CREATE INDEX events_by ON events ("by");
    CREATE VIRTUAL TABLE events_fts USING fts5 (
        text, content="events", content_rowid="id", tokenize="unicode61 remove_diacritics 2"
    );
    INSERT INTO events_fts (events_fts) VALUES ('rebuild');
    ANALYZE;
"""
QUESTIONS: Mapping[str, str] = {
    "this_shift": """
        select at, kind, text, "by", outage, retracted from events
        where shift = (select max(number) from shifts) order by at, id
    """,
    "this_outage": """
        with asked (number) as (
            select coalesce(
                cast(nullif(ltrim(upper(trim(:outage)), 'O#'), '') as integer),
                (select number from outages order by ended_at is not null, began_at desc limit 1)
            )
        )
        select at, kind, text, "by", outage, retracted from events, asked
        where outage = asked.number order by at, id
    """,
    "week_by_week": """
        select weeks.starting, weeks.ending,
            (select count(*) from outages where week = weeks.ending) as outages,
            (select sum(minutes) from outages where week = weeks.ending) as outage_minutes,
            count(events.id) filter (where kind = 'incident') as incidents,
            count(events.id) filter (where kind = 'change') as changes,
            count(events.id) filter (where source = 'deploy') as deployments,
            weeks.issues_done, weeks.issues_carried, weeks.rolled_over_by
        from weeks left join events on events.week = weeks.ending and not events.retracted
        group by weeks.ending order by weeks.ending desc
    """,
}
"""Questions that people ask often, by name."""
Follow = Callable[[int, int], None]
"""Is told how many of how many events are written."""


@dataclass(frozen=True)
class Shown:
    """What went in, and how many events were left out because they are private."""

    events: int
    left_out: int


def write_what_may_be_shown(
    source: Path, target: Path, zone: ZoneInfo, follow: Follow, *, with_private: bool = False
) -> Shown:
    """Write the log into the empty file `target`, as it is at this moment: what is private only when it is asked for.

    Weeks are those of `zone`. Raises StoreError.
    """
    try:
        with (
            contextlib.closing(open_for_reading(source)) as reading,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writing,
        ):
            reading.execute("BEGIN")  # one snapshot, which holds up nobody who writes
            return _Writing(reading, writing, zone, with_private=with_private).all(follow)
    except sqlite3.Error as error:
        raise cannot_be_used(source, error) from error


class _Writing:
    """One pass over the log."""

    def __init__(
        self, reading: sqlite3.Connection, writing: sqlite3.Connection, zone: ZoneInfo, *, with_private: bool
    ) -> None:
        self.reading, self.writing, self.zone, self.with_private = reading, writing, zone, with_private
        self.names = {row["id"]: row["name"] for row in reading.execute("SELECT id, name FROM people")}
        self.weeks: set[str] = set()
        self.shifts: list[tuple[str, int]] = []

    def all(self, follow: Follow) -> Shown:
        """Write everything."""
        self.writing.execute("PRAGMA journal_mode = OFF")  # it is thrown away if anything fails
        self.writing.execute("PRAGMA synchronous = OFF")
        self.writing.executescript(SCHEMA)
        self.writing.execute("BEGIN")
        self._put("shifts", self._shifts())
        self._put("outages", self._outages())
        shown = self._events(follow)
        self._put("weeks", self._weeks())
        self.writing.execute("COMMIT")
        if not self.with_private:  # where it would say no of each
            self.writing.execute("ALTER TABLE events DROP COLUMN private")
        self.writing.executescript(FINISH)
        return shown

    def _put(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        if rows:
            places = ", ".join("?" * len(rows[0]))
            self.writing.executemany(f"INSERT INTO {table} VALUES ({places})", rows)

    def _name(self, who: str | None) -> str | None:
        return (self.names.get(who) or who) if who else None

    def _week(self, at: str) -> str:
        ending = last_ending(instant(at).astimezone(self.zone).date() + timedelta(days=DAYS - 1)).isoformat()
        self.weeks.add(ending)
        return ending

    def _shifts(self) -> list[tuple[object, ...]]:
        rows = self.reading.execute(
            "SELECT shifts.number, who, since, lead(since) OVER (ORDER BY shifts.number) AS until, value "
            "FROM shifts JOIN handoffs ON handoffs.number = handoff ORDER BY shifts.number"
        ).fetchall()
        self.shifts = [(row["since"], row["number"]) for row in rows]
        return [self._shift(row) for row in rows]

    def _shift_at(self, at: str) -> int | None:
        """Find the shift in which something happened; instants sort as text, and shifts follow one another."""
        index = bisect_right(self.shifts, at, key=itemgetter(0))
        return self.shifts[index - 1][1] if index else None

    def _shift(self, row: sqlite3.Row) -> tuple[object, ...]:
        began_by = load(Handoff, row["value"])
        said = None if began_by.private and not self.with_private else began_by.summary or None
        who, since, until = self._name(row["who"]), _short(row["since"]), _short(row["until"])
        return row["number"], who, since, until, began_by.quiet, said

    def _outages(self) -> list[tuple[object, ...]]:
        rows = self.reading.execute("SELECT number, began_at, ended_at, value FROM outages ORDER BY number")
        return [self._outage(row) for row in rows]

    def _outage(self, row: sqlite3.Row) -> tuple[object, ...]:
        """Write an outage; of one that is not for everybody only when it was, so that nobody takes a gap for quiet."""
        known = load(Outage, row["value"])
        lasted = int((known.ended_at - known.began_at).total_seconds() // 60) if known.ended_at else None
        when = (_short(row["began_at"]), _short(row["ended_at"]), lasted)
        week = self._week(row["began_at"])
        if (known.confidential or known.private) and not self.with_private:
            title = "(confidential)" if known.confidential else "(private)"
            return row["number"], title, *when, None, None, None, known.confidential, None, None, week
        people = (self._name(known.by), self._name(known.ended_by))
        where = (known.iid, known.url or None)
        return row["number"], known.title, *when, *people, known.data_loss, known.confidential, *where, week

    def _events(self, follow: Follow) -> Shown:
        total = self.reading.execute("SELECT count(*) FROM events").fetchone()[0]
        rows = self.reading.execute(
            'SELECT id, at, kind, text, "by", outage, source, channel, permalink, recorded_at, retracted, version, '
            f"hidden FROM events {'' if self.with_private else 'WHERE NOT hidden '}ORDER BY id"
        )
        done = 0
        while some := rows.fetchmany(AT_ONCE):
            self._put("events", [self._event(row) for row in some])
            done += len(some)
            follow(done, total)
        return Shown(done, total - done)

    def _event(self, row: sqlite3.Row) -> tuple[object, ...]:
        return (
            *(row["id"], _short(row["at"]), row["kind"], row["text"], self._name(row["by"]), row["outage"]),
            *(
                row["source"],
                self._week(row["at"]),
                self._shift_at(row["at"]),
                row["hidden"],
                row["retracted"],
                row["version"],
            ),
            *(row["channel"] or None, row["permalink"] or None, _short(row["recorded_at"])),
        )

    def _weeks(self) -> list[tuple[object, ...]]:
        turned = dict(self._turned())
        return [
            (ending, Week(date.fromisoformat(ending)).start.isoformat(), *turned.get(ending, (None,) * 4))
            for ending in sorted(self.weeks | turned.keys())
        ]

    def _turned(self) -> Iterator[tuple[str, tuple[object, ...]]]:
        for row in self.reading.execute("SELECT ending, \"by\", done_at, turn FROM rollovers WHERE state = 'done'"):
            turn = json.loads(row["turn"] or "{}")
            carried = sum(line.get("choice") == "carry" for line in turn.get("lines", ()))
            yield row["ending"], (self._name(row["by"]), _short(row["done_at"]), turn.get("done"), carried)


def _short(at: str | None) -> str | None:
    """Write an instant by ISO 8601, in UTC and without parts of seconds where there are none."""
    return at.replace(".000000", "") if at else None
