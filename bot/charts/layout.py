"""What stands where in the timeline of an outage; nothing here knows how it is drawn.

A picture is 1200 pixels wide and is read on a phone, where it is 380: its letters are large, and what does not fit is
left to the text of the timeline. Above stand all events to scale, those of a kind in a lane; below, the words of some.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Final

from bot.domain.events import Kind
from bot.domain.pictures import Mark, Picture

WIDTH, MARGIN = 1200, 44
LEFT, RIGHT = MARGIN + 16, WIDTH - MARGIN - 16
"""Between these the events stand to scale."""
TITLE, WORDS, SMALL = 42, 30, 27
"""Heights of letters in pixels."""
DOT = 26
HIGHEST_STACK = 7
"""Where more events than this stand at one place, bars take the place of dots."""
BAR_HEIGHT = 130
ALL_IN_WORDS = 24
SOME_IN_WORDS = 8
_STEPS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
        *(day * 86_400 for day in (1, 2, 7, 14, 28, 91, 364, 1820, 7280)),
    )
)


@dataclass(frozen=True)
class Scale:
    """Instants from left to right."""

    since: datetime
    until: datetime

    def x(self, at: datetime) -> float:
        """Place an instant."""
        return LEFT + (RIGHT - LEFT) * ((at - self.since) / (self.until - self.since))


def scale(picture: Picture) -> Scale:
    """Let everything fit; a single moment gets some minutes around it."""
    instants = [picture.began_at, picture.ended_at or picture.drawn_at, *(mark.at for mark in picture.marks)]
    since, until = min(instants), max(instants)
    room = max((until - since) * 0.02, (timedelta(minutes=10) - (until - since)) / 2, timedelta(seconds=1))
    return Scale(since - room, until + room)


def ticks(along: Scale, most: int = 6) -> list[tuple[datetime, str, str]]:
    """Choose round instants for the axis, with what stands there and below: a day is named once."""
    length = along.until - along.since
    step = _step(length, most)
    first = _floor(along.since, step) + step
    placed: list[tuple[datetime, str, str]] = []
    named = ""
    at = first
    while at <= along.until:
        if step >= timedelta(days=1):
            label, below = day(at), f"{at.year}"
        else:
            label = f"{at:%H:%M:%S}" if step < timedelta(minutes=1) else f"{at:%H:%M}"
            below = f"{day(at)} {at.year}"
        placed.append((at, label, "" if below == named else below if placed else f"{below}, UTC"))
        named = below
        at += step
    return placed


def day_of_month(day: date) -> str:
    """Write a day without its year."""
    return f"{day.day} {day:%b}"


def day(at: datetime) -> str:
    """Write the day of an instant without its year."""
    return day_of_month(at.date())


def _floor(at: datetime, step: timedelta) -> datetime:
    epoch = datetime(1970, 1, 5, tzinfo=UTC)
    return epoch + (at - epoch) // step * step


def dots(marks: Sequence[Mark], kind: Kind, along: Scale) -> list[tuple[float, int]]:
    """Place a dot for each event of a kind: where it belongs in time, and as low as it does not touch another."""
    placed: list[tuple[float, int]] = []
    ends: list[float] = []
    for x in sorted(along.x(mark.at) for mark in marks if mark.kind == kind):
        level = next((level for level, end in enumerate(ends) if end <= x), len(ends))
        ends[level:] = [x + DOT, *ends[level + 1 :]]
        placed.append((x, level))
    return placed


def bars(marks: Sequence[Mark], kind: Kind, step: timedelta) -> Counter[datetime]:
    """Count the events of a kind in each step of time."""
    return Counter(_floor(mark.at, step) for mark in marks if mark.kind == kind)


def bar_step(along: Scale) -> timedelta:
    """Choose how much time a bar stands for."""
    return _step(along.until - along.since, 45)


def _step(length: timedelta, most: int) -> timedelta:
    return next((step for step in _STEPS if length / step <= most), _STEPS[-1] * ceil(length / _STEPS[-1] / most))


def chosen(marks: Sequence[Mark]) -> list[Mark]:
    """Choose those whose words are shown: all of a few; of many, the first, the last, incidents, and what is between."""
    if len(marks) <= ALL_IN_WORDS:
        return list(marks)
    taken = {0, len(marks) - 1}
    ranks: list[list[int]] = [[], [], []]
    for place, mark in enumerate(marks):
        ranks[2 if not mark.text.strip() else 0 if mark.kind == "incident" else 1].append(place)
    for rank in ranks:
        left = [place for place in rank if place not in taken]
        room = min(SOME_IN_WORDS - len(taken), len(left))
        taken |= {left[(2 * number + 1) * len(left) // (2 * room)] for number in range(room)}
    return [marks[place] for place in sorted(taken)]


def lines_each(number: int) -> int:
    """Say how many lines each of so many events gets."""
    return 3 if number <= 6 else 2 if number <= 12 else 1


def clean(text: str) -> str:
    """Leave out what has no shape of its own, and would only disturb: control signs, directions, heaps of accents."""
    kept: list[str] = []
    accents = 0
    for sign in unicodedata.normalize("NFC", text[:600].replace("\t", " ").replace("\n", " ").replace("\r", " ")):
        category = unicodedata.category(sign)
        accents = accents + 1 if category in {"Mn", "Me"} else 0
        if category not in {"Cc", "Cf", "Cs"} and accents <= 2 and not "\ufe00" <= sign <= "\ufe0f":
            kept.append(sign)
    return " ".join("".join(kept).split())


def fold(text: str, room: float, lines: int, width: Callable[[str], float]) -> list[str]:
    """Break a text into lines at blanks, within words where one is too long; what does not fit ends in “…”."""
    folded: list[str] = []
    rest = clean(text)
    while rest:
        fits = _fits(rest, room, width)
        if fits == len(rest):
            return [*folded, rest]
        if len(folded) == lines - 1:
            return [*folded, rest[: _fits(rest, room - width("…"), width)].rstrip() + "…"]
        blank = rest.rfind(" ", 0, fits + 1)
        cut = blank if blank > fits // 2 else fits
        folded.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return folded


def _fits(text: str, room: float, width: Callable[[str], float]) -> int:
    """Count how many of its first signs fit; at least one does."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(text[:middle]) <= room else (low, middle - 1)
    return low


def counted(number: int, what: str, none: str) -> str:
    """Count in words; `none` is what is said for nothing."""
    return f"{number or none} {what}{'' if number == 1 else 's'}"


def moments(instants: Sequence[datetime]) -> list[str]:
    """Write instants as short as they are still clear."""
    if len({at.date() for at in instants}) == 1:
        return [f"{at:%H:%M}" for at in instants]
    if len({at.year for at in instants}) == 1:
        return [f"{day(at)} {at:%H:%M}" for at in instants]
    return [f"{at:%Y-%m-%d %H:%M}" for at in instants]


def heading(at: datetime, instants: Sequence[datetime]) -> str:
    """Write the day above what happened on it, with its year where there are several."""
    return day(at) if len({one.year for one in instants}) == 1 else f"{day(at)} {at.year}"


def by_day(instants: Sequence[datetime]) -> bool:
    """Tell whether they are better read under a heading for each day than with the day beside each time."""
    return 1 < len({at.date() for at in instants}) <= 3
