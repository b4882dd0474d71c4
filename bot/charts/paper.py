"""Paper that is drawn on from top to bottom, whatever stands on it. Only the process that draws loads this.

It has a colour of its own, so that it is read on a light screen and on a dark one.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.patches import Rectangle

from bot.charts import layout

PAPER, INK, FAINT, LINE = "#fbfbf9", "#1d1c1d", "#5c5b5d", "#b9b8ba"
BLUE, ORANGE = "#0067a3", "#b83a00"
"""Told apart by the colour-blind too, and dark enough on paper; shapes and strokes differ besides."""
FONTS = (
    "DejaVu Sans",
    *("Noto Sans CJK JP", "Noto Sans JP", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei", "IPAGothic"),
    *("Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji", "Symbola"),
)
"""The first comes with matplotlib; what it lacks is taken from the others, where the machine has them."""
PER_INCH = 100
HIGHEST = 4000


@contextmanager
def settings() -> Iterator[None]:
    """Let signs be looked for in every font there is, and stand for nothing but themselves."""
    there = {font.name for font in fontManager.ttflist}
    fonts = [name for name in FONTS if name in there]
    taste: Any = {"font.family": fonts, "text.parse_math": False, "hatch.linewidth": 2.0}
    with warnings.catch_warnings(), mpl.rc_context(taste):
        # What no font has is drawn as a box, and nobody has to be told.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


class Paper:
    """Everything is measured in pixels, `y` is where it goes on."""

    def __init__(self, height: float) -> None:
        self.height = height
        self.y = float(layout.MARGIN)
        self.figure = Figure(figsize=(layout.WIDTH / PER_INCH, height / PER_INCH), dpi=PER_INCH, facecolor=PAPER)
        self._canvas = FigureCanvasAgg(self.figure)
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1), frameon=False)
        self.axes.set(xlim=(0, layout.WIDTH), ylim=(height, 0), xticks=(), yticks=())

    def png(self) -> bytes:
        """Give the picture."""
        png = io.BytesIO()
        self.figure.savefig(png, format="png", metadata={"Software": None})
        return png.getvalue()

    def heading(self, title: str, below: str) -> None:
        """Write the title, and a line below it."""
        for line in self.fold(title, layout.WIDTH - 2 * layout.MARGIN, 2, layout.TITLE, "bold"):
            self.write(layout.MARGIN, self.y, line, layout.TITLE, weight="bold")
            self.y += layout.TITLE * 1.35
        self.y += 4
        self.write(layout.MARGIN, self.y, below, layout.SMALL, FAINT)
        self.y += layout.SMALL * 2

    def frame(self) -> None:
        """Set it off from what is around it, whichever colour that has."""
        size = (layout.WIDTH - 2, self.height - 2)
        self.axes.add_patch(Rectangle((1, 1), *size, fill=False, edgecolor=LINE, linewidth=2))

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        colour: str = INK,
        *,
        across: str = "left",
        weight: str = "normal",
    ) -> None:
        """Write a line whose letters stand below `y`, all on one base whichever letters they are."""
        base = y + size * 0.93
        self.axes.text(
            x, base, text, fontsize=points(size), color=colour, weight=weight, ha=across, va="baseline", zorder=4
        )

    def bar(self, left: float, bottom: float, size: tuple[float, float], colour: str, hatch: str = "") -> None:
        """Fill a bar that stands on `bottom`; a hatched one is told from a full one without its colour."""
        self.axes.add_patch(
            Rectangle(
                (left, bottom),
                size[0],
                -size[1],
                facecolor=PAPER if hatch else colour,
                edgecolor=colour,
                hatch=hatch,
                linewidth=1,
                zorder=3,
            )
        )

    def line(self, x: Sequence[float], y: Sequence[float], thick: float, colour: str = LINE, style: str = "-") -> None:
        """Draw a stroke."""
        self.axes.plot(x, y, color=colour, linewidth=points(thick), linestyle=style, zorder=2)

    def shape(self, x: float, y: float, shape: str, colour: str, size: float) -> None:
        """Set a mark."""
        self.axes.plot(x, y, shape, markersize=points(size), color=colour, markeredgecolor=PAPER, zorder=3)

    def fold(self, text: str, room: float, lines: int, size: int, weight: str = "normal") -> list[str]:
        """Break a text into lines that fit."""
        return layout.fold(text, room, lines, lambda words: self.width(words, size, weight))

    def width(self, text: str, size: int, weight: str = "normal") -> float:
        """Measure a text."""
        font = FontProperties(size=points(size), weight=weight)
        renderer = self._canvas.get_renderer()  # type: ignore[no-untyped-call] # matplotlib's backends have no types
        return float(renderer.get_text_width_height_descent(text, font, ismath=False)[0])


def points(pixels: float) -> float:
    """Give a length as matplotlib measures letters and strokes."""
    return pixels * 72 / PER_INCH
