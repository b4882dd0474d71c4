"""What the outside may ask over HTTP: is it alive, is it ready, what has it counted."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.world import CHANNEL, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        world.seeds_small_week()
        world.bot.starts()
        yield world


def test_the_process_and_its_database_are_alive(world: World) -> None:
    status, health = world.bot.asks("/healthz")

    assert status == 200
    assert health["ok"] is True
    assert health["database"] == "ok"


def test_it_is_ready_when_slack_and_gitlab_answer_though_nobody_has_asked_for_anything(world: World) -> None:
    status, health = world.bot.asks("/readyz")

    assert status == 200
    assert health["gitlab"]["answers"]
    assert health["slack"]["answers"]


@pytest.mark.parametrize("away", ["gitlab", "slack"])
def test_it_is_alive_and_not_ready_while_a_world_is_away(tmp_path: Path, away: str) -> None:
    with World(tmp_path) as world:
        there = {"gitlab": world.gitlab.weather, "slack": world.slack.weather}[away]
        there.goes_down()
        world.bot.starts()

        status, health = world.bot.asks("/readyz")
        assert (status, health["ok"], health[away]["answers"]) == (503, False, False)
        assert health[away]["trouble"]
        assert world.bot.asks("/healthz")[0] == 200

        there.clears()
        world.until(lambda: world.bot.asks("/readyz")[0] == 200, "it is ready")


def test_a_gitlab_that_refuses_the_token_is_no_gitlab_that_answers(world: World) -> None:
    world.gitlab.token = "glpat-another"
    world.alice.types("/wow status", CHANNEL)

    world.until(lambda: "token" in world.bot.asks("/readyz")[1]["gitlab"]["trouble"], "the trouble is named")
    assert world.bot.asks("/readyz")[0] == 503


def test_what_waits_is_told_with_its_age(world: World) -> None:
    world.opens_rollover()
    world.gitlab.goes_down()
    world.alice.submits()

    world.until(lambda: world.bot.asks("/healthz")[1]["gitlab"]["waiting"] > 0, "something waits")
    said = str(world.bot.asks("/metrics")[1])

    assert re.search(r'baton_outbox_backlog\{world="gitlab"\} [1-9]', said)
    assert re.search(r'baton_outbox_oldest_seconds\{world="gitlab"\} \d', said)


def test_requests_acks_calls_and_heartbeats_are_counted(world: World) -> None:
    world.alice.types("/wow status", CHANNEL)
    world.alice.types("/wow nonsense", CHANNEL)
    world.alice.types("/unheard", CHANNEL)
    world.said("Rotate the keys")

    said = str(world.bot.asks("/metrics")[1])

    assert 'baton_requests_total{kind="command",name="wow",outcome="done"} 2.0' in said
    assert 'baton_ack_seconds_count{kind="command"} 2.0' in said
    assert 'baton_gitlab_calls_total{method="get",outcome="ok"}' in said
    for loop in ("outbox gitlab", "outbox slack", "roster", "schedule"):
        assert f'baton_loop_heartbeat_seconds{{loop="{loop}"}}' in said


def test_whoever_asks_for_something_else_is_told_in_plain_words(world: World) -> None:
    asked = [
        ("GET", "/", 404, "nothing here"),
        ("GET", "/admin/../etc", 404, "nothing here"),
        ("POST", "/gitlab/hooks", 401, "secret"),
        ("GET", "/gitlab/hooks", 405, "only POST"),
        ("GET", "/slack/events", 404, "by POST"),
        ("DELETE", "/healthz", 405, "only"),
        ("HEAD", "/healthz", 200, ""),
    ]
    for method, path, status, words in asked:
        answered, said = world.bot.asks(path, method)

        assert answered == status, path
        assert words in str(said), path


def test_over_a_websocket_nothing_is_taken_by_post(tmp_path: Path) -> None:
    with World(tmp_path, SLACK_APP_TOKEN="xapp-sandbox") as world:
        world.bot.starts()

        assert world.bot.asks("/slack/events", "POST")[0] == 404
        assert world.bot.asks("/healthz")[0] == 200
