"""What people type after `/event`.

    /event                                     the sub-commands
    /event log [change|incident] [time] text   times: bot/domain/times.py; the text is kept exactly as typed
    /event outage [title]
    /event resolve [outage]                    an outage is `#12`, `O7`, or the address of the issue's page
    /event list [n] [range]                    n from 1 to 50; ranges: bot/domain/times.py
    /event find words
    /event timeline [outage]
    /event export [md|csv|json] [range or outage]
    /event postmortem [outage]
    /event help

`EventHelp` is the answer to a word that is no sub-command.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from bot.domain.commands import (
    ADDRESS,
    REFERENCE,
    Usage,
    behind,
    can_be_seen,
    nearest,
    quotable,
    references,
    words,
)
from bot.domain.errors import UserError
from bot.domain.events import KINDS, LONGEST_TEXT, Kind, Span
from bot.domain.outages import Named
from bot.domain.times import When, read_span, read_when

Format = Literal["md", "csv", "json"]


@dataclass(frozen=True)
class LogEvent:
    """Put one line into the log; `kind` and `when` are None where they were not typed."""

    text: str
    kind: Kind | None = None
    when: When | None = None


@dataclass(frozen=True)
class DeclareOutage:
    """Open the modal for an outage; without a `title` the modal asks for it."""

    title: str = ""


@dataclass(frozen=True)
class ResolveOutage:
    """End an outage: the one that is `named`, else the ongoing one."""

    named: Named | None = None


@dataclass(frozen=True)
class ListEvents:
    """Show the newest events; where only a `span` was typed `count` is None, and as many are shown as there is room."""

    count: int | None = None
    span: Span | None = None


@dataclass(frozen=True)
class FindEvents:
    """Search the log."""

    words: str


@dataclass(frozen=True)
class ShowTimeline:
    """Show what happened in an outage: the one that is `named`, else the ongoing or last one."""

    named: Named | None = None


@dataclass(frozen=True)
class ExportEvents:
    """Give the log as a file: that of a `span`, or of the outage that is `named`, or everything."""

    format: Format = "md"
    span: Span | None = None
    named: Named | None = None


@dataclass(frozen=True)
class DraftPostmortem:
    """Draft the post-mortem of an outage: the one that is `named`, else the ongoing or last one."""

    named: Named | None = None


@dataclass(frozen=True)
class EventHelp:
    """The sub-commands; for a word that is none, that word (`unknown`) and the `nearest` sub-command, if one is near."""

    unknown: str = ""
    nearest: str = ""


EventCommand = (
    LogEvent
    | DeclareOutage
    | ResolveOutage
    | ListEvents
    | FindEvents
    | ShowTimeline
    | ExportEvents
    | DraftPostmortem
    | EventHelp
)

EVENT_USAGE: tuple[Usage, ...] = (
    Usage(
        "/event log [change|incident] [time] text",
        "/event log incident -10m db1 stopped",
        "adds one line to the log; times: `14:05`, `14:05Z`, `2026-11-21 14:05`, `yesterday 14:05`, `10m ago`",
    ),
    Usage("/event outage title", "/event outage db1 is down", "declares an outage; nobody is paged by it"),
    Usage("/event resolve [#iid]", "/event resolve #12", "ends the ongoing outage, or the one you name (`#12`, `O7`)"),
    Usage(
        "/event list [n | today | since <time>]",
        "/event list since 14:05",
        "the newest events, newest last (n from 1 to 50)",
    ),
    Usage("/event find words", "/event find db1 stopped", "searches the log"),
    Usage("/event timeline [#iid]", "/event timeline O7", "what happened in an outage, in order, as text and picture"),
    Usage(
        "/event export [md|csv|json] [range or #iid]",
        "/event export csv last 7 days",
        "the log as a file; ranges: `yesterday`, `2026-11-20 to 2026-11-21`, `last 7 days`",
    ),
    Usage(
        "/event postmortem [#iid]",
        "/event postmortem #12",
        "a draft of the post-mortem, with the timeline and without names",
    ),
    Usage("/event help", "/event help", "this list"),
)

LIST_COUNT: Final = 10
"""Events shown by `/event list` alone."""
MOST_LISTED: Final = 50
LONGEST_SEARCH: Final = 200
LONGEST_TITLE: Final = 255
"""Characters of an issue's title in GitLab."""

_FORMATS: Mapping[str, Format] = {"md": "md", "markdown": "md", "csv": "csv", "json": "json"}
_NAMES = ("log", "outage", "resolve", "list", "find", "timeline", "export", "postmortem", "help")
_ABOUT_AN_OUTAGE: Mapping[str, Callable[[Named | None], EventCommand]] = {
    "resolve": ResolveOutage,
    "timeline": ShowTimeline,
    "postmortem": DraftPostmortem,
}
_OWN_NUMBER = re.compile("o([0-9]{1,9})", re.IGNORECASE)
_MENTIONED = re.compile(
    r"<(?P<linked>https?://[^\s<>|]+)(?:\|[^<>]*)?>|(?P<address>https?://[^\s<>|]+)"
    r"|(?<![\w&])#(?P<iid>[1-9][0-9]{0,8})(?![\w]|[.-]\w)"
    r"|(?<![\w./@#&-])o(?P<number>[1-9][0-9]{0,8})(?![\w@]|[.-]\w)",
    re.IGNORECASE,
)


def parse_event(text: str, now: datetime, zone: ZoneInfo) -> EventCommand:
    """Read what follows `/event`; `now` is the moment of typing, `zone` that of the person.

    Raises UserError, and nothing else, when a sub-command is followed by something it cannot use.
    """
    typed = words(text)
    if not typed:
        return EventHelp()
    name, arguments = _sub_command(typed)
    is_about_help = [one.casefold() for one in arguments] == ["help"] and name in _NAMES and name != "find"
    if name == "help" or is_about_help:
        return EventHelp()
    if name in _ABOUT_AN_OUTAGE:
        return _ABOUT_AN_OUTAGE[name](_named(name, arguments))
    match name:
        case "log":
            return _log(text, arguments, now, zone)
        case "outage":
            return DeclareOutage(_title(behind(text, 1)))
        case "find":
            return FindEvents(_search(behind(text, 1)))
        case "list":
            return _list(arguments, now, zone)
        case "export":
            return _export(arguments, now, zone)
    return EventHelp(unknown=quotable(typed[0]), nearest="log" if name in KINDS else nearest(name, _NAMES))


def _sub_command(typed: Sequence[str]) -> tuple[str, Sequence[str]]:
    name, arguments = typed[0].casefold(), typed[1:]
    if name == "post" and arguments and arguments[0].casefold() == "mortem":
        return "postmortem", arguments[1:]
    return ("postmortem" if name == "post-mortem" else name), arguments


def outages_named(text: str) -> tuple[Named, ...]:
    """List the outages that a text names, each once, in order: `#12`, `O7`, addresses of issues."""
    found = []
    for mention in _MENTIONED.finditer(text):
        if address := mention["linked"] or mention["address"]:
            issue = ADDRESS.match(address)
            found += [Named(iid=int(issue[2]), project=issue[1])] if issue else []
        elif mention["iid"]:
            found.append(Named(iid=int(mention["iid"])))
        else:
            found.append(Named(number=int(mention["number"])))
    return tuple(dict.fromkeys(found))


def _log(text: str, arguments: Sequence[str], now: datetime, zone: ZoneInfo) -> LogEvent:
    first = arguments[0].casefold().removesuffix(":") if arguments else ""
    kind = next((one for one in KINDS if one == first), None)
    start = 1 if kind else 0
    try:
        read = read_when(arguments[start:], now, zone)
    except UserError as refusal:
        raise UserError(f"{refusal} For example: `/event log 14:05 db1 stopped`.") from None
    when, count = read or (None, 0)
    said = behind(text, 1 + start + count)
    if not can_be_seen(said):
        raise UserError("What happened? Please add it in a few words: `/event log incident 14:05 db1 stopped`.")
    if len(said) > LONGEST_TEXT:
        raise UserError(
            f"An event takes at most {LONGEST_TEXT:,} characters, and yours has {len(said):,}; nothing was logged. "
            "Please say it shorter, or in several events: `/event log db1 stopped`."
        )
    return LogEvent(said, kind, when)


def _title(said: str) -> str:
    title = " ".join(said.split())
    if len(title) > LONGEST_TITLE:
        raise UserError(
            f"A title takes at most {LONGEST_TITLE} characters, and yours has {len(title):,}. "
            "Please shorten it; what is seen has a field of its own: `/event outage db1 is down`."
        )
    return title if can_be_seen(title) else ""


def _search(said: str) -> str:
    if not any(one.isalnum() for one in said):
        raise UserError("Which words should I look for? For example: `/event find db1 stopped`.")
    if len(said) > LONGEST_SEARCH:
        raise UserError(
            f"A search takes at most {LONGEST_SEARCH} characters, and yours has {len(said):,}. "
            "Please take a few words of it: `/event find db1 stopped`."
        )
    return said


def _list(arguments: Sequence[str], now: datetime, zone: ZoneInfo) -> ListEvents:
    if not arguments:
        return ListEvents(LIST_COUNT)
    if len(arguments) == 2 and arguments[0].casefold() == "last" and arguments[1].isdecimal():
        arguments = arguments[1:]
    if not arguments[0].isdecimal():
        return ListEvents(span=_span("list", arguments, now, zone))
    try:
        return ListEvents(span=read_span(arguments, now, zone))  # `7 days`
    except UserError:
        return ListEvents(_count(arguments[0]), _span("list", arguments[1:], now, zone))


def _count(typed: str) -> int:
    if re.fullmatch("[0-9]{1,4}", typed) and 1 <= int(typed) <= MOST_LISTED:
        return int(typed)
    raise UserError(f"Please give a number of events from 1 to {MOST_LISTED}: `/event list 20`.")


def _export(arguments: Sequence[str], now: datetime, zone: ZoneInfo) -> ExportEvents:
    at = next((at for at, word in enumerate(arguments) if word.casefold() in _FORMATS), None)
    chosen = "md" if at is None else _FORMATS[arguments[at].casefold()]
    rest = arguments if at is None else [*arguments[:at], *arguments[at + 1 :]]
    named = _outage(rest) if rest and not rest[0].isdecimal() else None
    try:
        span = None if named else _span("export", rest, now, zone)
    except UserError as refusal:
        raise UserError(f"{refusal} The formats are `md`, `csv` and `json`.") from None
    return ExportEvents(chosen, span, named)


def _span(name: str, arguments: Sequence[str], now: datetime, zone: ZoneInfo) -> Span | None:
    try:
        return read_span(arguments, now, zone)
    except UserError as refusal:
        raise UserError(f"{refusal} For example: `/event {name} since 14:05`.") from None


def _named(name: str, arguments: Sequence[str]) -> Named | None:
    if not arguments:
        return None
    named = _outage(arguments)
    if named is None:
        raise UserError(
            f"Please name one outage, by its number or by the address of its issue: `/event {name} #12` or "
            f"`/event {name} O7`. `/event {name}` alone takes the ongoing one."
        )
    return named


def _outage(typed: Sequence[str]) -> Named | None:
    """Read the one outage that the words name; None where they are anything else."""
    left = references(typed)
    if len(left) != 1:
        return None
    if written := _OWN_NUMBER.fullmatch(left[0]):
        return Named(number=int(written[1]))
    if written := REFERENCE.fullmatch(left[0]):
        return Named(iid=int(written[1]))
    if written := ADDRESS.fullmatch(left[0]):
        return Named(iid=int(written[2]), project=written[1])
    return None
