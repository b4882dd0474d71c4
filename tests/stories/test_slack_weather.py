"""Slack is down, slow or forgetful while GitLab works: the week is turned, and told once Slack is back."""

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, World, usual_outcome


@side_by_side
def test_the_week_is_turned_while_slack_is_down_and_told_when_it_is_back(world: World) -> None:
    week = world.seeds_small_week()
    world.opens_rollover()
    world.slack.goes_down()

    world.alice.submits()

    turned = {"WoW ending 2026-11-24", "WoW", "Next WoW"}
    world.until(lambda: set(world.gitlab.milestones()) == turned, "the week is turned")
    assert world.gitlab.issues_of(week.following) == week.open
    assert not world.slack.messages(CHANNEL)
    world.slack.comes_back()
    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_a_message_whose_answer_was_lost_is_not_posted_twice(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover()
    world.slack.weather.drops_after(times=2, match="chat.postMessage")

    world.alice.submits()

    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_slack_asks_for_patience(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover()
    world.slack.weather.rate_limits(1, times=2, match="chat.postMessage")

    world.alice.submits()

    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_a_command_is_acknowledged_within_a_second_while_gitlab_hangs_and_slack_is_slow(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.weather.hangs()
    world.slack.weather.goes_slow(3)

    for command in ("/wow", "/wow rollover", "/wow status", "/wow next", "/wow history", "/wow help", "/wow undo"):
        acks = [world.alice.types(command, CHANNEL) for _ in range(3)]
        assert all(ack.ok for ack in acks)
        # A busy machine is late now and then; who waits for GitLab or Slack is late each time, by three seconds.
        assert min(ack.seconds for ack in acks) < 1


@side_by_side
def test_a_modal_that_slack_did_not_open_in_time_can_be_opened_with_a_button(world: World) -> None:
    world.seeds_small_week()
    world.forgives_slack = True
    world.slack.trigger_seconds = 0.2
    world.slack.weather.goes_slow(0.5)
    world.alice.types("/wow rollover", CHANNEL)
    offer = world.said("Press *Open* to open it.")
    world.slack.weather.clears()
    world.slack.trigger_seconds = 3.0

    world.alice.clicks(offer, "Open")

    world.modal(world.alice, "Roll over")
    world.alice.submits()
    world.report()


@side_by_side
def test_somebody_unknown_is_answered_once_slack_tells_who_it_is(world: World) -> None:
    world.seeds_small_week()
    world.slack.goes_down()
    ack = world.alice.types("/wow undo", CHANNEL)
    assert "I am looking you up in Slack" in ack.text

    world.slack.comes_back()

    world.said("I have not rolled over a week yet")


@side_by_side
def test_somebody_unknown_is_answered_though_the_bot_was_killed_meanwhile(world: World) -> None:
    world.seeds_small_week()
    world.slack.goes_down()
    assert world.alice.types("/wow undo", CHANNEL).ok
    world.bot.is_killed()
    world.slack.comes_back()

    world.bot.starts()

    world.said("I have not rolled over a week yet")


@side_by_side
def test_who_asked_while_slack_was_down_is_answered_when_it_is_back(world: World, alice: Persona) -> None:
    world.seeds_small_week()
    world.slack.goes_down()

    assert alice.types("/wow status", CHANNEL).ok
    world.until(lambda: world.bot.log.count("prompt.slack_silent") >= 3, "the bot cannot make itself heard")
    world.slack.comes_back()

    world.said("most urgent first")
