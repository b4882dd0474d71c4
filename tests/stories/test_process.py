"""The process: `python -m bot serve`, how it starts, answers, and ends."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stories.process import Bot, environment
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, World, usual_outcome

SETTINGS = {
    "SLACK_BOT_TOKEN": "xoxb-sandbox",
    "SLACK_SIGNING_SECRET": "sandbox-signing-secret",
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
    "GITLAB_URL": "http://127.0.0.1:9",
    "GITLAB_TOKEN": "glpat-sandbox",
    "GITLAB_PROJECT": "acme/production",
    "TEAM_CHANNEL": "C1",
    "PORT": "0",
}
"""Nobody answers at these addresses."""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Bot]:
    """A bot in a world without Slack and GitLab."""
    bot = Bot(SETTINGS, tmp_path, lambda: "2026-11-25T09:00Z")
    yield bot
    bot.is_killed()


def started_with(folder: Path, **changed: str | None) -> subprocess.CompletedProcess[str]:
    settings = {key: value for key, value in (SETTINGS | changed).items() if value is not None}
    return subprocess.run(
        [sys.executable, "-m", "bot", "serve"],
        env=environment(settings),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"SLACK_BOT_TOKEN": None, "GITLAB_TOKEN": None, "TEAM_CHANNEL": None}, 3),
        ({"TEAM_TIMEZONE": "Mars/Olympus", "SLACK_API_URL": "https://slack.com", "WOW_LEADS": "alice"}, 3),
        ({"DATABASE_URL": "postgresql://db/baton"}, 1),
        ({"PORT": "eighty", "GITLAB_URL": "gitlab.example.com"}, 2),
    ],
)
def test_wrong_settings_end_it_with_2_and_every_variables_name(
    tmp_path: Path, changed: dict[str, str | None], named: int
) -> None:
    begun = time.monotonic()
    ended = started_with(tmp_path, **changed)

    assert ended.returncode == 2
    assert time.monotonic() - begun < 10
    assert len(changed) == named
    for name in changed:
        assert name in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_taken_ends_it_with_2(tmp_path: Path, world: World) -> None:
    port = world.bot.url.rpartition(":")[2]

    ended = started_with(tmp_path, PORT=port)

    assert ended.returncode == 2
    assert "PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_that_is_no_database_ends_it_with_2_and_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "baton.db").write_text("Dear diary, today nothing happened at all, and that is how I like it." * 20)
    before = (tmp_path / "baton.db").read_bytes()

    ended = started_with(tmp_path)

    assert ended.returncode == 2
    assert "baton.db" in ended.stderr
    assert (tmp_path / "baton.db").read_bytes() == before


def test_it_serves_though_nobody_answers(alone: Bot) -> None:
    alone.starts()

    status, health = alone.asks("/healthz")
    assert (status, health["ok"]) == (200, True)
    status, ready = alone.asks("/readyz")
    assert (status, ready["ok"]) == (503, False)
    status, metrics = alone.asks("/metrics")
    assert status == 200
    assert "# TYPE" in metrics
    assert alone.stops() == 0


def test_the_command_line_starts_the_same_bot(world: World, tmp_path: Path) -> None:
    """The other stories fork the process; this one begins with a shell's command."""
    world.seeds_small_week()
    assert world.bot.stops() == 0
    with (tmp_path / "shell.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--now", world.clock.told()],
            env=environment(world.bot.settings),
            cwd=tmp_path,
            stderr=log,
        )
    try:
        world.until(lambda: "app.ready" in (tmp_path / "shell.log").read_text(), "it serves")
        found = re.search(r"http://127\.0\.0\.1:\d+", (tmp_path / "shell.log").read_text())
        assert found is not None
        world.slack.bot_url = world.bot.url = found.group()
        world.rolls_over()
        world.is_idle()
        assert world.outcome == usual_outcome()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


@side_by_side
def test_sigterm_ends_it_with_0_within_ten_seconds_and_the_next_start_goes_on(world: World) -> None:
    ends_within_ten_seconds_and_goes_on(world)


@side_by_side
def test_sigterm_ends_it_though_gitlab_hangs(world: World) -> None:
    ends_within_ten_seconds_and_goes_on(world, world.gitlab.weather.hangs)


@side_by_side
def test_sigterm_ends_it_though_slack_hangs(world: World) -> None:
    ends_within_ten_seconds_and_goes_on(world, world.slack.weather.hangs)


def ends_within_ten_seconds_and_goes_on(world: World, trouble: Callable[[], None] = lambda: None) -> None:
    world.seeds_small_week()
    world.opens_rollover()
    trouble()
    world.alice.submits()
    begun = time.monotonic()

    assert world.bot.stops() == 0

    assert time.monotonic() - begun < 10
    world.gitlab.comes_back()
    world.slack.comes_back()
    world.bot_returns()
    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_readiness_follows_gitlab(world: World) -> None:
    world.seeds_small_week()
    world.until(lambda: world.bot.asks("/readyz")[0] == 200, "ready")
    world.opens_rollover()
    world.gitlab.goes_down()
    world.alice.submits()
    world.until(lambda: world.bot.asks("/readyz")[0] == 503, "not ready while GitLab is down")
    assert world.bot.asks("/healthz")[0] == 200

    world.gitlab.comes_back()

    world.until(lambda: world.bot.asks("/readyz")[0] == 200, "ready again")


def test_forged_and_broken_requests_are_refused(world: World) -> None:
    world.slack.signing_secret = "somebody else's"
    ack = world.alice.types("/wow help", CHANNEL)
    assert ack.status == 401
    assert "/wow help" not in world.bot.log


@side_by_side
def test_neither_tokens_nor_what_people_write_stand_in_the_log(world: World) -> None:
    world.seeds_small_week()
    world.rolls_over()
    world.alice.types("/wow remember the milk", CHANNEL)
    world.is_idle()

    for secret in ("xoxb-sandbox", "glpat-sandbox", "sandbox-signing-secret", "remember the milk", "Rotate the keys"):
        assert secret not in world.bot.whole_log
    assert os.environ.get("PATH")
