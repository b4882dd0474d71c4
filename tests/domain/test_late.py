"""Which issue came too late to be planned."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.late import Verdict, judge, week_started
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, MilestoneEvent

WOW, NEXT = 7, 8
TEAM = Team(channel="C1", zone=ZoneInfo("America/Los_Angeles"))
STARTED = datetime(2026, 11, 18, 8, tzinfo=UTC)
SOON = timedelta(minutes=1)


def issue(*labels: str) -> Issue:
    return Issue(1, "Disk is full", labels, WOW)


def added(at: datetime, milestone: int = WOW) -> MilestoneEvent:
    return MilestoneEvent(milestone, added=True, at=at)


def taken_out(at: datetime, milestone: int = WOW) -> MilestoneEvent:
    return MilestoneEvent(milestone, added=False, at=at)


def is_late(*events: MilestoneEvent, labels: tuple[str, ...] = (), started: datetime | None = STARTED) -> bool:
    return judge(issue(*labels), events, WOW, started, TEAM).late


def test_what_came_after_the_start_is_late_and_what_was_there_is_planned() -> None:
    assert is_late(added(STARTED + SOON))
    assert not is_late(added(STARTED))
    assert not is_late(added(STARTED - SOON))
    assert not is_late()


def test_an_outage_is_never_late() -> None:
    assert not is_late(added(STARTED + SOON), labels=("outage",))
    assert is_late(added(STARTED + SOON), labels=("Outage report",))


def test_the_milestone_s_id_counts_so_an_issue_planned_into_next_wow_is_planned() -> None:
    planned = added(STARTED - SOON)

    assert not is_late(planned, added(STARTED + SOON, milestone=NEXT))


def test_who_takes_an_issue_out_and_puts_it_back_has_added_it_then() -> None:
    assert is_late(added(STARTED - SOON), taken_out(STARTED + SOON), added(STARTED + 2 * SOON))
    assert not is_late(added(STARTED - 2 * SOON), taken_out(STARTED + SOON))


def test_the_order_in_which_events_are_listed_does_not_matter() -> None:
    assert is_late(added(STARTED + SOON), added(STARTED - SOON))


def test_without_a_start_nothing_is_late() -> None:
    assert not is_late(added(STARTED + SOON), started=None)


def test_a_late_addition_that_has_the_label_is_marked_as_labelled() -> None:
    events = [added(STARTED + SOON)]

    assert judge(issue("unscheduled"), events, WOW, STARTED, TEAM).labelled
    assert judge(issue(), events, WOW, STARTED, TEAM) == Verdict(late=True, why="added after the week had started")


# when the week started


def started(start: date | None, due: date | None, became: datetime | None = None, zone: str = "UTC") -> datetime | None:
    return week_started(Milestone(WOW, "WoW", start=start, due=due), became, Team(channel="C1", zone=ZoneInfo(zone)))


WEDNESDAY, TUESDAY = date(2026, 11, 18), date(2026, 11, 24)


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("UTC", "2026-11-18T00:00"),
        ("America/Los_Angeles", "2026-11-18T08:00"),
        ("Pacific/Auckland", "2026-11-17T11:00"),
        ("Pacific/Kiritimati", "2026-11-17T10:00"),
        ("Etc/GMT+12", "2026-11-18T12:00"),
    ],
)
def test_the_week_starts_with_its_first_day_in_the_team_s_zone(zone: str, first: str) -> None:
    assert started(WEDNESDAY, TUESDAY, zone=zone) == datetime.fromisoformat(first).replace(tzinfo=UTC)


def test_the_moment_at_which_baton_made_it_the_current_week_comes_first() -> None:
    became = datetime(2026, 11, 18, 15, 4, tzinfo=UTC)

    assert started(WEDNESDAY, TUESDAY, became) == became


def test_without_a_start_date_the_due_date_tells_the_first_day() -> None:
    assert started(None, TUESDAY) == datetime(2026, 11, 18, tzinfo=UTC)


def test_without_any_date_nobody_knows_when_it_started() -> None:
    assert started(None, None) is None
