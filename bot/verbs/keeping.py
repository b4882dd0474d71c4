"""`python -m bot backup`, `restore`, `migrate`, `audit` and `explore`: looking after what is remembered.

They need `DATABASE_URL` alone, so they also work where no token is at hand.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from bot.settings import KeepingSettings, SettingsError, read_for_keeping
from bot.verbs import INTERRUPTED, end, is_wrong

ONLY = "Of the settings only DATABASE_URL is read."
EXIT_CODES = (
    "Exit codes: 0 done, or nothing left to do; 1 refused; 2 wrong settings or options, or the database, the file or "
    "the disk needs somebody; 130 Ctrl-C."
)

Yes = Annotated[bool, typer.Option("--yes", help="Replace what is there.")]
Format = Literal["text", "csv", "json"]
Outcome = Literal["done", "refused", "kept", "failed"]


def add_to(cli: typer.Typer) -> None:
    """Make these commands a part of the program."""
    cli.command(epilog=f"{ONLY} {EXIT_CODES}")(backup)
    cli.command(epilog=f"{ONLY} {EXIT_CODES}")(restore)
    cli.command(epilog=f"{ONLY} {EXIT_CODES}")(migrate)
    cli.command(epilog=f"Of the settings only DATABASE_URL and TEAM_TIMEZONE are read. {EXIT_CODES}")(audit)
    cli.command(epilog=f"Of the settings only DATABASE_URL and TEAM_TIMEZONE are read. {EXIT_CODES}")(explore)


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to: a file or a folder; left out: baton-<UTC time>.db here."),
    ] = None,
    *,
    yes: Yes = False,
) -> None:
    """Copy the database into a file, also while `serve` runs. The copy is checked before it gets its name."""
    from bot.terminal import keeping

    _keeps(lambda database, _: keeping.back_up(database, file, _now(), yes=yes))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    *,
    yes: Yes = False,
) -> None:
    """Replace the database with a backup; the old one is kept beside it. Stop `serve` first."""
    from bot.terminal import keeping

    _keeps(lambda database, _: keeping.restore(database, file, _now(), yes=yes))


def migrate(
    *, dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what there is to do.")] = False
) -> None:
    """Bring the database up to date, as `serve` does by itself."""
    from bot.terminal import keeping

    _keeps(lambda database, _: keeping.migrate(database, dry_run=dry_run))


def audit(
    *,
    number: Annotated[
        int | None,
        typer.Option(
            "-n", "--number", help="How many of the newest; 0: all.", min=0, show_default="50; csv, json: all"
        ),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who asked: Slack id, name, or terminal:name.")] = "",
    command: Annotated[str, typer.Option("--command", help="Commands that begin with this: /wow, event.edit.")] = "",
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help="How it ended.")] = None,
    since: Annotated[str, typer.Option("--since", help="yesterday 14:05, -2h, 2026-11-21, 14:05Z.")] = "",
    until: Annotated[str, typer.Option("--until", help="The same; a day counts as a whole.")] = "",
    format: Annotated[Format, typer.Option("--format", help="csv and json give all that match.")] = "text",
) -> None:
    """List who asked for what and how it ended, the newest last. Nothing in it can be changed or deleted."""
    from bot.terminal import audit as shown

    wanted = shown.Typed(by, command, outcome or "", since, until)
    _keeps(lambda database, found: shown.show(database, wanted, number, format, _now(), found.team_timezone))


def explore(
    *,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.", min=0, max=65535)] = 8001,
    private: Annotated[
        bool, typer.Option("--private", help="Show private events, too, to whoever has the address.")
    ] = False,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Show the log in the browser, to search and to count: a copy of what anybody may read, as it is now."""
    from bot.terminal import explore as shown

    _keeps(
        lambda database, found: shown.explore(
            database, found.team_timezone, _now(), port, with_private=private, open_browser=open_browser
        )
    )


def _keeps(work: Callable[[Path, KeepingSettings], int]) -> NoReturn:
    """Do something with the database that the settings name, and end with its exit code."""
    from bot.messages.keeping import disk_trouble
    from bot.store import StoreError, path_of

    try:
        found = read_for_keeping()
        code = work(path_of(found.database_url), found)
    except (SettingsError, StoreError) as error:
        is_wrong(str(error))
    except OSError as error:
        is_wrong(disk_trouble(error.filename, (error.strerror or str(error)).lower()))
    except KeyboardInterrupt:
        code = INTERRUPTED
    end(code)


def _now() -> datetime:
    return datetime.now(UTC)
