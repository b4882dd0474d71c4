"""From when to when something was, and how long, in words."""

from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)


def lasted(since: datetime, until: datetime) -> str:
    """Say how long it was from `since` to `until`, in the two largest units: “2 h 30 min”, “3 d 4 h”, “45 s”."""
    length = max(until - since, timedelta())
    if length < _MINUTE:
        return f"{length.seconds} s"
    minutes = length // _MINUTE
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = ((days, "d"), (hours, "h")) if days else ((hours, "h"), (minutes, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def spanned(since: datetime, until: datetime | None, now: datetime) -> str:
    """Say from when to when something was, and how long: “2017-01-31 21:00 – 23:30 UTC (2 h 30 min)”.

    All are instants in UTC; with `until` None it goes on.
    """
    began = f"{since:%Y-%m-%d %H:%M}"
    if until is None:
        return f"since {began} UTC, ongoing ({lasted(since, now)})"
    ended = f"{until:%H:%M}" if until.date() == since.date() else f"{until:%Y-%m-%d %H:%M}"
    return f"{began} – {ended} UTC ({lasted(since, until)})"
