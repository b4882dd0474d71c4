"""`python -m bot …`: serve, and the terminal twins of the commands, for the day on which Slack itself is down."""

import errno
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

try:
    import typer
except ModuleNotFoundError:
    sys.exit("Use .venv/bin/python -m bot, after make setup.")

from bot.settings import Settings
from bot.terminal import PROGRAM
from bot.verbs import COMMAND, Program, end, is_wrong, keeping, run, settings
from bot.verbs.doctor import EXIT_CODES as DOCTORS_CODES
from bot.verbs.doctor import doctor
from bot.verbs.event import event
from bot.verbs.handoff import handoff
from bot.verbs.wow import wow

cli = typer.Typer(
    name="bot",
    cls=Program,
    help="Baton: turns the week in GitLab, keeps the log of production, and passes the pager on, from Slack or from here.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"token_normalize_func": str.casefold},
)
cli.add_typer(wow, name="wow")
cli.add_typer(event, name="event")
cli.add_typer(handoff, name="handoff")
cli.command(epilog=DOCTORS_CODES)(doctor)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Baton {version_of('baton')}")
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version, and end.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    del version


@cli.command()
def serve(
    now: Annotated[str, typer.Option(help="For rehearsals: start as if it were this time (ISO 8601).")] = "",
) -> None:
    """Run the bot until SIGTERM or Ctrl-C."""
    found = settings()
    from bot import app
    from bot.telemetry import start_logging

    start_logging(level=logging.INFO, secrets=found.secrets())
    clock = _clock_from(now) if now else app.now
    try:
        code = run(app.serve(found, clock))
    except OSError as error:
        is_wrong(_cannot_listen(found, error))
    end(code)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.", min=0, max=65535)] = 8642,
    tour: Annotated[bool, typer.Option("--tour", help="Play a lead's Wednesday in the terminal instead.")] = False,
    once: Annotated[bool, typer.Option("--once", help="The tour, which then ends by itself.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Save the tour's best scenes there, as an SVG image.")] = None,
) -> None:
    """Show Baton between an emulated Slack and GitLab, on a page in the browser, with no account anywhere."""
    from bot import demo as shown

    touring = tour or once or picture is not None
    end(shown.run(port, once=once, picture=picture) if touring else shown.show(port))


keeping.add_to(cli)


def _cannot_listen(found: Settings, error: OSError) -> str:
    where = f"{found.host}:{found.port}"
    if error.errno == errno.EADDRINUSE:
        return f"PORT: another program listens on {where}. Stop it, or set another PORT."
    return f"HOST, PORT: cannot listen on {where} ({(error.strerror or str(error)).lower()})."


def _clock_from(text: str) -> Callable[[], datetime]:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        is_wrong(f"--now: “{text}” is not an instant such as 2026-11-25T09:00Z.")
    ahead: timedelta = (start if start.tzinfo else start.replace(tzinfo=UTC)) - datetime.now(UTC)
    return lambda: datetime.now(UTC) + ahead


def main() -> None:
    """Run as the command `baton`, whose words a shell can complete."""
    cli(prog_name=COMMAND)


if __name__ == "__main__":
    cli(prog_name=PROGRAM)
