"""The clock: signatures are made and judged by it."""

from collections.abc import Mapping
from datetime import timedelta

from bot.domain.checkup import Finding
from bot.messages import doctor as say

NOTICEABLE, REFUSED = timedelta(minutes=1), timedelta(minutes=5)
"""From when on it is said, and from when on signatures are refused."""


def findings(differences: Mapping[str, timedelta]) -> list[Finding]:
    """Judge by how much this machine's clock is ahead of those of others."""
    if not differences:
        return [say.left_out("clock", "neither Slack nor GitLab told the time")]
    off = {whose: by for whose, by in differences.items() if abs(by) >= NOTICEABLE}
    if not off:
        return [say.CLOCK_FINE.of(whose=" and ".join(differences))]
    return [_off(whose, by) for whose, by in off.items()]


def _off(whose: str, by: timedelta) -> Finding:
    length, way = say.apart(by)
    return (say.CLOCK_WRONG if abs(by) >= REFUSED else say.CLOCK_OFF).of(off=length, way=way, whose=whose)
