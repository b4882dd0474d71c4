"""The same over Socket Mode, where the bot opens the connection and nobody can reach it from outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.world import CHANNEL, World, usual_outcome


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world in which the bot has opened a connection."""
    with World(tmp_path, SLACK_APP_TOKEN="xapp-sandbox") as world:
        world.bot.starts()
        world.slack.bot_url = ""
        is_connected(world)
        yield world


def is_connected(world: World, within: float = 10.0) -> None:
    world.until(lambda: world.slack.line.sockets.count, "a connection", within)


def test_a_rollover_and_the_way_back_over_a_socket(world: World) -> None:
    world.seeds_small_week()
    before = {key: value for key, value in world.gitlab.snapshot().items() if key != "labels"}

    world.rolls_over()
    world.is_idle()
    assert world.outcome == usual_outcome()
    world.takes_back()

    assert {key: value for key, value in world.gitlab.snapshot().items() if key != "labels"} == before
    assert {each.via for each in world.slack.line.sent} == {"socket"}


def test_look_ups_and_refusals_over_a_socket(world: World) -> None:
    world.seeds_small_week()

    world.alice.types("/wow", CHANNEL)
    world.said("1 done · 3 open")
    world.alice.types("/wow rollover ending soon", CHANNEL)
    world.said("“soon” is not a day I can read.")
    world.alice.types("/wow nxt", CHANNEL)
    world.said("Did you mean `/wow next`?")


def test_a_connection_that_is_cut_is_back_within_five_seconds_and_nothing_is_lost(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover()
    assert world.slack.cuts_sockets() == 1

    is_connected(world, within=5)

    world.alice.submits()
    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


def test_an_envelope_that_comes_again_after_a_cut_is_answered_once(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover()
    ack = world.alice.submits()
    world.slack.cuts_sockets()
    is_connected(world, within=5)

    again = world.slack.redeliver(ack, retry=(1, "timeout"))

    assert again.text == ack.text
    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


def test_health_and_hooks_are_served_beside_the_socket(world: World) -> None:
    status, health = world.bot.asks("/healthz")
    assert (status, health["ok"]) == (200, True)
    assert world.bot.asks("/gitlab/hooks", "POST")[0] == 401, "the secret is missing"


def test_sigterm_ends_it_with_0(world: World) -> None:
    assert world.bot.stops() == 0


def test_a_farewell_of_slack_makes_a_new_connection(world: World) -> None:
    before = world.slack.line.sockets.connected
    world.slack.line.sockets.says_goodbye()

    world.until(lambda: world.slack.line.sockets.connected > before, "a new connection")

    assert "`/wow status`" in world.alice.types("/wow help", CHANNEL).text
