"""The log in the browser: all that is for everybody can be asked, and nothing else is there to be found."""

import http.client
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import pytest

from bot.store import showing
from bot.terminal import WRONG
from tests.edges.terminal.remembered import EMAIL, SECRET, remember
from tests.stories.process import environment

UTC = ZoneInfo("UTC")
needs_datasette = pytest.mark.skipif(find_spec("datasette") is None, reason="left out: Datasette is not installed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "baton.db"
    remember(found)
    return found


def shown(path: Path, *, with_private: bool = False) -> tuple[Path, showing.Shown]:
    target = path.with_name("log.db")
    target.unlink(missing_ok=True)
    told = showing.write_what_may_be_shown(path, target, UTC, lambda _, __: None, with_private=with_private)
    return target, told


# The file that is made


def test_nothing_private_is_anywhere_in_the_file_not_even_between_its_pages(path: Path) -> None:
    target, told = shown(path)

    content = target.read_bytes()
    assert SECRET.encode() not in content
    assert b"hunter2" not in content
    assert EMAIL.encode() not in content
    assert b"restarted pgbouncer" in content
    assert (told.events, told.left_out) == (3, 2)


def test_what_is_private_is_there_when_it_is_asked_for_but_no_address_or_audit(path: Path) -> None:
    target, told = shown(path, with_private=True)

    with closing(sqlite3.connect(target)) as log:
        assert [row[0] for row in log.execute("SELECT id FROM events WHERE private ORDER BY id")] == [3, 4]
        tables = {row[0] for row in log.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert (told.events, told.left_out) == (5, 0)
    assert {one for one in tables if not one.startswith("events_fts") and "stat" not in one} == {
        "events",
        "outages",
        "shifts",
        "weeks",
    }
    assert EMAIL.encode() not in target.read_bytes()
    assert b"in a note" not in target.read_bytes()


def test_an_event_of_an_outage_that_became_confidential_is_left_out(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE outages SET confidential = 1 WHERE number = 1")

    target, told = shown(path)

    assert (told.events, told.left_out) == (1, 4)
    assert b"pgbouncer" not in target.read_bytes()


def test_who_writes_is_not_held_up_meanwhile(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        _, told = shown(path)
        writer.execute("ROLLBACK")

    assert told.events == 3


# The pages


@dataclass
class Pages:
    """Datasette, as a browser that keeps its cookie sees it."""

    port: int
    printed: str
    process: "subprocess.Popen[str]"
    cookie: str = ""

    def get(self, page: str) -> tuple[int, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as asked:
            asked.request("GET", page, headers={"Cookie": self.cookie} if self.cookie else {})
            answer = asked.getresponse()
            self.cookie = (answer.getheader("set-cookie") or self.cookie).partition(";")[0]
            return answer.status, answer.read().decode(errors="replace")

    def asks(self, sql: str) -> str:
        return self.get(f"/log.json?sql={quote(sql)}")[1]


@contextmanager
def exploring(path: Path, *words: str) -> Iterator[Pages]:
    env = environment({"DATABASE_URL": f"sqlite:///{path}", "SLACK_BOT_TOKEN": f"xoxb-{SECRET}"})
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "explore", "--port", "0", *words],
        env=env, cwd=path.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        printed = ""
        while "Ctrl-C ends it" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        url = re.findall(r"^Open (\S+)$", printed, re.MULTILINE)[0]
        try:
            yield Pages(urlsplit(url).port or 0, printed, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@needs_datasette
def test_every_page_table_and_question_is_without_a_secret(path: Path) -> None:
    with exploring(path) as pages:
        tables = [row[0] for row in json.loads(pages.asks("select name from sqlite_master"))["rows"]]
        every = [
            "/",
            "/log",
            "/log.db",
            "/-/versions.json",
            "/-/settings.json",
            "/-/metadata.json",
            "/-/databases.json",
        ]
        every += [f"/log/{one}.json" for one in tables]
        every += [
            f"/log/{one}{end}" for one in ("events", "outages", "shifts", "weeks") for end in ("", ".csv?_stream=1")
        ]
        every += [f"/log/{one}.json" for one in showing.QUESTIONS] + ["/log/this_outage.json?outage=O2"]
        every += ["/log/events.json?_search=hunter2", "/log/events.json?_search=zq7*", "/_internal/tables.json"]
        for page in every:
            text = pages.get(page)[1].replace("_search=zq7*", "")
            assert SECRET not in text, page
            assert EMAIL not in text, page
        assert '"rows": []' in pages.get("/log/events.json?_search=hunter2")[1]
        asked = pages.asks("select count(*) from events_fts_data where cast(block as text) like '%hunter2%'")
        assert json.loads(asked)["rows"] == [[0]]
        for attack in (f"attach '{path}' as other", "delete from events", "pragma database_list"):
            assert SECRET not in pages.asks(attack)
        assert pages.get("/log.db")[0] == 403
        assert pages.get("/-/plugins.json")[1] == "[]"

        assert "restarted pgbouncer" in pages.get("/log/events.json?_search=pgbouncer")[1]
        assert "restarted pgbouncer" in pages.get("/log/this_outage.json?outage=o1")[1]
        assert "deployed web" in pages.get("/log/this_shift.json")[1]
        assert "2017-01-31" in pages.get("/log/week_by_week.json")[1]
        facets = json.loads(pages.get("/log/events.json")[1])["facet_results"]
        assert {"kind", "source", "by", "outage", "week"} <= facets.keys()
        assert "3 events. 2 private events left out." in pages.get("/log")[1]

        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("ROLLBACK")


@needs_datasette
def test_what_is_private_is_shown_to_the_browser_that_was_let_in_and_to_no_other(path: Path) -> None:
    with exploring(path, "--private") as pages:
        assert pages.get("/log/events.json")[0] == 403
        assert SECRET not in pages.get("/")[1]

        url = re.findall(r"^Open http://[^/]+(/\S+)$", pages.printed, re.MULTILINE)[0]
        pages.get(url)

        assert SECRET in pages.get("/log/events.json")[1]
        assert SECRET in pages.get("/log/outages.json")[1]
        assert EMAIL not in pages.get("/log/events.json")[1]


@needs_datasette
def test_nothing_is_left_behind(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))

    with exploring(path) as pages:
        (made,) = place.iterdir()
        assert made.stat().st_mode & 0o777 == 0o700

    assert pages.process.returncode == 0
    assert list(place.iterdir()) == []
    with socket.socket() as tried:
        assert tried.connect_ex(("127.0.0.1", pages.port)) != 0


@needs_datasette
def test_a_port_that_is_taken_is_said(path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "explore", "--port", str(taken.getsockname()[1])],
            env=environment({"DATABASE_URL": f"sqlite:///{path}"}),
            cwd=path.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert done.returncode == WRONG
    assert "--port: another program listens on 127.0.0.1:" in done.stderr


def test_without_datasette_it_is_said_how_to_install_it(path: Path) -> None:
    without = (
        "import sys; sys.modules['datasette'] = None; sys.argv[1:] = ['explore']; from bot.__main__ import cli; cli()"
    )
    done = subprocess.run(
        [sys.executable, "-c", without],
        env=environment({"DATABASE_URL": f"sqlite:///{path}"}),
        cwd=path.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == WRONG
    assert "`make explore` installs and starts it" in done.stderr
    assert done.stderr.count("\n") == 1
