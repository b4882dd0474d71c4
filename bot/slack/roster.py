"""Keeps what Slack says of people, groups and channels: read on first sight, refreshed daily and when Slack says they changed.

A request whose right depends on somebody unknown is kept as it came. This worker asks Slack, and hands it back to be
answered, also after a restart. It stays kept until its answer was shown, so a crash in between leaves nobody without.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import uuid4

from bot.dialogue import ANSWERING, FILLING_IN, Request, read_request
from bot.domain.errors import Rejected, Unavailable
from bot.domain.operations import backoff
from bot.domain.people import Person
from bot.services.people import HOME
from bot.slack.calls import SlackCalls
from bot.slack.errors import NotThereError, mended_by
from bot.slack.sparing import Sparing
from bot.store import Store, Tx
from bot.telemetry import log, metrics

REFRESH_AFTER = timedelta(days=1)
ASK_AGAIN = timedelta(minutes=5)
AT_A_TIME = 10
MOST_MET = 60
"""Members of the home channel who are asked for at the start; Slack allows a hundred questions a minute."""
POLL = 5.0
HELD = timedelta(seconds=15)
"""For so long a kept request is one process's own, unless it says so again: no other one answers it, too."""
WITHHELD_PAUSE = 5.0
"""Slack allows twenty questions a minute about groups."""
BOT_USER, BOT, ADDRESS = "bot user", "bot", "workspace address"
"""Names of remembered facts: Baton's own ids, and where its workspace is."""
AnswerKept = Callable[[Request], Awaitable["asyncio.Task[None] | None"]]
"""Answers a kept request; gives the task that shows the answer, None when it has to be kept on."""
Tell = Callable[[Request, str, str], None]
"""Tells somebody that Slack does not describe a person or group (the id) to us, and why; their request is kept on."""


class WithheldError(Unavailable):
    """Slack answers, and does not tell us: our own rights are at fault, and may be mended any moment."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack does not tell us ({reason})", retry_after=WITHHELD_PAUSE, world_is_down=False)
        self.why = reason


class Roster:
    """The worker; `answer` takes a kept request up again, `tell` says why that is not possible yet.

    The members of the channel `home` are got to know before any of them asks for something.
    """

    def __init__(
        self,
        store: Store,
        calls: SlackCalls,
        clock: Callable[[], datetime],
        answer: AnswerKept,
        tell: Tell,
        home: str = "",
    ) -> None:
        self.home = home
        self._strangers: list[str] | None = None
        self.store, self.calls, self.clock, self.answer, self.tell = store, calls, clock, answer, tell
        self._wake = asyncio.Event()
        self._known_self = False
        self._roll = random.Random()  # noqa: S311 - jitter, not a secret
        self._sparing = Sparing("roster.waits")
        self._shown: dict[str, asyncio.Task[None]] = {}
        self._holder = uuid4().hex
        self._told: set[str] = set()

    def wake(self) -> None:
        """Look at once: a request may be waiting, or somebody may have changed."""
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
                self._sparing.warn(later.reason, **mended_by(later, "SLACK_BOT_TOKEN"))
            except Exception:  # noqa: BLE001 - logged, and tried again
                failures += 1
                pause = backoff(failures, None, self._roll)
                log.exception("roster.broke")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
                if failures:
                    await asyncio.sleep(min(pause, 1.0))  # a wake-up must not turn a silent Slack into a busy loop

    async def step(self) -> None:
        """Learn who Baton is, whom a kept request waits for, and who is to be described anew.

        One person whom Slack cannot describe now holds up nobody else; raises Unavailable at the end.
        """
        if not self._known_self:
            await self._learn_self()
        trouble: Unavailable | None = None
        kept = await self.store.read(lambda tx: tx.kept_requests())
        kept = [one for one in kept if one[1] not in {FILLING_IN, ANSWERING}]
        self._forget_settled({request for request, _, _ in kept})
        for request, waits_for, written in kept:
            if not await self._holds(request) or request in self._shown:
                continue
            try:
                await self._take_up(request, waits_for, written)
            except Unavailable as later:
                trouble = later
        at = self.clock()
        for who in (await self.store.read(lambda tx: tx.read_before(at, REFRESH_AFTER)))[:AT_A_TIME]:
            try:
                await self._learn(who)
            except Unavailable as later:
                trouble = later
                break  # nobody waits for these
        if trouble is not None:
            raise trouble
        await self._meet()

    async def _meet(self) -> None:
        """Get to know some of the members of the home channel, until all are known."""
        if not self.home or self._strangers == []:
            return
        if self._strangers is None:
            await self._learn_privacy(self.home, known=await self.store.read(lambda tx: tx.is_private(self.home)))
            await self._learn_members(self.home)
            members = (await self.store.read(lambda tx: tx.members_of([self.home]))).get(self.home, frozenset())
            known = await self.store.read(lambda tx: tx.people(members))
            self._strangers = sorted(members - known.keys())[:MOST_MET]
        for who in self._strangers[:AT_A_TIME]:
            with contextlib.suppress(WithheldError):
                await self._learn(who)
            self._strangers.remove(who)
        self.wake()

    async def _holds(self, request: str) -> bool:
        """Make a kept request this process's own, for a while; False where it is another one's."""
        at = self.clock()
        return await self.store.write(lambda tx: tx.take_request(request, self._holder, at, at + HELD))

    async def _take_up(self, request: str, waits_for: str, written: str) -> None:
        try:
            asked = read_request(written)
        except (ValueError, TypeError, KeyError):
            log.exception("roster.request_not_readable", request=request)
            await self._settle(request)
            return
        if not await self._knows(waits_for):
            try:
                await self._learn(waits_for, wanted_by=asked.who)
            except WithheldError as withheld:
                if request not in self._told:
                    self._told.add(request)
                    self.tell(asked, waits_for, withheld.why)
                raise
        self._told.discard(request)
        showing = await self.answer(asked)
        if showing is None:
            self.wake()  # it waits for somebody else now
        else:
            self._shown[request] = asyncio.create_task(self._settle_after(showing, request))

    async def _knows(self, who: str) -> bool:
        if _is_channel(who):
            talk = who.startswith("D")
            return await self.store.read(
                lambda tx: tx.is_private(who) is not None and (talk or bool(tx.members_of([who])))
            )
        return bool(await self.store.read(lambda tx: {**tx.people([who]), **tx.groups([who])}))

    async def _settle_after(self, showing: "asyncio.Task[None]", request: str) -> None:
        await asyncio.wait({showing})
        try:
            await self._settle(request)
        except Exception:  # noqa: BLE001 - logged, and found again after a restart
            log.exception("roster.not_settled", request=request)

    def _forget_settled(self, kept: set[str]) -> None:
        """Forget what was shown once the store has forgotten it; a list read before that may still name it."""
        self._shown = {request: task for request, task in self._shown.items() if request in kept or not task.done()}

    async def _settle(self, request: str) -> None:
        await self.store.write(lambda tx: tx.settle_request(request))

    async def _learn_self(self) -> None:
        me = await self.calls.identity()
        at = self.clock()

        def keep(tx: Tx) -> None:
            for name, value in ((HOME, me.workspace), (BOT_USER, me.user), (BOT, me.bot), (ADDRESS, me.url)):
                tx.keep_fact(name, value, at)

        await self.store.write(keep)
        self._known_self = True
        self._sparing.over("roster.slack_reached")

    async def _learn(self, who: str, *, wanted_by: str = "") -> None:
        """Ask Slack about somebody, a group or a channel; `wanted_by` is whose request waits for it."""
        if who.startswith("D"):
            await self._learn_talk(who, wanted_by)
        elif _is_channel(who):
            await self._learn_channel(who, wanted=bool(wanted_by))
        elif who.startswith("S"):
            await self._learn_group(who)
        else:
            await self._learn_person(who)

    async def _learn_person(self, who: str) -> None:
        at = self.clock()
        try:
            home = await self.store.read(lambda tx: tx.fact(HOME))
            person = await self.calls.describe(who, home)
        except Rejected as refusal:
            # Slack shows nothing of them to us: they may look, like any guest
            log.warning("roster.person_not_read", person=who, reason=refusal.reason)
            person = Person(id=who, name=who, guest=True)
            if not refusal.gone:
                known = await self.store.read(lambda tx: tx.people([who]))
                if who not in known:
                    raise WithheldError(refusal.reason) from refusal
                person, at = known[who], at - REFRESH_AFTER + ASK_AGAIN
        await self.store.write(lambda tx: tx.keep_person(person, at))

    async def _learn_group(self, group: str) -> None:
        at = self.clock()
        try:
            members = await self.calls.members(group)
        except Rejected as refusal:
            log.warning("roster.group_not_read", group=group, reason=refusal.reason)
            members = frozenset()
            if not refusal.gone:
                known = await self.store.read(lambda tx: tx.groups([group]))
                if group not in known:
                    raise WithheldError(refusal.reason) from refusal
                members, at = known[group], at - REFRESH_AFTER + ASK_AGAIN
        await self.store.write(lambda tx: tx.keep_group(group, members, at))

    async def _learn_channel(self, channel: str, *, wanted: bool) -> None:
        """Ask whether a channel is private, and then who is in it.

        Members of a public one are asked for when a request waits for nothing else, and from then on.
        """
        known, read = await self.store.read(lambda tx: (tx.is_private(channel), bool(tx.members_of([channel]))))
        private = known
        if not wanted or known is None:
            private = await self._learn_privacy(channel, known=known)
        if private or read or (wanted and known is not None):
            await self._learn_members(channel)

    async def _learn_talk(self, channel: str, who: str) -> None:
        """Find out whether these direct messages are those with Baton: then they are for no secrets between two."""
        at, known = self.clock(), await self.store.read(lambda tx: tx.is_private(channel))
        private = known if known is not None and not who else await self.calls.direct_channel(who) != channel
        await self.store.write(lambda tx: tx.keep_privacy(channel, at, private=private))

    async def _learn_privacy(self, channel: str, *, known: bool | None) -> bool:
        """Ask whether a channel is private; it is taken for that where Slack does not say."""
        at = self.clock()
        try:
            private = await self.calls.is_private(channel)
        except Rejected as refusal:
            log.warning("roster.channel_not_read", channel=channel, reason=refusal.reason)
            private, at = known is not False, at - REFRESH_AFTER + ASK_AGAIN
            if refusal.reason.startswith("unknown_method"):
                private = False  # no Slack that hides anything: what a payload says of the channel is all there is
        await self.store.write(lambda tx: tx.keep_privacy(channel, at, private=private))
        return private

    async def _learn_members(self, channel: str) -> None:
        """Ask who is in a channel: nobody as far as we know, where Baton is no member."""
        at = self.clock()
        try:
            members = await self.calls.channel_members(channel)
        except NotThereError as refusal:
            log.info("roster.members_not_read", channel=channel, reason=refusal.reason)
            members = frozenset()
        except Rejected as refusal:
            log.warning("roster.members_not_read", channel=channel, reason=refusal.reason)
            members = (await self.store.read(lambda tx: tx.members_of([channel]))).get(channel, frozenset())
            at = at - REFRESH_AFTER + ASK_AGAIN
        await self.store.write(lambda tx: tx.keep_channel(channel, members, at))


def _is_channel(who: str) -> bool:
    return who[:1] in {"C", "G", "D"}
