"""A database with something of everything in it, and what of that is for nobody in particular."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.domain.events import Event, Pending
from bot.domain.oncall import Handed, Handoff
from bot.domain.operations import AddNote
from bot.domain.outages import Outage
from bot.domain.people import Person
from bot.domain.rollover import Line, Turn
from bot.domain.tracker import Milestone
from bot.domain.turning import Rollover
from bot.store import Tx, open_store

AT = datetime(2017, 1, 31, 22, 0, tzinfo=UTC)
SECRET = "zq7-hunter2"
"""Stands in every text that is not for everybody."""
EMAIL = "alice@example.org"


def later(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


def remember(path: Path) -> None:
    """Make a database in which three people worked for a night."""
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.write_now(_everything)


def _everything(tx: Tx) -> None:
    for who, name, handle in (("U1", "Alice", "alice"), ("U2", "Bob", "bob")):
        tx.keep_person(Person(who, name, email=EMAIL if who == "U1" else "", handle=handle), AT)
    tx.keep_fact("topic", f"{SECRET} in a fact", AT)
    _outages(tx)
    _events(tx)
    _shifts(tx)
    _week(tx)
    _requests(tx)


def _outages(tx: Tx) -> None:
    open_one = Outage(0, "k1", "Primary database is down", "U1", AT, seen="empty pages", iid=1, url="https://g.test/1")
    tx.add_outage(open_one)
    tx.add_outage(
        Outage(
            *(0, "k2", f"Breach {SECRET}", "U2", later(10), f"keys seen {SECRET}"),
            iid=2, url=f"https://g.test/{SECRET}", confidential=True, channel="G9", ended_at=later(50), ended_by="U2",
        )
    )  # fmt: skip
    tx.add_outage(Outage(0, "k3", f"Quiet {SECRET}", "U2", later(20), private=True, channel="G9", permalink=SECRET))


def _events(tx: Tx) -> None:
    said = [
        ("incident", "The primary does not answer", {"outage": 1}),
        ("change", "restarted pgbouncer on db1", {"outage": 1, "channel": "C1", "permalink": "https://s.test/p1"}),
        ("change", f"rotated the key {SECRET}", {"channel": "G9", "private": True, "permalink": f"https://s/{SECRET}"}),
        ("incident", f"{SECRET} was read by somebody", {"outage": 2}),
        ("change", "deployed web 17.3 to production", {"source": "deploy", "by": "gitlab:carol"}),
    ]
    for number, (kind, text, more) in enumerate(said, start=1):
        event = Event(0, f"e{number}", "change", later(number), later(number), "U1", text, "command")
        tx.add_event(replace(event, kind=kind, **more))  # type: ignore[arg-type]
    tx.add_pending(Pending(0, "p1", "U1", AT, f"{SECRET} pending"))


def _shifts(tx: Tx) -> None:
    note = Handed("Breach", AT, 2, note=f"{SECRET} in a note", confidential=True)
    for number, (incoming, more) in enumerate(
        [("U1", {"summary": "A calm night"}), ("U2", {"summary": f"{SECRET} in a summary", "private": True})]
    ):
        at = later(number * 3)
        given = Handoff(0, f"h{number}", "U2", incoming, "U2", at, "accepted", handed=(note,), **more)  # type: ignore[arg-type]
        kept = tx.add_handoff(given)
        tx.begin_shift(incoming, at, kept.number)
    tx.keep_draft("U1", 1, {"summary": f"{SECRET} in a draft"}, AT)


def _week(tx: Tx) -> None:
    lines = (
        Line("issue", 4, f"Title {SECRET}", confidential=True),
        Line("issue", 5, "Two data centres", choice="leave"),
    )
    turn = Turn(date(2017, 1, 31), Milestone(1, "WoW"), None, lines, done=7)
    turned = Rollover("r1", date(2017, 1, 31), "done", "U1", "C1", AT, "b1", turn=turn, done_at=later(2))
    tx.add_rollover(turned)
    tx.save_rollover(turned)


def _requests(tx: Tx) -> None:
    for number, (who, command, outcome, detail) in enumerate(
        [
            ("U1", "/wow rollover", "done", ""),
            ("U2", "/wow rollover", "refused", "Only leads may roll over."),
            ("U1", f"/event log {SECRET}", "done", ""),
            ("terminal:ops", "=1+1", "done", "+2"),
        ]
    ):
        asked = {"who": who, "command": command, "outcome": outcome, "detail": detail}
        tx.audit(**asked, source="slack", channel="C1", request=f"q{number}", at=later(number))
    tx.keep_answer("a1", SECRET, AT)
    tx.keep_request("q9", SECRET, "U9", AT)
    tx.add_operation("n1", AddNote(1, "issue:2", "h1", "m1", iid=2, body=SECRET, internal=True), AT)


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found
