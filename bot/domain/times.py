"""Times, and ranges of time, as people type them. The moment of typing and the person's zone are arguments.

    14:05 · 14:05:07 · 2:05 pm                 when it was last so; `Z`, `UTC` or an offset may follow
    2026-11-21 14:05 · 2026-11-21T14:05:07Z    a day and a time
    yesterday 14:05 · 14:05 yesterday          likewise today and tomorrow
    -10m · -1h30m · 10 min ago · now           counted back from now

A range is `today`, `yesterday`, a day, two days, `since` a time, or `last 7 days`.

Where a time can be read in two ways, the one that was taken is said; what could only be guessed is refused. A text that
begins with a number or a version is no time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.commands import quotable, undashed
from bot.domain.errors import UserError
from bot.domain.events import Span
from bot.domain.week import first_moment

CLOCK_DIFFERENCE = timedelta(minutes=1)
"""So far ahead of ours a person's clock may be."""
FURTHEST_AHEAD = timedelta(days=1)
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""What is said to be earlier is a slip of the finger."""
_DAY = timedelta(days=1)
_WIDEST_OFFSET = timedelta(hours=14)
_LONGEST = 8
"""Words that a time takes at most: `1 hour 30 min 15 sec ago`."""

_ANY_CASE = re.IGNORECASE | re.ASCII
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:t(.+))?", _ANY_CASE)
_OTHER_DATE = re.compile(r"[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}")
_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?)?"
    r"(?P<half>am|pm)?(?P<zone>z|(?:utc|gmt)?[+-][0-9]{1,2}(?::?[0-9]{2})?|utc|gmt)?",
    _ANY_CASE,
)
_FROM_TO = re.compile(r"[0-9]{1,2}:[0-9]{2}\S*?(?:-|/|~|\.\.|…|→)[0-9]{1,2}:[0-9]{2}")
_ZONE = re.compile(r"z|(?:utc|gmt)[+-][0-9]{1,2}(?::?[0-9]{2})?|[+-][0-9]{2}:[0-9]{2}|utc|gmt", _ANY_CASE)
_BARE_OFFSET = re.compile(r"[+-][0-9]{4}")
_OFFSET = re.compile(r"(utc|gmt)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", _ANY_CASE)
_ABBREVIATION = re.compile("A?[CE][DS]T|[MP][DS]T|NZ[DS]T|CES?T|EES?T|BST|HKT|IST|JST|KST|MSK|SGT")
_PIECE = re.compile(
    r"([0-9]{1,9}(?:[.,][0-9]{1,3})?)(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)", _ANY_CASE
)
_PIECES = re.compile(rf"(?:{_PIECE.pattern})+", _ANY_CASE)
_LONG_UNIT = re.compile(r"hours?|hrs?|minutes?|mins?|seconds?|secs?", _ANY_CASE)
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NEAR_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_BETWEEN_DAYS = re.compile(r"\.{2,}|…|/|(?<=[0-9]{4}-[0-9]{2}-[0-9]{2})-")

_TIMES = "Please write it like `14:05`, `14:05 UTC`, `2026-11-21 14:05` or `-10m`."
_RANGES = "I know `today`, `yesterday`, `since 14:05`, `2026-11-20`, `2026-11-20 to 2026-11-21` and `last 7 days`."
_TOO_EARLY = f"The log does not reach back before {FIRST.year}. {_TIMES}"


@dataclass(frozen=True)
class When:
    """An instant (UTC) that somebody typed; `note` says in short sentences what was assumed, if anything was."""

    at: datetime
    note: str = ""


@dataclass(frozen=True)
class _Clock:
    """A time of day as typed, up to the word `end`; `zone` is None where none was said."""

    time: time
    end: int
    zone: tzinfo | None = None


@dataclass(frozen=True)
class _Reading:
    """An instant at which clocks show `wall`; in a `gap` none does, and it is where they would have gone on."""

    at: datetime
    wall: datetime
    gap: bool = False


def read_when(words: Sequence[str], now: datetime, zone: ZoneInfo) -> tuple[When, int] | None:
    """Read the time with which `words` begin, and count the words it takes; None where they begin with none.

    Raises UserError for what is meant as a time and can be none, and for more than a day ahead.
    """
    typed = [undashed(word).rstrip(",;:.") for word in words[:_LONGEST]]
    if not typed:
        return None
    if [one.casefold() for one in typed] == ["now"]:  # behind it, it would be a word of the text
        return When(now.astimezone(UTC)), 1
    return _counted_back(typed, now) or _with_a_day(typed, now, zone) or _without_a_day(typed, now, zone)


def read_span(words: Sequence[str], now: datetime, zone: ZoneInfo) -> Span | None:
    """Read the range of time that `words` are, all of them; None where there are none.

    Raises UserError for what is no range.
    """
    if not words:
        return None
    typed = [undashed(word).rstrip(",;:.").casefold() for word in words]
    if typed[0] == "since" and len(typed) > 1:
        return Span(since=_since(words[1:], now, zone))
    if (seconds := _last(typed)) is not None:
        return Span(since=_earlier(now, seconds))
    days = [_day(end, now, zone) for end in _ends(typed)]
    found = sorted(day for day in days if day)
    if not 1 <= len(days) <= 2 or len(found) < len(days):
        raise UserError(f"“{quotable(' '.join(words))}” is not a range of time that I can read. {_RANGES}")
    return _whole_days(found[0], found[-1], now, zone)


def _counted_back(typed: Sequence[str], now: datetime) -> tuple[When, int] | None:
    """Read `-1h30m`, `-10 min` and `1 hour 30 min ago`."""
    for count in range(1, len(typed)):
        if typed[count].casefold() == "ago":
            seconds = _length([typed[0].removeprefix("-"), *typed[1:count]])
            if seconds is not None:
                return When(_earlier(now, seconds)), count + 1
    if not typed[0].startswith("-"):
        return None
    length = typed[0][1:]
    if len(typed) > 1 and _LONG_UNIT.fullmatch(typed[1]) and (seconds := _length([length, typed[1]])) is not None:
        return When(_earlier(now, seconds)), 2
    seconds = _length([length])  # a unit behind one that has a unit is a word of the text: `-5m second try`
    return None if seconds is None else (When(_earlier(now, seconds)), 1)


def _length(typed: Sequence[str]) -> float | None:
    """Read a length of time in seconds: `7d`, `1h30m`, `10 min`."""
    said = "".join(typed)
    if not _PIECES.fullmatch(said):
        return None
    return sum(float(many.replace(",", ".")) * _SECONDS[unit[0].casefold()] for many, unit in _PIECE.findall(said))


def _last(typed: Sequence[str]) -> float | None:
    """Read how long a range that ends now is, in seconds: `last 7 days`, `last hour`, `7d`."""
    if typed[0] not in {"last", "past"}:
        return _length(typed)
    return _length(["1", *typed[1:]]) if typed[1:] and typed[1].isalpha() else _length(typed[1:])


def _earlier(now: datetime, seconds: float) -> datetime:
    try:
        at = now.astimezone(UTC) - timedelta(seconds=seconds)
    except OverflowError:
        at = datetime.min.replace(tzinfo=UTC)
    return _not_too_early(at)


def _with_a_day(typed: Sequence[str], now: datetime, zone: ZoneInfo) -> tuple[When, int] | None:
    """Read a day and the time behind it."""
    written, shift = _DATE.fullmatch(typed[0]), _NEAR_DAYS.get(typed[0].casefold())
    if written and written[2]:
        clock = _clock([written[2], *typed[1:]], 0, is_iso=True)
        return (_dated(_date(written[1]), clock, now, zone), clock.end) if clock else None
    clock = _clock(typed, 1)
    if written:
        day = _date(written[1])
        if clock is None:
            raise UserError(_no_time(typed[0]))
        return _dated(day, clock, now, zone), clock.end
    if clock and shift is not None:
        return _near(shift, clock, now, zone), clock.end
    if clock and _OTHER_DATE.fullmatch(typed[0]):
        raise UserError(f"I read days only as yyyy-mm-dd, not as “{quotable(typed[0])}”. {_TIMES}")
    if shift == -1:
        raise UserError(_no_time(typed[0]))
    return None


def _without_a_day(typed: Sequence[str], now: datetime, zone: ZoneInfo) -> tuple[When, int] | None:
    """Read a time alone, or one with the day behind it."""
    clock = _clock(typed, 0)
    if clock is None:
        return None
    behind = typed[clock.end].casefold() if clock.end < len(typed) else ""
    if behind in _NEAR_DAYS:
        return _near(_NEAR_DAYS[behind], clock, now, zone), clock.end + 1
    return _last_time(clock, now, zone), clock.end


def _clock(typed: Sequence[str], start: int, *, is_iso: bool = False) -> _Clock | None:
    """Read the time of day at `start`; in ISO 8601 (`is_iso`) a minus begins an offset."""
    if start + 1 < len(typed) and typed[start].casefold() == "at":
        start += 1
    written = _CLOCK.fullmatch(typed[start]) if start < len(typed) else None
    if written is None or not (written["minute"] or written["half"]):
        if start < len(typed) and _FROM_TO.match(typed[start]):
            raise UserError(_from_to(typed[start]))
        return None
    half, end = _half(written, typed, start + 1)
    is_iso = is_iso or bool(written["second"])
    zone: tzinfo | None = None
    if written["zone"]:
        zone = _offset(written["zone"], typed[start], is_iso=is_iso)
    elif end < len(typed):
        zone = _zone(typed[end], typed[start], is_iso=is_iso)
        end += zone is not None
    return _Clock(_time(written, half), end, zone)


def _half(written: re.Match[str], typed: Sequence[str], end: int) -> tuple[str, int]:
    """Tell whether `am` or `pm` was said, with the time or behind it."""
    behind = typed[end].replace(".", "").casefold() if end < len(typed) else ""
    if written["half"] or written["zone"]:
        return (written["half"] or "").casefold(), end
    is_meant = behind == "pm" or (behind == "am" and int(written["hour"]) <= 12)
    return (behind, end + 1) if is_meant else ("", end)


def _time(written: re.Match[str], half: str) -> time:
    hour, minute, second = (int(written[name] or 0) for name in ("hour", "minute", "second"))
    if half and not (half == "pm" and hour > 12):
        hour = hour % 12 + 12 * (half == "pm") if 1 <= hour <= 12 else 24
    try:
        return time(hour, minute, second, int(f"{written['fraction'] or ''}000000"[:6]))
    except ValueError:
        said = f"{written[0]} {half}" if half and not written["half"] else written[0]
        raise UserError(f"“{said}” is not a time of day. {_TIMES}") from None


def _zone(word: str, before: str, *, is_iso: bool) -> tzinfo | None:
    """Read the zone that stands behind a time; None where the word is none."""
    if _ZONE.fullmatch(word) or (is_iso and _BARE_OFFSET.fullmatch(word)):
        return _offset(word, f"{before} {word}", is_iso=is_iso)
    if _ABBREVIATION.fullmatch(word):
        raise UserError(
            f"I cannot be sure which zone {word} is. Please leave it out (I take your own zone then), or give the time "
            "in UTC: `14:05 UTC`."
        )
    return None


def _offset(said: str, typed: str, *, is_iso: bool) -> tzinfo:
    written = _OFFSET.fullmatch(said)
    if written is None:
        return UTC
    named, sign, hours, minutes = written.groups()
    if sign == "-" and not (named or is_iso):
        raise UserError(_from_to(typed))
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset > _WIDEST_OFFSET or int(minutes or 0) > 59:
        raise UserError(f"No time zone is {quotable(said)} from UTC. {_TIMES}")
    return timezone(-offset if sign == "-" else offset)


def _from_to(typed: str) -> str:
    return (
        f"“{quotable(typed)}” looks like a range, but an event has one time. Please begin with that: `14:05`. "
        "If you meant an offset, please give the time in UTC: `14:05 UTC`."
    )


def _no_time(day: str) -> str:
    return (
        f"At which time? Please write it after the day: `{quotable(day)} 14:05`. "
        "If the day belongs to the text, put another word before it."
    )


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UserError(f"There is no {text} in the calendar. {_TIMES}") from None
    if day < FIRST.date():
        raise UserError(_TOO_EARLY)
    return day


def _not_too_early(at: datetime) -> datetime:
    if at < FIRST:
        raise UserError(_TOO_EARLY)
    return at


def _readings(day: date, at: time, zone: tzinfo) -> list[_Reading]:
    """List the instants at which clocks in `zone` show a day and a time: one, or two, or the one instead of a gap."""
    wall = datetime.combine(day, at)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        return [_Reading(first, wall, gap=True)]
    return [_Reading(one, wall) for one in sorted({first, second})]


def _near(shift: int, clock: _Clock, now: datetime, zone: ZoneInfo) -> When:
    """Take a time of yesterday, today or tomorrow."""
    calendar = clock.zone or zone
    day = _today(now, calendar) + shift * _DAY
    when = _dated(day, clock, now, zone)
    if day == _today(now, zone) + shift * _DAY:
        return when
    return When(when.at, f"I counted the days in {calendar}, so I took {day}. {when.note}".strip())


def _dated(day: date, clock: _Clock, now: datetime, zone: ZoneInfo) -> When:
    """Take the time on that day: of two readings the later that is past, else the earlier."""
    calendar = clock.zone or zone
    ahead = f"{day} {_shown(clock.time)} is more than a day ahead, and the log is for what has happened. {_TIMES}"
    if day > _today(now, calendar) + 2 * _DAY:
        raise UserError(ahead)
    readings = _readings(day, clock.time, calendar)
    past = [one for one in readings if one.at <= now + CLOCK_DIFFERENCE]
    chosen = past[-1] if past else readings[0]
    if chosen.at > now + FURTHEST_AHEAD:
        raise UserError(ahead)
    return When(_not_too_early(chosen.at), _said_of(chosen, calendar))


def _last_time(clock: _Clock, now: datetime, zone: ZoneInfo) -> When:
    """Take the last time at which clocks showed it."""
    calendar = clock.zone or zone
    today = _today(now, calendar)
    days = (today + shift * _DAY for shift in (-2, -1, 0, 1))  # a whole day can be missing from a zone's calendar
    readings = [one for day in days for one in _readings(day, clock.time, calendar)]
    past = [one for one in readings if one.at <= now + CLOCK_DIFFERENCE]
    chosen = max(past, key=lambda one: (one.at, not one.gap))
    notes = [_said_of(chosen, calendar)]
    if chosen.wall.date() < today:
        is_skipped = any(one.gap for one in _readings(today, clock.time, calendar))
        notes.insert(0, _why_not_today(chosen.wall.date(), today, clock, is_skipped=is_skipped))
    return When(chosen.at, " ".join(note for note in notes if note))


def _why_not_today(taken: date, today: date, clock: _Clock, *, is_skipped: bool) -> str:
    said = _shown(clock.time)
    why = f"the clocks skip {said} today" if is_skipped else f"{said} is still to come today"
    where = f"in {clock.zone}, {why}" if clock.zone else why
    which = "yesterday's" if taken == today - _DAY else f"that of {taken}"
    return f"{where[0].upper()}{where[1:]}, so I took {which}."


def _said_of(chosen: _Reading, zone: tzinfo) -> str:
    """Say what was assumed where clocks are changed."""
    day, said = chosen.wall.date(), _shown(chosen.wall.time())
    if chosen.gap:
        went_on = _beside(day, chosen.at.astimezone(zone))
        return f"On {day} the clocks in {zone} skip {said}, so I took {went_on} ({_beside(day, chosen.at)} UTC)."
    readings = _readings(day, chosen.wall.time(), zone)
    if len(readings) == 1:
        return ""
    is_first = chosen.at == readings[0].at
    other = readings[1 if is_first else 0].at
    return (
        f"On {day} the clocks in {zone} show {said} twice; I took the {'first' if is_first else 'second'} time, "
        f"{_beside(day, chosen.at)} UTC. For the other, write `{other.date()} {_shown(other.time())} UTC`."
    )


def _beside(day: date, at: datetime) -> str:
    """Show a time, and its day where it is another one."""
    return _shown(at.time()) if at.date() == day else f"{at.date()} {_shown(at.time())}"


def _shown(at: time) -> str:
    return at.isoformat("auto" if at.second or at.microsecond else "minutes")


def _today(now: datetime, zone: tzinfo) -> date:
    return now.astimezone(zone).date()


def _since(words: Sequence[str], now: datetime, zone: ZoneInfo) -> datetime:
    typed = [undashed(word).rstrip(",;:.").casefold() for word in words]
    day = _day(typed[0], now, zone) if len(typed) == 1 else None
    if day:
        return first_moment(_not_to_come(day, now, zone), zone)
    seconds = _length(typed)
    if seconds is not None:
        return _earlier(now, seconds)
    read = read_when(words, now, zone)
    if read is None or read[1] < len(words):
        raise UserError(f"“{quotable(' '.join(words))}” is not a time that I can read. {_TIMES}")
    return read[0].at


def _ends(typed: Sequence[str]) -> list[str]:
    """Take the words of a range apart into its ends."""
    ends = [end for word in typed for end in _BETWEEN_DAYS.split(word) if end]
    if ends[:1] == ["from"]:
        ends = ends[1:]
    return [ends[0], ends[2]] if len(ends) == 3 and ends[1] in {"to", "-", "until"} else ends


def _day(typed: str, now: datetime, zone: ZoneInfo) -> date | None:
    written = _DATE.fullmatch(typed)
    if written and not written[2]:
        return _date(written[1])
    return _today(now, zone) + _NEAR_DAYS[typed] * _DAY if typed in _NEAR_DAYS else None


def _whole_days(first: date, last: date, now: datetime, zone: ZoneInfo) -> Span:
    since = first_moment(_not_to_come(first, now, zone), zone)
    # nothing is logged more than a day ahead: such an end is left open
    return Span(since, first_moment(last + _DAY, zone) if last <= _today(now, zone) + _DAY else None)


def _not_to_come(day: date, now: datetime, zone: ZoneInfo) -> date:
    if day > _today(now, zone) + _DAY:
        raise UserError(f"{day} is in the future, so nothing is logged there yet. {_RANGES}")
    return day
