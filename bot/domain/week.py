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
    """Find the last day of a week that starts on `start`: the first Tuesday after it.

    After it, also when it is a Tuesday itself: GitLab wants a due date that is later than the start date.
    """
    return start + timedelta(days=(TUESDAY - start.weekday() - 1) % DAYS + 1)


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
    ending = parse_day(text, "/wow rollover ending", today)
    if ending - today > FURTHEST_AHEAD:
        raise UserError(
            f"{ending} is more than seven days ahead, so that week cannot be rolled over yet. "
            f"The last week that is over: `/wow rollover ending {last_ending(today)}`."
        )
    return ending


def parse_day(text: str, command: str, today: date) -> date:
    """Read a person's `yyyy-mm-dd`; raises UserError, with a day behind `command` that works, for anything else."""
    day = _day_from(text)
    if day is None:
        if _WRITTEN_DAY.fullmatch(text):
            said = f"There is no {text} in the calendar."
        else:
            said = f"“{text}” is not a day I can read."
        raise UserError(f"{said} Please write it as yyyy-mm-dd: `{command} {last_ending(today)}`.")
    return day


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


def warnings(ending: date, *, started: date | None, due: date | None, endings: list[date], today: date) -> list[str]:
    """Say what is unusual about closing a week on `ending`: shown in the preview, never a refusal.

    `started` and `due` are the milestone's dates as they are; `endings` are the last days of the weeks closed so far.
    """
    said = [
        *_about_the_day(ending, today),
        *_about_the_length(ending, started, due),
        *_about_others(ending, started, endings),
    ]
    following = Week(ending).following
    if following.ending < today:
        said.append(f"The week that becomes current, {following.start} to {following.ending}, is over too.")
    return said


def _about_the_day(ending: date, today: date) -> list[str]:
    said = []
    if ending.weekday() != TUESDAY:
        said.append(f"{ending} is a {ending:%A}; a week ends on a Tuesday.")
    if ending > today:
        said.append(f"{ending} is in the future: the week is closed early.")
    return said


def _about_the_length(ending: date, started: date | None, due: date | None) -> list[str]:
    length = (ending - started).days + 1 if started else 0
    if started and length > DAYS:
        said = f"This week has {length} days ({started} to {ending}) instead of seven."
        first = ending_from(started)
        if first < ending:
            said += f" If a rollover was missed, `/wow rollover ending {first}` closes the first seven days alone."
        return [said]
    if due and due != ending:
        return [f"The milestone is due on {due}; it is closed as the week ending {ending}."]
    return []


def _about_others(ending: date, started: date | None, endings: list[date]) -> list[str]:
    said = []
    before = max((day for day in endings if day < ending), default=None)
    if before and (started <= before if started else (ending - before).days < DAYS):
        said.append(f"It overlaps the week before, which ended on {before}.")
    elif before and not started and (ending - before).days > DAYS:
        said.append(f"The week before ended on {before}: a rollover was probably missed.")
    if any(day > ending for day in endings):
        said.append(f"A later week, ending {max(endings)}, is closed already.")
    return said
