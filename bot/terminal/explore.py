"""The log in a browser, by Datasette, which runs as a process of its own: https://docs.datasette.io.

It is given a file that holds what may be shown and nothing else, made for it and thrown away at the end. So whatever
anybody asks, in SQL of their own, too, there is nothing to be found, nobody who writes is held up, and nothing can be
changed. It gets none of our environment, where the tokens are.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from bot.messages import explore as say
from bot.store import StoreError, keeping, showing
from bot.terminal import DONE
from bot.terminal.printer import Printer

HOST = "127.0.0.1"
NAME = "log"
START_SECONDS = 20.0
END_SECONDS = 5.0
LOOK_SECONDS = 0.1
PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "BROWSER")
SETTINGS = {"allow_download": "off", "default_page_size": "50", "default_facet_size": "10", "sql_time_limit_ms": "5000",
            "facet_time_limit_ms": "1000", "suggest_facets": "off", "max_returned_rows": "5000"}  # fmt: skip


def explore(database: Path, zone: ZoneInfo, now: datetime, port: int, *, with_private: bool, open_browser: bool) -> int:
    """Show the log until Ctrl-C."""
    printer = Printer()
    if find_spec("datasette") is None:
        raise StoreError(say.not_installed())
    keeping.must_be_up_to_date(database)
    port = _free(port)
    with tempfile.TemporaryDirectory(prefix="baton-explore-") as folder, _ended_by_signal():
        file = Path(folder) / f"{NAME}.db"
        with printer.following() as shows:
            shown = showing.write_what_may_be_shown(
                *(database, file, zone, lambda done, total: shows(Text(say.gathering(done, total)), False)),
                with_private=with_private,
            )
        as_of = say.as_of(now, shown.events, shown.left_out, with_private=with_private)
        described = Path(folder) / "metadata.json"
        described.write_text(json.dumps(metadata(as_of, with_private=with_private)))
        printer.whole(as_of)
        return _serve(printer, file, described, port, with_private=with_private, open_browser=open_browser)


def metadata(as_of: str, *, with_private: bool) -> dict[str, Any]:
    """Describe tables and questions to Datasette: https://docs.datasette.io/en/stable/metadata.html."""
    tables: dict[str, dict[str, Any]] = {
        "events": {"sort_desc": "at", "facets": ["kind", "source", "by", "outage", "week"], "label_column": "text"},
        "outages": {"sort_desc": "began_at", "facets": ["data_loss", "confidential"], "label_column": "title"},
        "shifts": {"sort_desc": "number", "facets": ["who"], "label_column": "who"},
        "weeks": {"sort_desc": "ending", "label_column": "ending"},
    }
    for table, words in say.TABLES.items():
        tables[table]["description"] = words
    questions = {
        name: {
            "sql": dedent(sql).strip(),
            "hide_sql": True,
            **dict(zip(("title", "description"), say.QUESTIONS[name], strict=True)),
        }
        for name, sql in showing.QUESTIONS.items()
    }
    described = {
        "title": say.HEADLINE,
        "description": as_of,
        "databases": {NAME: {"description": as_of, "tables": tables, "queries": questions}},
    }
    return {**described, "allow": {"id": "root"}} if with_private else described


def _serve(printer: Printer, file: Path, described: Path, port: int, *, with_private: bool, open_browser: bool) -> int:
    with _running(file, described, port, with_private=with_private, open_browser=open_browser) as (process, said):
        _wait_until_it_answers(process, port, said)
        url = f"http://{HOST}:{port}/"
        if with_private:
            url = _login(said) or url
        with contextlib.suppress(KeyboardInterrupt):
            printer.whole(say.open_here(url, with_private=with_private))
            process.wait()
            raise StoreError(say.did_not_start(said.read_text()))
    return DONE


@contextlib.contextmanager
def _running(
    file: Path, described: Path, port: int, *, with_private: bool, open_browser: bool
) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """Run Datasette, and what it says go into a file beside the log."""
    settings = [word for name, value in SETTINGS.items() for word in ("--setting", name, value)]
    flags = [*(["--root"] if with_private else []), *(["--open"] if open_browser else [])]
    said = file.with_name("said")
    where = ["--host", HOST, "--port", str(port), "--metadata", str(described)]
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    with said.open("wb") as words:
        process = subprocess.Popen(  # noqa: S603 - words of our own
            [sys.executable, "-I", "-m", "datasette", "serve", "--immutable", str(file), *where, *settings, *flags],
            env={**env, "DATASETTE_LOAD_PLUGINS": "", "PYTHONUNBUFFERED": "1"},
            cwd=file.parent,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,  # Ctrl-C is for us, who then end it
        )
    try:
        yield process, said
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, said: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if process.poll() is not None:
            raise StoreError(say.did_not_start(said.read_text()))
        if time.monotonic() > deadline:
            raise StoreError(say.waited(START_SECONDS))
        time.sleep(LOOK_SECONDS)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/-/versions.json", timeout=LOOK_SECONDS * 20):
            return True
    except urllib.error.HTTPError:  # who may not see it gets an answer, too
        return True
    except OSError:
        return False


def _login(said: Path) -> str:
    """Find the address that lets the first browser in which opens it; Datasette makes it up."""
    return next((line for line in said.read_text().splitlines() if "/-/auth-token?token=" in line), "").strip()


def _free(port: int) -> int:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            raise StoreError(say.port_taken(port)) from error
        found: int = tried.getsockname()[1]
        return found


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end it as Ctrl-C does, so that nothing is left behind."""

    def ends(*_: object) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, ends) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
