"""Whoever takes the pager is assigned in place of whoever hands it off, and nothing overrules a person."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.assigning import is_so, put_there, wanted

PEOPLE = st.sampled_from(["alice", "bob", "chen", "dave", "eve"])
ASSIGNED = st.lists(PEOPLE, unique=True, max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("present", "before", "assigned"),
    [
        ((), (), ("bob",)),
        (("alice",), ("alice",), ("bob",)),
        (("chen", "alice"), ("alice", "chen"), ("bob", "chen")),
        (("chen",), ("alice",), ("chen", "bob")),
        (("dave", "chen"), ("alice", "dave"), ("chen", "dave", "bob")),
        (("dave",), ("alice", "dave"), ("dave", "bob")),
        (("alice", "bob"), ("alice",), ("bob",)),
    ],
)
def test_bob_takes_the_place_of_alice(
    present: tuple[str, ...], before: tuple[str, ...], assigned: tuple[str, ...]
) -> None:
    assert wanted(present, before, "bob", "alice") == assigned


def test_there_is_nothing_to_do_where_the_one_is_assigned_and_the_other_is_not() -> None:
    assert is_so(("bob", "chen"), "bob", "alice")
    assert not is_so(("bob", "alice"), "bob", "alice")
    assert not is_so((), "bob", "alice")
    assert is_so(("bob",), "bob", "bob")
    assert is_so(("bob",), "bob", "")


@given(ASSIGNED, ASSIGNED, PEOPLE, st.one_of(st.just(""), PEOPLE))
def test_nobody_but_the_two_comes_or_goes(
    present: tuple[str, ...], before: tuple[str, ...], incoming: str, outgoing: str
) -> None:
    assigned = wanted(present, before, incoming, outgoing)

    assert len(assigned) == len(set(assigned))
    assert set(assigned) == {*present, incoming} - ({outgoing} - {incoming})


@given(ASSIGNED, st.randoms(use_true_random=False), PEOPLE, st.one_of(st.just(""), PEOPLE))
def test_where_nobody_changed_it_whoever_takes_the_pager_stands_first(
    before: tuple[str, ...], roll: Random, incoming: str, outgoing: str
) -> None:
    present = tuple(roll.sample(before, len(before)))

    assert wanted(present, before, incoming, outgoing)[0] == incoming


@given(
    st.lists(PEOPLE, unique=True, max_size=1).map(tuple),
    st.lists(st.one_of(st.none(), st.lists(PEOPLE, max_size=1).map(tuple)), max_size=6),
    PEOPLE,
    PEOPLE,
)
def test_where_one_person_fits_attempts_lead_there_once_and_a_person_s_choice_stays(
    before: tuple[str, ...], steps: list[tuple[str, ...] | None], incoming: str, outgoing: str
) -> None:
    """Each step is an attempt (None), or somebody who assigns whom they like."""
    present = before
    for chosen in (*steps, None, None):
        if chosen is not None:
            present = chosen
            continue
        was = present
        if not is_so(present, incoming, outgoing):
            present = wanted(present, before, incoming, outgoing)[:1]
        people = put_there(was, before, incoming, outgoing)
        assert present == (people or (incoming,))


@given(ASSIGNED, st.lists(st.one_of(st.none(), ASSIGNED), max_size=6), PEOPLE, PEOPLE)
def test_where_many_fit_any_attempt_is_enough_and_a_second_one_changes_nothing(
    before: tuple[str, ...], steps: list[tuple[str, ...] | None], incoming: str, outgoing: str
) -> None:
    present = before
    for chosen in (*steps, None):
        present = wanted(present, before, incoming, outgoing) if chosen is None else chosen

    assert is_so(present, incoming, outgoing)
    assert set(put_there(present, before, incoming, outgoing)) <= {one for each in steps for one in each or ()}
