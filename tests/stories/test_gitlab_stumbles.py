"""GitLab answers, but not everything: what cannot be read or written for one issue holds up nothing else."""

from datetime import timedelta

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, TUESDAY, Gitlab, World, at_midnight

FIRST_DAY = TUESDAY - timedelta(days=6)


@side_by_side
def test_an_issue_whose_history_cannot_be_read_holds_up_neither_preview_nor_rollover(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    gitlab.weather.fails(500, match=f"issues/{week.planned}/resource_milestone_events")

    shown = world.opens_rollover(alice)

    assert "I could not read when 1 issue came into the week, so I do not label it" in shown.text
    alice.submits()
    report = world.report(within=60)
    assert "I could not read when 1 issue came into the week, so I did not label it" in report.text
    world.is_idle()
    assert gitlab.issues_of(week.following) == week.open
    assert "unscheduled" in gitlab.labels_of(week.late)


@side_by_side
def test_a_gitlab_that_limits_the_reading_of_histories_gets_through_bit_by_bit(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    gitlab.goes_down()
    alice.types("/wow rollover", CHANNEL)
    world.modal(alice, "Roll over later", within=30)
    gitlab.comes_back()
    gitlab.weather.rate_limits(1, times=5, match="resource_milestone_events")  # at first for all four

    alice.submits()

    world.report(within=60)
    world.is_idle()
    assert gitlab.issues_of(week.following) == week.open
    assert "unscheduled" in gitlab.labels_of(week.late)


@side_by_side
def test_an_issue_that_can_never_be_written_is_given_up_reported_and_may_be_retried(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)
    gitlab.weather.fails(500, match=f"PUT .*/issues/{week.late}$")

    alice.submits()
    for times in range(1, 7):
        world.until(lambda times=times: len(gitlab.calls("PUT", f"/issues/{week.late}")) >= times, "it is tried")  # type: ignore[misc]
        assert world.bot.stops() == 0
        world.bot.starts()  # what waits to be tried again is tried at once

    report = world.report()
    assert "GitLab refused 1 issue" in report.text
    assert gitlab.milestone("WoW ending 2026-11-24")["state"] == "closed"
    gitlab.comes_back()
    alice.clicks(report, "Retry")
    world.until(lambda: gitlab.issues_of(week.following) == week.open, "the issue is carried over too")
    world.is_idle()


def test_a_confidential_issue_keeps_its_title_out_of_the_channel(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    secret = gitlab.add_issue("SECRET customer breach", milestone=week.wow, confidential=True)

    report = world.rolls_over(alice)

    assert f"#{secret} (confidential)" in report.text
    assert "SECRET" not in report.text
    alice.types("/wow status", CHANNEL)
    assert "SECRET" not in world.said("done ·", to=alice).text


def test_what_was_taken_out_of_the_week_after_the_preview_is_said(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)
    gitlab.edit_issue(week.planned, by="ben", milestone=None)

    alice.submits()

    assert f"Taken out of the week by somebody since the preview:* #{week.planned}" in world.report().text


def test_a_week_without_dates_begins_six_days_before_the_day_it_ends_on(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    wow = gitlab.add_milestone("WoW")
    gitlab.add_milestone("Next WoW")
    planned = gitlab.add_issue("Planned", milestone=wow, added_at=at_midnight(FIRST_DAY) - timedelta(minutes=1))
    late = gitlab.add_issue("Late", milestone=wow, added_at=at_midnight(FIRST_DAY) + timedelta(minutes=1))

    world.rolls_over(alice)

    assert gitlab.labels_of(planned) == []
    assert gitlab.labels_of(late) == ["unscheduled"]


def test_a_refused_token_is_no_outage_and_somebody_is_told_to_mend_it(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    token, gitlab.token = gitlab.token, "glpat-another"

    alice.types("/wow rollover", CHANNEL)
    world.until(lambda: alice.modal and "GITLAB_TOKEN" in alice.modal.text, "the refused token is said")

    shown = alice.modal
    assert shown is not None
    assert (shown.submit, "GitLab refuses my token" in shown.text) == ("", True)
    alice.closes()
    gitlab.token = token
    world.opens_rollover(alice)
    gitlab.token = "glpat-another"
    alice.submits()
    world.said("GitLab refuses my token", within=30)
    gitlab.token = token
    world.report(within=40)
    world.is_idle()
    assert gitlab.issues_of(week.following) == week.open
