"""What came late is labelled, but nobody is overruled, and Baton does not take its own doing for somebody else's."""

from datetime import timedelta

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, TUESDAY, Gitlab, World


@side_by_side
def test_a_label_that_somebody_took_off_before_baton_ever_looked_is_not_put_back(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    gitlab.edit_issue(week.late, by="ben", add_labels=["unscheduled"])
    gitlab.edit_issue(week.late, by="ben", remove_labels=["unscheduled"])
    other = gitlab.add_issue("Also late", [], week.wow, added_at=week.started + timedelta(days=1))

    shown = world.opens_rollover().text
    world.alice.submits()
    world.report()

    assert f"late additions get “unscheduled”: #{other};" in shown
    assert gitlab.labels_of(week.late) == ["SL1"]
    assert gitlab.labels_of(other) == ["unscheduled"]


@side_by_side
def test_a_label_that_an_undo_took_back_is_put_on_again_also_without_memory(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.rolls_over()
    world.takes_back()
    world.is_idle()
    assert gitlab.labels_of(week.late) == ["SL1"]
    forgets_everything(world)

    world.opens_rollover()
    world.alice.submits()

    world.until(lambda: gitlab.labels_of(week.late) == ["SL1", "unscheduled"], "the label is put on again")
    world.is_idle()


@side_by_side
def test_after_an_undo_a_baton_without_memory_takes_nothing_that_was_planned_for_late(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.rolls_over()
    world.takes_back()
    world.is_idle()
    forgets_everything(world)

    shown = world.opens_rollover(alice)

    assert f"late additions get “unscheduled”: #{week.late};" in shown.text
    alice.submits()
    world.until(lambda: gitlab.issues_of(week.following) == week.open, "the week is turned again")
    world.is_idle()
    assert gitlab.labels_of(week.planned) == []
    assert gitlab.labels_of(week.goal) == ["goal", "moved 1"]


@side_by_side
def test_in_the_second_week_too_nobody_is_overruled(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    world.rolls_over()
    world.is_idle()
    late = gitlab.add_issue("Late", ["unscheduled"], week.following)
    gitlab.edit_issue(late, by="ben", remove_labels=["unscheduled"])
    world.clock.moves(days=7)
    world.bot.is_killed()
    world.bot.starts()

    alice.types("/wow rollover", CHANNEL)
    shown = world.modal(alice, "Roll over")

    assert str(TUESDAY + timedelta(days=7)) in shown.text
    assert "late additions" not in shown.text


def forgets_everything(world: World) -> None:
    """Another Baton takes over, with a database of its own."""
    world.bot.is_killed()
    world.bot = world.another_bot(DATABASE_URL=f"sqlite:///{world._folder / 'another.db'}")
    world.bot.starts()


@side_by_side
def test_a_label_set_and_taken_off_between_preview_and_rollover_is_not_put_back(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    assert f"get “unscheduled”: #{week.late}" in world.opens_rollover().text

    gitlab.edit_issue(week.late, by="ben", add_labels=["unscheduled"])
    gitlab.edit_issue(week.late, by="ben", remove_labels=["unscheduled"])
    alice.submits()
    world.report()

    assert gitlab.labels_of(week.late) == ["SL1"]


@side_by_side
def test_what_baton_carried_over_is_not_late_for_a_baton_without_memory(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.rolls_over()
    world.is_idle()
    late = gitlab.add_issue("Came on Wednesday", [], week.following)
    forgets_everything(world)

    alice.types(f"/wow rollover ending {TUESDAY + timedelta(days=7)}", CHANNEL)
    shown = world.modal(alice, "Roll over").text

    assert f"late additions get “unscheduled”: #{late};" in shown
