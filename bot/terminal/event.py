"""The log from a terminal: `/event` for the day on which Slack itself is down.

What Slack would ask in a modal is given by options, what it would offer as a button is a command of its own, and its
files are written here.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.dialogue import Modal, Request, Sending
from bot.domain import outages as rules
from bot.domain.commands.event import outages_named, parse_event
from bot.domain.errors import UserError
from bot.domain.events import Event
from bot.domain.outages import Outage
from bot.messages import Words, drawn
from bot.messages import events as say
from bot.messages import outages as say_outages
from bot.services import events, outages
from bot.services.people import zone_of
from bot.store import Tx
from bot.terminal import DONE, PROGRAM, REFUSED, WRONG
from bot.terminal.asking import AskingTwin, Refused
from bot.terminal.printer import Printer


class EventTwin(AskingTwin):
    """One command about the log."""

    noun = "event"
    commands: Mapping[str, str] = {
        "event.move": "move {0} O{1}",
        "outage.resolve": "resolve O{0}",
        "outage.timeline": "timeline O{0}",
        "outage.postmortem": "postmortem O{0}",
    }
    instead: Mapping[str, str] = {
        "all of them are in the file that follows.": f"`{PROGRAM} event export` gives all of them.",
        "A picture follows in our direct messages.": "--picture draws it.",
    }

    # looking

    async def timeline(self, named: str, picture: Path | None) -> int:
        """Tell an outage in the order in which things happened, and draw it."""
        request = self.command(f"timeline {named}")
        told, code = await self.asks(request)
        if not isinstance(told, Sending):
            return code or REFUSED
        await self.says(told.words)
        if picture is None:
            return DONE
        files = await self.files(request, told.make, told.about)
        return await self.draws(next(one for one in files if not isinstance(one.content, str)), picture)

    async def export(self, words: str, out: Path | None) -> int:
        """Give the log, or a part of it, as a file."""
        if out is None:
            self.printer = Printer(sys.stderr)
        request = self.command(f"export {words}")
        told, code = await self.asks(request)
        return await self._gives(request, told, out) if isinstance(told, Sending) else code or REFUSED

    async def postmortem(self, named: str, out: Path | None, *, into_issue: bool, wait: bool) -> int:
        """Draft a post-mortem: as a file, into the issue, or both."""
        if out is None and not into_issue:
            self.printer = Printer(sys.stderr)
        request = self.command(f"postmortem {named}")
        told, code = await self.asks(request)
        if not isinstance(told, Sending):
            return code or REFUSED
        if out is not None or not into_issue:
            code = await self._gives(request, told, out)
        if code or not into_issue:
            return code
        writing = self.request("button", "outage.write_postmortem", about=told.about)
        _, code = await self.asks(writing)
        batch = f"postmortem-{told.about}-{writing.id}"
        return code or await self._tells_gitlab([int(told.about)], lambda tx: _refused_in(tx, batch), wait=wait)

    # logging and declaring

    async def log(self, words: str, *, wait: bool) -> int:
        """Put one line into the log."""
        request = self.command(f"log {words}")
        _, code = await self.asks(request)
        event = await self.bot.store.read(lambda tx: tx.event_of(request.id))
        return await self._mirrors(event, wait=wait) if event else code

    async def declare(self, title: str, chosen: Mapping[str, str], *, wait: bool) -> int:
        """Declare an outage; `chosen` is what was filled in beside its title."""
        asked, code = await self.asks(self.command(f"outage {title}"))
        if not isinstance(asked, Modal):
            return code
        request, code = await self.submits(asked.view, chosen)
        made = await self.bot.store.read(lambda tx: tx.outage_of_key(f"outage:{request.id}"))
        if made is None:
            return code
        await self._says_declared(made)
        code = await self._tells_gitlab([made.number], lambda tx: _refused_of_outage(tx, made.number), wait=wait)
        known = await self.bot.store.read(lambda tx: outages.must_find(tx, made.number))
        if known.iid is not None:
            self.printer.line(f"Its issue is #{known.iid}: {drawn.harmless(known.url)}")
        return code

    async def _says_declared(self, made: Outage) -> None:
        others, waiting = await self.bot.store.read(lambda tx: (tx.ongoing(), events.waiting(tx)))
        await self.says(say_outages.declared(made, waiting))
        alike = rules.alike(made.title, (one for one in others if one.number != made.number))
        if alike is not None:
            same = (
                f"It looks like {say.outage_named(alike)}, which is ongoing already. If it is the same, end this one: "
            )
            await self.says(Words(f"{same}`/event resolve {made.reference}`"))

    async def resolve(self, named: str, *, wait: bool) -> int:
        """End an outage."""
        request = self.command(f"resolve {named}")
        _, code = await self.asks(request)
        event = await self.bot.store.read(lambda tx: tx.event_of(f"resolved:{request.id}"))
        if event is None or event.outage is None:
            return code or REFUSED
        number = event.outage
        return await self._tells_gitlab([number], lambda tx: _refused_of_outage(tx, number), wait=wait)

    # changing an event

    async def edit(self, number: int, changed: Mapping[str, str], *, wait: bool) -> int:
        """Let an event say something else."""
        asked, code = await self.asks(self.request("button", "event.edit", about=str(number)))
        if not isinstance(asked, Modal):
            return code
        _, code = await self.submits(asked.view, changed)
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
        """Turn a change into an incident, or the other way round."""
        event = await self.bot.store.read(lambda tx: tx.event(number))
        other = say.OTHER[event.kind] if event else "incident"
        return await self._presses("event.switch", number, f"{number} {other}", wait=wait)

    async def move(self, number: int, named: str, *, wait: bool) -> int:
        """Move an event to another outage."""
        found = outages_named(f"#{named}" if named.isdecimal() else named)
        if len(found) != 1:
            self.printer.line("Please name one outage: O7, or the number or address of its issue.")
            return WRONG
        outage = await self.bot.store.read(lambda tx: tx.outage_named(found[0]))
        if outage is None:
            self.printer.line(f"I do not know outage {drawn.harmless(named)}.")
            return REFUSED
        return await self._presses("event.move", number, f"{number} {outage.number}", wait=wait)

    async def toil(self, number: int, *, wait: bool) -> int:
        """Make an issue that tracks the cost of what was done by hand."""
        _, code = await self.asks(self.request("button", "event.toil", about=str(number)))
        if code:
            return code
        refused = lambda tx: events.echoed(tx, number).refused  # noqa: E731
        code = await self.delivers({f"toil-{number}"}, refused, wait=wait)
        made = await self.bot.store.read(lambda tx: tx.toil_of(number))
        if made is not None and made[0] is not None:
            self.printer.line(f"Its issue is #{made[0]}: {drawn.harmless(made[1])}")
        return code

    async def _presses(self, button: str, number: int, about: str, *, wait: bool) -> int:
        before = await self.bot.store.read(lambda tx: tx.event(number))
        _, code = await self.asks(self.request("button", button, about=about))
        if code or before is None:
            return code
        return await self._mirrors(before, wait=wait)

    async def understands(self, request: Request) -> bool:
        """Tell whether these words can be a command; times are read in the zone of whoever types."""
        zone = await self.bot.store.read(lambda tx: zone_of(tx, self.bot.team, self.by))
        try:
            parse_event(request.text, request.at, zone or ZoneInfo("UTC"))
        except UserError:
            return False
        return True

    # delivering

    async def _mirrors(self, before: Event, *, wait: bool) -> int:
        """Let GitLab know of an event that was logged or changed, and of the outage that it belonged to before."""
        now = await self.bot.store.read(lambda tx: events.must_find(tx, before.id))
        refused = lambda tx: events.echoed(tx, before.id).refused  # noqa: E731
        return await self._tells_gitlab([before.outage, now.outage], refused, wait=wait)

    async def _tells_gitlab(self, numbers: Iterable[int | None], refused: Refused, *, wait: bool) -> int:
        """Tell GitLab what it must know of these outages."""
        lines = {f"outage:{number}" for number in numbers if number is not None}
        return await self.delivers(lines, refused, wait=wait)

    # files

    async def _gives(self, request: Request, told: Sending, out: Path | None) -> int:
        """Write the file of an answer, or let it be all that stands on standard output."""
        file = (await self.files(request, told.make, told.about))[0]
        text = str(file.content)
        if out is not None:
            return self.writes(out, text.encode())
        Printer().copy(text)
        return DONE


def _refused_of_outage(tx: Tx, number: int) -> str:
    """Find GitLab's reason for what it refused of an outage: its issue, its end, or the notes about them."""
    told = [events.echoed(tx, one.id).refused for one in tx.events_logged_in(number) if one.source == "outage"]
    return outages.announced(tx, number).outage.refused or next((reason for reason in told if reason), "")


def _refused_in(tx: Tx, batch: str) -> str:
    return next((one.error for one in tx.deliveries(batch, "rejected")), "")
