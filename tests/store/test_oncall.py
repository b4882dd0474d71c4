"""Who is on call, and how that passes: one offer at a time, shifts that follow one another, and nothing forgotten."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import oncall
from bot.domain.errors import UserError
from bot.domain.events import Pending
from bot.domain.oncall import Handed, Handoff, Shift, State
from bot.domain.outages import Outage
from bot.domain.people import Person
from bot.domain.tracker import OngoingIssue, OutageFacts, OutageIssue
from bot.store import Store, Tx, open_store
from bot.store.sqlite.migrations import migrations
from bot.store.sqlite.tables import Database

AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
ALICE, BOB, CAROL, LEAD = "U1", "U2", "U3", "U4"
SINCE = AT - timedelta(hours=8)


def kept(store: Store, key: str, state: State = "offered", minutes: int = 0, **more: object) -> Handoff:
    value = Handoff(0, key, ALICE, BOB, ALICE, AT + timedelta(minutes=minutes), state)
    return store.write_now(lambda tx: tx.add_handoff(replace(value, **more)))  # type: ignore[arg-type]


def begun(store: Store, who: str, since: datetime, handoff: Handoff) -> Shift:
    return store.write_now(lambda tx: tx.begin_shift(who, since, handoff.number))


def saved(store: Store, handoff: Handoff) -> None:
    store.write_now(lambda tx: tx.save_handoff(handoff))


def refused(store: Store, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.write_now(lambda tx: tx.run(sql))


# Hand-offs


def test_a_hand_off_is_read_as_it_was_offered(store: Store) -> None:
    said = Handoff(
        number=0,
        key="marker",
        outgoing=ALICE,
        incoming=BOB,
        by="terminal:ops",
        at=AT,
        since=SINCE + timedelta(microseconds=3),
        summary="  “db3” is <full>\U0001f525\n ",
        quiet=True,
        handed=(
            Handed("Git is down", AT, outage=7, iid=12, note="watch\nit", labels=("outage",), updated_at=AT),
            Handed("Lost", AT, iid=13, confidential=True, assignees=("alice", "bob")),
        ),
        pending=(Pending(3, "message C1 1.5", CAROL, AT, "check db3", "https://slack.example/1", "C1", private=True),),
        events=12,
        hidden=3,
        common_note="all calm",
        channel="C1",
        private=True,
        listed_at=AT,
        stale=True,
        reason="no",
        reminded_at=AT,
        escalated_at=AT,
        report=44,
        report_url="https://gitlab.example/44",
    )

    handoff = store.write_now(lambda tx: tx.add_handoff(said))

    assert handoff == replace(said, number=1)
    assert store.write_now(lambda tx: tx.handoff(1)) == handoff
    assert store.write_now(lambda tx: tx.open_handoff()) == handoff
    assert store.write_now(lambda tx: tx.handoffs(5)) == [handoff]


def test_before_the_first_hand_off_nobody_is_on_call(store: Store) -> None:
    assert store.write_now(lambda tx: (tx.shift(), tx.shifts(5))) == (None, [])
    assert store.write_now(lambda tx: (tx.open_handoff(), tx.handoff(1), tx.handoffs(5))) == (None, None, [])
    assert store.write_now(lambda tx: tx.last_report_before(9)) is None


def test_what_becomes_of_a_hand_off_is_kept(store: Store) -> None:
    offer = kept(store, "a")

    saved(store, replace(offer, reminded_at=AT))
    assert store.write_now(lambda tx: tx.open_handoff()) == replace(offer, reminded_at=AT)
    accepted = oncall.accepted(offer, BOB, AT)
    saved(store, accepted)
    saved(store, replace(accepted, report=5, report_url="https://gitlab.example/5"))

    assert store.write_now(lambda tx: tx.open_handoff()) is None
    assert store.write_now(lambda tx: tx.handoff(offer.number)) == replace(
        accepted, report=5, report_url="https://gitlab.example/5"
    )


def test_one_hand_off_is_offered_at_a_time(store: Store) -> None:
    first = kept(store, "first")

    with pytest.raises(sqlite3.IntegrityError):
        kept(store, "second")
    assert store.write_now(lambda tx: tx.handoffs(5)) == [first]
    taken = kept(store, "taken", "taken")
    saved(store, replace(first, state="declined"))
    second = kept(store, "second")

    assert store.write_now(lambda tx: tx.open_handoff()) == second
    assert store.write_now(lambda tx: tx.handoffs(2)) == [second, taken]


def test_one_hand_off_is_offered_at_a_time_by_two_processes(path: Path) -> None:
    with closing(open_store(f"sqlite:///{path}")) as one, closing(open_store(f"sqlite:///{path}")) as two:
        kept(one, "first")

        with pytest.raises(sqlite3.IntegrityError):
            kept(two, "second")
        assert two.write_now(lambda tx: [each.key for each in tx.handoffs(5)]) == ["first"]


def test_an_answer_stands_whoever_writes_what_they_read_before_it(store: Store) -> None:
    offer = kept(store, "a")
    answer = oncall.declined(offer, BOB, "I am ill", AT)
    saved(store, answer)

    for late in (replace(offer, reminded_at=AT), oncall.accepted(offer, BOB, AT)):
        with pytest.raises(sqlite3.IntegrityError, match="an answer stands"):
            saved(store, late)

    assert store.write_now(lambda tx: tx.handoff(offer.number)) == answer


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM handoffs",
        "UPDATE handoffs SET number = 9 WHERE number = 2",
        "UPDATE handoffs SET key = 'c' WHERE number = 2",
        "INSERT INTO handoffs (key, at, state, value) VALUES ('a', '', 'taken', '')",
        "INSERT OR REPLACE INTO handoffs (number, key, at, state, value) VALUES (1, 'c', '', 'taken', '')",
        "INSERT OR REPLACE INTO handoffs (key, at, state, value) VALUES ('a', '', 'taken', '')",
        "INSERT OR REPLACE INTO handoffs (key, at, state, value) VALUES ('c', '', 'offered', '')",
    ],
)
def test_no_hand_off_is_forgotten_or_replaced_by_another(store: Store, sql: str) -> None:
    both = [kept(store, "a", "taken"), kept(store, "b")]

    refused(store, sql)

    assert store.write_now(lambda tx: tx.handoffs(5)) == both[::-1]


def test_the_report_before_is_that_of_the_newest_hand_off_that_has_one(store: Store) -> None:
    kept(store, "a", "accepted", report=31)
    second = kept(store, "b", "taken", report=32)
    kept(store, "c", "declined")
    kept(store, "d", "accepted")
    kept(store, "e", report=33)

    assert store.write_now(lambda tx: tx.last_report_before(5)) == second
    assert store.write_now(lambda tx: tx.last_report_before(3)) == second
    assert store.write_now(lambda tx: tx.last_report_before(1)) is None


# Shifts


def test_shifts_follow_one_another(store: Store) -> None:
    handoffs = [kept(store, key, "taken") for key in "abc"]

    first = begun(store, ALICE, AT, handoffs[0])
    second = begun(store, BOB, AT + timedelta(hours=8, microseconds=1), handoffs[2])

    assert (first, second) == (
        Shift(1, ALICE, AT, 1),
        Shift(2, BOB, AT + timedelta(hours=8, microseconds=1), 3),
    )
    assert store.write_now(lambda tx: tx.shift()) == second
    assert store.write_now(lambda tx: tx.shifts(5)) == [second, first]
    assert store.write_now(lambda tx: tx.shifts(1)) == [second]


def test_a_clock_that_is_behind_leaves_no_overlap(store: Store) -> None:
    first = begun(store, ALICE, AT, kept(store, "a", "taken"))

    second = begun(store, BOB, AT - timedelta(seconds=2), kept(store, "b", "taken"))

    assert second == Shift(2, BOB, AT, 2)
    assert store.write_now(lambda tx: tx.shifts(5)) == [second, first]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE shifts SET who = 'U9'",
        "UPDATE shifts SET since = '2026-11-18T10:00:00.000000Z' WHERE number = 1",
        "UPDATE shifts SET rowid = 7 WHERE number = 2",
        "DELETE FROM shifts",
        "DELETE FROM shifts WHERE number = 2",
        "INSERT INTO shifts (who, since, handoff) VALUES ('U3', '2026-11-18T16:59:59.999999Z', 3)",
        "INSERT OR REPLACE INTO shifts (number, who, since, handoff) VALUES (1, 'U3', '2027', 3)",
        "INSERT OR REPLACE INTO shifts (who, since, handoff) VALUES ('U3', '2027', 2)",
        "INSERT OR IGNORE INTO shifts (who, since, handoff) VALUES ('U3', '2026', 3)",
        "INSERT INTO shifts (who, since, handoff) VALUES ('U3', '2027', 9)",
        "DELETE FROM handoffs WHERE number = 1",
    ],
)
def test_shifts_are_only_added_and_never_overlap(store: Store, sql: str) -> None:
    handoffs = [kept(store, key, "taken") for key in "abc"]
    both = [begun(store, BOB, AT, handoffs[0]), begun(store, ALICE, AT + timedelta(hours=8), handoffs[1])]

    refused(store, sql)

    assert store.write_now(lambda tx: tx.shifts(5)) == both[::-1]


def test_one_hand_off_begins_one_shift(store: Store) -> None:
    handoff = kept(store, "a", "taken")
    shift = begun(store, BOB, AT, handoff)

    with pytest.raises(sqlite3.IntegrityError):
        begun(store, CAROL, AT, handoff)

    assert store.write_now(lambda tx: tx.shift()) == shift


def test_of_what_fails_halfway_nothing_is_kept(store: Store) -> None:
    offer = kept(store, "a")

    def fails(tx: Tx) -> None:
        tx.save_handoff(oncall.accepted(offer, BOB, AT))
        tx.begin_shift(BOB, AT, offer.number)
        raise ValueError

    with pytest.raises(ValueError):
        store.write_now(fails)

    assert store.write_now(lambda tx: (tx.shift(), tx.open_handoff())) == (None, offer)


# What goes with them


def test_what_has_passed_is_on_the_list_no_more_and_may_be_put_there_again(store: Store) -> None:
    things = [Pending(0, key, ALICE, AT, f"check {key}") for key in "abc"]
    for one in things:
        store.write_now(lambda tx, one=one: tx.add_pending(one))  # type: ignore[misc]

    store.write_now(lambda tx: tx.take_pending([1, 3, 99], AT))
    assert store.write_now(lambda tx: tx.pending()) == [replace(things[1], id=2)]
    store.write_now(lambda tx: tx.take_pending([], AT))

    again = replace(things[0], by=BOB, at=AT + timedelta(hours=9), text="still: check a")
    added = [store.write_now(lambda tx, one=one: tx.add_pending(one)) for one in (again, again, things[1])]  # type: ignore[misc]
    assert added == [True, False, False]
    assert store.write_now(lambda tx: tx.pending()) == [replace(again, id=1), replace(things[1], id=2)]


def test_what_somebody_typed_is_kept_for_them_and_their_shift(store: Store) -> None:
    typed = {"summary": "  calm\n“so far” \U0001f525", "note outage:7": "", "quiet": "1"}
    store.write_now(lambda tx: tx.keep_draft(ALICE, 1, {"summary": "first words"}, AT))
    store.write_now(lambda tx: tx.keep_draft(ALICE, 1, typed, AT))
    store.write_now(lambda tx: tx.keep_draft(BOB, 1, {"summary": "Bob's"}, AT))

    assert store.write_now(lambda tx: tx.draft(ALICE, 1)) == typed
    assert store.write_now(lambda tx: tx.draft(BOB, 1)) == {"summary": "Bob's"}
    assert store.write_now(lambda tx: tx.draft(ALICE, 0)) == {}
    assert store.write_now(lambda tx: tx.draft(CAROL, 1)) == {}


def test_what_was_typed_for_an_earlier_shift_is_forgotten(store: Store) -> None:
    store.write_now(lambda tx: tx.keep_draft(ALICE, 0, {"summary": "before the first"}, AT))
    store.write_now(lambda tx: tx.keep_draft(BOB, 0, {"summary": "Bob's"}, AT))

    store.write_now(lambda tx: tx.keep_draft(ALICE, 3, {"summary": "new"}, AT))

    assert store.write_now(lambda tx: tx.draft(ALICE, 0)) == {}
    assert store.write_now(lambda tx: tx.draft(ALICE, 3)) == {"summary": "new"}
    assert store.write_now(lambda tx: tx.draft(BOB, 0)) == {"summary": "Bob's"}


def test_what_goes_on_in_gitlab_is_remembered_as_last_said(store: Store) -> None:
    issue = OngoingIssue(12, "<Git> is down", "https://gitlab.example/12", SINCE, AT, ("outage",), ("alice",))
    said = OutageFacts(
        AT, ongoing=(issue, replace(issue, iid=13, confidential=True)), label_ranks={"outage": 2, "x": None}
    )
    more = replace(said, issues=(OutageIssue(12, "Git", "", open=True, began_at=AT),), gone=(4,))
    assert store.write_now(lambda tx: tx.ongoing_issues()) is None

    store.write_now(lambda tx: tx.keep_ongoing(more))
    assert store.write_now(lambda tx: tx.ongoing_issues()) == said

    # who asked first and was answered last does not know better
    store.write_now(lambda tx: tx.keep_ongoing(OutageFacts(AT - timedelta(seconds=1))))
    assert store.write_now(lambda tx: tx.ongoing_issues()) == said
    store.write_now(lambda tx: tx.keep_ongoing(OutageFacts(AT + timedelta(seconds=1))))
    assert store.write_now(lambda tx: tx.ongoing_issues()) == OutageFacts(AT + timedelta(seconds=1))

    store.write_now(lambda tx: tx.forget_ongoing())
    assert store.write_now(lambda tx: tx.ongoing_issues()) is None


# An older file


@pytest.fixture
def older(path: Path) -> Path:
    """A file as it was before there were hand-offs, with things in it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrations.apply(Database(connection), stop_before="oncall")
        connection.execute(
            "INSERT INTO people (id, name, zone, email, bot, deactivated, guest, team, others, read_at) "
            "VALUES ('U1', 'Alice', 'Europe/Amsterdam', 'a@example.com', 0, 0, 0, 'T1', '[\"Alice A\"]', ?)",
            ("2026-11-18T09:00:00.000000Z",),
        )
        connection.execute("INSERT INTO groups VALUES ('S1', '2026-11-18T09:00:00.000000Z')")
    return path


def test_an_older_file_is_brought_up_to_date_and_everybody_is_described_anew(older: Path) -> None:
    alice = Person("U1", "Alice", "Europe/Amsterdam", "a@example.com", team="T1", others=("Alice A",))

    with closing(open_store(f"sqlite:///{older}")) as store:
        # until Slack has answered, the last description stands
        assert store.write_now(lambda tx: tx.people(["U1"])) == {"U1": alice}
        assert store.write_now(lambda tx: tx.read_before(AT, timedelta(days=1))) == ["U1"]

        store.write_now(lambda tx: tx.keep_person(replace(alice, handle="alice"), AT))
        assert store.write_now(lambda tx: tx.people(["U1"])) == {"U1": replace(alice, handle="alice")}
        assert store.write_now(lambda tx: tx.everybody()) == [replace(alice, handle="alice")]
        assert store.write_now(lambda tx: tx.read_before(AT, timedelta(days=1))) == []


def test_in_an_older_file_hand_offs_begin(older: Path) -> None:
    with closing(open_store(f"sqlite:///{older}")) as store:
        assert store.write_now(lambda tx: (tx.shift(), tx.open_handoff(), tx.ongoing_issues())) == (None, None, None)
        shift = begun(store, BOB, AT, kept(store, "a", "taken"))
        store.write_now(lambda tx: tx.add_outage(Outage(0, "key", "Git is down", ALICE, AT)))
    with closing(open_store(f"sqlite:///{older}")) as store:
        assert store.write_now(lambda tx: tx.shift()) == shift


# Several people at several processes


@dataclass(frozen=True)
class Command:
    """What somebody types or presses, as a service would do it: one transaction that reads, asks the rule, and writes."""

    does: str
    who: str
    whom: str
    back: int

    def __call__(self, tx: Tx, key: str, at: datetime) -> None:
        shift, offer = tx.shift(), tx.open_handoff()
        who = self.who or self._whoever(shift, offer)
        lead = who == LEAD
        outgoing = shift.who if shift else who
        match self.does:
            case "offer":
                oncall.must_have_the_pager(who, shift, lead=lead)
                oncall.must_be_handed_to(Person(self.whom, self.whom), who, shift, "T1")
                oncall.must_be_no_other(offer)
                tx.add_handoff(Handoff(0, key, outgoing, self.whom, who, at, since=shift.since if shift else None))
            case "accept":
                accepted = oncall.accepted(self._pressed(tx), who, at)
                tx.save_handoff(accepted)
                tx.begin_shift(accepted.incoming, at, accepted.number)
            case "decline":
                tx.save_handoff(oncall.declined(self._pressed(tx), who, "no", at))
            case "cancel":
                tx.save_handoff(oncall.cancelled(offer, who, at, lead=lead))
            case "take":
                oncall.must_not_have_it(who, shift)
                if offer:
                    tx.save_handoff(oncall.overtaken(offer, who, at))
                taken = tx.add_handoff(Handoff(0, key, outgoing, who, who, at, "taken"))
                tx.begin_shift(who, at, taken.number)

    def _whoever(self, shift: Shift | None, offer: Handoff | None) -> str:
        """Tell who is the right one to do it."""
        if self.does in {"accept", "decline"} and offer:
            return offer.incoming
        return shift.who if shift else ALICE

    def _pressed(self, tx: Tx) -> Handoff:
        # the buttons of hand-offs that are over are still there
        handoffs = tx.handoffs(self.back)
        if not handoffs:
            raise UserError("There is no button yet.")
        return handoffs[-1]


@dataclass
class Processes:
    """Two of them on one file; what is asked of both comes in any order, and their clocks differ."""

    stores: tuple[Store, Store]
    threads: ThreadPoolExecutor
    minute: int = 0
    through: list[Command] = field(default_factory=list)

    def do(self, commands: list[Command]) -> list[bool]:
        """Have the commands done at once, by one process and the other in turns; tell which went through."""
        self.minute += 1
        waiting = [
            self.threads.submit(self._does, command, f"{self.minute}.{place}", place)
            for place, command in enumerate(commands)
        ]
        went = [one.result() for one in waiting]
        self.through += [command for command, done in zip(commands, went, strict=True) if done]
        return went

    def _does(self, command: Command, key: str, place: int) -> bool:
        at = AT + timedelta(minutes=self.minute, seconds=-90 * (place % 2))
        try:
            self.stores[place % 2].write_now(lambda tx: command(tx, key, at))
        except UserError:
            return False
        return True

    def look(self, fn: Callable[[Tx], object]) -> object:
        """See the same from both."""
        one, two = (store.write_now(fn) for store in self.stores)
        assert one == two
        return one


@contextmanager
def two_processes(path: Path) -> Iterator[Processes]:
    with (
        closing(open_store(f"sqlite:///{path}")) as one,
        closing(open_store(f"sqlite:///{path}")) as two,
        ThreadPoolExecutor(8) as threads,
    ):
        yield Processes((one, two), threads)


commands = st.builds(
    Command,
    st.sampled_from(["offer", "offer", "accept", "accept", "decline", "cancel", "take"]),
    # mostly the right one, and the newest hand-off
    st.sampled_from(["", "", "", ALICE, BOB, CAROL, LEAD]),
    st.sampled_from([ALICE, BOB, CAROL, LEAD]),
    st.sampled_from([1, 1, 1, 1, 2, 5]),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with nothing in it but the schema, to be copied: making one takes long."""
    path = tmp_path_factory.mktemp("empty") / "baton.db"
    open_store(f"sqlite:///{path}").close()
    return path


@settings(max_examples=40)
@given(st.lists(st.lists(commands, min_size=1, max_size=4), min_size=4, max_size=12))
def test_whatever_several_people_do_at_several_processes_exactly_one_is_on_call(
    empty: Path, rounds: list[list[Command]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, two_processes(Path(copy(empty, folder))) as processes:
        one = processes.stores[0]
        for each in rounds:
            before = one.write_now(lambda tx: tx.shifts(100))
            processes.do(each)
            _check(processes, before)


def _check(processes: Processes, before: list[Shift]) -> None:
    store = processes.stores[0]
    shifts, handoffs = store.write_now(lambda tx: (tx.shifts(100), tx.handoffs(100)))
    assert processes.look(lambda tx: (tx.shift(), tx.open_handoff())) == (
        shifts[0] if shifts else None,
        next((one for one in handoffs if one.open), None),
    )
    offers = [one for one in handoffs if one.open]
    assert len(offers) <= 1
    # shifts only follow one another: where one begins, and nowhere else, the one before ends
    assert shifts[len(shifts) - len(before) :] == before
    assert all(late.since >= early.since and late.who != early.who for late, early in pairwise(shifts))
    # each was begun by a hand-off that moved, and each that moved began one
    by_number = {one.number: one for one in handoffs}
    assert sorted(one.handoff for one in shifts) == sorted(one.number for one in handoffs if one.moved)
    assert all(one.who == by_number[one.handoff].incoming for one in shifts)
    # and each was somebody's one command
    moves = sum(one.does in {"accept", "take"} for one in processes.through)
    assert len(shifts) == moves
    if offers and shifts:
        assert offers[0].outgoing == shifts[0].who != offers[0].incoming


@pytest.mark.parametrize("answer", ["accept", "decline", "cancel"])
def test_of_many_clicks_at_two_processes_one_counts(path: Path, answer: str) -> None:
    with two_processes(path) as processes:
        one = processes.stores[0]
        processes.do([Command("take", ALICE, "", 1)])
        assert sum(processes.do([Command("offer", ALICE, BOB, 1)] * 8)) == 1

        assert sum(processes.do([Command(answer, ALICE if answer == "cancel" else BOB, "", 1)] * 8)) == 1

        shift = one.write_now(lambda tx: tx.shift())
        assert shift is not None
        assert shift.who == (BOB if answer == "accept" else ALICE)
        assert one.write_now(lambda tx: (len(tx.handoffs(9)), tx.open_handoff())) == (2, None)
