"""Home tabs: shown when somebody opens theirs, and shown anew when something in it has changed.

Why it is built so. Nothing is told to this worker but that somebody opened a tab: it looks whether the database is
another one than before, and then whether what each tab would show is something else, so whatever changes anything
changes the tabs, too. A tab is held while it is shown, as a delivery of the outbox is, so of several processes one
shows it. Nothing is promised here and nobody waits: while Slack is silent a tab is put off, and what Slack refuses is
let be until there is something new to show.
"""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import Rejected, Unavailable
from bot.domain.home import Shown
from bot.domain.operations import backoff
from bot.messages import View
from bot.store import Store, Tx
from bot.telemetry import log, metrics

LOOK_SECONDS = 2.0
LOOKED_AT = timedelta(days=1)
"""For so long after somebody opened their Home tab it is kept up to date."""
AT_MOST_EVERY = timedelta(minutes=1)
"""A tab that nobody opens just now changes at most this often."""
HELD = timedelta(seconds=15)
"""For so long a tab is one process's own: more than twice what a call to Slack may take."""
LOOK_ANEW = timedelta(minutes=5)
"""After this long tabs are looked at although nobody has written anything: days go by, too."""
AT_A_TIME = 8
Draw = Callable[[Tx, str, datetime], tuple[View, str]]
"""Draws somebody's tab; the text differs when it says something new."""


@dataclass(frozen=True)
class _News:
    """A tab that says something else than what is shown: what is `known` of it, and what there is to show."""

    known: Shown
    digest: str
    view: View

    def shown(self, at: datetime) -> Shown:
        """Say what is known of it once this is shown; that it was opened makes it no change."""
        return replace(self.known, digest=self.digest, changed_at=at if self.known.digest else self.known.changed_at)


class Homes:
    """The worker; `publish` shows a view to somebody, `holder` names this process."""

    def __init__(
        self,
        store: Store,
        draw: Draw,
        publish: Callable[[str, View], Awaitable[None]],
        clock: Callable[[], datetime],
        holder: str,
    ) -> None:
        self.store, self.draw, self.publish, self.clock, self.holder = store, draw, publish, clock, holder
        self._wake = asyncio.Event()
        self._seen: dict[str, int] = {}
        self._cleared_at: datetime | None = None
        self._failures: dict[str, int] = {}
        self._roll = random.Random()  # noqa: S311 - jitter, not a secret

    def wake(self) -> None:
        """Look at once: somebody has opened their tab."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            metrics.beat("homes", self.clock())
            self._wake.clear()
            try:
                await self.look(self.clock())
            except Exception:  # noqa: BLE001 - logged; the next look tries again
                log.exception("homes.broke")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)

    async def look(self, at: datetime) -> None:
        """Show every tab that was opened just now, or that says something new and has not changed a moment ago."""
        if self._cleared_at is None or at - self._cleared_at >= LOOK_ANEW:
            self._seen.clear()
            self._cleared_at = at
        version = await self.store.version()
        tabs = await self.store.read(lambda tx: tx.homes(at - LOOKED_AT, at))
        due = [one for one in tabs if self._is_due(one, version, at)]
        for begin in range(0, len(due), AT_A_TIME):
            some = due[begin : begin + AT_A_TIME]
            news = await self.store.read(lambda tx, some=some: self._news(tx, some, at))  # type: ignore[misc]
            self._seen |= {one.who: version for one in some}
            await asyncio.gather(*(self._show(one, at) for one in news))

    def _is_due(self, tab: Shown, version: int, at: datetime) -> bool:
        if not tab.digest:
            return True
        rests = tab.changed_at is not None and at - tab.changed_at < AT_MOST_EVERY
        return not rests and self._seen.get(tab.who) != version

    def _news(self, tx: Tx, tabs: Sequence[Shown], at: datetime) -> list[_News]:
        found = []
        for tab in tabs:
            view, says = self.draw(tx, tab.who, at)
            digest = hashlib.sha256(says.encode()).hexdigest()
            if digest != tab.digest:
                found.append(_News(tab, digest, view))
        return found

    async def _show(self, news: _News, at: datetime) -> None:
        """Show a tab, if no other process does; what could not be shown is looked at again."""
        who = news.known.who
        if not await self.store.write(lambda tx: tx.hold_home(news.known, self.holder, at, at + HELD)):
            self._seen.pop(who, None)
            return
        try:
            await self.publish(who, news.view)
        except Unavailable as silence:
            log.info("homes.put_off", who=who, reason=silence.reason)
            await self._put_off(who, silence)
            return
        except Rejected as refusal:
            log.warning("homes.refused", who=who, reason=refusal.reason)
        self._failures.pop(who, None)
        await self.store.write(lambda tx: tx.home_shown(news.shown(at), self.holder))

    async def _put_off(self, who: str, silence: Unavailable) -> None:
        self._seen.pop(who, None)
        self._failures[who] = self._failures.get(who, 0) + 1
        until = self.clock() + timedelta(seconds=backoff(self._failures[who], silence.retry_after, self._roll))
        await self.store.write(lambda tx: tx.put_home_off(who, self.holder, until))
