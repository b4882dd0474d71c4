"""`serve` as the demo's child, which ends when the demo is gone, however that came about, and tidies up behind it.

Its standard input is a pipe whose other end the demo holds: the pipe ends with the demo.
"""

import os
import runpy
import shutil
import sys
import threading
from pathlib import Path

TRIES = 100


def main() -> None:
    """Run `serve` with the arguments that were given."""
    threading.Thread(target=_ends_with_the_demo, daemon=True).start()
    sys.argv = ["bot", "serve", *sys.argv[1:]]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


def _ends_with_the_demo() -> None:
    while os.read(0, 1024):
        pass
    folder = Path.cwd()  # the demo's temporary folder, which it made for us
    for _ in range(TRIES):  # `serve`, which nobody waits for any more, may put something into it meanwhile
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
    os._exit(1)


if __name__ == "__main__":
    main()
