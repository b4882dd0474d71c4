"""Draws the plots beside RESULTS.md."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.figures import Picture, written

OURS, THEIRS, MORE = "#c2410c", "#94a3b8", ("#c2410c", "#fdba74", "#0f766e", "#5eead4", "#4338ca", "#a5b4fc")
MOST_BY_SIZE = 8.0
"""Where the longest bar is so many times the shortest, they are drawn by powers of ten."""


def draw(picture: Picture, folder: Path) -> Path:
    """Draw one, as an SVG that stays the same where the figures do."""
    mpl.rcParams.update({"svg.hashsalt": picture.name, "font.size": 9})
    height = 1.0 + 0.32 * len(picture.bars) if picture.bars else 3.2
    figure, axes = plt.subplots(figsize=(7.5, height))
    axes.set_title(picture.title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    if picture.bars:
        _bars(axes, picture)
    else:
        _lines(axes, picture)
    path = folder / f"{picture.name}.svg"
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return path


def _bars(axes: Axes, picture: Picture) -> None:
    names, sizes = zip(*reversed(picture.bars), strict=True)
    colours = [OURS if name.startswith("Baton") else THEIRS for name in names]
    bars = axes.barh(names, sizes, color=colours)
    axes.bar_label(bars, [f" {written(size)} {picture.unit}" for size in sizes])
    if max(sizes) > MOST_BY_SIZE * min(sizes):
        axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.xaxis.set_visible(False)


def _lines(axes: Axes, picture: Picture) -> None:
    for (name, points), colour in zip(picture.lines, MORE, strict=False):
        across, up = zip(*points, strict=True)
        axes.plot(across, up, label=name, color=colour, linestyle="--" if "bound" in name else "-")
    axes.set_xlabel(picture.across)
    axes.set_ylabel(picture.unit)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
