"""The program as a person starts it: its words, its options, its terminal."""

import os
import pty
import socket
import subprocess
from pathlib import Path

import pytest

from bot import terminal
from tests.edges.terminal.shell import command, read_until, runs
from tests.stories.process import environment, run_to_its_end
from tests.stories.world import World


def test_the_program_prints_plain_lines_into_a_pipe(world: World, tmp_path: Path) -> None:
    week = world.seeds_small_week()

    done = subprocess.run(
        command("status"),
        env=environment(world.bot.settings),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert f"• #{week.goal} Two data centres (goal)\n" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_narrow_terminal_has_the_titles_below_what_happens(world: World, tmp_path: Path) -> None:
    week = world.seeds_small_week()

    done = runs(
        world, tmp_path, "rollover", "--dry-run", "--ending", "2026-11-24", COLUMNS="50", TERM="xterm", tty=True
    )

    assert done.returncode == 0
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert f"#{week.goal}  carry over" in lines
    assert lines[lines.index(f"#{week.goal}  carry over") + 1] == "  Two data centres"


def test_an_encoding_without_our_signs_gets_others_in_their_place(world: World, tmp_path: Path) -> None:
    week = world.seeds_small_week()

    done = runs(world, tmp_path, "status", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"* #{week.goal} Two data centres (goal)\n" in done.stdout


def test_nobody_reading_does_not_stop_the_work(world: World, tmp_path: Path) -> None:
    week = world.seeds_small_week()
    nobody, theirs = os.pipe()
    os.close(nobody)

    done = subprocess.run(
        command("rollover", "--ending", "2026-11-24", "--yes"),
        env=environment(world.bot.settings),
        cwd=tmp_path,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)

    assert (done.returncode, done.stderr) == (0, "")
    assert world.gitlab.issues_of(week.following) == week.open


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["undo", "--as", "terminal:root"], "is not a Slack id"),
        (["rollover", "--dry-run", "--yes"], "--dry-run only shows, --yes is for doing it: give one of the two."),
        (["undo", "--dry-run", "--no-wait"], "--dry-run only shows, --no-wait is for doing it: give one of the two."),
        (["rollover", "2026-11-24", "--ending", "2026-11-17"], "Give the week's last day once"),
        (["history", "many"], "Please give one number of weeks, from 1 to 52."),
        (["history", "53"], "Please give one number of weeks, from 1 to 52."),
        (["history", "3", "4"], "Got unexpected extra argument(s) (4). See `"),
        (["undo", "--quickly"], "No such option: --quickly. See `"),
        (["rollver"], "Did you mean 'rollover'? See `"),
    ],
)
def test_a_wrong_option_is_said_in_one_sentence(words: list[str], complaint: str, world: World, tmp_path: Path) -> None:
    done = runs(world, tmp_path, *words)

    assert done.returncode == terminal.WRONG
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def started(world: World, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The program, with the words after its name."""
    return run_to_its_end(words, world.bot.settings, folder)


def test_wow_alone_says_how_the_week_stands_and_what_can_be_done(world: World, tmp_path: Path) -> None:
    week = world.seeds_small_week()

    done = runs(world, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert f"• #{week.goal} Two data centres (goal)\n" in done.stdout
    # the commands come last; that a rollover is due is said above, when it is
    assert done.stdout.index("Two data centres") < done.stdout.rindex("rollover")
    assert "undo" in done.stdout.partition("Two data centres")[2]


def test_wow_alone_ends_as_the_status_does(world: World, tmp_path: Path) -> None:
    world.gitlab.goes_down()

    done = runs(world, tmp_path)

    assert (done.returncode, done.stderr) == (terminal.SILENT, "")
    assert "rollover" in done.stdout


def test_the_program_alone_shows_its_commands_and_complains_of_nothing(world: World, tmp_path: Path) -> None:
    done = started(world, tmp_path)

    assert "serve" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("sevre", "Did you mean 'serve'"),
        ("wwo", "Did you mean 'wow'"),
        ("evnt", "Did you mean 'event'"),
        ("everything", ""),
    ],
)
def test_only_what_is_near_is_suggested(word: str, near: str, world: World, tmp_path: Path) -> None:
    done = started(world, tmp_path, word)

    assert done.returncode == terminal.WRONG
    assert f"No such command '{word}'. " in done.stderr
    assert near in done.stderr
    assert ("Did you mean" in done.stderr) == bool(near)


def test_help_is_a_command_too_and_case_does_not_matter(world: World, tmp_path: Path) -> None:
    done = runs(world, tmp_path, "HELP")

    assert done.returncode == 0
    assert "rollover" in done.stdout


def test_a_port_that_is_taken_is_named(world: World, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_to_its_end(["serve"], {**world.bot.settings, "HOST": "127.0.0.1", "PORT": str(port)}, tmp_path)

    assert done.returncode == 2
    assert f"PORT: another program listens on 127.0.0.1:{port}. Stop it, or set another PORT.\n" in done.stderr


@pytest.mark.parametrize(("answer", "code", "writes"), [("n\n", 1, False), ("\n", 1, False), ("Yes\n", 0, True)])
def test_a_person_is_asked_before_anything_is_written(
    answer: str, code: int, writes: bool, world: World, tmp_path: Path
) -> None:
    world.seeds_small_week()
    ours, theirs = pty.openpty()

    with subprocess.Popen(
        command("rollover", "--ending", "2026-11-24"),
        env=environment({**world.bot.settings, "TERM": "xterm"}),
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as asked:
        os.close(theirs)
        assert "[y/N]" in read_until(ours, "[y/N]")
        os.write(ours, answer.encode())
        rest = read_until(ours, "")

    os.close(ours)
    assert asked.returncode == code, rest
    assert bool(world.gitlab.writes) == writes
