"""`serve` as the demo's child, which ends when the demo is gone, however that came about, and tidies up behind it.

Its standard input is a pipe whose other end the demo holds: the pipe ends with the demo.
"""

import os
import runpy
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import NoReturn

ORPHANED = threading.Event()


def main() -> None:
    """Run `serve` with the arguments that were given."""
    signal.signal(signal.SIGTERM, _ends)  # until `serve` listens for it: what is ended while it loads tidies up, too
    threading.Thread(target=_ends_with_the_demo, daemon=True).start()
    sys.argv = ["bot", "serve", *sys.argv[1:]]
    try:
        runpy.run_module("bot", run_name="__main__", alter_sys=True)
    finally:
        if ORPHANED.is_set():
            shutil.rmtree(Path.cwd(), ignore_errors=True)  # the demo's temporary folder, which it made for us


def _ends(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _ends_with_the_demo() -> None:
    while os.read(0, 1024):
        pass
    ORPHANED.set()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
