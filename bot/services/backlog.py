"""What of the outbox is somebody's: Baton's own looks into GitLab wait there, too, and were promised to nobody."""

from bot.store import Tx

LOOK_FOR_LATE = "look for late additions"
LOOK_FOR_OUTAGES = "look for outages"
"""Names of operations that only look, of Baton's own accord."""


def promised(tx: Tx) -> int:
    """Count what people wait for."""
    looks = sum(tx.is_waiting(name) for name in (LOOK_FOR_LATE, LOOK_FOR_OUTAGES))
    return max(1, tx.backlog("gitlab")[0] - looks)
