"""The week is turned from a terminal, beside Slack and without it."""

import asyncio
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from bot import app, terminal
from bot.app import Bot
from bot.settings import read
from tests.stories.process import environment
from tests.stories.world import CHANNEL, World

OPS = "terminal:ops"
Work = Callable[[Bot], Awaitable[int]]
Audit = list[tuple[str, str, str, str]]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world with a week that is over, in which no bot serves; only Alice leads."""
    monkeypatch.chdir(tmp_path)
    with World(tmp_path, WOW_LEADS="U1") as world:
        for name, value in world.bot.settings.items():
            monkeypatch.setenv(name, value)
        yield world


class Shell:
    """A terminal on the machine that Baton runs on."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world, self._capsys = world, capsys

    def runs(self, work: Work) -> tuple[int, str]:
        """Runs a command; gives the exit code, and all that was printed with single blanks."""
        code = asyncio.run(app.in_terminal(read(None), work, self.world.clock))
        return code, " ".join(self._capsys.readouterr().out.split())

    def rolls_over(
        self, by: str = OPS, ending: str = "", *, dry_run: bool = False, yes: bool = True, wait: bool = True
    ) -> tuple[int, str]:
        return self.runs(lambda bot: terminal.roll_over(bot, by, ending, dry_run=dry_run, yes=yes, wait=wait))

    def undoes(self, by: str = OPS, *, yes: bool = True, wait: bool = True) -> tuple[int, str]:
        return self.runs(lambda bot: terminal.undo(bot, by, dry_run=False, yes=yes, wait=wait))

    def audit(self) -> Audit:
        """Who asked for what, how it ended, and from where."""
        found: Audit = []

        async def look(bot: Bot) -> int:
            lines = await bot.store.read(lambda tx: tx.audit_lines())
            found.extend((each["who"], each["command"], each["outcome"], each["source"]) for each in lines)
            return 0

        self.runs(look)
        return found


@pytest.fixture
def shell(world: World, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(world, capsys)


def test_a_dry_run_shows_every_step_and_issue_and_writes_nothing(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()

    code, said = shell.rolls_over(dry_run=True)

    assert code == terminal.DONE
    assert "Rename “WoW” to “WoW ending 2026-11-24”, due 2026-11-24" in said
    assert f"#{week.goal} Two data centres carry over goal, gets “moved 1”" in said
    assert f"#{week.late} Disk of db3 is full carry over late addition" in said
    assert f"!{week.request} Add an alert carry over" in said
    assert not world.gitlab.writes


def test_without_a_yes_and_nobody_to_ask_nothing_is_done(world: World, shell: Shell) -> None:
    world.seeds_small_week()

    code, said = shell.rolls_over(yes=False)

    assert code == terminal.REFUSED
    assert "Add --yes" in said
    assert not world.gitlab.writes


def test_a_rollover_is_done_reported_here_and_in_the_channel_and_written_into_the_audit(
    world: World, shell: Shell
) -> None:
    week = world.seeds_small_week()

    code, said = shell.rolls_over()

    assert code == terminal.DONE
    assert "WoW ending 2026-11-24 is closed, rolled over by ops (terminal)" in said
    assert "1 done · 3 (and 1 merge request) carried over" in said
    assert world.gitlab.issues_of(week.following) == week.open
    assert "rolled over by ops (terminal)" in world.said("is closed").text
    world.said("is rolled over. The report is in this channel")
    assert "Slack does not answer" not in said
    assert shell.audit() == [
        (OPS, "/wow rollover", "done", "terminal"),
        (OPS, "wow.rollover", "done", "terminal"),
    ]


def test_a_lead_may_act_from_a_terminal_and_is_named(world: World, shell: Shell) -> None:
    world.seeds_small_week()

    code, said = shell.rolls_over("U1")

    assert code == terminal.DONE
    assert "rolled over by @alice" in said


def test_who_may_not_turn_the_week_in_slack_may_not_here(world: World, shell: Shell) -> None:
    world.seeds_small_week()

    code, said = shell.rolls_over("U2")

    assert code == terminal.REFUSED
    assert "Turning the week is up to @U1" in said
    assert not world.gitlab.writes
    assert shell.audit() == [("U2", "/wow rollover", "refused", "terminal")]


def test_somebody_whom_slack_cannot_describe_is_told_so(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    world.slack.goes_down()

    code, said = shell.rolls_over("U1")

    assert code == terminal.REFUSED
    assert "Slack does not answer" in said
    assert "Without --as you act as this machine's user" in said
    assert not world.gitlab.writes


def test_somebody_whom_slack_has_described_before_may_act_while_it_is_down(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    shell.rolls_over("U1", dry_run=True)
    world.slack.goes_down()

    code, _ = shell.rolls_over("U1")

    assert code == terminal.DONE
    assert "WoW ending 2026-11-24" in world.gitlab.milestones("closed")


def test_somebody_slack_does_not_know_is_told_so(world: World, shell: Shell) -> None:
    world.forgives_slack = True

    code, said = shell.rolls_over("U404")

    assert code == terminal.REFUSED
    assert "Slack knows nobody of the id U404" in said


def test_a_day_that_does_not_exist_is_refused_with_a_line_that_works_here(world: World, shell: Shell) -> None:
    world.seeds_small_week()

    code, said = shell.rolls_over(ending="2026-11-31")

    assert code == terminal.WRONG
    assert ".venv/bin/python -m bot wow rollover --ending 2026-11-24" in said


def test_a_week_that_was_rolled_over_stays_as_it_is_and_says_by_whom(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    shell.rolls_over("U1")
    before = world.gitlab.snapshot()

    code, said = shell.rolls_over()

    assert code == terminal.DONE
    assert "was rolled over already by @alice" in said
    assert world.gitlab.snapshot() == before


def test_a_dry_run_tells_how_far_an_interrupted_rollover_is_and_how_to_go_on(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    shell.rolls_over(wait=False)
    before = world.gitlab.snapshot()

    code, said = shell.rolls_over(dry_run=True)

    assert code == terminal.DONE
    assert "The rollover of the week ending 2026-11-24: nothing done yet, then interrupted." in said
    assert "wow rollover --yes` carries on, `.venv/bin/python -m bot wow undo` takes it back." in said
    assert world.gitlab.snapshot() == before


def test_a_dry_run_tells_why_a_rollover_stopped_and_how_to_go_on(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    world.gitlab.weather.fails(403, match="^PUT .*/milestones/")
    shell.rolls_over()
    world.gitlab.comes_back()

    code, said = shell.rolls_over(dry_run=True)

    assert code == terminal.DONE
    assert re.search(r"stopped at \d of \d+, because GitLab refused: ", said)
    assert "Mend it in GitLab; then `.venv/bin/python -m bot wow rollover --yes` carries on" in said


@pytest.mark.parametrize("ending", ["ending 2026-11-24", "2026-11-24"])
def test_the_day_may_be_written_as_in_slack(ending: str, world: World, shell: Shell) -> None:
    world.seeds_small_week()

    code, said = shell.rolls_over(ending=ending, dry_run=True)

    assert code == terminal.DONE
    assert "Rename “WoW” to “WoW ending 2026-11-24”" in said


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


def test_what_slack_does_not_take_stays_for_serve(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()
    world.slack.goes_down()

    code, said = shell.rolls_over()

    assert code == terminal.DONE
    assert "Slack does not answer: the channel hears of it" in said
    assert world.gitlab.issues_of(week.following) == week.open
    world.slack.comes_back()
    world.bot.starts()
    assert "rolled over by ops (terminal)" in world.report().text
    world.said("is rolled over. The report")


def test_a_silent_gitlab_ends_it_with_a_code_of_its_own(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    world.gitlab.goes_down()

    code, said = shell.rolls_over()

    assert code == terminal.SILENT
    assert "GitLab does not answer" in said
    assert "--yes --no-wait" in said


def test_with_a_silent_gitlab_it_may_be_left_to_serve(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()
    world.gitlab.goes_down()

    code, said = shell.rolls_over(wait=False)
    world.gitlab.comes_back()
    world.bot.starts()

    assert code == terminal.DONE
    assert "Written down. serve does it as soon as it runs." in said.replace("`", "")
    world.report()
    assert world.gitlab.issues_of(week.following) == week.open


def test_a_gitlab_that_falls_silent_on_the_way_is_waited_for(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()
    world.gitlab.weather.drops_before(times=6, match="^PUT ")

    code, said = shell.rolls_over()

    assert code == terminal.DONE
    assert "GitLab does not answer; " in said
    assert said.count("Ctrl-C leaves it to a running") == 1
    assert world.gitlab.issues_of(week.following) == week.open


def test_the_same_command_carries_on_with_what_was_confirmed(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()
    shell.rolls_over(wait=False)

    code, said = shell.rolls_over(yes=False)

    assert code == terminal.DONE
    assert "This was confirmed already; carrying on" in said
    assert world.gitlab.issues_of(week.following) == week.open


def test_it_works_beside_a_bot_that_serves(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()
    world.bot.starts()

    code, _ = shell.rolls_over()

    assert code == terminal.DONE
    world.said("is rolled over. The report")
    assert len(world.messages("is closed, rolled over")) == 1
    writes = [(each.method, each.path, str(each.body)) for each in world.gitlab.writes]
    assert len(writes) == len(set(writes))
    assert world.gitlab.issues_of(week.following) == week.open


def test_what_gitlab_refuses_stops_it_and_the_same_command_tries_again(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    world.gitlab.weather.fails(403, match="^PUT .*/milestones/")

    stopped, said = shell.rolls_over()
    world.gitlab.comes_back()
    again, _ = shell.rolls_over()

    assert stopped == terminal.STOPPED
    assert "give the same command again" in said
    assert again == terminal.DONE
    assert "WoW ending 2026-11-24" in world.gitlab.milestones("closed")


def test_an_undo_restores_what_was(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    before = world.gitlab.snapshot()
    shell.rolls_over()

    code, said = shell.undoes("U1")

    assert code == terminal.DONE
    assert "is taken back by @alice" in said
    after = world.gitlab.snapshot()
    assert (after["milestones"], after["issues"]) == (before["milestones"], before["issues"])
    world.said("is taken back by")


def test_there_may_be_nothing_to_undo(world: World, shell: Shell) -> None:
    code, said = shell.undoes()

    assert code == terminal.REFUSED
    assert "nothing to take back" in said


def test_looking_needs_no_right_and_tells_what_slack_would(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()

    code, said = shell.runs(lambda bot: terminal.status(bot, OPS))
    _, ahead = shell.runs(lambda bot: terminal.following(bot, OPS))
    _, past = shell.runs(lambda bot: terminal.history(bot, OPS, 3))

    assert code == terminal.DONE
    assert f"• #{week.goal} Two data centres (goal)" in said
    assert "Next WoW" in ahead
    assert "No week is closed yet" in past


def test_looking_at_a_silent_gitlab_gives_what_it_said_last(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    shell.runs(lambda bot: terminal.status(bot, OPS))
    world.gitlab.goes_down()

    code, said = shell.runs(lambda bot: terminal.status(bot, OPS))

    assert code == terminal.SILENT
    assert "as of 09:00 UTC" in said


# as a process


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "bot", "wow", *words]


def runs(world: World, folder: Path, *words: str, tty: bool = False, **more: str) -> "subprocess.CompletedProcess[str]":
    """Runs a command as a process of its own, on a terminal if it is `tty`."""
    before = environment({**world.bot.settings, **more})
    if not tty:
        return subprocess.run(command(*words), env=before, cwd=folder, capture_output=True, text=True, check=False)
    ours, theirs = pty.openpty()
    with subprocess.Popen(command(*words), env=before, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        said = read_until(ours, "")
    os.close(ours)
    return subprocess.CompletedProcess(run.args, run.returncode, re.sub(r"\x1b(\[[0-9;?]*\w|\].*?\x1b\\)", "", said))


def test_the_program_prints_plain_lines_into_a_pipe(world: World, tmp_path: Path) -> None:
    week = world.seeds_small_week()

    done = runs(world, tmp_path, "status")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"• #{week.goal} Two data centres (goal)\n" in done.stdout
    assert "\x1b" not in done.stdout


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
    ],
)
def test_a_wrong_option_is_said_in_one_sentence(words: list[str], complaint: str, world: World, tmp_path: Path) -> None:
    done = runs(world, tmp_path, *words)

    assert done.returncode == terminal.WRONG
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_is_a_command_too_and_case_does_not_matter(world: World, tmp_path: Path) -> None:
    done = runs(world, tmp_path, "HELP")

    assert done.returncode == 0
    assert "rollover" in done.stdout


def test_a_port_that_is_taken_is_named(world: World, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "bot", "serve"],
            env=environment({**world.bot.settings, "HOST": "127.0.0.1", "PORT": str(port)}),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

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


def test_ctrl_c_leaves_what_was_begun_to_be_carried_on_with(world: World, shell: Shell, tmp_path: Path) -> None:
    week = world.seeds_small_week()
    world.gitlab.weather.at_call(1, lambda _: world.gitlab.weather.goes_down(), match="^PUT ")

    with subprocess.Popen(
        command("rollover", "--ending", "2026-11-24", "--yes"),
        env=environment(world.bot.settings),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as left:
        world.until(lambda: world.gitlab.weather.down, "GitLab is down")
        time.sleep(0.3)
        left.send_signal(signal.SIGINT)
        said, _ = left.communicate(timeout=15)
    world.gitlab.comes_back()
    _, looked = shell.rolls_over(dry_run=True)
    code, again = shell.rolls_over()

    assert left.returncode == 130
    assert re.search(
        r"week ending 2026-11-24: \d of \d done, then interrupted\.|done; GitLab did not answer when", looked
    )
    assert re.search(r"Stopped at \d of \d\. Give the same command to carry on", said)
    assert code == terminal.DONE
    assert "carrying on" in again
    assert world.gitlab.issues_of(week.following) == week.open
    assert [each.text for each in world.messages("is closed, rolled over", CHANNEL)]


def read_until(place: int, words: str) -> str:
    """What stands on a terminal, up to these words; without words, until whoever writes there has left."""
    said = ""
    while not words or words not in said:
        try:
            piece = os.read(place, 4096)
        except OSError:  # Linux says so that the other side is closed
            break
        if not piece:
            break
        said += piece.decode(errors="replace")
    return said
