"""`python -m bot handoff …` as a person types it."""

from pathlib import Path

import pytest

from bot import terminal
from tests.edges.terminal.shell import Shell, runs
from tests.stories.world import World


@pytest.mark.parametrize(
    "words",
    [
        ["to", "U0ANN", "quieter", "now", "--note", "others=wait"],
        ["@ann", "--summary", "quieter now", "--note", "others=wait"],
        ["TO", "ann", "--note", "others=wait", "--", "quieter now"],
        ["<@U0ANN|ann>", "quieter now", "--note", "others=wait", "--no-wait"],
    ],
)
def test_a_person_may_stand_where_a_command_stands(
    words: list[str], world: World, shell: Shell, tmp_path: Path
) -> None:
    world.clock.runs_with_the_machine()
    world.slack.add_person("U0ANN", "ann")
    shell.passes(lambda twin: twin.note("watch db3"), "U0ANN")

    done = runs(world, tmp_path, *words, noun="handoff")

    assert (done.returncode, done.stderr) == (0, "")
    assert "Note on the others: wait\nSummary: quieter now\n" in done.stdout
    assert "The hand-off is offered to @ann" in done.stdout


def test_the_pager_is_taken_and_declined_in_the_name_of_somebody(world: World, shell: Shell, tmp_path: Path) -> None:
    world.clock.runs_with_the_machine()
    world.slack.add_person("U0ANN", "ann")
    world.slack.add_person("U0JOE", "joe")

    taken = runs(world, tmp_path, "take", "Joe", "is", "ill", "--as", "U0ANN", noun="handoff")
    shell.offers("U0JOE", quiet="yes", summary="")
    declined = runs(world, tmp_path, "decline", "I", "am", "ill", "--as", "U0JOE", noun="handoff")

    assert [(one.returncode, one.stderr) for one in (taken, declined)] == [(0, "")] * 2
    assert "@ann is on call: took the pager" in taken.stdout
    assert ": Joe is ill" in taken.stdout
    assert "@ann stays on call. > I am ill" in " ".join(declined.stdout.split())


def test_where_nobody_is_on_call_the_way_to_take_the_pager_is_one_that_works_here(shell: Shell) -> None:
    code, said = shell.passes(lambda twin: twin.status())

    assert code == terminal.DONE
    assert f"{terminal.PROGRAM} handoff take --as U… puts whoever that is on call" in said


def test_handoff_alone_says_who_is_on_call_and_what_can_be_done(world: World, shell: Shell, tmp_path: Path) -> None:
    shell.takes("U1")

    done = runs(world, tmp_path, noun="handoff")

    assert (done.returncode, done.stderr) == (0, "")
    assert "On call: @alice" in done.stdout
    assert "history" in done.stdout.partition("On call: @alice")[2]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["to"], "Missing argument 'PERSON'"),
        (["@ann", "quieter", "--summary", "quieter"], "Give the summary once: with --summary, or after the person."),
        (["next", "--note", "the disk is full"], "--note: “the disk is full” is not like '#12=the disk is full'"),
        (["to", "Ann Lee", "--quiet"], "“Ann Lee” has a blank in it"),
        (["to", "ann", "--sumary", "x"], "No such option: --sumary"),
        (["take"], "Only somebody in Slack can be on call, or answer: say with --as who you are"),
        (["accept", "--as", "ann"], "is not a Slack id"),
        (["decline", "I am ill"], "say with --as who you are"),
        (["show", "first"], "Invalid value for 'NUMBER'"),
        (["acept"], "Did you mean 'accept'?"),
    ],
)
def test_a_wrong_option_is_said_in_one_sentence(words: list[str], complaint: str, world: World, tmp_path: Path) -> None:
    done = runs(world, tmp_path, *words, noun="handoff")

    assert done.returncode == terminal.WRONG
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
