"""Prints on a terminal with colours, and into a file or pipe as plain lines."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.domain.rollover import Line
from bot.domain.team import Team
from bot.messages import drawn, signs
from bot.messages import wow as say

LINE_EVERY = 2.0
"""Seconds between two lines of progress where nothing can be overwritten."""
PLAIN_WIDTH = 120
NARROW = 60
"""Below so many columns a title gets lines of its own."""

Follow = Callable[[Text, bool], None]
"""Shows how far something is; the flag tells that it is worth a line of its own at once."""


class Printer:
    """Standard output, or another stream of the terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        signs.stand_in(self.stream)
        self.console = Console(highlight=False, file=self.stream)
        self.is_closed = False
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH

    def show(self, drawing: RenderableType) -> None:
        """Print something drawn; a line in a file ends where its words end.

        Where nothing can be printed any more (`| head`), printing is given up, and the work goes on.
        """
        if self.console.is_terminal:
            self.console.print(drawing)
            return
        with self.console.capture() as written:
            self.console.print(drawing)
        if self.is_closed:
            return
        with self._giving_up():
            print("\n".join(line.rstrip() for line in written.get().splitlines()), file=self.stream, flush=True)

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self.is_closed = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())  # what is left in the buffer goes there

    def copy(self, text: str) -> None:
        """Give a text exactly, as UTF-8; on a screen without what a terminal would obey instead of showing it."""
        exact = drawn.harmless(text) if self.stream.isatty() else text
        with self._giving_up():
            self.stream.buffer.write(exact.encode())
            self.stream.flush()

    def line(self, words: str) -> None:
        """Print a line of our own."""
        self.show(Text(words))

    def whole(self, words: str) -> None:
        """Print lines of our own with paths or addresses in them, which stay unbroken in a file or pipe."""
        if self.console.is_terminal:
            self.line(words)
        elif not self.is_closed:
            with self._giving_up():
                print(words, file=self.stream, flush=True)

    @contextmanager
    def following(self) -> Iterator[Follow]:
        """Follow something that goes on: on a terminal one line that changes, else a line now and then."""
        if self.console.is_terminal:
            with self.console.status("") as status:
                yield lambda text, _: status.update(text)
            return
        shown, shown_at, shown_urgent = "", 0.0, False

        def follow(text: Text, urgent: bool) -> None:  # noqa: FBT001 - Follow's shape
            nonlocal shown, shown_at, shown_urgent
            due = urgent != shown_urgent or time.monotonic() - shown_at >= LINE_EVERY
            if due and text.plain != shown:
                self.show(text)
                shown, shown_at, shown_urgent = text.plain, time.monotonic(), urgent

        yield follow

    async def agrees(self, question: str) -> bool:
        """Ask, and take anything but a yes for a no; where nobody can answer, say what to do instead."""
        if self.is_closed or not sys.stdin.isatty():
            self.line("Nothing was done: I cannot ask here. Add --yes to do it.")
            return False
        self.console.print(Text(f"{question}? [y/N] ", "bold"), end="")
        if (await _read_line()).strip().casefold() in {"y", "yes"}:
            return True
        self.line("Nothing was done.")
        return False


async def _read_line() -> str:
    """Wait for a line without holding up the loop, so that Ctrl-C is heard."""
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), typed.set)
    try:
        await typed.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()


def plan(lines: Sequence[Line], team: Team, width: int = PLAIN_WIDTH) -> RenderableType:
    """List every open issue and merge request with what happens to it."""
    if width < NARROW:
        return Group(Text(), *(_in_lines(line, team) for line in lines), Text())
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", style="dim")
    for line in lines:
        table.add_row(_reference(line), _title(line), _choice(line), Text(say.remark(line, team)))
    return Group(Text(), table, Text())


def _in_lines(line: Line, team: Team) -> RenderableType:
    """Put the title below, and what else happens below that."""
    below = Group(_title(line), *([Text(remark, "dim")] if (remark := say.remark(line, team)) else []))
    return Group(Text.assemble(_reference(line), "  ", _choice(line)), Padding(below, (0, 0, 0, 2)))


def _reference(line: Line) -> Text:
    return drawn.linked(line.reference, line.url)


def _title(line: Line) -> Text:
    return Text(drawn.harmless(line.title))


def _choice(line: Line) -> str:
    return say.CHOICES[line.choice].lower()
