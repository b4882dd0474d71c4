"""Keeps what Slack says of people and groups: read on first sight, refreshed daily and when Slack says they changed.

A request whose right depends on somebody unknown is kept as it came. This worker asks Slack, and hands it back to be
answered, also after a restart.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.dialogue import Request, read_request
from bot.domain.errors import Rejected, Unavailable
from bot.domain.operations import backoff
from bot.domain.people import Person
from bot.services.people import HOME
from bot.slack.calls import SlackCalls
from bot.store import Store, Tx
from bot.telemetry import log, metrics

REFRESH_AFTER = timedelta(days=1)
AT_A_TIME = 10
POLL = 5.0
BOT_USER, BOT = "bot user", "bot"


class Roster:
    """The worker; `answer` takes a kept request up again."""

    def __init__(
        self,
        store: Store,
        calls: SlackCalls,
        clock: Callable[[], datetime],
        answer: Callable[[Request], Awaitable[None]],
    ) -> None:
        self.store, self.calls, self.clock, self.answer = store, calls, clock, answer
        self.reached_at: datetime | None = None
        self._wake = asyncio.Event()
        self._known_self = False
        self._roll = random.Random()  # noqa: S311 - jitter, not a secret

    def wake(self) -> None:
        """Look at once: a request may be waiting."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        failures = 0
        while True:
            metrics.beat("roster", self.clock())
            self._wake.clear()
            pause = POLL
            try:
                await self.step()
                failures = 0
            except Unavailable as later:
                failures += 1
                pause = backoff(failures, later.retry_after, self._roll)
                log.info("roster.waits", reason=later.reason)
            except Exception:
                failures += 1
                pause = backoff(failures, None, self._roll)
                log.exception("roster.broke")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
                if failures:
                    await asyncio.sleep(min(pause, 1.0))  # a wake-up must not turn a silent Slack into a busy loop

    async def step(self) -> None:
        """Learn who Baton is, whom a kept request waits for, and who was last described a day ago."""
        if not self._known_self:
            await self._learn_self()
        for request, waits_for, written in await self.store.read(lambda tx: tx.kept_requests()):
            await self._learn(waits_for)
            await self.answer(read_request(written))
            await self._settle(request)
        at = self.clock()
        for who in (await self.store.read(lambda tx: tx.read_before(at, REFRESH_AFTER)))[:AT_A_TIME]:
            await self._learn(who)

    async def _settle(self, request: str) -> None:
        await self.store.write(lambda tx: tx.settle_request(request))

    async def _learn_self(self) -> None:
        me = await self.calls.identity()
        at = self.reached_at = self.clock()

        def keep(tx: Tx) -> None:
            for name, value in ((HOME, me.workspace), (BOT_USER, me.user), (BOT, me.bot)):
                tx.keep_fact(name, value, at)

        await self.store.write(keep)
        self._known_self = True

    async def _learn(self, who: str) -> None:
        at = self.clock()
        if who.startswith("S"):
            try:
                members = await self.calls.members(who)
            except Rejected as refusal:
                log.warning("roster.group_not_read", group=who, reason=refusal.reason)
                members = frozenset()
            await self.store.write(lambda tx: tx.keep_group(who, members, at))
        else:
            try:
                person = await self.calls.describe(who)
            except Rejected as refusal:
                # Slack shows nothing of them to us: they may look, like any guest
                log.warning("roster.person_not_read", person=who, reason=refusal.reason)
                person = Person(id=who, name=who, guest=True)
            await self.store.write(lambda tx: tx.keep_person(person, at))
        self.reached_at = self.clock()
