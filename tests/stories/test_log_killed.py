"""Killed at random moments while three people type: all that was acknowledged is in the log and in GitLab, and nothing twice.

Six rounds; with `FAULTS=1` (`make faults`) three hundred.
"""

import os
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.night import declares, echoes, exported, notes_of, only_outage, plain
from tests.stories.world import CHANNEL, World

ROUNDS = 300 if os.environ.get("FAULTS") else 6


class Typist:
    """Somebody who types one line after the other, and notes which were acknowledged."""

    def __init__(self, person: Persona) -> None:
        self.person, self.typed, self.acknowledged = person, 0, list[str]()

    def types_until(self, ended: threading.Event) -> None:
        while not ended.is_set():
            self.typed += 1
            text = f"line-{self.person.id}-{self.typed:05}."
            answer = self.person.types(f"/event log incident {text}", CHANNEL)
            if "Logged as event" in answer.text:
                self.acknowledged.append(text)
            if not answer.ok:  # nobody is there any more
                return


def plays_a_round(world: World, typists: list[Typist], after: float) -> None:
    """Everybody types until the bot is killed."""
    ended = threading.Event()
    with ThreadPoolExecutor(len(typists)) as pool:
        typing = [pool.submit(each.types_until, ended) for each in typists]
        ended.wait(after)
        world.bot.is_killed()
        ended.set()
        for each in typing:
            each.result()
    world.bot_returns()


def test_what_was_acknowledged_is_in_the_log_and_in_gitlab_once_whenever_the_bot_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20170131)
    with World(tmp_path) as world:
        world.slack.trigger_seconds = 3600.0
        carol = world.slack.add_person("U3", "carol", tz="Pacific/Auckland")
        world.slack.joins("U3", CHANNEL)
        world.bot.starts()
        declares(world, world.alice, "Database is down")
        world.said("(#1)")
        typists = [Typist(each) for each in (world.alice, world.bob, carol)]
        for each in typists:
            each.person.types("/event list", CHANNEL)
            world.said("newest last", to=each.person)
        for _ in range(ROUNDS):
            plays_a_round(world, typists, chance.uniform(0.05, 0.4))
        world.is_idle(within=60 + 2 * ROUNDS)

        logged = Counter(one["text"] for one in exported(world, world.alice))
        notes = Counter(note.splitlines()[2] for note in notes_of(world.gitlab, only_outage(world.gitlab)))
        shown = Counter(
            line for echo in echoes(world, "line-") for line in echo.splitlines() if line.startswith("line-")
        )
        promised = [text for each in typists for text in each.acknowledged]
        with capsys.disabled():
            print(  # noqa: T201 - the counts are asked for
                f"\n{ROUNDS} kills: {sum(each.typed for each in typists)} lines typed, {len(promised)} acknowledged, "
                f"{len(logged)} in the log, {len(notes)} notes in GitLab, {len(shown)} echoes in Slack"
            )
        assert [text for text in promised if logged[text] != 1] == []
        assert [text for text, times in logged.items() if times != 1] == []
        typed = {text for text in logged if text.startswith("line-")}
        assert {plain(text) for text in notes if "line-" in plain(text)} == typed
        assert max(notes.values()) == 1
        assert set(shown) == typed
        assert max(shown.values()) == 1
