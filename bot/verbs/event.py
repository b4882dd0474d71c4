"""`python -m bot event …`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.verbs import EXIT_CODES, As, NoWait, Verbs, by, in_terminal, is_wrong, show_help

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.terminal.event import EventTwin

HIGHEST = 999_999_999
WORDS_AS_TYPED = {"ignore_unknown_options": True}
"""Words may begin with a minus, as `-10m` does."""
TIMES = "Times are in TEAM_TIMEZONE (with --as, in that person's zone of Slack) unless they end with Z or UTC."
LEFT = "What GitLab or Slack does not take at once is left to a running `serve`."

Kind = Literal["change", "incident"]
Priority = Literal["AP1", "AP2", "AP3"]
Out = Annotated[Path | None, typer.Option("--out", help="Write it into this file; otherwise it is printed.")]
OutageName = Annotated[
    str, typer.Argument(metavar="[OUTAGE]", help="O7, or the issue's number or address; left out: the ongoing one.")
]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Of the event.", min=1, max=HIGHEST)]

event = typer.Typer(cls=Verbs, help="The log of production, as `/event` in Slack; alone: these commands.")
event.command("help", hidden=True)(show_help)


@event.callback(invoke_without_command=True)
def _overview(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@event.command(epilog=f"{TIMES} {LEFT} {EXIT_CODES}", context_settings=WORDS_AS_TYPED)
def log(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="(change|incident) (time) text", help="Such as: incident -10m db1 stopped."),
    ] = None,
    *,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Put one line into the log."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).log(_joined(words), wait=not no_wait))


@event.command(epilog=f"Nobody is paged. {LEFT} {EXIT_CODES}")
def outage(
    title: Annotated[list[str] | None, typer.Argument(metavar="TITLE", help="What is wrong, in a few words.")] = None,
    *,
    seen: Annotated[str, typer.Option("--seen", help="What is seen.")] = "",
    data_loss: Annotated[bool, typer.Option("--data-loss", help="Data is lost, or seems to be.")] = False,
    confidential: Annotated[bool, typer.Option("--confidential", help="Only for members of the project.")] = False,
    critical: Annotated[bool, typer.Option("--critical", help="It cannot wait for the morning.")] = False,
    ap: Annotated[Priority | None, typer.Option("--ap", help="Availability and performance priority.")] = None,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Declare an outage: its issue is opened, and it begins now."""
    person, ticks = by(who), {"data_loss": data_loss, "confidential": confidential, "critical": critical}
    chosen = _given(seen=seen, ap=ap or "", **{name: "yes" for name, ticked in ticks.items() if ticked})
    in_terminal(lambda bot: _twin(bot, person).declare(_joined(title), chosen, wait=not no_wait))


@event.command(epilog=f"{LEFT} {EXIT_CODES}")
def resolve(named: OutageName = "", *, no_wait: NoWait = False, who: As = "") -> None:
    """End an outage: its issue is closed, and a post-mortem is due."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).resolve(named, wait=not no_wait))


@event.command("list", epilog=f"{TIMES} {EXIT_CODES}", context_settings=WORDS_AS_TYPED)
def list_(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="n | today | since TIME", help="Left out: the newest ten.")
    ] = None,
    *,
    who: As = "",
) -> None:
    """List the newest events, the newest last."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).looks(f"list {_joined(words)}"))


@event.command(epilog=EXIT_CODES, context_settings=WORDS_AS_TYPED)
def find(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="repl* finds what begins with repl.")
    ] = None,
    *,
    who: As = "",
) -> None:
    """Search the log."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).looks(f"find {_joined(words)}"))


@event.command(epilog=EXIT_CODES)
def timeline(
    named: OutageName = "",
    *,
    picture: Annotated[Path | None, typer.Option("--picture", help="Also draw it into this file, as PNG.")] = None,
    who: As = "",
) -> None:
    """Tell an outage in the order in which things happened."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).timeline(named, picture))


@event.command(epilog=f"{TIMES} {EXIT_CODES}", context_settings=WORDS_AS_TYPED)
def export(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="(md|csv|json) (range or outage)", help="Such as: csv last 7 days; left out: all, as md."
        ),
    ] = None,
    *,
    out: Out = None,
    who: As = "",
) -> None:
    """Give the log, or a part of it, as a file."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).export(_joined(words), out))


@event.command(epilog=f"{LEFT} {EXIT_CODES}")
def postmortem(
    named: OutageName = "",
    *,
    out: Out = None,
    into_issue: Annotated[bool, typer.Option("--into-issue", help="Put it into the issue, above its text.")] = False,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Draft a post-mortem: six parts, the timeline filled in, names as roles."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).postmortem(named, out, into_issue=into_issue, wait=not no_wait))


@event.command(epilog=f"{TIMES} {LEFT} {EXIT_CODES}")
def edit(
    number: Number,
    *,
    text: Annotated[str, typer.Option("--text", help="What happened.")] = "",
    when: Annotated[str, typer.Option("--when", help="When: 14:05, -10m, 2026-11-25 14:05:07Z.")] = "",
    kind: Annotated[Kind | None, typer.Option("--kind", help="What it was.")] = None,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Change what an event says; what it said before is kept."""
    person, changed = by(who), _given(text=text, when=when, kind=kind or "")
    if not changed:
        is_wrong("Say what to change: --text, --when or --kind.")
    in_terminal(lambda bot: _twin(bot, person).edit(number, changed, wait=not no_wait))


@event.command(epilog=f"{LEFT} {EXIT_CODES}")
def retract(number: Number, *, no_wait: NoWait = False, who: As = "") -> None:
    """Strike an event through; it stays in the log."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).retract(number, wait=not no_wait))


@event.command(epilog=f"{LEFT} {EXIT_CODES}")
def restore(number: Number, *, no_wait: NoWait = False, who: As = "") -> None:
    """Take a retraction back."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).restore(number, wait=not no_wait))


@event.command(epilog=f"{LEFT} {EXIT_CODES}")
def switch(number: Number, *, no_wait: NoWait = False, who: As = "") -> None:
    """Turn a change into an incident, or the other way round."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).switch(number, wait=not no_wait))


@event.command(epilog=f"{LEFT} {EXIT_CODES}")
def move(
    number: Number,
    outage: Annotated[str, typer.Argument(metavar="OUTAGE", help="O7.")],
    *,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Move an event to another outage."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).move(number, outage, wait=not no_wait))


@event.command(epilog=f"{LEFT} {EXIT_CODES}")
def toil(number: Number, *, no_wait: NoWait = False, who: As = "") -> None:
    """Make an issue that tracks the cost of doing this by hand."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).toil(number, wait=not no_wait))


def _joined(words: list[str] | None) -> str:
    return " ".join(words or ())


def _given(**options: str) -> Mapping[str, str]:
    """Keep the options that were given."""
    return {name: value for name, value in options.items() if value}


def _twin(bot: "Bot", person: str) -> "EventTwin":
    from bot.terminal.event import EventTwin

    return EventTwin(bot, person)
