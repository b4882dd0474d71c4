"""Who may look, write, and turn the week."""

from dataclasses import replace

import pytest

from bot.domain.errors import NotKnownYetError, UserError
from bot.domain.people import Person, Right, may
from bot.domain.team import Team

HOME = "T1"
ALICE = Person("U1", "alice", team=HOME)
CHANGES = (Right.WRITE, Right.TURN_THE_WEEK)


def asks(
    person: Person,
    right: Right,
    *,
    leads: tuple[str, ...] = (),
    groups: dict[str, frozenset[str]] | None = None,
    home: str = HOME,
) -> None:
    """Raise what stands against it."""
    team = Team(channel="C1", leads=frozenset(leads))
    may(person.id, right, team, home=home, people={person.id: person}, groups=groups or {})


@pytest.mark.parametrize("right", Right)
def test_a_full_member_may_do_everything_when_no_leads_are_named(right: Right) -> None:
    asks(ALICE, right)


@pytest.mark.parametrize("right", CHANGES)
@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (replace(ALICE, guest=True), "Guests can look"),
        (replace(ALICE, bot=True), "Apps and bots"),
        (replace(ALICE, deactivated=True), "deactivated"),
        (replace(ALICE, team="T2"), "another workspace"),
        (replace(ALICE, team="T2", guest=True), "another workspace"),
    ],
)
def test_others_change_nothing_and_hear_why(person: Person, reason: str, right: Right) -> None:
    with pytest.raises(UserError, match=reason):
        asks(person, right, leads=(person.id,))


@pytest.mark.parametrize("person", [replace(ALICE, guest=True), replace(ALICE, team="T2")])
def test_everybody_who_can_type_may_look(person: Person) -> None:
    asks(person, Right.LOOK)


def test_looking_needs_no_description_of_the_person() -> None:
    may("U9", Right.LOOK, Team(channel="C1"), home=HOME, people={}, groups={})


@pytest.mark.parametrize("right", CHANGES)
def test_somebody_not_described_yet_is_asked_about_first(right: Right) -> None:
    with pytest.raises(NotKnownYetError) as unknown:
        may("U9", right, Team(channel="C1"), home=HOME, people={}, groups={})

    assert unknown.value.who == "U9"


def test_a_workspace_that_is_not_known_yet_shuts_nobody_out() -> None:
    asks(ALICE, Right.WRITE, home="")
    asks(replace(ALICE, team=""), Right.WRITE)


def test_leads_turn_the_week_and_others_hear_whom_to_ask() -> None:
    asks(ALICE, Right.TURN_THE_WEEK, leads=("U1", "U2"))
    asks(ALICE, Right.WRITE, leads=("U2",))

    with pytest.raises(UserError, match=r"<!subteam\^S1> or <@U2>"):
        asks(ALICE, Right.TURN_THE_WEEK, leads=("U2", "S1"), groups={"S1": frozenset({"U3"})})


def test_a_member_of_a_lead_group_turns_the_week() -> None:
    asks(ALICE, Right.TURN_THE_WEEK, leads=("S1", "S2"), groups={"S2": frozenset({"U1"})})


def test_a_group_not_described_yet_is_asked_about_before_anybody_is_refused() -> None:
    with pytest.raises(NotKnownYetError) as unknown:
        asks(ALICE, Right.TURN_THE_WEEK, leads=("S1", "S2"), groups={"S2": frozenset()})

    assert unknown.value.who == "S1"
