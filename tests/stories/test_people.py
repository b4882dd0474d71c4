"""Who may turn the week, and how somebody who may not is told so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.world import CHANNEL, World


@pytest.fixture
def led(tmp_path: Path) -> Iterator[World]:
    """A world in which Alice and the group of leads may turn the week."""
    with World(tmp_path, WOW_LEADS="U1,S1") as world:
        world.slack.add_usergroup("S1", "leads", ["U2"])
        world.bot.starts()
        world.seeds_small_week()
        yield world


def is_refused(world: World, who: Persona, words: str) -> None:
    """Nothing is opened or written, and the person is told why."""
    assert who.types("/wow rollover", CHANNEL).ok
    refusal = world.said(words, to=who)
    assert refusal.ephemeral
    assert who.modal is None
    assert not world.gitlab.writes
    assert not world.slack.messages(CHANNEL)


def test_a_lead_turns_the_week(led: World) -> None:
    led.rolls_over(led.alice)


def test_a_lead_by_group_turns_the_week(led: World) -> None:
    led.rolls_over(led.bob)


def test_who_is_no_lead_is_told_whom_to_ask_and_nobody_is_called(led: World) -> None:
    carol = led.slack.add_person("U3", "carol")
    led.slack.joins("U3", CHANNEL)

    is_refused(led, carol, "Only @leads or @alice may roll over or undo a week. Please ask them.")


def test_who_is_no_lead_may_look(led: World) -> None:
    carol = led.slack.add_person("U3", "carol")
    led.slack.joins("U3", CHANNEL)

    carol.types("/wow status", CHANNEL)

    assert "Rotate the keys" in led.said("1 done · 3 open", to=carol).text


def test_who_left_the_group_of_leads_may_no_longer_confirm_what_was_shown_before(led: World) -> None:
    led.opens_rollover(led.bob)
    led.slack.change_usergroup("S1", ["U3"])
    refusal = "may roll over or undo a week"
    led.until(lambda: refusal in led.bob.types("/wow undo", CHANNEL).text, "the change is known")

    led.bob.submits()

    assert led.bob.modal is not None
    assert refusal in led.bob.modal.text
    led.is_idle()
    assert not led.gitlab.writes


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"is_restricted": True}, "Guests can look but not change anything."),
        ({"is_ultra_restricted": True}, "Guests can look but not change anything."),
        ({"team_id": "T0OTHER"}, "You belong to another workspace"),
        ({"is_bot": True}, "Apps and bots cannot do this"),
    ],
)
def test_only_full_members_of_the_workspace_turn_the_week(world: World, account: dict[str, Any], words: str) -> None:
    world.seeds_small_week()
    somebody = world.slack.add_person("U3", "somebody", **account)
    world.slack.joins("U3", CHANNEL)

    is_refused(world, somebody, words)


def test_a_button_asks_who_presses_it(led: World) -> None:
    carol = led.slack.add_person("U3", "carol")
    led.slack.joins("U3", CHANNEL)
    led.gitlab.weather.fails(403, times=1, match="PUT .*/milestones/")
    led.opens_rollover(led.alice)
    led.alice.submits()
    asked = led.said("GitLab refused a step")
    writes = len(led.gitlab.writes)

    carol.clicks(asked, "Retry")
    led.said("may roll over or undo a week", to=carol)
    carol.clicks(asked, "Undo")

    led.until(lambda: len(led.messages("may roll over or undo a week", to=carol)) == 2, "both are refused")
    assert carol.modal is None
    assert len(led.gitlab.writes) == writes
    led.alice.clicks(asked, "Retry")
    led.report()


def test_everybody_of_the_team_may_where_no_leads_are_named(world: World, bob: Persona) -> None:
    world.seeds_small_week()

    world.rolls_over(bob)
