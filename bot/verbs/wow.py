"""`python -m bot wow …`."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.verbs import EXIT_CODES, As, NoWait, Verbs, by, end, in_terminal, is_wrong, ran_in_terminal, show_help

MOST_WEEKS = 52
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
WAITING = (
    "Once begun, it waits when GitLab does not answer; Ctrl-C leaves it to a running `serve`, and the same command "
    "carries on with it."
)


wow = typer.Typer(cls=Verbs, help="The Workout of the Week, as `/wow` in Slack; alone: the status, and these commands.")
wow.command("help", hidden=True)(show_help)


@wow.callback(invoke_without_command=True)
def _overview(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        code = ran_in_terminal(lambda bot: _terminal().status(bot, by()))
        typer.echo(context.get_help())
        end(code)


@wow.command(epilog=EXIT_CODES)
def status() -> None:
    """Say how the current week stands."""
    in_terminal(lambda bot: _terminal().status(bot, by()))


@wow.command("next", epilog=EXIT_CODES)
def next_week() -> None:
    """Say what is planned for the next week."""
    in_terminal(lambda bot: _terminal().following(bot, by()))


@wow.command(epilog=EXIT_CODES, context_settings={"ignore_unknown_options": True})
def history(weeks: Annotated[str, typer.Argument(help="How many, from 1 to 52.", metavar="WEEKS")] = "5") -> None:
    """List the last closed weeks."""
    if not re.fullmatch("[0-9]{1,4}", weeks, re.ASCII) or not 1 <= int(weeks) <= MOST_WEEKS:
        is_wrong(f"Please give one number of weeks, from 1 to {MOST_WEEKS}.")
    in_terminal(lambda bot: _terminal().history(bot, by(), int(weeks)))


@wow.command(epilog=EXIT_CODES)
def report(
    day: Annotated[
        str,
        typer.Argument(
            help="A day of the week, yyyy-mm-dd; left out: the current week, or one closed within a day.", metavar="DAY"
        ),
    ] = "",
    picture: Annotated[Path | None, typer.Option("--picture", help="Also draw it into this file, as PNG.")] = None,
) -> None:
    """Report a week in numbers, beside the weeks before."""
    in_terminal(lambda bot: _terminal().report(bot, by(), day, picture))


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def ap(
    issue: Annotated[str, typer.Argument(help="Its number, or the address of its page.", metavar="ISSUE")],
    *,
    urgency: Annotated[str, typer.Option(help="U1 (outage likely within a month), U2 (three months) or U3 (not).")],
    impact: Annotated[str, typer.Option(help="I1 (outage of 25 minutes or more), I2 (5 to 25) or I3 (less).")],
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Set the AP label that urgency and impact give."""
    sides = _side("--urgency", "U", urgency), _side("--impact", "I", impact)
    person = by(who)
    in_terminal(lambda bot: _terminal().ap(bot, person, issue, *sides, wait=not no_wait))


def _side(option: str, letter: str, typed: str) -> str:
    """Read one side of the matrix: U1, u1 or 1."""
    number = typed.casefold().removeprefix(letter.casefold())
    if number not in {"1", "2", "3"}:
        is_wrong(f"{option} is {letter}1, {letter}2 or {letter}3.")
    return f"{letter}{number}"


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def add(
    issue: Annotated[str, typer.Argument(help="Its number, or the address of its page.", metavar="ISSUE")],
    *,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Put an issue into the current week, and label it if the week has started."""
    person = by(who)
    in_terminal(lambda bot: _terminal().add(bot, person, issue, wait=not no_wait))


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def check(*, no_wait: NoWait = False, who: As = "") -> None:
    """Label late additions now, and list what was done."""
    person = by(who)
    in_terminal(lambda bot: _terminal().check(bot, person, wait=not no_wait))


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def rollover(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="ending yyyy-mm-dd", help="The same as --ending, as in Slack.")
    ] = None,
    *,
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
        is_wrong("Give the week's last day once: with --ending, or without.")
    person, given = by(who), " ".join(words or ()) or ending
    in_terminal(lambda bot: _terminal().roll_over(bot, person, given, dry_run=dry_run, yes=yes, wait=not no_wait))


@wow.command(epilog=f"{WAITING} {EXIT_CODES}")
def undo(*, dry_run: DryRun = False, yes: Yes = False, no_wait: NoWait = False, who: As = "") -> None:
    """Take the last rollover back: shown first, done after you agree."""
    _agree(dry_run=dry_run, yes=yes, no_wait=no_wait)
    person = by(who)
    in_terminal(lambda bot: _terminal().undo(bot, person, dry_run=dry_run, yes=yes, wait=not no_wait))


def _agree(*, dry_run: bool, yes: bool, no_wait: bool) -> None:
    """Refuse options that contradict each other."""
    if dry_run and (yes or no_wait):
        other = "--yes" if yes else "--no-wait"
        is_wrong(f"--dry-run only shows, {other} is for doing it: give one of the two.")


def _terminal() -> Any:  # noqa: ANN401 - a module, loaded when it is needed
    from bot.terminal import wow as twins

    return twins
