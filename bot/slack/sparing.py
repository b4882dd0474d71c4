"""Says that something does not work without saying it again and again."""

import time

from bot.telemetry import log

AGAIN_SECONDS = 60.0


class Sparing:
    """Logs a trouble when it begins, when its reason changes, and at most once a minute while it lasts."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._reasons: dict[str, float] = {}

    def warn(self, reason: str) -> None:
        """Say it, unless it was said a moment ago."""
        now = time.monotonic()
        if now - self._reasons.get(reason, -AGAIN_SECONDS) >= AGAIN_SECONDS:
            self._reasons[reason] = now
            log.warning(self._event, reason=reason)

    def over(self, event: str) -> None:
        """Say that it works again (or for the first time)."""
        self._reasons.clear()
        log.info(event)
