"""Calendars as people and programs write them become the rota; what cannot be read leaves it as it was."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.domain.people import Person
from bot.domain.rota import Entry, Rota, upcoming
from bot.rota import MOST_BYTES, PERIOD, NotReadError, RotaReader, read_calendar
from bot.sandbox.server import Server
from bot.store import Store, look_in, open_store
from tests.stories.world import World

pytestmark = pytest.mark.anyio

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
AT_EIGHT = ("DTSTART:20261119T080000Z", "DTEND:20261119T160000Z")


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def calendar(*parts: str) -> bytes:
    """A calendar of lines and events."""
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\n"
    lines = (part if part.endswith("\r\n") else f"{part}\r\n" for part in parts)
    return f"{head}{''.join(lines)}END:VCALENDAR\r\n".encode()


def read(*parts: str, at: datetime = AT, zone: ZoneInfo = AMSTERDAM) -> tuple[Entry, ...]:
    return read_calendar(calendar(*parts), zone, at)


def times(entries: tuple[Entry, ...]) -> list[str]:
    """The entries as one would write them down, in UTC."""
    return [f"{one.since:%m-%d %H:%M} {one.until:%m-%d %H:%M} {one.words}" for one in entries]


# What a calendar says

CHANGES = [
    ("Europe/Amsterdam", date(2026, 10, 25), 9),
    ("Europe/Amsterdam", date(2027, 3, 28), 7),
    ("America/Los_Angeles", date(2026, 11, 1), 9),
    ("America/Los_Angeles", date(2027, 3, 14), 7),
    ("Pacific/Auckland", date(2026, 9, 27), 7),
    ("Pacific/Auckland", date(2027, 4, 4), 9),
]


@pytest.mark.parametrize(("name", "change", "hours"), CHANGES)
@pytest.mark.parametrize("written", ["zone", "floating", "in the team's zone"])
def test_a_shift_keeps_its_time_of_day_when_clocks_change(name: str, change: date, hours: int, written: str) -> None:
    zone = ZoneInfo(name)
    own = f";TZID={name}" if written == "zone" else ""
    other = ZoneInfo("Asia/Kolkata")
    night = event(
        "UID:night",
        f"DTSTART{own}:20260104T000000",
        f"DTEND{own}:20260104T080000",
        "RRULE:FREQ=WEEKLY;BYDAY=SU",
        "SUMMARY:Bob",
    )
    head = [f"X-WR-TIMEZONE:{name}"] if written == "floating" else []

    found = read(
        *head,
        night,
        at=datetime(change.year, change.month, change.day, tzinfo=UTC) - timedelta(days=10),
        zone=zone if written == "in the team's zone" else other,
    )

    local = [(one.since.astimezone(zone), one.until.astimezone(zone), one.until - one.since) for one in found]
    assert {(since.hour, until.hour) for since, until, _ in local} == {(0, 8)}
    assert {since.date(): long for since, _, long in local}[change] == timedelta(hours=hours)
    assert {long for since, _, long in local if since.date() != change} == {timedelta(hours=8)}
    assert all(one.since.tzinfo is UTC and one.until.tzinfo is UTC for one in found)


SUN = {
    "Europe/Amsterdam": ("Bob", "080000", "160000"),
    "America/Los_Angeles": ("Carol", "070000", "150000"),
    "Pacific/Auckland": ("Alice", "100000", "190000"),
}
TEAM = [Person("U1", "Alice"), Person("U2", "Bob"), Person("U3", "Carol")]


@pytest.mark.parametrize("monday", [date(2026, 9, 21), date(2026, 10, 19), date(2026, 10, 26), date(2027, 3, 8)])
def test_a_week_around_the_sun_passes_from_one_to_the_next(monday: date) -> None:
    weekly = [
        event(
            f"UID:{who}",
            f"DTSTART;TZID={zone}:20260105T{begins}",
            f"DTEND;TZID={zone}:20260105T{ends}",
            "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
            f"SUMMARY:On call: {who}",
        )
        for zone, (who, begins, ends) in SUN.items()
    ]
    at = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)

    rota = Rota(at, read(*weekly, at=at))

    hours = {who: (zone, begins[:2]) for zone, (who, begins, _) in SUN.items()}
    on_call, passed = "U1", []
    for _ in range(21):
        found = upcoming(rota, TEAM, on_call, at)
        assert found is not None
        zone, begins = hours[found.person.name]
        assert f"{found.since.astimezone(ZoneInfo(zone)):%H}" == begins
        on_call, at = found.person.id, found.since
        passed.append(found.person.name)
    assert passed == ["Bob", "Carol", "Alice"] * 7


def test_one_recurrence_is_left_out_another_is_moved_and_given_to_somebody_else() -> None:
    weekly = event(
        "UID:1",
        "DTSTART;TZID=Europe/Amsterdam:20260105T090000",
        "DTEND;TZID=Europe/Amsterdam:20260105T170000",
        "RRULE:FREQ=WEEKLY",
        "EXDATE;TZID=Europe/Amsterdam:20261130T090000",
        "SUMMARY:Bob",
    )
    moved = event(
        "UID:1",
        "RECURRENCE-ID;TZID=Europe/Amsterdam:20261123T090000",
        "DTSTART;TZID=Europe/Amsterdam:20261123T120000",
        "DTEND;TZID=Europe/Amsterdam:20261123T170000",
        "SUMMARY:Carol",
    )
    cancelled = event(
        "UID:1",
        "RECURRENCE-ID;TZID=Europe/Amsterdam:20261214T090000",
        "DTSTART;TZID=Europe/Amsterdam:20261214T090000",
        "DTEND;TZID=Europe/Amsterdam:20261214T170000",
        "STATUS:CANCELLED",
        "SUMMARY:Bob",
    )

    assert times(read(weekly, moved, cancelled)) == ["11-23 11:00 11-23 16:00 Carol", "12-07 08:00 12-07 16:00 Bob"]


def test_days_begin_at_midnight_in_the_calendars_zone_else_in_the_teams() -> None:
    days = event("UID:1", "DTSTART;VALUE=DATE:20261120", "DTEND;VALUE=DATE:20261123", "SUMMARY:Bob")
    one = event("UID:2", "DTSTART;VALUE=DATE:20261123", "SUMMARY:Carol")

    assert times(read(days, one)) == ["11-19 23:00 11-22 23:00 Bob", "11-22 23:00 11-23 23:00 Carol"]
    assert times(read("X-WR-TIMEZONE:Pacific/Auckland", days, one)) == [
        "11-19 11:00 11-22 11:00 Bob",
        "11-22 11:00 11-23 11:00 Carol",
    ]
    assert times(read("X-WR-TIMEZONE:Middle/Earth", days)) == ["11-19 23:00 11-22 23:00 Bob"]


def test_weeks_of_whole_days_follow_one_another_over_a_change_of_clocks() -> None:
    weeks = [
        event(f"UID:{who}", f"DTSTART;VALUE=DATE:{start}", f"DTEND;VALUE=DATE:{end}", "RRULE:FREQ=WEEKLY;INTERVAL=2",
              f"SUMMARY:{who}")
        for who, start, end in [("Bob", "20261012", "20261019"), ("Carol", "20261019", "20261026")]
    ]  # fmt: skip

    found = read(*weeks, at=datetime(2026, 10, 14, tzinfo=UTC))

    assert times(found)[:3] == [
        "10-11 22:00 10-18 22:00 Bob",
        "10-18 22:00 10-25 23:00 Carol",
        "10-25 23:00 11-01 23:00 Bob",
    ]
    assert all(one.until == after.since for one, after in pairwise(found))


def test_a_zone_may_be_described_in_the_calendar_or_have_windows_name() -> None:
    described = (
        "BEGIN:VTIMEZONE\r\nTZID:Ours\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
        "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
        "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
    )
    weekly = ("RRULE:FREQ=WEEKLY;COUNT=2", "DURATION:PT8H", "SUMMARY:Bob")
    autumn = datetime(2026, 10, 20, tzinfo=UTC)
    in_both = ["10-22 06:00 10-22 14:00 Bob", "10-29 07:00 10-29 15:00 Bob"]

    assert times(read(described, event("UID:1", "DTSTART;TZID=Ours:20261022T080000", *weekly), at=autumn)) == in_both
    windows = event("UID:1", "DTSTART;TZID=W. Europe Standard Time:20261022T080000", *weekly)
    assert times(read(windows, at=autumn, zone=ZoneInfo("UTC"))) == in_both


def test_what_overlaps_and_what_leaves_gaps_stays_as_it_is() -> None:
    first = event("UID:1", *AT_EIGHT, "SUMMARY:Bob")
    second = event("UID:2", "DTSTART:20261119T150000Z", "DTEND:20261119T200000Z", "SUMMARY:Carol")
    third = event("UID:3", "DTSTART:20261120T000000Z", "DTEND:20261120T080000Z", "SUMMARY:Alice")

    assert times(read(third, second, first, first)) == [
        "11-19 08:00 11-19 16:00 Bob",
        "11-19 15:00 11-19 20:00 Carol",
        "11-20 00:00 11-20 08:00 Alice",
    ]


def test_only_the_last_day_and_the_coming_month_are_kept() -> None:
    hourly = event(
        "UID:1", "DTSTART:20260101T000000Z", "DURATION:PT12H", "RRULE:FREQ=HOURLY;INTERVAL=12", "SUMMARY:Bob"
    )
    long = event("UID:2", "DTSTART:20261001T000000Z", "DTEND:20270301T000000Z", "SUMMARY:Carol")

    found = read(hourly, long)

    assert found[0] == Entry(datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC), "Carol")
    assert found[1].until > AT - timedelta(days=1) >= found[1].since
    assert found[-1].since < AT + timedelta(days=30) <= found[-1].until


def test_addresses_come_from_attendees_the_summary_and_the_first_line_of_the_description() -> None:
    (found,) = read(
        event(
            "UID:1",
            *AT_EIGHT,
            "ATTENDEE;CN=Bob Hill;PARTSTAT=ACCEPTED:mailto:Bob@Example.org",
            "ATTENDEE:MAILTO:carol@example.org",
            "ATTENDEE:urn:uuid:1234",
            "SUMMARY:On call: dave@example.org (night)",
            "DESCRIPTION:or eve@example.org\\nas mallory@example.org wished",
        )
    )

    assert found.emails == ("bob@example.org", "carol@example.org", "dave@example.org", "eve@example.org")
    assert found.words == "On call: dave@example.org (night)"


BROKEN = {
    "no start": ("DTEND:20261119T160000Z",),
    "a start that is none": ("DTSTART:tomorrow", "DTEND:20261119T160000Z"),
    "two starts": (*AT_EIGHT, "DTSTART:20261119T090000Z"),
    "an end that is none": ("DTSTART:20261119T080000Z", "DTEND:late"),
    "a rule that is none": (*AT_EIGHT, "RRULE:FREQ=SOMETIMES"),
    "an exception that is none": (*AT_EIGHT, "RRULE:FREQ=DAILY", "EXDATE:never"),
    "a zone nobody knows": ("DTSTART;TZID=Middle/Earth:20261119T080000", "DTEND;TZID=Middle/Earth:20261119T160000"),
    "an end before the start": ("DTSTART:20261119T080000Z", "DTEND:20261118T080000Z", "RRULE:FREQ=DAILY"),
    "every second": (*AT_EIGHT, "RRULE:FREQ=SECONDLY"),
    "a line about times that is none": (*AT_EIGHT, "RRULE FREQ=DAILY"),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_one_broken_entry_does_not_lose_the_others(name: str) -> None:
    broken = event("UID:broken", *BROKEN[name], "SUMMARY:Mallory")

    assert times(read(event("UID:1", *AT_EIGHT, "SUMMARY:Bob"), broken)) == ["11-19 08:00 11-19 16:00 Bob"]


def test_a_broken_exception_does_not_lose_the_series() -> None:
    series = event("UID:1", *AT_EIGHT, "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:Bob")
    broken = event("UID:1", "RECURRENCE-ID:20261120T080000Z", "DTSTART:later", "SUMMARY:Carol")

    assert times(read(series, broken))[0] == "11-19 08:00 11-19 16:00 Bob"


def test_a_broken_line_that_says_nothing_of_times_is_passed_over() -> None:
    found = read(event("UID:1", *AT_EIGHT, "GEO:somewhere", "SEQUENCE:many", "so it goes", "SUMMARY:Bob"))

    assert times(found) == ["11-19 08:00 11-19 16:00 Bob"]


NO_CALENDARS = {
    "a page": b"<!DOCTYPE html><html><title>Please sign in: here</title></html>",
    "nothing": b"",
    "bytes": bytes(range(256)),
    "half a calendar": calendar(event("UID:1", *AT_EIGHT, "SUMMARY:Bob"))[:-40],
    "an entry alone": event("UID:1", *AT_EIGHT, "SUMMARY:Bob").encode(),
    "a calendar of broken entries": calendar(event("UID:1", "SUMMARY:Bob")),
}


@pytest.mark.parametrize("name", sorted(NO_CALENDARS))
def test_what_is_no_calendar_is_refused(name: str) -> None:
    with pytest.raises(NotReadError):
        read_calendar(NO_CALENDARS[name], AMSTERDAM, AT)


def test_a_calendar_without_entries_is_one() -> None:
    assert read() == ()
    assert read_calendar(b"\xef\xbb\xbf" + calendar().replace(b"\r\n", b"\n"), AMSTERDAM, AT) == ()


# How it is read


class Desk:
    """Whoever publishes the calendar, at `/secret/rota.ics`."""

    def __init__(self) -> None:
        self.body, self.status, self.hangs = calendar(event("UID:1", *AT_EIGHT, "SUMMARY:Bob")), 200, False
        app = web.Application()
        app.router.add_get("/secret/rota.ics", self._answer)
        app.router.add_get("/moved.ics", self._elsewhere)
        self.server = Server(app)

    @property
    def address(self) -> str:
        return f"{self.server.url}/secret/rota.ics"

    async def _answer(self, _: web.Request) -> web.Response:
        if self.hangs:
            await asyncio.Event().wait()
        return web.Response(body=self.body, status=self.status, content_type="text/calendar")

    async def _elsewhere(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/secret/rota.ics")


class Clock:
    """What time it is."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    await desk.server.start()
    yield desk
    await desk.server.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/baton.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def kept(store: Store) -> Rota:
    found = await store.read(lambda tx: tx.rota())
    assert found is not None
    return found


@pytest.mark.parametrize("path", ["/secret/rota.ics", "/moved.ics"])
async def test_an_address_is_read_and_kept(
    path: str, desk: Desk, session: aiohttp.ClientSession, store: Store, clock: Clock
) -> None:
    reader = RotaReader(f"{desk.server.url}{path}", AMSTERDAM, store, session, clock)

    assert await reader.step() == PERIOD

    rota = await kept(store)
    assert (rota.read_at, rota.trouble, times(rota.entries)) == (AT, "", ["11-19 08:00 11-19 16:00 Bob"])


TROUBLES = {
    "404": "127.0.0.1 answered 404",
    "500": "127.0.0.1 answered 500",
    "hangs": "127.0.0.1 did not answer within 0.2 seconds",
    "is gone": "127.0.0.1 cannot be reached (ClientConnectorError)",
    "no calendar": "the text is no calendar, or not a whole one",
    "too large": "the calendar at 127.0.0.1 is larger than 5 MB",
}


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
async def test_an_address_that_fails_leaves_the_rota_as_it_was(
    trouble: str, desk: Desk, session: aiohttp.ClientSession, store: Store, clock: Clock
) -> None:
    reader = RotaReader(desk.address, AMSTERDAM, store, session, clock, timeout=0.2 if trouble == "hangs" else 10)
    await reader.step()
    before = await kept(store)

    clock.at += timedelta(minutes=5)
    desk.status = int(trouble) if trouble.isdigit() else 200
    desk.hangs = trouble == "hangs"
    desk.body = b"<html>" if trouble == "no calendar" else desk.body
    if trouble == "too large":
        desk.body = calendar("X-FILLING:" + "x" * MOST_BYTES)
    if trouble == "is gone":
        await desk.server.stop()
    with capture_logs() as said:
        assert await reader.step() < PERIOD

    after = await kept(store)
    assert (after.read_at, after.entries, after.trouble) == (AT, before.entries, TROUBLES[trouble])
    assert [line["reason"] for line in said if line["event"] == "rota.not_read"] == [TROUBLES[trouble]]
    assert "secret" not in f"{said} {after}"


async def test_trouble_is_over_when_it_can_be_read_again(
    desk: Desk, session: aiohttp.ClientSession, store: Store, clock: Clock
) -> None:
    reader = RotaReader(desk.address, AMSTERDAM, store, session, clock)
    desk.status = 503
    with capture_logs() as said:
        pauses = [await reader.step() for _ in range(7)]
    assert (await kept(store)).trouble == "127.0.0.1 answered 503"
    assert (await kept(store)).read_at is None

    clock.at += timedelta(minutes=5)
    desk.status = 200
    assert await reader.step() == PERIOD

    assert pauses == [10, 20, 40, 80, 160, 300, 300]
    assert len(said) == 1, "the same trouble is logged once"
    assert (await kept(store)).trouble == ""
    assert (await kept(store)).read_at == clock.at
    desk.status = 503
    assert await reader.step() == 10


async def test_a_calendar_that_changes_is_read_anew_and_one_that_does_not_follows_the_time(
    desk: Desk, session: aiohttp.ClientSession, store: Store, clock: Clock
) -> None:
    def stamped(who: str) -> bytes:
        daily = event("UID:1", f"DTSTAMP:{clock.at:%Y%m%dT%H%M%SZ}", *AT_EIGHT, "RRULE:FREQ=DAILY", f"SUMMARY:{who}")
        return calendar(daily)

    reader = RotaReader(desk.address, AMSTERDAM, store, session, clock)
    desk.body = stamped("Bob")
    await reader.step()
    first = await kept(store)

    clock.at += timedelta(minutes=5)
    desk.body = stamped("Bob")
    await reader.step()
    same = await kept(store)
    assert (same.read_at, same.entries) == (clock.at, first.entries)

    desk.body = stamped("Carol")
    await reader.step()
    assert {one.words for one in (await kept(store)).entries} == {"Carol"}

    clock.at += timedelta(days=2)
    await reader.step()
    assert (await kept(store)).entries[-1].since == first.entries[-1].since + timedelta(days=2)


async def test_a_file_is_read_and_stays_known_when_it_is_taken_away(
    tmp_path: Path, session: aiohttp.ClientSession, store: Store, clock: Clock
) -> None:
    file = tmp_path / "rota.ics"
    file.write_bytes(calendar(event("UID:1", *AT_EIGHT, "SUMMARY:Bob")))
    reader = RotaReader(str(file), AMSTERDAM, store, session, clock)
    await reader.step()

    file.write_bytes(calendar("X-FILLING:" + "x" * MOST_BYTES))
    await reader.step()
    assert (await kept(store)).trouble == "the file rota.ics is larger than 5 MB"

    file.unlink()
    await reader.step()
    assert (await kept(store)).trouble == "the file rota.ics cannot be read (No such file or directory)"
    assert times((await kept(store)).entries) == ["11-19 08:00 11-19 16:00 Bob"]


async def test_the_rota_of_another_address_is_not_taken_for_this_one(
    desk: Desk, session: aiohttp.ClientSession, store: Store, clock: Clock
) -> None:
    await RotaReader(f"{desk.server.url}/moved.ics", AMSTERDAM, store, session, clock).step()
    desk.status = 404

    await RotaReader(desk.address, AMSTERDAM, store, session, clock).step()

    rota = await kept(store)
    assert (rota.read_at, rota.entries, rota.trouble) == (None, (), "127.0.0.1 answered 404")


@pytest.mark.parametrize("hangs", [False, True])
async def test_the_worker_reads_at_the_start_and_ends_when_it_is_told_to(
    hangs: bool, desk: Desk, session: aiohttp.ClientSession, store: Store, clock: Clock
) -> None:
    desk.hangs = hangs
    working = asyncio.create_task(RotaReader(desk.address, AMSTERDAM, store, session, clock).run())
    while not hangs and await store.read(lambda tx: tx.rota()) is None:  # noqa: ASYNC110 - the store has no event
        await asyncio.sleep(0)

    working.cancel()

    await asyncio.wait([working], timeout=5)
    assert working.cancelled()


async def test_the_worker_outlives_a_store_that_fails(
    desk: Desk, session: aiohttp.ClientSession, store: Store, clock: Clock
) -> None:
    store.close()
    with capture_logs() as said:
        working = asyncio.create_task(RotaReader(desk.address, AMSTERDAM, store, session, clock).run())
        while not any(line["event"] == "rota.broke" for line in said):  # noqa: ASYNC110 - nor has the log
            await asyncio.sleep(0)

    assert not working.done()
    working.cancel()
    await asyncio.wait([working])


# In the bot


def test_the_bot_reads_the_rota_it_is_given_and_forgets_one_it_is_not(tmp_path: Path) -> None:
    file = tmp_path / "rota.ics"
    daily = event("UID:1", "DTSTART:20170101T080000Z", "DURATION:PT8H", "RRULE:FREQ=DAILY", "SUMMARY:Bob")
    file.write_bytes(calendar(daily))

    def known() -> Rota | None:
        return look_in(tmp_path / "baton.db", lambda tx: tx.rota())

    with World(tmp_path, ROTA=str(file)) as world:
        world.seeds_small_week()
        world.bot.starts()
        world.until(known, "the rota is read")
        assert 'baton_loop_heartbeat_seconds{loop="rota"}' in str(world.bot.asks("/metrics")[1])

    with World(tmp_path) as world:
        world.seeds_small_week()
        world.bot.starts()
        world.until(lambda: known() is None, "the rota is forgotten")
