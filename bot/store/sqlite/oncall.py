"""Shifts, hand-offs, what people typed before they offered one, and the rota as last read."""

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.oncall import Handoff, Shift
from bot.domain.rota import Rota
from bot.domain.tracker import OutageFacts
from bot.store.sqlite.rows import Rows, instant, text
from bot.store.sqlite.values import dump, load, load_frozen


class OncallTx(Rows):
    """Who is on call, and how that passes."""

    def shift(self) -> Shift | None:
        """Find the present shift; None where nobody was ever on call."""
        row = self.row("SELECT * FROM shifts ORDER BY number DESC LIMIT 1")
        return _shift(row) if row else None

    def shifts(self, limit: int) -> list[Shift]:
        """List the newest shifts, newest first."""
        return [_shift(row) for row in self.rows("SELECT * FROM shifts ORDER BY number DESC LIMIT ?", (limit,))]

    def begin_shift(self, who: str, since: datetime, handoff: int) -> Shift:
        """Let somebody be on call from now on; shifts follow one another, so `since` may not be before the last one's."""
        last = self.shift()
        begins = max(since, last.since) if last else since
        cursor = self.run("INSERT INTO shifts (who, since, handoff) VALUES (?, ?, ?)", (who, text(begins), handoff))
        return Shift(cursor.lastrowid or 0, who, begins, handoff)

    def add_handoff(self, handoff: Handoff) -> Handoff:
        """Keep a new hand-off; gives it with its number. No other may be open (IntegrityError)."""
        cursor = self.run(
            "INSERT INTO handoffs (key, at, state, value) VALUES (?, ?, ?, ?)",
            (handoff.key, text(handoff.at), handoff.state, dump(handoff)),
        )
        return replace(handoff, number=cursor.lastrowid or 0)

    def save_handoff(self, handoff: Handoff) -> None:
        """Keep how a hand-off is now; what was answered stays so (IntegrityError)."""
        self.run(
            "UPDATE handoffs SET state = ?, value = ? WHERE number = ?",
            (handoff.state, dump(handoff), handoff.number),
        )

    def handoff(self, number: int) -> Handoff | None:
        """Find a hand-off."""
        return self._handoff("number = ?", number)

    def open_handoff(self) -> Handoff | None:
        """Find the hand-off that waits for an answer."""
        return self._handoff("state = ?", "offered")

    def handoffs(self, limit: int) -> list[Handoff]:
        """List the newest hand-offs, newest first."""
        return [_handoff(row) for row in self.rows("SELECT * FROM handoffs ORDER BY number DESC LIMIT ?", (limit,))]

    def last_report_before(self, number: int) -> Handoff | None:
        """Find the newest hand-off before `number` that has a report in GitLab."""
        row = self.row(
            "SELECT * FROM handoffs WHERE number < ? AND json_extract(value, '$.report') IS NOT NULL "
            "ORDER BY number DESC LIMIT 1",
            (number,),
        )
        return _handoff(row) if row else None

    def _handoff(self, where: str, value: object) -> Handoff | None:
        row = self.row(f"SELECT * FROM handoffs WHERE {where} ORDER BY number DESC LIMIT 1", (value,))
        return _handoff(row) if row else None

    def take_pending(self, ids: Collection[int], at: datetime) -> None:
        """Strike things off the list for the next hand-off: they have passed."""
        self.run_many(
            "UPDATE pending SET taken_at = ? WHERE id = ? AND taken_at IS NULL", [(text(at), one) for one in ids]
        )

    # what people typed before they offered a hand-off

    def draft(self, who: str, shift: int) -> dict[str, str]:
        """Recall what somebody typed for the hand-off at the end of a shift (0: nobody is on call)."""
        row = self.row("SELECT value FROM drafts WHERE who = ? AND shift = ?", (who, shift))
        return dict(json.loads(row["value"])) if row else {}

    def keep_draft(self, who: str, shift: int, values: Mapping[str, str], at: datetime) -> None:
        """Remember it; what was typed for earlier shifts is forgotten."""
        self.run("DELETE FROM drafts WHERE who = ? AND shift <> ?", (who, shift))
        self.run(
            "INSERT OR REPLACE INTO drafts (who, shift, at, value) VALUES (?, ?, ?, ?)",
            (who, shift, text(at), json.dumps(dict(values), ensure_ascii=False)),
        )

    # what goes on in GitLab, as last known

    def keep_ongoing(self, facts: OutageFacts) -> None:
        """Remember which issues pass from shift to shift, for the time when GitLab does not answer.

        An answer that was overtaken by a newer one is not kept.
        """
        self.run(
            "INSERT INTO ongoing_issues (only_one, at, value) VALUES (1, ?, ?) "
            "ON CONFLICT (only_one) DO UPDATE SET at = excluded.at, value = excluded.value WHERE excluded.at >= at",
            (text(facts.at), dump(replace(facts, issues=(), gone=()))),
        )

    def ongoing_issues(self) -> OutageFacts | None:
        """Recall them, with the moment at which GitLab said so."""
        row = self.row("SELECT value FROM ongoing_issues")
        return load(OutageFacts, row["value"]) if row else None

    def forget_ongoing(self) -> None:
        """Forget them: the tracker is another one from now on."""
        self.run("DELETE FROM ongoing_issues")

    # who is next, as last known

    def keep_rota(self, rota: Rota, at: datetime) -> None:
        """Remember the rota, or why it could not be read."""
        self.run("INSERT OR REPLACE INTO facts (name, value, at) VALUES ('rota', ?, ?)", (dump(rota), text(at)))

    def rota(self) -> Rota | None:
        """Recall the rota as last read; None where there is none, or it was not looked for yet."""
        row = self.row("SELECT value FROM facts WHERE name = 'rota'")
        return load_frozen(Rota, row["value"]) if row else None

    def forget_rota(self) -> None:
        """Forget it: there is none, or another one, from now on."""
        self.run("DELETE FROM facts WHERE name = 'rota'")


def _shift(row: sqlite3.Row) -> Shift:
    return Shift(row["number"], row["who"], instant(row["since"]), row["handoff"])


def _handoff(row: sqlite3.Row) -> Handoff:
    return replace(load(Handoff, row["value"]), number=row["number"])
