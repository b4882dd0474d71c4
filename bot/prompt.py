"""What a person waits for and that needs the network: modals are opened, GitLab is read, answers are brought.

Why it is built so. A trigger lives three seconds, so a modal is opened at once, empty, and filled in when GitLab has
answered. Nothing here is promised: whatever a command changes was written before its ack. If Slack does not let a modal
open in time, the person gets a button whose click brings a fresh trigger; who had an empty one open, or waited for an
answer, when the program was killed is told so after the restart.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import uuid4
from weakref import WeakValueDictionary

from bot import charts
from bot.dialogue import (
    ANSWERING,
    FILLING_IN,
    HELD,
    Answer,
    Ask,
    FieldErrors,
    File,
    Modal,
    Outcome,
    Renewed,
    Reply,
    Request,
    Sending,
    awaited,
    read_request,
)
from bot.domain.errors import Rejected, Unavailable, UserError
from bot.domain.questions import MessageQuestion, OutageQuestion, WeekQuestion
from bot.domain.talk import Talk
from bot.domain.team import Team
from bot.domain.tracker import OutageFacts, WeekFacts
from bot.messages import View, Words, general
from bot.store import Store, StoreError, Tx
from bot.telemetry import log

READ_SECONDS = 25.0
LISTEN_SECONDS = 5.0
"""Seconds that a person waits for what can be done without: a thread, an issue's title, a list that is remembered."""
Question = WeekQuestion | OutageQuestion | MessageQuestion
Facts = WeekFacts | OutageFacts | Talk
HELD_ANEW = 5.0
"""Seconds after which who is still at an answer says so to other processes."""
LOOKED_AGAIN = 1.0
"""Seconds between looks at whether somebody is still at it."""
FRESH_ENOUGH = 29 * 60.0
"""Seconds for which a response URL is good, with a minute to spare."""
ATTEMPTS = 3
PAUSE, LONGEST_PAUSE = 1.0, 30.0
PAUSES = (1.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds between attempts to answer somebody: about two minutes, after which hardly anybody waits for it."""


class Screen(Protocol):
    """The person's Slack, as far as a prompt needs it. Every call raises Unavailable or Rejected."""

    async def open_modal(self, trigger: str, view: View) -> None:
        """Open a modal."""

    async def update_modal(self, external: str, view: View) -> None:
        """Fill it in."""

    async def renew_modal(self, view_id: str, view: View) -> None:
        """Let an open modal show something else, by Slack's id of it."""

    async def respond(self, url: str, said: Words) -> None:
        """Answer by a response URL."""

    async def whisper(self, channel: str, who: str, said: Words) -> None:
        """Say something to one person in a channel."""

    async def direct(self, who: str, said: Words) -> None:
        """Send a direct message."""

    async def send_file(self, who: str, name: str, content: str | bytes, comment: str, alternative: str = "") -> bool:
        """Send a file as a direct message; tells whether it is known to have arrived, and raises when it did not."""


Show = Callable[[Tx, Team, Request, str, Answer], Outcome]
"""Turns GitLab's answer into what the person sees; runs in a transaction of its own."""
Make = Callable[[Tx, Team, Request, str], Sequence[File]]
"""Makes the files that belong to an answer."""


class Prompt:
    """The worker. `shows` renders answers by name, `makes` gives the files that go with them, `draw` draws pictures.

    `is_private` tells of a channel whether it is private, as far as Slack says so in time.
    """

    def __init__(
        self,
        store: Store,
        team: Team,
        *,
        screen: Screen,
        read: Callable[[Question], Awaitable[Facts]],
        shows: Mapping[str, Show],
        makes: Mapping[str, Make],
        is_private: Callable[[str], Awaitable[bool]],
        clock: Callable[[], datetime],
    ) -> None:
        self.store, self.team, self.screen, self.read = store, team, screen, read
        self.is_private = is_private
        self.shows, self.makes, self.clock = shows, makes, clock
        self._tasks: dict[asyncio.Task[None], tuple[Request, Outcome]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._holder = uuid4().hex

    def begin(self, request: Request, outcome: Outcome | None, *, acked: bool) -> "asyncio.Task[None] | None":
        """Show an outcome, without making anybody wait; `acked` tells that the ack has carried its words already."""
        in_ack = acked and (isinstance(outcome, FieldErrors) or (isinstance(outcome, Reply) and not outcome.url))
        if outcome is None or (in_ack and request.kind in {"command", "submission"}):
            return None
        task = asyncio.create_task(self._show_safely(request, outcome, acked=acked))
        self._tasks[task] = request, outcome
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    async def stop(self, seconds: float = 2.0) -> None:
        """Let what is being shown end; whoever still waits then is told to ask again."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = dict(self._tasks)
        for task in left:
            task.cancel()
        if left:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await asyncio.gather(
                        *(
                            self._say_instead(request, outcome, general.restarting())
                            for request, outcome in left.values()
                        )
                    )
                    await asyncio.gather(*(self._settle(request.id) for request, _ in left.values()))

    async def _show_safely(self, request: Request, outcome: Outcome, *, acked: bool) -> None:
        with log.bound(request=request.id):
            try:
                async with self._holding(request, outcome):
                    await self.show(request, outcome, acked=acked)
            except UserError as error:
                await self._say_instead(request, outcome, general.refused(str(error)))
            except Exception:  # noqa: BLE001 - logged, and apologised for
                log.exception("prompt.broke")
                await self._say_instead(request, outcome, general.apology(request.id))
        if awaited(request, outcome):
            await self._settle(request.id)

    async def make_up(self) -> None:
        """Tell whoever waited for an answer, or had an empty modal open, when the program was killed that none comes.

        Another process on the same database may be answering: then it holds the request, and settles it.
        """
        for request, waits_for, written in await self.store.read(lambda tx: tx.kept_requests()):
            if waits_for not in {FILLING_IN, ANSWERING}:
                continue
            try:
                asked = read_request(written)
            except (ValueError, TypeError, KeyError):
                log.exception("prompt.request_not_readable", request=request)
            else:
                if not await self._is_left(request):
                    continue
                outcome = Modal({}) if waits_for == FILLING_IN else None
                await self._say_instead(asked, outcome, general.restarted())
            await self._settle(request)

    async def _is_left(self, request: str) -> bool:
        """Wait until nobody is at a kept request any more; False when it was answered after all."""
        while request in await self._kept():
            if await self._takes(request):
                return True
            await asyncio.sleep(LOOKED_AGAIN)
        return False

    async def _kept(self) -> set[str]:
        return {request for request, _, _ in await self.store.read(lambda tx: tx.kept_requests())}

    @contextlib.asynccontextmanager
    async def _holding(self, request: Request, outcome: Outcome) -> AsyncIterator[None]:
        """Let no other process take for left what is being answered here."""
        waits_for = awaited(request, outcome)
        at_it = asyncio.create_task(self._hold_on(request.id, waits_for)) if waits_for else None
        try:
            yield
        finally:
            if at_it is not None:
                at_it.cancel()

    async def _hold_on(self, request: str, waits_for: str) -> None:
        while True:  # until it is shown
            await asyncio.sleep(HELD_ANEW)
            with contextlib.suppress(StoreError):
                await self._holds(request, waits_for)

    async def _holds(self, request: str, waits_for: str) -> None:
        until = self.clock() + HELD
        await self.store.write(lambda tx: tx.hold_request(request, waits_for, self._holder, until))

    async def _takes(self, request: str) -> bool:
        at = self.clock()
        return await self.store.write(lambda tx: tx.take_request(request, self._holder, at, at + HELD))

    async def _settle(self, request: str) -> None:
        try:
            await self.store.write(lambda tx: tx.settle_request(request))
        except Exception:  # noqa: BLE001 - logged, and found again after a restart
            log.exception("prompt.not_settled", request=request)

    async def _say_instead(self, request: Request, outcome: Outcome | None, said: Words) -> None:
        """Say something in place of an outcome: in its modal, if that is open, else as words."""
        try:
            if not isinstance(outcome, Modal) or not await self._updated(request, general.said_in_modal(said)):
                await self.say(request, said)
        except Exception:  # noqa: BLE001 - logged; there is nobody left to tell
            log.exception("prompt.broke")

    async def show(self, request: Request, outcome: Outcome, *, acked: bool = False) -> None:
        """Bring an outcome to the person's screen; `acked` tells that a modal in the ack is there already."""
        match outcome:
            case Reply(said, url):
                await self.say(replace(request, response_url=url) if url else request, said)
            case Sending(said, make, about):
                if not (acked and request.kind == "command"):
                    await self.say(request, said)
                await self._send(request, make, about)
            case Modal():
                await self._show_modal(request, outcome, there=acked and request.kind == "submission")
            case Renewed(view):
                await self._renew(request, view)
            case FieldErrors(errors):
                await self.say(request, general.refused("\n".join(errors.values())))
            case Ask() as ask:
                shown = await self._answer(request, ask)
                if isinstance(shown, Modal):
                    await self._show_modal(request, shown, there=False)
                elif isinstance(shown, Reply | Sending):
                    await self.show(request, shown)

    async def _renew(self, request: Request, view: View) -> None:
        """Show in an open modal what a choice leads to, in the order of the choices; one that is gone is left alone."""
        turn = self._turns.setdefault(request.view, asyncio.Lock())
        async with turn:
            try:
                await self.screen.renew_modal(request.view, view)
            except Unavailable as silence:
                log.info("prompt.modal_not_renewed", reason=silence.reason)
            except Rejected as refusal:
                if not refusal.gone:
                    raise
                log.info("prompt.modal_gone", reason=refusal.reason)

    async def _show_modal(self, request: Request, modal: Modal, *, there: bool) -> None:
        view = {**modal.view, "external_id": _external(request)}
        sure = there
        try:
            if not there:
                await self.screen.open_modal(request.trigger, view)
                sure = True
        except Rejected as refusal:
            if not refusal.gone:
                raise  # the view itself is wrong, and would be refused again
            await self._offer(request, general.press_open())
            return
        except Unavailable as silence:
            # it may have opened all the same: it is filled in below if it is there
            log.info("prompt.modal_unsure", reason=silence.reason)
        if modal.ask is not None:
            await self._fill(request, modal.ask, general.closed_meanwhile() if sure else general.press_open())
        elif not sure and not await self._updated(request, view):
            await self._offer(request, general.press_open())

    async def _fill(self, request: Request, ask: Ask, otherwise: Words) -> None:
        """Fill in a modal with GitLab's answer; where it is gone the person is told, and may open it again."""
        shown = await self._answer(request, ask, leads_on=True)
        view = _view_of(shown)
        if view is None:
            return
        if await self._updated(request, view):
            await self._send(request, ask.show, ask.about)
        elif isinstance(shown, Reply):
            await self.say(request, shown.words)
        else:
            await self._offer(request, otherwise)

    async def _updated(self, request: Request, view: View) -> bool:
        """Put a view into the modal that was opened for this request; tells whether it is (still) there."""
        external = _external(request)
        for attempt in range(ATTEMPTS):
            try:
                await self.screen.update_modal(external, {**view, "external_id": external})
            except Unavailable as silence:
                log.info("prompt.modal_not_updated", reason=silence.reason)
                if attempt + 1 < ATTEMPTS:
                    await asyncio.sleep(min(silence.retry_after or PAUSE, LONGEST_PAUSE))
            except Rejected as refusal:
                if not refusal.gone:
                    raise
                log.info("prompt.modal_gone", reason=refusal.reason)
                return False
            else:
                return True
        return False

    async def _offer(self, request: Request, said: Words) -> None:
        await self.say(request, general.with_open_button(said, request.without_loans().written()))

    async def _send(self, request: Request, make: str, about: str) -> None:
        """Make the files that go with an answer, if there are any, and send them as direct messages."""
        maker = self.makes.get(make)
        files = await self.store.read(lambda tx: maker(tx, self.team, request, about)) if maker else ()
        for file in files:
            await self._send_file(request, file)

    async def _send_file(self, request: Request, file: File) -> None:
        try:
            content = file.content if isinstance(file.content, str) else await charts.draw(file.content)
        except Unavailable as trouble:
            log.warning("prompt.not_drawn", reason=trouble.reason)
            await self.say(request, general.not_drawn(file.name))
            return
        for attempt in range(ATTEMPTS):
            try:
                arrived = await self.screen.send_file(
                    request.who, file.name, content, file.comment, alternative=file.alternative
                )
            except Unavailable as silence:
                log.info("prompt.file_not_sent", reason=silence.reason)
                if attempt + 1 < ATTEMPTS:
                    await asyncio.sleep(min(silence.retry_after or PAUSE, LONGEST_PAUSE))
            except Rejected as refusal:
                log.warning("prompt.file_refused", reason=refusal.reason)
                break
            else:
                if not arrived:  # a second one is worse than none
                    log.warning("prompt.file_unsure", file=file.name)
                    await self.say(request, general.file_unsure(file.name))
                return
        await self.say(request, general.file_not_sent(file.name))

    async def _answer(self, request: Request, ask: Ask, *, leads_on: bool = False) -> Outcome:
        """Word GitLab's answer; what `leads_on` to a message in a channel must know whether this one is private."""
        answer = await self.ask(ask.question)
        if leads_on and not request.private and await self.is_private(request.channel):
            request = replace(request, private=True)
        return await self.store.write(lambda tx: self.shows[ask.show](tx, self.team, request, ask.about, answer))

    async def ask(self, question: Question) -> Answer:
        """Let GitLab (or Slack) answer, for as long as a person waits; its silence is an answer too."""
        try:
            async with asyncio.timeout(READ_SECONDS if _is_long(question) else LISTEN_SECONDS):
                found = await self.read(question)
        except TimeoutError:
            return Answer(None, "it is too slow")
        except Unavailable as silent:
            log.warning("prompt.silent", reason=silent.reason)
            return Answer(None, silent.reason, refused=silent.token_refused)
        except Rejected as refusal:
            return Answer(None, refusal.reason, refused=True)
        match found:
            case Talk():
                return Answer(None, talk=found)
            case OutageFacts():
                return Answer(None, ongoing=found)
            case WeekFacts():
                return Answer(found)

    async def say(self, request: Request, said: Words) -> None:
        """Say something to the person alone: where they asked (on the Home tab, in a modal), else as a direct message.

        What Slack does not take now is tried again for a while; nobody is left without an answer that is this short.
        """
        for pause in (*PAUSES, None):
            silences: list[Unavailable] = []
            for way in self._ways(request, said):
                try:
                    await way()
                except Unavailable as silence:
                    silences.append(silence)
                except Rejected as refusal:
                    log.info("prompt.other_way", reason=refusal.reason)
                else:
                    return
            if not silences:
                break
            log.info("prompt.slack_silent", reason=silences[0].reason)
            if pause is not None:
                await asyncio.sleep(min(max(silence.retry_after or pause for silence in silences), max(PAUSES)))
        log.warning("prompt.unheard", who=request.who)

    def _ways(self, request: Request, said: Words) -> list[Callable[[], Awaitable[None]]]:
        ways: list[Callable[[], Awaitable[None]]] = []
        if request.home and request.trigger:
            ways.append(lambda: self.screen.open_modal(request.trigger, general.said_in_modal(said)))
        if request.response_url and (self.clock() - request.at).total_seconds() < FRESH_ENOUGH:
            ways.append(lambda: self.screen.respond(request.response_url, said))
        if request.channel and not request.channel.startswith("D"):
            ways.append(lambda: self.screen.whisper(request.channel, request.who, said))
        return [*ways, lambda: self.screen.direct(request.who, said)]


def _is_long(question: Question) -> bool:
    """Tell whether there is much to read, without which nothing can be shown."""
    return isinstance(question, WeekQuestion) and not question.issue


def _external(request: Request) -> str:
    """Name the modal that is opened for a request, so that it can be filled in whatever became of the call."""
    return f"baton-{request.id}"


def _view_of(outcome: Outcome) -> View | None:
    match outcome:
        case Modal(view):
            return view
        case Reply(said):
            return general.said_in_modal(said)
    return None
