"""What the commands of a terminal share: their options, and how one runs and ends. A file for each noun; argv only."""

import asyncio
import getpass
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from bot.settings import Settings, SettingsError, read
from bot.terminal import PROGRAM, WRONG

if TYPE_CHECKING:
    from bot.app import Bot

COMMAND = "baton"
"""The program's name as a command of its own, beside `python -m bot`."""
INTERRUPTED = 130
SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,}")
As = Annotated[str, typer.Option("--as", help="Slack id of the person you act for; else your user name is recorded.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Write it down, and leave it to a running `serve`.")]
EXIT_CODES = (
    "Exit codes: 0 done, shown, left to `serve`, or nothing left to do; 1 refused or declined; "
    "2 wrong settings or options; 3 GitLab does not answer; 4 begun, but GitLab refused a part of it; 130 Ctrl-C."
)


class Verbs(TyperGroup):
    """A group of commands; of one that is not there, only a near name is suggested."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer shows no class for it
        """Find the command that was typed."""
        name = args[0].casefold()
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing:  # it is not being completed
            near = self._near(name)
            words = f"No such command '{args[0]}'.{near}"
            is_wrong(f"{words} See `{ctx.command_path} --help`.")
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
        more["complete_var"] = f"_{COMMAND.upper()}_COMPLETE"
        if any(word.startswith(("--install-completion", "--show-completion")) for word in sys.argv[1:]):
            more["prog_name"] = COMMAND  # a shell completes the words behind one name, not behind `python -m bot`
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
            code = WRONG
        return sys.exit(code or 0) if standalone_mode else code


def in_terminal(work: "Callable[[Bot], Awaitable[int]]") -> NoReturn:
    """Run a command at a terminal, and end with its exit code."""
    end(ran_in_terminal(work))


def ran_in_terminal(work: "Callable[[Bot], Awaitable[int]]") -> int:
    """Run something at a terminal; gives its exit code."""
    from bot import app
    from bot.telemetry import start_logging

    found = settings()
    start_logging(level=logging.ERROR, secrets=found.secrets())
    return run(app.in_terminal(found, work))


def settings() -> Settings:
    """Read the settings; a wrong one is said before anything heavy is loaded."""
    try:
        return read()
    except SettingsError as error:
        is_wrong(str(error))


def run(work: Coroutine[Any, Any, int | None]) -> int:
    """Run something on a loop; gives its exit code."""
    from bot.store import StoreError

    try:
        return _runner()(work) or 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except StoreError as error:
        typer.echo(str(error), err=True)
        return WRONG


def _runner() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    try:
        import uvloop
    except ImportError:  # not made for every platform; asyncio's own loop does
        return asyncio.run
    return uvloop.run


def end(code: int) -> NoReturn:
    """End with an exit code."""
    raise typer.Exit(code)


def is_wrong(words: str) -> NoReturn:
    """Say what is wrong with what was typed, and end."""
    typer.echo(words, err=True)
    raise typer.Exit(WRONG)


def by(who: str = "") -> str:
    """Tell who acts: somebody of Slack, else the machine's user."""
    if who and not SLACK_ID.fullmatch(who):
        is_wrong(f"--as: “{who}” is not a Slack id such as U0123ABCD.")
    return who or f"terminal:{getpass.getuser()}"


def show_help(context: typer.Context) -> None:
    """Show the commands of the group that `help` was asked of."""
    typer.echo(context.parent.get_help() if context.parent else "")
