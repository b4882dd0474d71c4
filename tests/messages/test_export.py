"""The log leaves as a file that holds all of it, computes nothing, and tells nobody what is private."""

import csv
import io
import itertools
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.events import KINDS, Event, Revision, Source
from bot.domain.outages import Outage
from bot.domain.pictures import Mark, Picture
from bot.messages.export import COLUMNS, Format, alternative, export, instant, uncomputed

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "export.md"
NINE: Final = datetime(2017, 1, 31, 21, tzinfo=UTC)
NOW: Final = datetime(2017, 2, 2, 8, 30, tzinfo=UTC)
NAMES: Final = {"U1": "alice", "U2": "=Bob"}
OUTAGES: Final = {
    7: Outage(
        7, "k7", "Database down", "U1", NINE, iid=12, url="https://gitlab.example/production/tracker/-/issues/12"
    ),
    8: Outage(
        8, "k8", "A secret title", "U1", NINE, iid=13, url="https://gitlab.example/p/-/issues/13", confidential=True
    ),
    9: Outage(9, "k9", "/close @all ~outage", "U1", NINE),
}
FORMULAS: Final = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\rx", "  =1", '"=1', "' =1", "＝1", "－1", "＋1", "＠x", "ok\n=1", "ok\r\n@x",
    "\u200b=1", "\ufeff=1", "﹣1", "a;=1", "a\t+1", "“=1”", "\x00=1", "x\u2028-1",
)  # fmt: skip


def happened(id: int, text: str = "db2 refuses to replicate", **more: Any) -> Event:  # noqa: ANN401 - fields of the value
    at = more.pop("at", NINE + timedelta(minutes=id))
    event = Event(id, f"k{id}", "incident", at, at + timedelta(minutes=1), "U1", text, "command", **more)
    return replace(
        event, channel=more.get("channel", "C1"), permalink=more.get("permalink", "https://slack.example/p1")
    )


def states(*events: Event) -> Mapping[int, list[Revision]]:
    return {
        event.id: [
            Revision(event.id, 2, event.recorded_at, "U2", "edited", event.kind, event.at, event.text, event.outage),
            Revision(event.id, 1, event.at, event.by, "logged", "change", event.at, f"was {event.text}", event.outage),
        ]
        for event in events
    }


def exported(format: Format, *events: Event, hidden: frozenset[int] = frozenset()) -> str:
    return export(format, events, states(*events), OUTAGES, NAMES, hidden, NOW)[1]


def as_json(*events: Event, hidden: frozenset[int] = frozenset()) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(exported("json", *events, hidden=hidden))
    return body


def as_csv(*events: Event, hidden: frozenset[int] = frozenset()) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported("csv", *events, hidden=hidden), newline="")))


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    texts = st.one_of(
        st.text(max_size=60), st.sampled_from(FORMULAS), st.sampled_from(FORMULAS).map(lambda text: text * 3)
    )
    return [
        Event(
            id=number,
            key=f"k{number}",
            kind=draw(st.sampled_from(KINDS)),
            at=draw(st.datetimes(datetime(2016, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001 - the zone stands behind
            recorded_at=NOW,
            by=draw(st.sampled_from(["U1", "U2", "U3", "terminal:=x", "gitlab:carol"])),
            text=draw(texts),
            source=draw(st.sampled_from(get_args(Source))),
            channel=draw(st.sampled_from(["", "C1"])),
            permalink=draw(st.sampled_from(["", "https://slack.example/p1"])),
            outage=draw(st.sampled_from([None, 7, 8, 9, 10])),
            retracted=draw(st.booleans()),
            version=draw(st.integers(1, 3)),
        )
        for number in range(draw(st.integers(0, 8)))
    ]


# all formats


@pytest.mark.parametrize("number", [0, 1, 500])
def test_all_formats_have_all_events_in_the_order_of_happening(number: int) -> None:
    events = [happened(one, f"text{one}.", at=NINE - timedelta(minutes=one)) for one in range(1, number + 1)]
    newest_first = [f"text{one}." for one in range(number, 0, -1)]

    assert [event["text"] for event in as_json(*events)["events"]] == newest_first
    assert [row["text"] for row in as_csv(*events)] == newest_first
    assert re.findall(r"text\d+\.", exported("md", *events)) == newest_first


def test_what_happened_at_one_instant_stands_in_the_order_of_logging() -> None:
    events = [happened(3, at=NINE), happened(1, at=NINE), happened(2, at=NINE)]
    assert [event["id"] for event in as_json(*events)["events"]] == [1, 2, 3]


@pytest.mark.parametrize("format", get_args(Format))
def test_a_file_is_named_after_its_moment(format: Format) -> None:
    name, _ = export(format, [], {}, {}, {}, (), NOW.astimezone(timezone(timedelta(hours=9))))
    assert name == f"oncall-log-2017-02-02-083000Z.{format}"


@pytest.mark.parametrize("format", get_args(Format))
def test_nothing_private_leaves(format: Format) -> None:
    events = [happened(one, f"the secret {one}", permalink=f"https://slack.example/secret{one}") for one in (1, 2, 3)]

    written = exported(format, *events, happened(4, "for all", outage=8), hidden=frozenset({1, 2, 3}))

    assert "secret" not in written
    assert "for all" in written
    assert written.count("(private)") == (3 if format != "json" else 9)


def test_private_events_are_counted() -> None:
    events = [happened(one) for one in (1, 2, 3, 4)]
    assert as_json(*events, hidden=frozenset({1, 2, 4, 99}))["private_events"] == 3
    assert as_json(*events)["private_events"] == 0
    assert "\n3 private events\n" in exported("md", *events, hidden=frozenset({1, 2, 4}))
    assert "private" not in exported("md", *events)


# JSON


@cache
def documented() -> jsonschema.Draft202012Validator:
    found = re.search(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    schema = json.loads(found[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@given(logs(), st.sets(st.integers(0, 8)))
def test_json_is_as_the_document_says(events: list[Event], hidden: set[int]) -> None:
    documented().validate(as_json(*events, hidden=frozenset(hidden)))


@given(logs())
def test_json_gives_each_event_back_as_it_was(events: list[Event]) -> None:
    for told in as_json(*events)["events"]:
        event = events[told["id"]]
        assert told["text"] == event.text
        assert datetime.fromisoformat(told["at"]) == event.at
        assert datetime.fromisoformat(told["recorded_at"]) == event.recorded_at
        assert (told["kind"], told["source"], told["retracted"]) == (event.kind, event.source, event.retracted)
        assert (told["channel"] or "", told["permalink"] or "") == (event.channel, event.permalink)
        assert (told["outage"] and told["outage"]["number"]) == (event.outage and f"O{event.outage}")


def test_json_tells_all_there_is_to_an_event() -> None:
    event = happened(1, outage=7)

    assert as_json(event)["events"] == [
        {
            "id": 1,
            "kind": "incident",
            "at": "2017-01-31T21:01:00Z",
            "recorded_at": "2017-01-31T21:02:00Z",
            "by": "alice",
            "text": "db2 refuses to replicate",
            "channel": "C1",
            "permalink": "https://slack.example/p1",
            "source": "command",
            "outage": {
                "number": "O7",
                "iid": 12,
                "url": "https://gitlab.example/production/tracker/-/issues/12",
                "title": "Database down",
            },
            "retracted": False,
            "revisions": [
                {
                    "number": 1,
                    "at": "2017-01-31T21:01:00Z",
                    "by": "alice",
                    "why": "logged",
                    "kind": "change",
                    "happened_at": "2017-01-31T21:01:00Z",
                    "text": "was db2 refuses to replicate",
                    "outage": "O7",
                    "retracted": False,
                },
                {
                    "number": 2,
                    "at": "2017-01-31T21:02:00Z",
                    "by": "=Bob",
                    "why": "edited",
                    "kind": "incident",
                    "happened_at": "2017-01-31T21:01:00Z",
                    "text": "db2 refuses to replicate",
                    "outage": "O7",
                    "retracted": False,
                },
            ],
        }
    ]


def test_who_has_no_name_is_told_by_id() -> None:
    event = replace(happened(1), by="terminal:root")
    assert as_json(event)["events"][0]["by"] == "terminal:root"


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (NINE, "2017-01-31T21:00:00Z"),
        (NINE + timedelta(microseconds=5), "2017-01-31T21:00:00.000005Z"),
        (NINE.astimezone(timezone(timedelta(hours=-5))), "2017-01-31T21:00:00Z"),
    ],
)
def test_instants_are_written_in_utc_to_the_second(at: datetime, written: str) -> None:
    assert instant(at) == written


# CSV


def test_csv_has_the_columns_that_the_document_names() -> None:
    document = DOCUMENT.read_text()
    table = document[document.index("\n## CSV") : document.index("\n## Markdown")]

    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == COLUMNS
    assert exported("csv").splitlines() == [",".join(COLUMNS)]


@given(logs(), st.sets(st.integers(0, 8)))
def test_no_cell_computes(events: list[Event], hidden: set[int]) -> None:
    written = exported("csv", *events, hidden=frozenset(hidden))
    rows = list(csv.reader(io.StringIO(written, newline=""), strict=True))

    assert len(rows) == len(events) + 1
    assert {len(row) for row in rows} == {len(COLUMNS)}
    for cell in itertools.chain.from_iterable(rows):
        _computes_nothing(cell)


@given(st.text(st.sampled_from("=+-@＝＋－＠﹢\t\r\n\x0b\x85\u2028 \u00a0\u200b\ufeff\"'“`;,ax1"), max_size=12))
def test_whatever_is_typed_computes_nothing(text: str) -> None:
    _computes_nothing(uncomputed(text))


def _computes_nothing(cell: str) -> None:
    assert not cell.startswith(("\t", "\r"))
    for part in re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029;\t]", cell):
        seen = "".join(sign for sign in part if unicodedata.category(sign) not in {"Cc", "Cf"})
        assert not re.match(r"[=+\-@]", unicodedata.normalize("NFKC", seen).lstrip().lstrip('"“”‘’`').lstrip()), cell


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_kept_legible_behind_an_apostrophe(text: str) -> None:
    written = uncomputed(text)
    assert written != text
    assert written.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", ["plain", "a = b", "x-1", "2017-01-31", "a, -b", "mail@example.com", "", "ok\nfine"])
def test_what_computes_nothing_stays_as_it_is(text: str) -> None:
    assert uncomputed(text) == text


def test_csv_tells_all_there_is_to_an_event() -> None:
    assert as_csv(happened(1, 'it said "no",\nthen died', outage=7)) == [
        {
            "id": "1",
            "kind": "incident",
            "at": "2017-01-31T21:01:00Z",
            "recorded_at": "2017-01-31T21:02:00Z",
            "by": "alice",
            "text": 'it said "no",\nthen died',
            "channel": "C1",
            "permalink": "https://slack.example/p1",
            "source": "command",
            "outage": "O7",
            "outage_iid": "12",
            "outage_url": "https://gitlab.example/production/tracker/-/issues/12",
            "retracted": "false",
            "revisions": "2",
        }
    ]


# Markdown


def test_markdown_reads_like_a_log() -> None:
    events = [
        happened(1, "db2 refuses to replicate\nit just hangs", outage=7),
        happened(2, "wrong", retracted=True, outage=8, version=2),
        happened(3, "fixed", at=NINE + timedelta(hours=5, seconds=7), version=2),
    ]

    assert exported("md", *events).replace("\u2060", "") == (
        "# On-call log\n\n"
        "3 events: 0 changes, 3 incidents. 1 retracted, struck through. All times are in UTC.\n\n"
        "Outages:\n\n"
        "- O7 Database down: https://gitlab.example/production/tracker/-/issues/12\n"
        "- O8 (confidential): https://gitlab.example/p/-/issues/13\n\n"
        "## 2017-01-31 (Tuesday)\n\n"
        "- 21:01 · **incident** · alice · O7: db2 refuses to replicate  \n"
        "  it just hangs\n"
        "- 21:02 · **incident** · alice · O8 · retracted: ~~wrong~~\n\n"
        "## 2017-02-01 (Wednesday)\n\n"
        "- 02:00:07 · **incident** · alice · edited: fixed\n"
    )


def test_markdown_of_nothing_says_so() -> None:
    assert exported("md") == "# On-call log\n\nNo events.\n"


def test_markdown_commands_nothing_in_gitlab() -> None:
    text = "/close\n/assign @all\n@all #1294 !1 ~outage %WoW <script> https://gitlab.example/alice"
    events = [happened(1, text, outage=9), happened(2, outage=7)]
    names = {"U1": "/close @all"}

    _, written = export("md", events, {}, OUTAGES, names, (), NOW)

    assert "https://gitlab.example/production/tracker/-/issues/12" in written
    assert not re.search(r"^\s*/", written, re.MULTILINE)
    assert not re.search(r"[@#!~%]\w|<\w|(?<!`)https://gitlab.example/alice", written)


# the picture in words


def picture(*marks: Mark, title: str = "Database down", ended: bool = True) -> Picture:
    return Picture(title, NINE, NINE + timedelta(hours=3) if ended else None, marks, NINE + timedelta(hours=4))


def test_a_picture_is_told_in_words() -> None:
    told = picture(
        Mark(NINE, "incident", "Page:\nreplication stopped"),
        Mark(NINE + timedelta(hours=1), "change", "restarted"),
        Mark(NINE + timedelta(hours=2), "incident", ""),
    )

    assert alternative(told) == (
        "Timeline of Database down, 2017-01-31 21:00 – 2017-02-01 00:00 UTC (3 h). "
        "3 events: 1 change and 2 incidents. "
        "First: 2017-01-31 21:00 UTC, incident, “Page: replication stopped”. "
        "Last: 2017-01-31 23:00 UTC, incident, private."
    )


def test_a_picture_of_little_is_told_in_words() -> None:
    assert alternative(picture(ended=False)).endswith("since 2017-01-31 21:00 UTC, ongoing (4 h). No events.")
    assert "The only one: 2017-01-31 21:00 UTC, change, “x”." in alternative(picture(Mark(NINE, "change", "x")))


@given(st.text(), st.lists(st.builds(Mark, st.just(NINE), st.sampled_from(KINDS), st.text()), max_size=5))
def test_words_for_a_picture_are_never_too_many(title: str, marks: list[Mark]) -> None:
    said = alternative(picture(*marks, title=title * 20))
    assert len(said) <= 500
    assert "\n" not in said
