"""What is said while somebody looks after the database, at a terminal."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.messages import count

CONTENTS: Final[Mapping[str, tuple[str, str]]] = {
    "events": ("event", ""),
    "outages": ("outage", ""),
    "shifts": ("shift", ""),
    "rollovers": ("week rolled over", "weeks rolled over"),
    "audit": ("line of the audit", "lines of the audit"),
    "deliveries": ("operation not delivered yet", "operations not delivered yet"),
}
_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def size(number: float) -> str:
    """Write how large something is: 12.4 MB."""
    power = 0
    while number >= 999.5 and power < len(_UNITS) - 1:
        number, power = number / 1000, power + 1
    return f"{number:.0f} {_UNITS[power]}" if power == 0 or number >= 99.5 else f"{number:.1f} {_UNITS[power]}"


def contents(rows: Mapping[str, int]) -> str:
    """List what is in a database."""
    return ", ".join(
        f"{rows[what]:,} {_one_of(rows[what], *names)}" for what, names in CONTENTS.items() if what in rows
    )


def _one_of(number: int, one: str, many: str) -> str:
    return count(number, one, many).partition(" ")[2]


def stamp(at: datetime) -> str:
    """Write an instant into a file's name."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def part(doing: str, done: int, total: int) -> str:
    """Say how far something is."""
    return f"{doing}: {done * 100 // max(total, 1)} % …"


CHECKING: Final = "Checking the copy …"


# backup


def backed_up(file: Path, bytes_: int, rows: Mapping[str, int], lacking: Sequence[str]) -> str:
    """Say that a backup is there."""
    older = f"\n{_older(lacking)}" if lacking else ""
    return f"Backed up to {file}: {size(bytes_)}, checked.\nIn it: {contents(rows)}.{older}"


def is_there_already(file: Path) -> str:
    """Refuse to overwrite a file."""
    return f"There is a file {file} already. Nothing was done: name another, or add --yes to replace it."


def is_the_database(file: Path) -> str:
    """Refuse to take the database for its own backup."""
    return f"{file} is the database itself. Nothing was done: name another file."


def looks_used(left: Path) -> str:
    """Refuse a name under which a database seems to be open."""
    return (
        f"{left} belongs to a database of that name, and would be read as a part of this one. Nothing was done: "
        "name another file."
    )


def no_folder(folder: Path) -> str:
    """Say that there is no such folder."""
    return f"There is no folder {folder}. Nothing was done: make it, or name another."


def disk_trouble(file: object, reason: str) -> str:
    """Say that the disk or the rights are in the way."""
    what = f"{file}: {reason}" if file else reason
    return f"The disk does not let me ({what}). Check its free space, and the rights of file and folder."


# restore


def would_restore(database: Path, file: Path, bytes_: int, rows: Mapping[str, int]) -> str:
    """Say what a restore would do, and how to let it."""
    return (
        f"{file} is sound: {size(bytes_)}.\nIn it: {contents(rows)}.\nNothing was done: {database} is there already. "
        "Add --yes to replace it; the old one is kept beside it."
    )


def restored(
    database: Path, file: Path, bytes_: int, rows: Mapping[str, int], aside: Path | None, lacking: Sequence[str]
) -> str:
    """Say that a backup is the database now."""
    kept = f"\nThe one before is kept as {aside}." if aside else ""
    older = f"\n{_older(lacking)}" if lacking else ""
    return f"Restored {database} from {file}: {size(bytes_)}, checked.\nIn it: {contents(rows)}.{kept}{older}"


def came_meanwhile(database: Path) -> str:
    """Say that a database was made while another was to be put there."""
    return f"Another process has made {database} meanwhile: stop `serve` first. Nothing was changed."


def _older(lacking: Sequence[str]) -> str:
    return f"It is from an older Baton ({steps(lacking)} to come): `serve` or `migrate` brings it up to date."


# migrate


def steps(names: Sequence[str]) -> str:
    """Count steps of the schema, and name them."""
    return f"{count(len(names), 'step')}: {', '.join(names)}"


def up_to_date(database: Path, last: str) -> str:
    """Say that there is nothing to do."""
    return f"{database} is up to date (“{last}”). Nothing was done."


def would_migrate(database: Path, has: Sequence[str], lacking: Sequence[str]) -> str:
    """Say what a migration would do."""
    there = f"{database} is at “{has[-1]}”" if has else f"There is no database at {database} yet"
    return f"{there}. To come, {steps(lacking)}. Nothing was done."


def migrating(database: Path, lacking: Sequence[str]) -> str:
    """Say what goes on."""
    return f"Bringing {database} up to date, {count(len(lacking), 'step')} …"


def migrated(database: Path, has: Sequence[str], lacking: Sequence[str]) -> str:
    """Say what was done."""
    if not has:
        return f"Made {database}, up to date (“{lacking[-1]}”)."
    return f"Brought {database} up to date, from “{has[-1]}” to “{lacking[-1]}” ({steps(lacking)})."
