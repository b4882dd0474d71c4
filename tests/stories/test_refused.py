"""When a week cannot be rolled over: it is said why, there is no button to do it, and nothing is written."""

from datetime import date

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import TUESDAY, Gitlab, SmallWeek, World

WEEK_START = date(2026, 11, 18)


def what_is_said(world: World, who: Persona, text: str = "/wow rollover") -> str:
    """The modal without a button, as text; nothing is written."""
    writes = len(world.gitlab.writes)
    assert who.types(text).ok
    shown = world.modal(who, "")
    assert len(world.gitlab.writes) == writes
    return shown.text


def test_a_week_that_baton_rolled_over_says_by_whom(world: World, alice: Persona, bob: Persona) -> None:
    world.seeds_small_week()
    world.rolls_over(alice)

    said = what_is_said(world, bob)

    assert "The week ending 2026-11-24 was rolled over already by @alice" in said
    assert "WoW ending 2026-11-24" in said


def test_a_week_that_was_rolled_over_by_hand_says_who_did_it_in_gitlab(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    gitlab.add_user("carol", "Carol Danvers")
    closed = gitlab.add_milestone("WoW", WEEK_START, TUESDAY)
    gitlab.retitle_milestone(closed, "WoW ending 2026-11-24", by="carol")
    gitlab.close_milestone(closed, by="carol")
    gitlab.add_milestone("WoW", date(2026, 11, 25), date(2026, 12, 1))
    gitlab.add_milestone("Next WoW")

    said = what_is_said(world, alice)

    assert "was rolled over already by Carol Danvers in GitLab" in said


def test_a_week_that_was_renamed_by_hand_and_left_open_is_not_rolled_over_twice(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    renamed = gitlab.add_milestone("WoW", WEEK_START, TUESDAY)
    gitlab.retitle_milestone(renamed, "WoW ending 2026-11-24")
    gitlab.add_milestone("Next WoW")

    said = what_is_said(world, alice)

    assert "The week ending 2026-11-24 was rolled over already" in said
    assert "is still open: please close it in GitLab" in said


def test_without_the_current_week_there_is_nothing_to_close(world: World, alice: Persona) -> None:
    assert "There is no open milestone “WoW” in acme/production." in what_is_said(world, alice)


def test_a_next_week_alone_is_said_and_left_alone(world: World, gitlab: Gitlab, alice: Persona) -> None:
    gitlab.add_milestone("Next WoW")

    said = what_is_said(world, alice)

    assert "There is no open milestone “WoW”" in said
    assert "“Next WoW” is there; if it is the current week, rename it to “WoW”." in said


@pytest.mark.parametrize("title", ["WoW ending 2026-11-24", "Next WoW"])
def test_a_title_that_the_group_has_too_is_a_clash(world: World, gitlab: Gitlab, alice: Persona, title: str) -> None:
    gitlab.add_milestone("WoW", WEEK_START, TUESDAY)
    gitlab.add_group_milestone(title)

    said = what_is_said(world, alice)

    assert f"A group above the project has a milestone “{title}” too" in said


def test_the_week_of_a_group_is_not_turned(world: World, gitlab: Gitlab, alice: Persona) -> None:
    gitlab.add_group_milestone("WoW", WEEK_START, TUESDAY)
    gitlab.add_milestone("Next WoW")

    said = what_is_said(world, alice)

    assert "The milestone “WoW” belongs to a group. I roll over the weeks of one project, acme/production" in said


def test_a_token_that_may_not_edit_is_found_out_before_anything_is_written(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    SmallWeek(gitlab)
    gitlab.token_access = 10

    said = what_is_said(world, alice)

    assert "My GitLab token may not edit milestones in acme/production" in said


@side_by_side
def test_rights_that_are_lost_after_the_preview_are_found_out_before_the_first_write(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    world.seeds_small_week()
    before = gitlab.snapshot()
    world.opens_rollover(alice)
    gitlab.token_access = 10

    alice.submits()

    said = world.said("Nothing was changed").text
    assert "My GitLab token may not edit milestones" in said
    assert gitlab.snapshot() == before
    assert not gitlab.writes


@pytest.mark.parametrize("title", ["WoW 2", "xWoW", "My WoW", "WoWs"])
def test_a_title_that_only_looks_like_it_is_not_the_week(
    world: World, gitlab: Gitlab, alice: Persona, title: str
) -> None:
    gitlab.add_milestone(title, WEEK_START, TUESDAY)

    assert "There is no open milestone “WoW”" in what_is_said(world, alice)


def test_lookalikes_beside_the_week_are_left_alone(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    others = {title: gitlab.add_milestone(title) for title in ("wow", "WoW 2", "xWoW", "next wow")}
    inside = [gitlab.add_issue("Not of this week", [], each) for each in others.values()]

    world.rolls_over(alice)

    assert gitlab.milestone("WoW ending 2026-11-24")["id"] == week.wow
    assert {title: gitlab.milestones()[title] for title in others} == others
    assert [gitlab.issue(iid)["milestone"]["id"] for iid in inside] == list(others.values())


def test_another_spelling_of_case_is_taken_with_a_warning(world: World, gitlab: Gitlab, alice: Persona) -> None:
    closing = gitlab.add_milestone("wow", WEEK_START, TUESDAY)
    gitlab.add_milestone("NEXT WoW")

    shown = world.opens_rollover(alice)
    assert "The milestone is written “wow”; I use it as “WoW”." in shown.text
    alice.submits()

    world.report()
    assert gitlab.milestone("WoW ending 2026-11-24")["id"] == closing


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("2026-02-30", "There is no 2026-02-30 in the calendar."),
        ("2026-12-08", "2026-12-08 is more than seven days ahead"),
        ("soon", "“soon” is not a day I can read."),
    ],
)
def test_an_impossible_last_day_is_refused_at_once(world: World, alice: Persona, typed: str, answer: str) -> None:
    ack = alice.types(f"/wow rollover ending {typed}")

    assert ack.ok
    assert answer in world.said(answer).text
    assert alice.modal is None


@pytest.mark.parametrize(
    ("ending", "warning"),
    [
        ("2026-11-23", "2026-11-23 is a Monday; a week ends on a Tuesday."),
        ("2026-11-26", "This week has 9 days (2026-11-18 to 2026-11-26) instead of seven."),
        ("2026-12-01", "2026-12-01 is in the future: the week is closed early."),
    ],
)
def test_an_unusual_last_day_is_a_warning(
    world: World, gitlab: Gitlab, alice: Persona, ending: str, warning: str
) -> None:
    SmallWeek(gitlab)

    shown = world.opens_rollover(alice, date.fromisoformat(ending))

    assert warning in shown.text


def test_a_week_that_overlaps_the_one_before_is_a_warning(world: World, gitlab: Gitlab, alice: Persona) -> None:
    gitlab.add_milestone("WoW ending 2026-11-19", date(2026, 11, 12), date(2026, 11, 19), "closed")
    SmallWeek(gitlab)

    shown = world.opens_rollover(alice)

    assert "It overlaps the week before, which ended on 2026-11-19." in shown.text
