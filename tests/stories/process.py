"""The bot as a process of its own, started, stopped and killed as an operating system would.

A process is forked from one that has loaded the program and done nothing else: loading takes a second, and the stories
need a hundred processes. That `python -m bot serve` does the same is shown in `test_process.py`.
"""

import http.client
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
END_SECONDS = 60.0
_LOOK_EVERY = 0.01
_KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG")
_LOADED = multiprocessing.get_context("forkserver")
_LOADED.set_forkserver_preload(["tests.stories.loaded"])


class Bot:
    """`python -m bot serve`, with these settings and nothing else in its environment."""

    def __init__(
        self,
        settings: Mapping[str, str],
        folder: Path,
        now: Callable[[], str],
        found_at: Callable[[str], None] = lambda _: None,
        name: str = "bot",
    ) -> None:
        self.settings = dict(settings)
        self.url = ""
        self._folder, self._now, self._found_at, self._name = folder, now, found_at, name
        self._process: multiprocessing.process.BaseProcess | None = None
        self._starts = 0

    # what happens to it

    def launches(self) -> None:
        """Starts without waiting for it to serve."""
        self._starts += 1
        # what a bot that is killed has no time to take away stays among the test's own files
        variables = environment({"TMPDIR": str(self._folder), **self.settings})
        told = (["serve", "--now", self._now()], variables, str(self._folder), str(self._log_file))
        self._process = _LOADED.Process(target=_run, args=told, daemon=True)
        self._process.start()

    def starts(self) -> None:
        """Starts, and serves; from now on the world speaks to this process."""
        self.launches()
        self.is_awaited()

    def is_awaited(self) -> None:
        """Waits until a process that was launched serves."""
        deadline = time.monotonic() + START_SECONDS
        while not (said := self._said("app.ready")):
            assert self.is_running, f"the bot ended by itself\n{self.log}"
            assert time.monotonic() < deadline, f"the bot does not serve\n{self.log}"
            time.sleep(_LOOK_EVERY)
        self.url = str(said[-1]["address"])
        self._found_at(self.url)

    def is_killed(self) -> None:
        """Ends without a chance to tidy up."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def stops(self, within: float = 10.0) -> int | None:
        """Is asked to end (SIGTERM); gives the exit code, None when it did not end in time."""
        assert self._process is not None, "the bot was never started"
        self._process.terminate()
        self._process.join(within)
        return self._process.exitcode

    # how it is

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.is_alive()

    @property
    def log(self) -> str:
        """What it has written since it was started last."""
        return self._log_file.read_text() if self._log_file.exists() else ""

    @property
    def whole_log(self) -> str:
        """What it has written since its first start."""
        files = (self._folder / f"{self._name}-{number}.log" for number in range(1, self._starts + 1))
        return "".join(each.read_text() for each in files if each.exists())

    @property
    def complaints(self) -> list[str]:
        """Every line of the log that speaks of an error."""
        return [line for line in self.whole_log.splitlines() if '"level": "error"' in line or "Traceback" in line]

    def asks(self, path: str, method: str = "GET", within: float = 5.0) -> tuple[int, Any]:
        """What it answers over HTTP: the status, and the body (parsed if it is JSON)."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=within)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text

    @property
    def is_idle(self) -> bool:
        """Whether it serves, and nothing waits for GitLab or Slack."""
        try:
            status, health = self.asks("/healthz")
        except (OSError, http.client.HTTPException):
            return False
        return status == HTTPStatus.OK and health["gitlab"]["waiting"] == health["slack"]["waiting"] == 0

    def has_said(self, event: str) -> bool:
        """Whether an event stands in the log since the last start."""
        return bool(self._said(event))

    def _said(self, event: str) -> list[dict[str, Any]]:
        lines = [line for line in self.log.splitlines() if f'"event": "{event}"' in line]
        return [json.loads(line) for line in lines if line.endswith("}")]

    @property
    def _log_file(self) -> Path:
        return self._folder / f"{self._name}-{self._starts}.log"


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process with these settings, and nothing of ours that could be taken for one."""
    kept = {key: os.environ[key] for key in _KEPT_VARIABLES if key in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def run_to_its_end(words: Sequence[str], settings: Mapping[str, str], folder: Path) -> "CompletedProcess[str]":
    """`python -m bot …` with these words, until it has ended: what it printed, and its exit code."""
    with TemporaryDirectory() as kept:
        out, err = Path(kept) / "out", Path(kept) / "err"
        told = (list(words), environment(settings), str(folder), str(out), str(err))
        process = _LOADED.Process(target=_run, args=told, daemon=True)
        process.start()
        process.join(END_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutExpired(told[0], END_SECONDS, out.read_text(), err.read_text())
        return CompletedProcess(told[0], process.exitcode, out.read_text(), err.read_text())


def _run(arguments: list[str], variables: dict[str, str], folder: str, log: str, errors: str = "") -> None:
    """What the new process does: `python -m bot …` in this folder and environment."""
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    with Path(log).open("wb") as file, Path(errors or os.devnull).open("wb") as beside:
        os.dup2(file.fileno(), 1)
        os.dup2((beside if errors else file).fileno(), 2)
    sys.argv = ["bot", *arguments]
    from tests.stories.loaded import program  # loaded in the process that is forked, not in the one that tests

    program()
