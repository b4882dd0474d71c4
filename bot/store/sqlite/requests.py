"""Requests: the first answer to each, the audit, and what waits until Slack has described somebody."""

from datetime import datetime, timedelta

from bot.store.sqlite.rows import KEPT, Rows, text


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

    def keep_request(self, request: str, written: str, waits_for: str, at: datetime) -> None:
        """Keep a request as it came until Slack has described `waits_for`."""
        self.run(
            "INSERT OR REPLACE INTO kept_requests (id, at, waits_for, request) VALUES (?, ?, ?, ?)",
            (request, text(at), waits_for, written),
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

    def settle_request(self, request: str) -> None:
        """Strike a kept request off the list."""
        self.run("DELETE FROM kept_requests WHERE id = ?", (request,))
