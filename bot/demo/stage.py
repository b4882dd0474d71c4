"""What a person in front of the terminal sees: people's screens, drawn, with a few words between them."""

import io
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from bot.messages import drawn, signs
from bot.sandbox.slack.modal import Field, Screen
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.screen import Seen

WIDEST = 100
LETTER_SECONDS = 0.035
FONTS = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono"


class Stage:
    """The terminal. `paced` gives a person the time to read; without it nothing waits."""

    def __init__(self, *, paced: bool) -> None:
        signs.stand_in(sys.stdout)
        self.console = Console(highlight=False)
        self.console.width = min(self.console.width, WIDEST)
        self.paced = paced
        self._picture = Console(record=True, file=io.StringIO(), width=WIDEST, force_terminal=True, highlight=False)
        self._in_picture, self._on_screen = False, True

    def pauses(self, seconds: float) -> None:
        """Give the audience a moment."""
        if self.paced and self._on_screen:
            time.sleep(seconds)

    def opens(self, title: str) -> None:
        """Begin an act."""
        self._print(Text())
        self._print(Rule(Text(title, "bold"), style="dim", align="left"))

    def says(self, words: str) -> None:
        """Say something as the narrator."""
        self._print(Text())
        self.shows(Text(words, "italic dim"))

    @contextmanager
    def pictured(self, *, alone: bool = False) -> Iterator[None]:
        """Put what is shown meanwhile into the picture too, or with `alone` only there."""
        self._in_picture, self._on_screen = True, not alone
        try:
            yield
        finally:
            self._in_picture, self._on_screen = False, True

    def save(self, path: Path) -> None:
        """Write the picture; it asks for no font from elsewhere."""
        drawing = self._picture.export_svg(title="Baton")
        drawing = re.sub(r"@font-face \{.*?\}", "", drawing, flags=re.DOTALL).replace("Fira Code", FONTS)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "\n".join(line.rstrip() for line in drawing.splitlines() if line.strip()) + "\n", encoding="utf-8"
        )

    def shows(self, drawing: RenderableType, *, indent: int = 2) -> None:
        """Show something that stands on a screen."""
        self._print(Padding(drawing, (0, 0, 0, indent)))

    def copied(self, words: str) -> None:
        """Show what is meant to be copied: to the left, and never broken."""
        self._print(Text(words, no_wrap=True, overflow="ignore"), soft_wrap=True)

    def types(self, person: Persona, text: str, at: datetime) -> None:
        """Show somebody type a command."""
        self._print(Text())
        self.shows(_head(person.member.name, at, person))
        if self.paced and self._on_screen:
            self._grows(text)
        self.shows(Text(text, "bold"), indent=4)
        self.pauses(0.5)

    def message(self, person: Persona, seen: Seen) -> None:
        """Show a message on somebody's screen."""
        at = datetime.fromtimestamp(float(seen.message.ts), ZoneInfo(person.member.tz))
        remark = "only visible to you" if seen.ephemeral else ""
        self._print(Text())
        self.shows(_head(seen.by, at, person, remark))
        self.shows(drawn.drawn(_blocks(seen), person.reads_markup), indent=4)

    def edit(self, person: Persona, seen: Seen, seconds: float) -> None:
        """Show what a message says now, and after how many seconds."""
        after = Text(f"{seconds:5.1f} s", "dim")
        self.shows(drawn.hanging(after, _flat(person, seen)), indent=3)

    def modal(self, person: Persona, screen: Screen) -> None:
        """Show the modal in front of somebody."""
        chosen = {field.part.block_id: field.value for field in screen.fields.values()}
        self._print(Text())
        self.shows(drawn.modal(screen.view.given, person.reads_markup, chosen))

    def field(self, field: Field) -> None:
        """Show one field of a modal as it stands now."""
        self.shows(drawn.drawn([field.part.block], str, {field.part.block_id: field.value}), indent=5)

    def presses(self, person: Persona, label: str) -> None:
        """Show somebody press a button."""
        self.pauses(0.8)
        self._print(Text())
        self.shows(Text.assemble((person.member.name.title(), "bold"), " presses ", drawn.button(label, strong=True)))

    def event(self, sign: str, words: str, style: str) -> None:
        """Show what happens outside of anybody's screen."""
        self.shows(drawn.hanging(Text(f"{sign:>6} ", style), Text(words, style)), indent=3)

    def _grows(self, text: str) -> None:
        """Show a text letter by letter, on a line that is gone afterwards."""
        with Live(console=self.console, transient=True, auto_refresh=False) as line:
            for length in range(len(text) + 1):
                line.update(Text(f"    {text[:length]}▏", "bold"), refresh=True)
                time.sleep(LETTER_SECONDS)

    def _print(self, drawing: RenderableType, *, soft_wrap: bool = False) -> None:
        if self._in_picture:
            self._picture.print(drawing)
        if not self._on_screen:
            return
        if self.console.is_terminal:
            self.console.print(drawing, soft_wrap=soft_wrap)
            return
        with self.console.capture() as written:
            self.console.print(drawing, soft_wrap=soft_wrap)
        print("\n".join(line.rstrip() for line in written.get().splitlines()), flush=True)


def _head(name: str, at: datetime, person: Persona, remark: str = "") -> Text:
    local = at.astimezone(ZoneInfo(person.member.tz))
    style = "bold blue" if name == "baton" else "bold"
    return Text.assemble((name.title(), style), (f"  {local:%H:%M}", "dim"), (f"  {remark}" if remark else "", "dim"))


def _blocks(seen: Seen) -> list[drawn.Block]:
    return list(seen.message.blocks) or [{"type": "section", "text": {"type": "mrkdwn", "text": seen.message.text}}]


def _flat(person: Persona, seen: Seen) -> Text:
    texts = [block["text"]["text"] for block in _blocks(seen) if block["type"] == "section"]
    return drawn.marked(" ".join(texts), person.reads_markup)
