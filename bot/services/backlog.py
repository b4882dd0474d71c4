"""What of the outbox is somebody's: Baton's own looks into GitLab wait there, too, and were promised to nobody."""

from datetime import datetime

from bot.store import Tx

LOOK_FOR_LATE = "look for late additions"
LOOK_FOR_OUTAGES = "look for outages"
LOOK_AT_WEEK = "look at the week"
"""Names of operations that only look, of Baton's own accord."""


def promised(tx: Tx) -> int:
    """Count what people wait for, somebody among them just now."""
    return max(1, outstanding(tx)[0])


def outstanding(tx: Tx) -> tuple[int, datetime | None]:
    """Count what people wait for, and tell since when the oldest of all that is to be sent waits."""
    count, oldest = tx.backlog("gitlab")
    looks = sum(tx.is_waiting(name) for name in (LOOK_FOR_LATE, LOOK_FOR_OUTAGES, LOOK_AT_WEEK))
    return max(0, count - looks), oldest
