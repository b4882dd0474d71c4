"""The log from a terminal: `/event` for the day on which Slack itself is down.

What Slack would ask in a modal is given by options, what it would offer as a button is a command of its own, and its
files are written here. GitLab and Slack are told from here what was written down, as far as they answer: nobody waits
for one that is silent, because `serve` goes on with it.
"""

import asyncio
import contextlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot import charts
from bot.dialogue import FieldErrors, File, Modal, Outcome, Request, Sending
from bot.domain import outages as rules
from bot.domain.commands.event import outages_named, parse_event
from bot.domain.errors import Unavailable, UserError
from bot.domain.events import Event
from bot.domain.outages import Outage
from bot.domain.pictures import Picture
from bot.messages import View, Words, drawn, escape, general
from bot.messages import events as say
from bot.messages import outages as say_outages
from bot.services import events, outages
from bot.services.people import TERMINAL, zone_of
from bot.store import Tx
from bot.terminal import DONE, PROGRAM, REFUSED, STOPPED, WRONG
from bot.terminal.printer import Printer
from bot.terminal.twin import LOOK_EVERY, Twin
from handlers import FILES

GITLAB_SECONDS = 8.0
SILENCES = 2
"""After so many attempts that GitLab did not answer, the rest is left to `serve`."""
MOST_WAITING = 10_000
COMMANDS: Final[Mapping[str, str]] = {
    "event.move": "move {0} O{1}",
    "outage.resolve": "resolve O{0}",
    "outage.timeline": "timeline O{0}",
    "outage.postmortem": "postmortem O{0}",
}
"""What to type in place of a button, from what it carries."""
_DATE = re.compile(r"<!date\^[^<>|]*\|([^<>|]*)>(?: \(\d\d:\d\d UTC\))?")
_INSTEAD: Final[Mapping[str, str]] = {
    "the whole is in the file that follows.": f"`{PROGRAM} event export` gives the whole.",
    "A picture follows in our direct messages.": "--picture draws it.",
}
"""What is said here of files that would follow in Slack."""


class EventTwin(Twin):
    """One command about the log."""

    # looking

    async def looks(self, text: str) -> int:
        """Print the answer to a look-up."""
        _, code = await self._asks(self._command(text))
        return code

    async def timeline(self, named: str, picture: Path | None) -> int:
        """Tell an outage in the order in which things happened, and draw it."""
        request = self._command(f"timeline {named}")
        told, code = await self._asks(request)
        if not isinstance(told, Sending):
            return code or REFUSED
        await self.says(told.words)
        if picture is None:
            return DONE
        files = {one.name: one.content for one in await self._files(request, told)}
        name, described = next((name, one) for name, one in files.items() if isinstance(one, Picture))
        try:
            png = await charts.draw(described)
        except Unavailable:
            await self.says(general.not_drawn(name))
            return REFUSED
        return self._write(picture, png)

    async def export(self, words: str, out: Path | None) -> int:
        """Give the log, or a part of it, as a file."""
        if out is None:
            self.printer = Printer(sys.stderr)
        request = self._command(f"export {words}")
        told, code = await self._asks(request)
        return await self._gives(request, told, out) if isinstance(told, Sending) else code or REFUSED

    async def postmortem(self, named: str, out: Path | None, *, into_issue: bool, wait: bool) -> int:
        """Draft a post-mortem: as a file, into the issue, or both."""
        if out is None and not into_issue:
            self.printer = Printer(sys.stderr)
        request = self._command(f"postmortem {named}")
        told, code = await self._asks(request)
        if not isinstance(told, Sending):
            return code or REFUSED
        if out is not None or not into_issue:
            code = await self._gives(request, told, out)
        if code or not into_issue:
            return code
        writing = self.request("button", "outage.write_postmortem", about=told.about)
        _, code = await self._asks(writing)
        batch = f"postmortem-{told.about}-{writing.id}"
        return code or await self._delivers([int(told.about)], lambda tx: _refused_in(tx, batch), wait=wait)

    # logging and declaring

    async def log(self, words: str, *, wait: bool) -> int:
        """Put one line into the log."""
        request = self._command(f"log {words}")
        _, code = await self._asks(request)
        event = await self.bot.store.read(lambda tx: tx.event_of(request.id))
        return await self._mirrors(event, wait=wait) if event else code

    async def declare(self, title: str, chosen: Mapping[str, str], *, wait: bool) -> int:
        """Declare an outage; `chosen` is what was filled in beside its title."""
        asked, code = await self._asks(self._command(f"outage {title}"))
        if not isinstance(asked, Modal):
            return code
        request, code = await self._submits(asked.view, chosen)
        made = await self.bot.store.read(lambda tx: tx.outage_of_key(f"outage:{request.id}"))
        if made is None:
            return code
        await self._says_declared(made)
        code = await self._delivers([made.number], lambda tx: _refused_of_outage(tx, made.number), wait=wait)
        known = await self.bot.store.read(lambda tx: outages.must_find(tx, made.number))
        if known.iid is not None:
            self.printer.line(f"Its issue is #{known.iid}: {drawn.harmless(known.url)}")
        return code

    async def _says_declared(self, made: Outage) -> None:
        others, waiting = await self.bot.store.read(lambda tx: (tx.ongoing(), events.waiting(tx)))
        await self.says(say_outages.declared(made, waiting))
        alike = rules.alike(made.title, (one for one in others if one.number != made.number))
        if alike is not None:
            same = f"It looks like {say.outage_named(alike)}, which went on already. If it is the same, end this one: "
            await self.says(Words(f"{same}`/event resolve {made.reference}`"))

    async def resolve(self, named: str, *, wait: bool) -> int:
        """End an outage."""
        request = self._command(f"resolve {named}")
        _, code = await self._asks(request)
        event = await self.bot.store.read(lambda tx: tx.event_of(f"resolved:{request.id}"))
        if event is None or event.outage is None:
            return code or REFUSED
        number = event.outage
        return await self._delivers([number], lambda tx: _refused_of_outage(tx, number), wait=wait)

    # changing an event

    async def edit(self, number: int, changed: Mapping[str, str], *, wait: bool) -> int:
        """Let an event say something else."""
        asked, code = await self._asks(self.request("button", "event.edit", about=str(number)))
        if not isinstance(asked, Modal):
            return code
        _, code = await self._submits(asked.view, changed)
        if code:
            return code
        event = await self.bot.store.read(lambda tx: events.must_find(tx, number))
        await self.says(say.changed(event))
        return await self._mirrors(event, wait=wait)

    async def retract(self, number: int, *, wait: bool) -> int:
        """Strike an event through."""
        return await self._presses("event.retract", number, str(number), wait=wait)

    async def restore(self, number: int, *, wait: bool) -> int:
        """Take a retraction back."""
        return await self._presses("event.restore", number, str(number), wait=wait)

    async def switch(self, number: int, *, wait: bool) -> int:
        """Make an incident of a change, or the other way round."""
        event = await self.bot.store.read(lambda tx: tx.event(number))
        other = say.OTHER[event.kind] if event else "incident"
        return await self._presses("event.switch", number, f"{number} {other}", wait=wait)

    async def move(self, number: int, named: str, *, wait: bool) -> int:
        """Let an event belong to another outage."""
        found = outages_named(f"#{named}" if named.isdecimal() else named)
        if len(found) != 1:
            self.printer.line("Please name one outage: O7, or the number or address of its issue.")
            return WRONG
        outage = await self.bot.store.read(lambda tx: tx.outage_named(found[0]))
        if outage is None:
            self.printer.line(f"I know no outage {drawn.harmless(named)}.")
            return REFUSED
        return await self._presses("event.move", number, f"{number} {outage.number}", wait=wait)

    async def toil(self, number: int, *, wait: bool) -> int:
        """Make an issue that tracks the cost of what was done by hand."""
        _, code = await self._asks(self.request("button", "event.toil", about=str(number)))
        if code:
            return code
        refused = lambda tx: events.echoed(tx, number).refused  # noqa: E731
        code = await self._delivers([], refused, wait=wait, batch=f"toil-{number}")
        made = await self.bot.store.read(lambda tx: tx.toil_of(number))
        if made is not None and made[0] is not None:
            self.printer.line(f"Its issue is #{made[0]}: {drawn.harmless(made[1])}")
        return code

    async def _presses(self, button: str, number: int, about: str, *, wait: bool) -> int:
        before = await self.bot.store.read(lambda tx: tx.event(number))
        _, code = await self._asks(self.request("button", button, about=about))
        if code or before is None:
            return code
        return await self._mirrors(before, wait=wait)

    # asking

    def _command(self, text: str) -> Request:
        return self.request("command", "event", text=text.strip())

    async def _asks(self, request: Request) -> tuple[Outcome | None, int]:
        """Do what is asked, and print what it says; without an outcome, and with a code, where that is a refusal."""
        answered = await self.answered(request)
        if answered is None:
            return None, REFUSED
        await self.tells(answered.outcome)
        if answered.ended == "done":
            return answered.outcome, DONE
        is_wrong = isinstance(answered.outcome, FieldErrors) or not await self._is_understood(request)
        return None, WRONG if is_wrong else REFUSED

    async def _is_understood(self, request: Request) -> bool:
        if request.kind != "command":
            return True
        zone = await self.bot.store.read(lambda tx: zone_of(tx, self.bot.team, self.by))
        try:
            parse_event(request.text, request.at, zone or ZoneInfo("UTC"))
        except UserError:
            return False
        return True

    async def _submits(self, view: View, chosen: Mapping[str, str]) -> tuple[Request, int]:
        """Fill in what a modal asks, and submit it."""
        values = {**_filled_in(view), **chosen}
        request = self.request("submission", view["callback_id"], about=view["private_metadata"], values=values)
        for field, most in _limits(view):
            if len(values[field]) > most:
                self.printer.line(f"--{field} takes at most {most:,} characters, and yours has {len(values[field]):,}.")
                return request, WRONG
        _, code = await self._asks(request)
        return request, code

    # delivering

    async def _mirrors(self, before: Event, *, wait: bool) -> int:
        """Let GitLab know of an event that was logged or changed, and of the outage that it belonged to before."""
        now = await self.bot.store.read(lambda tx: events.must_find(tx, before.id))
        refused = lambda tx: events.echoed(tx, before.id).refused  # noqa: E731
        return await self._delivers([before.outage, now.outage], refused, wait=wait)

    async def _delivers(
        self, numbers: Iterable[int | None], refused: Callable[[Tx], str], *, wait: bool, batch: str = ""
    ) -> int:
        """Tell GitLab what it must know of these outages, or of a batch in no line, and Slack whatever is due."""
        if not wait:
            self.leave_to_serve()
            return DONE
        lines = {f"outage:{number}" for number in numbers if number is not None} | ({batch} if batch else set())
        if lines:
            await self.patiently(self.beside_slack(self._deliver(lines)))
        await self.post()
        if reason := await self.bot.store.read(refused):
            self.printer.line(f"GitLab refused it: {drawn.harmless(reason)}")
            return STOPPED
        if await self.bot.store.read(lambda tx: _batches_in(tx, lines)):
            self.printer.line("GitLab has not taken it yet: a running `serve` goes on with it.")
        return DONE

    async def _deliver(self, lines: set[str]) -> None:
        """Deliver what waits in these lines or batches, in its order, until nothing does or GitLab stays silent."""
        at, silences = self.bot.clock(), 0
        await self.bot.store.write(lambda tx: tx.all_due_now("gitlab", at))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GITLAB_SECONDS):
                while silences < SILENCES and (batches := await self.bot.store.read(lambda tx: _batches_in(tx, lines))):
                    attempts = 0
                    for batch in batches:
                        attempts += await self.bot.outbox.deliver_due(batch=batch, to="gitlab")
                    silences += bool(attempts and self.bot.gitlab.calls.trouble)
                    await asyncio.sleep(0 if attempts else LOOK_EVERY)

    # files

    async def _files(self, request: Request, told: Sending) -> list[File]:
        """Make the files of an answer: who acts for somebody of Slack gets what Slack would send them."""
        asked = request if self.by.startswith(TERMINAL) else replace(request, source="slack")
        make = FILES[told.make]
        return list(await self.bot.store.read(lambda tx: make(tx, self.bot.team, asked, told.about)))

    async def _gives(self, request: Request, told: Sending, out: Path | None) -> int:
        """Write the file of an answer, or let it be all that stands on standard output."""
        file = (await self._files(request, told))[0]
        text = str(file.content)
        if out is not None:
            return self._write(out, text.encode())
        Printer().copy(text)
        return DONE

    def _write(self, path: Path, content: bytes) -> int:
        try:
            path.write_bytes(content)
        except OSError as error:
            self.printer.line(f"{path} cannot be written ({(error.strerror or str(error)).lower()}).")
            return WRONG
        self.printer.line(f"Written to {path}.")
        return DONE

    # showing

    async def says(self, said: Words) -> None:
        """Print words, with the commands that stand here in place of their buttons."""
        await super().says(replace(said, blocks=tuple(_without_buttons(said.blocks))))

    def translated(self, written: str) -> str:
        """Write what is said for Slack as it holds here; instants are written in UTC."""
        here = _DATE.sub(r"\1", super().translated(written))
        for there, instead in _INSTEAD.items():
            here = here.replace(there, instead)
        return here


def _filled_in(view: View) -> dict[str, str]:
    """Read what stands in a modal before anybody fills it in."""
    return {block["block_id"]: _value(block["element"]) for block in view["blocks"] if block["type"] == "input"}


def _value(element: Mapping[str, Any]) -> str:
    if "initial_option" in element:
        return str(element["initial_option"]["value"])
    if element["type"] == "checkboxes":
        return ",".join(str(option["value"]) for option in element.get("initial_options", ()))
    return str(element.get("initial_value", ""))


def _limits(view: View) -> Iterator[tuple[str, int]]:
    """List the fields of a modal that take so many characters and no more."""
    for block in view["blocks"]:
        if block["type"] == "input" and "max_length" in block["element"]:
            yield block["block_id"], block["element"]["max_length"]


def _batches_in(tx: Tx, lines: set[str]) -> list[str]:
    """List the batches that wait in some lines, or are named themselves, the oldest first."""
    waiting = tx.first_in_line("gitlab", MOST_WAITING) if lines else []
    return list(dict.fromkeys(one.batch for one in waiting if one.batch and {one.batch, one.operation.target} & lines))


def _refused_of_outage(tx: Tx, number: int) -> str:
    """Find GitLab's reason for what it refused of an outage: its issue, its end, or the notes about them."""
    told = [events.echoed(tx, one.id).refused for one in tx.events_logged_in(number) if one.source == "outage"]
    return outages.announced(tx, number).outage.refused or next((reason for reason in told if reason), "")


def _refused_in(tx: Tx, batch: str) -> str:
    return next((one.error for one in tx.deliveries(batch, "rejected")), "")


def _without_buttons(blocks: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Leave buttons out, but for those in whose place something can be typed."""
    for block in blocks:
        if block["type"] != "actions":
            yield block
        elif typed := "\n".join(_typed(block["elements"])):
            yield {"type": "section", "text": {"type": "mrkdwn", "text": typed}}


def _typed(buttons: Sequence[dict[str, Any]]) -> Iterator[str]:
    for button in buttons:
        if command := COMMANDS.get(button["action_id"].partition("#")[0]):
            yield f"• {escape(button['text']['text'])}: `/event {command.format(*button['value'].split())}`"
