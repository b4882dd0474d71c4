"""Home tabs: whose was opened when, what each shows, and who is just showing it anew; and the week as last read."""

from datetime import datetime

from bot.domain.home import Shown, WeekSeen
from bot.store.sqlite.rows import HOMES, Rows, instant, instant_or_none, text
from bot.store.sqlite.values import dump, load


class HomesTx(Rows):
    """Home tabs, and what only they tell."""

    def open_home(self, who: str, at: datetime) -> None:
        """Note that somebody looks at their Home tab: it is to be shown at once, whatever it shows."""
        self.run(
            "INSERT INTO homes (who, opened_at) VALUES (?, ?) ON CONFLICT (who) DO UPDATE SET "
            "opened_at = max(opened_at, excluded.opened_at), digest = '', holder = '', held_until = ''",
            (who, text(at)),
        )
        self.work_for.add(HOMES)

    def homes(self, opened_since: datetime, at: datetime) -> list[Shown]:
        """List the Home tabs that were opened since then, and that nobody is showing anew at `at`."""
        rows = self.rows(
            "SELECT who, opened_at, digest, changed_at FROM homes WHERE opened_at >= ? AND held_until <= ? ORDER BY who",
            (text(opened_since), text(at)),
        )
        return [
            Shown(row["who"], instant(row["opened_at"]), row["digest"], instant_or_none(row["changed_at"]))
            for row in rows
        ]

    def hold_home(self, shown: Shown, holder: str, at: datetime, until: datetime) -> bool:
        """Take it on to show a Home tab anew, until then; False where somebody else does, or has done it meanwhile."""
        cursor = self.run(
            "UPDATE homes SET holder = ?, held_until = ? "
            "WHERE who = ? AND opened_at = ? AND digest = ? AND changed_at IS ? AND held_until <= ?",
            (
                holder,
                text(until),
                shown.who,
                text(shown.opened_at),
                shown.digest,
                text(shown.changed_at) if shown.changed_at else None,
                text(at),
            ),
        )
        return cursor.rowcount == 1

    def home_shown(self, shown: Shown, holder: str) -> None:
        """Note what a Home tab shows now; one that was opened again meanwhile is to be shown once more."""
        self.run(
            "UPDATE homes SET digest = ?, changed_at = ?, holder = '', held_until = '' WHERE who = ? AND holder = ?",
            (shown.digest, text(shown.changed_at) if shown.changed_at else None, shown.who, holder),
        )

    def put_home_off(self, who: str, holder: str, until: datetime) -> None:
        """Leave a Home tab as it is until then."""
        self.run(
            "UPDATE homes SET holder = '', held_until = ? WHERE who = ? AND holder = ?", (text(until), who, holder)
        )

    def keep_week_seen(self, seen: WeekSeen) -> None:
        """Remember how the current week stands."""
        self.run("INSERT OR REPLACE INTO week_seen (only_one, at, value) VALUES (1, ?, ?)", (text(seen.at), dump(seen)))

    def week_seen(self) -> WeekSeen | None:
        """Recall how the current week stood."""
        row = self.row("SELECT value FROM week_seen")
        return load(WeekSeen, row["value"]) if row else None

    def forget_week_seen(self) -> None:
        """Forget it: it was told by another tracker."""
        self.run("DELETE FROM week_seen")
