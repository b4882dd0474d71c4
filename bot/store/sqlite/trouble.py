"""When the database itself cannot be used, as opposed to a statement that was wrong."""

import sqlite3
from pathlib import Path

_USELESS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }
)


class StoreError(Exception):
    """The database cannot be used; the message is for the person who runs Baton."""


def is_useless(error: BaseException) -> bool:
    """Tell a database that cannot be used now (full, busy, damaged) from a statement that was wrong."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _USELESS


def cannot_be_used(path: Path, error: BaseException) -> StoreError:
    """Word for people why nothing could be written or read."""
    return StoreError(
        f"DATABASE_URL: {path} cannot be used ({error}). Check the file's rights and the disk's free space, "
        "and whether another program holds it."
    )
