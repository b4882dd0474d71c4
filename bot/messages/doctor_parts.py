"""Parts of what a check-up says: why, from when to when, by how much."""

import re
from datetime import UTC, date, datetime, timedelta

from bot.domain.duration import lasted


def silence(reason: str) -> str:
    """Say in words why somebody cannot be asked, after a sentence that names them."""
    said = reason.replace("(TimeoutError)", "in time").replace("(ReadTimeoutError)", "in time")
    return re.sub("^(Slack|GitLab) ", "it ", said)


def dates(start: date | None, due: date | None, today: date) -> str:
    """Tell from when to when the current week's milestone runs, as far as it says."""
    if not (start and due):
        return ", without dates of its own"
    return f", {start} to {due}" + ("; it is over, and /wow rollover is due" if due < today else "")


def until(ends: date | None) -> str:
    """Tell how long a token can be used."""
    return f"; it expires on {ends}" if ends else ""


def apart(by: timedelta) -> tuple[str, str]:
    """Tell by how much, and which way, this machine's clock differs from another's."""
    began, minutes = datetime.fromtimestamp(0, UTC), round(abs(by) / timedelta(minutes=1))
    return lasted(began, began + timedelta(minutes=minutes)), "ahead of" if by > timedelta() else "behind"


def size(count: int) -> str:
    """Write a number of bytes."""
    for unit, bytes_of in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_of:
            return f"{count / bytes_of:.1f} {unit}" if count < 10 * bytes_of else f"{count // bytes_of} {unit}"
    return f"{count} bytes"
