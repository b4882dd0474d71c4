"""Which outages go on, as GitLab is asked for them: all of them, whoever made them, and what became of known ones."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import Rejected, Unavailable
from bot.domain.operations import CreateIssue
from bot.domain.tracker import OngoingIssue, OutageIssue
from tests.edges.tracker import NOON, Tracker, opened


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with opened() as tracker:
        yield tracker


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_an_outage_made_by_hand_is_told_with_all_there_is_to_know(tracker: Tracker) -> None:
    labels = ["outage", "(perceived) data loss"]
    iid = tracker.world.add_issue("Slow", labels, by="alice", confidential=True, created_at=after(-5))
    tracker.world.add_issue("No outage", ["goal"])
    tracker.world.add_issue("Over", ["outage"], state="closed")

    facts = tracker.is_asked()

    url = tracker.world.issue(iid)["web_url"]
    assert facts.issues == (
        OutageIssue(iid, "Slow", url, open=True, began_at=after(-5), by="alice", confidential=True, data_loss=True),
    )
    assert (facts.at, facts.gone) == (NOON, ())
    assert sorted(tracker.requests()) == ["issues", "issues", "labels"]


def test_all_outages_are_found_on_twenty_one_pages(tracker: Tracker) -> None:
    for number in range(2001):
        tracker.world.add_issue(f"Outage {number}", ["outage"])

    facts = tracker.is_asked(1, 2001)

    assert [one.iid for one in facts.issues] == list(range(1, 2002))
    assert len(tracker.requests()) == 21 + len(["about data loss", "labels"])


def test_only_the_label_itself_makes_an_outage(tracker: Tracker) -> None:
    tracker.world.add_issue("Planned", ["outage-drill"])
    tracker.world.add_issue("Spelt", ["Outage"])

    assert tracker.is_asked().issues == ()


def test_an_outage_that_baton_made_is_known_by_its_marker_and_a_copy_of_it_is_not(tracker: Tracker) -> None:
    iid = tracker.tells(CreateIssue("key-7", "Slow", "Seen.", ("outage",)))["iid"]
    copied = tracker.world.issue(iid)["description"]
    tracker.world.add_issue("Copy", ["outage"], description=copied, by="alice")
    tracker.world.edit_issue(iid, description=f"{copied}\n\nSomebody added this.")

    assert [one.marker for one in tracker.is_asked().issues] == ["key-7", ""]


def test_when_and_by_whom_known_outages_ended_is_told(tracker: Tracker) -> None:
    world, clock = tracker.world, tracker.clock
    closed, unlabelled, both = (world.add_issue(title, ["outage"]) for title in ("Closed", "Unlabelled", "Both"))
    clock.moves(minutes=1)
    world.edit_issue(closed, state="closed", by="alice")
    world.edit_issue(unlabelled, remove_labels=["outage"], by="chen")
    world.edit_issue(both, remove_labels=["outage"], by="chen")
    clock.moves(minutes=1)
    world.edit_issue(both, state="closed", by="alice")
    clock.moves(minutes=1)
    for iid in (closed, unlabelled, both):
        world.edit_issue(iid, title="Renamed since")

    ended = [
        (one.iid, one.open, one.ended_at, one.ended_by) for one in tracker.is_asked(closed, unlabelled, both).issues
    ]

    assert ended == [
        (closed, False, after(1), "alice"),
        (unlabelled, False, after(1), "chen"),
        (both, False, after(2), "alice"),
    ]


def test_an_outage_that_was_reopened_or_labelled_again_goes_on(tracker: Tracker) -> None:
    world = tracker.world
    iid = world.add_issue("Slow", ["outage"])
    world.edit_issue(iid, state="closed", remove_labels=["outage"])
    world.edit_issue(iid, state="opened", add_labels=["outage"])

    [one] = tracker.is_asked(iid).issues

    assert (one.open, one.ended_at, one.ended_by) == (True, None, "")


def test_a_label_taken_off_with_nothing_told_of_it_counts_from_the_last_change(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", ["outage"])
    tracker.clock.moves(minutes=4)
    tracker.world.edit_issue(iid, remove_labels=["outage"])
    tracker.weather.fails(403, match="resource_label_events")

    [one] = tracker.is_asked(iid).issues

    assert (one.open, one.ended_at, one.ended_by) == (False, after(4), "")


def test_known_outages_that_gitlab_does_not_show_any_more_are_gone(tracker: Tracker) -> None:
    iid, deleted = (tracker.world.add_issue("Slow", ["outage"]) for _ in range(2))
    tracker.world.delete_issue(deleted)

    facts = tracker.is_asked(deleted, iid, 99)

    assert ([one.iid for one in facts.issues], facts.gone) == ([iid], (deleted, 99))


def test_where_issues_are_switched_off_none_is_gone(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Slow", ["outage"])
    tracker.world.switch_issues(on=False)

    facts = tracker.is_asked(iid)

    assert (facts.issues, facts.gone) == ((), ())


def test_outages_and_data_loss_pass_from_shift_to_shift_each_once_and_while_they_are_open(tracker: Tracker) -> None:
    world = tracker.world
    world.state.many_assignees = True
    slow = world.add_issue("Slow", ["outage", "critical"], assignees=["alice", "chen"], created_at=after(-90))
    lost = world.add_issue("Avatars missing", ["(perceived) data loss"], confidential=True, created_at=after(-60))
    both = world.add_issue("Disk broken", ["(perceived) data loss", "outage"], created_at=after(-30))
    world.add_issue("Restored", ["(perceived) data loss"], state="closed")
    world.add_issue("Spelt", ["(Perceived) data loss"])
    world.add_issue("Planned", ["goal"])
    was_outage = world.add_issue("Restore", ["outage", "(perceived) data loss"])
    world.edit_issue(was_outage, remove_labels=["outage"])
    world.edit_issue(slow, title="Very slow")

    facts = tracker.is_asked(slow, was_outage)

    assert [one.iid for one in facts.ongoing] == [slow, both, was_outage, lost]
    assert (facts.ongoing[0], facts.ongoing[3]) == (
        OngoingIssue(
            slow,
            "Very slow",
            world.issue(slow)["web_url"],
            created_at=after(-90),
            updated_at=NOON,
            labels=("critical", "outage"),
            assignees=("alice", "chen"),
        ),
        OngoingIssue(
            lost,
            "Avatars missing",
            world.issue(lost)["web_url"],
            created_at=after(-60),
            updated_at=after(-60),
            labels=("(perceived) data loss",),
            confidential=True,
        ),
    )


def test_all_issues_about_data_loss_are_found_on_three_pages(tracker: Tracker) -> None:
    for number in range(201):
        tracker.world.add_issue(f"Lost {number}", ["(perceived) data loss"])

    assert [one.iid for one in tracker.is_asked().ongoing] == list(range(1, 202))


def test_how_urgent_the_project_s_labels_are_is_told(tracker: Tracker) -> None:
    tracker.world.add_label("critical", 1)
    tracker.world.add_label("toil")
    for number in range(120):
        tracker.world.add_label(f"label {number}", 9)

    ranks = tracker.is_asked().label_ranks

    assert (len(ranks), ranks["critical"], ranks["toil"]) == (122, 1, None)


def test_labels_that_may_not_be_read_are_done_without(tracker: Tracker) -> None:
    tracker.world.add_label("critical", 1)
    tracker.world.add_issue("Slow", ["outage"])
    tracker.weather.fails(403, match="/labels")

    facts = tracker.is_asked()

    assert (len(facts.ongoing), facts.label_ranks) == (1, {})


def test_a_list_of_data_loss_that_is_refused_is_no_empty_list(tracker: Tracker) -> None:
    tracker.weather.fails(403, match="data[+]loss")

    with pytest.raises(Rejected):
        tracker.is_asked()


@pytest.mark.parametrize("match", ["issues[?]", "issues/1$", "label_events", "/labels[?]", "data[+]loss"])
def test_an_answer_that_fails_is_no_answer(tracker: Tracker, match: str) -> None:
    iid = tracker.world.add_issue("Slow", ["outage"])
    tracker.world.edit_issue(iid, remove_labels=["outage"])
    tracker.weather.fails(503, match=match)

    with pytest.raises(Unavailable):
        tracker.is_asked(iid)
