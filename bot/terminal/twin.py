"""A command at a terminal: the same request that Slack would bring, with the source `terminal`.

It goes through the same edge, so rights are asked, the audit has its line, and what is refused is refused in the same
words. The outbox delivers from here what was written down. It stays when this process ends: `serve` carries on with it.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from bot import charts
from bot.dialogue import Answer, Ask, FieldErrors, File, Outcome, Reply, Request
from bot.domain.errors import NotKnownYetError, Rejected, Unavailable, UserError
from bot.messages import View, Words, drawn, general
from bot.services.people import HOME
from bot.slack.edge import Answered
from bot.slack.errors import NotThereError
from bot.store import StoreError, Tx
from bot.terminal import DONE, PROGRAM, REFUSED, WRONG
from bot.terminal.printer import Printer

if TYPE_CHECKING:
    from bot.app import Bot

LOOK_EVERY = 0.2
PATIENCE = 3.0
"""Seconds after which whoever sits there is told what is waited for."""
SLACK_SECONDS = 10.0
SOON = timedelta(seconds=3)
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)")
_ENDING = re.compile(r"`/wow rollover ending ")
_COMMAND = re.compile(r"`/(wow|event|handoff) ")


class _RehearsedError(Exception):
    """Ends a rehearsal, so that nothing of it stays."""


class Twin:
    """One command at a terminal, by `by`: a Slack id, or `terminal:` and the name of the machine's user."""

    def __init__(self, bot: "Bot", by: str) -> None:
        self.bot, self.by = bot, by
        self.printer = Printer()

    # asking

    def request(
        self,
        kind: str,
        name: str,
        *,
        text: str = "",
        about: str = "",
        values: Mapping[str, str] | None = None,
    ) -> Request:
        """Make a request, as if Slack had brought it."""
        new_id, at = self.bot.edge.new_id(), self.bot.clock()
        filled_in = values or {}
        return Request(new_id, kind, name, self.by, at, text=text, about=about, values=filled_in, source="terminal")

    async def answered(self, request: Request) -> Answered | None:
        """Do what a request asks; None, and the reason was said, where nobody knows whether its person may do it."""
        return await self.bot.edge.answer(request) if await self._is_introduced(request) else None

    async def handled(self, request: Request) -> Outcome | None:
        """Do the same, and give its outcome alone."""
        answered = await self.answered(request)
        return answered.outcome if answered else None

    async def shown(self, request: Request, ask: Ask) -> tuple[Outcome, Answer]:
        """Let GitLab answer a question, and word the answer."""
        answer = await self.bot.prompt.ask(ask.question)
        show = self.bot.prompt.shows[ask.show]
        try:
            outcome = await self.bot.store.write(lambda tx: show(tx, self.bot.team, request, ask.about, answer))
        except UserError as refusal:
            outcome = Reply(general.refused(str(refusal)))
        return outcome, answer

    async def _is_introduced(self, request: Request) -> bool:
        """Let Slack describe whoever the answer depends on, where that is not known yet; say why when it cannot."""
        asked, unknown = set[str](), self.by
        try:
            while (found := await self._unknown(request)) is not None:
                unknown = found
                if unknown in asked:
                    self.printer.line(f"I could not check whether {self.by} may do this: Slack does not tell me.")
                    return False
                asked.add(unknown)
                await self._learn(unknown)
        except Unavailable as silence:
            otherwise = " Without --as you act as this machine's user." if unknown == self.by else ""
            self.printer.line(f"{silence.reason}, and I do not know {unknown} yet.{otherwise}")
            return False
        except Rejected as refusal:
            self.printer.line(
                f"Slack knows nobody with the id {unknown} ({refusal.reason})."
                if refusal.gone
                else f"I could not check whether {self.by} may do this: Slack does not tell me ({refusal.reason})."
            )
            return False
        return True

    async def _unknown(self, request: Request) -> str | None:
        """Rehearse a request to hear whom Slack must describe first: nobody waits here for the answer to a kept one.

        That may be whoever asks, or somebody whom they name.
        """
        handler = self.bot.edge.handlers[request.kind, request.name]

        def rehearse(tx: Tx) -> str | None:
            try:
                with tx.apart():
                    handler(tx, self.bot.team, request)
                    raise _RehearsedError
            except NotKnownYetError as unknown:
                return unknown.who
            except StoreError:
                raise
            except Exception:  # noqa: BLE001 - well, refused, or broken: the edge meets it again, and says so
                return None

        return await self.bot.store.write(rehearse)

    async def _learn(self, who: str) -> None:
        at, calls = self.bot.clock(), self.bot.calls
        if who.startswith("S"):
            members = await calls.members(who)
            await self.bot.store.write(lambda tx: tx.keep_group(who, members, at))
        elif who.startswith(("C", "G")):
            await self._learn_members(who)
        else:
            home = (await calls.identity()).workspace
            person = await calls.describe(who, home)

            def keep(tx: Tx) -> None:
                tx.keep_fact(HOME, home, at)
                tx.keep_person(person, at)

            await self.bot.store.write(keep)

    async def _learn_members(self, channel: str) -> None:
        at = self.bot.clock()
        try:
            members = await self.bot.calls.channel_members(channel)
        except NotThereError:
            members = frozenset()
        await self.bot.store.write(lambda tx: tx.keep_channel(channel, members, at))

    # delivering

    async def patiently(self, delivering: Coroutine[Any, Any, None]) -> None:
        """Wait for a delivery, and tell whoever sits there what is waited for, and that they need not."""
        task = asyncio.ensure_future(delivering)
        try:
            await asyncio.wait({task}, timeout=PATIENCE)
            if not task.done():
                self.printer.line("Waiting for GitLab. Ctrl-C leaves it to a running `serve`.")
            await task
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.printer.line("Written down. A running `serve` does it as soon as GitLab answers.")
            raise

    async def beside_slack(self, delivering: Coroutine[Any, Any, None]) -> None:
        """Deliver, and meanwhile to Slack whatever is due, so that the channel sees how it goes."""
        ended = asyncio.Event()

        async def deliver() -> None:
            try:
                await delivering
            finally:
                ended.set()

        await asyncio.gather(deliver(), self._tell_channel(ended))

    async def _tell_channel(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            await self.bot.outbox.deliver_due(to="slack")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOOK_EVERY)

    async def post(self) -> None:
        """Post what is due in Slack now or in a moment; what Slack does not take is left to `serve`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SLACK_SECONDS):
                while not self.bot.calls.trouble and await self._is_soon_due():
                    if not await self.bot.outbox.deliver_due(to="slack"):
                        await asyncio.sleep(LOOK_EVERY)
        if self.bot.calls.trouble:
            self.printer.line("Slack does not answer: the channel hears of it as soon as `serve` reaches Slack.")

    async def _is_soon_due(self) -> bool:
        due = await self.bot.store.read(lambda tx: tx.next_due("slack"))
        return due is not None and due <= self.bot.clock() + SOON

    def leave_to_serve(self) -> None:
        """Say that nothing is delivered from here."""
        self.printer.line("Written down. `serve` does it as soon as it runs.")

    # files

    async def draws(self, file: File, path: Path) -> int:
        """Draw a picture into a file."""
        try:
            png = b"" if isinstance(file.content, str) else await charts.draw(file.content)
        except Unavailable:
            await self.says(general.not_drawn(file.name))
            return REFUSED
        return self.writes(path, png)

    def writes(self, path: Path, content: bytes) -> int:
        """Write a file, and say where it is."""
        try:
            path.write_bytes(content)
        except OSError as error:
            self.printer.line(f"{path} cannot be written ({(error.strerror or str(error)).lower()}).")
            return WRONG
        self.printer.line(f"Written to {path}.")
        return DONE

    # showing

    async def says(self, said: Words) -> None:
        """Print words."""
        blocks = said.blocks or ({"type": "section", "text": {"type": "mrkdwn", "text": said.text}},)
        self.printer.show(await self.drawing(blocks))

    async def tells(self, outcome: Outcome | None) -> None:
        """Print what an outcome says in words, if it says any."""
        if isinstance(outcome, Reply):
            await self.says(outcome.words)
        elif isinstance(outcome, FieldErrors):
            for error in outcome.errors.values():
                await self.says(Words(error))

    async def previews(self, view: View) -> None:
        """Print what a modal shows, without its fields."""
        words = [block for block in view["blocks"] if block["type"] != "input"]
        self.printer.show(Group(Text(view["title"]["text"], "bold"), await self.drawing(words)))

    async def drawing(self, blocks: Sequence[dict[str, Any]]) -> RenderableType:
        """Draw blocks, with people by name and commands as they are given here."""
        written = self.translated(json.dumps(blocks, ensure_ascii=False))
        return drawn.drawn(json.loads(written), await self.reader(written))

    def translated(self, written: str) -> str:
        """Write what is said for Slack as it holds here."""
        return _COMMAND.sub(rf"`{PROGRAM} \1 ", _ENDING.sub(f"`{PROGRAM} wow rollover --ending ", written))

    async def reader(self, written: str) -> drawn.Read:
        """Make a reader that knows whoever is mentioned."""
        known = await self.bot.store.read(lambda tx: tx.people(set(_PERSON.findall(written))))
        return drawn.reader({who: person.name for who, person in known.items()})
