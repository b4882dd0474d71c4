"""The week is turned, and taken back, from a terminal."""

import re

import pytest

from bot import terminal
from tests.edges.terminal.shell import OPS, Shell
from tests.stories.world import World


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
    world.said("is rolled over. The report is below")
    assert "Slack does not answer" not in said
    assert shell.audit() == [
        (OPS, "/wow rollover", "done", "terminal"),
        (OPS, "wow.rollover", "done", "terminal"),
    ]


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
    assert "Fix it in GitLab; then `.venv/bin/python -m bot wow rollover --yes` carries on" in said


def test_a_token_that_may_only_read_is_said_once_with_its_mend(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    world.gitlab.token_read_only = True

    code, said = shell.rolls_over()

    assert code == terminal.STOPPED
    assert said.count("my token may only read") == 1
    assert "Put a token with the scope api into GITLAB_TOKEN, and give the same command again" in said
    assert "or `.venv/bin/python -m bot wow undo` ends the attempt" in said
    assert "Fix it in GitLab" not in said
    _, dry = shell.rolls_over(dry_run=True)
    assert "Put a token with the scope api into GITLAB_TOKEN; then `.venv/bin/python -m bot wow rollover --yes`" in dry


def test_an_undo_that_stopped_does_not_offer_itself(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    shell.rolls_over()
    world.gitlab.token_read_only = True

    code, said = shell.undoes()

    assert code == terminal.STOPPED
    assert said.count("my token may only read") == 1
    assert "Put a token with the scope api into GITLAB_TOKEN, and give the same command again." in said
    assert "wow undo" not in said.split("It stopped")[1]


def test_a_refused_milestone_is_said_once(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    world.gitlab.weather.fails(403, match="^PUT .*/milestones/")

    code, said = shell.rolls_over()

    assert code == terminal.STOPPED
    assert said.count("It stopped") == 1
    assert "Fix it in GitLab, and give the same command again, or `.venv/bin/python -m bot wow undo`" in said


@pytest.mark.parametrize("ending", ["ending 2026-11-24", "2026-11-24"])
def test_the_day_may_be_written_as_in_slack(ending: str, world: World, shell: Shell) -> None:
    world.seeds_small_week()

    code, said = shell.rolls_over(ending=ending, dry_run=True)

    assert code == terminal.DONE
    assert "Rename “WoW” to “WoW ending 2026-11-24”" in said


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
