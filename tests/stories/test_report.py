"""A week in numbers: by command and by the rollover, of what is recorded and of what GitLab says, with a picture."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.sandbox.server import Exchange
from bot.sandbox.slack.state import Message
from tests.stories.world import CHANNEL, DAY, TUESDAY, Gitlab, SmallWeek, World

THIS_TUESDAY = date(2026, 12, 1)


def told(world: World, text: str, words: str) -> str:
    """What Alice alone is told."""
    assert world.alice.types(text, CHANNEL).ok
    seen = world.said(words)
    assert seen.ephemeral
    return seen.text


def closes_by_hand(gitlab: Gitlab, ending: date, done: int, left: int = 0, *labels: str) -> None:
    closed = gitlab.add_milestone(f"WoW ending {ending}", ending - timedelta(days=6), ending)
    for number in range(done + left):
        gitlab.add_issue(f"{ending} {number}", labels, closed, "closed" if number < done else "opened")
    gitlab.close_milestone(closed)


def pictures(world: World, channel: str | None = None) -> list[Message]:
    """The messages with a picture: in a channel and its threads, or in the talk with Alice."""
    place = channel or world.slack.direct("U1").id
    return [one for one in world.slack.messages(place) if one.files]


def test_the_report_of_the_current_week_tells_what_is_delivered_and_how_its_work_came(
    world: World, gitlab: Gitlab
) -> None:
    week = SmallWeek(gitlab, THIS_TUESDAY)
    gitlab.edit_issue(week.late, add_labels=["unscheduled", "toil"])
    closes_by_hand(gitlab, TUESDAY, 3, 1, "toil")

    report = told(world, "/wow report", "rule of thumb")

    assert "*WoW* · 2026-11-25 to 2026-12-01 · so far" in report
    assert "*1 of 4 delivered* · 3 open" in report
    assert "*Unscheduled*: 25 % (1 of 4) · within the rule of thumb (at most 30 %)" in report
    assert "*Toil*: 25 % (1 of 4) · above the rule of thumb (at most 20 %)" in report
    assert "*Planned*: 75 % (3 of 4) · within the rule of thumb (at least 50 %)" in report
    assert "*Goals kept*: 0 of 1 so far" in report
    assert "most urgent first: SL1 0 of 1 · goal 0 of 1 · others 1 of 2" in report
    assert "2026-11-24: 3 of 4 delivered · 0 % unscheduled · 100 % toil" in report


def test_a_closed_week_is_told_from_its_record_and_asks_gitlab_for_no_issue(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.rolls_over()
    world.is_idle()
    gitlab.server.exchanges.clear()

    report = told(world, f"/wow report {TUESDAY}", "Goals not kept")

    assert f"*WoW ending {TUESDAY}* · 2026-11-18 to {TUESDAY} · rolled over by @alice" in report
    assert "*1 of 4 delivered* · 3 carried over · 0 left open" in report
    assert "*Unscheduled*: 25 % (1 of 4)" in report
    assert f"#{week.goal} Two data centres (carried over)" in report
    assert not [one.path for one in gitlab.calls() if "/issues" in one.path or "/merge_requests" in one.path]


def test_right_after_a_rollover_the_report_is_that_of_the_closed_week_and_says_so(world: World, gitlab: Gitlab) -> None:
    world.seeds_small_week()
    world.rolls_over()
    world.is_idle()

    before = told(world, "/wow report", "has just begun")
    assert f"*WoW ending {TUESDAY}*" in before
    assert f"`/wow report {THIS_TUESDAY}` shows the current one" in before

    now = told(world, f"/wow report {THIS_TUESDAY}", "so far")
    assert "*0 of 3 delivered* · 3 open · 3 carried over from before" in now
    assert "2026-11-24: 1 of 4 delivered · 3 carried" in now
    del gitlab


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (f"{TUESDAY - 2 * DAY}", f"*WoW ending {TUESDAY}*"),
        ("2020-01-07", f"There is no week with 2020-01-07 in it. The closed weeks end on {TUESDAY}, 2026-11-10."),
        ("2026-11-15", "There is no week with 2026-11-15 in it."),
        ("2026-11-10", "*2 of 2 delivered* · 0 left open"),
        ("tuesday", "“tuesday” is not a day I can read. Please write it as yyyy-mm-dd: `/wow report 2026-11-24`."),
        ("2026-11-31", "There is no 2026-11-31 in the calendar."),
    ],
)
def test_a_day_names_the_week_it_is_in(world: World, gitlab: Gitlab, typed: str, words: str) -> None:
    closes_by_hand(gitlab, TUESDAY, 1)
    closes_by_hand(gitlab, date(2026, 11, 10), 2)

    assert words in told(world, f"/wow report {typed}", words)


def test_a_week_that_was_read_once_is_compared_and_not_read_again(world: World, gitlab: Gitlab) -> None:
    for number in range(12):
        closes_by_hand(gitlab, TUESDAY - timedelta(weeks=number), 1)
    SmallWeek(gitlab, THIS_TUESDAY)

    first = told(world, "/wow report", "*Week by week* (10)")
    reads = len(issue_lists(gitlab))
    gitlab.server.exchanges.clear()
    world.alice.types("/wow report", CHANNEL)
    world.until(lambda: len(world.messages("*Week by week* (10)")) == 2, "a second report")

    assert first.count(" delivered") == 11
    assert reads == 20
    assert len(issue_lists(gitlab)) == 2, "issues and merge requests of the current week"


def test_the_weeks_beside_it_say_where_some_are_missing(world: World, gitlab: Gitlab) -> None:
    older = TUESDAY - timedelta(weeks=2)
    for number in range(1, 4):
        closes_by_hand(gitlab, TUESDAY - timedelta(weeks=number), 1)
    world.seeds_small_week()
    told(world, f"/wow report {older}", "Week by week")

    report = world.rolls_over()

    week_by_week = report.text.partition("*Week by week*")[2]
    assert f"• weeks are missing here\n• {older}: 1 of 1 delivered" in week_by_week
    assert week_by_week.count("missing") == 1


def issue_lists(gitlab: Gitlab) -> list[Exchange]:
    return [one for one in gitlab.calls("GET") if "milestone=" in one.query]


def test_while_gitlab_is_silent_what_is_recorded_or_was_read_last_is_told(world: World, gitlab: Gitlab) -> None:
    world.seeds_small_week()
    world.rolls_over()
    world.is_idle()
    told(world, f"/wow report {THIS_TUESDAY}", "so far")
    gitlab.goes_down()

    recorded = told(world, f"/wow report {TUESDAY}", "this is as I recorded it")
    assert "*1 of 4 delivered* · 3 carried over" in recorded
    aged = told(world, f"/wow report {THIS_TUESDAY}", "as of ")
    assert "min ago" in aged
    assert "*0 of 3 delivered*" in aged


def test_while_gitlab_is_silent_no_week_is_denied_that_it_may_well_know(world: World, gitlab: Gitlab) -> None:
    earlier = TUESDAY - timedelta(weeks=1)
    closes_by_hand(gitlab, earlier, 2, 1)
    world.seeds_small_week()
    world.rolls_over()
    world.is_idle()
    told(world, f"/wow report {THIS_TUESDAY}", "so far")
    gitlab.goes_down()

    remembered = told(world, f"/wow report {earlier - DAY}", "GitLab does not answer")
    assert f"of the week ending {earlier} I know only that 2 of 3 issues were delivered" in remembered
    unknown = told(world, "/wow report 2026-11-03", "I know of no week with 2026-11-03 in it")
    assert "GitLab does not answer" in unknown
    assert f"Those closed that I recorded end on {TUESDAY}." in unknown
    assert "Please try again when GitLab answers." in unknown


def test_while_gitlab_is_silent_a_day_of_the_current_week_shows_what_was_read_last(
    world: World, gitlab: Gitlab
) -> None:
    SmallWeek(gitlab, THIS_TUESDAY)
    told(world, "/wow report", "so far")
    gitlab.goes_down()

    aged = told(world, f"/wow report {THIS_TUESDAY}", "as of ")

    assert "*1 of 4 delivered*" in aged


def test_while_gitlab_is_silent_and_nothing_is_known_that_is_said(world: World, gitlab: Gitlab) -> None:
    gitlab.goes_down()

    assert "I have no earlier copy to show" in told(world, "/wow report", "GitLab does not answer")


@pytest.fixture
def drawing(tmp_path: Path) -> Iterator[World]:
    """A world in which the rollover's report is followed by its picture."""
    with World(tmp_path, REPORT_PICTURE="yes") as world:
        world.bot.starts()
        yield world


def test_a_report_is_followed_by_its_picture_with_words_for_who_does_not_see_it(drawing: World) -> None:
    SmallWeek(drawing.gitlab, THIS_TUESDAY)
    closes_by_hand(drawing.gitlab, TUESDAY, 3, 1, "toil")
    closes_by_hand(drawing.gitlab, TUESDAY - timedelta(weeks=2), 2)

    told(drawing, "/wow report", "A picture of it follows")
    drawing.until(lambda: pictures(drawing), "the picture")

    file = pictures(drawing)[0].files[0]
    assert file.content is not None
    assert file.content.startswith(b"\x89PNG")
    assert file.alternative.startswith("Burn-up of WoW, 2026-11-25 to 2026-12-01. Delivered by day: Wednesday 1 of 4.")
    assert file.alternative.endswith(
        " Week by week, newest first: 2026-12-01: 1 of 4 delivered, 0 % unscheduled, 0 % toil; "
        "2026-11-24: 3 of 4 delivered, 0 % unscheduled, 100 % toil; weeks are missing here; "
        "2026-11-10: 2 of 2 delivered, 0 % unscheduled, 0 % toil."
    )


def test_the_rollover_tells_its_week_in_numbers_and_puts_the_picture_under_it_once(drawing: World) -> None:
    drawing.seeds_small_week()

    report = drawing.rolls_over()
    drawing.is_idle()

    assert "*Unscheduled*: 25 % (1 of 4)" in report.text
    assert "*Goals kept*: 0 of 1" in report.text
    [shown] = pictures(drawing, CHANNEL)
    assert shown.thread_ts == report.message.ts
    assert shown.files[0].name == f"WoW-{TUESDAY}.png"


def test_the_picture_comes_once_also_after_kills_and_while_slack_stumbles(drawing: World) -> None:
    drawing.forgives_slack = True
    drawing.seeds_small_week()
    drawing.slack.weather.drops_after(match="POST .*completeUploadExternal")

    drawing.rolls_over()
    drawing.bot.is_killed()
    drawing.bot_returns()
    drawing.is_idle()

    assert len(pictures(drawing, CHANNEL)) == 1
