"""GitLab is looked at once when the bot starts: a setting that does not let it in is said before anybody needs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world in which no bot serves yet."""
    with World(tmp_path) as world:
        yield world


@pytest.mark.parametrize(
    ("setting", "wrong", "mend", "answers"),
    [
        ("GITLAB_TOKEN", "glpat-expired", "Put a valid token with the scope api into GITLAB_TOKEN", False),
        ("GITLAB_PROJECT", "acme/nowhere", "Check GITLAB_PROJECT", True),
        ("GITLAB_URL", "http://127.0.0.1:9", "Else check GITLAB_URL", False),
    ],
)
def test_what_keeps_us_out_of_gitlab_is_said_at_the_start_with_its_mend(
    world: World, setting: str, wrong: str, mend: str, answers: bool
) -> None:
    bot = world.another_bot(**{setting: wrong})
    bot.starts()

    world.until(lambda: mend in bot.log, "the mend is in the log")

    assert bot.log.count(mend) == 1
    assert wrong not in bot.log
    health = bot.asks("/healthz")[1]
    assert (health["ok"], health["gitlab"]["answers"]) == (True, answers)


def test_a_gitlab_that_lets_us_in_is_asked_one_small_thing_and_for_its_outages(world: World) -> None:
    world.bot.starts()

    world.until(lambda: world.bot.has_said("gitlab.reached"), "the look")
    world.until(lambda: len(world.gitlab.calls(path="/acme%2Fproduction/")) >= 3, "the look for outages")

    assert sorted((each.method, each.path) for each in world.gitlab.calls()) == [
        ("GET", "/api/v4/projects/acme%2Fproduction"),
        ("GET", "/api/v4/projects/acme%2Fproduction/issues"),
        ("GET", "/api/v4/projects/acme%2Fproduction/issues"),
        ("GET", "/api/v4/projects/acme%2Fproduction/labels"),
    ]


def test_whether_gitlab_answers_is_unknown_until_it_has_been_heard(world: World) -> None:
    world.gitlab.weather.hangs()
    world.bot.starts()

    health = world.bot.asks("/healthz")[1]

    assert (health["ok"], health["gitlab"]["answers"], health["gitlab"]["trouble"]) == (True, None, "")
