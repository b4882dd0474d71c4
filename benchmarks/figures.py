"""Figures: what was measured, beside which goal, and whether that is met."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goal:
    """One line of what must come out."""

    what: str
    found: float
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Tell whether it came out."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    def __str__(self) -> str:
        """Write what was found beside what was wanted."""
        sign = "≥" if self.at_least else "≤"
        found, bound = written(self.found), written(self.bound)
        if found == bound and not self.is_met:  # by a hair
            found = f"{self.found:.3g}"
        return f"{found}{self.unit} {sign} {bound}{self.unit}"


@dataclass(frozen=True)
class Table:
    """Figures of several contenders."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A plot: bars, one for each name, or lines of points."""

    name: str
    title: str
    unit: str
    bars: Sequence[tuple[str, float]] = ()
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]] = ()
    across: str = ""


@dataclass(frozen=True)
class Part:
    """One part of the results."""

    title: str
    said: Sequence[str]
    goals: Sequence[Goal] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = field(default=())


def median(found: Iterable[float]) -> float:
    """Take the middle one of the rounds."""
    return statistics.median(found)


def written(value: float) -> str:
    """Write a number with as many digits as mean something."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"
