"""Opening the file: looked at first, migrated then, and refused in words when it is not ours to use."""

import sqlite3
import time
from pathlib import Path

from bot.store.sqlite.migrations import migrations
from bot.store.sqlite.tables import Database
from bot.store.sqlite.trouble import StoreError, cannot_be_used
from bot.store.sqlite.turns import is_busy, take_turn, wait_no_more

BUSY_SECONDS = 5.0
"""How long another process is waited for."""
MAPPED_BYTES = 2 * 1024**3
"""So much of the file may be mapped into memory."""
MIGRATING_SECONDS = 30.0
"""How long others who write are waited for when the schema must be changed."""


class _Scripted(Database):
    """The library's own, which looks after every letter of a script inside of a transaction whether a statement has ended."""

    def executescript(self, sql: str) -> sqlite3.Cursor:
        """Run statements, each of which ends with its line."""
        cursor, statement = self.conn.cursor(), ""
        for line in sql.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                cursor.execute(statement)
                statement = ""
        return cursor.execute(statement) if statement.strip() else cursor


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the database, create or migrate it; raises StoreError, and then nothing was touched."""
    check(path)
    try:
        connection = _connect(path)
    except sqlite3.Error as error:
        raise cannot_be_used(path, error) from error
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a connection that sees the database and cannot change it."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    # whatever anybody writes empties a reader's own cache: what is mapped need not be copied again
    connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS, cached_statements=256
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # what a savepoint may have to put back is else written into a file that is made for each transaction
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    try:
        mode = _switch_to_wal(connection)
        _migrate(connection)
        wait_no_more(connection)
    except sqlite3.Error as error:
        raise cannot_be_used(path, error) from error
    if mode != "wal":
        message = (
            f"DATABASE_URL: the disk of {path} has no shared memory (a network drive?). Name a file on a local disk."
        )
        raise StoreError(message)


def _switch_to_wal(connection: sqlite3.Connection) -> str:
    # SQLite does not apply its busy timeout to this change, and two processes may start together
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode: str = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return mode


def _migrate(connection: sqlite3.Connection) -> None:
    plain, connection.row_factory = connection.row_factory, None
    try:
        if migrations.pending(Database(connection)):  # else there is no need to wait for those who write
            wait_no_more(connection)
            take_turn(connection, MIGRATING_SECONDS)  # of two processes that start together the second finds it done
            migrations.apply(_Scripted(connection))
            # known once, it is nothing new to whoever optimizes at the next end: opening again then changes nothing
            connection.execute("ANALYZE _sqlite_migrations")
            connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.row_factory = plain


def check(path: Path) -> None:
    """Look at the file without touching it, and refuse one that is not ours to use."""
    check_place(path)
    if path.exists() and path.stat().st_size > 0:
        check_content(path)


def check_place(path: Path) -> None:
    """Refuse what cannot be a file; raises StoreError."""
    if path.name.startswith(":"):
        message = "DATABASE_URL: Baton remembers in a file, not in memory. Name a file."
        raise StoreError(message)
    if not path.parent.is_dir():
        message = f"DATABASE_URL: the folder {path.parent} does not exist. Create it, or name another file."
        raise StoreError(message)
    if path.is_dir():
        message = f"DATABASE_URL: {path} is a folder. Name a file in it."
        raise StoreError(message)


def check_content(path: Path, how: str = "mode=ro") -> int:
    """Refuse a file that is not ours to use, read as `how` says; gives how many changes of the schema it has not seen.

    Raises StoreError.
    """
    try:
        known = names_applied(path, how)
    except sqlite3.Error as error:
        message = (
            f"DATABASE_URL: {path} cannot be read as a database ({error}). Name another file, or restore a backup."
        )
        raise StoreError(message) from error
    if known is None:
        message = f"DATABASE_URL: {path} is the database of another program. Name another file."
        raise StoreError(message)
    ours = names_known()
    if newer := [name for name in known if name not in ours]:
        message = (
            f"DATABASE_URL: {path} was written by a newer Baton (it knows “{min(newer)}”). "
            "Start that version, or restore a backup from before the upgrade. Nothing was changed."
        )
        raise StoreError(message)
    return len(set(ours) - set(known))


def connect_to_look(path: Path, how: str = "mode=ro") -> sqlite3.Connection:
    """Open a connection that cannot write; `how` is SQLite's: https://sqlite.org/uri.html ."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=BUSY_SECONDS)


def names_known() -> list[str]:
    """List the migrations of this program, in their order."""
    nothing = Database(memory=True)
    try:
        return [migration.name for migration in migrations.pending(nothing)]
    finally:
        nothing.close()


def names_applied(path: Path, how: str = "mode=ro") -> list[str] | None:
    """List the migrations that the file has seen, in their order; None for a file with tables but none of ours."""
    connection = connect_to_look(path, how)
    try:
        return names_in(connection)
    finally:
        connection.close()


def names_in(connection: sqlite3.Connection) -> list[str] | None:
    """List the same of a database that is open already."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "_sqlite_migrations" not in tables:
        return None if tables else []
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'baton' ORDER BY id")
    return [row[0] for row in rows] or None
