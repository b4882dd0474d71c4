"""The rota names who is next, whatever overlaps, gaps and unknown names its calendar has."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.oncall import Shift
from bot.domain.people import Person
from bot.domain.rota import Due, Entry, Rota, due, not_read, person_of, stretches, upcoming

DAY = datetime(2026, 11, 18, tzinfo=UTC)
ALICE = Person("U1", "Alice", email="alice@example.org", others=("Alice Archer", "alice"), handle="alice")
BOB = Person("U2", "Bob Hill", email="Bob@Example.org", others=("Robert Hill", "bob"), handle="bob")
CAROL = Person("U3", "Carol", email="carol@example.org", others=("Carol Zoë Quinn", "cq"), handle="cq")
GONE = Person("U4", "Dave", email="dave@example.org", handle="dave", deactivated=True)
BOT = Person("U5", "Oncall", email="oncall@example.org", handle="oncall", bot=True)
TEAM = (ALICE, BOB, CAROL, GONE, BOT)


def hour(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def entry(words: str, since: float = 0, until: float = 8, *emails: str) -> Entry:
    return Entry(hour(since), hour(until), words, emails)


def rota(*entries: Entry) -> Rota:
    return Rota(DAY, entries)


def next_one(calendar: Rota, on_call: Person | None, at: float) -> tuple[str, float] | None:
    found = upcoming(calendar, TEAM, on_call.id if on_call else "", hour(at))
    return (found.person.name, (found.since - DAY) / timedelta(hours=1)) if found else None


def has(person: Person, since: float) -> Shift:
    return Shift(1, person.id, hour(since), 1)


def told(
    calendar: Rota, shift: Shift | None, at: float, *, offered_to: str = "", before: Sequence[str] = ()
) -> list[tuple[str, str, float]]:
    found = due(calendar, TEAM, shift, offered_to, hour(at), before)
    return [(one.kind, one.person.name, (one.since - DAY) / timedelta(hours=1)) for one in found]


# whom an entry names


@pytest.mark.parametrize(
    ("words", "emails", "named"),
    [
        ("Shift", ("bob@example.org",), BOB),
        ("On call: Alice", ("BOB@example.org",), BOB),
        ("Shift", ("team@example.org", "bob@example.org"), BOB),
        ("Shift", ("alice@example.org", "bob@example.org"), None),
        ("Bob's shift", ("alice@example.org", "bob@example.org"), BOB),
        ("Carol", ("alice@example.org", "bob@example.org"), None),
        ("Shift of U2", (), BOB),
        ("<@U2>", (), BOB),
        ("<@U2|bob> for Alice", (), BOB),
        ("U2 and U1", (), None),
        ("U22", (), None),
        ("Bob Hill", (), BOB),
        ("BOB", (), BOB),
        ("On call: Bob", (), BOB),
        ("bob (primary)", (), BOB),
        ("@bob", (), BOB),
        ("robert  hill — night", (), BOB),
        ("Carol Zoe\u0308 Quinn", (), CAROL),
        ("On-call Carol.", (), CAROL),
        ("Alice or Bob", (), None),
        ("bobby", (), None),
        ("bob-lee", (), None),
        ("bob.lee", (), None),
        ("bob@elsewhere.example", (), None),
        ("Holiday", (), None),
        ("", (), None),
    ],
)
def test_an_entry_names_one_person_by_address_id_or_name(
    words: str, emails: tuple[str, ...], named: Person | None
) -> None:
    assert person_of(entry(words, 0, 8, *emails), TEAM) == named


@pytest.mark.parametrize("by", [entry("x", 0, 8, "dave@example.org"), entry("U4"), entry("On call: Dave")])
def test_somebody_whose_account_is_gone_is_never_named(by: Entry) -> None:
    assert person_of(by, TEAM) is None


def test_nobody_stands_in_for_somebody_who_is_gone() -> None:
    namesake = Person("U9", "Dave", email="other.dave@example.org")

    assert person_of(entry("Dave", 0, 8, "dave@example.org"), [*TEAM, namesake]) is None
    assert person_of(entry("Dave", 0, 8, "alice@example.org", "dave@example.org"), TEAM) is None
    assert person_of(entry("Dave"), [*TEAM, namesake]) == namesake, "where only the name is said, the one who is there"


@pytest.mark.parametrize("by", [entry("x", 0, 8, "oncall@example.org"), entry("U5"), entry("Oncall")])
def test_a_bot_is_never_named(by: Entry) -> None:
    assert person_of(by, TEAM) is None


def test_a_bot_that_is_invited_leaves_it_to_the_words() -> None:
    assert person_of(entry("Oncall: Bob", 0, 8, "oncall@example.org"), TEAM) == BOB


def test_the_longer_name_is_meant_where_one_holds_another() -> None:
    short = Person("U9", "Hill")

    assert person_of(entry("On call: Bob Hill"), [*TEAM, short]) == BOB
    assert person_of(entry("On call: Hill"), [*TEAM, short]) == short


def test_two_people_of_one_name_are_nobody() -> None:
    assert person_of(entry("On call: Bob"), [*TEAM, Person("U9", "Bob")]) is None


# who is next


SUN = rota(entry("Alice", 0, 8), entry("Bob", 8, 16), entry("Carol", 16, 24), entry("Alice", 24, 32))


def test_the_next_is_whose_entry_begins_next() -> None:
    assert next_one(SUN, ALICE, 2) == ("Bob Hill", 8)
    assert next_one(SUN, BOB, 9) == ("Carol", 16)
    assert next_one(SUN, BOB, 7.5) == ("Carol", 16), "handed over before the time"
    assert next_one(SUN, CAROL, 17) == ("Alice", 24)
    assert next_one(SUN, ALICE, 25) is None


def test_an_entry_that_runs_counts_as_a_late_hand_off() -> None:
    assert next_one(SUN, ALICE, 8) == ("Bob Hill", 8)
    assert next_one(SUN, ALICE, 15) == ("Bob Hill", 8)


def test_whose_time_is_nearly_over_is_left_out_when_another_follows() -> None:
    assert next_one(SUN, ALICE, 15.5) == ("Carol", 16)
    assert next_one(rota(entry("Bob", 8, 16)), ALICE, 15.5) == ("Bob Hill", 8)
    assert next_one(rota(entry("Bob", 8, 16), entry("Alice", 16, 24)), ALICE, 15.5) is None, "her own time follows"


def test_without_anybody_on_call_the_next_is_whose_time_it_is() -> None:
    assert next_one(SUN, None, 2) == ("Alice", 0)


def test_entries_of_one_person_make_no_boundary() -> None:
    calendar = rota(entry("Bob", 0, 8), entry("Bob", 8, 15.99), entry("Bob", 16, 20), entry("Alice", 20, 24))

    assert next_one(calendar, ALICE, 17) == ("Bob Hill", 0)
    assert [(one.since, one.until) for one in stretches(calendar, TEAM)] == [
        (hour(0), hour(20)),
        (hour(20), hour(24)),
    ]


def test_a_gap_is_bridged_by_whoever_is_on_call() -> None:
    calendar = rota(entry("Alice", 0, 8), entry("Bob", 12, 16))

    assert next_one(calendar, ALICE, 9) == ("Bob Hill", 12)


def test_entries_of_nobody_known_are_left_out() -> None:
    calendar = rota(entry("Alice", 0, 8), entry("Zed", 8, 12), entry("Dave", 12, 14), entry("Bob", 16, 24))

    assert next_one(calendar, ALICE, 2) == ("Bob Hill", 16)


def test_where_two_overlap_the_later_one_is_next_and_the_earlier_one_is_not_next_again() -> None:
    calendar = rota(entry("Alice", 0, 9), entry("Bob", 8, 16), entry("Carol", 15, 24))

    assert next_one(calendar, ALICE, 7) == ("Bob Hill", 8)
    assert next_one(calendar, ALICE, 8.2) == ("Bob Hill", 8)
    assert next_one(calendar, BOB, 8.2) == ("Carol", 15)


def test_after_cover_within_a_time_it_goes_back() -> None:
    calendar = rota(entry("Bob", 8, 16), entry("Alice", 12, 13), entry("Carol", 16, 24))

    assert next_one(calendar, BOB, 9) == ("Alice", 12)
    assert next_one(calendar, ALICE, 12.1) == ("Bob Hill", 13)
    assert next_one(calendar, ALICE, 13.5) == ("Bob Hill", 13)


def test_a_second_line_that_runs_beside_is_not_next() -> None:
    calendar = rota(entry("Alice", 0, 8), entry("Bob", 0, 8), entry("Carol", 8, 16))

    assert next_one(calendar, ALICE, 1) == ("Carol", 8)
    assert next_one(calendar, BOB, 1) == ("Carol", 8)


def test_an_entry_without_length_is_no_time() -> None:
    assert next_one(rota(entry("Bob", 8, 8), entry("Carol", 9, 8)), ALICE, 2) is None


# what is told


def test_both_are_told_an_hour_before_and_once() -> None:
    assert told(SUN, has(ALICE, 0), 6.9) == []
    assert told(SUN, has(ALICE, 0), 7) == [("soon", "Bob Hill", 8)]
    assert told(SUN, has(ALICE, 0), 7.8) == [("soon", "Bob Hill", 8)], "the bot was down for a while"

    (first,) = due(SUN, TEAM, has(ALICE, 0), "", hour(7), ())
    assert told(SUN, has(ALICE, 0), 7.1, before=[first.key]) == []
    assert told(SUN, has(BOB, 7.5), 7.6) == [], "Bob has it already, and Carol comes much later"


def test_a_hand_off_that_has_not_begun_is_told_once() -> None:
    assert told(SUN, has(ALICE, 0), 8) == [("late", "Bob Hill", 8)]
    assert told(SUN, has(ALICE, 0), 8.5, before=[Due("late", BOB, hour(8)).key]) == []
    assert told(SUN, has(ALICE, 0), 8.5, before=[Due("soon", BOB, hour(8)).key]) == [("late", "Bob Hill", 8)]


def test_it_has_begun_when_it_is_offered_to_them() -> None:
    assert told(SUN, has(ALICE, 0), 8.1, offered_to=BOB.id) == []
    assert told(SUN, has(ALICE, 0), 8.1, offered_to=CAROL.id) == [("late", "Bob Hill", 8)]


def test_it_is_over_when_the_pager_has_moved_since() -> None:
    assert told(SUN, has(BOB, 8.1), 8.2) == []
    assert told(SUN, has(CAROL, 9), 9.1) == [], "Carol covers for Bob, who had it"


def test_each_boundary_is_told_by_itself() -> None:
    before = [Due("late", BOB, hour(8)).key, Due("soon", CAROL, hour(16)).key]

    assert told(SUN, has(ALICE, 0), 16, before=before) == [("late", "Carol", 16)]


def test_it_is_not_late_while_the_time_of_the_one_on_call_runs() -> None:
    calendar = rota(entry("Alice", 0, 9), entry("Bob", 8, 16))

    assert told(calendar, has(ALICE, 0), 7) == [("soon", "Bob Hill", 8)]
    assert told(calendar, has(ALICE, 0), 8.5) == []
    assert told(calendar, has(ALICE, 0), 9) == [("late", "Bob Hill", 8)]


def test_after_cover_it_is_told_that_it_has_not_gone_back() -> None:
    calendar = rota(entry("Bob", 8, 16), entry("Alice", 12, 13))

    assert told(calendar, has(ALICE, 12), 12.5) == [("soon", "Bob Hill", 13)]
    assert told(calendar, has(ALICE, 12), 13) == [("late", "Bob Hill", 13)]


def test_of_two_who_begin_together_the_one_who_is_late_is_the_one_who_is_next() -> None:
    calendar = rota(entry("Alice", 0, 8), entry("Bob", 8, 16), entry("Carol", 8, 16))

    (late,) = told(calendar, has(ALICE, 0), 8.1)

    assert late == ("late", *(next_one(calendar, ALICE, 8.1) or ()))


def test_in_a_gap_nothing_is_late() -> None:
    calendar = rota(entry("Alice", 0, 8), entry("Bob", 12, 16))

    assert told(calendar, has(ALICE, 0), 9) == []
    assert told(calendar, has(ALICE, 0), 11.5) == [("soon", "Bob Hill", 12)]
    assert told(calendar, has(ALICE, 0), 12) == [("late", "Bob Hill", 12)]


def test_what_was_missed_half_a_day_ago_is_no_news() -> None:
    assert told(rota(entry("Bob", 0, 48)), has(ALICE, -8), 11.9) == [("late", "Bob Hill", 0)]
    assert told(rota(entry("Bob", 0, 48)), has(ALICE, -8), 12) == []


def test_with_nobody_on_call_it_is_told_whose_time_it_is() -> None:
    assert told(SUN, None, 0.1) == [("late", "Alice", 0)]


# what always holds

spans = st.tuples(st.sampled_from(["Alice", "Bob", "Carol", "Zed"]), st.integers(0, 60), st.integers(1, 12))
calendars = st.lists(spans, max_size=12).map(lambda found: [entry(name, a, a + long) for name, a, long in found])
people = st.sampled_from([ALICE, BOB, CAROL])


@given(calendars, st.randoms(use_true_random=False), people, st.integers(0, 280))
def test_the_order_of_a_calendar_does_not_matter(
    entries: list[Entry], chance: Random, who: Person, quarter: int
) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)
    at = quarter / 4

    assert next_one(rota(*shuffled), who, at) == next_one(rota(*entries), who, at)
    assert told(rota(*shuffled), has(who, 0), at) == told(rota(*entries), has(who, 0), at)


@given(calendars, people, st.integers(0, 280))
def test_the_next_is_somebody_else_whose_time_is_not_over(entries: list[Entry], who: Person, quarter: int) -> None:
    at = hour(quarter / 4)
    found = upcoming(rota(*entries), TEAM, who.id, at)

    if found is not None:
        assert found.person != who
        theirs = [one for one in stretches(rota(*entries), TEAM) if one.person == found.person]
        assert any(one.since <= found.since < one.until and one.until > at for one in theirs)


@given(calendars, people, st.integers(0, 280))
def test_what_is_told_fits_the_calendar(entries: list[Entry], who: Person, quarter: int) -> None:
    at = hour(quarter / 4)
    time = stretches(rota(*entries), TEAM)

    for one in due(rota(*entries), TEAM, has(who, -1), "", at, ()):
        assert one.person != who
        if one.kind == "soon":
            assert timedelta() < one.since - at <= timedelta(hours=1)
        else:
            assert one.since <= at
            assert any(each.person == one.person and each.runs(at) for each in time)
            assert not any(each.person == who and each.runs(at) for each in time)


@given(st.lists(st.tuples(people, st.integers(1, 12)), min_size=2, max_size=12))
def test_along_a_calendar_without_gaps_each_next_one_begins_where_the_last_ends(
    turns: list[tuple[Person, int]],
) -> None:
    entries, since = [], 0
    for who, long in turns:
        entries.append(entry(who.name, since, since + long))
        since += long
    calendar = rota(*entries)

    time = stretches(calendar, TEAM)
    for one, after in pairwise(time):
        assert one.until == after.since
        assert one.person != after.person
        assert upcoming(calendar, TEAM, one.person.id, one.since) == (after.person, after.since)


# what was known


def test_what_cannot_be_read_stays_as_it_was_read_last() -> None:
    known = Rota(DAY, (entry("Bob"),), source="one")

    assert not_read(known, "it answered 404", "one") == Rota(DAY, (entry("Bob"),), "it answered 404", "one")
    assert not_read(known, "it answered 404", "two") == Rota(None, (), "it answered 404", "two")
    assert not_read(None, "it answered 404", "one") == Rota(None, (), "it answered 404", "one")
