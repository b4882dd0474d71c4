"""A rollover is taken back: all of it, but for what people changed since."""

from datetime import date

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, World


def milestones_and_issues(gitlab: Gitlab) -> dict[str, object]:
    """What a person sees; labels that were created stay in the project, on no issue."""
    return {key: value for key, value in gitlab.snapshot().items() if key != "labels"}


@side_by_side
def test_undo_leaves_everything_as_it_was_before(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    before = milestones_and_issues(gitlab)
    world.rolls_over(alice)

    told = world.takes_back(alice)

    assert "The rollover of the week ending 2026-11-24 is taken back by @alice" in told.text
    assert milestones_and_issues(gitlab) == before
    world.said("was taken back by @alice")


@side_by_side
def test_undo_of_a_week_without_a_next_one_leaves_none_behind(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    gitlab.delete_milestone(week.following)
    before = milestones_and_issues(gitlab)
    world.rolls_over()

    world.takes_back()

    assert milestones_and_issues(gitlab) == before


@side_by_side
def test_undo_brings_back_what_was_chosen_for_the_week_after_next(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    before = milestones_and_issues(gitlab)
    world.opens_rollover(alice)
    alice.chooses(f"#{week.goal}", "Move to new Next WoW")
    alice.chooses(f"#{week.late}", "Leave in closed week")
    alice.submits()
    world.report()

    world.takes_back(alice)

    assert milestones_and_issues(gitlab) == before


@side_by_side
def test_the_week_can_be_rolled_over_again_after_an_undo(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    world.rolls_over(alice)
    world.takes_back(alice)
    world.is_idle()

    world.opens_rollover(alice)
    alice.submits()

    world.until(lambda: len(world.messages("WoW ending 2026-11-24")) == 2, "a second report")
    assert gitlab.milestone("WoW ending 2026-11-24")["id"] == week.wow
    assert gitlab.labels_of(week.goal) == ["goal", "moved 1"]
    assert gitlab.labels_of(week.late) == ["SL1", "unscheduled"]


@side_by_side
def test_what_a_colleague_changed_since_stays_and_is_listed(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    elsewhere = gitlab.add_milestone("Milestone-7")
    world.rolls_over(alice)
    gitlab.edit_issue(week.planned, milestone=elsewhere)
    gitlab.edit_issue(week.late, remove_labels=["unscheduled"])
    gitlab.edit_issue(week.goal, add_labels=["critical"], title="Three data centres")
    new = gitlab.add_issue("Of the new week", [], week.following)
    alice.types("/wow undo", CHANNEL)
    shown = world.modal(alice, "Undo")
    assert "Changed since, and left as it is" in shown.text
    assert f"#{week.planned} Rotate the keys" in shown.text.partition("Changed since")[2]

    alice.submits()

    told = world.said("is taken back by").text
    assert gitlab.issue(week.planned)["milestone"]["id"] == elsewhere
    assert gitlab.labels_of(week.late) == ["SL1"]
    assert gitlab.labels_of(week.goal) == ["critical", "goal"]
    assert gitlab.issue(week.goal)["title"] == "Three data centres"
    assert gitlab.issue(week.goal)["milestone"]["id"] == week.wow
    assert gitlab.issue(new)["milestone"]["id"] == week.following
    left = told.partition("Changed by somebody since, and left as it is")[2]
    assert f"#{week.planned} Rotate the keys" in left
    assert f"#{week.late} Disk of db3 is full" in left


@side_by_side
def test_a_new_week_that_is_no_longer_empty_is_kept_under_another_title(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.rolls_over(alice)
    ahead = gitlab.milestones()["Next WoW"]
    planned = gitlab.add_issue("Planned for later", [], ahead)

    world.takes_back(alice)

    assert gitlab.milestones() == {
        "WoW": week.wow,
        "Next WoW": week.following,
        "Next WoW (kept 2026-11-25)": ahead,
    }
    assert gitlab.issue(planned)["milestone"]["id"] == ahead
    assert "Next WoW (kept 2026-11-25)" in world.said("is taken back by").text


@side_by_side
def test_a_merge_request_or_a_closed_issue_also_keeps_the_new_week(world: World, gitlab: Gitlab) -> None:
    world.seeds_small_week()
    world.rolls_over()
    ahead = gitlab.milestones()["Next WoW"]
    gitlab.add_merge_request("Closed already", [], ahead, "closed")

    world.takes_back()

    assert gitlab.milestones()["Next WoW (kept 2026-11-25)"] == ahead


@side_by_side
def test_nothing_is_taken_back_twice(world: World, alice: Persona, bob: Persona) -> None:
    world.seeds_small_week()
    world.rolls_over(alice)
    world.takes_back(alice)
    world.is_idle()

    bob.types("/wow undo", CHANNEL)

    assert "was taken back already, by @alice" in world.said("was taken back already", to=bob).text


@side_by_side
def test_after_an_undo_the_week_before_stays_and_why_is_said(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    world.rolls_over(alice)
    world.is_idle()
    world.rolls_over(alice, date(2026, 12, 1))
    world.takes_back(alice)
    world.is_idle()
    before = gitlab.snapshot()

    alice.types("/wow undo", CHANNEL)

    said = world.said("was taken back already", to=alice).text
    assert "The rollover of the week ending 2026-12-01 was taken back already, by @alice" in said
    assert (
        "The one before it, of the week ending 2026-11-24, stays: I take back only the last rollover, because" in said
    )
    assert gitlab.snapshot() == before


@side_by_side
def test_who_confirms_an_undo_long_after_is_told_who_rolled_over_since(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    world.seeds_small_week()
    world.rolls_over(alice)
    world.is_idle()
    alice.types("/wow undo", CHANNEL)
    world.modal(alice, "Undo")
    world.rolls_over(bob, date(2026, 12, 1))
    world.is_idle()
    before = gitlab.snapshot()

    alice.submits()

    world.said(
        "The week ending 2026-12-01 was rolled over since by bob, so the rollover of the week ending 2026-11-24 can"
    )
    assert gitlab.snapshot() == before


@side_by_side
def test_without_a_rollover_there_is_nothing_to_take_back(world: World, alice: Persona) -> None:
    world.seeds_small_week()

    alice.types("/wow undo", CHANNEL)

    assert world.said("I have not rolled over a week yet, so there is nothing to take back.").ephemeral


@side_by_side
def test_only_the_last_rollover_can_be_taken_back(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    world.rolls_over(alice)
    gitlab.retitle_milestone(gitlab.milestones()["WoW"], "WoW ending 2026-12-01")
    gitlab.close_milestone(gitlab.milestones()["WoW ending 2026-12-01"])
    gitlab.retitle_milestone(gitlab.milestones()["Next WoW"], "WoW")
    before = gitlab.snapshot()

    alice.types("/wow undo", CHANNEL)

    assert (
        "The week ending 2026-12-01 was rolled over since, so the rollover of the week ending 2026-11-24 can no longer "
        "be taken back." in world.modal(alice, "").text
    )
    assert gitlab.snapshot() == before


@side_by_side
def test_undo_while_gitlab_is_silent_waits_for_it(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    before = milestones_and_issues(gitlab)
    world.rolls_over(alice)
    gitlab.goes_down()
    alice.types("/wow undo", CHANNEL)
    assert "GitLab does not answer" in world.modal(alice, "Undo").text
    alice.submits()

    gitlab.comes_back()

    world.said("is taken back by")
    assert milestones_and_issues(gitlab) == before


@side_by_side
def test_a_run_that_has_stopped_can_be_taken_back(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    before = milestones_and_issues(gitlab)
    gitlab.weather.fails(403, times=1, match=f"PUT .*/milestones/{week.following}")
    world.opens_rollover(alice)
    alice.submits()
    world.said("GitLab refused a step")
    assert gitlab.milestone("WoW ending 2026-11-24")["state"] == "closed"

    world.takes_back(alice)

    assert milestones_and_issues(gitlab) == before
    assert not world.messages("is closed, rolled over by")


@side_by_side
def test_a_run_that_is_under_way_can_be_taken_back(world: World) -> None:
    gitlab, alice = world.gitlab, world.alice
    world.seeds_small_week()
    before = milestones_and_issues(gitlab)
    world.opens_rollover(alice)
    gitlab.weather.at_call(3, lambda _: gitlab.goes_down(), match="PUT", before=False)
    alice.submits()
    world.said("GitLab does not answer")
    alice.types("/wow undo", CHANNEL)
    world.modal(alice, "Undo")
    alice.submits()

    gitlab.comes_back()

    world.said("is taken back by")
    assert milestones_and_issues(gitlab) == before
    assert not world.messages("is closed, rolled over by")


@side_by_side
def test_titles_and_dates_of_people_come_back_as_they_were(world: World, gitlab: Gitlab) -> None:
    gitlab.add_milestone("wow", date(2026, 11, 17), date(2026, 11, 25), description="WoW:\nWorkout Of the Week")
    gitlab.add_milestone("NEXT WoW", description="What comes next")
    before = milestones_and_issues(gitlab)
    world.rolls_over()

    world.takes_back()

    assert milestones_and_issues(gitlab) == before


@side_by_side
def test_where_the_closed_week_was_renamed_by_hand_nobody_is_told_that_it_is_current_again(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.rolls_over()
    world.is_idle()
    gitlab.edit_milestone(week.wow, title="WoW ending my own")

    alice.types("/wow undo", CHANNEL)
    shown = world.modal(alice, "Undo").text
    alice.submits()
    told = world.said("is taken back by").text

    assert "no milestone will be the current week" in shown
    assert "But no milestone is called “WoW” now" in told
    assert "is the current week again" not in told
