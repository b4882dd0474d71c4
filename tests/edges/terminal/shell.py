"""A terminal on the machine that Baton runs on: commands in this process, and as processes of their own."""

import asyncio
import os
import pty
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from bot import app
from bot.app import Bot
from bot.settings import read
from bot.terminal import wow
from bot.terminal.event import EventTwin
from bot.terminal.handoff import HandoffTwin
from tests.stories.process import environment, run_to_its_end
from tests.stories.world import World

OPS = "terminal:ops"
Work = Callable[[Bot], Awaitable[int]]
Audit = list[tuple[str, str, str, str]]


class Shell:
    """A terminal on the machine that Baton runs on."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world, self._capsys = world, capsys

    def runs(self, work: Work) -> tuple[int, str]:
        """Runs a command; gives the exit code, and all that was printed with single blanks."""
        code, out, _ = self.prints(work)
        return code, " ".join(out.split())

    def prints(self, work: Work) -> tuple[int, str, str]:
        """Runs a command; gives the exit code, and exactly what stands on standard output and beside it."""
        code = asyncio.run(app.in_terminal(read(None), work, self.world.clock))
        out, err = self._capsys.readouterr()
        return code, out, err

    def does(self, work: Callable[[EventTwin], Awaitable[int]], by: str = OPS) -> tuple[int, str]:
        """Runs a command about the log."""
        return self.runs(lambda bot: work(EventTwin(bot, by)))

    def passes(self, work: Callable[[HandoffTwin], Awaitable[int]], by: str = OPS) -> tuple[int, str]:
        """Runs a command about the pager."""
        return self.runs(lambda bot: work(HandoffTwin(bot, by)))

    def takes(self, by: str, reason: str = "", *, wait: bool = True) -> tuple[int, str]:
        return self.passes(lambda twin: twin.take(reason, wait=wait), by)

    def offers(
        self, to: str, by: str = OPS, notes: Sequence[tuple[str, str]] = (), *, wait: bool = True, **chosen: str
    ) -> tuple[int, str]:
        return self.passes(lambda twin: twin.offer(to, "", chosen, notes, wait=wait), by)

    def accepts(self, by: str, *, wait: bool = True) -> tuple[int, str]:
        return self.passes(lambda twin: twin.accept(wait=wait), by)

    def logs(self, words: str, by: str = OPS, *, wait: bool = True) -> tuple[int, str]:
        return self.does(lambda twin: twin.log(words, wait=wait), by)

    def declares(self, title: str, by: str = OPS, *, wait: bool = True, **chosen: str) -> tuple[int, str]:
        return self.does(lambda twin: twin.declare(title, chosen, wait=wait), by)

    def resolves(self, named: str = "", by: str = OPS, *, wait: bool = True) -> tuple[int, str]:
        return self.does(lambda twin: twin.resolve(named, wait=wait), by)

    def looks(self, text: str, by: str = OPS) -> tuple[int, str]:
        return self.does(lambda twin: twin.looks(text), by)

    def rolls_over(
        self, by: str = OPS, ending: str = "", *, dry_run: bool = False, yes: bool = True, wait: bool = True
    ) -> tuple[int, str]:
        return self.runs(lambda bot: wow.roll_over(bot, by, ending, dry_run=dry_run, yes=yes, wait=wait))

    def undoes(self, by: str = OPS, *, yes: bool = True, wait: bool = True) -> tuple[int, str]:
        return self.runs(lambda bot: wow.undo(bot, by, dry_run=False, yes=yes, wait=wait))

    def audit(self) -> Audit:
        """Who asked for what, how it ended, and from where."""
        found: Audit = []

        async def look(bot: Bot) -> int:
            lines = await bot.store.read(lambda tx: tx.audit_lines())
            found.extend((each["who"], each["command"], each["outcome"], each["source"]) for each in lines)
            return 0

        self.runs(look)
        return found


def command(*words: str, noun: str = "wow") -> list[str]:
    return [sys.executable, "-m", "bot", noun, *words]


def runs(
    world: World, folder: Path, *words: str, noun: str = "wow", tty: bool = False, **more: str
) -> "subprocess.CompletedProcess[str]":
    """Runs a command as a process of its own, on a terminal if it is `tty`.

    It is forked from one that has loaded the program, unless Python itself or a terminal is told something.
    """
    if not tty and not any(name.startswith("PYTHON") for name in more):
        return run_to_its_end([noun, *words], {**world.bot.settings, **more}, folder)
    before, typed = environment({**world.bot.settings, **more}), command(*words, noun=noun)
    if not tty:
        return subprocess.run(typed, env=before, cwd=folder, capture_output=True, text=True, check=False)
    ours, theirs = pty.openpty()
    with subprocess.Popen(typed, env=before, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        said = read_until(ours, "")
    os.close(ours)
    seen = re.sub(r"[^\n]*\x1b\[2K", "", said)  # a line that was erased again
    return subprocess.CompletedProcess(run.args, run.returncode, re.sub(r"\x1b(\[[0-9;?]*\w|\].*?\x1b\\)", "", seen))


def read_until(place: int, words: str) -> str:
    """What stands on a terminal, up to these words; without words, until whoever writes there has left."""
    said = ""
    while not words or words not in said:
        try:
            piece = os.read(place, 4096)
        except OSError:  # Linux says so that the other side is closed
            break
        if not piece:
            break
        said += piece.decode(errors="replace")
    return said
