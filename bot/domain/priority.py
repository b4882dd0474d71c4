"""Which issue comes first, and which AP label a risk deserves: both from the production team's handbook."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields

from bot.domain.team import Labels

DEFAULT_ORDER: Mapping[str, int] = {
    "(perceived) data loss": 1,
    "critical": 2,
    "SL1": 3,
    "SL2": 3,
    "unblocks others": 4,
    "outage": 5,
    "goal": 6,
    "blocked": 7,
    "oncall": 8,
}
"""Rank by label, 1 first; SL1 and SL2 share one. A project that orders its own labels overrules this."""

AP_LABELS = ("AP1", "AP2", "AP3")
URGENCIES = IMPACTS = (1, 2, 3)
"""Both sides of the matrix: U1 to U3, and I1 to I3; 1 is the worst."""
_LAST = 1_000_000


def order_of(project: Mapping[str, int | None], labels: Labels) -> Mapping[str, int]:
    """Choose the order: the project's own label priorities when it has any, else the handbook's in the team's words."""
    own = {name: rank for name, rank in project.items() if rank is not None}
    handbook = Labels()
    here = {getattr(handbook, one.name): getattr(labels, one.name) for one in fields(Labels)}
    return own or {here.get(name, name): rank for name, rank in DEFAULT_ORDER.items()}


def rank(labels: Iterable[str], order: Mapping[str, int] = DEFAULT_ORDER) -> int:
    """Give the best rank among `labels`; smaller comes first, unprioritised comes last."""
    return min((order[label] for label in labels if label in order), default=_LAST)


def ap_label(urgency: int, impact: int) -> str:
    """Read the AP label out of the matrix of urgency (1 to 3) × impact (1 to 3).

    It is a matrix, not a scale: U1 gives AP1, AP1, AP2; U2 gives AP1, AP2, AP3; U3 gives AP2, AP3, AP3. Raises KeyError
    for a number that is on neither side of it.
    """
    matrix = {1: {1: 1, 2: 1, 3: 2}, 2: {1: 1, 2: 2, 3: 3}, 3: {1: 2, 2: 3, 3: 3}}
    return f"AP{matrix[urgency][impact]}"


def ap_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Pick the AP labels out of `labels`, in their order."""
    there = {*labels}
    return tuple(label for label in AP_LABELS if label in there)


def moved(labels: Iterable[str]) -> int:
    """Count how often a goal has moved on so far, from its `moved N` label; 0 without one."""
    counts = [int(found[1]) for label in labels if (found := _MOVED.fullmatch(label))]
    return max(counts, default=0)


def moved_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Pick the `moved N` labels out of `labels`."""
    return tuple(label for label in labels if _MOVED.fullmatch(label))


_MOVED = re.compile(r"moved ([0-9]{1,18})")
