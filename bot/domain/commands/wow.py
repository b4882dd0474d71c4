"""What people type after `/wow`.

    /wow                                  the status, and below it the sub-commands
    /wow status
    /wow rollover [ending yyyy-mm-dd]     also: roll over; the word `ending` may be left out
    /wow undo
    /wow next
    /wow add <#iid or URL>                also: the bare number; the address of the issue's page
    /wow check
    /wow history [n]                      n from 1 to 52
    /wow report [yyyy-mm-dd]              a day of the week, usually its last; the word `ending` may stand before it
    /wow ap <#iid or URL>                 as for add
    /wow help

`WowHelp` is the answer to a word that is no sub-command.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain import week
from bot.domain.commands import ADDRESS, REFERENCE, Usage, expect_nothing, nearest, quotable, references, words
from bot.domain.errors import UserError


@dataclass(frozen=True)
class WowOverview:
    """`/wow` alone: the status and, below it, the sub-commands."""


@dataclass(frozen=True)
class WowStatus:
    """How the current week stands."""


@dataclass(frozen=True)
class RollOver:
    """Preview closing the current week; `ending` None lets the calendar choose its last day."""

    ending: date | None = None


@dataclass(frozen=True)
class UndoRollover:
    """Preview taking the last rollover back."""


@dataclass(frozen=True)
class NextWeek:
    """What is planned for the next week."""


@dataclass(frozen=True)
class History:
    """The last `count` closed weeks."""

    count: int


@dataclass(frozen=True)
class AddToWeek:
    """Put issue `iid` into the current week; `project` is the address of its project, where one was typed."""

    iid: int
    project: str = ""


@dataclass(frozen=True)
class ReportWeek:
    """The report of the week that `day` is in; without a day, of the current one so far."""

    day: date | None = None


@dataclass(frozen=True)
class Prioritise:
    """Choose the AP label of issue `iid`; `project` is the address of its project, where one was typed."""

    iid: int
    project: str = ""


@dataclass(frozen=True)
class CheckLate:
    """Label late additions now, and list what was done."""


@dataclass(frozen=True)
class WowHelp:
    """The sub-commands; for a word that is none, that word (`unknown`) and the `nearest` sub-command, if one is near."""

    unknown: str = ""
    nearest: str = ""


WowCommand = (
    WowStatus
    | RollOver
    | UndoRollover
    | NextWeek
    | AddToWeek
    | CheckLate
    | History
    | ReportWeek
    | Prioritise
    | WowHelp
    | WowOverview
)


WOW_USAGE: tuple[Usage, ...] = (
    Usage("/wow status", "/wow status", "the current week: days left, what is done and what is open"),
    Usage(
        "/wow rollover [ending yyyy-mm-dd]",
        "/wow rollover ending 2026-11-24",
        "shows what closing the week and starting the next will do; nothing is written before you confirm",
    ),
    Usage(
        "/wow undo",
        "/wow undo",
        "shows what taking the last rollover back will do; nothing is written before you confirm",
    ),
    Usage("/wow next", "/wow next", "what is planned for the next week"),
    Usage("/wow add <#iid or URL>", "/wow add #12", "puts an issue into the current week"),
    Usage("/wow check", "/wow check", "labels late additions now, and lists what it did"),
    Usage("/wow history [n]", "/wow history 5", "the last n closed weeks (1 to 52), and who rolled them over"),
    Usage(
        "/wow report [yyyy-mm-dd]",
        "/wow report 2026-11-24",
        "a week in numbers and a picture: delivered, carried over, unscheduled, toil, goals; without a day, the "
        "current week so far",
    ),
    Usage("/wow ap <#iid or URL>", "/wow ap #12", "shows which AP label urgency and impact give, and sets it"),
    Usage("/wow help", "/wow help", "this list"),
)

HISTORY_COUNT = 5
"""Weeks shown by `/wow history` without a number."""
MOST_WEEKS = 52

_PLAIN: Mapping[str, WowCommand] = {
    "status": WowStatus(),
    "undo": UndoRollover(),
    "next": NextWeek(),
    "check": CheckLate(),
}
_NAMES = ("status", "rollover", "undo", "next", "add", "check", "history", "report", "ap", "help")


def parse_wow(text: str, today: date) -> WowCommand:
    """Read what follows `/wow`; `today` is the team's calendar day.

    Raises UserError, and nothing else, when a sub-command is followed by something it cannot use.
    """
    typed = words(text)
    if not typed:
        return WowOverview()
    name, arguments = typed[0].casefold(), typed[1:]
    if name == "roll" and arguments and arguments[0].casefold() == "over":
        name, arguments = "rollover", arguments[1:]
    if [one.casefold() for one in arguments] == ["help"] and name in _NAMES:
        return WowHelp()
    if name in _PLAIN:
        expect_nothing(f"/wow {name}", arguments)
        return _PLAIN[name]
    if read := _READ.get(name):
        return read(arguments, today)
    if name == "help":
        return WowHelp()
    return WowHelp(unknown=quotable(typed[0]), nearest=nearest(name, _NAMES))


def _ending(arguments: Sequence[str], today: date) -> date | None:
    rest = arguments[1:] if arguments and arguments[0].casefold() == "ending" else arguments
    if not arguments:
        return None
    if len(rest) != 1:
        raise UserError(
            "Please name one day, the last of the week, as yyyy-mm-dd: "
            f"`/wow rollover ending {week.last_ending(today)}`. Without a day I take the last Tuesday."
        )
    return week.parse_ending(quotable(rest[0]), today)


def _count(arguments: Sequence[str]) -> int:
    if not arguments:
        return HISTORY_COUNT
    if len(arguments) == 1 and re.fullmatch(r"[0-9]{1,4}", arguments[0]):
        count = int(arguments[0])
        if 1 <= count <= MOST_WEEKS:
            return count
    raise UserError(f"Please give one number of weeks, from 1 to {MOST_WEEKS}: `/wow history 5`.")


def _day(arguments: Sequence[str], today: date) -> date | None:
    rest = arguments[1:] if arguments and arguments[0].casefold() == "ending" else arguments
    if not arguments:
        return None
    if len(rest) != 1:
        raise UserError(
            f"Please name one day of the week, as yyyy-mm-dd: `/wow report {week.last_ending(today)}`. "
            "Without a day I take the current week."
        )
    return week.parse_day(quotable(rest[0]), "/wow report", today)


_NOT_FOR_REQUESTS: Mapping[str, str] = {
    "add": "I put issues into the week, not merge requests.",
    "ap": "AP labels are for issues, not for merge requests.",
}


def _issue(command: str, typed: Sequence[str]) -> tuple[int, str]:
    """Read one issue: its number, and the address of its project where one was typed."""
    arguments = references(typed)
    if len(arguments) == 1 and (written := REFERENCE.fullmatch(arguments[0])):
        return int(written[1]), ""
    if len(arguments) == 1 and (written := ADDRESS.fullmatch(arguments[0])):
        return int(written[2]), written[1]
    if len(arguments) == 1 and re.fullmatch(r"![0-9]+|<?https?://\S+/merge_requests/[0-9]+\S*", arguments[0]):
        raise UserError(f"{_NOT_FOR_REQUESTS[command]} Please name an issue: `/wow {command} #12`.")
    raise UserError(f"Please name one issue, by its number or by the address of its page: `/wow {command} #12`.")


_READ: Mapping[str, Callable[[Sequence[str], date], WowCommand]] = {
    "rollover": lambda arguments, today: RollOver(_ending(arguments, today)),
    "roll-over": lambda arguments, today: RollOver(_ending(arguments, today)),
    "history": lambda arguments, _: History(_count(arguments)),
    "add": lambda arguments, _: AddToWeek(*_issue("add", arguments)),
    "ap": lambda arguments, _: Prioritise(*_issue("ap", arguments)),
    "report": lambda arguments, today: ReportWeek(_day(arguments, today)),
}
"""Commands with something behind them."""
