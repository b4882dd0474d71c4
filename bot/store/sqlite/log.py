"""The log: events with all their revisions, found by time, by outage, and by words.

An event is read as its newest revision has it, from one row; what keeps row and revisions in step are triggers.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.events import Event, Found, Place, Reader, Revision, Span
from bot.store.sqlite.rows import Rows, instant, text

EVENT = ", ".join(f'events."{one.name}"' for one in fields(Event))
BEGIN_HIT, END_HIT = "\x02", "\x03"
LAST = 2**63 - 1
"""Behind the number of any event."""
AROUND_HIT = 24
"""Words of a snippet."""
TIDIED = 64
"""Pages of the full text, of a kilobyte each, that are merged at a time: some milliseconds, for which a command waits."""
AT_REST = 2
"""Changes that SQLite counts where there was nothing to merge: one for each of the two indexes."""
MOST_TYPED = 32
"""So many of the words that were typed are searched for."""
_UNSPEAKABLE = re.compile("[\0\ud800-\udfff]")


class LogTx(Rows):
    """Events and revisions."""

    def add_event(self, event: Event, logged_by: str = "") -> Event:
        """Log an event; gives it with its number. One of the same key must not be there (IntegrityError)."""
        cursor = self.run(
            'INSERT INTO events (key, recorded_at, "by", source, channel, permalink, private, kind, at, text, outage, '
            "retracted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                event.key,
                text(event.recorded_at),
                event.by,
                event.source,
                event.channel,
                event.permalink,
                event.private,
                event.kind,
                text(event.at),
                event.text,
                event.outage,
            ),
        )
        number = cursor.lastrowid or 0
        first = Revision(
            number,
            1,
            event.recorded_at,
            logged_by or event.by,
            "logged",
            event.kind,
            event.at,
            event.text,
            event.outage,
        )
        self._add_revision(first)
        if event.outage is not None:
            return self._must_be(number)  # the outage tells whether it is confidential
        at, recorded_at = event.at.astimezone(UTC), event.recorded_at.astimezone(UTC)
        return replace(event, id=number, at=at, recorded_at=recorded_at, confidential=False, retracted=False, version=1)

    def revise(self, revision: Revision) -> Event:
        """Add a revision; gives the event as it is now. `number` is counted here."""
        row = self.row("SELECT version FROM events WHERE id = ?", (revision.event,))
        if row is None:
            message = f"there is no event {revision.event}"
            raise LookupError(message)
        self._add_revision(revision, row["version"] + 1)
        return self._must_be(revision.event)

    def _add_revision(self, one: Revision, number: int = 1) -> None:
        self.run(
            'INSERT INTO revisions (event, number, at, "by", why, kind, happened_at, text, outage, retracted) '
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.event,
                number,
                text(one.at),
                one.by,
                one.why,
                one.kind,
                text(one.happened_at),
                one.text,
                one.outage,
                one.retracted,
            ),
        )

    def event(self, number: int) -> Event | None:
        """Find an event by its number."""
        row = self.row(f"SELECT {EVENT} FROM events WHERE id = ?", (number,))
        return _event(row) if row else None

    def event_of(self, key: str) -> Event | None:
        """Find an event by its key: a message that was logged, a deployment."""
        row = self.row(f"SELECT {EVENT} FROM events WHERE key = ?", (key,))
        return _event(row) if row else None

    def _must_be(self, number: int) -> Event:
        found = self.event(number)
        if found is None:
            message = f"there is no event {number}"
            raise LookupError(message)
        return found

    # by time

    def newest(self, limit: int, span: Span = Span(), before: Place | None = None) -> list[Event]:  # noqa: B008 - frozen
        """Read a page of the log: the newest `limit` of a span that happened before a place, newest last."""
        if before and span.until and span.until <= before.at:
            before = None
        # an index serves one upper bound, and would walk from there to the other
        where, values = _within(replace(span, until=None) if before else span)
        if before:
            where.append("(at, id) < (?, ?)")
            values += [text(before.at), before.id]
        rows = self.rows(
            f"SELECT {EVENT} FROM events {_where(where)}ORDER BY at DESC, id DESC LIMIT ?",
            [*values, limit],
        )
        return [_event(row) for row in reversed(rows)]

    def events_in(self, span: Span, outage: int | None = None) -> list[Event]:
        """Read all events of a span, or of an outage in it, in the order in which they happened."""
        where, values = _within(span)
        if outage is not None:
            where.append("outage = ?")
            values.append(outage)
        return [_event(row) for row in self.rows(f"SELECT {EVENT} FROM events {_where(where)}ORDER BY at, id", values)]

    def events_logged_in(self, outage: int) -> list[Event]:
        """Read all events of an outage in the order in which they were logged."""
        return [_event(row) for row in self.rows(f"SELECT {EVENT} FROM events WHERE outage = ? ORDER BY id", (outage,))]

    def last_event_of(self, outage: int) -> Event | None:
        """Find the newest event of an outage."""
        row = self.row(f"SELECT {EVENT} FROM events WHERE outage = ? ORDER BY at DESC, id DESC LIMIT 1", (outage,))
        return _event(row) if row else None

    def revisions_of(self, events: Iterable[int]) -> dict[int, list[Revision]]:
        """Read all revisions of these events, oldest first."""
        found: dict[int, list[Revision]] = {}
        for event in events:
            rows = self.rows("SELECT * FROM revisions WHERE event = ? ORDER BY number", (event,))
            found[event] = [_revision(row) for row in rows]
        return found

    # by words

    def find(self, words: str, limit: int, reader: Reader, before: int | None = None) -> list[Found]:
        """Search for events that hold all of `words` (`repl*` for what begins so) and that `reader` may read.

        Gives the newest hits in the order of logging, newest last; none where nothing in `words` can be searched for.
        """
        typed = _typed(words)
        if not typed:
            return []
        behind = before if before is not None else LAST
        found = self._find("public", typed, "", limit, (0, behind))
        if readers := _readers(reader):
            oldest = found[-1].event.id if len(found) == limit > 0 else 0
            found += self._find("hidden", typed, readers, limit, (oldest, behind))
        readable = (one for one in found if reader.may_read(one.event))
        return sorted(readable, key=lambda one: one.event.id)[-limit:]

    def _find(self, where: str, typed: list[str], readers: str, limit: int, between: tuple[int, int]) -> list[Found]:
        query = f"{{text}} : ({' AND '.join(map(_part, typed))}){readers}"
        rows = self.rows(
            f"SELECT {EVENT}, snippet({where}_text, 0, '{BEGIN_HIT}', '{END_HIT}', '…', {AROUND_HIT}) "
            f"FROM {where}_text CROSS JOIN events ON events.id = {where}_text.rowid WHERE {where}_text MATCH ? "
            f"AND {where}_text.rowid > ? AND {where}_text.rowid < ? ORDER BY {where}_text.rowid DESC LIMIT ?",
            (query, *between, limit),
        )
        return [Found(_event(row[:-1]), _snippet(row[-1])) for row in rows]

    def tidy(self, pages: int = TIDIED) -> bool:
        """Merge a little of what the full text has gathered; tells whether there was anything to merge.

        Each commit adds a part, and a search looks into all parts: a log with two hundred takes four times as long.
        """
        before = self.connection.total_changes
        for index in ("public_text", "hidden_text"):
            self.run(f"INSERT INTO {index} ({index}, rank) VALUES ('merge', ?)", (pages,))
        return self.connection.total_changes - before > AT_REST

    # for whom

    def channels_of_hidden(self) -> set[str]:
        """List the channels whose members alone may read some of the log."""
        rows = self.rows(
            "WITH RECURSIVE jump (channel) AS ("
            "SELECT min(channel) FROM events WHERE hidden AND channel > '' UNION ALL "
            "SELECT (SELECT min(channel) FROM events WHERE hidden AND channel > jump.channel) FROM jump "
            "WHERE jump.channel IS NOT NULL) "
            "SELECT channel FROM jump WHERE channel IS NOT NULL"
        )
        return {row["channel"] for row in rows}

    def is_private(self, channel: str) -> bool | None:
        """Tell whether a channel is private; None where nobody has asked Slack yet."""
        row = self.row("SELECT private FROM places WHERE id = ?", (channel,))
        return bool(row["private"]) if row else None

    def keep_privacy(self, channel: str, at: datetime, *, private: bool) -> None:
        """Remember whether a channel is private."""
        self.run("INSERT OR REPLACE INTO places (id, private, at) VALUES (?, ?, ?)", (channel, private, text(at)))

    # what became of it elsewhere

    def toil_of(self, event: int) -> tuple[int | None, str] | None:
        """Find the toil issue that was made of an event: its number (None: not there yet) and address."""
        row = self.row("SELECT iid, url FROM toil WHERE event = ?", (event,))
        return (row["iid"], row["url"]) if row else None

    def keep_toil(self, event: int, iid: int | None = None, url: str = "") -> None:
        """Remember the toil issue of an event."""
        self.run("INSERT OR REPLACE INTO toil (event, iid, url) VALUES (?, ?, ?)", (event, iid, url))

    def forget_toil(self, event: int) -> None:
        """Forget a toil issue that could not be made."""
        self.run("DELETE FROM toil WHERE event = ? AND iid IS NULL", (event,))


def _within(span: Span) -> tuple[list[str], list[object]]:
    where: list[str] = []
    values: list[object] = []
    if span.since:
        where.append("at >= ?")
        values.append(text(span.since))
    if span.until:
        where.append("at < ?")
        values.append(text(span.until))
    return where, values


def _where(parts: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(parts)} " if parts else ""


def _typed(words: str) -> list[str]:
    """Take what was typed apart at the blanks, each part once, without those in which nothing can be searched for."""
    parts = words.split()
    return [one for one in dict.fromkeys(parts) if any(map(str.isalnum, one))][:MOST_TYPED]


def _part(typed: str) -> str:
    return f"{_quoted(typed)} *" if typed.endswith("*") else _quoted(typed)


def _quoted(word: str) -> str:
    """Write a word so that nothing in it is an operator of the search engine."""
    return '"' + _UNSPEAKABLE.sub(" ", word).replace('"', '""') + '"'


def _readers(reader: Reader) -> str:
    """Write what hidden events a reader may read as the rest of a query; nothing where there can be none.

    The search engine takes `C1` for `c1`, so what it finds is looked at once more.
    """
    if reader.everything:
        return " "
    parts = [f"{{channel}} : {_quoted(one)}" for one in sorted(reader.channels)]
    parts += [f"{{by}} : {_quoted(reader.who)}"] if reader.who else []
    return f" AND ({' OR '.join(parts)})" if parts else ""


def _snippet(marked: str) -> tuple[tuple[str, bool], ...]:
    before, *pieces = marked.split(BEGIN_HIT)
    parts = [(before, False)]
    for piece in pieces:
        hit, _, rest = piece.partition(END_HIT)
        parts += ((hit, True), (rest, False))
    return tuple(part for part in parts if part[0])


def _event(row: Sequence[Any]) -> Event:
    # by position: by name, twenty events take as long as finding them does
    number, key, kind, at, recorded_at, by, said, source, channel, permalink, private, outage, *state = row
    confidential, retracted, version = state
    return Event(
        number,
        key,
        kind,
        instant(at),
        instant(recorded_at),
        by,
        said,
        source,
        channel,
        permalink,
        bool(private),
        outage,
        bool(confidential),
        bool(retracted),
        version,
    )


def _revision(row: sqlite3.Row) -> Revision:
    return Revision(
        event=row["event"],
        number=row["number"],
        at=instant(row["at"]),
        by=row["by"],
        why=row["why"],
        kind=row["kind"],
        happened_at=instant(row["happened_at"]),
        text=row["text"],
        outage=row["outage"],
        retracted=bool(row["retracted"]),
    )
