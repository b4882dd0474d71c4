"""What we remember. `open_store(url)` gives the store; services are plain functions of its transaction `Tx`.

There is one database so far, SQLite, so `Tx` is its transaction; what a second database must offer is exactly the
public methods of that class.
"""

from pathlib import Path

from bot.store.sqlite import HOMES, KEPT, OnWork, SqliteStore, StoreError, Tx, look_in

__all__ = ["HOMES", "KEPT", "Store", "StoreError", "Tx", "look_in", "open_store"]

Store = SqliteStore
PREFIX = "sqlite:///"


def open_store(url: str, *, on_work: OnWork = lambda _: None) -> Store:
    """Open the database at `url` (`sqlite:///baton.db`), create or migrate it, and start its writer.

    `on_work` is called, from the writer's thread, after a commit that gave the outbox or a worker something to do, and
    told whom: worlds of the outbox, `KEPT`, or `HOMES`.
    Raises StoreError, worded for people, when the file cannot be used; nothing is touched then.
    """
    if not url.startswith(PREFIX):
        message = f"DATABASE_URL: only sqlite:///… is there so far, not {url.split(':', 1)[0]}://…"
        raise StoreError(message)
    return SqliteStore(Path(url.removeprefix(PREFIX)), on_work=on_work)
