"""Requests: the first answer to each, the audit, and what waits until Slack has described somebody."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.events import Span
from bot.store.sqlite.rows import KEPT, Rows, text


@dataclass(frozen=True)
class Wanted:
    """Which lines of the audit: by whom (ids), what they begin with, how they ended, from when to when; empty: any."""

    who: tuple[str, ...] = ()
    begins: str = ""
    outcome: str = ""
    span: Span = field(default_factory=Span)


class RequestsTx(Rows):
    """Answers, audit and kept requests."""

    def answer_to(self, key: str) -> str | None:
        """Find the first answer to the request `key`, if it was answered."""
        row = self.row("SELECT answer FROM answers WHERE key = ?", (key,))
        return row["answer"] if row else None

    def keep_answer(self, key: str, answer: str, at: datetime) -> None:
        """Remember the first answer, so that a redelivery gets the same."""
        self.run("INSERT OR IGNORE INTO answers (key, at, answer) VALUES (?, ?, ?)", (key, text(at), answer))

    def forget_answers(self, at: datetime, older_than: timedelta) -> int:
        """Drop answers that nobody can ask for any more; how many there were."""
        return self.run("DELETE FROM answers WHERE at < ?", (text(at - older_than),)).rowcount

    def audit(
        self,
        *,
        who: str,
        command: str,
        outcome: str,
        detail: str,
        source: str,
        channel: str,
        request: str,
        at: datetime,
    ) -> None:
        """Write down who asked for what, and how it ended."""
        self.run(
            "INSERT INTO audit (at, who, command, outcome, detail, source, channel, request) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (text(at), who, command, outcome, detail, source, channel, request),
        )

    def audit_lines(self, limit: int = 100) -> list[dict[str, str]]:
        """Read the newest lines of the audit, newest last."""
        rows = self.rows("SELECT * FROM audit ORDER BY id DESC LIMIT ?", (limit,))
        return [dict(row) for row in reversed(rows)]

    def audit_like(self, wanted: Wanted, newest: int | None = None) -> Iterator[dict[str, str]]:
        """Read the lines of the audit that are `wanted`, oldest first, one after the other; of them the `newest`, or all."""
        where, values = _audit_where(wanted)
        if newest is not None:
            where = f"WHERE audit.id IN (SELECT id FROM audit {where} ORDER BY id DESC LIMIT ?)"
            values.append(newest)
        rows = self.run(
            "SELECT audit.id, audit.at, who, coalesce(people.name, '') AS name, command, outcome, detail, source, "
            f"channel, request FROM audit LEFT JOIN people ON people.id = who {where} "
            "ORDER BY audit.id",
            values,
        )
        return (dict(row) for row in rows)

    def audit_size(self, wanted: Wanted) -> int:
        """Count the lines of the audit that are `wanted`."""
        where, values = _audit_where(wanted)
        row = self.row(f"SELECT count(*) AS size FROM audit {where}", values)
        return row["size"] if row else 0

    def people_called(self, name: str) -> list[str]:
        """List who is called so: an id, a name in Slack whatever its case, or whoever else the audit has a line by."""
        rows = self.rows(
            "SELECT id FROM people WHERE id = ?1 OR lower(name) = lower(?1) OR lower(handle) = lower(?1) "
            "UNION SELECT ?1 WHERE EXISTS (SELECT 1 FROM audit WHERE who = ?1)",
            (name,),
        )
        return [row["id"] for row in rows]

    def keep_request(
        self, request: str, written: str, waits_for: str, at: datetime, until: datetime | None = None
    ) -> None:
        """Keep a request as it came until `waits_for` is there; until then nobody else may take it."""
        self.run(
            "INSERT OR REPLACE INTO kept_requests (id, at, waits_for, request, held_until) VALUES (?, ?, ?, ?, ?)",
            (request, text(at), waits_for, written, text(until) if until else ""),
        )
        self.work_for.add(KEPT)

    def kept_requests(self) -> list[tuple[str, str, str]]:
        """List what waits: (id, whom it waits for, the request as written), oldest first."""
        rows = self.rows("SELECT id, waits_for, request FROM kept_requests ORDER BY at")
        return [(row["id"], row["waits_for"], row["request"]) for row in rows]

    def take_request(self, request: str, holder: str, at: datetime, until: datetime) -> bool:
        """Hold a kept request until then, unless somebody else does; tells whether it is held by `holder` now."""
        cursor = self.run(
            "UPDATE kept_requests SET holder = ?, held_until = ? WHERE id = ? AND (holder = ? OR held_until <= ?)",
            (holder, text(until), request, holder, text(at)),
        )
        return cursor.rowcount == 1

    def hold_request(self, request: str, waits_for: str, holder: str, until: datetime) -> None:
        """Hold a request that is kept for this until then, whoever held it."""
        self.run(
            "UPDATE kept_requests SET holder = ?, held_until = ? WHERE id = ? AND waits_for = ?",
            (holder, text(until), request, waits_for),
        )

    def settle_request(self, request: str) -> None:
        """Strike a kept request off the list."""
        self.run("DELETE FROM kept_requests WHERE id = ?", (request,))


def _audit_where(wanted: Wanted) -> tuple[str, list[object]]:
    where: list[str] = []
    values: list[object] = []
    if wanted.who:
        where.append(f"who IN ({', '.join('?' * len(wanted.who))})")
        values += wanted.who
    if wanted.begins:
        where.append("lower(substr(command, 1, ?)) = lower(?)")
        values += [len(wanted.begins), wanted.begins]
    if wanted.outcome:
        where.append("outcome = ?")
        values.append(wanted.outcome)
    if wanted.span.since:
        where.append("audit.at >= ?")
        values.append(text(wanted.span.since))
    if wanted.span.until:
        where.append("audit.at < ?")
        values.append(text(wanted.span.until))
    return f"WHERE {' AND '.join(where)}" if where else "", values
