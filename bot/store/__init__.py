"""What we remember. `open_store(url)` gives the store; services are plain functions of its transaction `Tx`.

There is one database so far, SQLite, so `Tx` is its transaction; what a second database must offer is exactly the
public methods of that class.
"""

from pathlib import Path

from bot.store.sqlite import HOMES, KEPT, OnWork, SqliteStore, StoreError, Tx, keeping, look_in, showing
from bot.store.sqlite.examining import Condition, examine
from bot.store.sqlite.requests import Wanted

__all__ = [
    "HOMES",
    "KEPT",
    "Condition",
    "Store",
    "StoreError",
    "Tx",
    "Wanted",
    "examine_store",
    "keeping",
    "look_in",
    "open_store",
    "path_of",
    "showing",
]

Store = SqliteStore
PREFIX = "sqlite:///"


def open_store(url: str, *, on_work: OnWork = lambda _: None) -> Store:
    """Open the database at `url` (`sqlite:///baton.db`), create or migrate it, and start its writer.

    `on_work` is called, from the writer's thread, after a commit that gave the outbox or a worker something to do, and
    told whom: worlds of the outbox, `KEPT`, or `HOMES`.
    Raises StoreError, worded for people, when the file cannot be used; nothing is touched then.
    """
    return SqliteStore(path_of(url), on_work=on_work)


def path_of(url: str) -> Path:
    """Give the file that holds everything; raises StoreError for a database of another kind."""
    if not url.startswith(PREFIX):
        message = f"DATABASE_URL: only sqlite:///… is there so far, not {url.split(':', 1)[0]}://…"
        raise StoreError(message)
    return Path(url.removeprefix(PREFIX))


def examine_store(url: str) -> Condition:
    """Find out how the database at `url` is, without touching it; blocking, for a few seconds at most."""
    return examine(path_of(url))
