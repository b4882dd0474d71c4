"""Where the time of a command goes, and what a search cannot do without.

Commands are handled as over HTTP, one at a time on a log of a million events, but in this process, with a clock before
and behind every statement. HTTP, the signature and Bolt come on top.

The full text keeps, for each word, the list of the events that say it. A search for two words that never stand together
has to go through both lists to their end, because nothing tells in advance that no event says both. An address is four
words for it, and two of these stand in very many events. How long it takes to go through each list by itself is the
second table: what is hard for the store in the chapter before takes no longer than its lists.
"""

import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import TypeVar

import handlers
from benchmarks import load, machine, million
from benchmarks.figures import Part, Table, median, written
from benchmarks.load import percentile
from benchmarks.sizes import Sizes
from benchmarks.slack import CHANNEL, WHO, log_text
from bot.dialogue import Request
from bot.domain.people import Person
from bot.domain.team import Team
from bot.slack.edge import Edge
from bot.store import Store, Tx

T = TypeVar("T")
COMMANDS: Mapping[str, Callable[[int], str]] = {
    "log": lambda number: f"log {log_text(number)}",
    "list": lambda _: "list",
    "list 50": lambda _: "list 50",
    "find two words": lambda _: "find redis restarted",
}
SEARCHES = ("succeeded failed", "10 7 0 3")
WHOLE, STATEMENTS, WORK, WAY = "in all", "statements", "rules and words", "to the writer, the commit, and back"
PARTS = (STATEMENTS, WORK, WAY, "around that")
Costs = dict[str, list[float]]
"""Milliseconds of every command, by part."""


class _ClockedTx(Tx):
    """A transaction that adds up the milliseconds of its statements."""

    spent = 0.0

    def run(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        started = time.perf_counter()
        try:
            return super().run(sql, values)
        finally:
            self.spent += _since(started)


class _ClockedStore(Store):
    """A store that tells how long its last writing took, and how much of that was spent inside."""

    inside = statements = whole = 0.0

    async def write(self, fn: Callable[[Tx], T]) -> T:
        started = time.perf_counter()
        written = await super().write(partial(self._clocked, fn))
        self.whole = _since(started)
        return written

    def _clocked(self, fn: Callable[[Tx], T], tx: Tx) -> T:
        started, clocked = time.perf_counter(), _ClockedTx(tx.connection, careful=tx.careful)
        clocked.work_for = tx.work_for
        done = fn(clocked)
        self.inside, self.statements = _since(started), clocked.spent
        return done


def measure(sizes: Sizes) -> Part:
    """Take the time of every part of some commands, and of the lists that hard searches read."""
    path = million.database(sizes.events)
    with machine.on(machine.SERVER), closing(_ClockedStore(path)) as store:
        store.write_now(_knows_who_asks)
        costs = {
            name: load.run(_commands(store, text, sizes.rounds * sizes.answered)) for name, text in COMMANDS.items()
        }
        searches = load.run(store.read(partial(_lists_read, times=sizes.answered)))
    parts = Table(
        ["`/event` …, ms: p50 (p99)", *costs],
        [[part, *(_p50_and_p99(one[part]) for one in costs.values())] for part in next(iter(costs.values()))],
    )
    lists = Table(["in the full text of what is public", "events", "ms to read the list"], searches)
    return Part("Where the time goes", [__doc__ or ""], (), [parts, lists])


def _knows_who_asks(tx: Tx) -> None:
    at = datetime.now(UTC)
    for who in (WHO, *(row[0] for row in tx.rows('SELECT DISTINCT "by" FROM events'))):
        tx.keep_person(Person(who, who.lower()), at)
    for channel in tx.channels_of_hidden():
        tx.keep_channel(channel, [], at)
    tx.keep_privacy(CHANNEL, at, private=False)


async def _commands(store: _ClockedStore, text: Callable[[int], str], many: int) -> Costs:
    numbers, found = count(time.time_ns()), Costs()
    edge = Edge(store, Team(CHANNEL), handlers.REQUESTS, lambda: datetime.now(UTC), lambda: f"r{next(numbers)}")
    for number in range(many):
        key = f"trigger:{next(numbers)}"
        request = Request(key, "command", "event", WHO, datetime.now(UTC), key=key, text=text(number), channel=CHANNEL)
        started = time.perf_counter()
        answered = await edge.answer(request)
        whole = _since(started)
        if answered.ended != "done":
            sys.exit(f"/event {request.text} is {answered.ended}")
        spent = (store.statements, store.inside - store.statements, store.whole - store.inside, whole - store.whole)
        for part, ms in zip((WHOLE, *PARTS), (whole, *spent), strict=True):
            found.setdefault(part, []).append(ms)
    return found


def _lists_read(tx: Tx, times: int) -> list[list[str]]:
    """Read the list of each word of the hard searches by itself: how long it is, and how long that takes."""
    words = dict.fromkeys(word for search in SEARCHES for word in search.split())
    return [[f"“{word}”", *_read_list(tx, word, times)] for word in words]


def _read_list(tx: Tx, word: str, times: int) -> list[str]:
    waits, events = [], 0
    for _ in range(times):
        started = time.perf_counter()
        events = tx.rows("SELECT count(*) FROM public_text WHERE public_text MATCH ?", (f'"{word}"',))[0][0]
        waits.append(_since(started))
    return [f"{events:,}", written(median(waits))]


def _p50_and_p99(waits: list[float]) -> str:
    return f"{written(median(waits))} ({written(percentile(waits, 0.99))})"


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
