"""What a person waits for and that needs the network: modals are opened, GitLab is read, answers are brought.

Why it is built so. A trigger lives three seconds, so a modal is opened at once, empty, and filled in when GitLab has
answered. Nothing here is promised and nothing is kept: whatever a command changes was written before its ack. If Slack
does not let a modal open in time, the person gets a button whose click brings a fresh trigger.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

from bot.dialogue import Answer, Ask, Modal, Outcome, Reply, Request
from bot.domain.errors import Rejected, Unavailable, UserError
from bot.domain.questions import WeekQuestion
from bot.domain.team import Team
from bot.domain.tracker import WeekFacts
from bot.messages import View, Words, general
from bot.store import Store, Tx
from bot.telemetry import log

READ_SECONDS = 25.0
FRESH_ENOUGH = 29 * 60.0
"""Seconds for which a response URL is good, with a minute to spare."""


class Screen(Protocol):
    """The person's Slack, as far as a prompt needs it. Every call raises Unavailable or Rejected."""

    async def open_modal(self, trigger: str, view: View) -> None:
        """Open a modal."""

    async def update_modal(self, external: str, view: View) -> None:
        """Fill it in."""

    async def respond(self, url: str, said: Words) -> None:
        """Answer by a response URL."""

    async def whisper(self, channel: str, who: str, said: Words) -> None:
        """Say something to one person in a channel."""

    async def direct(self, who: str, said: Words) -> None:
        """Send a direct message."""

    async def send_file(self, who: str, name: str, content: str, comment: str) -> None:
        """Send a file as a direct message."""


Show = Callable[[Tx, Team, Request, str, Answer], Outcome]
"""Turns GitLab's answer into what the person sees; runs in a transaction of its own."""
Attachment = Callable[[Tx, Team, str], tuple[str, str, str] | None]
"""Gives a file (name, content, comment) that belongs to what is shown, if it is too long for the screen."""


class Prompt:
    """The worker. `shows` renders answers by name, `attach` gives a file that goes with one."""

    def __init__(  # noqa: PLR0913 - the composition root hands over everything by name
        self,
        store: Store,
        team: Team,
        *,
        screen: Screen,
        read: Callable[[WeekQuestion], Awaitable[WeekFacts]],
        shows: Mapping[str, Show],
        attachments: Mapping[str, Attachment],
        clock: Callable[[], datetime],
    ) -> None:
        self.store, self.team, self.screen, self.read = store, team, screen, read
        self.shows, self.attachments, self.clock = shows, attachments, clock
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, request: Request, outcome: Outcome | None, *, acked: bool) -> None:
        """Show an outcome, without making anybody wait; `acked` tells that the ack has carried its words already."""
        if outcome is None or (acked and isinstance(outcome, Reply) and request.kind in {"command", "submission"}):
            return
        task = asyncio.create_task(self._show_safely(request, outcome))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self, seconds: float = 5.0) -> None:
        """Let what is being shown end."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def _show_safely(self, request: Request, outcome: Outcome) -> None:
        with log.bound(request=request.id):
            try:
                await self.show(request, outcome)
            except UserError as error:
                await self._say_safely(request, general.refused(str(error)))
            except (Unavailable, Rejected) as error:
                log.warning("prompt.not_shown", reason=error.reason)
            except Exception:
                log.exception("prompt.broke")
                await self._say_safely(request, general.apology(request.id))

    async def show(self, request: Request, outcome: Outcome) -> None:
        """Bring an outcome to the person's screen."""
        match outcome:
            case Reply(said):
                await self.say(request, said)
            case Modal():
                await self._show_modal(request, outcome)
            case Ask() as ask:
                shown = await self._answer(request, ask)
                if isinstance(shown, Modal):
                    await self._show_modal(request, shown)
                elif isinstance(shown, Reply):
                    await self.say(request, shown.words)

    async def _show_modal(self, request: Request, modal: Modal) -> None:
        external = f"baton-{request.id}"
        opened = request.kind == "submission"  # the ack has shown it already
        try:
            if not opened:
                await self.screen.open_modal(request.trigger, {**modal.view, "external_id": external})
                opened = True
        except Rejected:
            await self.say(request, general.with_open_button(general.press_open("this"), request.written()))
            return
        except Unavailable:
            # it may have opened all the same: it is filled in below if it is there
            log.info("prompt.modal_unsure")
        if modal.ask is None:
            if not opened:
                await self.say(request, general.with_open_button(general.press_open("this"), request.written()))
            return
        await self._fill(request, modal.ask, external)

    async def _fill(self, request: Request, ask: Ask, external: str) -> None:
        shown = await self._answer(request, ask)
        view = _view_of(shown)
        if view is None:
            return
        try:
            await self.screen.update_modal(external, {**view, "external_id": external})
        except (Unavailable, Rejected) as error:
            log.info("prompt.modal_gone", reason=error.reason)
            said = general.press_open("this")
            await self.say(request, general.with_open_button(said, request.written()))
            return
        await self._attach(request, ask)

    async def _attach(self, request: Request, ask: Ask) -> None:
        attachment = self.attachments.get(ask.show)
        found = await self.store.read(lambda tx: attachment(tx, self.team, ask.about)) if attachment else None
        if found:
            name, content, comment = found
            await self.screen.send_file(request.who, name, content, comment)

    async def _answer(self, request: Request, ask: Ask) -> Outcome:
        answer = await self.ask(ask.question)
        return await self.store.write(lambda tx: self.shows[ask.show](tx, self.team, request, ask.about, answer))

    async def ask(self, question: WeekQuestion) -> Answer:
        """Let GitLab answer, for as long as a person waits; its silence is an answer too."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                return Answer(await self.read(question))
        except TimeoutError:
            return Answer(None, "GitLab is too slow")
        except Unavailable as silent:
            return Answer(None, silent.reason)
        except Rejected as refusal:
            return Answer(None, refusal.reason, refused=True)

    async def say(self, request: Request, said: Words) -> None:
        """Say something to the person alone: where they asked, else as a direct message."""
        fresh = (self.clock() - request.at).total_seconds() < FRESH_ENOUGH
        ways: list[Callable[[], Awaitable[None]]] = []
        if request.response_url and fresh:
            ways.append(lambda: self.screen.respond(request.response_url, said))
        if request.channel:
            ways.append(lambda: self.screen.whisper(request.channel, request.who, said))
        ways.append(lambda: self.screen.direct(request.who, said))
        for way in ways:
            try:
                await way()
            except (Unavailable, Rejected) as error:
                log.info("prompt.other_way", reason=error.reason)
            else:
                return
        log.warning("prompt.unheard", who=request.who)

    async def _say_safely(self, request: Request, said: Words) -> None:
        try:
            await self.say(request, said)
        except Exception:
            log.exception("prompt.broke")


def _view_of(outcome: Outcome) -> View | None:
    match outcome:
        case Modal(view):
            return view
        case Reply(said):
            return general.said_in_modal(said)
    return None
