"""`python -m bot handoff …`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.verbs import EXIT_CODES, As, NoWait, Verbs, by, end, in_terminal, is_wrong, ran_in_terminal, show_help

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.terminal.handoff import HandoffTwin

HIGHEST = 999_999_999
LEFT = "What GitLab or Slack does not take at once is left to a running `serve`."
BLANKS = "For a name with a blank in it, give the Slack id or the user name."
WORDS_AS_TYPED = {"ignore_unknown_options": True}
"""Words may begin with a minus, as `-1 node` does."""

Summary = Annotated[str, typer.Option("--summary", help="How things are, in a few words.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Nothing happened that the next one must know.")]
Notes = Annotated[
    list[str] | None,
    typer.Option(
        "--note", metavar="WHAT=TEXT", help="On something ongoing: '#12=…', 'O7=…'; 'others=…' on all the rest."
    ),
]
Words = Annotated[list[str] | None, typer.Argument(metavar="NOTE", help="The same as --summary, as in Slack.")]
Reason = Annotated[list[str] | None, typer.Argument(metavar="REASON", help="Why, in a few words.")]


class HandoffVerbs(Verbs):
    """The commands about the pager; a person in place of a command is whom it goes to, as in Slack."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer shows no class for it
        """Find the command that was typed."""
        return super().resolve_command(ctx, ["to", *args] if args[0].startswith(("@", "<@")) else args)


handoff = typer.Typer(
    cls=HandoffVerbs,
    help="Who is on call, and who is next, as `/handoff` in Slack; alone: the status, and these commands.",
)
handoff.command("help", hidden=True)(show_help)


@handoff.callback(invoke_without_command=True)
def _overview(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        code = ran_in_terminal(lambda bot: _twin(bot, by()).status())
        typer.echo(context.get_help())
        end(code)


@handoff.command(epilog=EXIT_CODES)
def status(*, who: As = "") -> None:
    """Say who is on call, since when, what is ongoing, and what is offered."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).status())


@handoff.command(epilog=f"`handoff @bob` does the same. {BLANKS} {LEFT} {EXIT_CODES}")
def to(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Slack id, @name or name; next: by the rota.")],
    words: Words = None,
    *,
    summary: Summary = "",
    quiet: Quiet = False,
    notes: Notes = None,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Show what is ongoing, and offer the pager to somebody, who accepts or declines."""
    if len(person.split()) > 1 and not person.startswith("<@"):
        is_wrong(f"“{person}” has a blank in it: please give the person's Slack id or user name.")
    _offers(person, words, _fields(words, summary, quiet=quiet), notes, wait=not no_wait, who=who)


@handoff.command("next", epilog=f"{LEFT} {EXIT_CODES}")
def next_person(
    words: Words = None,
    *,
    summary: Summary = "",
    quiet: Quiet = False,
    notes: Notes = None,
    no_wait: NoWait = False,
    who: As = "",
) -> None:
    """Do the same with the next person of the rota."""
    _offers("next", words, _fields(words, summary, quiet=quiet), notes, wait=not no_wait, who=who)


@handoff.command(epilog=EXIT_CODES, context_settings=WORDS_AS_TYPED)
def note(
    words: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="What the next one should know.")] = None,
    *,
    who: As = "",
) -> None:
    """Add something to the next hand-off."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).note(_joined(words)))


@handoff.command(epilog=f"{LEFT} {EXIT_CODES}")
def take(reason: Reason = None, *, no_wait: NoWait = False, who: As = "") -> None:
    """Go on call now, for late hand-offs and cover: needs --as."""
    person = _somebody_of_slack(who)
    in_terminal(lambda bot: _twin(bot, person).take(_joined(reason), wait=not no_wait))


@handoff.command(epilog=f"{LEFT} {EXIT_CODES}")
def cancel(*, no_wait: NoWait = False, who: As = "") -> None:
    """Cancel an offer that is not answered yet."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).cancel(wait=not no_wait))


@handoff.command(epilog=f"{LEFT} {EXIT_CODES}")
def accept(*, no_wait: NoWait = False, who: As = "") -> None:
    """Accept what is offered to you, and be on call from now: needs --as."""
    person = _somebody_of_slack(who)
    in_terminal(lambda bot: _twin(bot, person).accept(wait=not no_wait))


@handoff.command(epilog=f"{LEFT} {EXIT_CODES}")
def decline(reason: Reason = None, *, no_wait: NoWait = False, who: As = "") -> None:
    """Decline what is offered to you: needs --as."""
    person = _somebody_of_slack(who)
    in_terminal(lambda bot: _twin(bot, person).decline(_joined(reason), wait=not no_wait))


@handoff.command(epilog=f"{LEFT} {EXIT_CODES}")
def ask(*, no_wait: NoWait = False, who: As = "") -> None:
    """Ask about what is offered to you, in Slack: needs --as."""
    person = _somebody_of_slack(who)
    in_terminal(lambda bot: _twin(bot, person).ask(wait=not no_wait))


@handoff.command(epilog=EXIT_CODES)
def show(
    number: Annotated[
        int | None,
        typer.Argument(metavar="NUMBER", help="Left out: what is offered, or was offered last.", min=1, max=HIGHEST),
    ] = None,
    *,
    who: As = "",
) -> None:
    """Show everything in a hand-off."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).show(number))


@handoff.command(epilog=EXIT_CODES, context_settings=WORDS_AS_TYPED)
def history(
    count: Annotated[str, typer.Argument(metavar="N", help="How many, from 1 to 50; left out: 10.")] = "",
    *,
    who: As = "",
) -> None:
    """List the last hand-offs, the newest last."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).looks(f"history {count}"))


@handoff.command(epilog=f"{LEFT} {EXIT_CODES}")
def retry(*, no_wait: NoWait = False, who: As = "") -> None:
    """Try again what GitLab refused in the last hand-off."""
    person = by(who)
    in_terminal(lambda bot: _twin(bot, person).retry(wait=not no_wait))


def _fields(words: list[str] | None, summary: str, *, quiet: bool) -> Mapping[str, str]:
    """Name the fields of the modal that are given; where one of summary and quiet shift is, so is the other one."""
    if words and summary:
        is_wrong("Give the summary once: with --summary, or after the person.")
    said = summary or _joined(words)
    return {"summary": said, "quiet": "yes" if quiet else ""} if said or quiet else {}


def _pair(note: str) -> tuple[str, str]:
    """Split a note into what it is about, and what it says."""
    about, found, text = note.partition("=")
    if not found or not about.strip():
        is_wrong(f"--note: “{note}” is not like '#12=the disk is full' (in quotes, because of the #).")
    return about.strip(), text.strip()


def _offers(
    person: str,
    words: list[str] | None,
    chosen: Mapping[str, str],
    notes: list[str] | None,
    *,
    wait: bool,
    who: str,
) -> None:
    acts, pairs = by(who), [_pair(one) for one in notes or ()]
    in_terminal(lambda bot: _twin(bot, acts).offer(person, _joined(words), chosen, pairs, wait=wait))


def _somebody_of_slack(who: str) -> str:
    """Let only somebody of Slack be on call, or answer."""
    if not who:
        is_wrong("Only somebody in Slack can be on call, or answer: say with --as who you are, by Slack id.")
    return by(who)


def _joined(words: list[str] | None) -> str:
    return " ".join(words or ())


def _twin(bot: "Bot", person: str) -> "HandoffTwin":
    from bot.terminal.handoff import HandoffTwin

    return HandoffTwin(bot, person)
