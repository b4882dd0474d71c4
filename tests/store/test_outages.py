"""Outages under Baton's own numbers: each once, whatever names it, and never forgotten."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.events import Event, Pending
from bot.domain.outages import Named, Outage
from bot.store import Store, Tx

AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def declared(store: Store, key: str, minutes: int = 0, **more: object) -> Outage:
    value = Outage(0, key, f"Outage {key}", "U1", AT + timedelta(minutes=minutes), **more)  # type: ignore[arg-type]
    return store.write_now(lambda tx: tx.add_outage(value))


def test_an_outage_is_read_as_it_was_declared(store: Store) -> None:
    said = Outage(
        number=0,
        key="marker",
        title="  “GitLab” is <down>\U0001f525",
        by="U1",
        began_at=AT,
        seen="502\nfor all",
        iid=12,
        url="https://gitlab.example/12",
        data_loss=True,
        confidential=True,
        private=True,
        channel="C1",
        thread="1.5",
        message="message C1 1.5",
        permalink="https://slack.example/1",
        ended_at=AT + timedelta(hours=1, microseconds=3),
        ended_by="gitlab:bob",
        refused="no",
        by_hand=True,
    )

    kept = store.write_now(lambda tx: tx.add_outage(said))

    assert kept == replace(said, number=1)
    assert store.write_now(lambda tx: tx.outage(1)) == kept
    assert store.write_now(lambda tx: tx.outage_of_key("marker")) == kept
    assert store.write_now(lambda tx: tx.outage_of_message("message C1 1.5")) == kept
    assert store.write_now(lambda tx: tx.outage_of_issue(12)) == kept


def test_what_becomes_of_an_outage_is_kept(store: Store) -> None:
    outage = declared(store, "a")

    now = replace(outage, title="Git is down", iid=5, ended_at=AT, ended_by="U2", confidential=True, message="m")
    store.write_now(lambda tx: tx.save_outage(now))

    assert store.write_now(lambda tx: tx.outage(outage.number)) == now
    assert store.write_now(lambda tx: tx.outage_of_issue(5)) == now
    assert store.write_now(lambda tx: tx.outage_of_message("m")) == now


def test_an_outage_is_found_by_baton_s_number_and_by_gitlab_s(store: Store) -> None:
    first, second = declared(store, "a", iid=2), declared(store, "b", iid=1)

    def named(name: Named) -> Outage | None:
        return store.write_now(lambda tx: tx.outage_named(name))

    assert named(Named(number=1)) == first
    assert named(Named(iid=1)) == second
    assert named(Named(number=9)) is None
    assert named(Named(iid=9)) is None
    assert named(Named()) is None


@pytest.mark.parametrize("same", [{"key": "first"}, {"message": "m"}, {"iid": 7}])
def test_two_outages_of_one_key_message_or_issue_are_refused(store: Store, same: dict[str, object]) -> None:
    first = declared(store, "first", message="m", iid=7)
    other = declared(store, "other", message="n", iid=8)

    with pytest.raises(sqlite3.IntegrityError):
        declared(store, **{"key": "second", "message": "o", "iid": 9, **same})  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        store.write_now(lambda tx: tx.save_outage(replace(other, **same)))  # type: ignore[arg-type]

    assert store.write_now(lambda tx: tx.outages({1, 2, 3})) == {1: first, 2: other}


def test_many_outages_may_have_no_message_and_no_issue_yet(store: Store) -> None:
    numbers = [declared(store, key).number for key in "abc"]

    assert numbers == [1, 2, 3]
    assert store.write_now(lambda tx: tx.outage_of_message("")) is None


def test_a_number_is_never_used_twice_and_no_outage_is_forgotten(store: Store) -> None:
    def fails(tx: Tx) -> None:
        tx.add_outage(Outage(0, "lost", "Lost", "U1", AT))
        raise ValueError

    first = declared(store, "a").number
    with pytest.raises(sqlite3.IntegrityError):
        declared(store, "a")
    with pytest.raises(ValueError):
        store.write_now(fails)
    for table in ("outages", "outages WHERE number = 1"):
        with pytest.raises(sqlite3.IntegrityError):
            store.write_now(lambda tx, table=table: tx.run(f"DELETE FROM {table}"))  # type: ignore[misc]

    assert declared(store, "b").number == first + 1


@pytest.mark.parametrize("same", ["1, 'new', 'n', 9", "9, 'a', 'n', 9", "9, 'new', 'm', 9", "9, 'new', 'n', 7"])
def test_no_outage_is_replaced_by_another(store: Store, same: str) -> None:
    first = declared(store, "a", message="m", iid=7)

    with pytest.raises(sqlite3.IntegrityError):
        store.write_now(
            lambda tx: tx.run(
                "INSERT OR REPLACE INTO outages (number, key, message, iid, began_at, confidential, value) "
                f"VALUES ({same}, '', 0, '')"
            )
        )

    assert store.write_now(lambda tx: tx.outage(1)) == first


def test_ongoing_outages_come_in_the_order_in_which_they_began(store: Store) -> None:
    late, early, over = declared(store, "a", 9), declared(store, "b", 3), declared(store, "c", 5, ended_at=AT)
    same = declared(store, "d", 3)

    assert store.write_now(lambda tx: tx.ongoing()) == [early, same, late]
    assert store.write_now(lambda tx: tx.last_outage()) == late
    store.write_now(lambda tx: tx.save_outage(replace(late, ended_at=AT)))
    store.write_now(lambda tx: tx.save_outage(replace(over, ended_at=None)))
    assert store.write_now(lambda tx: tx.ongoing()) == [early, same, replace(over, ended_at=None)]
    assert store.write_now(lambda tx: tx.last_outage()) == replace(late, ended_at=AT)


def test_before_the_first_outage_there_is_none(store: Store) -> None:
    assert store.write_now(lambda tx: tx.ongoing()) == []
    assert store.write_now(lambda tx: tx.last_outage()) is None
    assert store.write_now(lambda tx: tx.outages({1})) == {}


def test_the_notes_that_mirror_an_event_are_known_by_outage(store: Store) -> None:
    for key in "ab":
        declared(store, key)
    event = store.write_now(lambda tx: tx.add_event(Event(0, "e", "change", AT, AT, "U1", "disk full", "command"))).id

    store.write_now(lambda tx: tx.keep_note(event, 1, 71))
    store.write_now(lambda tx: tx.keep_note(event, 2, 72))
    store.write_now(lambda tx: tx.keep_note(event, 1, 73))

    assert store.write_now(lambda tx: tx.note_of(event, 2)) == 72
    assert store.write_now(lambda tx: tx.note_of(event, 1)) == 73
    assert store.write_now(lambda tx: tx.note_of(event, 3)) is None
    with pytest.raises(sqlite3.IntegrityError):
        store.write_now(lambda tx: tx.keep_note(event, 9, 74))


def test_a_thing_is_put_on_the_list_for_the_hand_off_once(store: Store) -> None:
    things = [Pending(0, key, "U1", AT, f"check {key}", "https://slack.example/1", "C1", private=True) for key in "ab"]

    assert [store.write_now(lambda tx, one=one: tx.add_pending(one)) for one in (*things, things[0])] == [  # type: ignore[misc]
        True,
        True,
        False,
    ]
    assert store.write_now(lambda tx: tx.pending()) == [replace(one, id=n) for n, one in enumerate(things, 1)]
