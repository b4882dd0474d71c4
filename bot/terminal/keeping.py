"""Looking after the database from a terminal: a copy of it, another one in its place, and bringing it up to date.

Nothing here needs Slack or GitLab, or that Baton runs; a copy may be made while it does.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from rich.text import Text

from bot.messages import keeping as say
from bot.store import StoreError, keeping
from bot.terminal import DONE, REFUSED
from bot.terminal.printer import Follow as Shows
from bot.terminal.printer import Printer


def back_up(database: Path, named: Path | None, at: datetime, *, yes: bool) -> int:
    """Copy the database while others may write it; the copy has its name only when it is whole and was looked through."""
    printer = Printer()
    file = _named(named, f"{database.stem}-{say.stamp(at)}.db")
    keeping.must_be_there(database)
    if wrong := _why_not_there(database, file, yes=yes):
        printer.whole(wrong)
        return REFUSED
    new = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with printer.following() as shows:
            found = _copied(lambda follow: keeping.copy(database, new, follow), new, "Copying", shows)
        keeping.place(new, file, over=yes)
    except FileExistsError:  # somebody was quicker
        printer.whole(say.is_there_already(file))
        return REFUSED
    finally:
        keeping.discard(new)
    printer.whole(say.backed_up(file, found.size, found.rows, found.lacking))
    return DONE


def restore(database: Path, file: Path, at: datetime, *, yes: bool) -> int:
    """Let a backup be the database; the one that is there is kept beside it."""
    printer = Printer()
    keeping.must_be_ours(file)
    database = database.resolve()  # a link goes on to lead there
    if not database.parent.is_dir():
        raise StoreError(say.no_folder(database.parent))
    if _is_same(file, database):
        printer.whole(say.is_the_database(file))
        return REFUSED
    keeping.must_not_be_anothers(database)
    if database.exists() and not yes:
        found = keeping.examine(file)
        printer.whole(say.would_restore(database, file, found.size, found.rows))
        return REFUSED
    keeping.must_be_free(database)
    new = database.with_name(f".{database.name}.{os.getpid()}.restoring")
    aside = _free_name(database.with_name(f"{database.stem}-before-restore-{say.stamp(at)}.db"))
    try:
        with printer.following() as shows:
            found = _copied(lambda follow: keeping.copy_at_rest(file, new, follow), new, "Copying", shows)
            keeping.doubt(new, at)
            kept = keeping.put_in_place(new, database, aside, _showing(shows, "Keeping the one before"))
    except FileExistsError as error:
        raise StoreError(say.came_meanwhile(database)) from error
    finally:
        keeping.discard(new)
    printer.whole(say.restored(database, file, found.size, found.rows, aside if kept else None, found.lacking))
    return DONE


def migrate(database: Path, *, dry_run: bool) -> int:
    """Bring the database up to date, or only say what there is to do."""
    printer = Printer()
    has, lacking = keeping.steps_lacking(database)
    if not lacking:
        printer.whole(say.up_to_date(database, has[-1]))
        return DONE
    if dry_run:
        printer.whole(say.would_migrate(database, has, lacking))
        return DONE
    with printer.following() as shows:
        shows(Text(say.migrating(database, lacking)), False)
        keeping.migrate(database)
    printer.whole(say.migrated(database, has, lacking))
    return DONE


def _named(named: Path | None, usual: str) -> Path:
    """Give the file that was named; in a folder that was named, or here, it has its usual name."""
    if named is None or named.is_dir():
        return (named or Path()) / usual
    return named


def _why_not_there(database: Path, file: Path, *, yes: bool) -> str:
    if _is_same(file, database):
        return say.is_the_database(file)
    if not file.parent.is_dir():
        return say.no_folder(file.parent)
    if os.path.lexists(file) and not yes:
        return say.is_there_already(file)
    left = keeping.leftovers(file)
    return say.looks_used(left[0]) if left else ""


def _copied(copies: Callable[[keeping.Follow], None], new: Path, doing: str, shows: Shows) -> keeping.Contents:
    """Make a copy under a name of its own, and look through it."""
    keeping.begin(new)
    copies(_showing(shows, doing))
    shows(Text(say.CHECKING), True)
    return keeping.examine(new)


def _showing(shows: Shows, doing: str) -> keeping.Follow:
    return lambda done, total: shows(Text(say.part(doing, done, total)), False)


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False


def _free_name(path: Path) -> Path:
    """Give a name that nothing has yet: two restores may begin in one second."""
    names = (path, *(path.with_stem(f"{path.stem}-{number}") for number in range(2, 100)))
    return next(one for one in names if not os.path.lexists(one))
