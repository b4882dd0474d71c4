"""People and groups, as Slack last described them, and small facts worth remembering over a restart."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.people import Person
from bot.store.sqlite.rows import Rows, text


class PeopleTx(Rows):
    """People, groups, facts."""

    def people(self, ids: Iterable[str]) -> dict[str, Person]:
        """Find those of `ids` who are known."""
        found = (self.row("SELECT * FROM people WHERE id = ?", (who,)) for who in ids)
        return {
            row["id"]: Person(
                id=row["id"],
                name=row["name"],
                zone=row["zone"],
                email=row["email"],
                bot=bool(row["bot"]),
                deactivated=bool(row["deactivated"]),
                guest=bool(row["guest"]),
                team=row["team"],
            )
            for row in found
            if row
        }

    def keep_person(self, person: Person, at: datetime) -> None:
        """Remember what Slack says of somebody."""
        self.run(
            "INSERT OR REPLACE INTO people (id, name, zone, email, bot, deactivated, guest, team, read_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                person.id,
                person.name,
                person.zone,
                person.email,
                person.bot,
                person.deactivated,
                person.guest,
                person.team,
                text(at),
            ),
        )

    def groups(self, ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """Find the members of those of the groups `ids` that are known."""
        known = [group for group in ids if self.row("SELECT 1 FROM groups WHERE id = ?", (group,))]
        return {
            group: frozenset(
                row["person"] for row in self.rows('SELECT person FROM group_members WHERE "group" = ?', (group,))
            )
            for group in known
        }

    def keep_group(self, group: str, members: Iterable[str], at: datetime) -> None:
        """Remember who is in a group."""
        self.run("INSERT OR REPLACE INTO groups (id, read_at) VALUES (?, ?)", (group, text(at)))
        self.run('DELETE FROM group_members WHERE "group" = ?', (group,))
        for member in sorted(set(members)):
            self.run('INSERT INTO group_members ("group", person) VALUES (?, ?)', (group, member))

    def read_before(self, at: datetime, age: timedelta) -> list[str]:
        """List the ids of people and groups whose description is older than `age`, oldest first."""
        before = text(at - age)
        rows = self.rows(
            "SELECT id, read_at FROM people WHERE read_at < ? UNION ALL "
            "SELECT id, read_at FROM groups WHERE read_at < ? ORDER BY read_at",
            (before, before),
        )
        return [row["id"] for row in rows]

    def fact(self, name: str) -> str:
        """Recall a small fact, such as the workspace's id; empty when it is not known."""
        row = self.row("SELECT value FROM facts WHERE name = ?", (name,))
        return row["value"] if row else ""

    def keep_fact(self, name: str, value: str, at: datetime) -> None:
        """Remember a small fact."""
        self.run("INSERT OR REPLACE INTO facts (name, value, at) VALUES (?, ?, ?)", (name, value, text(at)))
