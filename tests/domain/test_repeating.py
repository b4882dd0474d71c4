"""What is tried again overrules nobody who was faster."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.operations import SetIssue
from bot.domain.repeating import is_nothing, left_to_do, without_overruling
from bot.domain.tracker import Issue, LabelEvent, MilestoneEvent

WOW, NEXT = 1, 2
AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
MOVE = SetIssue("issue", 7, WOW, NEXT, add=("unscheduled", "moved 1"), unless=("unscheduled", "outage"))


def issue(*labels: str, milestone: int = WOW) -> Issue:
    return Issue(7, "Disk full", labels, milestone)


def label(name: str, minute: int, *, added: bool) -> LabelEvent:
    return LabelEvent(name, added=added, at=AT + timedelta(minutes=minute))


def test_what_is_so_already_is_not_done_again() -> None:
    assert left_to_do(MOVE, issue()) == MOVE
    assert left_to_do(MOVE, issue("moved 1", milestone=NEXT)).add == ("unscheduled",)
    assert is_nothing(left_to_do(MOVE, issue("moved 1", "unscheduled", milestone=NEXT)))


def test_what_became_an_outage_meanwhile_is_exempt_but_moves_on() -> None:
    left = left_to_do(MOVE, issue("outage"))

    assert (left.milestone, left.add) == (NEXT, ("moved 1",))


def test_a_label_that_was_set_and_taken_off_since_stays_off() -> None:
    since = (label("unscheduled", 1, added=True), label("unscheduled", 2, added=False))

    assert without_overruling(MOVE, since).add == ("moved 1",)
    assert without_overruling(MOVE, tuple(reversed(since))).add == ("moved 1",)


def test_a_label_that_was_taken_off_and_put_back_since_stays_on() -> None:
    takes_off = SetIssue("issue", 7, NEXT, remove=("moved 1",))
    since = (label("moved 1", 1, added=False), label("moved 1", 2, added=True))

    assert is_nothing(without_overruling(takes_off, since))


def test_an_issue_that_was_moved_and_moved_back_since_is_left_alone() -> None:
    since = (MilestoneEvent(NEXT, added=True, at=AT), MilestoneEvent(WOW, added=True, at=AT + timedelta(minutes=1)))

    assert is_nothing(without_overruling(MOVE, since))


LABELS = st.sampled_from(["unscheduled", "moved 1", "outage", "SL1"])


@given(st.frozensets(LABELS), st.sampled_from([WOW, NEXT]))
def test_without_anything_that_happened_since_exactly_the_rest_is_done(labels: frozenset[str], milestone: int) -> None:
    before = issue(*sorted(labels), milestone=milestone)
    left = without_overruling(left_to_do(MOVE, before), ())
    after = {*labels, *left.add} - {*left.remove}

    assert (left.milestone or milestone) == NEXT
    assert {"moved 1"} <= after
    assert ("unscheduled" in after) == ("unscheduled" in labels or "outage" not in labels)
