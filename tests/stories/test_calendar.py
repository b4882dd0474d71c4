"""Which week is offered depends on the team's day, wherever on the globe that is, and whatever its clocks do."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.stories.world import World, at_midnight

AUCKLAND, LOS_ANGELES = "Pacific/Auckland", "America/Los_Angeles"

# zone, instant, the last day that is offered
MOMENTS = [
    # Tuesday begins in Auckland while it is Monday noon in Greenwich (UTC+13 in November)
    (AUCKLAND, "2026-11-23T10:50Z", "2026-11-17"),
    (AUCKLAND, "2026-11-23T11:10Z", "2026-11-24"),
    # and it is over there before it is half over in Greenwich
    (AUCKLAND, "2026-11-24T11:10Z", "2026-11-24"),
    # Tuesday begins in Los Angeles at eight in the morning in Greenwich (UTC-8)
    (LOS_ANGELES, "2026-11-24T07:50Z", "2026-11-17"),
    (LOS_ANGELES, "2026-11-24T08:10Z", "2026-11-24"),
    (LOS_ANGELES, "2026-11-25T08:10Z", "2026-11-24"),
    # clocks went back on Sunday, 1 November: the next Tuesday begins an hour later in Greenwich than the last one
    (LOS_ANGELES, "2026-10-27T07:10Z", "2026-10-27"),
    (LOS_ANGELES, "2026-11-03T07:10Z", "2026-10-27"),
    (LOS_ANGELES, "2026-11-03T08:10Z", "2026-11-03"),
    # clocks went forward in Auckland on Sunday, 27 September: the next Tuesday begins an hour earlier
    (AUCKLAND, "2026-09-21T11:10Z", "2026-09-15"),
    (AUCKLAND, "2026-09-21T12:10Z", "2026-09-22"),
    (AUCKLAND, "2026-09-28T11:10Z", "2026-09-29"),
]


@pytest.mark.parametrize(("zone", "now", "ending"), MOMENTS)
def test_the_week_that_is_over_or_ends_today_is_offered(tmp_path: Path, zone: str, now: str, ending: str) -> None:
    last = date.fromisoformat(ending)
    with World(tmp_path, now, TEAM_TIMEZONE=zone) as world:
        world.bot.starts()
        world.gitlab.add_milestone("WoW", last - timedelta(days=6), last)
        world.gitlab.add_milestone("Next WoW")

        shown = world.opens_rollover()

        assert f"The week ending {ending}" in shown.text
        assert "warning" not in shown.text


@pytest.fixture
def auckland(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, TEAM_TIMEZONE=AUCKLAND) as world:
        world.bot.starts()
        yield world


def test_late_is_what_came_after_the_teams_own_midnight(auckland: World) -> None:
    gitlab = auckland.gitlab
    wow = gitlab.add_milestone("WoW", date(2026, 11, 18), date(2026, 11, 24))
    gitlab.add_milestone("Next WoW")
    begins = at_midnight(date(2026, 11, 18)) - timedelta(hours=13)
    planned = gitlab.add_issue("Planned", [], wow, created_at=begins, added_at=begins - timedelta(minutes=1))
    late = gitlab.add_issue("Late", [], wow, created_at=begins, added_at=begins + timedelta(minutes=1))

    auckland.rolls_over()

    assert gitlab.labels_of(planned) == []
    assert gitlab.labels_of(late) == ["unscheduled"]


def test_what_was_kept_is_dated_by_the_teams_day(auckland: World) -> None:
    auckland.seeds_small_week()
    auckland.rolls_over()
    auckland.gitlab.add_issue("Planned for later", [], auckland.gitlab.milestones()["Next WoW"])
    assert auckland.bot.stops() == 0
    auckland.clock.moves(hours=4)  # 13:00 in Greenwich, and past midnight in Auckland
    auckland.bot.starts()

    auckland.takes_back()

    assert "Next WoW (kept 2026-11-26)" in auckland.gitlab.milestones()
