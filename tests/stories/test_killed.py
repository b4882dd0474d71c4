"""The bot is killed at any call to GitLab or Slack, starts again, and all ends as if nothing had happened.

A first run counts the calls. Each is then the last one of a process: killed when GitLab has done what was asked for and
before it could answer. `FAULTS=1` also kills before it is done, and takes a rollover back, and accepts a hand-off, in
the same way.
"""

import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pprint import pformat
from typing import Any, Literal

import pytest

from bot.sandbox.weather import Weather
from tests.stories.pager import DATA_LOSS, offers, takes
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, World, usual_outcome

EVERYTHING = bool(os.environ.get("FAULTS"))
AT_ONCE = 6
Service = Literal["gitlab", "slack"]


@dataclass(frozen=True)
class Work:
    """What the bot is killed at: everything before, the confirmation, and the words that tell that it is done."""

    begins: Callable[[World], object]
    told: str
    confirmed: Callable[[World], object] = lambda world: world.alice.submits()

    def is_done(self, world: World) -> None:
        world.said(self.told)
        world.is_idle()


def _preview(world: World) -> None:
    world.seeds_small_week()
    world.alice.types("/wow undo", CHANNEL)
    world.said("I have not rolled over a week yet")  # and Alice is known from now on
    world.is_idle()  # the first look for outages is no call to be killed at
    world.opens_rollover()


def _undo_preview(world: World) -> None:
    world.seeds_small_week()
    world.rolls_over()
    world.is_idle()
    world.alice.types("/wow undo", CHANNEL)
    world.modal(world.alice, "Undo")


def _offer(world: World) -> None:
    for each in ("alice", "bob"):
        world.gitlab.add_user(each)
    lost = world.gitlab.add_issue("Avatars are missing", [DATA_LOSS])
    down = world.gitlab.add_issue("Database is down", ["outage"])
    takes(world, world.alice)
    world.said("Report: #")
    world.is_idle()
    offers(
        world, world.alice, world.bob, "All quiet else", {f"#{lost}": "half are back", f"#{down}": "failover at six"}
    )
    world.is_idle()


def _accept(world: World) -> None:
    world.bob.clicks(world.messages("Hand-off offered")[-1], "Accept")


ROLLOVER = Work(_preview, "WoW ending 2026-11-24")
UNDO = Work(_undo_preview, "is taken back by")
ACCEPTANCE = Work(_offer, "Report: #4", _accept)


@dataclass(frozen=True)
class Death:
    """At which call the bot dies: before or after it is done."""

    service: Service
    call: int
    before: bool = False

    def __str__(self) -> str:
        return f"killed {'before' if self.before else 'after'} call {self.call} to {self.service}"


def undisturbed(work: Work, folder: Path) -> tuple[dict[str, Any], dict[Service, int]]:
    """How it ends where nothing goes wrong, and how many calls it takes from the confirmation on."""
    with World(folder) as world:
        world.bot.starts()
        work.begins(world)
        calls = len(world.gitlab.calls()), len(_told(world))
        work.confirmed(world)
        work.is_done(world)
        return world.outcome, {"gitlab": len(world.gitlab.calls()) - calls[0], "slack": len(_told(world)) - calls[1]}


def _told(world: World) -> list[str]:
    return [each.path for each in world.slack.server.recorded() if "/api/chat." in each.path]


def outcome_after(work: Work, death: Death, folder: Path) -> tuple[dict[str, Any], bool]:
    """How it ends with a bot that dies and is started again; and whether it died."""
    with World(folder) as world:
        world.bot.starts()
        work.begins(world)
        _weather(world, death.service).at_call(
            death.call, partial(_dies, world), match="/api/v4/" if death.service == "gitlab" else "/api/chat",
            before=death.before,
        )  # fmt: skip
        work.confirmed(world)
        world.until(lambda: not world.bot.is_running or _is_told(world, work), "the bot dies")
        died = not world.bot.is_running
        if died:
            world.bot_returns()
        work.is_done(world)
        return world.outcome, died


def _weather(world: World, service: Service) -> Weather:
    return world.gitlab.weather if service == "gitlab" else world.slack.weather


def _dies(world: World, _: object) -> bool:
    world.bot.is_killed()
    return True


def _is_told(world: World, work: Work) -> bool:
    return bool(world.messages(work.told)) and world.bot.is_idle


WORKS = [pytest.param(ROLLOVER, id="a rollover")]
if EVERYTHING:
    WORKS += [pytest.param(UNDO, id="the way back"), pytest.param(ACCEPTANCE, id="a hand-off")]


@pytest.mark.parametrize("work", WORKS)
def test_whichever_call_was_the_last_the_end_is_the_same(
    work: Work, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "usual").mkdir()
    usual, calls = undisturbed(work, tmp_path / "usual")
    deaths = [
        Death(service, call, before)
        for service, number in calls.items()
        for call in range(1, number + 1)
        for before in ((False, True) if EVERYTHING else (False,))
    ]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(partial(_end, work, tmp_path), deaths))

    died = [death for death, (_, really) in zip(deaths, ends, strict=True) if really]
    with capsys.disabled():
        sys.stdout.write(f"\n{calls} calls; killed at {len(died)} of {len(deaths)} points\n")
    different = [
        str(death)
        for death, (outcome, _) in zip(deaths, ends, strict=True)
        if _comparable(outcome) != _comparable(usual)
    ]
    assert not different
    assert [each for each in died if each.service == "gitlab"] == [each for each in deaths if each.service == "gitlab"]
    assert len(died) >= len(deaths) - 2  # how often a message is edited depends on the pace


def _comparable(outcome: dict[str, Any]) -> str:
    """Leave out what differs from one world to the next: hidden marks, GitLab's port, how many seconds something lasted."""
    return _OWN.sub("…", pformat(outcome))


_OWN = re.compile(r"baton:report:\w+|127\.0\.0\.1:\d+|\d+ s\b")


def _end(work: Work, folder: Path, death: Death) -> tuple[dict[str, Any], bool]:
    own = folder / str(death)
    own.mkdir()
    return outcome_after(work, death, own)


@side_by_side
def test_what_was_interrupted_goes_on_by_itself_within_twenty_seconds_of_a_restart(world: World) -> None:
    _preview(world)
    world.gitlab.weather.at_call(2, partial(_dies, world), match="PUT", before=False)
    world.alice.submits()
    world.until(lambda: not world.bot.is_running, "the bot dies")

    world.bot.starts()

    world.report(within=20)
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_when_one_of_two_processes_is_killed_in_the_middle_the_other_goes_on(world: World) -> None:
    world.seeds_small_week()
    second = world.another_bot()
    second.starts()
    world.opens_rollover(world.alice)

    def dies(_: object) -> bool:
        second.is_killed()
        return True

    world.gitlab.weather.at_call(3, dies, match="PUT")
    world.alice.submits()

    world.report(within=60)
    world.is_idle()
    assert world.outcome == usual_outcome()


@side_by_side
def test_what_was_acknowledged_is_done_though_the_bot_dies_right_after(world: World) -> None:
    _preview(world)
    world.gitlab.goes_down()
    assert world.alice.submits().ok
    world.bot.is_killed()
    world.gitlab.comes_back()

    world.bot_returns()

    ROLLOVER.is_done(world)
    assert world.outcome == usual_outcome()
