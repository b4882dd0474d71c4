"""Reads the rota, an iCalendar at an address or in a file, every few minutes, and keeps what it says of the coming month.

What cannot be read leaves what was read before as it was, and its reason beside it. The address may hold a secret, so
of it nothing but the host is ever said; errors of libraries are named by their kind only, since some quote it. The
libraries take their time to load and to work, so both happens in a thread, when a calendar has come.

https://www.rfc-editor.org/rfc/rfc5545
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from zoneinfo import ZoneInfo

import aiohttp

from bot.domain.rota import Entry, Rota, not_read
from bot.store import Store, Tx
from bot.telemetry import log, metrics

if TYPE_CHECKING:
    from icalendar import Component, Event

PERIOD = 300.0
FIRST_PAUSE = 10.0
"""Seconds until a calendar that could not be read is asked for again; each time twice as long, up to the period."""
TIMEOUT = 10.0
MOST_BYTES = 5_000_000
BACK, AHEAD = timedelta(days=1), timedelta(days=30)
EXPAND_AGAIN = timedelta(hours=1)
"""A calendar of many years takes a second to work through, so while nothing in it changes that is done once an hour."""
MOST_ENTRIES = 2_000
LONGEST_WORDS = 200
_TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
_EMAIL = re.compile(r"[\w.+'%-]+@[\w-]+(?:\.[\w-]+)+")


class NotReadError(Exception):
    """The rota cannot be read, for a reason that can be said aloud."""


def digest(source: str) -> str:
    """Name a calendar without telling its address."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


class RotaSource:
    """The rota where it is kept: `source` is the address or path, `zone` the team's, for what the calendar leaves open."""

    def __init__(
        self, source: str, zone: ZoneInfo, session: aiohttp.ClientSession, *, timeout: float = TIMEOUT
    ) -> None:
        self._source, self._zone, self._session, self._timeout = source, zone, session, timeout
        self._last: tuple[str, datetime, tuple[Entry, ...]] | None = None

    async def read(self, at: datetime) -> tuple[Entry, ...]:
        """Read it as it is now, as far as `read_calendar` does; raises NotReadError."""
        return await asyncio.to_thread(self._entries, await self._fetch(), at)

    def _entries(self, text: bytes, at: datetime) -> tuple[Entry, ...]:
        # some stamp every entry anew whenever they are asked
        written = hashlib.sha256(re.sub(rb"(?m)^DTSTAMP.*$", b"", text)).hexdigest()
        if self._last and self._last[0] == written and at - self._last[1] < EXPAND_AGAIN:
            return self._last[2]
        entries = read_calendar(text, self._zone, at)
        self._last = written, at, entries
        return entries

    async def _fetch(self) -> bytes:
        if "://" not in self._source:
            return await asyncio.to_thread(_read_file, Path(self._source))
        host = urlsplit(self._source).hostname or "the rota's host"
        try:
            return await self._download(re.sub("^webcal:", "https:", self._source), host)
        except TimeoutError:
            trouble = f"{host} did not answer within {self._timeout:g} seconds"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            trouble = f"{host} cannot be reached ({type(error).__name__})"
        raise NotReadError(trouble)

    async def _download(self, address: str, host: str) -> bytes:
        timeout = aiohttp.ClientTimeout(total=self._timeout)
        proxies = {} if proxy_bypass(host) else getproxies()
        proxy = proxies.get(urlsplit(address).scheme) or proxies.get("all")
        async with self._session.get(address, timeout=timeout, proxy=proxy) as answer:
            if answer.status != 200:
                message = f"{host} answered {answer.status}"
                raise NotReadError(message)
            body = bytearray()
            async for chunk in answer.content.iter_chunked(65_536):
                body += chunk
                if len(body) > MOST_BYTES:
                    message = f"the calendar at {host} is larger than {MOST_BYTES // 1_000_000} MB"
                    raise NotReadError(message)
            return bytes(body)


class RotaReader:
    """The worker; `source` is the address or path, `zone` the team's, for what the calendar leaves open."""

    def __init__(
        self,
        source: str,
        zone: ZoneInfo,
        store: Store,
        session: aiohttp.ClientSession,
        clock: Callable[[], datetime],
        *,
        timeout: float = TIMEOUT,
    ) -> None:
        self.store, self.clock = store, clock
        self._rota, self._digest = RotaSource(source, zone, session, timeout=timeout), digest(source)
        self._failures = 0
        self._trouble: str | None = None

    async def run(self) -> None:
        """Read again and again, until cancelled."""
        while True:
            metrics.beat("rota", self.clock())
            try:
                pause = await self.step()
            except Exception:  # noqa: BLE001 - logged, and tried again
                log.exception("rota.broke")
                pause = PERIOD
            await asyncio.sleep(pause)

    async def step(self) -> float:
        """Read once, and keep what was read, or why it was not; gives the seconds until the next time."""
        at, source = self.clock(), self._digest
        try:
            entries = await self._rota.read(at)
        except NotReadError as failure:
            trouble = str(failure)
            self._failures += 1

            def keep(tx: Tx) -> None:
                tx.keep_rota(not_read(tx.rota(), trouble, source), at)
        else:
            trouble = ""
            self._failures = 0
            rota = Rota(at, entries, source=source)

            def keep(tx: Tx) -> None:
                tx.keep_rota(rota, at)

        self._say(trouble)
        await self.store.write(keep)
        return min(PERIOD, FIRST_PAUSE * 2 ** min(self._failures - 1, 10)) if self._failures else PERIOD

    def _say(self, trouble: str) -> None:
        """Log how it went, when that has changed."""
        if trouble and trouble != self._trouble:
            log.warning("rota.not_read", reason=trouble, fix="Check ROTA; until then the rota stays as last read.")
        elif not trouble and self._trouble != "":
            log.info("rota.read")
        self._trouble = trouble


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"the file {path.name} cannot be read ({error.strerror or type(error).__name__})"
        raise NotReadError(message) from None
    if len(body) > MOST_BYTES:
        message = f"the file {path.name} is larger than {MOST_BYTES // 1_000_000} MB"
        raise NotReadError(message)
    return body


# From a calendar's text to entries


def read_calendar(text: bytes, team_zone: ZoneInfo, at: datetime) -> tuple[Entry, ...]:
    """List the entries of a calendar from a day before `at` to a month after it, by start; blocking.

    An entry that cannot be read is left out; raises NotReadError when none can be, or the text is no calendar.
    """
    from icalendar import Calendar

    try:
        calendars = Calendar.from_ical(text.decode("utf-8-sig", "replace"), multiple=True)
    except Exception:  # noqa: BLE001 - whatever a text from elsewhere makes the library raise
        calendars = []
    if not any(isinstance(one, Calendar) for one in calendars):
        message = "the text is no calendar, or not a whole one"
        raise NotReadError(message)
    entries: set[Entry] = set()
    read = broken = 0
    for calendar in calendars:
        own_zone = _zone_of(calendar)
        events = calendar.walk("VEVENT")
        sound = [one for one in events if _is_sound(one)]
        broken += len(events) - len(sound)
        for series in _series(sound):
            try:
                entries.update(_expanded(series, own_zone, own_zone or team_zone, at))
                read += 1
            except Exception as error:  # noqa: BLE001 - one broken entry does not lose the others
                broken += len(series)
                log.debug("rota.entry_not_read", error=type(error).__name__)
    if broken:
        log.warning("rota.entries_not_read", count=broken)
    if broken and not read:
        message = "none of the calendar's entries can be read"
        raise NotReadError(message)
    ordered = sorted(entries, key=lambda one: (one.since, one.until, one.words, one.emails))
    return tuple(ordered[:MOST_ENTRIES])


def _zone_of(calendar: "Component") -> ZoneInfo | None:
    """Find the zone of a calendar, which makers of calendars write as X-WR-TIMEZONE."""
    with suppress(KeyError, ValueError, OSError):
        return ZoneInfo(str(calendar["X-WR-TIMEZONE"])) if "X-WR-TIMEZONE" in calendar else None
    return None


def _is_sound(event: "Component") -> bool:
    """Tell whether the times of an entry can be read, and are what they seem; what else is broken in it does no harm."""
    # a line that is none has no name, and is quoted
    if any(name in _TIMES if name else any(one in why for one in _TIMES) for name, why in event.errors):
        return False
    found: list[Any] = [event.get(name) for name in ("DTSTART", "DTEND", "RRULE")]
    start, end, rule = found
    if start is None or any(isinstance(one, list) for one in found):
        return False  # there may be one of each
    for when in (start, end):
        if when and "TZID" in when.params and isinstance(when.dt, datetime) and when.dt.tzinfo is None:
            return False  # a zone that is described nowhere
    with suppress(TypeError):  # a day and a time of day cannot be compared
        if end and end.dt < start.dt:
            return False
    # nobody's time begins every minute, and to list those would take forever
    return not rule or not {"SECONDLY", "MINUTELY"} & set(rule.get("FREQ", []))


def _series(events: "Iterable[Component]") -> "list[list[Component]]":
    """Bring together what has one UID: an entry that recurs, and what differs in single recurrences of it."""
    series: dict[str, list[Component]] = {}
    for number, event in enumerate(events):
        for name, _ in event.errors:
            event.pop(name or "", None)  # the library would trip over it
        series.setdefault(str(event.get("UID", number)), []).append(event)
    return list(series.values())


def _expanded(series: "list[Component]", own_zone: ZoneInfo | None, zone: ZoneInfo, at: datetime) -> Iterator[Entry]:
    import recurring_ical_events
    from icalendar import Calendar

    calendar = Calendar()
    if own_zone:
        calendar["X-WR-TIMEZONE"] = own_zone.key  # the library reads it, and knows what it means for recurrences
    calendar.subcomponents = series
    # a day more on both sides: what has no zone is compared as if it were in UTC
    first, last = at - BACK - timedelta(days=1), at + AHEAD + timedelta(days=1)
    for event in recurring_ical_events.of(calendar).between(first, last):
        entry = _entry(event, zone)
        cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
        if not cancelled and entry.since < entry.until and entry.until > at - BACK and entry.since < at + AHEAD:
            yield entry


def _entry(event: "Event", zone: ZoneInfo) -> Entry:
    words = str(event.get("SUMMARY", ""))
    described = str(event.get("DESCRIPTION", "")).strip().partition("\n")[0]
    emails = [*_attendees(event), *_EMAIL.findall(f"{words} {described}")]
    return Entry(
        _instant(event.start, zone),
        _instant(event.end, zone),
        words[:LONGEST_WORDS],
        tuple(dict.fromkeys(one.lower() for one in emails)),
    )


def _attendees(event: "Event") -> list[str]:
    found: Any = event.get("ATTENDEE", [])
    addresses = [str(one) for one in (found if isinstance(found, list) else [found])]
    return [one[7:] for one in addresses if one.lower().startswith("mailto:") and "@" in one]


def _instant(when: date, zone: ZoneInfo) -> datetime:
    """Give an instant in UTC; a day begins at midnight in `zone`, and so does a time without a zone belong there."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time.min)
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
