"""The process that draws: a description on stdin, PNG on stdout. Nothing but this process loads matplotlib."""

import os
import shutil
import signal
import sys
from pathlib import Path

from bot.charts import LONGEST_SECONDS, paper, read, timeline, week
from bot.domain.pictures import Drawable, WeekPicture


def main() -> None:
    """Draw what stdin describes, for the process whose id is the argument."""
    if hasattr(os, "nice"):
        os.nice(10)
    # Whoever asked ends this process in time, unless it was ended itself.
    signal.alarm(int(LONGEST_SECONDS) + 5)
    try:
        sys.stdout.buffer.write(drawn(read(sys.stdin.buffer.read())))
    finally:
        if os.getppid() != int(sys.argv[1]):
            shutil.rmtree(Path.cwd(), ignore_errors=True)  # the temporary folder that whoever asked made for this


def drawn(picture: Drawable) -> bytes:
    """Draw a picture."""
    with paper.settings():
        return placed(picture).png()


def placed(picture: Drawable) -> paper.Paper:
    """Place everything on paper."""
    return week.placed(picture) if isinstance(picture, WeekPicture) else timeline.placed(picture)


if __name__ == "__main__":
    main()
