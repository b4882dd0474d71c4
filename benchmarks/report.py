"""Writes down what was measured: RESULTS.md, beside the plots."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import plots
from benchmarks.figures import Goal, Part, Table

FOLDER = Path(__file__).resolve().parent


def write(machine: Sequence[str], parts: Sequence[Part], seconds: float) -> None:
    """Write RESULTS.md, and draw its plots."""
    for part in parts:
        for picture in part.pictures:
            plots.draw(picture, FOLDER)
    (FOLDER / "RESULTS.md").write_text("\n".join(_page(machine, parts, seconds)))


def _page(machine: Sequence[str], parts: Sequence[Part], seconds: float) -> Iterable[str]:
    yield from ("# What was measured", "", f"`make bench` wrote this page, in {seconds / 60:.0f} minutes.", "")
    yield from (f"* {line}" for line in machine)
    yield from ("", "## Goals", "")
    yield from table(_judged([goal for part in parts for goal in part.goals]))
    yield from ("",)
    for part in parts:
        yield text_of(part)
        for picture in part.pictures:
            yield from (f"![{picture.title}]({picture.name}.svg)", "")


def text_of(part: Part) -> str:
    """Write one part."""
    lines = [f"## {part.title}", "", *(line for one in part.said for line in (one.strip(), ""))]
    for one in part.tables:
        lines += [*table(one), ""]
    if part.goals:
        lines += [*table(_judged(part.goals)), ""]
    return "\n".join(lines)


def _judged(goals: Sequence[Goal]) -> Table:
    return Table(("what", "found", ""), [(one.what, str(one), "met" if one.is_met else "**missed**") for one in goals])


def table(one: Table) -> list[str]:
    """Write a table in Markdown."""
    rows = [list(one.head), ["---"] * len(one.head), *map(list, one.rows)]
    return [f"| {' | '.join(row)} |" for row in rows]
