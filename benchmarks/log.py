"""The figures of the log: a million events, listed and found, and what it costs to log one more. `make figures`.

The million is made in a temporary folder, with the triggers put aside for so long, and 20,000 more are then logged one
by one through the store, so that the full text lies on the disk as it does after a busy time. Words are spread as words
are: the commonest stands in about 30 % of all events, most of the 40,000 in a handful. Each kind of question is asked
often, each time in a transaction of its own and with other words. Machines are noisy: every question comes again in each
of several rounds, with all others in between, and its quickest time counts; the percentiles are over the questions. What
the clock saw in the rounds, disturbed by whatever else the machine had to do, stands beside them.
"""

import asyncio
import itertools
import os
import random
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.domain.events import PUBLIC, Event, Place, Reader, Span
from bot.domain.operations import Post
from bot.domain.outages import Outage
from bot.store import Store, Tx, open_store
from bot.store.sqlite.rows import text
from bot.store.sqlite.values import dump

EVENTS = int(os.environ.get("EVENTS", "1000000"))
MORE = 20_000
"""Events that are logged through the store after the million."""
ROUNDS = int(os.environ.get("ROUNDS", "5"))
ASKED = int(os.environ.get("ASKED", "200"))
"""Questions of a kind in a round."""
GOAL_MS = 1.0
WRITES = 3000
AT_ONCE = 64
OUTAGES = 500
WHILE_LOGGING = ("newest 20", "page of 20, deep", "find a common word", "find a rare word", "find common + common")
BEGAN = datetime(2021, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=150)
PRIVATE = [f"CP{number:03d}" for number in range(20)]
MEMBER = Reader("UMEMBER", frozenset(PRIVATE[:5]))
ALL = Reader("terminal:root", everything=True)
STATES = ("started", "succeeded", "failed")
COMMON = [
    "the",
    "to",
    "production",
    "on",
    "of",
    "database",
    "is",
    "replication",
    "deployed",
    "restarted",
    "for",
    "in",
    "and",
    "web",
    "lag",
    "server",
    "queue",
    "sidekiq",
    "redis",
    "error",
    "rate",
    "back",
    "after",
    "node",
    "alert",
    "postgres",
    "primary",
    "cluster",
    "disk",
    "latency",
    "runner",
    "api",
    "increased",
    "config",
    "rolled",
    "memory",
    "registry",
    "gitaly",
    "storage",
    "check",
]


@dataclass(frozen=True)
class Figure:
    """Milliseconds of one kind of question: of the undisturbed, and the 99th percentile of all."""

    name: str
    middle: float
    high: float
    highest: float
    high_of_all: float


# Words


def vocabulary(dice: random.Random, size: int = 40_000) -> list[str]:
    """Make words, the commonest first, that share beginnings as words do."""
    opening = [
        "b",
        "c",
        "d",
        "f",
        "g",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "t",
        "v",
        "w",
        "st",
        "tr",
        "pr",
        "cl",
        "gr",
        "pl",
        "ch",
        "sh",
    ]
    middle = ["a", "e", "i", "o", "u", "ai", "ea", "ou"]
    closing_ = ["", "", "n", "r", "s", "t", "l", "nd", "rt"]
    ending = ["", "s", "ed", "ing", "er", "ment", "ation", "able", "ly"]
    words = dict.fromkeys(COMMON)
    while len(words) < size:
        syllables = (dice.choice(opening) + dice.choice(middle) for _ in range(dice.choice((1, 2, 2, 3))))
        stem = "".join(syllables) + dice.choice(closing_)
        words.update(dict.fromkeys(stem + end for end in dice.sample(ending, dice.choice((1, 2, 3)))))
    return list(words)[:size]


class Talk:
    """What people and machines write into the log."""

    def __init__(self) -> None:
        self.dice = random.Random(20170131)
        self.words = vocabulary(self.dice)
        self._weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))

    def line(self, number: int) -> str:
        """Write the next line."""
        dice = self.dice
        kind = number % 10
        if kind < 2:
            project = dice.choice(self.words[40:240])
            return f"group/{project} {dice.getrandbits(32):08x} to production: {dice.choice(STATES)}"
        length = 300 if number % 500 == 7 else dice.choice((5, 8, 8, 12, 12, 12, 20, 30))
        said = " ".join(dice.choices(self.words, cum_weights=self._weights, k=length))
        if kind == 2:
            return f"{said} on web-{dice.randrange(60):02d}"
        if kind == 3:
            return f"{said} see #{dice.randrange(200_000)}"
        return f"{said} 10.{dice.randrange(256)}.0.{dice.randrange(20)}" if kind == 4 else said


# The million


def build(path: Path, talk: Talk) -> None:
    """Fill a new database: the rows at once, then the full text, then the triggers again, then some events more."""
    open_store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        outages = [_outage(number) for number in range(1, OUTAGES + 1)]
        connection.executemany(
            "INSERT INTO outages (number, key, began_at, ended_at, confidential, value) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (one.number, one.key, text(one.began_at), text(one.began_at), one.confidential, dump(one))
                for one in outages
            ],
        )
        connection.executemany(
            'INSERT INTO events (id, key, recorded_at, "by", source, channel, permalink, private, kind, at, text, '
            "outage, confidential, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (_row(event) for event in events(talk, 1, EVENTS)),
        )
        connection.execute(
            "INSERT INTO revisions SELECT id, 1, recorded_at, \"by\", 'logged', kind, at, text, outage, 0 FROM events"
        )
        for index in ("public_text", "hidden_text"):
            connection.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")  # noqa: S608 - our own names
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
    store = open_store(f"sqlite:///{path}")
    with ThreadPoolExecutor(AT_ONCE) as people:
        for _ in people.map(
            lambda event: store.write_now(lambda tx: tx.add_event(event)), events(talk, EVENTS + 1, MORE)
        ):
            pass
    store.close()


def _outage(number: int) -> Outage:
    began = BEGAN + number * EVENTS // OUTAGES * APART
    return Outage(
        number, f"marker {number}", f"Outage {number}", "U1", began, ended_at=began, confidential=number % 20 == 0
    )


def events(talk: Talk, first: int, count: int) -> Iterator[Event]:
    """Make events: one in fifty private, one in twenty of an outage (one in twenty of those confidential)."""
    dice = talk.dice
    for number in range(first, first + count):
        recorded = BEGAN + number * APART
        private = dice.random() < 0.02
        outage = dice.randrange(1, OUTAGES + 1) if dice.random() < 0.05 else None
        said = talk.line(number)
        yield Event(
            id=number,
            key=f"command {number}",
            kind="incident" if outage else "change",
            at=recorded - (timedelta(minutes=dice.randrange(1, 600)) if number % 20 == 0 else timedelta()),
            recorded_at=recorded,
            by=f"U{dice.randrange(200):03d}",
            text=f"{said} payroll" if private and number % 2 else said,
            source="command",
            channel=dice.choice(PRIVATE) if private else f"C{dice.randrange(40):03d}",
            permalink=f"https://example.slack.com/archives/C1/p{number}",
            private=private,
            outage=outage,
            confidential=outage is not None and outage % 20 == 0,
        )


def _row(event: Event) -> tuple[object, ...]:
    return (
        event.id,
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
        event.confidential,
    )


# Reading


Ask = Callable[[Tx], object]


class Asker:
    """Makes questions: each time another one of its kind."""

    def __init__(self, talk: Talk) -> None:
        self.dice = random.Random(4)
        self.common, self.middling, self.rare = talk.words[:40], talk.words[100:2000], talk.words[10_000:]

    def kinds(self) -> dict[str, Callable[[], Ask]]:
        """Name the kinds of questions."""
        common, middling, rare, dice = self.common, self.middling, self.rare, self.dice
        kinds = {
            "newest 20": lambda: self.page(20, Span()),
            "newest 50 of a day": lambda: self.page(50, self.day()),
            "newest 20 since a time": lambda: self.page(20, Span(since=self.instant())),
            "page of 20, deep": lambda: self.page(20, Span(), deep=True),
            "page of 20 of five years, deep": lambda: self.page(20, Span(BEGAN, BEGAN + timedelta(1826)), deep=True),
            "events of an outage, the last": self.last_of_outage,
            "channels of what is hidden": lambda: lambda tx: tx.channels_of_hidden(),
            "find a common word": lambda: self.find(self.words(common)),
            "find a common word, deep": lambda: self.find(self.words(common), deep=True),
            "find a middling word": lambda: self.find(self.words(middling)),
            "find a rare word": lambda: self.find(self.words(rare)),
            "find what is not there": lambda: self.find(f"zz{dice.randrange(10**6)}"),
            "find common + common": lambda: self.find(self.words(common, common)),
            "find common + middling": lambda: self.find(self.words(common, middling)),
            "find common + rare": lambda: self.find(self.words(common, rare)),
            "find middling + middling": lambda: self.find(self.words(middling, middling)),
            "find middling + rare": lambda: self.find(self.words(middling, rare)),
            "find three common": lambda: self.find(self.words(common, common, common)),
            "find a host (web-07)": lambda: self.find(f"web-{dice.randrange(60):02d}"),
            "find common, as a member of 5 channels": lambda: self.find(self.words(common), MEMBER),
            "find rare, as a member of 5 channels": lambda: self.find(self.words(rare), MEMBER),
            "find what only hidden events say": lambda: self.find("payroll", Reader("UNOBODY")),
            "the same, as a member of 5 channels": lambda: self.find("payroll", MEMBER),
            "find common, at the terminal": lambda: self.find(self.words(common), ALL),
            "find common + beginning of 3": lambda: self.find(f"{self.words(common)} {self.beginning(rare, 3)}"),
        }
        for length in (1, 2, 3, 4, 6, 8, 10, 12):
            kinds[f"find the beginning of common, {length}"] = partial(self._beginning_of, common, length)
            kinds[f"find the beginning of rare, {length}"] = partial(self._beginning_of, rare, length)
        kinds["find an address (10.7.0.3)"] = lambda: self.find(f"10.{dice.randrange(256)}.0.{dice.randrange(20)}")
        kinds["find two common, never together"] = lambda: self.find("succeeded failed")
        return kinds

    def page(self, limit: int, span: Span, *, deep: bool = False) -> Ask:
        """Ask for the newest, or for what stands before some place."""
        before = Place(self.instant(), self.dice.randrange(EVENTS)) if deep else None
        return lambda tx: tx.newest(limit, span, before)

    def last_of_outage(self) -> Ask:
        """Ask for the last event of some outage."""
        outage = self.dice.randrange(1, OUTAGES + 1)
        return lambda tx: tx.last_event_of(outage)

    def find(self, words: str, reader: Reader = PUBLIC, *, deep: bool = False) -> Ask:
        """Ask for twenty hits."""
        before = self.dice.randrange(EVENTS) if deep else None
        return lambda tx: tx.find(words, 20, reader, before)

    def _beginning_of(self, words: list[str], length: int) -> Ask:
        return self.find(self.beginning(words, length))

    def beginning(self, words: list[str], length: int) -> str:
        """Take the beginning of some word that is long enough."""
        return f"{self.dice.choice([word for word in words if len(word) >= min(length, 11)])[:length]}*"

    def words(self, *lists: list[str]) -> str:
        """Take a word out of each list."""
        return " ".join(self.dice.choice(one) for one in lists)

    def instant(self) -> datetime:
        """Take some moment of the log."""
        return BEGAN + self.dice.randrange(EVENTS) * APART

    def day(self) -> Span:
        """Take some day of the log."""
        since = self.instant()
        return Span(since, since + timedelta(days=1))


def read_all(store: Store, talk: Talk, only: tuple[str, ...] = ()) -> list[Figure]:
    """Ask every question of every kind, again and again."""
    kinds = {
        name: [make() for _ in range(ASKED)] for name, make in Asker(talk).kinds().items() if not only or name in only
    }
    taken: dict[str, list[list[float]]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, asked in kinds.items():
            taken[name].append([asyncio.run(store.read(timed(ask))) for ask in asked])
    return [_figure(name, rounds) for name, rounds in taken.items()]


def _figure(name: str, rounds: list[list[float]]) -> Figure:
    quickest = sorted(map(min, zip(*rounds, strict=True)))
    high = int(len(quickest) * 0.99)
    of_all = statistics.median(sorted(one)[high] for one in rounds)
    return Figure(name, statistics.median(quickest), quickest[high], quickest[-1], of_all)


def timed(ask: Callable[[Tx], object]) -> Callable[[Tx], float]:
    """Take the time of a question inside its transaction."""

    def run(tx: Tx) -> float:
        started = time.perf_counter()
        ask(tx)
        return (time.perf_counter() - started) * 1000

    return run


def show(figures: list[Figure]) -> None:
    """Print a table."""
    print(f"{'ms':40}{'p50':>8}{'p99':>8}{'most':>8}{'p99 of all':>12}")
    for one in figures:
        missed = "" if one.high < GOAL_MS else "   over the goal"
        print(
            f"{one.name:40}{one.middle:8.2f}{one.high:8.2f}{one.highest:8.2f}{one.high_of_all:12.2f}{missed}",
            flush=True,
        )


# Writing


def cost_of_one(store: Store, talk: Talk) -> tuple[float, float]:
    """Take the microseconds of logging one event, inside a transaction, and of a row without index, trigger or words."""

    def plainly(tx: Tx, event: Event) -> None:
        tx.run(f"INSERT INTO plain VALUES ({', '.join('?' * 13)})", _row(event))  # noqa: S608 - thirteen marks

    def costs(log: Callable[[Tx, Event], object]) -> float:
        batch = list(events(talk, next(_numbers) * WRITES, WRITES))

        def write(tx: Tx) -> float:
            started = time.perf_counter()
            for event in batch:
                log(tx, event)
            return (time.perf_counter() - started) / WRITES * 1e6

        return store.write_now(write)

    columns = ", ".join(f"c{number}" for number in range(13))
    store.write_now(lambda tx: tx.run(f"CREATE TABLE plain ({columns})"))
    rounds = [(costs(lambda tx, event: tx.add_event(event)), costs(plainly)) for _ in range(ROUNDS)]
    store.write_now(lambda tx: tx.run("DROP TABLE plain"))
    return min(one for one, _ in rounds), min(two for _, two in rounds)


_numbers = itertools.count(10_000)


def rates(store: Store, talk: Talk) -> dict[str, tuple[float, float]]:
    """Let many write at once: of each kind the best round's writes a second, and the longest wait of all rounds (ms)."""

    def operation(tx: Tx, event: Event) -> None:
        tx.add_operation("echo", Post(f"event:{event.id}", "C1", "event.echo", str(event.id)), event.recorded_at)

    def both(tx: Tx, event: Event) -> None:
        tx.add_event(event)
        operation(tx, event)

    kinds: dict[str, Callable[[Tx, Event], object]] = {
        "an operation of the outbox": operation,
        "an event": lambda tx, event: tx.add_event(event),
        "an event and an operation": both,
    }
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, write in kinds.items():
            rounds[name].append(asyncio.run(_rate(store, talk, write)))
    return {name: (max(rate for rate, _ in found), max(wait for _, wait in found)) for name, found in rounds.items()}


async def _rate(store: Store, talk: Talk, write: Callable[[Tx, Event], object]) -> tuple[float, float]:
    waiting = events(talk, next(_numbers) * WRITES, WRITES)
    waits: list[float] = []

    async def somebody() -> None:
        for event in waiting:
            asked = time.perf_counter()
            await store.write(lambda tx, event=event: write(tx, event))  # type: ignore[misc]
            waits.append(time.perf_counter() - asked)

    started = time.perf_counter()
    await asyncio.gather(*(somebody() for _ in range(AT_ONCE)))
    return WRITES / (time.perf_counter() - started), max(waits) * 1000


@contextmanager
def somebody_logging(store: Store, talk: Talk) -> Iterator[None]:
    """Log about a hundred events a second meanwhile, so that readers find their own caches empty each time."""
    over = threading.Event()

    def log() -> None:
        for event in events(talk, next(_numbers) * WRITES, 10**9):
            store.write_now(lambda tx, event=event: tx.add_event(event))  # type: ignore[misc]
            if over.wait(0.01):
                return

    with ThreadPoolExecutor(1) as threads:
        logging = threads.submit(log)
        try:
            yield
        finally:
            over.set()
            logging.result()


# Main


def main() -> None:
    """Build, measure, print."""
    talk = Talk()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "baton.db"
        started = time.perf_counter()
        build(path, talk)
        size = path.stat().st_size / (EVENTS + MORE)
        print(f"{EVENTS + MORE:,} events made in {time.perf_counter() - started:.0f} s, {size:.0f} bytes each")
        store = open_store(f"sqlite:///{path}")
        print(f"\nmilliseconds in the store; {ASKED} questions of a kind, {ROUNDS} rounds, {os.cpu_count()} cores")
        show(read_all(store, talk))
        print("\nwhile somebody logs a hundred events a second")
        with somebody_logging(store, talk):
            show(read_all(store, talk, WHILE_LOGGING))
        one, plain = cost_of_one(store, talk)
        print(f"\nto log one event, in the middle of a transaction {one:6.0f} µs; a plain insert {plain:.0f} µs")
        for name, (rate, wait) in rates(store, talk).items():
            print(f"durable writes a second, {AT_ONCE} at once, of {name:28}{rate:8,.0f}; longest wait {wait:4.0f} ms")
        store.close()


if __name__ == "__main__":
    main()
