"""The clock: signatures are made and judged by it."""

from collections.abc import Mapping
from datetime import timedelta

from bot.domain.checkup import Finding
from bot.messages import doctor as say
from bot.messages import doctor_parts as words
from bot.messages.doctor import Saying

NOTICEABLE, REFUSED = timedelta(minutes=1), timedelta(minutes=5)
"""From when on it is said, and from when on signatures are refused."""


def findings(differences: Mapping[str, timedelta]) -> list[Finding]:
    """Judge by how much this machine's clock is ahead of those of others."""
    if not differences:
        return [say.left_out("neither Slack nor GitLab told the time", "clock")]
    told = dict(sorted(differences.items(), reverse=True))  # Slack first, whoever answered first
    off: dict[tuple[Saying, str, str], list[str]] = {}
    for whose, by in told.items():
        if abs(by) >= NOTICEABLE:
            saying = say.CLOCK_WRONG if abs(by) >= REFUSED else say.CLOCK_OFF
            off.setdefault((saying, *words.apart(by)), []).append(whose)
    if not off:
        return [say.CLOCK_FINE.of(whose=" and ".join(told))]
    return [saying.of(off=length, way=way, whose=" and ".join(whose)) for (saying, length, way), whose in off.items()]
