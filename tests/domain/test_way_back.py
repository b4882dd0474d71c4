"""Taking a rollover back when something happened in between."""

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.late import Verdict
from bot.domain.operations import SetIssue
from bot.domain.rollover import Choice, Kept
from bot.domain.tracker import Milestone
from tests.builders import REPORT, TUESDAY, Run, Tracker, decided, flat

CHOICES: dict[str, Choice] = {"issue:2": "next", "issue:3": "leave"}


@pytest.fixture
def tracker() -> Tracker:
    """A tracker on Wednesday morning, before the rollover."""
    tracker = Tracker()
    wow = tracker.has("WoW", date(2026, 11, 18), TUESDAY)
    tracker.has("Next WoW", date(2026, 11, 25))
    tracker.has("Backlog")
    tracker.holds(1, wow, "goal", "moved 1")
    tracker.holds(2, wow)
    tracker.holds(3, wow)
    return tracker


@pytest.fixture
def run(tracker: Tracker) -> Run:
    return Run(tracker, decided(tracker, choices=CHOICES))


def the(tracker: Tracker, title: str) -> Milestone:
    found = tracker.titled(title)
    assert found, title
    return found


def before_step(run: Run, name: str) -> None:
    """Carry out everything before this step."""
    while run.todo and run.todo[0][0][0] != name:
        run.step()


def test_titles_come_back_in_the_order_in_which_they_become_free(run: Run) -> None:
    way = run.carry_out().way_back()

    assert [name for name, _ in flat(way.stages)] == [
        "issue:1",
        "issue:2",
        "drop new next",
        "next back",
        "week back",
        "reopen week",
        "report",
    ]
    assert [line.reference for line in way.issues] == ["#1", "#2"]
    assert way.stages[-1] == (("report", REPORT),)


def test_what_was_not_begun_needs_no_way_back(run: Run) -> None:
    assert [name for name, _ in flat(run.way_back().stages)] == ["report"]


def test_a_next_wow_that_is_no_longer_empty_stays_under_another_title(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    new = the(tracker, "Next WoW")
    tracker.holds(9, new, open=False, noun="merge_request")

    run.take_back()

    assert the(tracker, "Next WoW (kept 2026-11-24)").id == new.id
    assert tracker.inside(new.id)
    assert the(tracker, "Next WoW").start == date(2026, 11, 25)


def test_a_second_one_kept_on_the_same_day_gets_a_title_of_its_own(tracker: Tracker, run: Run) -> None:
    tracker.has("Next WoW (kept 2026-11-24)")
    run.carry_out()
    tracker.holds(9, the(tracker, "Next WoW"))

    run.take_back()

    assert the(tracker, "Next WoW (kept 2026-11-24, 2)").active


def test_a_next_wow_that_a_person_made_in_the_middle_is_used_and_never_removed(tracker: Tracker, run: Run) -> None:
    before_step(run, "create new next")
    theirs = tracker.has("Next WoW", date(2026, 12, 2), date(2026, 12, 8))
    run.carry_out()
    assert tracker.issues["issue:2"].milestone == theirs.id

    found = run.take_back()

    assert tracker.milestones[theirs.id] == replace(theirs, title="Next WoW (kept 2026-11-24)")
    assert found.kept == (
        Kept("Milestone “Next WoW”", "somebody else made it; it is now “Next WoW (kept 2026-11-24)”"),
    )
    assert tracker.issues["issue:2"].milestone == the(tracker, "WoW").id


def test_a_next_wow_that_a_person_made_after_ours_was_deleted_makes_room(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    del tracker.milestones[the(tracker, "Next WoW").id]
    tracker.change("issue:2", milestone=None)
    theirs = tracker.has("Next WoW")

    run.take_back()

    assert tracker.milestones[theirs.id].title == "Next WoW (kept 2026-11-24)"
    assert the(tracker, "Next WoW").id != theirs.id


def test_a_next_wow_that_is_in_nobody_s_way_is_left_alone(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    del tracker.milestones[the(tracker, "Next WoW").id]
    tracker.change("issue:2", milestone=None)
    theirs = tracker.has("Next WoW")
    tracker.edit(the(tracker, "WoW").id, title="Sprint 1")

    run.take_back()

    assert tracker.milestones[theirs.id] == theirs


def test_when_next_wow_was_missing_and_a_person_made_it_meanwhile_it_stays(tracker: Tracker) -> None:
    del tracker.milestones[the(tracker, "Next WoW").id]
    run = Run(tracker, decided(tracker))
    theirs = tracker.has("Next WoW")

    run.carry_out().take_back()

    assert the(tracker, "Next WoW").id == theirs.id
    assert the(tracker, "WoW").active


def test_when_next_wow_was_missing_and_got_new_issues_it_stays_as_next_wow(tracker: Tracker) -> None:
    del tracker.milestones[the(tracker, "Next WoW").id]
    run = Run(tracker, decided(tracker)).carry_out()
    current = the(tracker, "WoW")
    new = tracker.holds(9, current)

    run.take_back()

    assert the(tracker, "Next WoW").id == current.id
    assert tracker.issues["issue:9"] == new
    assert tracker.issues["issue:1"].milestone == the(tracker, "WoW").id != current.id


@pytest.mark.parametrize("step", ["create next", "create new next"])
def test_what_was_made_is_found_again_when_gitlab_s_answer_was_lost(tracker: Tracker, step: str) -> None:
    del tracker.milestones[the(tracker, "Next WoW").id]
    before = tracker.state()
    run = Run(tracker, decided(tracker))
    before_step(run, step)
    run.lose_the_answer()

    run.take_back()

    assert tracker.state() == before


def test_a_deleted_week_is_said_and_the_rest_goes_back(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    current = the(tracker, "WoW")
    del tracker.milestones[current.id]
    tracker.change("issue:1", milestone=None)

    found = run.take_back()

    assert Kept("Milestone “Next WoW”", "somebody deleted it since") in found.kept
    assert the(tracker, "WoW").active
    assert tracker.issues["issue:1"].milestone is None


def test_an_issue_that_was_moved_elsewhere_is_left_and_listed(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    moved = tracker.change("issue:1", milestone=the(tracker, "Backlog").id)

    found = run.take_back()

    assert found.kept == (Kept("#1 Issue 1", "somebody took it out of the week, or deleted it"),)
    assert tracker.issues["issue:1"] == moved


def test_a_count_that_a_person_took_off_is_not_brought_back(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    tracker.change("issue:1", labels=("goal",))

    found = run.take_back()

    assert tracker.issues["issue:1"].labels == ("goal",)
    assert found.kept == (Kept("#1 Issue 1", "somebody took “moved 2” off since"),)


def test_an_issue_closed_in_the_new_week_goes_back_closed(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    tracker.change("issue:1", open=False)

    back = dict(flat(run.way_back().stages))["issue:1"]
    tracker.perform(back, again=True)

    assert tracker.issues["issue:1"].milestone == run.turn.wow.id
    assert not tracker.issues["issue:1"].open


def test_an_issue_that_stayed_in_its_week_only_loses_the_label_that_the_rollover_set(tracker: Tracker) -> None:
    verdicts = {"issue:3": Verdict(late=True, why="added after the week had started")}
    run = Run(tracker, decided(tracker, choices=CHOICES, verdicts=verdicts)).carry_out()

    way = dict(flat(run.way_back().stages))

    wow = run.turn.wow.id
    assert way["issue:3"] == SetIssue("issue", 3, wow, None, (), ("unscheduled",), closed_too=True)


def test_a_request_that_never_arrived_needs_no_way_back(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    tracker.change("issue:1", milestone=run.turn.wow.id, labels=("goal", "moved 1"))

    way = run.way_back()

    assert "issue:1" not in dict(flat(way.stages))
    assert way.kept == ()


def test_a_week_that_a_person_has_opened_again_is_not_opened_twice(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    tracker.edit(the(tracker, "WoW ending 2026-11-24").id, active=True)

    assert "reopen week" not in dict(flat(run.way_back().stages))


def test_a_renamed_week_is_left_and_listed(tracker: Tracker, run: Run) -> None:
    run.carry_out()
    mine = tracker.edit(the(tracker, "WoW").id, title="Sprint 1")

    found = run.take_back()

    assert tracker.milestones[mine.id] == mine
    assert Kept("Milestone “Sprint 1”", "somebody renamed it since") in found.kept
    assert the(tracker, "WoW").due == TUESDAY
