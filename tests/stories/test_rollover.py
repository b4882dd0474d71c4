"""A lead turns the week: what is shown before, what is done, and what is told."""

from datetime import date

from bot.sandbox.slack.persona import Persona
from tests.stories.process import Bot
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, TUESDAY, Gitlab, World, keys_of


def test_a_week_is_closed_into_history_and_the_next_one_becomes_current(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()

    report = world.rolls_over(alice)

    closed = gitlab.milestone("WoW ending 2026-11-24")
    assert (closed["id"], closed["state"]) == (week.wow, "closed")
    assert (closed["start_date"], closed["due_date"]) == ("2026-11-18", "2026-11-24")
    current = gitlab.milestone("WoW")
    assert (current["id"], current["state"]) == (week.following, "active")
    assert (current["start_date"], current["due_date"]) == ("2026-11-25", "2026-12-01")
    ahead = gitlab.milestone("Next WoW")
    assert (ahead["start_date"], ahead["due_date"]) == ("2026-12-02", "2026-12-08")
    assert gitlab.issues_of(week.following) == week.open
    assert gitlab.issues_of(week.following, kind="merge_request") == [week.request]
    assert gitlab.issues_of(week.wow) == [week.done]
    assert "@alice" in report.text
    assert report.message.user == world.slack.bot_user


def test_labels_tell_what_was_late_and_how_often_a_goal_moved(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    again = gitlab.add_issue("Encrypt the backups", ["goal", "moved 2"], week.wow, added_at=week.started)
    outage = gitlab.add_issue("Site is down", ["outage"], week.wow, added_at=world.clock())

    world.rolls_over()

    assert gitlab.labels_of(week.goal) == ["goal", "moved 1"]
    assert gitlab.labels_of(week.late) == ["SL1", "unscheduled"]
    assert gitlab.labels_of(week.planned) == []
    assert gitlab.labels_of(again) == ["goal", "moved 3"]
    assert gitlab.labels_of(outage) == ["outage"]


def test_one_request_does_all_that_an_issue_needs(world: World, gitlab: Gitlab) -> None:
    world.seeds_small_week()

    world.rolls_over()

    paths = [each.path for each in gitlab.writes if "/issues/" in each.path or "/merge_requests/" in each.path]
    assert len(paths) == len(set(paths)) == 4


def test_the_steps_keep_their_order(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()

    world.rolls_over()

    steps = [(each.path.rpartition("/")[2], each.body) for each in gitlab.writes if "/milestones" in each.path]
    assert steps == [
        (str(week.wow), {"title": "WoW ending 2026-11-24", "due_date": "2026-11-24"}),
        (str(week.wow), {"state_event": "close"}),
        (str(week.following), {"title": "WoW", "start_date": "2026-11-25", "due_date": "2026-12-01"}),
        ("milestones", {"title": "Next WoW", "start_date": "2026-12-02", "due_date": "2026-12-08"}),
    ]


@side_by_side
def test_one_message_follows_the_rollover_and_one_reports_it(world: World, alice: Persona) -> None:
    world.seeds_small_week()

    world.rolls_over(alice)

    progress = world.said("The week ending 2026-11-24 is rolled over")
    assert progress.message.revisions
    world.is_idle()
    assert keys_of(world.slack.messages(CHANNEL)) == ["rollover", "report"]


def test_the_preview_shows_every_step_with_its_objects(world: World) -> None:
    week = world.seeds_small_week()

    shown = world.opens_rollover()

    for words in (
        "*The week ending 2026-11-24* in acme/production",
        "Carry 3 open issues and 1 merge request over to “Next WoW”",
        f"late additions get “unscheduled”: #{week.late}",
        f"goals: #{week.goal} moved 1",
        "Rename “WoW” to “WoW ending 2026-11-24”, due 2026-11-24",
        "Rename “Next WoW” to “WoW” (2026-11-25 to 2026-12-01)",
        "Create “Next WoW” (2026-12-02 to 2026-12-08)",
    ):
        assert words in shown.text
    assert [label.partition(" ")[0] for label in shown.fields] == [f"#{iid}" for iid in week.open]
    for field in shown.fields.values():
        assert field.options == ["Carry over", "Leave in closed week", "Move to new Next WoW"]
        assert field.value == "Carry over"


def test_looking_at_the_preview_and_closing_it_writes_nothing(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    before = gitlab.snapshot()
    world.opens_rollover(alice)

    alice.closes()

    world.is_idle()
    assert gitlab.snapshot() == before
    assert not gitlab.writes
    assert not world.slack.messages(CHANNEL)


def test_each_issue_goes_where_the_lead_says(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)
    alice.chooses(f"#{week.goal}", "Move to new Next WoW")
    alice.chooses(f"#{week.late}", "Leave in closed week")

    alice.submits()

    report = world.report()
    assert gitlab.issues_of(gitlab.milestones()["Next WoW"]) == [week.goal]
    assert gitlab.issues_of(week.wow, "opened") == [week.late]
    assert gitlab.issues_of(week.following) == [week.planned]
    assert gitlab.labels_of(week.goal) == ["goal", "moved 1"]
    assert gitlab.labels_of(week.late) == ["SL1", "unscheduled"]
    assert "1 left in the closed week · 1 moved to Next WoW" in report.text


def test_a_goal_that_stays_in_its_week_has_not_moved(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)
    alice.chooses(f"#{week.goal}", "Leave in closed week")

    alice.submits()

    world.report()
    assert gitlab.labels_of(week.goal) == ["goal"]


def test_an_issue_added_after_the_preview_is_carried_over_and_said(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)
    added = gitlab.add_issue("Queue grows", [], week.wow)

    alice.submits()

    report = world.report()
    assert added in gitlab.issues_of(week.following)
    assert "Added since the preview, and carried over" in report.text
    assert f"#{added} Queue grows" in report.text.partition("Added since the preview")[2]


def test_an_issue_closed_after_the_preview_stays_in_its_week(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)
    gitlab.edit_issue(week.goal, state="closed")

    alice.submits()

    report = world.report()
    assert gitlab.issues_of(week.wow) == [week.goal, week.done]
    assert gitlab.labels_of(week.goal) == ["goal"]
    assert f"Closed since the preview, so they stay in the closed week:* #{week.goal}" in report.text


def test_an_issue_added_while_the_rollover_runs_is_carried_over_too(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.opens_rollover(alice)
    added: list[int] = []
    gitlab.weather.at_call(
        1, lambda _: added.append(gitlab.add_issue("Queue grows", [], week.wow)), match="PUT .*/issues/", before=False
    )

    alice.submits()

    world.report()
    assert set(added) <= set(gitlab.issues_of(week.following))
    assert gitlab.issues_of(week.wow, "opened") == []


def test_a_missing_next_week_is_made_on_the_way(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    gitlab.delete_milestone(week.following)

    shown = world.opens_rollover(alice)
    assert "There is no open milestone “Next WoW”: I create it on the way." in shown.text
    alice.submits()

    world.report()
    assert gitlab.issues_of(gitlab.milestones()["WoW"]) == week.open
    assert sorted(gitlab.milestones()) == ["Next WoW", "WoW", "WoW ending 2026-11-24"]


def test_the_week_is_told_in_the_private_channel_where_it_was_asked_for(world: World, alice: Persona) -> None:
    world.seeds_small_week()
    world.slack.add_channel("G1", "leads", private=True, members=["U1"])
    alice.types("/wow rollover", "G1")
    world.modal(alice, "Roll over")

    alice.submits()

    world.report(channel="G1")
    assert not world.slack.messages(CHANNEL)


def test_a_private_channel_without_the_bot_is_answered_in_a_direct_message(world: World, alice: Persona) -> None:
    world.seeds_small_week()
    world.forgives_slack = True
    world.slack.add_channel("G1", "leads", private=True, members=["U1"], bot_member=False)
    alice.types("/wow rollover", "G1")
    world.modal(alice, "Roll over")

    alice.submits()

    world.report(channel=world.slack.direct("U1").id)
    assert not world.slack.messages(CHANNEL)


def test_another_last_day_can_be_given(world: World, gitlab: Gitlab, bot: Bot) -> None:
    gitlab.add_milestone("WoW", date(2026, 11, 11), date(2026, 11, 17))
    gitlab.add_milestone("Next WoW")

    world.rolls_over(ending=date(2026, 11, 17))

    assert gitlab.milestone("WoW")["due_date"] == str(TUESDAY)
    assert bot.is_running


def test_in_the_second_week_late_is_what_came_after_baton_turned_the_first(
    world: World, gitlab: Gitlab, bot: Bot, alice: Persona
) -> None:
    week = world.seeds_small_week()
    planned = gitlab.add_issue("Planned ahead", [], week.following)
    world.rolls_over(alice)
    late = gitlab.add_issue("Certificate runs out", [], week.following)
    world.is_idle()
    assert bot.stops() == 0
    world.clock.moves(days=7)
    bot.starts()

    world.rolls_over(alice, date(2026, 12, 1))

    assert gitlab.issues_of(gitlab.milestones()["WoW"]) == [*week.open, planned, late]
    assert gitlab.labels_of(late) == ["unscheduled"]
    assert gitlab.labels_of(planned) == []
    assert gitlab.labels_of(week.planned) == []
    assert gitlab.labels_of(week.goal) == ["goal", "moved 2"]
