"""The check-up on a terminal: a line for each check as soon as it is known, then the sum, then what can be created."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.doctor import GITLAB, CheckUp
from bot.domain.checkup import Finding, Lacking, Level, worst
from bot.domain.errors import Rejected, Unavailable
from bot.messages import doctor as say
from bot.messages import drawn
from bot.settings import Partly
from bot.terminal.printer import NARROW, Printer

CODES: Mapping[Level, int] = {"ok": 0, "note": 0, "warning": 1, "problem": 2}
COLOURS: Mapping[Level, str] = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}
LEVEL_WIDTH, CHECK_WIDTH = 7, 12
UNFOLDED = 10_000
"""Columns of a pipe: there each finding is one line, however long."""


async def run(found: Partly, env_file: Path | None, now: Callable[[], datetime], *, fix: bool, yes: bool) -> int:
    """Examine everything, print what is found, create what is lacking if that is asked for; gives the exit code."""
    paper = Paper(found.secrets)
    async with CheckUp(found, env_file, now) as check_up:
        with paper.busy():
            findings = await check_up.examine(paper.tell)
        paper.sums_up(findings)
        if not fix:
            return CODES[worst(findings)]
        if not check_up.lacking:
            paper.line("Nothing is lacking that --fix could create.")
            return CODES[worst(findings)]
        paper.lists(check_up.lacking)
        if not yes and not await paper.agrees("Create"):
            return CODES[worst(findings)]
        await create(check_up, paper)
        again = await check_up.examine(paper.tell, (GITLAB,))
        checks = {finding.check for finding in again}
        findings = [finding for finding in findings if finding.check not in checks] + again
        paper.sums_up(findings)
        return CODES[worst(findings)]


async def create(check_up: CheckUp, paper: "Paper") -> None:
    """Create what was found to be lacking, and print what became of each."""
    lacking = check_up.lacking
    for label in (*lacking.labels, *lacking.ap_labels):
        with paper.creating(f"the label “{label}”"):
            await check_up.create_label(label)
    for title, week in lacking.weeks:
        with paper.creating(f"the milestone “{title}”"):
            await check_up.create_week(title, week)


class Paper:
    """What is written on: colours and folded lines on a terminal, a line for each finding elsewhere; never a secret."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets, self._printer = secrets, Printer()
        self._is_screen = self._printer.console.is_terminal
        if not self._is_screen:
            self._printer.console.width = UNFOLDED

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Show on a terminal that something goes on."""
        if not self._is_screen:
            yield
            return
        looking = Spinner("dots", "Looking at Slack, GitLab and this machine …", style="green")
        # it stands there before the first finding is written, which else may come to stand behind it
        with Live(looking, console=self._printer.console, transient=True, refresh_per_second=10):
            yield

    def tell(self, findings: Sequence[Finding]) -> None:
        """Write findings."""
        for finding in findings:
            self._printer.show(self._drawn(finding))

    def line(self, words: str) -> None:
        """Write a line of our own."""
        self._printer.line(self._hidden(words))

    def sums_up(self, findings: Sequence[Finding]) -> None:
        """Write how many are grave."""
        levels = [finding.level for finding in findings]
        self._printer.line("")
        self._printer.show(
            Text(say.verdict(levels.count("problem"), levels.count("warning")), f"bold {COLOURS[worst(findings)]}")
        )

    def lists(self, lacking: Lacking) -> None:
        """Write what would be created."""
        self._printer.line("")
        self._printer.line("To be created in GitLab:")
        for label in (*lacking.labels, *lacking.ap_labels):
            self._printer.line(f"  label “{label}”")
        for title, week in lacking.weeks:
            self._printer.line(f"  milestone “{title}”, {week.start} to {week.ending}")

    async def agrees(self, question: str) -> bool:
        """Ask."""
        return await self._printer.agrees(question)

    @contextlib.contextmanager
    def creating(self, what: str) -> Iterator[None]:
        """Write what became of something that is created meanwhile."""
        try:
            yield
        except (Unavailable, Rejected) as refusal:
            self.line(f"Not created: {what}, because {drawn.harmless(refusal.reason)}.")
        else:
            self.line(f"Created: {what}.")

    def _drawn(self, finding: Finding) -> RenderableType:
        said, mend = (self._hidden(drawn.harmless(text)) for text in (finding.said, finding.mend))
        if not self._is_screen:
            return Text(f"{finding.level:<{LEVEL_WIDTH}} {finding.check}: {' '.join(filter(None, (said, mend)))}")
        words = Group(Text(said), *([Text(mend, "dim")] if mend else []))
        level, check = Text(finding.level, COLOURS[finding.level]), Text(finding.check)
        if self._printer.console.width < NARROW:
            return Group(Text.assemble(level, " ", check), Padding(words, (0, 0, 0, 2)))
        table = Table.grid(padding=(0, 2))
        table.add_column(width=LEVEL_WIDTH)
        table.add_column(width=CHECK_WIDTH)
        table.add_column(overflow="fold")
        table.add_row(level, check, words)
        return table

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text
