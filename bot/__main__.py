"""`python -m bot …`: serve, and the terminal twins of the commands, for the day on which Slack itself is down."""

import asyncio
import errno
import getpass
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

try:
    import typer
    from typer.core import TyperGroup
except ModuleNotFoundError:
    sys.exit("Use .venv/bin/python -m bot, after make setup.")

from bot.settings import Settings, SettingsError, read

if TYPE_CHECKING:
    from bot.app import Bot

PROGRAM = ".venv/bin/python -m bot"
WRONG_SETTINGS = 2
INTERRUPTED = 130
LATER = ("event", "handoff", "doctor", "backup", "restore", "migrate")
LATER_WOW = ("report", "ap")
"""Commands that are not there yet."""


class Verbs(TyperGroup):
    """A group of commands: one that is not there yet is said to be so, and only a near name is suggested."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer shows no class for it
        """Find the command that was typed."""
        name = args[0].casefold()
        if self.get_command(ctx, name) is None:
            later = LATER if ctx.parent is None else LATER_WOW
            words = (
                f"`{name}` is not there yet." if name in later else f"No such command '{args[0]}'.{self._near(name)}"
            )
            _is_wrong(f"{words} See `{ctx.command_path} --help`.")
        return super().resolve_command(ctx, args)

    def _near(self, name: str) -> str:
        """Name what may have been meant; what is less alike must at least begin alike."""
        alike = [one for one in self.commands if one[0] == name[:1]]
        found = get_close_matches(name, self.commands, n=1, cutoff=0.75) or get_close_matches(name, alike, n=1)
        return f" Did you mean '{found[0]}'?" if found else ""


class Program(Verbs):
    """The whole program: what is wrong with the words that were typed is said in one sentence, as all else is."""

    def main(self, *arguments: Any, standalone_mode: bool = True, **more: Any) -> Any:  # noqa: ANN401 - typer's own
        """Run the command that was typed, and end."""
        try:
            code = super().main(*arguments, standalone_mode=False, **more)  # type: ignore[misc] # given by name
        except typer.Abort:
            code = INTERRUPTED
        except Exception as error:
            say = getattr(error, "format_message", None)
            if say is None or not standalone_mode:  # typer does not show the class that all its complaints have
                raise
            words, context = str(say()), getattr(error, "ctx", None)
            if words and "\n" not in words:  # where it does not give the help itself
                words = f"{words.rstrip('.?')}. See `{context.command_path if context else PROGRAM} --help`."
            if words:  # there are none where the help is on the screen already
                typer.echo(words, err=True)
            code = WRONG_SETTINGS
        return sys.exit(code or 0) if standalone_mode else code


cli = typer.Typer(
    name="bot",
    cls=Program,
    help="Baton: turns the week in GitLab, from Slack or from here.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"token_normalize_func": str.casefold},
)
wow = typer.Typer(cls=Verbs, help="The Workout of the Week, as `/wow` in Slack; alone: the status, and these commands.")
cli.add_typer(wow, name="wow")

MOST_WEEKS = 52
SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,}")
As = Annotated[str, typer.Option("--as", help="Slack id of the person you act for; else your user name is recorded.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Write it down, and leave it to a running `serve`.")]
EXIT_CODES = (
    "Exit codes: 0 done, shown, left to `serve`, or nothing left to do; 1 refused or declined; "
    "2 wrong settings or options; 3 GitLab does not answer; 4 begun, but GitLab refused a part of it; 130 Ctrl-C."
)
WAITING = (
    "Once begun, it waits for a GitLab that falls silent; Ctrl-C leaves it to a running `serve`, "
    "and the same command carries on with it."
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Baton {version_of('baton')}")
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version, and end.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    del version


@cli.command()
def serve(
    now: Annotated[
        str, typer.Option(help="For rehearsals: begin as if it were this instant (ISO 8601), the clock running on.")
    ] = "",
) -> None:
    """Run the bot until SIGTERM or Ctrl-C."""
    settings = _settings()  # a wrong one is said before anything heavy is loaded
    from bot import app
    from bot.telemetry import start_logging

    start_logging(level=logging.INFO, secrets=settings.secrets())
    clock = _clock_from(now) if now else app.now
    try:
        code = _run(app.serve(settings, clock))
    except OSError as error:
        _is_wrong(_cannot_listen(settings, error))
    _exit_with(code)


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
    _exit_with(shown.run(port, once=once, picture=picture) if touring else shown.show(port))


@wow.callback(invoke_without_command=True)
def _overview(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        code = _ran_in_terminal(lambda bot: _terminal().status(bot, _by()))
        typer.echo(context.get_help())
        _exit_with(code)


@wow.command(epilog=EXIT_CODES)
def status() -> None:
    """Say how the current week stands."""
    _in_terminal(lambda bot: _terminal().status(bot, _by()))


@wow.command("next", epilog=EXIT_CODES)
def next_week() -> None:
    """Say what is planned for the next week."""
    _in_terminal(lambda bot: _terminal().following(bot, _by()))


@wow.command(epilog=EXIT_CODES, context_settings={"ignore_unknown_options": True})
def history(weeks: Annotated[str, typer.Argument(help="How many, from 1 to 52.", metavar="WEEKS")] = "5") -> None:
    """List the last closed weeks."""
    if not re.fullmatch("[0-9]{1,4}", weeks, re.ASCII) or not 1 <= int(weeks) <= MOST_WEEKS:
        _is_wrong(f"Please give one number of weeks, from 1 to {MOST_WEEKS}.")
    _in_terminal(lambda bot: _terminal().history(bot, _by(), int(weeks)))


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def add(
    issue: Annotated[str, typer.Argument(help="Its number, or the address of its page.", metavar="ISSUE")],
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Put an issue into the current week, labelled where that has started."""
    by = _by(who)
    _in_terminal(lambda bot: _terminal().add(bot, by, issue, wait=not no_wait))


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def check(no_wait: NoWait = False, who: As = "") -> None:
    """Label late additions now, and list what was done."""
    by = _by(who)
    _in_terminal(lambda bot: _terminal().check(bot, by, wait=not no_wait))


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def rollover(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="ending yyyy-mm-dd", help="The same as --ending, as in Slack.")
    ] = None,
    ending: Annotated[str, typer.Option(help="The week's last day, yyyy-mm-dd, if it is not the last Tuesday.")] = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Close the week and begin the next: shown first, done after you agree.

    A week that was rolled over already stays as it is, and the exit code is 0.
    """
    _agree(dry_run=dry_run, yes=yes, no_wait=no_wait)
    if words and ending:
        _is_wrong("Give the week's last day once: with --ending, or without.")
    by, given = _by(who), " ".join(words or ()) or ending
    _in_terminal(lambda bot: _terminal().roll_over(bot, by, given, dry_run=dry_run, yes=yes, wait=not no_wait))


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def undo(dry_run: DryRun = False, yes: Yes = False, no_wait: NoWait = False, who: As = "") -> None:
    """Take the last rollover back: shown first, done after you agree."""
    _agree(dry_run=dry_run, yes=yes, no_wait=no_wait)
    by = _by(who)
    _in_terminal(lambda bot: _terminal().undo(bot, by, dry_run=dry_run, yes=yes, wait=not no_wait))


@wow.command("help", hidden=True)
def help_(context: typer.Context) -> None:
    """Show the commands."""
    typer.echo(context.parent.get_help() if context.parent else "")


def _agree(*, dry_run: bool, yes: bool, no_wait: bool) -> None:
    """Refuse options that contradict each other."""
    if dry_run and (yes or no_wait):
        other = "--yes" if yes else "--no-wait"
        _is_wrong(f"--dry-run only shows, {other} is for doing it: give one of the two.")


def _terminal() -> Any:  # noqa: ANN401 - a module, loaded when it is needed
    from bot import terminal

    return terminal


def _settings() -> Settings:
    try:
        return read()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_SETTINGS) from None


def _in_terminal(work: "Callable[[Bot], Awaitable[int]]") -> None:
    _exit_with(_ran_in_terminal(work))


def _ran_in_terminal(work: "Callable[[Bot], Awaitable[int]]") -> int:
    from bot import app
    from bot.telemetry import start_logging

    settings = _settings()
    start_logging(level=logging.ERROR, secrets=settings.secrets())
    return _run(app.in_terminal(settings, work))


def _run(work: Coroutine[Any, Any, int | None]) -> int:
    from bot.store import StoreError

    try:
        return _runner()(work) or 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except StoreError as error:
        typer.echo(str(error), err=True)
        return WRONG_SETTINGS


def _cannot_listen(settings: Settings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"PORT: another program listens on {where}. Stop it, or set another PORT."
    return f"HOST, PORT: cannot listen on {where} ({(error.strerror or str(error)).lower()})."


def _runner() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    try:
        import uvloop
    except ImportError:  # not made for every platform; asyncio's own loop does
        return asyncio.run
    return uvloop.run


def _exit_with(code: int) -> None:
    raise typer.Exit(code)


def _is_wrong(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(WRONG_SETTINGS)


def _by(who: str = "") -> str:
    if who and not SLACK_ID.fullmatch(who):
        _is_wrong(f"--as: “{who}” is not a Slack id such as U0123ABCD.")
    return who or f"terminal:{getpass.getuser()}"


def _clock_from(text: str) -> Callable[[], datetime]:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        _is_wrong(f"--now: “{text}” is not an instant such as 2026-11-25T09:00Z.")
    ahead: timedelta = (start if start.tzinfo else start.replace(tzinfo=UTC)) - datetime.now(UTC)
    return lambda: datetime.now(UTC) + ahead


if __name__ == "__main__":
    cli(prog_name=PROGRAM)
