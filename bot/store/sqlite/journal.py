"""The journal: batches of operations in stages, leases on deliveries, our own messages, and the outside worlds.

A delivery is `planned` (its stage has not begun), `queued` (behind another one for the same target), `waiting` (may be
claimed when due), `leased`, and at last `delivered`, `rejected` or `dropped`.
"""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.domain.journal import Batch, Delivery, Message, Progress, World
from bot.domain.operations import Named, Operation, Refresh, Stages, decode, encode, names_used, stops_batch
from bot.store.sqlite.rows import Rows, instant, instant_or_none, text

OPEN = "('waiting', 'leased', 'queued')"
RESTORED = "restored"
"""Names the fact that the database is a backup, put in its place `at` then."""
DOUBT_WHAT_IS_LEFT = (
    "UPDATE deliveries SET attempts = 1, first_attempt_at = added_at "
    "WHERE attempts = 0 AND state IN ('planned', 'queued', 'waiting')"
)
"""What a backup had still to deliver counts as tried: it may have arrived since the backup was made."""
DOUBT_WHAT_WAS_PLANNED = (
    "UPDATE deliveries SET attempts = 1, first_attempt_at = (SELECT at FROM batches WHERE id = ?) "
    "WHERE batch = ? AND attempts = 0 AND state = 'planned' AND EXISTS "
    f"(SELECT 1 FROM facts JOIN batches ON batches.at <= facts.at WHERE name = '{RESTORED}' AND batches.id = batch)"
)
"""And so does what is planned in a batch that came with the backup."""


class JournalTx(Rows):
    """The journal's part of a transaction."""

    # batches

    def add_batch(self, batch: Batch, stages: Stages) -> None:
        """Write a batch down and let its first stage begin."""
        self.run(
            'INSERT INTO batches (id, kind, about, stage, state, "by", at) VALUES (?, ?, ?, 0, ?, ?, ?)',
            (batch.id, batch.kind, batch.about, batch.state, batch.by, text(batch.at)),
        )
        self.insert_stages(batch.id, stages, batch.at)
        self.advance(batch.id, batch.at)

    def insert_stages(self, batch: str, stages: Stages, at: datetime) -> None:
        """Put stages right behind the current one, before those that were to come."""
        row = self.row("SELECT stage FROM batches WHERE id = ?", (batch,))
        current: int = row["stage"] if row else 0
        filled = [stage for stage in stages if stage]
        self.run(
            "UPDATE deliveries SET stage = stage + ? WHERE batch = ? AND state = 'planned' AND stage > ?",
            (len(filled), batch, current),
        )
        for number, stage in enumerate(filled, start=current + 1):
            self._insert(batch, number, stage, at)
        if current:
            self.run(DOUBT_WHAT_WAS_PLANNED, (batch, batch))

    def batch(self, batch: str) -> Batch | None:
        """Find a batch."""
        row = self.row("SELECT * FROM batches WHERE id = ?", (batch,))
        return _batch(row) if row else None

    def set_batch_state(self, batch: str, state: str, at: datetime) -> None:
        """Stop a batch, let it run again, or end it."""
        finished = text(at) if state in {"done", "undone"} else None
        self.run("UPDATE batches SET state = ?, finished_at = ? WHERE id = ?", (state, finished, batch))

    def drop_rest(self, batch: str, at: datetime) -> None:
        """Drop what of a batch has not been sent; what is on its way ends by itself."""
        rows = self.rows(
            "SELECT id FROM deliveries WHERE batch = ? AND state IN ('planned', 'queued', 'waiting') ORDER BY id DESC",
            (batch,),
        )
        for row in rows:
            self._end(row["id"], "dropped", {}, "", at)
        self.set_batch_state(batch, "undone", at)

    def forget_batches(self, kind: str, at: datetime, older_than: timedelta) -> int:
        """Drop batches of a kind that ended long ago, and that nobody asks about any more; how many there were."""
        old = "SELECT id FROM batches WHERE kind = ? AND finished_at < ?"
        values = (kind, text(at - older_than))
        self.run(f"DELETE FROM deliveries WHERE batch IN ({old})", values)
        return self.run(f"DELETE FROM batches WHERE id IN ({old})", values).rowcount

    def advance(self, batch: str, at: datetime) -> bool:
        """Begin the next stage when the current one is through; tell whether the batch has just ended."""
        row = self.row("SELECT stage, state FROM batches WHERE id = ?", (batch,))
        if row is None or row["state"] != "running":
            return False
        open_now = f"SELECT 1 FROM deliveries WHERE batch = ? AND state IN {OPEN} LIMIT 1"
        while not self.row(open_now, (batch,)):
            later = self.row(
                "SELECT min(stage) AS stage FROM deliveries WHERE batch = ? AND state = 'planned'", (batch,)
            )
            if later is None or later["stage"] is None:
                self.set_batch_state(batch, "done", at)
                return True
            self.run("UPDATE batches SET stage = ? WHERE id = ?", (later["stage"], batch))
            self._begin(batch, later["stage"], at)
        return False

    def _begin(self, batch: str, stage: int, at: datetime) -> None:
        rows = self.rows(
            "SELECT id, world, target FROM deliveries WHERE batch = ? AND state = 'planned' AND stage = ? ORDER BY id",
            (batch, stage),
        )
        self._ready(rows, at)

    def _ready(self, rows: list[sqlite3.Row], due: datetime) -> None:
        """Let deliveries be claimed from `due` on, or stand in line behind another one for the same target."""
        targets = json.dumps([row["target"] for row in rows])
        open_now = self.rows(
            f"SELECT target FROM deliveries WHERE target IN (SELECT value FROM json_each(?)) AND state IN {OPEN}",
            (targets,),
        )
        taken = {row["target"] for row in open_now}
        ready: dict[str, list[int]] = {"waiting": [], "queued": []}
        for row in rows:
            ready["queued" if row["target"] in taken else "waiting"].append(row["id"])
            if row["target"] is not None:
                taken.add(row["target"])
        for state, ids in ready.items():
            self.run(
                "UPDATE deliveries SET state = ?, due_at = ? WHERE id IN (SELECT value FROM json_each(?))",
                (state, text(due), json.dumps(ids)),
            )
        self.work_for.update(row["world"] for row in rows)

    def progress(self, batch: str) -> Progress:
        """Count how far a batch is, in operations on GitLab; looking and speaking do not count."""
        rows = self.rows(
            "SELECT state, count(*) AS n FROM deliveries WHERE batch = ? AND world = 'gitlab' "
            'AND body NOT LIKE \'{"kind":"Plan"%\' GROUP BY state',
            (batch,),
        )
        counts = {row["state"]: row["n"] for row in rows}
        return Progress(
            delivered=counts.get("delivered", 0),
            rejected=counts.get("rejected", 0),
            waiting=sum(counts.get(state, 0) for state in ("planned", "queued", "waiting", "leased")),
        )

    def stuck(self, batch: str) -> str:
        """Give the reason when all that could be sent of a batch has failed and waits; empty while something moves."""
        row = self.row(
            "SELECT max(error) AS reason, sum(error = '') AS fresh FROM deliveries "
            "WHERE batch = ? AND state IN ('waiting', 'leased')",
            (batch,),
        )
        return row["reason"] if row and row["reason"] and not row["fresh"] else ""

    def deliveries(self, batch: str, state: str | None = None) -> list[Delivery]:
        """List a batch's deliveries in the order of their stages, ids filled in."""
        rows = self.rows(
            "SELECT * FROM deliveries WHERE batch = ? AND (? IS NULL OR state = ?) ORDER BY stage, id",
            (batch, state, state),
        )
        return [self._delivery(row) for row in rows]

    def retry(self, batch: str, names: Iterable[str] | None, at: datetime) -> int:
        """Let refused deliveries of a batch (those named, or all) be tried again; how many there were.

        A stopped batch goes on when nothing that stopped it is left out; one that was undone stays as it is.
        """
        state = self._state_of(batch)
        if state in {None, "undone"}:
            return 0
        wanted = None if names is None else set(names)
        refused = self.rows(
            "SELECT id, name, world, target, body FROM deliveries WHERE batch = ? AND state = 'rejected' ORDER BY id",
            (batch,),
        )
        again = [row for row in refused if wanted is None or row["name"] in wanted]
        left = [row for row in refused if row not in again]
        for row in again:
            self.run("UPDATE deliveries SET strikes = 0, error = '', done_at = NULL WHERE id = ?", (row["id"],))
        self._ready(again, at)
        if again and not (state == "stopped" and any(stops_batch(decode(row["body"])) for row in left)):
            self.set_batch_state(batch, "running", at)
        return len(again)

    # single operations

    def add_operation(self, name: str, operation: Operation, at: datetime, *, due: datetime | None = None) -> None:
        """Write down an operation that belongs to no batch."""
        state = "queued" if operation.target is not None and self.is_taken(operation.target) else "waiting"
        self._insert(None, 0, [(name, operation)], at, state, due)
        self.work_for.add(operation.world)

    def refresh(self, message: str, at: datetime, *, at_most_every: timedelta) -> None:
        """Let a message say what is true, unless it is about to; not more often than `at_most_every`."""
        operation = Refresh(message)
        under_way = self.rows(
            f"SELECT id, state, error, last_attempt_at FROM deliveries "
            f"WHERE target = ? AND name = 'refresh' AND state IN {OPEN}",
            (operation.target,),
        )
        shown = self.row("SELECT shown_at FROM messages WHERE key = ?", (message,))
        edits = [row["last_attempt_at"] for row in under_way if row["state"] == "leased"]
        earliest = [instant(edit) + at_most_every for edit in (*edits, *((shown["shown_at"],) if shown else ()))]
        due = max(at, *earliest) if earliest else at
        if all(row["state"] == "leased" for row in under_way):
            self.add_operation("refresh", operation, at, due=due)
            return
        # one that was put off for longer, and has not failed, comes sooner
        self.run_many(
            "UPDATE deliveries SET due_at = min(due_at, ?) WHERE id = ?",
            [(text(due), row["id"]) for row in under_way if row["state"] == "waiting" and not row["error"]],
        )
        self.work_for.add(operation.world)

    def _insert(
        self,
        batch: str | None,
        stage: int,
        operations: Iterable[Named],
        at: datetime,
        state: str = "planned",
        due: datetime | None = None,
    ) -> None:
        added, due_at = text(at), text(due or at)
        self.run_many(
            "INSERT INTO deliveries (batch, stage, name, world, target, body, state, added_at, due_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (batch, stage, name, operation.world, operation.target, encode(operation), state, added, due_at)
                for name, operation in operations
            ],
        )

    def is_taken(self, target: str) -> bool:
        """Tell whether something is to be done to `target` that is not through yet."""
        return self.row(f"SELECT 1 FROM deliveries WHERE target = ? AND state IN {OPEN} LIMIT 1", (target,)) is not None

    def is_waiting(self, name: str, world: str = "gitlab") -> bool:
        """Tell whether an operation of this name waits to be sent, and is not on its way yet."""
        found = self.row(
            "SELECT 1 FROM deliveries WHERE world = ? AND state = 'waiting' AND name = ? LIMIT 1", (world, name)
        )
        return found is not None

    # claiming and settling

    def claim_due(
        self,
        world: str,
        at: datetime,
        *,
        holder: str,
        until: datetime,
        limit: int,
        batch: str | None = None,
        fresh_first: bool = False,
    ) -> list[Delivery]:
        """Lease what may be sent to `world` at the instant `at`; whoever crashed with a lease loses it at its end.

        What is due longest comes first, or with `fresh_first` what was tried least often.
        """
        rows = self._claimable(world, at, limit, batch, fresh_first=fresh_first)
        undone = {batch for batch in {row["batch"] for row in rows} if self._state_of(batch) == "undone"}
        for row in rows:
            if row["batch"] in undone:
                self._end(row["id"], "dropped", {}, "", at)
        wanted = [row for row in rows if row["batch"] not in undone]
        self.run_many(
            "UPDATE deliveries SET state = 'leased', holder = ?, lease_until = ?, attempts = attempts + 1, "
            "first_attempt_at = coalesce(first_attempt_at, ?), last_attempt_at = ? WHERE id = ?",
            [(holder, text(until), text(at), text(at), row["id"]) for row in wanted],
        )
        return [self._delivery(row, lease_until=until) for row in wanted]

    def _claimable(
        self, world: str, at: datetime, limit: int, batch: str | None, *, fresh_first: bool
    ) -> list[sqlite3.Row]:
        only, values = ("AND batch = ?", [batch]) if batch else ("", [])
        expired = self.rows(
            f"SELECT * FROM deliveries WHERE world = ? AND state = 'leased' AND lease_until <= ? {only} "
            "ORDER BY lease_until LIMIT ?",
            [world, text(at), *values, limit],
        )
        order = "attempts, due_at, id" if fresh_first else "due_at, id"
        due = self.rows(
            f"SELECT * FROM deliveries WHERE world = ? AND state = 'waiting' AND due_at <= ? {only} "
            f"ORDER BY {order} LIMIT ?",
            [world, text(at), *values, limit - len(expired)],
        )
        return [*expired, *due]

    def _state_of(self, batch: str | None) -> str | None:
        row = self.row("SELECT state FROM batches WHERE id = ?", (batch,)) if batch else None
        return row["state"] if row else None

    def next_due(self, world: str) -> datetime | None:
        """Tell when something for `world` is due next, or a lease on it ends."""
        row = self.row(
            "SELECT min(at) AS at FROM ("
            "SELECT min(due_at) AS at FROM deliveries WHERE world = ? AND state = 'waiting' UNION ALL "
            "SELECT min(lease_until) FROM deliveries WHERE world = ? AND state = 'leased')",
            (world, world),
        )
        return instant_or_none(row["at"]) if row else None

    def hold(self, delivery: Delivery, holder: str) -> bool:
        """Tell whether this very claim still stands; a result is written only then.

        The count of attempts tells two claims of the same holder apart.
        """
        row = self.row("SELECT holder, state, attempts FROM deliveries WHERE id = ?", (delivery.id,))
        return row is not None and (row["state"], row["holder"], row["attempts"]) == (
            "leased",
            holder,
            delivery.attempts + 1,
        )

    def renew(self, delivery: Delivery, holder: str, until: datetime) -> bool:
        """Make the lease last until `until`, if it still stands."""
        held = self.hold(delivery, holder)
        if held:
            self.run("UPDATE deliveries SET lease_until = ? WHERE id = ?", (text(until), delivery.id))
        return held

    def is_undone(self, delivery: Delivery) -> bool:
        """Tell whether the batch of a delivery was undone."""
        return self._state_of(delivery.batch) == "undone"

    def delivered(self, delivery: Delivery, result: dict[str, Any], at: datetime) -> None:
        """Write down that an operation is through."""
        self._end(delivery.id, "delivered", result, "", at)

    def dropped(self, delivery: Delivery, at: datetime) -> None:
        """Write down that an operation is not wanted any more."""
        self._end(delivery.id, "dropped", {}, "", at)

    def rejected(self, delivery: Delivery, reason: str, at: datetime) -> bool:
        """Write down that the other side refused; tell whether that has stopped the batch."""
        self._end(delivery.id, "rejected", {}, reason, at)
        stops = stops_batch(delivery.operation) and self._state_of(delivery.batch) == "running"
        if stops and delivery.batch:
            self.set_batch_state(delivery.batch, "stopped", at)
        return stops

    def put_back(self, delivery: Delivery, due: datetime, *, error: str = "", strikes: int = 0) -> None:
        """Let an operation wait for another attempt at `due`."""
        self.run(
            "UPDATE deliveries SET state = 'waiting', holder = NULL, lease_until = NULL, due_at = ?, error = ?, "
            "strikes = ? WHERE id = ?",
            (text(due), error, strikes, delivery.id),
        )

    def give_back(self, delivery: Delivery) -> None:
        """Return an operation that was claimed and not sent: as if it had never been claimed."""
        first, last = (at and text(at) for at in (delivery.first_attempt_at, delivery.last_attempt_at))
        self.run(
            "UPDATE deliveries SET state = 'waiting', holder = NULL, lease_until = NULL, attempts = ?, "
            "first_attempt_at = ?, last_attempt_at = ? WHERE id = ?",
            (delivery.attempts, first, last, delivery.id),
        )

    def all_due_now(self, world: str, at: datetime) -> None:
        """Let everything that waits because of failures be tried at once: the other side is back."""
        self.run(
            "UPDATE deliveries SET due_at = ? WHERE world = ? AND state = 'waiting' AND error <> '' AND due_at > ?",
            (text(at), world, text(at)),
        )

    def _end(self, delivery: int, state: str, result: dict[str, Any], error: str, at: datetime) -> None:
        self.run(
            "UPDATE deliveries SET state = ?, result = ?, error = ?, done_at = ?, holder = NULL, lease_until = NULL "
            "WHERE id = ?",
            (state, json.dumps(result), error, text(at), delivery),
        )
        self._next_in_line(delivery, at)

    def _next_in_line(self, ended: int, at: datetime) -> None:
        row = self.row(
            f"SELECT id, world, state FROM deliveries WHERE target = (SELECT target FROM deliveries WHERE id = ?) "
            f"AND state IN {OPEN} ORDER BY state = 'queued', id LIMIT 1",
            (ended,),
        )
        if row and row["state"] == "queued":
            self.run(
                "UPDATE deliveries SET state = 'waiting', due_at = max(due_at, ?) WHERE id = ?", (text(at), row["id"])
            )
            self.work_for.add(row["world"])

    def _delivery(self, row: sqlite3.Row, lease_until: datetime | None = None) -> Delivery:
        operation = decode(row["body"])
        if needed := names_used(operation):
            operation = decode(row["body"], self.made(row["batch"], needed))
        return Delivery(
            id=row["id"],
            batch=row["batch"],
            name=row["name"],
            operation=operation,
            state=row["state"],
            attempts=row["attempts"],
            strikes=row["strikes"],
            first_attempt_at=instant_or_none(row["first_attempt_at"]),
            last_attempt_at=instant_or_none(row["last_attempt_at"]),
            lease_until=lease_until or instant_or_none(row["lease_until"]),
            added_at=instant(row["added_at"]),
            result=json.loads(row["result"]),
            error=row["error"],
        )

    def made(self, batch: str, names: Iterable[str]) -> dict[str, int]:
        """Find the ids of what the named operations of a batch have made."""
        found = {}
        for name in names:
            row = self.row(
                "SELECT result FROM deliveries WHERE batch = ? AND name = ? AND state = 'delivered'", (batch, name)
            )
            if row and "id" in (result := json.loads(row["result"])):
                found[name] = int(result["id"])
        return found

    def backlog(self, world: str) -> tuple[int, datetime | None]:
        """Count what is still to be sent to `world`, and tell since when the oldest of it waits."""
        row = self.row(
            "SELECT size, (SELECT min(added_at) FROM deliveries "
            "WHERE world = backlogs.world AND state IN ('planned', 'queued', 'waiting', 'leased')) AS oldest "
            "FROM backlogs WHERE world = ?",
            (world,),
        )
        return (row["size"], instant_or_none(row["oldest"])) if row else (0, None)

    def first_in_line(self, world: str, most: int) -> list[Delivery]:
        """List what is sent to `world` next, as far as that is known: batches by age, their stages in order."""
        rows = self.rows(
            "SELECT * FROM deliveries WHERE world = ? AND state IN ('planned', 'queued', 'waiting', 'leased') "
            "ORDER BY coalesce((SELECT at FROM batches WHERE batches.id = batch), added_at), stage, id LIMIT ?",
            (world, most),
        )
        return [self._delivery(row) for row in rows]

    # worlds

    def world(self, name: str) -> World | None:
        """Recall how an outside world was last seen."""
        row = self.row("SELECT * FROM worlds WHERE name = ?", (name,))
        return World(row["name"], bool(row["up"]), instant(row["since"]), row["reason"]) if row else None

    def keep_world(self, world: World) -> None:
        """Remember how an outside world was just seen."""
        self.run(
            "INSERT OR REPLACE INTO worlds (name, up, since, reason) VALUES (?, ?, ?, ?)",
            (world.name, world.up, text(world.since), world.reason),
        )

    # our own messages

    def message(self, key: str) -> Message | None:
        """Find a message of ours."""
        row = self.row("SELECT * FROM messages WHERE key = ?", (key,))
        if row is None:
            return None
        return Message(row["key"], row["channel"], row["ts"], row["show"], row["about"], instant(row["shown_at"]))

    def messages_of(self, show: str, about: str) -> list[str]:
        """List the keys of messages with this wording about this record."""
        return [row["key"] for row in self.rows("SELECT key FROM messages WHERE about = ? AND show = ?", (about, show))]

    def keep_message(self, message: Message) -> None:
        """Remember where a message of ours stands, and when it was last worded."""
        self.run(
            "INSERT OR REPLACE INTO messages (key, channel, ts, show, about, shown_at) VALUES (?, ?, ?, ?, ?, ?)",
            (message.key, message.channel, message.ts, message.show, message.about, text(message.shown_at)),
        )

    # jobs

    def take_job(self, name: str, due: datetime, at: datetime) -> bool:
        """Take a scheduled run for oneself; False when another process has taken it."""
        cursor = self.run("INSERT OR IGNORE INTO jobs (name, due_at, at) VALUES (?, ?, ?)", (name, text(due), text(at)))
        return cursor.rowcount == 1


def _batch(row: sqlite3.Row) -> Batch:
    return Batch(row["id"], row["kind"], row["about"], row["state"], row["by"], instant(row["at"]))
