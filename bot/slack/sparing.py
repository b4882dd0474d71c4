"""Says that something does not work without saying it again and again."""

import time

from bot.telemetry import log

AGAIN_SECONDS = 60.0


class Sparing:
    """Logs a trouble when it begins, when its reason changes, and at most once a minute (or `again`) while it lasts."""

    def __init__(self, event: str, again: float = AGAIN_SECONDS) -> None:
        self._event, self._again = event, again
        self._reasons: dict[str, float] = {}

    def warn(self, reason: str, **more: str) -> None:
        """Say it, unless it was said a moment ago; `more` says of what."""
        now, key = time.monotonic(), " ".join([reason, *more.values()])
        if now - self._reasons.get(key, -self._again) >= self._again:
            self._reasons[key] = now
            log.warning(self._event, reason=reason, **more)

    def over(self, event: str) -> None:
        """Say that it works again (or for the first time)."""
        self._reasons.clear()
        log.info(event)
