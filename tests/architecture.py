"""Draws how Baton is built, in one picture: `python -m tests.architecture docs/architecture.svg`.

The picture brings its own ground, so that it can be read on a light and on a dark page alike.
"""

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT = 1000, 600
LINE = 21
STYLE = """
  .ground { fill: #ffffff } .box { fill: #f4f5f7; stroke: #6b7280 } .core { fill: #e6effc; stroke: #1d5fb4 }
  .row { fill: #ffffff; stroke: #1d5fb4 } text { fill: #1f2328; font: 16px system-ui, sans-serif; text-anchor: middle }
  .head { font-weight: 600 } .aside { font-size: 15px; fill: #4b5563 }
  .arrow { stroke: #1f2328; stroke-width: 2; fill: none; marker-end: url(#tip) } #tip path { fill: #1f2328 }
  .answer { stroke: #1a7f37; marker-end: url(#green) } #green path { fill: #1a7f37 } .said { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .box { fill: #1b2129; stroke: #8b949e } .core { fill: #10233f; stroke: #6cb0ff }
    .row { fill: #0d1117; stroke: #6cb0ff } text { fill: #e6edf3 } .aside { fill: #b1bac4 }
    .arrow { stroke: #e6edf3 } #tip path { fill: #e6edf3 }
    .answer { stroke: #56d364 } #green path { fill: #56d364 } .said { fill: #56d364 }
  }
"""


class Box(NamedTuple):
    """A box with its words, the first line of which is its name."""

    x: int
    y: int
    width: int
    height: int
    words: tuple[str, ...]
    kind: str = "box"

    def drawn(self) -> Iterator[str]:
        """The box, and its words in the middle of it."""
        yield (
            f'<rect class="{self.kind}" x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="8"/>'
        )
        top = self.y + (self.height - LINE * len(self.words)) / 2 + 16
        for number, words in enumerate(self.words):
            kind = "aside" if number else "head"
            yield _text(self.x + self.width / 2, top + number * LINE, words, kind)


BOXES = (
    Box(20, 50, 190, 100, ("Slack", "commands, buttons,", "shortcuts, reactions")),
    Box(20, 175, 190, 74, ("GitLab", "its webhooks")),
    Box(20, 274, 190, 74, ("The clock", "bot/schedule.py")),
    Box(20, 373, 190, 74, ("A terminal", "bot/verbs, bot/terminal")),
    Box(270, 50, 200, 74, ("The edges", "bot/slack, bot/web.py")),
    Box(270, 175, 200, 172, ("handlers/", "one plain function", "for each thing that", "can happen; rules in", "bot/domain, use cases", "in bot/services")),
    Box(540, 50, 250, 397, (), "core"),
    Box(560, 110, 210, 74, ("The fact", "event, shift, rollover"), "row"),
    Box(560, 204, 210, 74, ("The audit", "who asked for what"), "row"),
    Box(560, 298, 210, 74, ("The outbox", "what others must learn"), "row"),
    Box(860, 175, 120, 74, ("GitLab",)),
    Box(860, 298, 120, 74, ("Slack",)),
    Box(540, 490, 250, 82, ("bot/outbox", "each thing once,", "again until it is through")),
    Box(270, 490, 200, 82, ("bot/prompt.py", "opens windows, and asks", "GitLab for what is shown")),
)  # fmt: skip
ARROWS = (
    "M210 87 H264",
    "M210 212 H240 V105 H264",
    "M210 311 H240 V300 H264",
    "M210 410 H240 V325 H264",
    "M370 124 V169",
    "M470 260 H534",
    "M665 447 V484",
    "M790 531 H920 V378",
    "M840 531 V212 H854",
    "M370 347 V484",
)
ANSWER = "M540 75 H476"
WORDS = (
    (665, 82, "One transaction, on disk", "head"),
    (665, 414, "SQLite, committed", "aside"),
    (665, 434, "before anybody is answered", "aside"),
    (505, 40, "the answer, in milliseconds", "said"),
)


def drawing() -> str:
    """The picture, as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>How Baton is built</title>",
        f"<style>{STYLE}</style>",
        "<defs>",
        *(_tip(name) for name in ("tip", "green")),
        "</defs>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="12"/>',
        *(part for box in BOXES for part in box.drawn()),
        *(f'<path class="arrow" d="{path}"/>' for path in ARROWS),
        f'<path class="arrow answer" d="{ANSWER}"/>',
        *(_text(x, y, words, kind) for x, y, words, kind in WORDS),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _tip(name: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z"/></marker>'
    )


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(words)}</text>'


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(drawing(), encoding="utf-8")
