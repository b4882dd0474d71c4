"""Looks whether what `deploy/install` has made serves as it is deployed: `python -m tests.deployed /opt/baton`.

Between the demo's Slack and GitLab, with nothing but what the unit and the container give it: an empty environment, a
folder it cannot write to, the health check of the container, and no memory that is writable and executable at once.
"""

import ctypes
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bot.demo.worlds import Worlds
from bot.sandbox import seed

ROOT = Path(__file__).parent.parent
SECONDS = 20.0
DENY_WRITE_EXECUTE = (65, 1, 0, 0, 0)
"""https://man7.org/linux/man-pages/man2/PR_SET_MDWE.2const.html"""


def main(place: Path) -> None:
    """Serve, be asked for a picture, and end."""
    if ctypes.CDLL(None).prctl(*DENY_WRITE_EXECUTE):  # as all that is started from here
        print("this kernel cannot deny memory that is writable and executable")
    python = str(place / "bin" / "python")
    with Worlds() as worlds, tempfile.TemporaryDirectory() as folder:
        variables = worlds.settings | {"DATABASE_URL": f"sqlite:///{folder}/baton.db", "PORT": "3000"}
        running = subprocess.Popen(
            [python, "-I", "-m", "bot", "serve"], env=variables, cwd="/", stdout=subprocess.DEVNULL
        )
        try:
            check = _health_check(python)
            _until(lambda: subprocess.run(check, check=False, stderr=subprocess.DEVNULL).returncode == 0, "healthy")
            worlds.slack.bot_url = "http://127.0.0.1:3000"
            _until(lambda: _draws(worlds), "a picture")
            running.send_signal(signal.SIGTERM)
            code = running.wait(SECONDS)
        finally:
            running.kill()
    wrong = subprocess.run(
        [python, "-I", "-m", "bot", "serve"], env={}, cwd="/", check=False, stderr=subprocess.DEVNULL
    )
    print(f"ended with {code}; without settings with {wrong.returncode}")
    sys.exit((code, wrong.returncode) != (0, 2))


def _health_check(python: str) -> list[str]:
    [command] = re.findall(r"^    CMD \[(.+)\]$", (ROOT / "deploy" / "Containerfile").read_text(), re.MULTILINE)
    return [python, *re.findall(r'"([^"]*)"', command)[1:]]


def _draws(worlds: Worlds) -> bool:
    worlds.slack.person(seed.ALICE).types("/event timeline O1")
    return worlds.slack.wait_for(lambda: any(each.name.endswith(".png") for each in worlds.slack.files.values()), 3)


def _until(happens: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not happens():
        if time.monotonic() > deadline:
            sys.exit(f"waited in vain: {what}")
        time.sleep(0.2)
    print(what, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
