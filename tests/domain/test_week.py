"""The calendar: Wednesday to the end of Tuesday, in the team's own zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import week
from bot.domain.errors import UserError
from bot.domain.team import Team
from bot.domain.week import Week
from tests.builders import TUESDAY, WEEKS

ZONES = (
    "UTC",
    "Etc/GMT+12",
    "Pacific/Pago_Pago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Europe/Amsterdam",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)

days = st.dates(date(1970, 1, 8), date(2100, 1, 1))
zones = st.sampled_from(ZONES).map(ZoneInfo)


def warnings(
    ending: date = TUESDAY,
    *,
    started: date | None = date(2026, 11, 18),
    due: date | None = TUESDAY,
    endings: tuple[date, ...] = (date(2026, 11, 17),),
    today: date = date(2026, 11, 25),
) -> str:
    return " ".join(week.warnings(ending, started=started, due=due, endings=[*endings], today=today))


@given(days)
def test_the_last_ending_is_the_nearest_tuesday_that_is_over_or_is_today(today: date) -> None:
    ending = week.last_ending(today)

    assert ending.weekday() == 1
    assert today - timedelta(days=6) <= ending <= today


@given(days)
def test_a_week_has_seven_days_from_wednesday_to_tuesday_and_the_next_one_follows_at_once(today: date) -> None:
    one = Week(week.last_ending(today))

    assert (one.start.weekday(), one.ending.weekday()) == (2, 1)
    assert (one.ending - one.start).days == 6
    assert one.following.start == one.ending + timedelta(days=1)
    assert (one.following.ending - one.ending).days == 7


@given(days)
def test_a_week_that_starts_on_any_day_ends_on_the_first_tuesday_after_it(start: date) -> None:
    ending = week.ending_from(start)

    assert ending.weekday() == 1
    assert 1 <= (ending - start).days <= 7


@pytest.mark.parametrize(("today", "left"), [(18, 7), (23, 2), (24, 1), (25, 0), (30, 0)])
def test_today_and_the_last_day_count_as_days_left(today: int, left: int) -> None:
    assert Week(TUESDAY).days_left(date(2026, 11, today)) == left


# zones


@given(days, zones)
def test_a_day_begins_at_its_first_moment_and_the_moment_before_belongs_to_an_earlier_day(
    day: date, zone: ZoneInfo
) -> None:
    first = week.first_moment(day, zone)

    assert first.tzinfo is UTC
    assert first.astimezone(zone).date() >= day
    assert (first - timedelta(microseconds=1)).astimezone(zone).date() < day


@given(days, zones)
def test_the_days_of_a_zone_follow_each_other(day: date, zone: ZoneInfo) -> None:
    length = week.first_moment(day + timedelta(days=1), zone) - week.first_moment(day, zone)

    assert timedelta(0) <= length <= timedelta(hours=26)


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00"),  # clocks went from 00:00 to 01:00
        ("America/Sao_Paulo", date(2018, 2, 18), "2018-02-18T03:00"),  # 23:00 came twice the evening before
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00"),  # this day was skipped,
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00"),  # so both begin at once
        ("Pacific/Auckland", date(2026, 9, 27), "2026-09-26T12:00"),
        ("Pacific/Auckland", date(2026, 9, 28), "2026-09-27T11:00"),
        ("America/Los_Angeles", date(2026, 11, 1), "2026-11-01T07:00"),
        ("America/Los_Angeles", date(2026, 11, 2), "2026-11-02T08:00"),
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00"),  # 00:00 comes twice; the first counts
    ],
)
def test_daylight_saving_and_skipped_days_move_the_first_moment(zone: str, day: date, first: str) -> None:
    assert week.first_moment(day, ZoneInfo(zone)) == datetime.fromisoformat(first).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "ending"),
    [
        ("2026-11-24T10:30", "Pacific/Auckland", TUESDAY),
        ("2026-11-24T11:30", "Pacific/Auckland", TUESDAY),  # Wednesday there already
        ("2026-11-23T10:59", "Pacific/Auckland", date(2026, 11, 17)),  # still Monday
        ("2026-11-23T11:00", "Pacific/Auckland", TUESDAY),  # Tuesday there, Monday in London
        ("2026-11-24T07:59", "America/Los_Angeles", date(2026, 11, 17)),  # still Monday
        ("2026-11-24T08:00", "America/Los_Angeles", TUESDAY),
        ("2026-11-25T07:59", "America/Los_Angeles", TUESDAY),
        ("2026-11-23T10:00", "Pacific/Kiritimati", TUESDAY),
        ("2026-11-24T11:59", "Etc/GMT+12", date(2026, 11, 17)),
        ("2011-12-30T10:00", "Pacific/Apia", date(2011, 12, 27)),
    ],
)
def test_the_team_s_zone_decides_which_tuesday_is_the_last(at: str, zone: str, ending: date) -> None:
    team = Team(channel="C1", zone=ZoneInfo(zone))

    assert week.last_ending(team.day(datetime.fromisoformat(at).replace(tzinfo=UTC))) == ending


# days as people type them


def test_a_typed_day_is_taken_as_it_is() -> None:
    assert week.parse_ending("2026-11-25", TUESDAY) == date(2026, 11, 25)


@pytest.mark.parametrize(
    "typed",
    ["2026-11-31", "2026-02-29", "2026-13-01", "0000-01-01", "2026-W48-2", "20261124", "24.11.2026", "soon", ""],
)
def test_a_day_that_does_not_exist_is_refused_with_one_that_can_be_typed(typed: str) -> None:
    with pytest.raises(UserError, match=r"`/wow rollover ending 2026-11-24`"):
        week.parse_ending(typed, TUESDAY)


def test_seven_days_ahead_may_be_closed_and_eight_may_not() -> None:
    assert week.parse_ending("2026-12-01", TUESDAY) == date(2026, 12, 1)

    with pytest.raises(UserError, match="more than seven days ahead"):
        week.parse_ending("2026-12-02", TUESDAY)


@pytest.mark.parametrize("typed", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_break_nothing(typed: str) -> None:
    day = date.fromisoformat(typed)

    ending = week.parse_ending(typed, day - timedelta(days=7) if day.year > 1 else day)

    assert week.warnings(day, started=None, due=None, endings=[], today=TUESDAY) if day.year == 1 else ending == day


@pytest.mark.parametrize(
    ("title", "ending"),
    [
        ("WoW ending 2017-08-29", date(2017, 8, 29)),
        ("wow ENDING 2017-08-29 ", date(2017, 8, 29)),
        ("WoW ending 2017-08-32", None),
        ("WoW ending 2017-W35-2", None),
        ("Next WoW ending 2017-08-29", None),
        ("WoW", None),
        ("", None),
    ],
)
def test_a_closed_week_is_known_by_its_title(title: str, ending: date | None) -> None:
    assert week.ending_of(title, "WoW") == ending


# warnings


def test_a_usual_week_needs_no_warning() -> None:
    assert not warnings()


def test_a_day_that_is_no_tuesday_is_warned_of() -> None:
    assert "2026-11-25 is a Wednesday; a week ends on a Tuesday." in warnings(date(2026, 11, 25))


def test_a_day_to_come_is_warned_of() -> None:
    assert "2026-11-24 is in the future" in warnings(today=date(2026, 11, 23))


def test_a_missed_rollover_is_warned_of_with_the_way_to_close_the_first_week_alone() -> None:
    said = warnings(started=date(2026, 11, 11), endings=(date(2026, 11, 10),))

    assert "14 days (2026-11-11 to 2026-11-24)" in said
    assert "`/wow rollover ending 2026-11-17`" in said


def test_a_missed_rollover_shows_also_where_the_week_has_no_start_date() -> None:
    assert "a rollover was probably missed" in warnings(started=None, endings=(date(2026, 11, 10),))


def test_a_due_date_that_says_another_day_is_warned_of() -> None:
    assert "due on 2026-11-25; it is closed as the week ending 2026-11-24" in warnings(due=date(2026, 11, 25))


@pytest.mark.parametrize("started", [date(2026, 11, 17), None])
def test_an_overlap_with_the_week_before_is_warned_of(started: date | None) -> None:
    before = date(2026, 11, 18) if started is None else date(2026, 11, 17)

    assert f"overlaps the week before, which ended on {before}" in warnings(started=started, endings=(before,))


def test_a_later_week_that_is_closed_is_warned_of() -> None:
    assert "A later week, ending 2026-12-01, is closed already." in warnings(endings=(date(2026, 12, 1),))


def test_a_next_week_that_is_over_too_is_warned_of() -> None:
    assert "2026-11-25 to 2026-12-01, is over too" in warnings(today=date(2026, 12, 2))
    assert not warnings(today=date(2026, 12, 1))


@given(days, st.none() | days, st.none() | days, st.lists(days, max_size=3), days)
def test_warnings_are_sentences_whatever_the_dates(
    ending: date, started: date | None, due: date | None, endings: list[date], today: date
) -> None:
    for said in week.warnings(ending, started=started, due=due, endings=endings, today=today):
        assert said.endswith(".")


# real weeks


@pytest.mark.parametrize(("title", "start", "due"), WEEKS)
def test_a_real_week_is_known_by_its_title_and_chosen_on_the_day_after_it(title: str, start: date, due: date) -> None:
    assert week.ending_of(title, "WoW") == due
    assert week.parse_ending(due.isoformat(), due + timedelta(days=1)) == due
    if due.weekday() == 1:
        assert week.last_ending(due + timedelta(days=1)) == due
        assert week.last_ending(due + timedelta(days=6)) == due
    if (due - start).days == 6:
        assert Week(due).start == start
    if start.weekday() == 2 and due.weekday() == 1 and (due - start).days < 7:
        assert week.ending_from(start) == due


@pytest.mark.parametrize(("title", "start", "due"), WEEKS)
def test_a_real_week_is_warned_of_exactly_where_it_was_unusual(title: str, start: date, due: date) -> None:
    endings = tuple(ended for _, _, ended in WEEKS if ended < due)
    said = warnings(due, started=start, due=due, endings=endings, today=due + timedelta(days=1))

    assert ("a week ends on a Tuesday" in said) == (due in {date(2017, 5, 10), date(2017, 5, 17)})
    assert ("instead of seven" in said) == ((due - start).days > 6)
    assert ("overlaps the week before" in said) == (start in endings)
    assert bool(said) == (due.weekday() != 1 or (due - start).days > 6 or start in endings)


def test_the_real_weeks_overlap_by_a_day_seven_times() -> None:
    assert sum(start == ended for (_, _, ended), (_, start, _) in pairwise(WEEKS)) == 7
