"""Who is on call, how that passes, and what goes with it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.oncall import (
    Handed,
    Handoff,
    Shift,
    State,
    accepted,
    cancelled,
    declined,
    gathered,
    is_without_update,
    must_be_answered_by,
    must_be_handed_to,
    must_be_no_other,
    must_be_open,
    must_have_the_pager,
    must_not_have_it,
    overtaken,
    to_be_escalated,
    to_be_reminded,
    with_notes,
)
from bot.domain.outages import Outage
from bot.domain.people import Person
from bot.domain.team import Labels
from bot.domain.tracker import OngoingIssue

AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
HOME = "T1"
ALICE, BOB, CAROL, LEAD = "U1", "U2", "U3", "U4"
ON_CALL = Shift(1, ALICE, AT - timedelta(hours=8), 1)
OFFERED = Handoff(2, "key", ALICE, BOB, ALICE, AT)
LABELS = Labels()
LATER = AT + timedelta(minutes=5)


def person(who: str, **more: object) -> Person:
    return replace(Person(who, who, team=HOME), **more)  # type: ignore[arg-type]


# Who may


@pytest.mark.parametrize("shift", [ON_CALL, None])
@pytest.mark.parametrize(
    "incoming", [person(BOB), person(BOB, team=""), person(BOB, zone="Pacific/Auckland"), person("W2")]
)
def test_the_pager_goes_to_a_full_member_of_the_team(incoming: Person, shift: Shift | None) -> None:
    must_be_handed_to(incoming, ALICE, shift, HOME)


def test_a_workspace_that_is_not_known_yet_shuts_nobody_out() -> None:
    must_be_handed_to(person(BOB, team="T9"), ALICE, ON_CALL, "")


@pytest.mark.parametrize(
    ("incoming", "reason"),
    [
        (person(BOB, bot=True), "<@U2> is a bot, and cannot be on call. Please name a person."),
        (person(BOB, deactivated=True), "<@U2> is deactivated, so they would not see it. Please name somebody else."),
        (Person(BOB, "bob", guest=True), "<@U2> is a guest, and cannot be on call. Please name a full member"),
        (Person("UNOBODY", "UNOBODY", guest=True), "Slack knows nobody with the id UNOBODY."),
        (person(BOB, team="T9"), "<@U2> belongs to another workspace, .* Please name somebody on the team."),
        (person(BOB, team="T9", guest=True), "another workspace"),
        (person(BOB, bot=True, deactivated=True), "is a bot"),
        (person(ALICE), "You are on call already, .* Please name somebody else: `/handoff @person`."),
        (person(ALICE, guest=True), "You are on call already"),
    ],
)
def test_the_one_on_call_hears_why_the_pager_cannot_go_to_somebody(incoming: Person, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        must_be_handed_to(incoming, ALICE, ON_CALL, HOME)


@pytest.mark.parametrize("shift", [ON_CALL, None])
def test_who_is_not_on_call_and_names_themselves_hears_how_to_get_the_pager(shift: Shift | None) -> None:
    with pytest.raises(UserError, match=r"hand off to yourself\. `/handoff take` puts you on call now\."):
        must_be_handed_to(person(LEAD), LEAD, shift, HOME)


def test_nothing_is_handed_to_the_one_who_has_it() -> None:
    with pytest.raises(UserError, match=r"<@U1> is on call already. .*`/handoff @person`"):
        must_be_handed_to(person(ALICE), LEAD, ON_CALL, HOME)


@pytest.mark.parametrize(
    ("by", "shift", "lead"),
    [(ALICE, ON_CALL, False), (LEAD, ON_CALL, True), (BOB, None, False), ("terminal:ops", ON_CALL, True)],
)
def test_the_one_on_call_hands_off_or_a_lead_or_anybody_where_nobody_is(
    by: str, shift: Shift | None, lead: bool
) -> None:
    must_have_the_pager(by, shift, lead=lead)


def test_who_has_nothing_to_hand_off_hears_who_has_and_what_to_do() -> None:
    with pytest.raises(UserError, match=r"<@U1> is on call, so only they can hand off.*`/handoff take`"):
        must_have_the_pager(BOB, ON_CALL, lead=False)


def test_a_second_offer_waits_for_the_first() -> None:
    must_be_no_other(None)

    with pytest.raises(
        UserError, match=r"from <@U1> to <@U2> is offered already.*`/handoff cancel`.*`/handoff status`"
    ):
        must_be_no_other(OFFERED)


@pytest.mark.parametrize("who", [ALICE, CAROL, LEAD, "terminal:ops"])
def test_nobody_answers_for_somebody_else(who: str) -> None:
    with pytest.raises(UserError, match="is for <@U2>, so only they can answer it"):
        accepted(OFFERED, who, LATER)
    with pytest.raises(UserError, match="is for <@U2>, so only they can answer it"):
        declined(OFFERED, who, "", LATER)


def test_who_has_the_pager_does_not_take_it() -> None:
    must_not_have_it(BOB, ON_CALL)
    must_not_have_it(BOB, None)

    with pytest.raises(UserError, match=r"You are on call already\. `/handoff @person`"):
        must_not_have_it(ALICE, ON_CALL)


# What becomes of it


def test_an_offer_changes_nothing_and_what_is_accepted_moves_the_pager() -> None:
    taken = replace(OFFERED, state="taken", incoming=BOB, by=BOB)
    answers = [
        accepted(OFFERED, BOB, LATER),
        declined(OFFERED, BOB, "I am ill", LATER),
        cancelled(OFFERED, ALICE, LATER, lead=False),
        overtaken(OFFERED, CAROL, LATER),
    ]

    assert [one.open for one in (OFFERED, *answers, taken)] == [True, False, False, False, False, False]
    assert [one.moved for one in (OFFERED, *answers, taken)] == [False, True, False, False, False, True]
    assert [(one.answered_by, one.answered_at) for one in answers] == [(who, LATER) for who in (BOB, BOB, ALICE, CAROL)]
    assert answers[1].reason == "I am ill"


def test_an_answer_leaves_all_else_as_it_was() -> None:
    offer = replace(OFFERED, summary="calm", handed=(Handed("db3", AT, outage=7, note="watch it"),), events=3)

    for answer in (accepted(offer, BOB, LATER), cancelled(offer, ALICE, LATER, lead=False)):
        assert replace(answer, state="offered", answered_at=None, answered_by="") == offer


def test_an_offer_is_taken_back_by_who_made_it_who_is_on_call_and_leads() -> None:
    by_a_lead = replace(OFFERED, by=LEAD)

    for who, lead in ((LEAD, False), (ALICE, False), (CAROL, True), ("terminal:ops", True)):
        assert cancelled(by_a_lead, who, LATER, lead=lead).state == "cancelled"
    with pytest.raises(UserError, match=r"Only <@U4> or <@U1> \(or a lead\) can cancel this offer.$"):
        cancelled(by_a_lead, CAROL, LATER, lead=False)
    with pytest.raises(UserError, match=r"Only <@U1> \(or a lead\) can .* You can decline it, with the button"):
        cancelled(OFFERED, BOB, LATER, lead=False)
    with pytest.raises(UserError, match=r"No hand-off is offered.*`/handoff status`"):
        cancelled(None, ALICE, LATER, lead=False)


ANSWERED: tuple[tuple[State, str, str], ...] = (
    ("accepted", BOB, "was accepted already by <@U2>. `/handoff status` shows who is on call now."),
    ("declined", BOB, "was declined by <@U2>. To offer it again: `/handoff @person`."),
    ("cancelled", ALICE, "was cancelled by <@U1>, so there is nothing left to answer."),
    ("taken over", CAROL, "is over: <@U3> took the pager meanwhile."),
)


@pytest.mark.parametrize(("state", "by", "said"), ANSWERED)
def test_what_was_answered_is_not_answered_again_and_says_how_it_ended(state: State, by: str, said: str) -> None:
    over = replace(OFFERED, state=state, answered_by=by, answered_at=AT)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: must_be_open(over),
        lambda: must_be_answered_by(over, BOB),
        lambda: accepted(over, BOB, LATER),
        lambda: accepted(over, CAROL, LATER),
        lambda: declined(over, BOB, "", LATER),
        lambda: cancelled(over, ALICE, LATER, lead=True),
        lambda: overtaken(over, CAROL, LATER),
    )

    for attempt in attempts:
        with pytest.raises(UserError) as refused:
            attempt()
        assert str(refused.value) == f"This hand-off {said}"


# Any commands in any order


@dataclass
class Team:
    """Everybody's commands, carried out at once, one after the other."""

    shifts: list[Shift] = field(default_factory=list)
    handoffs: list[Handoff] = field(default_factory=list)
    now: datetime = AT

    @property
    def shift(self) -> Shift | None:
        return self.shifts[-1] if self.shifts else None

    @property
    def offer(self) -> Handoff | None:
        return next((one for one in self.handoffs if one.open), None)

    def tries(self, command: str, who: str, whom: str, number: int) -> str:
        """Do it, or give the reason why not."""
        try:
            self.does(command, who, whom, number)
        except UserError as refusal:
            return str(refusal)
        return ""

    def does(self, command: str, who: str, whom: str, number: int) -> None:
        """Do what a person types or presses; raises UserError where they may not."""
        self.now += timedelta(minutes=1)
        match command:
            case "offer":
                must_have_the_pager(who, self.shift, lead=who == LEAD)
                must_be_handed_to(person(whom), who, self.shift, HOME)
                must_be_no_other(self.offer)
                self._add(self.shift.who if self.shift else who, whom, who, "offered")
            case "accept":
                answer = accepted(self._pressed(number), who, self.now)
                self._keep(answer)
                self._move(answer.incoming, answer.number)
            case "decline":
                self._keep(declined(self._pressed(number), who, "no", self.now))
            case "cancel":
                self._keep(cancelled(self.offer, who, self.now, lead=who == LEAD))
            case "cancel that":
                self._keep(cancelled(self._pressed(number), who, self.now, lead=who == LEAD))
            case "take":
                must_not_have_it(who, self.shift)
                if self.offer:
                    self._keep(overtaken(self.offer, who, self.now))
                self._move(who, self._add(self.shift.who if self.shift else who, who, who, "taken").number)

    def whoever(self, command: str) -> str:
        """Tell who is the right one to do it."""
        if command in {"accept", "decline"} and self.offer:
            return self.offer.incoming
        return self.shift.who if self.shift else ALICE

    def _pressed(self, number: int) -> Handoff:
        # the buttons of hand-offs that are over are still there
        if not self.handoffs:
            raise UserError("There is no button yet.")
        return self.handoffs[number % len(self.handoffs)]

    def _add(self, outgoing: str, incoming: str, by: str, state: State) -> Handoff:
        number = len(self.handoffs) + 1
        self.handoffs.append(Handoff(number, f"key {number}", outgoing, incoming, by, self.now, state))
        return self.handoffs[-1]

    def _keep(self, handoff: Handoff) -> None:
        self.handoffs[handoff.number - 1] = handoff

    def _move(self, who: str, handoff: int) -> None:
        self.shifts.append(Shift(len(self.shifts) + 1, who, self.now, handoff))


people = st.sampled_from([ALICE, BOB, CAROL, LEAD])
commands = st.tuples(
    st.sampled_from(["offer", "offer", "accept", "decline", "cancel", "cancel that", "take"]),
    # mostly the right one, and the newest hand-off
    st.one_of(st.just(""), people),
    people,
    st.one_of(st.just(-1), st.integers(0, 20)),
)


@given(st.lists(commands, max_size=30))
def test_whatever_people_do_exactly_one_is_on_call_and_the_pager_moves_only_on_acceptance(
    steps: list[tuple[str, str, str, int]],
) -> None:
    team = Team()
    for command, who, whom, number in steps:
        shifts, handoffs, shift, offer = list(team.shifts), list(team.handoffs), team.shift, team.offer
        by = who or team.whoever(command)
        refused = team.tries(command, by, whom, number)
        assert not refused or (refused.endswith(".") and (team.shifts, team.handoffs) == (shifts, handoffs))
        _check(team)

        # shifts only follow one another, and nothing changes but the open offer, once
        assert team.shifts[: len(shifts)] == shifts
        for before, now in zip(handoffs, team.handoffs, strict=False):
            assert now == before or (before == offer and not now.open and now.answered_by == by)
        if team.shift != shift:
            assert team.shift
            assert by == team.shift.who
            assert command == "take" or (command == "accept" and offer is not None and offer.incoming == by)


def _check(team: Team) -> None:
    moved = [one for one in team.handoffs if one.moved]
    assert sum(one.open for one in team.handoffs) <= 1
    # each shift is begun by the hand-off that moved, and ends where the next one begins: no gap, no overlap
    assert sorted(one.handoff for one in team.shifts) == [one.number for one in moved]
    assert all(before.since < after.since for before, after in pairwise(team.shifts))
    assert all(before.who != after.who for before, after in pairwise(team.shifts))
    for shift in team.shifts:
        by = team.handoffs[shift.handoff - 1]
        assert (shift.who, shift.since) == (by.incoming, by.answered_at or by.at)
    if team.shift:
        assert team.shift.who == max(moved, key=lambda one: one.answered_at or one.at).incoming
    if team.offer and team.shift:
        assert team.offer.outgoing == team.shift.who
        assert team.offer.incoming != team.shift.who


@given(st.lists(commands, max_size=30))
def test_the_way_is_never_barred(steps: list[tuple[str, str, str, int]]) -> None:
    team = Team()
    for command, who, whom, number in steps:
        team.tries(command, who or team.whoever(command), whom, number)

    if team.offer:
        team.does("cancel", team.offer.by, "", 0)
    on_call = team.shift.who if team.shift else ALICE
    other = next(one for one in (BOB, CAROL) if one != on_call)
    team.does("offer", on_call, other, 0)
    team.does("accept", other, "", -1)

    assert team.shift
    assert team.shift.who == other


# When to remind


def test_reminders_come_once_after_their_time_and_never_after_an_answer() -> None:
    after = timedelta(minutes=10)

    for due, told in ((to_be_reminded, "reminded_at"), (to_be_escalated, "escalated_at")):
        assert not due(OFFERED, AT + after - timedelta(seconds=1), after)
        assert due(OFFERED, AT + after, after)
        assert due(OFFERED, AT + timedelta(days=3), after)
        assert not due(replace(OFFERED, **{told: AT + after}), AT + timedelta(days=3), after)  # type: ignore[arg-type]
        for state in ("accepted", "declined", "cancelled", "taken over", "taken"):
            assert not due(replace(OFFERED, state=state), AT + timedelta(days=3), after)


def test_the_channel_is_told_also_where_the_reminder_was_missed_and_the_other_way_round() -> None:
    after = timedelta(minutes=30)

    assert to_be_escalated(replace(OFFERED, reminded_at=AT), AT + after, after)
    assert to_be_reminded(replace(OFFERED, escalated_at=AT), AT + after, after)


def test_an_outage_without_an_update_is_brought_up_once_per_period() -> None:
    period, second = timedelta(hours=4), timedelta(seconds=1)

    assert not is_without_update(AT, None, AT + period - second, period)
    assert is_without_update(AT, None, AT + period, period)
    assert not is_without_update(AT, AT + period, AT + 2 * period - second, period)
    assert is_without_update(AT, AT + period, AT + 2 * period, period)
    # an update since counts from its own moment
    assert not is_without_update(AT + period + second, AT + period, AT + 2 * period, period)
    assert is_without_update(AT + period + second, AT + period, AT + 2 * period + second, period)


@given(st.lists(st.integers(0, 600), max_size=60), st.lists(st.integers(0, 600), max_size=5))
def test_between_two_reminders_of_an_outage_lies_a_period(looks: list[int], updates: list[int]) -> None:
    period = timedelta(minutes=60)
    reminded: list[datetime] = []
    for minute in sorted(looks):
        at = AT + timedelta(minutes=minute)
        last = max([AT, *(AT + timedelta(minutes=one) for one in updates if one <= minute)])
        if is_without_update(last, reminded[-1] if reminded else None, at, period):
            assert at - last >= period
            reminded.append(at)

    assert all(after - before >= period for before, after in pairwise(reminded))


# What passes


def outage(number: int, minutes: int = 0, **more: object) -> Outage:
    value = Outage(number, f"key {number}", f"Outage {number}", ALICE, AT + timedelta(minutes=minutes))
    return replace(value, **more)  # type: ignore[arg-type]


def issue(iid: int, *labels: str, minutes: int = 0, **more: object) -> OngoingIssue:
    at = AT + timedelta(minutes=minutes)
    value = OngoingIssue(iid, f"Issue {iid}", f"https://gitlab.example/{iid}", at, at + timedelta(hours=1), labels)
    return replace(value, **more)  # type: ignore[arg-type]


def test_an_outage_whose_issue_is_not_there_yet_passes_under_its_own_number() -> None:
    (one,) = gathered([outage(7, data_loss=True, private=True)], [], LABELS, {})

    assert one == Handed("Outage 7", AT, outage=7, labels=("outage", LABELS.data_loss), private=True)
    assert (one.key, one.reference, one.hidden, one.spoken) == ("outage:7", "O7", True, "Outage 7")


def test_an_outage_is_listed_once_with_what_gitlab_says_of_its_issue() -> None:
    there = issue(12, "outage", "SL1", minutes=3, assignees=("alice",), confidential=True)

    (one,) = gathered([outage(7, iid=12, url="https://gitlab.example/12")], [there], LABELS, {})

    assert one == Handed(
        "Outage 7",
        AT,
        outage=7,
        iid=12,
        url="https://gitlab.example/12",
        labels=("outage", "SL1"),
        confidential=True,
        updated_at=there.updated_at,
        assignees=("alice",),
    )
    assert (one.key, one.reference, one.hidden, one.spoken) == ("outage:7", "#12 (O7)", True, "(confidential)")


def test_data_loss_passes_without_an_outage_too() -> None:
    lost = issue(12, LABELS.data_loss, assignees=("alice", "bob"))

    (one,) = gathered([], [lost], LABELS, {})

    assert one == Handed(
        "Issue 12",
        AT,
        iid=12,
        url=lost.url,
        labels=(LABELS.data_loss,),
        updated_at=lost.updated_at,
        assignees=("alice", "bob"),
    )
    assert (one.key, one.reference, one.hidden) == ("issue:12", "#12", False)


def test_an_outage_that_ended_here_passes_only_for_its_data_loss() -> None:
    found = gathered([], [issue(12, "outage"), issue(13, "outage", LABELS.data_loss)], LABELS, {})

    assert [one.key for one in found] == ["issue:13"]


def test_the_team_s_own_names_of_labels_count() -> None:
    labels = Labels(outage="incident", data_loss="loss")
    issues = [issue(1, "loss", minutes=9), issue(2, "(perceived) data loss"), issue(3, "incident", minutes=1)]

    found = gathered([outage(7), outage(8, iid=3)], issues, labels, {})

    assert [one.key for one in found] == ["issue:1", "outage:7", "outage:8"]


def test_the_most_urgent_comes_first_then_the_oldest() -> None:
    outages = [
        outage(1, 5),
        outage(2, 3),
        outage(3, 9, data_loss=True),
        outage(4, 1, iid=14),
        outage(5, 1, iid=15),
    ]
    issues = [
        issue(14, "outage", "critical", minutes=1),
        issue(15, minutes=1),
        issue(16, LABELS.data_loss, minutes=8),
        issue(17, LABELS.data_loss, "goal", minutes=10),
    ]

    found = gathered(outages, issues, LABELS, {"outage": None})

    keys = ["issue:16", "outage:3", "issue:17", "outage:4", "outage:2", "outage:1", "outage:5"]
    assert [one.key for one in found] == keys
    assert gathered(reversed(outages), reversed(issues), LABELS, {}) == found


def test_the_project_s_own_order_wins() -> None:
    outages, issues = [outage(1), outage(2, 1, iid=12)], [issue(12, "outage", "P1"), issue(13, LABELS.data_loss)]

    found = gathered(outages, issues, LABELS, {"P1": 0, "outage": 3, LABELS.data_loss: 5, "goal": None})

    assert [one.key for one in found] == ["outage:2", "outage:1", "issue:13"]


numbers = st.lists(st.integers(1, 9), unique=True, max_size=6)


@given(numbers, numbers, st.booleans(), st.dictionaries(st.sampled_from(["outage", LABELS.data_loss]), st.none()))
def test_every_outage_and_every_loss_of_data_is_listed_exactly_once(
    ours: list[int], theirs: list[int], lost: bool, ranks: dict[str, None]
) -> None:
    outages = [outage(number, number, iid=number if number % 2 else None) for number in ours]
    labels = ("outage", LABELS.data_loss) if lost else ("outage",)

    found = gathered(outages, [issue(iid, *labels) for iid in theirs], LABELS, ranks)

    assert sorted(one.outage for one in found if one.outage is not None) == sorted(ours)
    alone = {one for one in theirs if lost} - {one for one in ours if one % 2}
    assert sorted(one.iid or 0 for one in found if one.outage is None) == sorted(alone)


def test_notes_go_to_what_they_are_about() -> None:
    handed = (Handed("a", AT, outage=1, note="old"), Handed("b", AT, iid=1), Handed("c", AT, outage=2, iid=2))

    noted = with_notes(handed, {"outage:1": " watch\n  the disk \n", "issue:1": "restore runs", "issue:2": "no such"})

    assert [one.note for one in noted] == ["watch\n  the disk", "restore runs", ""]
    assert [replace(one, note="") for one in noted] == [replace(one, note="") for one in handed]
