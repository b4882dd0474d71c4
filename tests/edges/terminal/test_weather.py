"""The week is turned from a terminal though Slack or GitLab is away, or the command is interrupted."""

import re
import signal
import subprocess
import time
from pathlib import Path

from bot import terminal
from tests.edges.terminal.shell import Shell, command
from tests.stories.process import environment
from tests.stories.world import CHANNEL, World


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


def test_ctrl_c_leaves_what_was_begun_to_be_carried_on_with(world: World, shell: Shell, tmp_path: Path) -> None:
    world.clock.runs_with_the_machine()  # what it leaves to others is due by its own clock
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
        said, _ = left.communicate(timeout=60)
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
