"""GitLab says no: one issue does not hold up the rest, and a milestone stops the run and asks."""

from copy import deepcopy

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, World, keys_of, usual_outcome


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_issue_is_reported_and_the_rest_goes_on_until_somebody_retries(
    world: World, gitlab: Gitlab, alice: Persona, status: int
) -> None:
    week = world.seeds_small_week()
    gitlab.weather.fails(status, match=f"PUT .*/issues/{week.late}$")

    report = world.rolls_over(alice)

    assert "GitLab refused 1 issue" in report.text
    assert f"#{week.late} Disk of db3 is full" in report.text.partition("GitLab refused")[2]
    assert report.buttons == ["Retry"]
    assert gitlab.milestone("WoW ending 2026-11-24")["state"] == "closed"
    assert gitlab.issues_of(week.wow, "opened") == [week.late]

    gitlab.comes_back()
    alice.clicks(report, "Retry")

    world.until(lambda: gitlab.issues_of(week.following) == week.open, "the issue is carried over too")
    world.until(lambda: "GitLab refused" not in world.report().text, "the report is put right")
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_an_issue_that_was_deleted_is_reported_and_cannot_be_saved(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)
    gitlab.weather.at_call(1, lambda _: gitlab.delete_issue(week.late), match=f"PUT .*/issues/{week.late}$")

    alice.submits()

    report = world.report()
    assert "GitLab refused 1 issue" in report.text
    alice.clicks(report, "Retry")
    world.said("Trying 1 operation again")
    world.is_idle()
    assert "GitLab refused 1 issue" in world.report().text
    assert gitlab.issues_of(week.following) == [week.goal, week.planned]


@side_by_side
def test_a_refused_milestone_stops_the_run_and_asks_and_retry_ends_it(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    gitlab.weather.fails(403, match=f"PUT .*/milestones/{week.wow}$")
    world.opens_rollover(alice)
    alice.submits()

    asked = world.said("GitLab refused a step of the week ending 2026-11-24")

    assert asked.buttons == ["Retry", "Undo"]
    assert "@U1" in "".join(asked.pings)
    assert gitlab.milestone("WoW")["id"] == week.wow
    assert not world.messages("is closed, rolled over by")
    gitlab.comes_back()
    alice.clicks(asked, "Retry")
    world.report()
    world.is_idle()
    outcome = world.outcome
    assert outcome["messages"] == ["report", "rollover", "stopped"]
    assert {**outcome, "messages": ["report", "rollover"]} == usual_outcome()


@side_by_side
def test_a_title_that_was_taken_meanwhile_stops_the_run_and_undo_takes_it_back(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)

    def takes_the_title(_: object) -> None:
        gitlab.add_group_milestone("WoW ending 2026-11-24")

    gitlab.weather.at_call(1, takes_the_title, match="PUT .*/milestones/")
    alice.submits()
    asked = world.said("GitLab refused a step of the week ending 2026-11-24")
    assert gitlab.milestone("WoW")["state"] == "active"

    alice.clicks(asked, "Undo")
    world.modal(alice, "Undo")
    alice.submits()

    world.said("is taken back by @alice")
    assert gitlab.issues_of(week.wow) == [*week.open, week.done]
    assert gitlab.labels_of(week.goal) == ["goal"]
    assert gitlab.labels_of(week.late) == ["SL1"]
    assert keys_of(world.slack.messages(CHANNEL)) == ["rollover", "stopped", "undone"]


@side_by_side
def test_the_question_is_settled_once_it_was_answered(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    gitlab.weather.fails(403, times=1, match="PUT .*/milestones/")
    world.opens_rollover(alice)
    alice.submits()
    asked = world.said("GitLab refused a step")
    as_it_was = deepcopy(asked.message)
    alice.clicks(asked, "Retry")
    world.report()

    alice.clicks(as_it_was, "Retry")

    assert world.said("There is nothing to try again").ephemeral


@side_by_side
def test_a_project_that_is_not_shown_to_the_token_is_said(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    gitlab.weather.fails(404, match="GET", body={"message": "404 Project Not Found"})

    alice.types("/wow rollover", CHANNEL)

    assert "Please check `GITLAB_PROJECT` and the rights of my token" in world.modal(alice, "").text
