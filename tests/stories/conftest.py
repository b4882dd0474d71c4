"""What the stories share: a world that is ready, and the whole story where one goes wrong."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.process import Bot
from tests.stories.side_by_side import Stage
from tests.stories.world import Gitlab, Slack, World


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the story to the report of a test that failed."""
    report = yield
    world = getattr(item, "funcargs", {}).get("world")
    if report.when == "call" and report.failed and isinstance(world, World):
        report.sections.append(("The story", world.tell()))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Asks last how the stories of a file ended that are played behind its others."""
    items.sort(key=lambda each: (each.path, hasattr(getattr(each, "function", None), "story")))


@pytest.fixture(scope="module", autouse=True)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where a file's stories are played side by side; they begin with its first test."""
    tests = [each for each in request.session.items if isinstance(each, pytest.Function)]
    own = [each.function for each in tests if each.module is request.module]
    with Stage(own, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world in which the bot serves."""
    with World(tmp_path) as world:
        world.bot.starts()
        yield world


@pytest.fixture
def gitlab(world: World) -> Gitlab:
    return world.gitlab


@pytest.fixture
def slack(world: World) -> Slack:
    return world.slack


@pytest.fixture
def bot(world: World) -> Bot:
    return world.bot


@pytest.fixture
def alice(world: World) -> Persona:
    return world.alice


@pytest.fixture
def bob(world: World) -> Persona:
    return world.bob
