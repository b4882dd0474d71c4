"""Pictures: the timeline of an outage, and a week, as PNG.

matplotlib takes half a second and much memory to load, and nobody may wait while it draws. So a process of its own does
(`python -m bot.charts`: the description on stdin, PNG on stdout): at low priority, without the bot's settings, in a
temporary folder (which it takes away itself where the bot is killed meanwhile), and killed when it takes too long. The bot itself never loads matplotlib.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from weakref import WeakKeyDictionary

from bot.domain.errors import Unavailable
from bot.domain.pictures import Drawable, Mark, Picture, WeekPicture
from bot.domain.report import Day, Totals

LONGEST_SECONDS = 30.0
AT_ONCE = 2
"""Each drawing takes a processor for a second or two, and some hundred megabytes."""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def draw(picture: Drawable, timeout: float = LONGEST_SECONDS) -> bytes:
    """Draw a picture as PNG; raises Unavailable where that fails or takes longer than `timeout` seconds."""
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    async with turn:
        with TemporaryDirectory(prefix="baton-picture-", ignore_cleanup_errors=True) as folder:
            return await _drawn_in(folder, picture, timeout)


async def _drawn_in(folder: str, picture: Drawable, timeout: float) -> bytes:
    command = (sys.executable, "-m", "bot.charts", str(os.getpid()))
    try:
        running = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable("the picture was not drawn: no process could be started", world_is_down=False) from error
    try:
        async with asyncio.timeout(timeout):
            png, complaint = await running.communicate(written(picture))
    except TimeoutError:
        raise Unavailable(f"the picture was not drawn within {timeout:g} s", world_is_down=False) from None
    finally:
        if running.returncode is None:
            with suppress(ProcessLookupError):
                running.kill()
            await running.wait()
    if running.returncode or not png.startswith(_SIGNATURE):
        # What it complains of may hold words of the log, so it goes along for whoever looks, and into no message.
        raise Unavailable("the picture was not drawn: the process that draws failed", world_is_down=False) from (
            subprocess.CalledProcessError(running.returncode or 0, command, stderr=complaint)
        )
    return png


def _environment(folder: str) -> Mapping[str, str]:
    """Hand on nothing that the bot knows; what matplotlib writes, it writes into the folder."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL"}}
    code = Path(__file__).parents[2]
    return {**kept, "PYTHONPATH": str(code), "HOME": folder, "MPLCONFIGDIR": folder, "MPLBACKEND": "agg"}


def written(picture: Drawable) -> bytes:
    """Write the description of a picture down."""
    if isinstance(picture, WeekPicture):
        return json.dumps(asdict(picture), default=date.isoformat).encode("ascii")
    marks = [[mark.at.isoformat(), mark.kind, mark.text] for mark in picture.marks]
    ended = picture.ended_at and picture.ended_at.isoformat()
    instants = {"began_at": picture.began_at.isoformat(), "ended_at": ended, "drawn_at": picture.drawn_at.isoformat()}
    return json.dumps({"title": picture.title, **instants, "marks": marks}).encode("ascii")


def read(description: bytes) -> Drawable:
    """Read a description; all instants are turned to UTC."""
    body = json.loads(description)
    if "trend" in body:
        return _read_week(body)
    return Picture(
        title=body["title"],
        began_at=_instant(body["began_at"]),
        ended_at=_instant(body["ended_at"]) if body["ended_at"] else None,
        marks=tuple(Mark(_instant(at), kind, text) for at, kind, text in body["marks"]),
        drawn_at=_instant(body["drawn_at"]),
    )


def _read_week(body: Mapping[str, Any]) -> WeekPicture:
    return WeekPicture(
        title=body["title"],
        subtitle=body["subtitle"],
        ending=date.fromisoformat(body["ending"]),
        days=tuple(Day(**{**each, "day": date.fromisoformat(each["day"])}) for each in body["days"]),
        trend=tuple(Totals(**{**each, "ending": date.fromisoformat(each["ending"])}) for each in body["trend"]),
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
