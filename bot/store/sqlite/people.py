"""People, groups and channels' members, as Slack last described them, and small facts worth remembering."""

import json
import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.domain.people import Person
from bot.store.sqlite.rows import Rows, text


class PeopleTx(Rows):
    """People, groups, channels, facts."""

    def people(self, ids: Iterable[str]) -> dict[str, Person]:
        """Find those of `ids` who are known."""
        found = (self.row("SELECT * FROM people WHERE id = ?", (who,)) for who in ids)
        return {row["id"]: _person(row) for row in found if row}

    def everybody(self) -> list[Person]:
        """List all who are known."""
        return [_person(row) for row in self.rows("SELECT * FROM people ORDER BY id")]

    def keep_person(self, person: Person, at: datetime) -> None:
        """Remember what Slack says of somebody."""
        self.run(
            "INSERT OR REPLACE INTO people "
            "(id, name, zone, email, bot, deactivated, guest, team, others, handle, read_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                person.id,
                person.name,
                person.zone,
                person.email,
                person.bot,
                person.deactivated,
                person.guest,
                person.team,
                json.dumps(person.others, ensure_ascii=False),
                person.handle,
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

    def members_of(self, channels: Collection[str]) -> dict[str, frozenset[str]]:
        """Find the members of those of `channels` whose members were read."""
        known = [one for one in channels if self.row("SELECT 1 FROM channels WHERE id = ?", (one,))]
        return {
            channel: frozenset(
                row["person"] for row in self.rows("SELECT person FROM channel_members WHERE channel = ?", (channel,))
            )
            for channel in known
        }

    def membership(self, person: str, channels: Collection[str]) -> dict[str, bool]:
        """Tell of those of `channels` whose members were read whether somebody is one of them."""
        rows = self.rows(
            "SELECT id, EXISTS (SELECT 1 FROM channel_members WHERE channel = id AND person = ?) AS there "
            "FROM channels WHERE id IN (SELECT value FROM json_each(?))",
            (person, json.dumps(sorted(channels))),
        )
        return {row["id"]: bool(row["there"]) for row in rows}

    def keep_channel(self, channel: str, members: Iterable[str], at: datetime) -> None:
        """Remember who is in a channel; nobody, where Slack does not tell."""
        self.run("INSERT OR REPLACE INTO channels (id, read_at) VALUES (?, ?)", (channel, text(at)))
        self.run("DELETE FROM channel_members WHERE channel = ?", (channel,))
        for member in sorted(set(members)):
            self.run("INSERT INTO channel_members (channel, person) VALUES (?, ?)", (channel, member))

    def joins(self, channel: str, person: str) -> None:
        """Remember that somebody is in a channel now, if its members were read.

        Slack tells it of channels that Baton is in: members that it did not tell before are to be read at once.
        """
        self.run(
            "UPDATE channels SET read_at = '' WHERE id = ? "
            "AND NOT EXISTS (SELECT 1 FROM channel_members WHERE channel = channels.id)",
            (channel,),
        )
        self.run(
            "INSERT OR IGNORE INTO channel_members (channel, person) SELECT id, ? FROM channels WHERE id = ?",
            (person, channel),
        )

    def leaves(self, channel: str, person: str) -> None:
        """Remember that somebody is in a channel no more."""
        self.run("DELETE FROM channel_members WHERE channel = ? AND person = ?", (channel, person))

    def read_before(self, at: datetime, age: timedelta) -> list[str]:
        """List the ids of people, groups and channels whose description is older than `age`, oldest first."""
        before = text(at - age)
        rows = self.rows(
            "SELECT id, min(read_at) AS read_at FROM ("
            "SELECT id, read_at FROM people UNION ALL SELECT id, read_at FROM groups "
            "UNION ALL SELECT id, read_at FROM channels UNION ALL SELECT id, at FROM places"
            ") WHERE read_at < ? GROUP BY id ORDER BY read_at",
            (before,),
        )
        return [row["id"] for row in rows]

    def fact(self, name: str) -> str:
        """Recall a small fact, such as the workspace's id; empty when it is not known."""
        row = self.row("SELECT value FROM facts WHERE name = ?", (name,))
        return row["value"] if row else ""

    def keep_fact(self, name: str, value: str, at: datetime) -> None:
        """Remember a small fact."""
        self.run("INSERT OR REPLACE INTO facts (name, value, at) VALUES (?, ?, ?)", (name, value, text(at)))


def _person(row: sqlite3.Row) -> Person:
    return Person(
        id=row["id"],
        name=row["name"],
        zone=row["zone"],
        email=row["email"],
        bot=bool(row["bot"]),
        deactivated=bool(row["deactivated"]),
        guest=bool(row["guest"]),
        team=row["team"],
        others=tuple(json.loads(row["others"])),
        handle=row["handle"],
    )
