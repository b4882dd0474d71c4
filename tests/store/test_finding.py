"""Finding events by words: nothing typed is an operator, hits are marked, and nobody finds what they may not read."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.events import PUBLIC, Event, Found, Place, Reader, Revision, Span
from bot.domain.outages import Outage
from bot.store import Store, Tx, open_store

AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
EVERYTHING = Reader("terminal:root", everything=True)


def logged(store: Store, text: str, by: str = "U1", **more: object) -> int:
    def log(tx: Tx) -> int:
        key = str(len(tx.events_in(Span())))
        return tx.add_event(Event(0, key, "change", AT, AT, by, text, "command", **more)).id  # type: ignore[arg-type]

    return store.write_now(log)


def revised(store: Store, event: int, text: str, outage: int | None = None, *, retracted: bool = False) -> None:
    revision = Revision(event, 0, AT, "U1", "edited", "change", AT, text, outage, retracted)
    store.write_now(lambda tx: tx.revise(revision))


def found(store: Store, words: str, reader: Reader = PUBLIC, limit: int = 20, before: int | None = None) -> list[Found]:
    return store.write_now(lambda tx: tx.find(words, limit, reader, before))


def numbers(store: Store, words: str, reader: Reader = PUBLIC, limit: int = 20, before: int | None = None) -> list[int]:
    return [one.event.id for one in found(store, words, reader, limit, before)]


def shown(one: Found) -> str:
    return "".join(f"[{piece}]" if hit else piece for piece, hit in one.snippet)


# What is typed


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("disk", True),
        ("DISK", True),
        ("full disk", True),
        ("disk empty", False),
        ("dis", False),
        ("dis*", True),
        ("d* f*", True),
        ("d* x*", False),
        ("disk**", True),
        ("*disk", True),
        ("resume", True),
        ("RÉSUMÉ", True),
        ("re\u0301sume\u0301", True),
        ("straße", True),
        ("数据库", True),
        ("数据*", True),
        ("10.0.3.4", True),
        ("10.0.4.3", False),
        ("web-01", True),
        ("01-web", False),
        ("we-01*", False),
        ("web-0*", True),
        ("#12", True),
        ("O'Brien", True),
        ("snake_case", True),
        ("postgresq*", True),
        ("postgresql*", True),
        ("POSTGRESQ*", True),
        ("postgresqx*", False),
        ("db-postgresq*", True),
    ],
)
def test_words_are_found_whole_or_by_their_beginning(store: Store, typed: str, finds: bool) -> None:
    text = "Disk of web-01 (10.0.3.4) is full, résumé by O'Brien: straße #12 snake_case db-postgresql 数据库"
    number = logged(store, text)

    assert numbers(store, typed) == ([number] if finds else [])


@pytest.mark.parametrize(
    "typed",
    [
        "disk AND lag",
        "disk OR lag",
        "disk NOT full",
        "disk NEAR lag",
        "NEAR(disk lag)",
        "disk -full",
        "disk + lag",
        "^lag",
        "text:lag",
        "text : lag",
        "{text} : lag",
        "- {text} : lag",
        'disk"',
        '"disk" "lag"',
        '"disk lag"',
        'disk" OR "lag',
        "(disk",
        "disk)",
        "((disk) lag)",
        "disk'; DROP TABLE events; --",
        "disk % _",
        "disk?",
        "disk \\ lag",
        "disk\x00lag",
        "disk\x00",
        "disk \ud83d lag",
        "\x02disk\x03",
        "disk\u200blag",
        "rank:1 disk",
    ],
)
def test_nothing_that_is_typed_is_an_operator(store: Store, typed: str) -> None:
    said = " ".join(words_of(typed))
    texts = {logged(store, text): text for text in ("disk lag", "disk full", "lag", f"they said {said} again")}

    assert numbers(store, typed) == [number for number, text in texts.items() if holds(text, typed)]
    assert max(texts) in numbers(store, typed)


def words_of(text: str) -> list[str]:
    return re.findall("[a-z0-9]+", text.lower())


def holds(text: str, typed: str) -> bool:
    """Tell by plain means: what stands between blanks must follow each other in the text."""
    parts = [f" {' '.join(words_of(part))} " for part in re.sub("[\x00\ud83d]", " ", typed).split()]
    return all(part in f" {' '.join(words_of(text))} " for part in parts if part.strip())


@pytest.mark.parametrize(
    "typed", ["", "  ", "*", "-", '"', '""', "(", "***", "\U0001f525", "\x00", "\ud83d", "...", "^*", "_"]
)
def test_where_there_is_no_word_nothing_is_found(store: Store, typed: str) -> None:
    logged(store, 'disk \U0001f525 full * "" _ ...')

    assert found(store, typed) == []


@given(typed=st.text(max_size=30))
def test_whatever_is_typed_is_answered(typed: str, store_for_all: Store) -> None:
    for reader in (PUBLIC, EVERYTHING, Reader(typed, frozenset({typed, "C1"}))):
        found(store_for_all, typed, reader)


@pytest.fixture(scope="module")
def store_for_all(tmp_path_factory: pytest.TempPathFactory) -> Store:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('log')}/baton.db")
    logged(opened, "disk full on web-01")
    logged(opened, "secret", channel="C1", private=True)
    return opened


def test_long_requests_are_answered(store: Store) -> None:
    number = logged(store, "disk full")

    assert numbers(store, "disk full " * 1000) == [number]
    assert numbers(store, "-".join(["disk"] * 700)) == []
    assert numbers(store, " ".join(f"word{number}" for number in range(1000))) == []
    assert numbers(store, "d" * 3000 + "*") == []


def test_a_long_beginning_finds_few_words_and_many(store: Store) -> None:
    """Few words that begin so are searched for one by one, many all together; one cannot see it from outside."""
    for number in range(12):
        logged(store, f"job{number:09d} is stuck")
        hits = numbers(store, "job000000* stuck")

        assert hits == list(range(1, number + 2))


# What is given


def test_the_newest_hits_come_first_and_stand_last(store: Store) -> None:
    for number in range(7):
        logged(store, f"disk {number}")

    assert numbers(store, "disk", limit=3) == [5, 6, 7]
    assert numbers(store, "disk", limit=3, before=5) == [2, 3, 4]
    assert numbers(store, "disk", limit=3, before=2) == [1]
    assert numbers(store, "disk", limit=3, before=1) == []


def test_public_and_hidden_hits_come_in_one_order(store: Store) -> None:
    for number in range(9):
        logged(store, f"disk {number}", channel="C1" if number % 2 else "C2", private=number % 2 == 1)

    reader = Reader("U9", frozenset({"C1"}))
    assert numbers(store, "disk", reader, limit=4) == [6, 7, 8, 9]
    assert numbers(store, "disk", reader, limit=4, before=6) == [2, 3, 4, 5]
    assert numbers(store, "disk", reader, limit=4, before=2) == [1]


@pytest.mark.parametrize(
    ("typed", "snippet"),
    [
        ("disk", "the [disk] is full, the other [Disk] too"),
        ("full disk", "the [disk] is [full], the other [Disk] too"),
        ("oth*", "the disk is full, the [other] Disk too"),
        ("full,the", "the disk is [full, the] other Disk too"),
    ],
)
def test_the_hit_is_marked_in_the_snippet(store: Store, typed: str, snippet: str) -> None:
    logged(store, "the disk is full, the other Disk too")

    assert [shown(one) for one in found(store, typed)] == [snippet]


def test_the_snippet_of_a_long_text_is_cut_around_the_hit(store: Store) -> None:
    words = [f"word{number}" for number in range(300)]
    logged(store, " ".join(words))

    (hit,) = found(store, "word150")

    assert ("word150", True) in hit.snippet
    text = shown(hit)
    assert text.startswith("…")
    assert text.endswith("…")
    assert 20 < len(text.split()) < 30


def test_a_text_with_the_signs_that_mark_hits_loses_no_word(store: Store) -> None:
    logged(store, "a \x02 disk \x03 b \x03\x02 c")

    (hit,) = found(store, "disk")

    assert ("disk", True) in hit.snippet
    assert words_of("".join(piece for piece, _ in hit.snippet)) == ["a", "disk", "b", "c"]


# What became of it


def test_the_full_text_follows_edits(store: Store) -> None:
    number = logged(store, "disk full")

    revised(store, number, "queue stuck")

    assert numbers(store, "disk") == []
    assert numbers(store, "queue") == [number]
    revised(store, number, "disk full")
    assert numbers(store, "disk") == [number]
    assert numbers(store, "queue") == []


def test_a_retracted_event_is_found_as_such(store: Store) -> None:
    number = logged(store, "disk full")

    revised(store, number, "disk full", retracted=True)

    assert [(one.event.id, one.event.retracted) for one in found(store, "disk")] == [(number, True)]


# Who may read


def outage(store: Store, key: str, *, confidential: bool) -> Outage:
    declared = Outage(0, key, "Down", "U1", AT, confidential=confidential)
    return store.write_now(lambda tx: tx.add_outage(declared))


@pytest.mark.parametrize(
    ("reader", "finds"),
    [
        (PUBLIC, "open"),
        (Reader("U9"), "open"),
        (Reader("U1"), "open private secret"),
        (Reader("u1"), "open"),
        (Reader("U9", frozenset({"C1"})), "open private"),
        (Reader("U9", frozenset({"c1"})), "open"),
        (Reader("U9", frozenset({"C2"})), "open secret both"),
        (Reader("U9", frozenset({"C3"})), "open"),
        (Reader("U2", frozenset({"C1"})), "open private both"),
        (EVERYTHING, "open private secret both nowhere"),
    ],
)
def test_what_is_hidden_is_found_by_its_author_and_by_members_of_its_channel(
    store: Store, reader: Reader, finds: str
) -> None:
    number = outage(store, "a", confidential=True).number
    logged(store, "disk open", channel="C1")
    logged(store, "disk private", channel="C1", private=True)
    logged(store, "disk secret", channel="C2", outage=number)
    logged(store, "disk both", by="U2", channel="C2", private=True, outage=number)
    logged(store, "disk nowhere", by="gitlab:bob", outage=number)

    hits = [one.event for one in found(store, "disk", reader)]

    assert " ".join(one.text.removeprefix("disk ") for one in hits) == finds
    assert [one.hidden for one in hits] == [one.text != "disk open" for one in hits]


def test_an_outage_that_becomes_confidential_takes_its_events_along_and_back(store: Store) -> None:
    declared = outage(store, "a", confidential=False)
    number = logged(store, "disk full", channel="C1", outage=declared.number)
    private = logged(store, "disk lost", channel="C2", private=True, outage=declared.number)
    for confidential in (True, False, True):
        now = Outage(**{**vars(declared), "confidential": confidential})
        store.write_now(lambda tx, now=now: tx.save_outage(now))  # type: ignore[misc]

        assert numbers(store, "disk") == ([] if confidential else [number])
        assert numbers(store, "disk", EVERYTHING) == [number, private]
        hidden = {"C1", "C2"} if confidential else {"C2"}
        assert store.write_now(lambda tx: tx.channels_of_hidden()) == hidden


def test_an_event_that_moves_to_a_confidential_outage_is_hidden(store: Store) -> None:
    confidential, public = outage(store, "a", confidential=True), outage(store, "b", confidential=False)
    number = logged(store, "disk full", channel="C1")

    for where, finds in ((confidential, []), (public, [number]), (confidential, []), (None, [number])):
        revised(store, number, "disk full", where.number if where else None)

        assert numbers(store, "disk") == finds
        assert numbers(store, "disk", Reader("U9", frozenset({"C1"}))) == [number]


def test_nobody_learns_from_what_is_found_that_something_hidden_is_there(store: Store) -> None:
    """Neither the number of hits, nor their pieces, nor where a page ends depends on what is hidden."""
    queries = [(words, limit, before) for words in ("disk", "secr*", "d*") for limit in (1, 3) for before in (None, 3)]
    for number in range(3):
        logged(store, f"disk {number}")

    plain = [found(store, words, Reader("U9"), limit, before) for words, limit, before in queries]
    for number in range(5):
        logged(store, f"disk secret {number}", channel="C1", private=True)

    assert [found(store, words, Reader("U9"), limit, before) for words, limit, before in queries] == plain


def test_searching_for_somebody_does_not_walk_over_what_they_may_not_read(store: Store) -> None:
    """So that not even the time it takes tells of it: steps are counted instead of measured."""
    for number in range(100):
        logged(store, f"payroll {number}", channel="C1", private=True)
    logged(store, "payroll of the other team", by="U2", channel="C2", private=True)

    def steps(words: str, reader: Reader) -> int:
        counted = []

        def look(tx: Tx) -> None:
            tx.connection.set_progress_handler(lambda: counted.append(1), 1)
            tx.find(words, 20, reader)
            tx.connection.set_progress_handler(None, 1)

        store.write_now(look)
        return len(counted)

    assert steps("payroll", EVERYTHING) > steps("other", EVERYTHING) + 200
    for reader in (PUBLIC, Reader("U9"), Reader("U2"), Reader("U9", frozenset({"C2"}))):
        assert abs(steps("payroll", reader) - steps("other", reader)) < 50


# How it is looked up: a plan that walks or sorts would be slow with a million events


@pytest.mark.parametrize("analysed", [False, True])
@pytest.mark.parametrize("events", [0, 300])
def test_lists_and_searches_go_by_an_index_and_sort_nothing(path: Path, events: int, analysed: bool) -> None:
    store = open_store(f"sqlite:///{path}")
    number, *_ = [outage(store, str(one), confidential=one == 0).number for one in range(30)]
    store.write_now(
        lambda tx: [
            tx.add_event(
                Event(
                    id=0,
                    key=str(one),
                    kind="change",
                    at=AT + timedelta(minutes=one % 50),
                    recorded_at=AT,
                    by="U1",
                    text=f"disk deployment{one}",
                    source="command",
                    channel="C1",
                    private=one % 10 == 0,
                    outage=number if one % 20 == 0 else None,
                )
            )
            for one in range(events)
        ]
    )
    if analysed:
        store.write_now(lambda tx: tx.run("ANALYZE"))
    span, place = Span(AT, AT + timedelta(hours=1)), Place(AT + timedelta(minutes=30), 7)
    reader = Reader("U1", frozenset({"C1", "C2"}))

    plans = plans_of(
        store,
        lambda tx: [
            tx.event(1),
            tx.event_of("1"),
            tx.newest(20),
            tx.newest(20, span),
            tx.newest(20, Span(since=AT)),
            tx.newest(20, span, place),
            tx.newest(20, before=place),
            tx.last_event_of(number),
            tx.events_in(span),
            tx.events_in(span, number),
            tx.find("disk fu*", 20, reader),
            tx.find("deployment*", 20, EVERYTHING, 99),
            tx.channels_of_hidden(),
            tx.ongoing(),
            tx.last_outage(),
        ],
    )
    store.close()

    assert plans
    for sql, steps in plans.items():
        assert not [step for step in steps if "TEMP B-TREE" in step], sql
        walks = [
            step for step in steps if step.startswith("SCAN") and not re.search("USING|VIRTUAL|jump|CONSTANT", step)
        ]
        assert not walks, sql


def test_a_page_deep_in_a_span_does_not_walk_there_from_its_end(store: Store) -> None:
    """Of two upper bounds an index serves one."""
    store.write_now(
        lambda tx: [
            tx.add_event(Event(0, str(one), "change", AT + timedelta(minutes=one), AT, "U1", "disk", "command"))
            for one in range(1000)
        ]
    )
    span = Span(AT, AT + timedelta(minutes=900))

    def look(tx: Tx, minutes: int) -> tuple[int, list[int]]:
        counted: list[int] = []
        tx.connection.set_progress_handler(lambda: counted.append(1), 1)
        page = tx.newest(3, span, Place(AT + timedelta(minutes=minutes), minutes + 1))
        tx.connection.set_progress_handler(None, 1)
        return len(counted), [one.id for one in page]

    deep, page = store.write_now(lambda tx: look(tx, 20))
    near, first = store.write_now(lambda tx: look(tx, 890))
    behind, last = store.write_now(lambda tx: look(tx, 950))

    assert (page, first, last) == ([18, 19, 20], [888, 889, 890], [898, 899, 900])
    assert max(deep, behind) < near + 50


def plans_of(store: Store, look: object) -> dict[str, list[str]]:
    """Ask for the plans of all statements that `look` runs."""

    def run(tx: Tx) -> dict[str, list[str]]:
        ran: list[str] = []
        tx.connection.set_trace_callback(ran.append)
        look(tx)  # type: ignore[operator]
        tx.connection.set_trace_callback(None)
        return {
            sql: [row["detail"] for row in tx.rows(f"EXPLAIN QUERY PLAN {sql}")]
            for sql in ran
            if sql.startswith(("SELECT events.", "SELECT * FROM outages", "WITH"))
        }

    return store.write_now(run)
