"""Whatever comes twice (leads, clicks, deliveries, processes) is done once, and the second is told by whom."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from bot.sandbox.slack import interactions
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.requests import Ack
from tests.stories.night import notes_of, only_outage
from tests.stories.process import Bot
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, Slack, World, keys_of, usual_outcome


def at_once(*acts: Callable[[], Ack]) -> list[Ack]:
    """Several people do something in the same moment."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result() for each in [pool.submit(act) for act in acts]]


@side_by_side
def test_of_two_leads_who_confirm_one_turns_the_week_and_the_other_is_told_who_did(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    world.seeds_small_week()
    world.opens_rollover(alice)
    world.opens_rollover(bob)

    at_once(alice.submits, bob.submits)

    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()
    told = [each.modal.text for each in (alice, bob) if each.modal]
    assert len(told) == 1
    assert "by @bob already. Nothing was done twice." in told[0] or "by @alice already" in told[0]


@side_by_side
def test_who_confirms_long_after_is_told_who_was_first(world: World, alice: Persona, bob: Persona) -> None:
    world.seeds_small_week()
    world.opens_rollover(bob)
    world.rolls_over(alice)
    world.is_idle()
    before = world.outcome

    bob.submits()

    assert bob.modal is not None
    assert "The week ending 2026-11-24 was rolled over by @alice already." in bob.modal.text
    world.is_idle()
    assert world.outcome == before


@side_by_side
def test_who_confirms_another_last_day_long_after_is_told_who_was_first(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    world.seeds_small_week()
    world.opens_rollover(bob, date(2026, 11, 23))
    world.rolls_over(alice)
    world.is_idle()
    before = gitlab.snapshot()

    bob.submits()

    said = world.said("Nothing was changed").text
    assert "The current week started on 2026-11-25, so it cannot end on 2026-11-23." in said
    assert "alice rolled over the week ending 2026-11-24 on 2026-11-25 09:0" in said
    assert gitlab.snapshot() == before


@side_by_side
def test_a_second_command_during_the_run_is_told_that_it_runs(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    world.seeds_small_week()
    world.opens_rollover(alice)
    gitlab.weather.fails(503, match="PUT")
    alice.submits()
    world.said("rolls over the week")

    bob.types("/wow rollover")

    assert "@alice rolls over the week ending" in world.modal(bob, "").text
    gitlab.comes_back()
    world.report()


@side_by_side
def test_a_double_click_on_the_button_is_one_rollover(world: World, slack: Slack, alice: Persona) -> None:
    world.seeds_small_week()
    world.opens_rollover(alice)
    ack = alice.submits()

    again = at_once(*[lambda: slack.redeliver(ack)] * 3)

    assert all(each.ok and each.text == ack.text for each in again)
    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_a_command_that_slack_delivers_again_is_answered_as_the_first_time(
    world: World, slack: Slack, alice: Persona
) -> None:
    world.seeds_small_week()
    first = alice.types("/wow help")

    again = slack.redeliver(first, retry=(1, "http_timeout"))

    assert (again.status, again.text) == (first.status, first.text)


@side_by_side
def test_a_confirmation_that_slack_delivers_again_after_a_restart_does_nothing(
    world: World, slack: Slack, bot: Bot, alice: Persona
) -> None:
    world.seeds_small_week()
    world.opens_rollover(alice)
    ack = alice.submits()
    world.report()
    world.is_idle()
    assert bot.stops() == 0
    bot.starts()

    again = slack.redeliver(ack, retry=(1, "http_timeout"))

    assert (again.status, again.text) == (ack.status, ack.text)
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_two_processes_on_one_database_turn_the_week_once(world: World) -> None:
    world.seeds_small_week()
    second = world.another_bot()
    second.starts()
    world.opens_rollover(world.alice)
    ack = world.alice.submits()

    again = world.slack.redeliver(ack, bot_url=world.bot.url)

    assert (again.status, again.text) == (ack.status, ack.text)
    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_two_leads_at_two_processes_turn_the_week_once(world: World) -> None:
    world.seeds_small_week()
    second = world.another_bot()
    world.opens_rollover(world.alice)
    world.opens_rollover(world.bob)
    second.starts()
    submission = world.alice.submits()

    world.slack.bot_url = world.bot.url
    world.bob.submits()

    assert submission.ok
    assert world.bob.modal is not None
    assert "by @alice already" in world.bob.modal.text
    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_a_rollover_that_is_asked_for_again_after_its_end_is_refused_with_words(
    world: World, slack: Slack, alice: Persona
) -> None:
    world.seeds_small_week()
    world.rolls_over(alice)
    world.is_idle()

    alice.types("/wow rollover ending 2026-11-24")

    assert "was rolled over already by @alice" in world.modal(alice, "").text
    assert keys_of(slack.messages(CHANNEL)) == ["rollover", "report"]


@side_by_side
def test_a_double_click_on_open_issue_is_one_outage(world: World, slack: Slack, gitlab: Gitlab, alice: Persona) -> None:
    alice.types("/event outage Database is down", CHANNEL)
    view = world.modal(alice, "Open issue").view
    clicks = [interactions.submission(slack, view) for _ in range(3)]

    answers = at_once(*[lambda each=each: slack.line.ask(each) for each in clicks])

    assert [each.text for each in answers] == [""] * 3
    world.said("(#1)")
    world.is_idle()
    assert len(gitlab.state.issues) == 1
    assert len(notes_of(gitlab, only_outage(gitlab))) == 1
