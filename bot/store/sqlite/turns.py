"""Taking turns with other processes that write the same file.

SQLite's own wait looks less and less often, in the end ten times a second, and may miss every gap between the
transactions of somebody who writes without pause. So whoever writes has it switched off, and we look ourselves.
"""

import sqlite3
import time

LOOK_SECONDS = 0.002


def wait_no_more(connection: sqlite3.Connection) -> None:
    """Switch SQLite's own wait off."""
    connection.execute("PRAGMA busy_timeout = 0")


def take_turn(connection: sqlite3.Connection, patience: float) -> None:
    """Begin to write as soon as nobody else does; raises sqlite3.OperationalError after `patience` (in seconds).

    SQLite's own wait must be off.
    """
    deadline = time.monotonic() + patience
    while not _begins(connection, deadline):
        time.sleep(LOOK_SECONDS)


def _begins(connection: sqlite3.Connection, deadline: float) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if is_busy(error) and time.monotonic() < deadline:
            return False
        raise
    return True


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another process was in the way, and trying again may help."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
