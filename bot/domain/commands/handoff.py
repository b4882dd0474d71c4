"""What people type after `/handoff`.

    /handoff                              the status, and below it the sub-commands
    /handoff status
    /handoff [to] <@person> [note]        also: @name, where Slack did not send an id
    /handoff @next [note]                 also: next
    /handoff note <text>
    /handoff take [reason]
    /handoff cancel
    /handoff history [n]                  n from 1 to 50
    /handoff help

`HandoffHelp` is the answer to a word that is no sub-command.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.commands import Usage, behind, can_be_seen, expect_nothing, nearest, quotable, words
from bot.domain.errors import UserError
from bot.domain.events import LONGEST_TEXT
from bot.domain.oncall import LONGEST_NOTE


@dataclass(frozen=True)
class HandoffOverview:
    """`/handoff` alone: the status and, below it, the sub-commands."""


@dataclass(frozen=True)
class HandoffStatus:
    """Who is on call, what is open, and what is offered."""


@dataclass(frozen=True)
class HandOff:
    """Hand off to somebody: by Slack id (`who`), by `name`, or to the next person of the rota where both are empty.

    `note` is what was typed behind it.
    """

    who: str = ""
    name: str = ""
    note: str = ""


@dataclass(frozen=True)
class AddPending:
    """Put a text on the list for the next hand-off."""

    text: str


@dataclass(frozen=True)
class TakePager:
    """Be the one on call at once."""

    reason: str = ""


@dataclass(frozen=True)
class CancelHandoff:
    """Take the open offer back."""


@dataclass(frozen=True)
class HandoffHistory:
    """The last `count` hand-offs."""

    count: int


@dataclass(frozen=True)
class HandoffHelp:
    """The sub-commands; for a word that is none, that word (`unknown`) and the `nearest` sub-command, if one is near."""

    unknown: str = ""
    nearest: str = ""


HandoffCommand = (
    HandoffOverview | HandoffStatus | HandOff | AddPending | TakePager | CancelHandoff | HandoffHistory | HandoffHelp
)

HANDOFF_USAGE: tuple[Usage, ...] = (
    Usage("/handoff @person [note]", "/handoff @bob", "hands the pager to somebody, who accepts or declines"),
    Usage("/handoff @next [note]", "/handoff @next", "the same, to the next person of the rota"),
    Usage("/handoff status", "/handoff status", "who is on call, since when, what is open, and what is offered"),
    Usage("/handoff note <text>", "/handoff note watch the disk of db3", "adds something to the next hand-off"),
    Usage("/handoff take [reason]", "/handoff take Bob is ill", "makes you the one on call at once"),
    Usage("/handoff cancel", "/handoff cancel", "takes an offer back that is not answered yet"),
    Usage("/handoff history [n]", "/handoff history 5", "the last n hand-offs (1 to 50)"),
    Usage("/handoff help", "/handoff help", "this list"),
)
HISTORY_COUNT = 10
MOST_SHOWN = 50
LONGEST_REASON = 500

_PLAIN: Mapping[str, HandoffCommand] = {
    "status": HandoffStatus(),
    "cancel": CancelHandoff(),
    "help": HandoffHelp(),
}
_NAMES = ("status", "next", "note", "take", "cancel", "history", "help")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>[,;:]?")
_GROUP = re.compile(r"<!(?:subteam\^|here|channel|everyone)[^<>]*>|@(?:here|channel|everyone)", re.IGNORECASE)
_NAME = re.compile(r"@([^\s@<>|]+)")
_JOINED = frozenset({"and", "or", "&", "&amp;", "+", ","})
_AN_ID = re.compile(r"[UW][A-Z0-9]{6,}")


def parse_handoff(text: str) -> HandoffCommand:
    """Read what follows `/handoff`: people as Slack writes them (`<@U1>`, `<@U1|bob>`), or by name (`@bob`).

    Raises UserError, and nothing else, when a sub-command is followed by something it cannot use.
    """
    typed = words(text)
    if not typed:
        return HandoffOverview()
    name, arguments = typed[0].casefold(), typed[1:]
    if name == "to" and arguments and arguments[0][:1] in {"@", "<"}:
        return parse_handoff(behind(text, 1))
    if [one.casefold() for one in arguments] == ["help"] and name in _NAMES:
        return HandoffHelp()
    match name:
        case "next" | "@next":
            return HandOff(note=_short("A note", behind(text, 1), LONGEST_NOTE))
        case "note":
            return AddPending(_text(behind(text, 1)))
        case "take":
            return TakePager(_short("A reason", behind(text, 1), LONGEST_REASON))
        case "history":
            return HandoffHistory(_count(arguments))
        case "status" | "cancel" | "help":
            expect_nothing(f"/handoff {name}", arguments)
            return _PLAIN[name]
    return _to_somebody(text, typed) or HandoffHelp(quotable(typed[0]), nearest(name.removeprefix("@"), _NAMES))


def _to_somebody(text: str, typed: Sequence[str]) -> HandOff | None:
    """Read to whom it goes; None where the first word names nobody."""
    first = typed[0]
    if _GROUP.fullmatch(first):
        raise UserError("A hand-off goes to one person, who accepts it, not to a group: `/handoff @person`.")
    mentioned, named = _PERSON.fullmatch(first), _NAME.fullmatch(first)
    if not (mentioned or named or _AN_ID.fullmatch(first)):
        return None
    if _is_for_two(typed):
        raise UserError("A hand-off goes to one person, and you named two. Please name one: `/handoff @person`.")
    note = _short("A note", behind(text, 1), LONGEST_NOTE)
    if mentioned:
        return HandOff(who=mentioned[1], note=note)
    return HandOff(name=named[1], note=note) if named else HandOff(who=first, note=note)


def _is_for_two(typed: Sequence[str]) -> bool:
    rest = [one for one in typed[1:3] if one.casefold() not in _JOINED][:1]
    direct = len(typed) > 1 and (typed[1].casefold() in _JOINED or typed[1] in rest)
    return direct and any(_PERSON.fullmatch(one) or _NAME.fullmatch(one) or _GROUP.fullmatch(one) for one in rest)


def _text(said: str) -> str:
    if not can_be_seen(said):
        raise UserError("What shall the next one know? For example: `/handoff note watch the disk of db3`.")
    return _short("A note", said, LONGEST_TEXT)


def _short(what: str, said: str, most: int) -> str:
    if len(said) > most:
        raise UserError(
            f"{what} takes at most {most:,} characters, and yours has {len(said):,}; nothing was changed. "
            "Please say it shorter."
        )
    return said if can_be_seen(said) else ""


def _count(arguments: Sequence[str]) -> int:
    if not arguments:
        return HISTORY_COUNT
    if len(arguments) == 1 and re.fullmatch(r"[0-9]{1,4}", arguments[0]):
        count = int(arguments[0])
        if 1 <= count <= MOST_SHOWN:
            return count
    raise UserError(f"Please give one number of hand-offs, from 1 to {MOST_SHOWN}: `/handoff history 5`.")
