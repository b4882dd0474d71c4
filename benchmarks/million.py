"""A million events in a database as it lies on the disk after a busy time. It is made once for all that ask.

The triggers are put aside while the rows are made, some more events are then logged one by one through the store, and
the full text is merged, as Baton merges it all the time.
"""

import atexit
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import machine
from benchmarks.talk import APART, BEGAN, OUTAGES, Talk, events
from bot.domain.events import Event
from bot.domain.outages import Outage
from bot.store import open_store
from bot.store.sqlite.rows import text
from bot.store.sqlite.values import dump

MORE = 100
"""One event in so many is logged through the store, after the others."""
AT_ONCE = 64
MERGED = 10_000
"""Pages of the full text that are merged at a time, as Baton does it in smaller steps when nobody waits."""
MUCH, USUAL = 64 * 1024**2, 1024**2
"""Bytes of words that the full text gathers before it writes them down: much at once takes half the time."""
INSERT_EVENT = (
    'INSERT INTO events (id, key, recorded_at, "by", source, channel, permalink, private, kind, at, text, outage, '
    "confidential, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
)
INSERT_OUTAGE = "INSERT INTO outages (number, key, began_at, ended_at, confidential, value) VALUES (?, ?, ?, ?, ?, ?)"
FIRST_REVISIONS = (
    "INSERT INTO revisions SELECT id, 1, recorded_at, \"by\", 'logged', kind, at, text, outage, 0 FROM events"
)


@cache
def database(count: int) -> Path:
    """Make so many events, the first time that somebody asks; they are removed when the program ends."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    path, talk = Path(folder.name) / "baton.db", Talk()
    with machine.on(machine.BOTH):
        open_store(f"sqlite:///{path}").close()
        _make_at_once(path, talk, count)
        _log_more(path, talk, count)
    return path


def _make_at_once(path: Path, talk: Talk, count: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN")
        with _without_triggers(connection):
            outages = (_outage(number, count) for number in range(1, OUTAGES + 1))
            connection.executemany(INSERT_OUTAGE, map(_outage_row, outages))
            connection.executemany(INSERT_EVENT, map(_row, events(talk, 1, count)))
            connection.execute(FIRST_REVISIONS)
            for index in ("public_text", "hidden_text"):
                _make_full_text(connection, index)
        connection.execute("COMMIT")


def _make_full_text(connection: sqlite3.Connection, index: str) -> None:
    for command in (("hashsize", MUCH), ("rebuild", None), ("hashsize", USUAL)):
        connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES (?, ?)", command)  # noqa: S608 - our own names


@contextmanager
def _without_triggers(connection: sqlite3.Connection) -> Iterator[None]:
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    yield
    for _, sql in triggers:
        connection.execute(sql)


def _log_more(path: Path, talk: Talk, count: int) -> None:
    with closing(open_store(f"sqlite:///{path}")) as store, ThreadPoolExecutor(AT_ONCE) as people:

        def log(event: Event) -> None:
            store.write_now(lambda tx: tx.add_event(event))

        for _ in people.map(log, events(talk, count + 1, count // MORE)):
            pass
        while store.write_now(lambda tx: tx.tidy(MERGED)):
            pass


def _outage(number: int, count: int) -> Outage:
    began = BEGAN + number * count // OUTAGES * APART
    return Outage(
        number, f"marker {number}", f"Outage {number}", "U1", began, ended_at=began, confidential=number % 20 == 0
    )


def _outage_row(one: Outage) -> tuple[object, ...]:
    return (one.number, one.key, text(one.began_at), text(one.began_at), one.confidential, dump(one))


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
