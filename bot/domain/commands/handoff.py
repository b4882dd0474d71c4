"""What people type after `/handoff`.

    /handoff                              the status, and below it the sub-commands
    /handoff status
    /handoff [to] <@person> [note]        also: @name, where Slack did not send an id; an id, as at a terminal
    /handoff [to] @next [note]            also: next
    /handoff note <text>
    /handoff take [reason]
    /handoff cancel
    /handoff history [n]                  n from 1 to 50
    /handoff help

`HandoffHelp` is the answer to a word that is no sub-command. A name without its `@` is such a word, too: nobody here
knows who is in Slack, so `jake` is never taken for somebody, and `take` is never taken for Jake.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.commands import Usage, behind, can_be_seen, expect_nothing, from_first_word, nearest, quotable, words
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
    """The sub-commands; for a word that is none, that word (`unknown`) and what may have been meant.

    `nearest` is the sub-command that is near it, if one is. `person` is how the person is written whom the word may
    name, or who is named behind it: `@bob`.
    """

    unknown: str = ""
    nearest: str = ""
    person: str = ""


HandoffCommand = (
    HandoffOverview | HandoffStatus | HandOff | AddPending | TakePager | CancelHandoff | HandoffHistory | HandoffHelp
)

HANDOFF_USAGE: tuple[Usage, ...] = (
    Usage("/handoff @person [note]", "/handoff @bob", "hands the pager to somebody, who accepts or declines"),
    Usage("/handoff @next [note]", "/handoff @next", "the same, to the next person of the rota"),
    Usage("/handoff status", "/handoff status", "who is on call, since when, what is open, and what is offered"),
    Usage("/handoff note <text>", "/handoff note watch the disk of db3", "adds something to the next hand-off"),
    Usage("/handoff take [reason]", "/handoff take Bob is ill", "puts you on call now"),
    Usage("/handoff cancel", "/handoff cancel", "cancels an offer that is not answered yet"),
    Usage("/handoff history [n]", "/handoff history 5", "the last n hand-offs (1 to 50)"),
    Usage("/handoff help", "/handoff help", "this list"),
)
HISTORY_COUNT = 10
MOST_SHOWN = 50
LONGEST_REASON = 500

_PLAIN: Mapping[str, HandoffCommand] = {"status": HandoffStatus(), "cancel": CancelHandoff()}
_NAMES = ("status", "next", "note", "take", "cancel", "history", "help")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^<>]*))?>[,;:]?")
_NAME = re.compile(r"@([^\s@<>|]*[^\s@<>|,;:.!?])[,;:.!?]*")
_AN_ID = re.compile(r"([UW](?=[A-Z]*[0-9])[A-Z0-9]{4,})[,;:]?")
_GROUP = re.compile(r"<!(?:subteam\^|here|channel|everyone)|@(?:here|channel|everyone)(?![\w@-]|\.\w)", re.IGNORECASE)
_JOINED = r"(?:(?:and|or|&amp;|[&+/,;])\s*)*"
_ANOTHER = re.compile(rf"{_JOINED}(?:<@[UW]|{_GROUP.pattern}|@[^\W\d])", re.IGNORECASE)
_TWO_NAMES = re.compile(r"@[^\s@<>|]*[&+/,;](?:@|<[@!])")
_A_NAME = re.compile(r"[^\W\d_][\w.'’-]*")


def parse_handoff(text: str) -> HandoffCommand:
    """Read what follows `/handoff`: people as Slack writes them (`<@U1>`, `<@U1|bob>`), or by name (`@bob`).

    Raises UserError, and nothing else, when a sub-command is followed by something it cannot use.
    """
    typed = words(text)
    if not typed:
        return HandoffOverview()
    name, arguments = typed[0].casefold().rstrip(",;:.!?"), typed[1:]
    if name == "help" or ([one.casefold() for one in arguments] == ["help"] and name in _NAMES):
        return HandoffHelp()
    match name:
        case "note":
            return AddPending(_text(behind(text, 1)))
        case "take":
            return TakePager(_short("A reason", behind(text, 1), LONGEST_REASON))
        case "history":
            return HandoffHistory(_count(arguments))
        case "status" | "cancel":
            expect_nothing(f"/handoff {name}", arguments)
            return _PLAIN[name]
        case "accept" | "ask" | "decline":
            raise UserError(
                "Please answer a hand-off with its buttons, *Accept*, *Ask* and *Decline*, in the channel or in your "
                "direct message. `/handoff status` shows whether one is offered."
            )
        case "to":
            return _to_somebody(behind(text, 1), arguments)
    return _to_somebody(text, typed)


def _to_somebody(text: str, typed: Sequence[str]) -> HandoffCommand:
    """Read to whom it goes, and the note behind; the help where the first word names nobody."""
    if not typed:
        raise UserError("To whom? For example: `/handoff @bob`.")
    # the label of a mention may hold blanks, so it is not looked for among the words
    said = from_first_word(text)
    if _GROUP.match(said):
        raise UserError("A hand-off goes to one person, who accepts it, not to a group: `/handoff @person`.")
    if _TWO_NAMES.match(said):
        raise _two()
    if mentioned := _MENTION.match(said):
        return HandOff(who=mentioned[1], note=_note(said[mentioned.end() :]))
    if typed[0].casefold().strip("@,;:.!?") == "next":
        return HandOff(note=_note(behind(text, 1)))
    if named := _NAME.fullmatch(typed[0]):
        return HandOff(name=named[1], note=_note(behind(text, 1)))
    if an_id := _AN_ID.fullmatch(typed[0]):
        return HandOff(who=an_id[1], note=_note(behind(text, 1)))
    return _unknown(text, typed)


def _note(said: str) -> str:
    """Read what stands behind the person: a note, and not a second person."""
    note = behind(said, 0)
    if _ANOTHER.match(note):
        raise _two()
    return _short("A note", note, LONGEST_NOTE)


def _two() -> UserError:
    return UserError("A hand-off goes to one person, and you named two. Please name one: `/handoff @person`.")


def _unknown(text: str, typed: Sequence[str]) -> HandoffHelp:
    """Offer what may have been meant by a word that is no sub-command: one that is near, a person."""
    near = nearest(typed[0].casefold(), _NAMES)
    return HandoffHelp(quotable(typed[0]), near, quotable(_person(text, typed)))


def _person(text: str, typed: Sequence[str]) -> str:
    """Find whom somebody may have meant who did not begin with a person: `bob`, `over to @bob`."""
    if mentioned := _MENTION.search(text):
        return f"@{mentioned[2] or 'person'}"
    if named := next(filter(None, map(_NAME.fullmatch, typed)), None):
        return f"@{named[1]}"
    alone = typed[0].rstrip(",;:.!?")
    return f"@{alone}" if _A_NAME.fullmatch(alone) else ""


def _text(said: str) -> str:
    if not can_be_seen(said):
        raise UserError("What should the next one know? For example: `/handoff note watch the disk of db3`.")
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
