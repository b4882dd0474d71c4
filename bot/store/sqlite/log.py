"""The log: events with all their revisions, found by time, by outage, and by words.

An event is read as its newest revision has it, from one row; what keeps row and revisions in step are triggers.
"""

import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from bot.domain.events import Event, Found, Place, Reader, Revision, Span
from bot.store.sqlite.rows import Rows, instant, text

EVENT = (
    'SELECT e.id, e.key, e.kind, e.at, e.recorded_at, e."by", e.text, e.source, e.channel, e.permalink, e.private, '
    "e.outage, e.retracted, e.version, coalesce(o.confidential, 0) AS confidential "
)
FROM = "FROM events AS e LEFT JOIN outages AS o ON o.number = e.outage "
BEGIN_HIT, END_HIT = "\x02", "\x03"
AROUND_HIT = 24
"""Words of a snippet."""
_WORD = re.compile(r"\w+", re.UNICODE)


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
            number, 1, event.recorded_at, logged_by or event.by, "logged", event.kind, event.at, event.text, event.outage
        )
        self._add_revision(first)
        return self._must_be(number)

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
        row = self.row(f"{EVENT}{FROM}WHERE e.id = ?", (number,))
        return _event(row) if row else None

    def event_of(self, key: str) -> Event | None:
        """Find an event by its key: a message that was logged, a deployment."""
        row = self.row(f"{EVENT}{FROM}WHERE e.key = ?", (key,))
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
        where, values = _within(span)
        if before:
            where.append("(e.at, e.id) < (?, ?)")
            values += [text(before.at), before.id]
        rows = self.rows(
            f"{EVENT}{FROM}{_where(where)}ORDER BY e.at DESC, e.id DESC LIMIT ?",
            [*values, limit],
        )
        return [_event(row) for row in reversed(rows)]

    def events_in(self, span: Span, outage: int | None = None) -> list[Event]:
        """Read all events of a span, or of an outage in it, in the order in which they happened."""
        where, values = _within(span)
        if outage is not None:
            where.append("e.outage = ?")
            values.append(outage)
        return [_event(row) for row in self.rows(f"{EVENT}{FROM}{_where(where)}ORDER BY e.at, e.id", values)]

    def events_logged_in(self, outage: int) -> list[Event]:
        """Read all events of an outage in the order in which they were logged."""
        return [_event(row) for row in self.rows(f"{EVENT}{FROM}WHERE e.outage = ? ORDER BY e.id", (outage,))]

    def last_event_of(self, outage: int) -> Event | None:
        """Find the newest event of an outage."""
        row = self.row(f"{EVENT}{FROM}WHERE e.outage = ? ORDER BY e.at DESC, e.id DESC LIMIT 1", (outage,))
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
        query = _query(words)
        if not query:
            return []
        where, values = ["events_text MATCH ?"], [query]
        more: list[object] = []
        if before is not None:
            where.append("events_text.rowid < ?")
            more.append(before)
        if not reader.everything:
            where.append(
                '((NOT e.private AND NOT coalesce(o.confidential, 0)) OR e."by" = ? OR e.channel IN ('
                "SELECT channel FROM channel_members WHERE person = ?))"
            )
            more += [reader.who, reader.who]
        rows = self.rows(
            f"{EVENT}, snippet(events_text, 0, '{BEGIN_HIT}', '{END_HIT}', '…', {AROUND_HIT}) AS snippet "
            "FROM events_text JOIN events AS e ON e.id = events_text.rowid "
            f"LEFT JOIN outages AS o ON o.number = e.outage {_where(where)}ORDER BY events_text.rowid DESC LIMIT ?",
            [*values, *more, limit],
        )
        return [Found(_event(row), _snippet(row["snippet"])) for row in reversed(rows)]

    # for whom

    def channels_of_hidden(self) -> set[str]:
        """List the channels whose members alone may read some of the log."""
        rows = self.rows(
            "SELECT DISTINCT channel FROM events WHERE private UNION "
            "SELECT DISTINCT e.channel FROM outages AS o JOIN events AS e ON e.outage = o.number WHERE o.confidential"
        )
        return {row["channel"] for row in rows if row["channel"]}

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
        where.append("e.at >= ?")
        values.append(text(span.since))
    if span.until:
        where.append("e.at < ?")
        values.append(text(span.until))
    return where, values


def _where(parts: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(parts)} " if parts else ""


def _query(words: str) -> str:
    """Write what was typed as a query in which nothing is an operator of the search engine."""
    parts = []
    for typed in words.split():
        stem = typed.endswith("*")
        found: Collection[str] = _WORD.findall(typed)
        parts += [f'"{word}"' for word in found]
        if stem and found:
            parts[-1] += "*"
    return " ".join(parts)


def _snippet(marked: str) -> tuple[tuple[str, bool], ...]:
    parts: list[tuple[str, bool]] = []
    for piece in marked.split(BEGIN_HIT):
        hit, found, rest = piece.partition(END_HIT)
        parts += [(hit, True), (rest, False)] if found else [(piece, False)]
    return tuple(part for part in parts if part[0])


def _event(row: sqlite3.Row) -> Event:
    return Event(
        id=row["id"],
        key=row["key"],
        kind=row["kind"],
        at=instant(row["at"]),
        recorded_at=instant(row["recorded_at"]),
        by=row["by"],
        text=row["text"],
        source=row["source"],
        channel=row["channel"],
        permalink=row["permalink"],
        private=bool(row["private"]),
        outage=row["outage"],
        confidential=bool(row["confidential"]),
        retracted=bool(row["retracted"]),
        version=row["version"],
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
