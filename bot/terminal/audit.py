"""The audit from a terminal: who asked for what, when, and how it ended."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.events import Span
from bot.domain.times import read_span
from bot.messages import audit as say
from bot.messages.export import uncomputed
from bot.store import Tx, Wanted, keeping, look_in
from bot.terminal import DONE, WRONG
from bot.terminal.printer import Printer

USUALLY = 50
AT_ONCE = 500
COLUMNS = ("id", "at", "who", "name", "command", "outcome", "detail", "source", "channel", "request")
Line = Mapping[str, str]


@dataclass(frozen=True)
class Typed:
    """What was typed to choose lines; empty: any."""

    by: str = ""
    command: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""


def show(database: Path, typed: Typed, number: int | None, format: str, now: datetime, zone: ZoneInfo) -> int:
    """List lines of the audit, newest last; `number` None is what is usual for the format, 0 is all."""
    printer = Printer()
    try:
        span = Span(_begins(typed.since, now, zone), _ends(typed.until, now, zone))
    except UserError as error:
        Printer(sys.stderr).whole(str(error))
        return WRONG
    keeping.must_be_up_to_date(database)
    newest = (USUALLY if format == "text" else 0) if number is None else number
    return look_in(database, lambda tx: _show(tx, printer, typed, span, newest or None, format))


def _show(tx: Tx, printer: Printer, typed: Typed, span: Span, newest: int | None, format: str) -> int:
    who = tx.people_called(typed.by) if typed.by else []
    if typed.by and not who:
        Printer(sys.stderr).whole(say.nobody_is(typed.by))
        return WRONG
    wanted = Wanted(tuple(who), typed.command, typed.outcome, span)
    lines = tx.audit_like(wanted, newest)
    written = {"text": _text, "csv": _csv, "json": _json}[format](lines)
    while not printer.is_closed and (piece := "".join(islice(written, AT_ONCE))):
        printer.copy(piece)
    if format == "text":
        _say_how_many(printer, tx.audit_size(wanted), newest)
    return DONE


def _say_how_many(printer: Printer, found: int, newest: int | None) -> None:
    if not found:
        printer.whole(say.NOTHING_FOUND)
    elif newest is not None and found > newest:
        printer.whole(say.newest(newest, found))


def _begins(words: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    span = read_span(["since", *words.split()], now, zone) if words.strip() else None
    return span.since if span else None


def _ends(words: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Read the end of a range: a day counts whole."""
    try:
        span = read_span(words.split(), now, zone)
    except UserError:
        span = None
    return span.until if span and span.until else _begins(words, now, zone)


def _text(lines: Iterable[Line]) -> Iterator[str]:
    return (f"{say.line(line)}\n" for line in lines)


def _csv(lines: Iterable[Line]) -> Iterator[str]:
    yield _row(COLUMNS)
    for line in lines:
        yield _row(uncomputed(str(line[name])) for name in COLUMNS)


def _row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _json(lines: Iterable[Line]) -> Iterator[str]:
    yield '{"audit": ['
    before = "\n"
    for line in lines:
        yield before + json.dumps(line, ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"
