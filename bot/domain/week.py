"""The calendar of the Workout of the Week: Wednesday to the end of Tuesday, in the team's time zone.

The rule comes from the production team's handbook: a week is named after its last day, a Tuesday.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError

TUESDAY = 1
DAYS = 7
FURTHEST_AHEAD = timedelta(days=7)
_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Week:
    """One week, named by its last day."""

    ending: date

    @property
    def start(self) -> date:
        """First day."""
        return self.ending - timedelta(days=DAYS - 1)

    @property
    def following(self) -> "Week":
        """The week after this one."""
        return Week(self.ending + timedelta(days=DAYS))

    def days_left(self, today: date) -> int:
        """Count the days from `today` to the last day, both counted; 0 when the week is over."""
        return max(0, (self.ending - today).days + 1)


def last_ending(today: date) -> date:
    """Find the last Tuesday that is over or is today."""
    return today - timedelta(days=(today.weekday() - TUESDAY) % DAYS)


def ending_from(start: date) -> date:
    """Find the last day of the week that `start` lies in: the first Tuesday on or after it."""
    return start + timedelta(days=(TUESDAY - start.weekday()) % DAYS)


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """Give the instant (UTC) at which `day` begins in `zone`.

    Where clocks go forward at midnight, 00:00 does not exist; read with the offset before the change it is the very
    instant of the change, so the day begins there.
    """
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def parse_ending(text: str, today: date) -> date:
    """Read a person's `yyyy-mm-dd` as a week's last day.

    Raises UserError for a day that does not exist and for one more than seven days ahead of `today`.
    Any other unusual day is allowed: the preview warns about it.
    """
    ending = _day_from(text)
    if ending is None:
        if _WRITTEN_DAY.fullmatch(text):
            said = f"There is no {text} in the calendar."
        else:
            said = f"“{text}” is not a day I can read."
        raise UserError(f"{said} Please write it as yyyy-mm-dd: `/wow rollover ending {last_ending(today)}`.")
    if ending - today > FURTHEST_AHEAD:
        raise UserError(
            f"{ending} is more than seven days ahead, so that week cannot be rolled over yet. "
            f"The last week that is over: `/wow rollover ending {last_ending(today)}`."
        )
    return ending


def ending_of(title: str, prefix: str) -> date | None:
    """Read the last day out of a closed week's title ("WoW ending 2017-08-29"), whatever its case; None if it is none."""
    head, _, tail = title.strip().rpartition(" ")
    return _day_from(tail) if head.casefold() == f"{prefix} ending".casefold() else None


def _day_from(text: str) -> date | None:
    """Read exactly `yyyy-mm-dd`; other forms of ISO 8601, like 2017-W35-2, are not what people mean here."""
    if not _WRITTEN_DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def warnings(ending: date, started: date | None, endings: list[date]) -> list[str]:
    """Say what is unusual about closing a week on `ending`: shown in the preview, never a refusal.

    `started` is the milestone's start date; `endings` are the last days of the weeks closed so far.
    """
    found = []
    if ending.weekday() != TUESDAY:
        found.append(f"{ending:%Y-%m-%d} is a {ending:%A}; a week ends on a Tuesday.")
    if started:
        length = (ending - started).days + 1
        if length > DAYS:
            found.append(f"This week has {length} days ({started} to {ending}): a rollover was probably missed.")
    before = max((day for day in endings if day < ending), default=None)
    if before is not None:
        first = started or ending - timedelta(days=DAYS - 1)
        if first <= before:
            found.append(f"It overlaps the week before, which ended on {before}.")
        elif started is None and (ending - before).days > DAYS:
            found.append(f"The week before ended on {before}: a rollover was probably missed.")
    if any(day > ending for day in endings):
        found.append(f"A later week, ending {max(endings)}, is closed already.")
    return found
