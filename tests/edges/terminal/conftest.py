"""A world with a week to turn, and a terminal in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edges.terminal.clinic import Clinic
from tests.edges.terminal.shell import Shell
from tests.stories.world import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world with a week that is over, in which no bot serves; only Alice leads.

    Its time runs fast until one serves: a command waits until what it has to tell may be told.
    """
    monkeypatch.chdir(tmp_path)
    with World(tmp_path, WOW_LEADS="U1") as world:
        world.clock.runs_fast()
        for name, value in world.bot.settings.items():
            monkeypatch.setenv(name, value)
        yield world


@pytest.fixture
def shell(world: World, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(world, capsys)


@pytest.fixture
def clinic(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    world.forgives_slack = True
    return Clinic(world, tmp_path, monkeypatch)
