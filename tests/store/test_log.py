"""The log only grows: an event is what its newest revision says, and the database itself holds to that."""

import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from bot.domain.events import KINDS, PUBLIC, Event, Kind, Place, Reader, Revision, Span
from bot.domain.outages import Outage
from bot.store import Store, Tx, open_store

AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
EVERYTHING = Reader("terminal:root", everything=True)


def logged(store: Store, key: str = "a", text: str = "disk full", minutes: int = 0, **more: object) -> Event:
    happened = AT + timedelta(minutes=minutes)
    event = Event(0, key, "change", happened, AT, "U1", text, "command", **more)  # type: ignore[arg-type]
    return store.write_now(lambda tx: tx.add_event(event))


def revised(store: Store, event: Event, why: str = "edited", **changes: object) -> Event:
    now = {"kind": event.kind, "happened_at": event.at, "text": event.text, "outage": event.outage} | changes
    revision = Revision(event.id, 0, AT, "U2", why, **now)  # type: ignore[arg-type]
    return store.write_now(lambda tx: tx.revise(revision))


def revisions(store: Store, event: Event) -> list[Revision]:
    return store.write_now(lambda tx: tx.revisions_of([event.id])[event.id])


def outage(store: Store, key: str = "marker", *, confidential: bool = False) -> int:
    declared = Outage(0, key, "GitLab is down", "U1", AT, confidential=confidential)
    return store.write_now(lambda tx: tx.add_outage(declared)).number


# Revisions


def test_an_event_is_read_as_it_was_logged(store: Store) -> None:
    number = outage(store)
    typed = Event(
        id=0,
        key="message C1 1.5",
        kind="incident",
        at=AT - timedelta(days=1, microseconds=7),
        recorded_at=AT,
        by="U1",
        text="  it's “down”\n\x00\U0001f525 #12 ",
        source="shortcut",
        channel="C1",
        permalink="https://slack.example/1",
        private=True,
        outage=number,
    )

    event = store.write_now(lambda tx: tx.add_event(typed, "U2"))

    assert event == Event(**{**vars(typed), "id": event.id})
    assert store.write_now(lambda tx: tx.event_of("message C1 1.5")) == event
    assert revisions(store, event) == [
        Revision(event.id, 1, AT, "U2", "logged", "incident", typed.at, typed.text, number)
    ]


def test_an_edit_is_a_new_revision_and_the_ones_before_stay(store: Store) -> None:
    event = logged(store, text="disk ful")

    revised(store, event, text="disk full", kind="incident")
    now = revised(store, event, "retracted", retracted=True)

    assert (now.version, now.retracted, now.text, now.kind) == (3, True, "disk ful", "change")
    assert [(one.number, one.why, one.text) for one in revisions(store, event)] == [
        (1, "logged", "disk ful"),
        (2, "edited", "disk full"),
        (3, "retracted", "disk ful"),
    ]


def test_an_event_that_is_not_there_cannot_be_revised(store: Store) -> None:
    with pytest.raises(LookupError):
        revised(store, Event(7, "a", "change", AT, AT, "U1", "disk full", "command"))


def test_what_may_be_logged_once_only_is_refused_the_second_time(store: Store) -> None:
    first = logged(store)

    with pytest.raises(sqlite3.IntegrityError):
        logged(store, text="the same message")

    assert store.write_now(lambda tx: tx.event_of("a")) == first


def test_an_event_belongs_to_no_outage_that_is_not_there(store: Store) -> None:
    event = logged(store)

    with pytest.raises(sqlite3.IntegrityError):
        logged(store, "b", outage=99)
    with pytest.raises(sqlite3.IntegrityError):
        revised(store, event, outage=99)


# Whoever goes behind our back

EVENT = 'key, recorded_at, "by", source, channel, permalink, private, kind, at, text, outage'
REVISION = 'event, number, at, "by", why, kind, happened_at, text, outage, retracted'
COPY = f"SELECT 'new', {EVENT.removeprefix('key, ')} FROM events WHERE id = 1"


@pytest.mark.parametrize("pragma", ["foreign_keys = ON", "foreign_keys = OFF", "recursive_triggers = ON"])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE revisions SET text = 'nothing happened'",
        "UPDATE OR REPLACE revisions SET number = 2 WHERE number = 1",
        "UPDATE OR IGNORE revisions SET text = 'nothing happened'",
        "DELETE FROM revisions",
        "DELETE FROM revisions WHERE number = 2",
        "DELETE FROM revisions WHERE number = 1 AND event = 1",
        f"INSERT OR REPLACE INTO revisions SELECT {REVISION.replace('text', 'upper(text)')} FROM revisions",
        f"REPLACE INTO revisions SELECT {REVISION.replace('text', 'upper(text)')} FROM revisions WHERE number = 2",
        f"INSERT INTO revisions SELECT {REVISION} FROM revisions WHERE true ON CONFLICT DO UPDATE SET text = 'other'",
        f"INSERT INTO revisions SELECT {REVISION.replace('number', '9')} FROM revisions WHERE number = 1",
        f"INSERT INTO revisions SELECT {REVISION.replace('event', '99')} FROM revisions WHERE number = 1",
        "DELETE FROM events",
        "DELETE FROM events WHERE id = 2",
        f"INSERT OR REPLACE INTO events (id, {EVENT}) SELECT id, {EVENT} FROM events",
        f"REPLACE INTO events (id, {EVENT}) SELECT id, {EVENT.replace('text', 'upper(text)')} FROM events",
        f"REPLACE INTO events ({EVENT}) SELECT {EVENT} FROM events",
        f"INSERT INTO events (id, {EVENT}) SELECT id, {EVENT} FROM events WHERE true ON CONFLICT DO UPDATE SET text = 'x'",
        f"INSERT INTO events ({EVENT}) SELECT {EVENT} FROM events WHERE true ON CONFLICT (key) DO UPDATE SET text = 'x'",
        f"INSERT INTO events ({EVENT}, version) {COPY.replace(' FROM', ', 1 FROM')}",
        f"INSERT OR REPLACE INTO events ({EVENT}, version) {COPY.replace(' FROM', ', NULL FROM')}",
        f"INSERT INTO events ({EVENT}, confidential) {COPY.replace(' FROM', ', 1 FROM')}",
        "UPDATE events SET text = 'nothing happened'",
        "UPDATE OR IGNORE events SET text = 'nothing happened'",
        "UPDATE OR FAIL events SET text = 'nothing happened'",
        "UPDATE events SET kind = 'incident'",
        "UPDATE events SET at = recorded_at || 'x'",
        "UPDATE events SET retracted = 1",
        "UPDATE events SET outage = 1",
        "UPDATE events SET version = version + 1",
        "UPDATE events SET version = 1, text = 'disk full' WHERE id = 1",
        "UPDATE events SET version = 0",
        "UPDATE events SET confidential = 1",
        "UPDATE events SET confidential = NULL",
        "UPDATE events SET id = id + 100",
        "UPDATE events SET rowid = rowid + 100",
        "UPDATE OR REPLACE events SET rowid = 2 WHERE rowid = 1",
        "UPDATE OR REPLACE events SET key = 'b' WHERE key = 'a'",
        "UPDATE events SET key = key || 'x'",
        "UPDATE events SET recorded_at = at || 'x'",
        "UPDATE events SET \"by\" = 'U9'",
        "UPDATE events SET source = 'deploy'",
        "UPDATE events SET channel = 'C9'",
        "UPDATE events SET permalink = 'https://else.example'",
        "UPDATE events SET private = 1 - private",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_logged(store: Store, path: Path, sql: str, pragma: str) -> None:
    outage(store)
    revised(store, logged(store), text="disk nearly full")
    logged(store, "b", "a secret", channel="C2", private=True)
    store.close()
    before = rows(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA {pragma}")

    with pytest.raises(sqlite3.IntegrityError), connection:
        connection.execute(sql)

    connection.close()
    assert rows(path) == before


def test_an_event_is_not_kept_without_a_revision(store: Store) -> None:
    logged(store)

    with pytest.raises(sqlite3.IntegrityError):
        store.write_now(lambda tx: tx.run(f"INSERT INTO events ({EVENT}) {COPY}"))

    assert len(store.write_now(lambda tx: tx.events_in(Span()))) == 1


def rows(path: Path) -> list[object]:
    connection = sqlite3.connect(path)
    found: list[object] = [
        connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in ("events", "revisions")
    ]
    connection.close()
    return found


def test_a_statement_that_ignores_conflicts_changes_nothing(store: Store) -> None:
    event = revised(store, logged(store), text="disk nearly full")

    for table, columns in (("events", f"id, {EVENT}"), ("revisions", REVISION)):
        sql = f"INSERT OR IGNORE INTO {table} ({columns}) SELECT {columns.replace('text', 'upper(text)')} FROM {table}"
        with pytest.raises(sqlite3.IntegrityError):
            store.write_now(lambda tx, sql=sql: tx.run(sql))  # type: ignore[misc]

    assert store.write_now(lambda tx: tx.event(event.id)) == event


def test_the_number_of_an_event_is_never_used_twice(store: Store) -> None:
    def loses_it(tx: Tx) -> None:
        tx.add_event(Event(0, "lost", "change", AT, AT, "U1", "lost", "command"))
        raise ValueError

    numbers = [logged(store, str(number)).id for number in range(3)]
    with pytest.raises(ValueError):
        store.write_now(loses_it)

    assert [*numbers, logged(store, "next").id] == sorted({1, 2, 3, 4})


# Any sequence of edits

WORDS = ("disk", "full", "web", "queue", "lag")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
INSTANTS = st.integers(0, 3).map(lambda minutes: AT + timedelta(minutes=minutes))
READERS = (Reader(""), Reader("U1"), Reader("U9", frozenset({"C2"})), Reader("U9"), EVERYTHING)


class Log(RuleBasedStateMachine):
    """Logs, revises, and makes outages confidential and open again, beside a list that does the same plainly."""

    events = Bundle("events")
    outages = Bundle("outages")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(f"sqlite:///{self.folder.name}/baton.db")
        self.told: dict[int, list[Revision]] = {}
        self.declared: dict[int, Outage] = {}

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @initialize(target=outages)
    def without_outage(self) -> int | None:
        return None

    @rule(target=outages, confidential=st.booleans())
    def declares(self, confidential: bool) -> int | None:
        value = Outage(0, f"marker {len(self.declared)}", "Down", "U1", AT, confidential=confidential)
        made = self.store.write_now(lambda tx: tx.add_outage(value))
        self.declared[made.number] = made
        return made.number

    @rule(number=outages, confidential=st.booleans())
    def changes(self, number: int | None, confidential: bool) -> None:
        if number is not None:
            now = Outage(**{**vars(self.declared[number]), "confidential": confidential})
            self.store.write_now(lambda tx: tx.save_outage(now))
            self.declared[number] = now

    @rule(
        target=events,
        text=TEXTS,
        at=INSTANTS,
        outage=outages,
        place=st.sampled_from([("", False), ("C1", False), ("C2", True), ("C3", True)]),
    )
    def logs(self, text: str, at: datetime, outage: int | None, place: tuple[str, bool]) -> int:
        event = Event(
            id=0,
            key=str(len(self.told)),
            kind="change",
            at=at,
            recorded_at=AT,
            by="U1" if len(self.told) % 3 else "U2",
            text=text,
            source="command",
            channel=place[0],
            private=place[1],
            outage=outage,
        )
        number = self.store.write_now(lambda tx: tx.add_event(event)).id
        self.told[number] = [Revision(number, 1, AT, event.by, "logged", "change", at, text, outage)]
        return number

    @rule(
        event=events,
        text=TEXTS,
        at=INSTANTS,
        kind=st.sampled_from(KINDS),
        outage=outages,
        retracted=st.booleans(),
    )
    def revises(self, event: int, text: str, at: datetime, kind: Kind, outage: int | None, retracted: bool) -> None:
        before = self.told[event]
        revision = Revision(event, len(before) + 1, AT, "U3", "edited", kind, at, text, outage, retracted)
        self.store.write_now(lambda tx: tx.revise(revision))
        before.append(revision)

    @rule(event=consumes(events), at=INSTANTS)
    def fails(self, event: int, at: datetime) -> None:
        def half(tx: Tx) -> None:
            tx.revise(Revision(event, 0, AT, "U3", "edited", "incident", at, "never kept"))
            raise ValueError

        with pytest.raises(ValueError):
            self.store.write_now(half)

    @invariant()
    def an_event_is_its_newest_revision(self) -> None:
        kept = self.store.write_now(lambda tx: tx.revisions_of(self.told))
        events = self.store.write_now(lambda tx: tx.events_in(Span()))

        assert kept == self.told
        assert sorted(one.id for one in events) == sorted(self.told)
        for event in events:
            last = self.told[event.id][-1]
            assert (event.version, event.kind, event.at, event.text, event.outage, event.retracted) == (
                last.number,
                last.kind,
                last.happened_at,
                last.text,
                last.outage,
                last.retracted,
            )
            assert event.confidential == (event.outage is not None and self.declared[event.outage].confidential)
        assert [(one.at, one.id) for one in events] == sorted((one.at, one.id) for one in events)

    @invariant()
    def what_is_found_is_what_is_written_and_may_be_read(self) -> None:
        events = self.store.write_now(lambda tx: tx.events_in(Span()))
        for words in ("disk", "full web", "q*"):
            for reader in READERS:
                expected = [one.id for one in events if reader.may_read(one) and holds(one.text, words)]
                assert self.finds(words, reader, 100) == sorted(expected)
                assert self.finds(words, reader, 2) == sorted(expected)[-2:]
        hidden = {one.channel for one in events if one.hidden and one.channel}
        assert self.store.write_now(lambda tx: tx.channels_of_hidden()) == hidden

    def finds(self, words: str, reader: Reader, limit: int) -> list[int]:
        return [one.event.id for one in self.store.write_now(lambda tx: tx.find(words, limit, reader))]

    @invariant()
    def the_full_text_is_in_step(self) -> None:
        self.store.write_now(check_full_text)


def check_full_text(tx: Tx) -> None:
    for index in ("public_text", "hidden_text"):
        tx.run(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")


def holds(text: str, words: str) -> bool:
    said = text.split()
    return all(any(one.startswith(word.rstrip("*")) for one in said) for word in words.split())


TestAnySequenceOfEdits = Log.TestCase
TestAnySequenceOfEdits.settings = settings(max_examples=25, stateful_step_count=25)


# Pages


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_pages_together_give_the_whole_log_once(store: Store, size: int) -> None:
    minutes = [3, 1, 1, 1, 2, 0, 3, 1, 2, 2, 2, 5, 1, 0, 3]
    for number, minute in enumerate(minutes):
        logged(store, str(number), minutes=minute)

    pages: list[Event] = []
    place: Place | None = None
    while page := store.write_now(lambda tx, p=place: tx.newest(size, before=p)):  # type: ignore[misc]
        assert len(page) <= size
        pages = page + pages
        place = Place(page[0].at, page[0].id)

    assert [one.id for one in pages] == [
        number for _, number in sorted((minute, number) for number, minute in enumerate(minutes, 1))
    ]


@settings(max_examples=30)
@given(
    minutes=st.lists(st.integers(0, 4), max_size=12), size=st.integers(1, 5), ends=st.tuples(*[st.integers(0, 5)] * 2)
)
def test_pages_of_a_span_give_it_once(minutes: list[int], size: int, ends: tuple[int, int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/baton.db")
        for number, minute in enumerate(minutes):
            logged(store, str(number), minutes=minute)
        span = Span(*(AT + timedelta(minutes=end) for end in ends))
        pages: list[Event] = []
        place: Place | None = None
        while page := store.write_now(lambda tx, p=place: tx.newest(size, span, p)):  # type: ignore[misc]
            pages = page + pages
            place = Place(page[0].at, page[0].id)
        whole = store.write_now(lambda tx: tx.events_in(span))
        store.close()

    assert pages == whole
    assert [one.id for one in whole] == [
        number for minute, number in sorted((m, n) for n, m in enumerate(minutes, 1)) if ends[0] <= minute < ends[1]
    ]


def test_a_new_event_in_the_past_does_not_disturb_the_pages_behind_it(store: Store) -> None:
    for number in range(6):
        logged(store, str(number), minutes=number)
    first = store.write_now(lambda tx: tx.newest(3))
    logged(store, "late", minutes=4)

    second = store.write_now(lambda tx: tx.newest(3, before=Place(first[0].at, first[0].id)))

    assert [one.id for one in second + first] == [1, 2, 3, 4, 5, 6]


def test_the_events_of_an_outage_come_by_time_or_in_the_order_of_logging(store: Store) -> None:
    number, other = outage(store), outage(store, "another")
    for key, minutes, about in (("a", 9, number), ("b", 3, number), ("c", 5, other), ("d", 9, number), ("e", 1, None)):
        logged(store, key, minutes=minutes, outage=about)

    def keys(events: list[Event]) -> str:
        return "".join(one.key for one in events)

    assert keys(store.write_now(lambda tx: tx.events_in(Span(), number))) == "bad"
    assert keys(store.write_now(lambda tx: tx.events_in(Span(until=AT + timedelta(minutes=9)), number))) == "b"
    assert keys(store.write_now(lambda tx: tx.events_logged_in(number))) == "abd"
    last = store.write_now(lambda tx: tx.last_event_of(number))
    assert last is not None
    assert last.key == "d"
    assert store.write_now(lambda tx: tx.last_event_of(99)) is None


# What it became elsewhere, and where it was said


def test_the_toil_issue_of_an_event_is_remembered_until_it_could_not_be_made(store: Store) -> None:
    event = logged(store).id

    assert store.write_now(lambda tx: tx.toil_of(event)) is None
    store.write_now(lambda tx: tx.keep_toil(event))
    assert store.write_now(lambda tx: tx.toil_of(event)) == (None, "")
    store.write_now(lambda tx: tx.forget_toil(event))
    assert store.write_now(lambda tx: tx.toil_of(event)) is None
    store.write_now(lambda tx: tx.keep_toil(event, 12, "https://gitlab.example/12"))
    store.write_now(lambda tx: tx.forget_toil(event))
    assert store.write_now(lambda tx: tx.toil_of(event)) == (12, "https://gitlab.example/12")


def test_whether_a_channel_is_private_is_known_once_slack_has_said_so(store: Store) -> None:
    assert store.write_now(lambda tx: tx.is_private("C1")) is None
    for private in (True, False):
        store.write_now(lambda tx, private=private: tx.keep_privacy("C1", AT, private=private))  # type: ignore[misc]
        assert store.write_now(lambda tx: tx.is_private("C1")) is private


def parts(store: Store) -> int:
    """Count the parts of the full text that a search looks into."""
    sql = "SELECT count(DISTINCT segid) FROM public_text_idx"
    return int(store.write_now(lambda tx: tx.connection.execute(sql).fetchone()[0]))


def test_the_log_is_kept_quick_to_search_a_little_at_a_time(store: Store) -> None:
    for number in range(15):
        logged(store, key=str(number), text=f"disk {number} is full")
    many = parts(store)

    steps = 0
    while store.write_now(lambda tx: tx.tidy(1)):
        steps += 1
        assert steps < 100

    assert many > 2
    assert parts(store) <= 2
    assert len(store.write_now(lambda tx: tx.find("disk full", 20, PUBLIC))) == 15
    store.write_now(check_full_text)
