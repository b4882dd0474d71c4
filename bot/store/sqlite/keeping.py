"""The file as a whole: what is in it, a copy of it while others write, and another one in its place.

A copy is made page by page within one reading transaction: a snapshot that holds nobody up, and that no write by others
makes begin anew. `VACUUM INTO` would do, too, but takes several times as long, all of which the journal beside the
database must grow, and cannot tell how far it is.
"""

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.store.sqlite.journal import DOUBT_WHAT_IS_LEFT, RESTORED
from bot.store.sqlite.opening import check, names_applied, names_in, names_known, open_for_reading, open_for_writing
from bot.store.sqlite.rows import text
from bot.store.sqlite.trouble import StoreError
from bot.store.sqlite.turns import is_busy

BESIDE = ("-wal", "-journal", "-shm")
"""What SQLite may keep beside a database, and would take for a part of whatever stands under its name."""
PAGES_AT_ONCE = 2048
PIECE = 1024 * 1024
FIRST_LOCK, LOCKS = 0x40000000, 512
"""Where SQLite locks a file: https://www.sqlite.org/fileformat2.html#the_lock_byte_page."""
NOT_A_DATABASE = b"another file has"
"""Put over the first 16 bytes of a database, nobody takes it for one any more."""
COUNTED: Mapping[str, str] = {
    "events": "SELECT count(*) FROM events",
    "outages": "SELECT count(*) FROM outages",
    "shifts": "SELECT count(*) FROM shifts",
    "rollovers": "SELECT count(*) FROM rollovers WHERE state = 'done'",
    "audit": "SELECT count(*) FROM audit",
    "deliveries": "SELECT count(*) FROM deliveries WHERE state IN ('planned', 'queued', 'waiting', 'leased')",
}
Follow = Callable[[int, int], None]
"""Is told how much of how much is done."""


@dataclass(frozen=True)
class Contents:
    """What is in a database: `size` in bytes, `rows` by what they are, and the names of schema steps that it lacks."""

    size: int
    rows: Mapping[str, int]
    lacking: tuple[str, ...]


def examine(path: Path) -> Contents:
    """Look through a whole file that nobody writes; raises StoreError where it is not sound, not ours, or newer."""
    known = must_be_ours(path)
    try:
        with contextlib.closing(_reading_alone(path)) as connection:
            wrong = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if wrong != "ok":
                raise StoreError(f"{path} is damaged ({' '.join(wrong.split())}).")
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            rows = {what: connection.execute(sql).fetchone()[0] for what, sql in COUNTED.items() if what in tables}
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    return Contents(path.stat().st_size, rows, tuple(name for name in names_known() if name not in known))


def must_be_ours(path: Path) -> list[str]:
    """List the schema steps of a file; raises StoreError where it is no database of Baton's, or a newer one's."""
    if not path.is_file():
        raise StoreError(f"There is no file {path}." if not path.exists() else f"{path} is not a file.")
    try:
        with contextlib.closing(_reading_alone(path)) as connection:
            known = names_in(connection)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    if not known:
        raise StoreError(f"{path} is not a database of Baton's.")
    if newer := [name for name in known if name not in names_known()]:
        raise StoreError(
            f"{path} was written by a newer Baton (it knows “{newer[0]}”). Use that version. Nothing was changed."
        )
    return known


def must_be_there(path: Path) -> None:
    """Make sure that there is a database to look at or to copy, and that it is ours; raises StoreError."""
    check(path)
    if not path.exists() or path.stat().st_size == 0:
        raise StoreError(f"DATABASE_URL: there is no database at {path} yet. `serve` makes it.")


def must_not_be_anothers(path: Path) -> None:
    """Refuse to put anything in the place of another program's database; a damaged one of ours may be replaced."""
    if path.is_dir():
        raise StoreError(f"DATABASE_URL: {path} is a folder. Name a file in it.")
    with contextlib.suppress(sqlite3.Error):
        if path.exists() and path.stat().st_size and names_applied(path) is None:
            raise StoreError(f"DATABASE_URL: {path} is the database of another program. Nothing was changed.")


def copy(source: Path, target: Path, follow: Follow) -> None:
    """Copy a database as it is at this moment into the empty file `target`, durably; others may write it meanwhile.

    Raises StoreError when it cannot be read or written.
    """
    _copy(lambda: open_for_reading(source), source, target, follow)


def copy_at_rest(source: Path, target: Path, follow: Follow) -> None:
    """Do the same with a file that nobody writes; nothing is written beside it."""
    _copy(lambda: _reading_alone(source), source, target, follow)


def _copy(opens: Callable[[], sqlite3.Connection], source: Path, target: Path, follow: Follow) -> None:
    try:
        with (
            contextlib.closing(opens()) as reading,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writing,
        ):
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the snapshot is taken here
            reading.backup(writing, pages=PAGES_AT_ONCE, progress=lambda _, left, total: follow(total - left, total))
            writing.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        flush(target)
    except sqlite3.Error as error:
        raise StoreError(f"{source} could not be copied to {target} ({error}). {_MEND}") from error


def doubt(path: Path, at: datetime) -> None:
    """Write into a copy that it is restored `at` now, so that nothing is delivered from it unless it is looked for.

    One of before there was an outbox has nothing to deliver. Raises StoreError.
    """
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchone():
                connection.execute(DOUBT_WHAT_IS_LEFT)
                connection.execute("INSERT OR REPLACE INTO facts VALUES (?, '', ?)", (RESTORED, text(at)))
        flush(path)
    except sqlite3.Error as error:
        raise StoreError(f"{path} could not be written ({error}). {_MEND}") from error


def begin(path: Path) -> None:
    """Make an empty file that only its owner may read; one left over under that name by a killed process goes."""
    for ending in ("", *BESIDE):
        _beside(path, ending).unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def discard(path: Path) -> None:
    """Take a file away, with what stands beside it."""
    for ending in ("", *BESIDE):
        with contextlib.suppress(OSError):
            _beside(path, ending).unlink(missing_ok=True)


def leftovers(path: Path) -> list[Path]:
    """List what stands beside a name as if a database of that name were in use."""
    return [_beside(path, ending) for ending in BESIDE[:2] if _beside(path, ending).exists()]


def place(new: Path, path: Path, *, over: bool = False) -> None:
    """Give a finished file its name, durably; FileExistsError where it is taken, unless `over` it."""
    if over:
        new.replace(path)
    else:
        _take_name(new, path)
    flush(path.parent)


def put_in_place(new: Path, path: Path, aside: Path, follow: Follow) -> bool:
    """Let `new` be the database at `path`, and keep the one that is there as `aside`; tells whether there was one.

    At every instant either the old or the new one stands at `path`, whole. Raises StoreError, and then nothing has
    changed, when another process has the old one open.
    """
    if not path.exists():
        for left in leftovers(path):  # of a database that is gone: they would be taken for a part of the new one
            left.rename(f"{aside}{left.name.removeprefix(path.name)}")
        _beside(path, "-shm").unlink(missing_ok=True)
        _give(new, path.parent.stat())
        place(new, path)
        return False
    with _alone_with(path) as (held, is_sound):
        old = os.fstat(held)
        if is_sound and leftovers(path):
            raise _in_use(path)  # somebody came and was killed meanwhile
        _copy_held(held, aside, old.st_size, follow)
        new.chmod(old.st_mode & 0o777)
        _give(new, old)
        for left in leftovers(path):
            left.rename(f"{aside}{left.name.removeprefix(path.name)}")
        if not is_sound:
            _beside(path, "-shm").unlink(missing_ok=True)
        place(new, path, over=True)
        # who opened the old one just now and waits for its lock would go on with what has no name any more
        os.pwrite(held, NOT_A_DATABASE, 0)
    return True


def _give(new: Path, like: os.stat_result) -> None:
    """Let whoever owns the other own it, too: `restore` may be run by root, and `serve` is not."""
    with contextlib.suppress(PermissionError):
        os.chown(new, like.st_uid, like.st_gid)


def must_be_free(path: Path) -> None:
    """Make sure that no other process has the database open; raises StoreError."""
    if path.exists():
        with _alone_with(path):
            pass


def must_be_up_to_date(path: Path) -> None:
    """Make sure that there is a database with all that this program knows of; raises StoreError."""
    must_be_there(path)
    if steps_lacking(path)[1]:
        raise StoreError(f"{path} is from an older Baton. Bring it up to date with `migrate` first.")


def steps_lacking(path: Path) -> tuple[list[str], list[str]]:
    """List the schema steps that a database has, and those that it lacks; StoreError where it is not ours to use."""
    check(path)
    has = (names_applied(path) or []) if path.exists() and path.stat().st_size else []
    return has, [name for name in names_known() if name not in has]


def migrate(path: Path) -> None:
    """Bring a database up to date, or make it; all of it or nothing. Raises StoreError."""
    open_for_writing(path).close()


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


_MEND = "Check the disk's free space and the folder's rights."


def _reading_alone(path: Path) -> sqlite3.Connection:
    """Open a file that nobody writes: nothing is locked, nor made beside it, unless a part of it stands there."""
    alone = "" if leftovers(path) else "&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{alone}", uri=True, isolation_level=None)


@contextlib.contextmanager
def _alone_with(path: Path) -> Iterator[tuple[int, bool]]:
    """Hold a database so that no other process can open it: its descriptor, and whether SQLite could read it.

    POSIX forgets the locks of a process as soon as it closes any descriptor of the file, so nothing else may open it.
    """
    is_sound = _fold_in(path)
    held = os.open(path, os.O_RDWR)
    try:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCKS, FIRST_LOCK)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                raise _in_use(path) from error
            raise
        yield held, is_sound
    finally:
        os.close(held)


def _fold_in(path: Path) -> bool:
    """Let the journal beside a database become a part of it, which only works alone; False for a damaged one."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.Error as error:
        if is_busy(error):
            raise _in_use(path) from error
        return False
    return True


def _copy_held(held: int, aside: Path, size: int, follow: Follow) -> None:
    begin(aside)
    done = 0
    with aside.open("r+b") as kept:
        while piece := os.pread(held, PIECE, done):
            kept.write(piece)
            done += len(piece)
            follow(done, size)
        kept.flush()
        os.fsync(kept.fileno())


def _take_name(new: Path, path: Path) -> None:
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        new.rename(path)
    else:
        new.unlink()


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _in_use(path: Path) -> StoreError:
    return StoreError(f"Another process has {path} open: stop `serve` first. Nothing was changed.")


def _unreadable(path: Path, error: sqlite3.Error) -> StoreError:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
        return StoreError(f"{path} is damaged ({error}).")
    return StoreError(f"{path} cannot be read as a database ({error}).")
