"""Times and ranges as people type them, and the instants they mean."""

import random
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.commands import words
from bot.domain.errors import UserError
from bot.domain.events import Span
from bot.domain.times import FIRST, When, read_span, read_when

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 22, 15, 30, 20, tzinfo=UTC)
"""16:30:20 in Berlin, in the morning in New York."""
MINUTE = timedelta(minutes=1)


def read(text: str, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> tuple[When, str]:
    """Give what was read, and the words that are left."""
    typed = words(text)
    found = read_when(typed, now, zone)
    assert found is not None, text
    return found[0], " ".join(typed[found[1] :])


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:05", "2026-11-22 13:05"),
        ("9:05", "2026-11-22 08:05"),
        ("14:05:07", "2026-11-22 13:05:07"),
        ("14:05:07.25", "2026-11-22 13:05:07.250"),
        ("at 14:05", "2026-11-22 13:05"),
        ("14:05,", "2026-11-22 13:05"),
        ("14:05:", "2026-11-22 13:05"),
        ("14:05Z", "2026-11-22 14:05"),
        ("14:05z", "2026-11-22 14:05"),
        ("14:05:07Z", "2026-11-22 14:05:07"),
        ("14:05 UTC", "2026-11-22 14:05"),
        ("14:05 utc", "2026-11-22 14:05"),
        ("14:05utc", "2026-11-22 14:05"),
        ("14:05 GMT", "2026-11-22 14:05"),
        ("14:05+05:30", "2026-11-22 08:35"),
        ("14:05 UTC+2", "2026-11-22 12:05"),
        ("07:05 UTC-05:00", "2026-11-22 12:05"),
        ("2:05 pm", "2026-11-22 13:05"),
        ("2:05pm UTC", "2026-11-22 14:05"),
        ("2:05 p.m.", "2026-11-22 13:05"),
        ("2pm", "2026-11-22 13:00"),
        ("12:05 am", "2026-11-21 23:05"),
        ("12:05 PM", "2026-11-22 11:05"),
        ("2026-11-21 14:05", "2026-11-21 13:05"),
        ("2026-11-21, 14:05", "2026-11-21 13:05"),
        ("2026-11-21 at 14:05", "2026-11-21 13:05"),
        ("2026\u201111\u201121 14:05", "2026-11-21 13:05"),
        ("2026-07-21 14:05", "2026-07-21 12:05"),
        ("2026-11-21T14:05:07Z", "2026-11-21 14:05:07"),
        ("2026-11-21t14:05", "2026-11-21 13:05"),
        ("2026-11-21 14:05:07 UTC", "2026-11-21 14:05:07"),
        ("2026-11-21T14:05:07+01:00", "2026-11-21 13:05:07"),
        ("2026-11-21T14:05:07-0500", "2026-11-21 19:05:07"),
        ("2026-11-21T14:05-05:00", "2026-11-21 19:05"),
        ("2026-11-21 14:05:07 +0100", "2026-11-21 13:05:07"),
        ("2026-11-21 14:05 +01:00", "2026-11-21 13:05"),
        ("2017-01-31 23:27:00 UTC", "2017-01-31 23:27"),
        ("2026-11-23 16:30:20", "2026-11-23 15:30:20"),
        ("yesterday 14:05", "2026-11-21 13:05"),
        ("Yesterday at 14:05", "2026-11-21 13:05"),
        ("yesterday 14:05 UTC", "2026-11-21 14:05"),
        ("14:05 yesterday", "2026-11-21 13:05"),
        ("today 14:05", "2026-11-22 13:05"),
        ("today 23:05", "2026-11-22 22:05"),
        ("tomorrow 09:00", "2026-11-23 08:00"),
        ("-10m", "2026-11-22 15:20:20"),
        ("-10M", "2026-11-22 15:20:20"),
        ("\u221210m", "2026-11-22 15:20:20"),
        ("\u201310 min", "2026-11-22 15:20:20"),
        ("-2h", "2026-11-22 13:30:20"),
        ("-1h30m", "2026-11-22 14:00:20"),
        ("-1.5h", "2026-11-22 14:00:20"),
        ("-90s", "2026-11-22 15:28:50"),
        ("-1d", "2026-11-21 15:30:20"),
        ("10m ago", "2026-11-22 15:20:20"),
        ("-10m ago", "2026-11-22 15:20:20"),
        ("10 min ago", "2026-11-22 15:20:20"),
        ("10 MINUTES AGO,", "2026-11-22 15:20:20"),
        ("2 hours ago", "2026-11-22 13:30:20"),
        ("1 hour 30 min 15 sec ago", "2026-11-22 14:00:05"),
    ],
)
def test_a_time_is_read_as_people_type_it_and_the_text_behind_it_is_left(text: str, at: str) -> None:
    assert read(f"{text} db1 stopped 5 min ago") == (When(utc(at)), "db1 stopped 5 min ago")


@pytest.mark.parametrize("text", ["second replica is back", "seconds later it was back", "min replicas are back"])
def test_a_unit_behind_a_length_that_has_one_is_a_word_of_the_text(text: str) -> None:
    assert read(f"-5m {text}") == (When(utc("2026-11-22 15:25:20")), text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10 nodes drained",
        "3.5 released",
        "-10% traffic",
        "- 10 nodes",
        "-5 nodes",
        "10m rows deleted",
        "1:1 moved to Friday",
        "16:9 screens",
        "10:8080 refused",
        "00:1a:2b:3c:4d:5e is flapping",
        "10:20:30:40:50:60 is flapping",
        "2026-11-21-backup.tar is broken",
        "21.11. was the last backup",
        "10/12 nodes are back",
        "today's deploy is late",
        "yesterday's deploy is back",
        "today db1 is slow",
        "at last db1 is back",
        "nowhere to be seen",
        "ago",
        "a long time ago",
        "2 months ago it worked",
        "v2 rolled out 10m ago",
        "1\u0663:05 is no time here",
    ],
)
def test_a_text_that_begins_with_no_time_is_left_alone(text: str) -> None:
    assert read_when(words(text), NOW, BERLIN) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("25:61 x", "“25:61” is not a time of day"),
        ("24:00 x", "is not a time of day"),
        ("14:60 x", "is not a time of day"),
        ("14:05:60 x", "is not a time of day"),
        ("14:05am x", "is not a time of day"),
        ("0:05 pm x", "“0:05 pm” is not a time of day"),
        ("2026-02-30 14:05 x", "no 2026-02-30 in the calendar"),
        ("2026-13-01T14:05 x", "no 2026-13-01 in the calendar"),
        ("2026-11-21 25:61 x", "is not a time of day"),
        ("yesterday 25:61 x", "is not a time of day"),
        ("0001-01-01 00:00 x", "before 1970"),
        ("1969-12-31 14:05 x", "before 1970"),
        ("1970-01-01 00:30 x", "before 1970"),
        ("999999999w ago x", "before 1970"),
        ("-999999999h x", "before 1970"),
        ("2026-11-23 16:30:21 x", "more than a day ahead"),
        ("9999-12-31 23:59 x", "more than a day ahead"),
        ("tomorrow 23:00 x", "more than a day ahead"),
        ("2026-11-21 x", "`2026-11-21 14:05`.*put another word before it"),
        ("yesterday db1 stopped", "`yesterday 14:05`.*put another word before it"),
        ("21.11.2026 14:05 x", "only as yyyy-mm-dd"),
        ("11/21/2026 14:05 x", "only as yyyy-mm-dd"),
        ("14:05+15:00 x", r"No time zone is \+15:00 from UTC"),
        ("14:05+05:75 x", r"No time zone is \+05:75 from UTC"),
    ],
)
def test_what_is_meant_as_a_time_and_can_be_none_is_answered_with_one_that_works(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        read_when(words(text), NOW, BERLIN)

    assert "14:05`" in str(refused.value)


@pytest.mark.parametrize("text", ["14:05-14:10", "14:05\u201314:10", "09:00-10:00", "14:05 -05:00", "14:05/14:10"])
def test_a_range_is_not_taken_for_an_offset(text: str) -> None:
    with pytest.raises(UserError, match=r"looks like a range.*`14:05`.*`14:05 UTC`"):
        read_when(words(f"{text} latency"), NOW, BERLIN)


def test_an_abbreviation_that_several_zones_share_is_not_guessed_and_a_word_that_looks_like_it_is_text() -> None:
    with pytest.raises(UserError, match=r"which zone IST is.*`14:05 UTC`"):
        read_when(words("14:05 IST db1 stopped"), NOW, BERLIN)

    assert read("14:05 ist db1 ausgefallen")[1] == "ist db1 ausgefallen"
    assert read("14:05 am Standort 3")[1] == "am Standort 3"


def test_a_clock_time_to_come_is_yesterdays_and_this_is_said() -> None:
    taken = "is still to come today, so I took yesterday's."

    assert read("23:05 x")[0] == When(utc("2026-11-21 22:05"), f"23:05 {taken}")
    assert read("23:05:07 x")[0] == When(utc("2026-11-21 22:05:07"), f"23:05:07 {taken}")
    assert read("16:05Z x")[0] == When(utc("2026-11-21 16:05"), f"In UTC, 16:05 {taken}")
    assert read("16:05 x", zone=NEW_YORK)[0] == When(utc("2026-11-21 21:05"), f"16:05 {taken}")


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("16:31", "2026-11-22 15:31"),
        ("16:31:20", "2026-11-22 15:31:20"),
        ("16:31:21", "2026-11-21 15:31:21"),
        ("16:32", "2026-11-21 15:32"),
    ],
)
def test_a_clock_may_be_a_minute_ahead_of_ours(typed: str, at: str) -> None:
    assert read(f"{typed} x")[0].at == utc(at)


def test_a_clock_that_is_ahead_of_ours_at_midnight_means_the_day_that_begins() -> None:
    now = utc("2026-11-22 22:59:40")

    assert read("00:00 x", now)[0] == When(utc("2026-11-22 23:00"))
    assert read("00:01 x", now)[0] == When(utc("2026-11-21 23:01"))


def test_yesterday_is_that_of_the_persons_calendar() -> None:
    now = utc("2026-11-22 03:00")

    assert read("yesterday 14:05 x", now)[0].at == utc("2026-11-21 13:05")
    assert read("yesterday 14:05 x", now, NEW_YORK)[0].at == utc("2026-11-20 19:05")
    assert read("yesterday 14:05 UTC x", now, NEW_YORK)[0] == When(
        utc("2026-11-21 14:05"), "I counted the days in UTC, so I took 2026-11-21."
    )


def test_a_time_that_the_clocks_skip_is_where_a_clock_would_have_gone_on() -> None:
    said = "On 2026-03-29 the clocks in Europe/Berlin skip 02:30, so I took 03:30 (01:30 UTC)."

    assert read("2026-03-29 02:30 x")[0] == When(utc("2026-03-29 01:30"), said)
    assert read("02:30 x", utc("2026-03-29 08:00"))[0] == When(utc("2026-03-29 01:30"), said)
    assert read("yesterday 02:30 x", utc("2026-03-30 08:00"))[0] == When(utc("2026-03-29 01:30"), said)


def test_a_time_that_the_clocks_skip_today_and_that_would_be_to_come_is_yesterdays() -> None:
    read_at_ten_past_three = read("02:30 x", utc("2026-03-29 01:10"))[0]

    assert read_at_ten_past_three == When(
        utc("2026-03-28 01:30"), "The clocks skip 02:30 today, so I took yesterday's."
    )


def test_of_a_time_that_comes_twice_the_last_that_is_past_is_taken_and_the_line_for_the_other_is_said() -> None:
    second = When(
        utc("2026-10-25 01:30"),
        "On 2026-10-25 the clocks in Europe/Berlin show 02:30 twice; I took the second time, 01:30 UTC. "
        "For the other, write `2026-10-25 00:30 UTC`.",
    )
    first = When(
        utc("2026-10-25 00:30"),
        "On 2026-10-25 the clocks in Europe/Berlin show 02:30 twice; I took the first time, 00:30 UTC. "
        "For the other, write `2026-10-25 01:30 UTC`.",
    )

    assert read("2026-10-25 02:30 x")[0] == second
    assert read("02:30 x", utc("2026-10-25 09:00"))[0] == second
    assert read("02:30 x", utc("2026-10-25 01:10"))[0] == first
    assert read("2026-10-25 02:30 x", utc("2026-10-24 12:00"))[0] == first
    assert read("2026-10-25 00:30 UTC x")[0] == When(utc("2026-10-25 00:30"))
    assert read("2026-10-25 02:30 +01:00 x")[0] == When(utc("2026-10-25 01:30"))


def test_a_day_that_a_zone_left_out_is_no_stumbling_block() -> None:
    samoa, morning_after = ZoneInfo("Pacific/Apia"), utc("2011-12-30 20:00")

    when = read("14:05 x", morning_after, samoa)[0]

    assert when == When(utc("2011-12-30 00:05"), "14:05 is still to come today, so I took that of 2011-12-29.")
    assert "skip 14:05, so I took 2011-12-31 14:05" in read("2011-12-30 14:05 x", morning_after, samoa)[0].note


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("today", "2026-11-21 23:00", "2026-11-22 23:00"),
        ("Yesterday", "2026-11-20 23:00", "2026-11-21 23:00"),
        ("2026-11-20", "2026-11-19 23:00", "2026-11-20 23:00"),
        ("2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00"),
        ("2026-11-18 2026-11-20", "2026-11-17 23:00", "2026-11-20 23:00"),
        ("2026-11-18..2026-11-20", "2026-11-17 23:00", "2026-11-20 23:00"),
        ("2026-11-18 .. 2026-11-20", "2026-11-17 23:00", "2026-11-20 23:00"),
        ("2026-11-18…2026-11-20", "2026-11-17 23:00", "2026-11-20 23:00"),
        ("2026-11-18 TO 2026-11-20", "2026-11-17 23:00", "2026-11-20 23:00"),
        ("2026-11-18 \u2013 2026-11-20", "2026-11-17 23:00", "2026-11-20 23:00"),
        ("2026-11-18\u20132026-11-20", "2026-11-17 23:00", "2026-11-20 23:00"),
        ("from 2026-11-18 until yesterday", "2026-11-17 23:00", "2026-11-21 23:00"),
        ("2026-11-20 to 2026-11-18", "2026-11-17 23:00", "2026-11-20 23:00"),
        ("2026-11-18 9999-12-31", "2026-11-17 23:00", None),
        ("last 7 days", "2026-11-15 15:30:20", None),
        ("7d", "2026-11-15 15:30:20", None),
        ("7 days", "2026-11-15 15:30:20", None),
        ("last 24h", "2026-11-21 15:30:20", None),
        ("last hour", "2026-11-22 14:30:20", None),
        ("last week", "2026-11-15 15:30:20", None),
        ("since 14:05", "2026-11-22 13:05", None),
        ("since 23:05", "2026-11-21 22:05", None),
        ("since yesterday 14:05 UTC", "2026-11-21 14:05", None),
        ("since -2h", "2026-11-22 13:30:20", None),
        ("since 2 hours ago", "2026-11-22 13:30:20", None),
        ("since 2h", "2026-11-22 13:30:20", None),
        ("since yesterday", "2026-11-20 23:00", None),
        ("since 2026-11-18", "2026-11-17 23:00", None),
    ],
)
def test_a_range_is_read_in_the_persons_calendar(text: str, since: str, until: str | None) -> None:
    assert read_span(words(text), NOW, BERLIN) == Span(utc(since), utc(until) if until else None)


def test_without_words_there_is_no_range() -> None:
    assert read_span([], NOW, BERLIN) is None


@pytest.mark.parametrize(
    "text",
    [
        "everything",
        "since",
        "since then",
        "since 14:05 db1",
        "last",
        "last friday",
        "last month",
        "14:05",
        "2026-11-18 2026-11-19 2026-11-20",
        "2026-11-18 to",
        "2026-11-18 db1",
        "..",
        "2027-01-01",
        "since 2027-01-01",
        "2026-02-30",
        "since 2026-02-30",
        "since 25:61",
        "since 9999-12-31 23:59",
        "0001-01-01",
        "999999999w",
    ],
)
def test_what_is_no_range_is_answered_with_some_that_work(text: str) -> None:
    with pytest.raises(UserError, match=r"`.*14:05`"):
        read_span(words(text), NOW, BERLIN)


# Around the changes of the clocks, in fifty zones.


@dataclass(frozen=True)
class Change:
    """A moment at which a zone changes its clocks."""

    zone: str
    at: datetime


def _changes(zone: str) -> list[Change]:
    """Find the changes of eight years, to the minute."""
    there, found = ZoneInfo(zone), []
    day = utc("2018-01-01 00:00")
    while day.year < 2026:
        before = day.astimezone(there).utcoffset()
        if before != (day + timedelta(days=1)).astimezone(there).utcoffset():
            early, late = 0, 24 * 60
            while late - early > 1:
                middle = (early + late) // 2
                is_later = (day + middle * MINUTE).astimezone(there).utcoffset() == before
                early, late = (middle, late) if is_later else (early, middle)
            found.append(Change(zone, day + late * MINUTE))
        day += timedelta(days=1)
    return found


@cache
def sample() -> list[Change]:
    names = sorted(available_timezones())
    random.Random(4).shuffle(names)
    unusual = ["Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Asia/Beirut", "America/Havana"]
    changing = (found for name in dict.fromkeys([*unusual, *names]) if (found := _changes(name)))
    return [change for changes in islice(changing, 50) for change in changes]


changes = st.deferred(lambda: st.sampled_from(sample()))
near = st.integers(-36 * 3600, 36 * 3600).map(lambda seconds: timedelta(seconds=seconds))
"""Up to a day and a half before or after a change."""
clocks = st.times().map(lambda each: each.replace(microsecond=0)) | st.builds(
    time, st.integers(0, 3), st.sampled_from([0, 15, 30, 59])
)


def _shows(at: datetime, zone: ZoneInfo, clock: time) -> bool:
    return at.astimezone(zone).time() == clock


def _step(change: Change) -> timedelta:
    offsets = [at.astimezone(ZoneInfo(change.zone)).utcoffset() for at in (change.at - MINUTE, change.at)]
    before, after = (offset or timedelta() for offset in offsets)
    return after - before


def test_the_sample_has_changes_of_fifty_zones_in_both_directions() -> None:
    hour = timedelta(hours=1)

    assert len({each.zone for each in sample()}) == 50
    assert {_step(each) for each in sample()} >= {hour, -hour, hour / 2, -hour / 2}


@settings(max_examples=500)
@given(changes, near, clocks)
def test_a_clock_time_is_the_last_at_which_clocks_showed_it_unless_they_skipped_it(
    change: Change, apart: timedelta, clock: time
) -> None:
    zone, now = ZoneInfo(change.zone), change.at + apart

    when = read(f"{clock.isoformat()} x", now, zone)[0]

    assert when.at <= now + MINUTE
    assert now - when.at < timedelta(hours=50)
    if not _shows(when.at, zone, clock):
        assert "skip" in when.note
    first_later = when.at + MINUTE
    later = (first_later + step * MINUTE for step in range(int((now + MINUTE - first_later) / MINUTE) + 1))
    assert not any(_shows(at, zone, clock) for at in later if at <= now + MINUTE)
    if when.at.astimezone(zone).date() != now.astimezone(zone).date() and now - when.at > MINUTE:
        assert when.note


@settings(max_examples=500)
@given(changes, near, near)
def test_a_dated_time_means_the_instant_at_which_clocks_showed_it_or_its_twin_and_this_is_said(
    change: Change, apart: timedelta, later: timedelta
) -> None:
    zone, at = ZoneInfo(change.zone), change.at + apart
    now = at + abs(later)
    shown = at.astimezone(zone).replace(tzinfo=None)

    when = read(f"{shown} x", now, zone)[0]

    assert when.at.astimezone(zone).replace(tzinfo=None) == shown
    assert when.at == at or "twice" in when.note
    assert at <= when.at <= now + MINUTE


@given(changes, near, near)
def test_a_dated_time_in_utc_or_with_an_offset_is_exact_in_every_zone(
    change: Change, apart: timedelta, later: timedelta
) -> None:
    zone, at = ZoneInfo(change.zone), change.at + apart
    now = at + max(later, timedelta(days=-1))
    bare = f"{at:%Y-%m-%d %H:%M:%S}"

    typed = [f"{bare}Z", f"{bare} UTC", bare.replace(" ", "T") + "Z", at.isoformat(), at.astimezone(zone).isoformat()]

    assert [read(f"{each} x", now, zone)[0] for each in typed] == [When(at)] * 5


@given(changes, near)
def test_the_line_that_settles_a_time_that_comes_twice_works(change: Change, apart: timedelta) -> None:
    zone, at = ZoneInfo(change.zone), change.at + apart
    shown, now = at.astimezone(zone).replace(tzinfo=None), at + timedelta(days=3)

    when = read(f"{shown} x", now, zone)[0]

    if found := re.search("`(.+)`", when.note):
        other = read(f"{found[1]} x", now, zone)[0]
        assert other.at.astimezone(zone).replace(tzinfo=None) == shown
        assert other.at < when.at
        assert not other.note


@given(st.dates(date(1971, 1, 1), date(2026, 11, 20)), st.dates(date(1971, 1, 1), date(2026, 11, 20)), changes)
def test_two_days_are_all_that_was_shown_by_calendars_on_them_and_between(
    one: date, other: date, change: Change
) -> None:
    zone = ZoneInfo(change.zone)

    span = read_span([f"{one}..{other}"], NOW, zone)

    assert span is not None
    assert span.since is not None
    assert span.until is not None
    first, last = min(one, other), max(one, other)
    assert (span.since - timedelta(seconds=1)).astimezone(zone).date() < first <= span.since.astimezone(zone).date()
    assert (span.until - timedelta(seconds=1)).astimezone(zone).date() <= last < span.until.astimezone(zone).date()


pieces = st.sampled_from(
    [
        *(
            "14:05",
            "25:61",
            "2026-11-21",
            "2026-02-30",
            "0001-01-01",
            "9999-12-31",
            "2026-11-21T14:05",
            "T",
            "Z",
            "UTC",
        ),
        *(
            "+01:00",
            "-05:00",
            "-99:99",
            "+99",
            "am",
            "pm",
            "yesterday",
            "today",
            "tomorrow",
            "at",
            "now",
            "ago",
            "-10m",
        ),
        *("10", "999999999", "999999999w", "-999999999d", "min", "hours", "since", "last", "to", "..", "-", ",", "x"),
    ]
)
typed = st.lists(pieces | st.text(max_size=8), max_size=7)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=500)
@given(typed.map(" ".join) | typed.map("".join) | st.text(), moments, changes)
def test_whatever_is_typed_is_a_time_or_none_or_refused_in_words(text: str, now: datetime, change: Change) -> None:
    zone, said = ZoneInfo(change.zone), words(text)

    with suppress(UserError):
        if found := read_when(said, now, zone):
            assert found[0].at.tzinfo is UTC
            assert 1 <= found[1] <= len(said)
            assert FIRST <= found[0].at <= now + timedelta(days=1)
    with suppress(UserError):
        assert (read_span(said, now, zone) is None) == (not said)


@given(st.lists(pieces, max_size=7).map(" ".join), moments)
def test_reading_a_time_does_not_depend_on_case(text: str, now: datetime) -> None:
    lower, upper = words(text.lower()), words(text.upper())

    assert _outcome(lower, now) == _outcome(upper, now)


def _outcome(said: list[str], now: datetime) -> tuple[datetime, int] | str | None:
    try:
        found = read_when(said, now, BERLIN)
    except UserError:
        return "refused"
    return (found[0].at, found[1]) if found else None
