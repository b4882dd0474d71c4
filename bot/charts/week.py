"""A week, drawn: its issues and what was delivered, day by day, and the weeks before it side by side."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from bot.charts import layout
from bot.charts.paper import BLUE, FAINT, HIGHEST, INK, LINE, ORANGE, Paper
from bot.domain.pictures import WeekPicture
from bot.domain.report import Day, Share, Totals
from bot.domain.week import DAYS

LEFT, RIGHT = layout.MARGIN + 76, layout.WIDTH - layout.MARGIN - 250
"""Between these stand the days; what a line stands for is written behind its end."""
HEIGHT, BAR_HEIGHT = 330, 210
CLOSE = layout.WORDS * 1.35
"""Words nearer than this would lie upon each other."""
DAY_WIDTH = 118
MOST_MARKS = 14
WIDEST_SLOT = 220


def placed(picture: WeekPicture) -> "WeekPage":
    """Place everything on paper. How high it becomes is known afterwards, so it is done twice."""
    return _placed(picture, _placed(picture, HIGHEST).y + layout.MARGIN)


def _placed(picture: WeekPicture, height: float) -> "WeekPage":
    page = WeekPage(height)
    page.heading(picture.title, picture.subtitle)
    page.burn_up(picture.days, picture.ending)
    page.weeks(picture.trend)
    page.frame()
    return page


class WeekPage(Paper):
    """The week on paper."""

    def burn_up(self, days: Sequence[Day], ending: date) -> None:
        """Draw how many issues there were and how many were delivered, at the end of each day."""
        self._section("Delivered, day by day")
        self.y += layout.SMALL
        bottom = self.y + HEIGHT
        first = days[0].day
        length = max((max(ending, days[-1].day) - first).days, 1)
        highest = max(1, *(each.issues for each in days))

        def x(day: date) -> float:
            return LEFT + 30 + (RIGHT - LEFT - 60) * (day - first).days / length

        def y(number: int) -> float:
            return bottom - HEIGHT * number / highest

        for number in steps(highest):
            self.line((LEFT, RIGHT), (y(number), y(number)), 2)
            self.write(LEFT - 14, y(number) - layout.SMALL * 0.55, str(number), layout.SMALL, FAINT, across="right")
        self._days(first, length, x, bottom)
        places = [x(each.day) for each in days]
        issues, delivered = [y(each.issues) for each in days], [y(each.delivered) for each in days]
        self._stroke(places, issues, BLUE, "--", "s")
        self._stroke(places, delivered, ORANGE, "-", "^")
        self._ends(places[-1], issues[-1], delivered[-1], days[-1], bottom)
        self.y = bottom + layout.SMALL * 2.6

    def _section(self, words: str) -> None:
        self.write(layout.MARGIN, self.y, words, layout.WORDS, weight="bold")
        self.y += layout.WORDS * 1.6

    def _days(self, first: date, length: int, x: Callable[[date], float], bottom: float) -> None:
        each = max(1, -(-DAY_WIDTH * length // (RIGHT - LEFT - 60)))
        for number in range(0, length + 1, each):
            day = first + timedelta(number)
            words = f"{day:%a} {day.day}" if length <= DAYS else layout.day_of_month(day)
            self.line((x(day), x(day)), (bottom, bottom + 10), 2)
            self.write(x(day), bottom + 14, words, layout.SMALL, FAINT, across="center")

    def _stroke(self, x: Sequence[float], y: Sequence[float], colour: str, style: str, shape: str) -> None:
        self.line(x, y, 6, colour, style)
        # where there are too many marks for one each, the last stands for the line
        shown = slice(None) if len(x) <= MOST_MARKS else slice(-1, None)
        for at, height in zip(x[shown], y[shown], strict=True):
            self.shape(at, height, shape, colour, 20)

    def _ends(self, x: float, issues: float, delivered: float, last: Day, bottom: float) -> None:
        """Write behind the ends of both lines what they stand for; where they are close, one above the other."""
        middle = (issues + delivered) / 2
        if delivered - issues < CLOSE:
            delivered = min(middle + CLOSE / 2, bottom - layout.WORDS * 0.6)
            issues = delivered - CLOSE
        for y, words, colour in (
            (issues, layout.counted(last.issues, "issue", "no"), BLUE),
            (delivered, f"{last.delivered} delivered", ORANGE),
        ):
            self.write(x + 24, y - layout.WORDS * 0.55, words, layout.WORDS, colour, weight="bold")

    def weeks(self, trend: Sequence[Totals]) -> None:
        """Draw the weeks side by side: all issues as a hatched bar, and of it what was delivered as a full one."""
        if len(trend) < 2:
            self._section("No other week is recorded yet")
            return
        self._section(f"The last {len(trend)} weeks")
        self._key()
        slot = min((layout.WIDTH - 2 * layout.MARGIN) / len(trend), WIDEST_SLOT)
        highest = max(1, *(each.issues for each in trend))
        middles = [layout.MARGIN + slot * (place + 0.5) for place in range(len(trend))]
        self.y += layout.SMALL * 2.6
        bottom = self.y + BAR_HEIGHT
        for middle, week in zip(middles, trend, strict=True):
            whole, done = (BAR_HEIGHT * number / highest for number in (week.issues, week.delivered))
            left, wide = middle - slot * 0.32, slot * 0.64
            if week.issues:
                self.bar(left, bottom, (wide, whole), ORANGE, "//")
            if week.delivered:
                self.bar(left, bottom, (wide, done), BLUE)
            above = bottom - whole - layout.SMALL * 2.6
            self.write(middle, above, str(week.delivered), layout.SMALL, across="center", weight="bold")
            self.write(middle, above + layout.SMALL * 1.2, f"of {week.issues}", layout.SMALL, across="center")
        self.line((layout.MARGIN, layout.WIDTH - layout.MARGIN), (bottom, bottom), 3, INK)
        gaps = self._gaps(trend, slot, bottom)
        self.y = bottom + 12
        self._row(middles, [layout.day_of_month(each.ending) for each in trend])
        for name, found in rows(trend):
            self.write(layout.MARGIN, self.y, name, layout.SMALL, FAINT)
            self.y += layout.SMALL * 1.35
            self._row(middles, found)
        if gaps:
            self.write(layout.MARGIN, self.y, "Dotted: weeks are missing in between.", layout.SMALL, FAINT)
            self.y += layout.SMALL * 1.5

    def _key(self) -> None:
        x = float(layout.MARGIN)
        for words, colour, hatch in (("delivered", BLUE, ""), ("not delivered", ORANGE, "//")):
            self.bar(x, self.y + layout.SMALL, (36, 26), colour, hatch)
            self.write(x + 48, self.y, words, layout.SMALL)
            x += 48 + self.width(words, layout.SMALL) + 48
        self.y += layout.SMALL * 1.5

    def _gaps(self, trend: Sequence[Totals], slot: float, bottom: float) -> bool:
        """Mark where weeks are missing; tells whether some are."""
        missing = [place for place, (one, other) in enumerate(pairwise(trend), 1) if not other.follows(one)]
        for place in missing:
            x = layout.MARGIN + slot * place
            self.line((x, x), (bottom - BAR_HEIGHT, bottom), 4, LINE, ":")
        return bool(missing)

    def _row(self, middles: Sequence[float], words: Sequence[str]) -> None:
        for middle, each in zip(middles, words, strict=True):
            self.write(middle, self.y, each, layout.SMALL, across="center")
        self.y += layout.SMALL * 1.6


def steps(highest: int) -> list[int]:
    """Choose round numbers for the lines behind a curve, 0 and about four more."""
    step = next(
        step for power in range(12) for step in (10**power, 2 * 10**power, 5 * 10**power) if highest / step <= 4
    )
    return list(range(0, highest + 1, step))


def rows(trend: Sequence[Totals]) -> list[tuple[str, list[str]]]:
    """Give the rows of numbers below the bars: what is not known is a dash."""
    return [
        ("carried over", ["–" if each.carried is None else str(each.carried) for each in trend]),
        ("unscheduled", [_percent(Share(each.unscheduled, each.issues)) for each in trend]),
        ("toil", [_percent(Share(each.toil, each.issues)) for each in trend]),
    ]


def _percent(share: Share) -> str:
    return "–" if share.percent is None else f"{share.percent} %"
