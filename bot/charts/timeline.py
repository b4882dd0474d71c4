"""The timeline of an outage, drawn: all events to scale, and the words of some."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from matplotlib.patches import Rectangle

from bot.charts import layout
from bot.charts.paper import BLUE, FAINT, HIGHEST, INK, ORANGE, Paper
from bot.domain.duration import lasted, spanned
from bot.domain.events import KINDS, Kind
from bot.domain.pictures import Mark, Picture

SPAN = "#f6e7c9"
COLOURS: dict[Kind, str] = {"change": BLUE, "incident": ORANGE}
SHAPES: dict[Kind, str] = {"change": "o", "incident": "^"}
HATCHES: dict[Kind, str] = {"change": "", "incident": "////"}


def placed(picture: Picture) -> "Page":
    """Place everything on paper. How high it becomes is known afterwards, so it is done twice."""
    return _placed(picture, _placed(picture, HIGHEST).y + layout.MARGIN)


def _placed(picture: Picture, height: float) -> "Page":
    page = Page(height)
    along = layout.scale(picture)
    page.header(picture)
    page.lanes(picture, along)
    page.axis(along)
    page.words(picture.marks)
    page.frame()
    return page


@dataclass(frozen=True)
class Area:
    """Where words stand."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Flag:
    """The outage's beginning or its end, with where its name stands."""

    x: float
    top: float
    style: str
    words: Area

    def strokes(self, bottom: float, words: Sequence[Area]) -> Iterator[tuple[float, float]]:
        """Give the pieces of its stroke: it makes room for words."""
        above = self.top
        for area in words:
            if area.top >= self.top and area.left - 8 < self.x < area.right + 8:
                yield above, area.top
                above = area.bottom
        yield above, bottom


class Page(Paper):
    """The timeline on paper."""

    def header(self, picture: Picture) -> None:
        """Write the title, and from when to when it was."""
        span = spanned(picture.began_at, picture.ended_at, picture.drawn_at)
        self.heading((layout.clean(picture.title) and picture.title) or "Outage", span)

    def lanes(self, picture: Picture, along: layout.Scale) -> None:
        """Draw all events to scale, those of a kind in a lane: as dots where each has room, else as bars.

        Behind them stands the outage, from its beginning to its end.
        """
        top = self.y
        flags = self._flags(picture, along)
        words = [flag.words for flag in flags]
        placed = {kind: layout.dots(picture.marks, kind, along) for kind in KINDS}
        each_has_room = all(level < layout.HIGHEST_STACK for each in placed.values() for _, level in each)
        step = layout.bar_step(along)
        counted = {kind: layout.bars(picture.marks, kind, step) for kind in KINDS}
        highest = max((number for each in counted.values() for number in each.values()), default=1)
        for kind in reversed(KINDS):
            name = layout.counted(len(placed[kind]), kind, "no")
            peak = max(counted[kind].values(), default=0)
            if each_has_room or not peak:
                words.append(self._lane_name(kind, name))
                self._dots(placed[kind], kind)
            else:
                often = f"{name}, at most {peak} in {lasted(along.since, along.since + step)}"
                words.append(self._lane_name(kind, often))
                self._bars(counted[kind], kind, along, step, layout.BAR_HEIGHT / highest)
            self.line((layout.LEFT - 16, layout.RIGHT + 16), (self.y, self.y), 2)
            self.y += 14
        began, ended = (flag.x for flag in flags)
        bottom = self.y - 14
        self.axes.add_patch(Rectangle((began, top), max(ended - began, 2), bottom - top, facecolor=SPAN, zorder=0))
        for flag in flags:
            for above, below in flag.strokes(bottom, words):
                self.line((flag.x, flag.x), (above, below), 4, INK, flag.style)

    def _flags(self, picture: Picture, along: layout.Scale) -> list["Flag"]:
        """Name the outage's beginning and its end, each in a line of its own, so that the names never collide."""
        ended = max(picture.began_at, picture.ended_at or picture.drawn_at)
        began_text, ended_text = layout.moments([picture.began_at, ended])
        last, style = (f"ended {ended_text}", "-") if picture.ended_at else (f"ongoing at {ended_text}", ":")
        flags = []
        for at, text, look in ((picture.began_at, f"began {began_text}", "-"), (ended, last, style)):
            x, width = along.x(at), self.width(text, layout.SMALL)
            left = x - 10 - width if x > layout.WIDTH / 2 else x + 10
            self.write(left, self.y, text, layout.SMALL)
            below = self.y + layout.SMALL * 1.4
            flags.append(Flag(x, self.y, look, Area(left, self.y, left + width, below)))
            self.y = below
        self.y += 8
        return flags

    def _dots(self, placed: Sequence[tuple[float, int]], kind: Kind) -> None:
        self.y += (max((level for _, level in placed), default=-1) + 1) * layout.DOT + 10
        for x, level in placed:
            self._shape(x, self.y - (level + 0.5) * layout.DOT - 2, kind, layout.DOT * 0.8)

    def _bars(self, counted: Counter[datetime], kind: Kind, along: layout.Scale, step: timedelta, each: float) -> None:
        self.y += max(counted.values(), default=0) * each + 10
        for at, number in counted.items():
            left, right = max(along.x(at), layout.LEFT), min(along.x(at + step), layout.RIGHT)
            size = (max(right - left - 2, 3), max(6.0, number * each))
            self.bar(left + 1, self.y, size, COLOURS[kind], HATCHES[kind])

    def _lane_name(self, kind: Kind, name: str) -> "Area":
        left, top = layout.MARGIN + 34, self.y
        self._shape(layout.MARGIN + 12, top + layout.SMALL * 0.55, kind, layout.DOT * 0.8)
        self.write(left, top, name, layout.SMALL)
        self.y += layout.SMALL * 1.4
        return Area(left, top, left + self.width(name, layout.SMALL), self.y)

    def axis(self, along: layout.Scale) -> None:
        """Write the times below the lanes."""
        top = self.y - 14
        for at, label, below in layout.ticks(along):
            x = along.x(at)
            self.line((x, x), (top, top + 12), 2)
            for line, words in enumerate((label, below)):
                half = self.width(words, layout.SMALL) / 2
                middle = min(max(x, layout.MARGIN + half), layout.WIDTH - layout.MARGIN - half)
                self.write(middle, top + 16 + line * layout.SMALL * 1.25, words, layout.SMALL, FAINT, across="center")
        self.y += layout.SMALL * 3.2

    def words(self, marks: Sequence[Mark]) -> None:
        """Write what happened, as far as there is room."""
        shown = layout.chosen(marks)
        total = layout.counted(len(marks), "event", "No")
        title = total if len(shown) == len(marks) else f"{len(shown)} of {total}"
        self.write(layout.MARGIN, self.y, title, layout.SMALL, weight="bold")
        self.write(layout.WIDTH - layout.MARGIN, self.y, "times in UTC", layout.SMALL, FAINT, across="right")
        self.y += layout.SMALL * 1.9
        instants = [mark.at for mark in shown]
        by_day = layout.by_day(instants)
        times = [f"{at:%H:%M}" for at in instants] if by_day else layout.moments(instants)
        beside = layout.MARGIN + 36 + max((self.width(time, layout.WORDS) for time in times), default=0) + 22
        room, lines = layout.WIDTH - layout.MARGIN - beside, layout.lines_each(len(shown))
        named = None
        for mark, time in zip(shown, times, strict=True):
            if by_day and mark.at.date() != named:
                named = mark.at.date()
                self.write(
                    layout.MARGIN + 36, self.y, layout.heading(mark.at, instants), layout.SMALL, FAINT, weight="bold"
                )
                self.y += layout.SMALL * 1.5
            self._shape(layout.MARGIN + 12, self.y + layout.WORDS * 0.57, mark.kind, layout.DOT)
            self.write(layout.MARGIN + 36, self.y, time, layout.WORDS, FAINT)
            folded = self.fold(mark.text, room, lines, layout.WORDS)
            for line in folded or ["…" if mark.text else "private event"]:
                self.write(beside, self.y, line, layout.WORDS, INK if folded else FAINT)
                self.y += layout.WORDS * 1.3
            self.y += 8 if lines == 1 else 12

    def _shape(self, x: float, y: float, kind: Kind, size: float) -> None:
        self.shape(x, y, SHAPES[kind], COLOURS[kind], size)
