"""The log as a file, to be kept, read and computed with elsewhere; `docs/export.md` describes what is in it.

What a reader may not see is there all the same, with its time and kind, and without its text: so all formats have as
many events, and nobody takes a gap for quiet.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final, Literal

from bot.domain.duration import spanned
from bot.domain.events import KINDS, Event, Revision
from bot.domain.outages import Outage
from bot.domain.pictures import Mark, Picture
from bot.messages import count, shorten
from bot.messages.tracker import harmless, one_line

Format = Literal["md", "csv", "json"]
PRIVATE: Final = "(private)"
COLUMNS: Final = (
    *("id", "kind", "at", "recorded_at", "by", "text", "channel", "permalink", "source"),
    *("outage", "outage_iid", "outage_url", "retracted", "revisions"),
)
LONGEST_ALTERNATIVE = 500
_SAID_IN_ALTERNATIVE = 90
_JOINER = "\u2060"


@dataclass(frozen=True)
class Told:
    """What an export tells of, to one reader: the events in the order of happening, and what is known around them."""

    events: Sequence[Event]
    revisions: Mapping[int, Sequence[Revision]]
    outages: Mapping[int, Outage]
    names: Mapping[str, str]
    hidden: Collection[int]
    own: str

    @property
    def private(self) -> int:
        """Count the events without a text."""
        return sum(event.id in self.hidden for event in self.events)

    def text(self, event: int, text: str) -> str:
        """Give a text, as far as it may be shown."""
        return PRIVATE if event in self.hidden else text

    def name(self, who: str) -> str:
        """Say who somebody is."""
        return self.names.get(who) or who


def export(
    format: Format,
    events: Sequence[Event],
    revisions: Mapping[int, Sequence[Revision]],
    outages: Mapping[int, Outage],
    names: Mapping[str, str],
    hidden: Collection[int],
    now: datetime,
    *,
    own: str = "",
) -> tuple[str, str]:
    """Write events into a file: its name, and its text. `hidden` are the ids of those whose text this reader may not see.

    `revisions` are given by event, `outages` by Baton's number, `names` by id. `own` is the address of our GitLab; where
    it is not given, it is taken from an outage's.
    """
    in_order = sorted(events, key=lambda event: (event.at, event.id))
    gitlab = own or next((origin(outage.url) for outage in outages.values() if outage.url), "")
    told = Told(in_order, revisions, outages, names, frozenset(hidden), gitlab)
    write: Mapping[Format, Callable[[Told], str]] = {"md": _markdown, "csv": _csv, "json": _json}
    return f"oncall-log-{now.astimezone(UTC):%Y-%m-%d-%H%M%S}Z.{format}", write[format](told)


def instant(at: datetime) -> str:
    """Write an instant by ISO 8601, in UTC."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


# JSON


def _json(told: Told) -> str:
    body = {"events": [_event(told, event) for event in told.events], "private_events": told.private}
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def _event(told: Told, event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind,
        "at": instant(event.at),
        "recorded_at": instant(event.recorded_at),
        "by": told.name(event.by),
        "text": told.text(event.id, event.text),
        "channel": event.channel or None,
        "permalink": _permalink(told, event) or None,
        "source": event.source,
        "outage": _outage(told, event.outage),
        "retracted": event.retracted,
        "revisions": [_revision(told, one) for one in _states(told, event)],
    }


def _revision(told: Told, revision: Revision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "at": instant(revision.at),
        "by": told.name(revision.by),
        "why": revision.why,
        "kind": revision.kind,
        "happened_at": instant(revision.happened_at),
        "text": told.text(revision.event, revision.text),
        "outage": _reference(revision.outage) or None,
        "retracted": revision.retracted,
    }


def _outage(told: Told, number: int | None) -> dict[str, Any] | None:
    if number is None:
        return None
    outage = told.outages.get(number)
    title = outage.title if outage and not outage.confidential else None
    known = {"iid": outage.iid, "url": outage.url or None} if outage else {"iid": None, "url": None}
    return {"number": _reference(number), **known, "title": title}


def _reference(number: int | None) -> str:
    return "" if number is None else f"O{number}"


def _permalink(told: Told, event: Event) -> str:
    return "" if event.id in told.hidden else event.permalink


def _states(told: Told, event: Event) -> list[Revision]:
    return sorted(told.revisions.get(event.id, ()), key=lambda one: one.number)


# CSV, https://www.rfc-editor.org/rfc/rfc4180


def _csv(told: Told) -> str:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for event in told.events:
        rows.writerow([uncomputed(str(cell)) for cell in _cells(told, event)])
    return written.getvalue()


def _cells(told: Told, event: Event) -> tuple[object, ...]:
    outage = told.outages.get(event.outage) if event.outage is not None else None
    return (
        event.id,
        event.kind,
        instant(event.at),
        instant(event.recorded_at),
        told.name(event.by),
        told.text(event.id, event.text),
        event.channel,
        _permalink(told, event),
        event.source,
        _reference(event.outage),
        (outage and outage.iid) or "",
        (outage and outage.url) or "",
        "true" if event.retracted else "false",
        len(_states(told, event)),
    )


_ENDS_OF_CELLS = re.compile(r"([\n\r\v\f\x1c-\x1e\x85\u2028\u2029;\t])")
"""Where a spreadsheet may begin another cell, when it is told of other separators or the text is pasted."""


def uncomputed(cell: str) -> str:
    """Put an apostrophe before whatever a spreadsheet would take for a formula, so that it stays text.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    parts = ["'" + part if _computes(part) else part for part in _ENDS_OF_CELLS.split(cell)]
    return "'" * cell.startswith(("\t", "\r")) + "".join(parts)


def _computes(part: str) -> bool:
    """Tell whether it begins like a formula, behind blanks, quotes, and what nobody sees, full-width or not."""
    for sign in part:
        if not (sign.isspace() or sign in "\"'`" or unicodedata.category(sign) in {"Cc", "Cf", "Pi", "Pf"}):
            return unicodedata.normalize("NFKC", sign)[0] in "=+-@"
    return False


# Markdown


def _markdown(told: Told) -> str:
    begins = ["# On-call log", _summary(told)]
    if told.private:
        begins.append(count(told.private, "private event"))
    named = {event.outage for event in told.events}
    if outages := [outage for number, outage in sorted(told.outages.items()) if number in named]:
        begins.append("\n".join(["Outages:", "", *(f"- {titled(outage, told.own)}" for outage in outages)]))
    return "\n\n".join([*begins, *by_day(told.events, lambda event: _line(told, event))]) + "\n"


def _summary(told: Told) -> str:
    if not told.events:
        return "No events."
    kinds = ", ".join(count(sum(event.kind == kind for event in told.events), kind) for kind in KINDS)
    retracted = sum(event.retracted for event in told.events)
    struck = f" {retracted} retracted, struck through." if retracted else ""
    return f"{count(len(told.events), 'event')}: {kinds}.{struck} All times are in UTC."


def titled(outage: Outage, own: str) -> str:
    """Name an outage, with the address of its issue; `own` is the address of our GitLab."""
    said = f"{outage.reference} {one_line(outage.spoken, own=own)}"
    return f"{said}: {outage.url}" if is_plain(outage.url) else said


def _line(told: Told, event: Event) -> str:
    parts = [clock(event.at), f"**{event.kind}**", one_line(told.name(event.by)), _reference(event.outage)]
    if event.version > 1 and not event.retracted:
        parts.append("edited")
    text = harmless(told.text(event.id, event.text), own=told.own)
    if event.retracted:
        parts.append("retracted")
        text = "\n".join(map(_struck, text.split("\n")))
    return item(" · ".join(filter(None, parts)), text)


def _struck(line: str) -> str:
    """Strike a line; a joiner at either end keeps the tildes from a blank, which would leave them tildes."""
    kept = line.rstrip(" ")
    return f"~~{_JOINER}{kept}{_JOINER}~~{line[len(kept) :]}" if kept else line


def by_day(events: Sequence[Event], line: Callable[[Event], str], heading: str = "##") -> list[str]:
    """Write events as lists, one a day, each under its heading."""
    written: list[str] = []
    for day, found in groupby(events, key=lambda event: event.at.astimezone(UTC).date()):
        written += [f"{heading} {day:%Y-%m-%d} ({day:%A})", "\n".join(line(event) for event in found)]
    return written


def item(head: str, text: str) -> str:
    """Write an item of a list; further lines of its text stay in it."""
    return f"- {head}: {text}".replace("\n", "\n  ").rstrip()


def clock(at: datetime) -> str:
    """Write a time in UTC, with seconds where there are any."""
    here = at.astimezone(UTC)
    return f"{here:%H:%M:%S}" if here.second else f"{here:%H:%M}"


def origin(url: str) -> str:
    """Give the address of the GitLab that an issue stands in."""
    return "/".join(url.split("/")[:3]) if is_plain(url) else ""


def is_plain(url: str) -> bool:
    """Tell whether an address can stand in Markdown as it is."""
    return re.fullmatch(r"https?://[A-Za-z0-9._~:/?%&=+-]+(?:#[A-Za-z0-9_-]+)?", url) is not None


# the picture in words


def alternative(picture: Picture) -> str:
    """Say in words what the picture of a timeline shows, for those who do not see it."""
    number = len(picture.marks)
    counted = {kind: sum(mark.kind == kind for mark in picture.marks) for kind in KINDS}
    kinds = " and ".join(count(several, kind) for kind, several in counted.items() if several)
    title = shorten(" ".join(picture.title.split()) or "an outage", 100)
    said = [f"Timeline of {title}, {spanned(picture.began_at, picture.ended_at, picture.drawn_at)}."]
    if number:
        said.append(f"{count(number, 'event')}: {kinds}.")
        said.append(f"{'First' if number > 1 else 'The only one'}: {_spoken(picture.marks[0])}.")
    else:
        said.append("No events.")
    if number > 1:
        said.append(f"Last: {_spoken(picture.marks[-1])}.")
    return shorten(" ".join(said), LONGEST_ALTERNATIVE)


def _spoken(mark: Mark) -> str:
    said = f"“{shorten(' '.join(mark.text.split()), _SAID_IN_ALTERNATIVE)}”" if mark.text else "private"
    return f"{mark.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {mark.kind}, {said}"
