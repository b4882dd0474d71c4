"""What Baton's token may do: found out before the first write where GitLab tells it, and said at the first one else."""

import re
from collections.abc import Callable

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.process import run_to_its_end
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, World, keys_of, usual_outcome

STOPPED = "Until then I do nothing more"
"""Stands in the message that asks for another token, and in nothing else."""


@pytest.mark.parametrize(
    ("shuts", "said"),
    [
        (lambda gitlab: gitlab.archive_project(), "The project acme/production is archived, so nobody can change"),
        (lambda gitlab: gitlab.switch_issues(on=False), "The project acme/production has its issues switched off"),
    ],
)
def test_a_project_in_which_nothing_can_be_written_is_found_out_before_the_first_write(
    world: World, gitlab: Gitlab, alice: Persona, shuts: Callable[[Gitlab], None], said: str
) -> None:
    world.seeds_small_week()
    shuts(gitlab)

    alice.types("/wow rollover", CHANNEL)

    shown = world.modal(alice, "").text
    assert said in shown
    assert "`GITLAB_PROJECT`" in shown
    assert not gitlab.writes


@side_by_side
def test_a_project_that_was_archived_since_cannot_be_taken_back_either(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    world.seeds_small_week()
    world.rolls_over(alice)
    gitlab.archive_project()

    alice.types("/wow undo", CHANNEL)

    assert "is archived, so nobody can change anything in it" in world.modal(alice, "").text


@side_by_side
def test_a_project_that_was_archived_after_the_preview_is_said_and_left_alone(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    world.seeds_small_week()
    world.opens_rollover(alice)
    gitlab.archive_project()

    alice.submits()

    assert "is archived" in world.said("Nothing was changed").text
    assert not gitlab.writes


@side_by_side
def test_a_token_that_may_only_read_stops_the_run_at_once_and_another_one_ends_it(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    more = [gitlab.add_issue(f"More {number}", [], week.wow, added_at=week.started) for number in range(80)]
    gitlab.token_read_only = True
    world.opens_rollover(alice)
    alice.submits()

    asked = world.said("my token may only read, so nothing was changed")

    assert asked.buttons == ["Retry", "Undo"]
    assert "@U1" in "".join(asked.pings)
    assert "Put one with the scope api into GITLAB_TOKEN, restart me, and press Retry" in plain(asked.text)
    world.said("It waits for a token with the scope")
    assert len(gitlab.writes) < len(more), "it does not hear the same about every issue"
    assert keys_of(world.slack.messages(CHANNEL)) == ["rollover", "stopped"]
    gitlab.token_read_only = False
    world.bot.is_killed()
    world.bot.starts()
    alice.clicks(asked, "Retry")
    report = world.report()
    assert "GitLab refused" not in report.text
    assert gitlab.issues_of(week.following) == [*week.open, *more]
    world.said("this is settled: it was tried again, and the week is rolled over")


@side_by_side
def test_a_token_that_may_only_read_any_more_says_how_far_it_came_and_the_next_attempt_too(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()

    def takes_the_scope_away(_: object) -> None:
        gitlab.token_read_only = True

    gitlab.weather.at_call(1, takes_the_scope_away, match=f"PUT .*/milestones/{week.wow}$")
    world.opens_rollover(alice)
    alice.submits()
    asked = world.said(STOPPED)
    assert "my token may only read, so only 4 of 8 steps are done" in asked.text

    alice.clicks(asked, "Retry")
    world.until(lambda: len(world.messages(STOPPED)) == 2, "it is said again")
    gitlab.token_read_only = False
    alice.clicks(asked, "Retry")

    world.report()
    world.is_idle()
    outcome = world.outcome
    assert {**outcome, "messages": ["report", "rollover"]} == usual_outcome()


@side_by_side
def test_with_a_token_that_may_only_read_the_attempt_can_be_ended(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    before = gitlab.snapshot()
    gitlab.token_read_only = True
    world.opens_rollover(alice)
    alice.submits()
    asked = world.said("my token may only read, so nothing was changed")

    alice.clicks(asked, "Undo")
    assert "Nothing was written yet; this only ends the attempt." in world.modal(alice, "Undo").text
    alice.submits()

    world.said("is taken back by @alice")
    world.said("this is settled: @alice took the rollover back")
    assert gitlab.snapshot() == before


@side_by_side
def test_merge_requests_that_the_token_may_not_move_are_left_out_and_said(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    gitlab.token_access = 20

    shown = world.opens_rollover(alice).text
    alice.submits()
    report = world.report().text

    assert "Carry 3 open issues over" in shown
    assert "My GitLab token may not move merge requests, so 1 will stay in the closed week" in shown
    assert "3 carried over · 0 (and 1 merge request) left in the closed week" in report
    assert "My GitLab token may not move merge requests, so they stay." in report
    assert "GitLab refused" not in report
    assert not [each for each in gitlab.writes if each.status >= 400]
    assert gitlab.issues_of(week.wow, "opened", "merge_request") == [week.request]
    world.takes_back(alice)
    assert gitlab.issues_of(week.wow, "opened") == week.open


@side_by_side
def test_a_terminal_refuses_likewise(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.bot.is_killed()
    gitlab.archive_project()

    code, said = at_a_terminal(world)

    assert (code, "is archived, so nobody can change anything in it" in said) == (1, True)
    gitlab.archive_project(archived=False)
    gitlab.token_read_only = True
    code, said = at_a_terminal(world)
    assert (code, "my token may only read, so nothing was changed" in said) == (4, True)
    gitlab.token_read_only = False
    code, said = at_a_terminal(world)
    assert (code, gitlab.issues_of(week.following)) == (0, week.open)


def at_a_terminal(world: World) -> tuple[int, str]:
    """Somebody rolls over at a terminal; gives the exit code, and what was printed with single blanks."""
    words = ["wow", "rollover", "--yes", "--ending", "2026-11-24"]
    ran = run_to_its_end(words, world.bot.settings, world._folder)
    return ran.returncode, " ".join(ran.stdout.split())


def plain(text: str) -> str:
    return re.sub(r"[*`]", "", text)
