"""Rollovers, what was shown before them, verdicts about late additions, and the last known answers of GitLab."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.domain.errands import Errand
from bot.domain.late import Verdict
from bot.domain.report import Totals
from bot.domain.rollover import Kept, Turn
from bot.domain.tracker import WeekFacts
from bot.domain.turning import Choices, Preview, Rollover
from bot.store.sqlite.rows import Rows, instant, instant_or_none, text
from bot.store.sqlite.values import dump, load, load_frozen

KEPT_AS_TEXT = (WeekFacts, Preview, Choices, Turn, Errand, Totals)


class WeeksTx(Rows):
    """The weeks' part of a transaction."""

    # rollovers

    def add_rollover(self, rollover: Rollover) -> bool:
        """Write a new rollover down; False when this week is being rolled over, or was, already."""
        cursor = self.run(
            'INSERT OR IGNORE INTO rollovers (id, ending, state, "by", channel, at, batch, choices) '
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                rollover.id,
                rollover.ending.isoformat(),
                rollover.state,
                rollover.by,
                rollover.channel,
                text(rollover.at),
                rollover.batch,
                dump(rollover.choices),
            ),
        )
        return cursor.rowcount == 1

    def rollover(self, rollover: str) -> Rollover | None:
        """Find a rollover by id."""
        row = self.row("SELECT * FROM rollovers WHERE id = ?", (rollover,))
        return _rollover(row) if row else None

    def rollover_of(self, ending: date) -> Rollover | None:
        """Find the rollover that closed, or is closing, the week ending on `ending`."""
        row = self.row(
            "SELECT * FROM rollovers WHERE ending = ? AND state IN ('running', 'done', 'undoing')",
            (ending.isoformat(),),
        )
        return _rollover(row) if row else None

    def last_rollover(self) -> Rollover | None:
        """Find the newest rollover that was not found impossible."""
        row = self.row("SELECT * FROM rollovers WHERE state <> 'void' ORDER BY at DESC, id DESC LIMIT 1")
        return _rollover(row) if row else None

    def rollovers(self, limit: int) -> list[Rollover]:
        """List the rollovers that are done, newest week first."""
        rows = self.rows("SELECT * FROM rollovers WHERE state = 'done' ORDER BY ending DESC LIMIT ?", (limit,))
        return [_rollover(row) for row in rows]

    def rollovers_to(self, ending: date, limit: int) -> list[Rollover]:
        """List the rollovers that are done of the weeks up to the one ending on `ending`, newest week first."""
        rows = self.rows(
            "SELECT * FROM rollovers WHERE state = 'done' AND ending <= ? ORDER BY ending DESC LIMIT ?",
            (ending.isoformat(), limit),
        )
        return [_rollover(row) for row in rows]

    def turned_endings(self) -> frozenset[date]:
        """List the last days of the weeks whose rollovers are done."""
        rows = self.rows("SELECT ending FROM rollovers WHERE state = 'done'")
        return frozenset(date.fromisoformat(row["ending"]) for row in rows)

    # weeks that were closed by hand

    def keep_totals(self, totals: Iterable[Totals]) -> None:
        """Remember the numbers of closed weeks that Baton did not turn."""
        self.run_many(
            "INSERT OR REPLACE INTO closed_weeks (ending, value) VALUES (?, ?)",
            [(one.ending.isoformat(), dump(one)) for one in totals],
        )

    def totals(self) -> dict[date, Totals]:
        """Read the numbers of the closed weeks that Baton did not turn, by last day."""
        found = (load(Totals, row["value"]) for row in self.rows("SELECT value FROM closed_weeks"))
        return {one.ending: one for one in found}

    def forget_totals(self) -> None:
        """Forget them: the tracker is another one."""
        self.run("DELETE FROM closed_weeks")

    def save_rollover(self, rollover: Rollover) -> None:
        """Remember how far a rollover is."""
        self.run(
            "UPDATE rollovers SET state = ?, turn = ?, problem = ?, became_wow_at = ?, wow = ?, done_at = ?, "
            "undone_by = ?, undone_at = ?, undo_batch = ?, kept = ? WHERE id = ?",
            (
                rollover.state,
                dump(rollover.turn) if rollover.turn else None,
                rollover.problem,
                _text_or_none(rollover.became_wow_at),
                rollover.wow,
                _text_or_none(rollover.done_at),
                rollover.undone_by,
                _text_or_none(rollover.undone_at),
                rollover.undo_batch,
                dump(list(rollover.kept)),
                rollover.id,
            ),
        )

    def following_of(self, rollover: str) -> int | None:
        """Give the id of the milestone that a rollover makes the current week, as far as it is known."""
        row = self.row("SELECT wow FROM rollovers WHERE id = ?", (rollover,))
        return row["wow"] if row else None

    def became_wow(self, milestone: int) -> datetime | None:
        """Tell when Baton made this milestone the current week, if it did (and did not take it back)."""
        row = self.row(
            "SELECT became_wow_at FROM rollovers WHERE wow = ? AND state IN ('running', 'done') "
            "ORDER BY at DESC LIMIT 1",
            (milestone,),
        )
        return instant_or_none(row["became_wow_at"]) if row else None

    # previews and snapshots

    def keep_preview(self, preview: Preview) -> None:
        """Remember what somebody is shown."""
        self.run(
            'INSERT OR REPLACE INTO previews (id, kind, "by", at, value) VALUES (?, ?, ?, ?, ?)',
            (preview.id, preview.kind, preview.by, text(preview.at), dump(preview)),
        )

    def preview(self, preview: str) -> Preview | None:
        """Find what somebody was shown."""
        row = self.row("SELECT value FROM previews WHERE id = ?", (preview,))
        return load(Preview, row["value"]) if row else None

    def keep_snapshot(self, name: str, facts: WeekFacts) -> None:
        """Remember what GitLab said, without the events, for the time when it does not answer."""
        self.run(
            "INSERT OR REPLACE INTO snapshots (name, at, value) VALUES (?, ?, ?)",
            (name, text(facts.at), dump(replace(facts, events={}))),
        )

    def snapshot(self, name: str) -> WeekFacts | None:
        """Recall what GitLab last said."""
        row = self.row("SELECT value FROM snapshots WHERE name = ?", (name,))
        return load(WeekFacts, row["value"]) if row else None

    def forget_snapshots(self) -> None:
        """Forget what GitLab last said, because Baton itself has changed it since."""
        self.run("DELETE FROM snapshots")

    # verdicts

    def verdicts(self, milestone: int) -> dict[str, Verdict]:
        """Read what was decided about the issues of a milestone, by key (`issue:12`)."""
        rows = self.rows("SELECT * FROM verdicts WHERE milestone = ?", (milestone,))
        return {
            f"{row['noun']}:{row['iid']}": Verdict(
                bool(row["late"]), row["why"], bool(row["labelled"]), row["seen"], row["added"]
            )
            for row in rows
        }

    def judged(self) -> frozenset[tuple[int, str]]:
        """List the (milestone, key) that were judged, but for those that are late and have no label yet."""
        rows = self.rows("SELECT milestone, noun, iid FROM verdicts WHERE late = 0 OR labelled = 1")
        return frozenset((row["milestone"], f"{row['noun']}:{row['iid']}") for row in rows)

    def unlabelled(self) -> dict[tuple[int, str], str]:
        """List the late ones without a label, by (milestone, key), with the mark of their last change when judged."""
        rows = self.rows("SELECT milestone, noun, iid, seen FROM verdicts WHERE late = 1 AND labelled = 0")
        return {(row["milestone"], f"{row['noun']}:{row['iid']}"): row["seen"] for row in rows}

    def keep_verdicts(
        self, milestone: int, verdicts: Mapping[str, Verdict], at: datetime, *, anew: bool = False
    ) -> None:
        """Remember verdicts; an earlier one about the same issue stays, but `anew` for one that is late without a label."""
        conflict = (
            "DO UPDATE SET late = excluded.late, why = excluded.why, labelled = excluded.labelled, at = excluded.at, "
            "seen = excluded.seen, added = excluded.added WHERE verdicts.late = 1 AND verdicts.labelled = 0"
            if anew
            else "DO NOTHING"
        )
        self.run_many(
            "INSERT INTO verdicts (milestone, noun, iid, late, why, labelled, at, seen, added) "
            f"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (milestone, noun, iid) {conflict}",
            [
                (
                    milestone,
                    *_split(key),
                    verdict.late,
                    verdict.why,
                    verdict.labelled,
                    text(at),
                    verdict.seen,
                    verdict.added,
                )
                for key, verdict in verdicts.items()
            ],
        )

    def set_labelled(self, milestone: int, key: str, *, labelled: bool) -> None:
        """Remember that the label of a late addition was set, or taken back by an undo."""
        self.run(
            "UPDATE verdicts SET labelled = ? WHERE milestone = ? AND noun = ? AND iid = ? AND late = 1",
            (labelled, milestone, *_split(key)),
        )

    def forget_verdict(self, milestone: int, key: str) -> None:
        """Forget what was decided about an issue in a milestone: it is no longer there."""
        self.run("DELETE FROM verdicts WHERE milestone = ? AND noun = ? AND iid = ?", (milestone, *_split(key)))

    # errands

    def save_errand(self, errand: Errand) -> None:
        """Remember an errand, and how far it is."""
        self.run(
            "INSERT OR REPLACE INTO errands (id, at, value) VALUES (?, ?, ?)",
            (errand.id, text(errand.at), dump(errand)),
        )

    def errand(self, errand: str) -> Errand | None:
        """Find an errand."""
        row = self.row("SELECT value FROM errands WHERE id = ?", (errand,))
        return load(Errand, row["value"]) if row else None


def _split(key: str) -> tuple[str, int]:
    noun, _, iid = key.partition(":")
    return noun, int(iid)


def _text_or_none(at: datetime | None) -> str | None:
    return text(at) if at else None


def _rollover(row: sqlite3.Row) -> Rollover:
    return Rollover(
        id=row["id"],
        ending=date.fromisoformat(row["ending"]),
        state=row["state"],
        by=row["by"],
        channel=row["channel"],
        at=instant(row["at"]),
        batch=row["batch"],
        choices=load(Choices, row["choices"]),
        turn=load_frozen(Turn, row["turn"]) if row["turn"] else None,
        problem=row["problem"],
        became_wow_at=instant_or_none(row["became_wow_at"]),
        wow=row["wow"],
        done_at=instant_or_none(row["done_at"]),
        undone_by=row["undone_by"] or "",
        undone_at=instant_or_none(row["undone_at"]),
        undo_batch=row["undo_batch"] or "",
        kept=tuple(load(tuple[Kept, ...], row["kept"])),
    )
