"""`python -m bot event …` as a person types it."""

import json
from pathlib import Path

import pytest

from bot import terminal
from tests.edges.terminal.shell import Shell, runs
from tests.stories.process import run_to_its_end
from tests.stories.world import World


@pytest.mark.parametrize(
    "words",
    [
        ["log", "-10m", "took", "-v", "and", "--force", "away"],
        ["log", "--no-wait", "--", "-10m", "took", "-v", "and", "--force", "away"],
        ["LOG", "-10m", "took -v and --force away", "--no-wait"],
    ],
)
def test_words_may_begin_with_a_minus(words: list[str], world: World, shell: Shell, tmp_path: Path) -> None:
    world.clock.runs_with_the_machine()

    done = runs(world, tmp_path, *words, noun="event")

    assert (done.returncode, done.stderr) == (0, "")
    assert "took -v and --force away · " in shell.looks("list")[1]


def test_the_options_of_an_outage_are_what_its_modal_asks(world: World, shell: Shell, tmp_path: Path) -> None:
    done = runs(
        world, tmp_path, "outage", "Mail", "is", "late", "--seen", "queue", "--critical", "--ap", "ap1", noun="event"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert world.gitlab.labels_of(1) == ["AP1", "critical", "outage"]
    assert "queue" in world.gitlab.issue(1)["description"]


def test_an_export_can_be_read_by_another_program(world: World, shell: Shell, tmp_path: Path) -> None:
    world.clock.runs_with_the_machine()
    shell.logs("since -10m: “x”", wait=False)

    done = runs(
        world, tmp_path, "export", "json", "since", "-10m", PYTHONIOENCODING="ascii", PYTHONUTF8="0", noun="event"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert [event["text"] for event in json.loads(done.stdout)["events"]] == ["since -10m: “x”"]


@pytest.mark.parametrize("words", [[], ["help"], ["--help"]])
def test_event_alone_shows_its_commands(words: list[str], tmp_path: Path) -> None:
    done = run_to_its_end(["event", *words], {}, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "postmortem" in done.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["edit", "7"], "Say what to change: --text, --when or --kind."),
        (["edit", "7", "--kind", "outage"], "Invalid value for '--kind'"),
        (["retract", "seven"], "Invalid value for 'NUMBER'"),
        (["outage", "Keys leaked", "--confidental"], "No such option: --confidental"),
        (["log", "--as", "terminal:root", "x"], "is not a Slack id"),
        (["timelin"], "Did you mean 'timeline'?"),
    ],
)
def test_a_wrong_option_is_said_in_one_sentence(words: list[str], complaint: str, world: World, tmp_path: Path) -> None:
    done = runs(world, tmp_path, *words, noun="event")

    assert done.returncode == terminal.WRONG
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
