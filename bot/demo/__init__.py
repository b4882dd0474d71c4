"""`make demo`: the bot between an emulated Slack and GitLab, as a page to try it on or as a tour in the terminal.

The page plays nothing by itself; the tour plays a lead's Wednesday, and needs no key press. Neither needs an account
or a network.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.text import Text

from bot.demo import page
from bot.demo.play import introduce, invite, play
from bot.demo.process import DemoError
from bot.demo.stage import Stage
from bot.demo.worlds import Worlds

__all__ = ["run", "show"]

WRONG_PLACE = 2


def show(port: int = page.PORT) -> int:
    """Serve the page until Ctrl-C; gives the exit code."""
    _listen_for_interrupts()
    try:
        print("Starting an emulated Slack and GitLab, and Baton between them …", flush=True)
        with Worlds() as worlds:
            try:
                with page.opened(worlds, port) as address:
                    print(f"\n  Open {address}\n\nNothing plays by itself. Ctrl-C ends it.", flush=True)
                    _stay()
            finally:
                _ignore_interrupts()  # an impatient second Ctrl-C must not leave a child behind
    except DemoError as error:
        print(f"\nThe demo broke off: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nEnded; nothing is left behind.")
        return 0


def run(port: int = page.PORT, *, once: bool = False, picture: Path | None = None) -> int:
    """Play the tour, and then stay up until Ctrl-C, page and all, or with `once` end; gives the exit code.

    With `picture`, the best scenes are saved there as an SVG image.
    """
    if picture and (problem := _cannot_save(picture)):
        print(f"--picture: {problem}", file=sys.stderr)
        return WRONG_PLACE
    stage = Stage(paced=sys.stdout.isatty() and not once)
    _listen_for_interrupts()
    try:
        worlds = Worlds()
        introduce(stage, worlds)
        with worlds:
            try:
                play(stage, worlds)
                if picture:
                    stage.save(picture)
                if not once:
                    with page.opened(worlds, port) as address:
                        invite(stage, worlds, address)
                        stage.says("All of it stays up for you to look at. Ctrl-C ends it.")
                        _stay()
            finally:
                _ignore_interrupts()  # an impatient second Ctrl-C must not leave a child behind
    except DemoError as error:
        stage.console.print(Text(f"\nThe demo broke off: {error}", "red"))
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read it has left
        return 1
    except KeyboardInterrupt:
        stage.console.print(Text("\nEnded; nothing is left behind.", "dim"))
        return 0
    return 0


def _cannot_save(picture: Path) -> str:
    """Try whether the picture can be written, and leave no trace; gives the reason if not."""
    was_there = picture.exists()
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        with picture.open("ab"):
            pass
    except OSError as error:
        return f"nothing can be saved as {picture} ({(error.strerror or str(error)).lower()})."
    if not was_there:
        picture.unlink()
    return ""


def _stay() -> NoReturn:
    """Wait for Ctrl-C; one that comes just before a sleep does not end the sleep, so each is short."""
    while True:
        time.sleep(0.5)


def _listen_for_interrupts() -> None:
    """Let Ctrl-C end it, also where a shell had it ignored because it started this in the background."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _ignore_interrupts() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
