"""GitLab is down, slow, moody or refuses, and the week is turned all the same: once, and without anybody's help."""

import random
from functools import partial

from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, World, usual_outcome


def confirmed(world: World) -> None:
    """Alice has seen the preview and confirms it."""
    world.opens_rollover(world.alice)
    assert world.alice.submits().ok


def ends_as_usual(world: World) -> None:
    """Everything stands as if nothing had gone wrong; each thing happened once."""
    world.report()
    world.is_idle()
    assert world.outcome == usual_outcome()


def progress(world: World, words: str) -> str:
    """The message that follows the rollover, as soon as it has these words."""
    return world.said(words).text


@side_by_side
def test_the_week_is_turned_though_gitlab_is_down_at_the_command(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.goes_down()
    assert world.alice.types("/wow rollover", CHANNEL).ok

    shown = world.modal(world.alice, "Roll over later")
    assert "GitLab does not answer" in shown.text
    assert "the week ending 2026-11-24" in shown.text
    world.alice.submits()
    assert "1 operation waits" in progress(world, "GitLab does not answer")
    world.gitlab.comes_back()

    ends_as_usual(world)
    assert progress(world, "is rolled over")


@side_by_side
def test_the_week_is_turned_though_gitlab_goes_down_between_the_preview_and_the_confirmation(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover(world.alice)
    world.gitlab.goes_down()

    ack = world.alice.submits()

    assert ack.ok
    assert ack.seconds < 1
    assert "I continue as soon as it is back" in progress(world, "GitLab does not answer")
    world.gitlab.comes_back()
    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_gitlab_goes_down_in_the_middle(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.weather.at_call(3, lambda _: world.gitlab.goes_down(), match="PUT")

    confirmed(world)

    said = progress(world, "GitLab does not answer")
    assert " of 8 done. " in said
    world.gitlab.comes_back()
    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_gitlab_is_down_for_many_attempts(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover(world.alice)
    world.gitlab.goes_down()
    world.alice.submits()
    progress(world, "GitLab does not answer")
    tried = len(world.gitlab.calls())

    world.until(lambda: len(world.gitlab.calls()) > tried + 4, "four more attempts", within=60)
    world.gitlab.comes_back()

    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_gitlab_is_down_for_an_hour_in_which_the_bot_is_restarted(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover(world.alice)
    world.gitlab.goes_down()
    world.alice.submits()
    progress(world, "GitLab does not answer")
    for _ in range(2):
        assert world.bot.stops() == 0
        world.clock.moves(minutes=30)
        world.bot.starts()

    world.gitlab.comes_back()

    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_gitlab_is_slow(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.weather.goes_slow(0.4)

    confirmed(world)

    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_gitlab_hangs_at_the_confirmation(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover(world.alice)
    world.gitlab.weather.hangs()

    ack = world.alice.submits()

    assert ack.ok
    assert ack.seconds < 1
    progress(world, "GitLab does not answer")
    world.gitlab.comes_back()
    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_gitlab_hangs_in_the_middle(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.weather.at_call(2, lambda _: world.gitlab.weather.hangs(), match="PUT")

    confirmed(world)

    progress(world, "GitLab does not answer")
    world.gitlab.comes_back()
    ends_as_usual(world)


def fails_next(world: World, status: int, _: object) -> None:
    """Lets the next call fail."""
    world.gitlab.weather.fails(status, times=1)


@side_by_side
def test_the_week_is_turned_though_gitlab_answers_with_errors_now_and_then(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover(world.alice)
    dice = random.Random(4)

    for call in dice.sample(range(1, 40), 6):
        status = dice.choice([500, 502, 503, 504])
        world.gitlab.weather.at_call(call, partial(fails_next, world, status))
    world.alice.submits()

    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_gitlab_asks_for_patience_in_seconds(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.weather.rate_limits(2, times=3, match="PUT")

    confirmed(world)

    ends_as_usual(world)
    assert least_patience(world) >= 1.9


@side_by_side
def test_the_week_is_turned_though_gitlab_asks_for_patience_until_a_moment(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.weather.rate_limits(3, times=3, match="PUT", as_date=True)

    confirmed(world)

    ends_as_usual(world)
    assert least_patience(world) >= 1.9


def least_patience(world: World) -> float:
    """The shortest time between being asked for patience and trying the same again, in seconds."""
    changes = world.gitlab.calls("PUT")
    asked = [(number, one) for number, one in enumerate(changes) if one.status == 429]
    again = [next(later.at for later in changes[number + 1 :] if later.path == one.path) for number, one in asked]
    return min(at - one.at for at, (_, one) in zip(again, asked, strict=True))


@side_by_side
def test_the_week_is_turned_though_connections_break_after_an_issue_was_moved(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.weather.drops_after(times=3, match="PUT .*/(issues|merge_requests)/")

    confirmed(world)

    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_connections_break_after_each_change_of_a_milestone(world: World) -> None:
    world.seeds_small_week()
    for change in ("PUT .*/milestones/501", "PUT .*/milestones/502", "POST .*/milestones"):
        world.gitlab.weather.drops_after(times=1, match=change)

    confirmed(world)

    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_connections_break_before_anything_is_done(world: World) -> None:
    world.seeds_small_week()
    for change in ("PUT .*/issues/", "PUT .*/milestones/501", "PUT .*/milestones/502", "POST .*/milestones"):
        world.gitlab.weather.drops_before(times=1, match=change)

    confirmed(world)

    ends_as_usual(world)


@side_by_side
def test_the_week_is_turned_though_the_token_expires_in_the_middle_and_is_renewed(world: World) -> None:
    world.seeds_small_week()
    world.gitlab.weather.fails(401, times=4, match="PUT .*/milestones/", body={"message": "401 Unauthorized"})

    confirmed(world)

    ends_as_usual(world)
