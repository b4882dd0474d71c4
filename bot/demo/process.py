"""Baton as the demo's child: started, killed, and started again, always at the same address."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

CODE = Path(__file__).parents[2]
START_SECONDS = 30.0
STOP_SECONDS = 12.0


class DemoError(Exception):
    """Something that should have happened did not."""


class Process:
    """`serve` in `folder`, with these settings and nothing of the surroundings, apart from the keyboard's Ctrl-C."""

    def __init__(self, settings: Mapping[str, str], folder: Path) -> None:
        self.url = ""
        self._settings, self._folder = dict(settings), folder
        self._log = folder / "baton.log"
        self._running: subprocess.Popen[bytes] | None = None

    def starts(self, now: datetime) -> None:
        """Start it at this instant, and wait until it answers; after the first time it keeps its port."""
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "SYSTEMROOT"}}
        with self._log.open("wb") as written:
            self._running = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "bot.demo.child", "--now", now.isoformat()],
                env={**kept, "PYTHONPATH": str(CODE), **self._settings},
                cwd=self._folder,
                stdin=subprocess.PIPE,  # never written to: it ends when this process does
                stdout=written,
                stderr=written,
                start_new_session=True,
            )
        self.url = self._address(self._running)
        self._settings["PORT"] = self.url.rpartition(":")[2]

    def ends(self) -> None:
        """Let it finish what it does, and end."""
        if (running := self._running) is None:
            return
        running.terminate()
        try:
            running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
        self._is_gone(running)

    def is_killed(self) -> None:
        """End it as `kill -9` does, without a chance to tidy up."""
        if self._running is not None:
            self._running.kill()
            self._is_gone(self._running)

    @property
    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(encoding="utf-8").splitlines()[-5:])

    def _is_gone(self, running: "subprocess.Popen[bytes]") -> None:
        running.wait()
        if running.stdin is not None:
            running.stdin.close()

    def _address(self, running: "subprocess.Popen[bytes]") -> str:
        """Read in the log where the bot listens; it took a free port."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and running.poll() is None:
            for line in self._log.read_text(encoding="utf-8").splitlines():
                if '"app.ready"' in line and line.endswith("}"):
                    return str(json.loads(line)["address"])
            time.sleep(0.02)
        message = f"the bot did not start.\n{self.last_words}"
        raise DemoError(message)
