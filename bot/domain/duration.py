"""How long something lasted, in words."""

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
