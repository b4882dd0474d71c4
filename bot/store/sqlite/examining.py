"""Examining the file for a check-up: nothing is created, migrated or changed, not even the files beside it.

SQLite makes a journal and its index beside a file that it only reads, owned by whoever reads. So a file that nobody has
open is read as one that cannot change (`immutable`), and only one with a journal the usual way.
"""

import contextlib
import errno
import os
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bot.store.sqlite.opening import check_content, check_place, connect_to_look
from bot.store.sqlite.trouble import StoreError

CHECK_SECONDS = 6.0
TRIAL_BYTES = 64 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_STEPS_BETWEEN_LOOKS = 10_000


@dataclass(frozen=True)
class Condition:
    """How the database is: `refusal` is why it cannot be opened, `damage` what is wrong inside, in SQLite's words.

    `not_written` is why the file, or the folder it is in, takes no writing; `is_full` that this is for want of room, of
    which `free` bytes are left. `behind` counts the changes of the schema that the next start makes. `checked` is False
    where the file is too large to be looked through in time.
    """

    path: Path
    exists: bool = False
    refusal: str = ""
    not_written: str = ""
    is_full: bool = False
    damage: str = ""
    checked: bool = True
    behind: int = 0
    free: int = 0


def examine(path: Path) -> Condition:
    """Find out how the database in a file is; blocking, for a few seconds at most."""
    try:
        check_place(path)
        exists = path.exists()
        behind = check_content(path, _how(path)) if exists and path.stat().st_size > 0 else 0
    except (StoreError, OSError) as error:
        return Condition(path, refusal=str(error), free=_free(path))
    trouble = _trial(path)
    damage, checked = _damage(path) if exists and path.stat().st_size > 0 else ("", True)
    return Condition(
        path,
        exists,
        not_written=(trouble.strerror or type(trouble).__name__) if trouble else "",
        is_full=trouble is not None and trouble.errno in _FULL,
        damage=damage,
        checked=checked,
        behind=behind,
        free=_free(path),
    )


def _how(path: Path) -> str:
    journal = path.with_name(f"{path.name}-wal")
    return "mode=ro" if journal.exists() and journal.stat().st_size > 0 else "immutable=1"


def _trial(path: Path) -> OSError | None:
    """Open the file as if to write, and write something that has no name beside it; gives what stood against it."""
    try:
        if path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
        with tempfile.TemporaryFile(dir=path.parent) as trial:
            trial.write(bytes(TRIAL_BYTES))
            trial.flush()
            os.fsync(trial.fileno())
    except OSError as error:
        return error
    return None


def _damage(path: Path) -> tuple[str, bool]:
    """Look the file through; gives what is wrong (empty: nothing), and whether there was time for all of it."""
    until = time.monotonic() + CHECK_SECONDS
    try:
        with contextlib.closing(connect_to_look(path, _how(path))) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS)
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            return "", False
        return str(error), True
    return ("" if found == ["ok"] else " ".join("; ".join(found).split())), True


def _free(path: Path) -> int:
    """Count the bytes that are free for whoever runs this."""
    place = path.parent
    with contextlib.suppress(OSError):
        found = os.statvfs(place)
        return found.f_bavail * found.f_frsize
    return 0
