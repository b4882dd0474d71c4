"""The pager from a terminal: `/handoff` for the day on which Slack itself is down.

What goes on is printed, options fill in what Slack would ask in a modal, and an offer is answered by commands. Whoever
accepts or takes the pager here has GitLab and Slack told from here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bot.dialogue import Modal, Request
from bot.domain.commands.handoff import HandoffHelp, parse_handoff
from bot.domain.errors import UserError
from bot.domain.oncall import Handed, Handoff
from bot.domain.operations import SetUsergroup
from bot.messages import View, drawn, general, offering, oncall
from bot.services import ongoing, shifts
from bot.store import Tx
from bot.terminal import DONE, PROGRAM, REFUSED, STOPPED, WRONG
from bot.terminal.asking import AskingTwin, filled_in
from handlers import MESSAGES

LATEST = 50
"""Hand-offs among which one is looked for of which GitLab refused something."""
OTHERS: Final = "others"
_AN_ID = re.compile(r"[UW](?=[A-Z]*[0-9])[A-Z0-9]+")


class HandoffTwin(AskingTwin):
    """One command about the pager."""

    noun = "handoff"
    commands: Mapping[str, str] = {"handoff.show": "show {0}", "handoff.retry": "retry"}
    instead: Mapping[str, str] = {
        "Please choose the person from the list that Slack shows after `@`.": "Please give their Slack id.",
        "Please choose one from the list that Slack shows after `@`.": "Please give the Slack id of the one you mean.",
        "Please choose the person from Slack's own list.": "Please check it.",
        "Please choose who is next.": "Please name who is next.",
        "Please say in a few words how things are, or tick Quiet shift.": (
            "Nothing is offered yet: say how things are with --summary TEXT, or --quiet. "
            "--note '#12=TEXT' adds a note on something ongoing."
        ),
        f"`{PROGRAM} handoff take` puts you on call": f"`{PROGRAM} handoff take --as U…` puts whoever that is on call",
        "You can decline it, with the button *Decline*.": f"`{PROGRAM} handoff decline` declines it.",
        "all are in the file in our direct messages.": "all are listed below.",
    }

    # looking

    async def status(self) -> int:
        """Say who is on call and what goes on, and how what is offered can be answered here."""
        code = await self.looks("status")
        offered = await self.bot.store.read(lambda tx: tx.open_handoff())
        if offered is not None:
            ways = ("show", *(f"{verb} --as {offered.incoming}" for verb in ("accept", "ask", "decline")))
            self.printer.line("\n".join(["From a terminal:", *_commands(ways)]))
        return code

    async def show(self, number: int | None) -> int:
        """Show all that passes in a hand-off: in the one that is offered, or was last."""
        found = await self.bot.store.read(lambda tx: _latest(tx) if number is None else tx.handoff(number))
        if found is None and number is None:
            return await self.looks("history")
        about = str(found.number if found else number)
        shown, code = await self.asks(self.request("button", "handoff.show", about=about))
        if isinstance(shown, Modal):
            await self.previews(shown.view)
        return code

    # offering

    async def offer(
        self, person: str, words: str, chosen: Mapping[str, str], notes: Sequence[tuple[str, str]], *, wait: bool
    ) -> int:
        """Show what goes on, and offer it to somebody. Notes are pairs: what goes on, and what to know of it."""
        if self.bot.rota is not None and person.strip("@").casefold() == "next":
            await self.bot.rota.step()
        request = self.command(f"to {_addressed(person)} {words}")
        asked, code = await self.asks(request)
        if not isinstance(asked, Modal) or asked.ask is None:
            return code or WRONG
        shown, _ = await self.shown(request, asked.ask)
        if not isinstance(shown, Modal):
            await self.tells(shown)
            return REFUSED
        await self.previews(shown.view)
        for file in await self.files(request, asked.ask.show, asked.ask.about):
            self.printer.line(drawn.harmless(str(file.content)))
        if "to" in filled_in(shown.view):
            self.printer.line(f"Nothing is offered yet. Name who is next: {PROGRAM} handoff to PERSON")
            return REFUSED
        handed = (await self.bot.store.read(lambda tx: ongoing.listing(tx, self.bot.team))).handed
        noted, unknown = _fields(notes, handed)
        if unknown:
            self.printer.line(_not_going_on(unknown, handed))
            return WRONG
        return await self._submits_offer(shown.view, {**chosen, **noted}, handed, wait=wait)

    async def _submits_offer(
        self, view: View, chosen: Mapping[str, str], handed: Sequence[Handed], *, wait: bool
    ) -> int:
        labels = {f"note:{one.key}": f"Note on {one.reference}" for one in handed}
        labels |= {offering.OTHERS: "Note on the others", "summary": "Summary"}
        earlier = await self.bot.store.read(lambda tx: _draft(tx, self.by))
        chosen = {**{name: text for name, text in earlier.items() if name in labels}, **chosen}
        self._shows_filled_in({**filled_in(view), **chosen}, labels)
        request, code = await self.submits(view, chosen, labels)
        made = await self.bot.store.read(lambda tx: _of(tx, request))
        if made is None:
            return code or REFUSED
        code = await self.delivers(set(), _not_refused, wait=wait)
        self.printer.line(
            "\n".join(["From a terminal, they accept it by", *_commands([f"accept --as {made.incoming}"])])
        )
        return code

    def _shows_filled_in(self, values: Mapping[str, str], labels: Mapping[str, str]) -> None:
        """Print what was typed, also what was typed earlier in the shift, as it will pass."""
        typed = [f"{label}: {value}" for name, label in labels.items() if (value := values.get(name, "").strip())]
        quiet = ["Quiet shift"] if values.get(offering.QUIET) else []
        if typed or quiet:
            self.printer.line(drawn.harmless("\n".join(["", *typed, *quiet, ""])))

    async def cancel(self, *, wait: bool) -> int:
        """Take the open offer back."""
        _, code = await self.asks(self.command("cancel"))
        return code or await self.delivers(set(), _not_refused, wait=wait)

    async def note(self, words: str) -> int:
        """Put a text on the list for the next hand-off."""
        _, code = await self.asks(self.command(f"note {words}"))
        return code

    # answering

    async def accept(self, *, wait: bool) -> int:
        """Accept what is offered: the pager moves."""
        offered = await self._to_be_answered()
        if offered is None:
            return REFUSED
        _, code = await self.asks(self.request("button", "handoff.accept", about=str(offered.number)))
        return code or await self._tells_of(offered.number, wait=wait)

    async def decline(self, reason: str, *, wait: bool) -> int:
        """Decline what is offered: the pager stays where it is."""
        offered = await self._to_be_answered()
        if offered is None:
            return REFUSED
        asked, code = await self.asks(self.request("button", "handoff.decline", about=str(offered.number)))
        if not isinstance(asked, Modal):
            return code or REFUSED
        _, code = await self.submits(asked.view, {"reason": reason}, {"reason": "The reason"})
        if code:
            return code
        await self._says_how_it_stands(offered.number)
        return await self.delivers(set(), _not_refused, wait=wait)

    async def ask(self, *, wait: bool) -> int:
        """Open a talk between both, in Slack."""
        offered = await self._to_be_answered()
        if offered is None:
            return REFUSED
        _, code = await self.asks(self.request("button", "handoff.ask", about=str(offered.number)))
        return code or await self.delivers(set(), _not_refused, wait=wait)

    async def _to_be_answered(self) -> Handoff | None:
        """Find the offer, or the last one, of which it is then said how it was answered."""
        found = await self.bot.store.read(_latest)
        if found is None or found.state == "taken":
            self.printer.line(f"No hand-off is offered. `{PROGRAM} handoff status` shows who is on call.")
            return None
        return found

    async def take(self, reason: str, *, wait: bool) -> int:
        """Be the one on call at once."""
        request = self.command(f"take {reason}")
        _, code = await self.asks(request)
        made = await self.bot.store.read(lambda tx: _of(tx, request))
        return await self._tells_of(made.number, wait=wait) if made else code or REFUSED

    async def retry(self, *, wait: bool) -> int:
        """Try again what GitLab refused in the last hand-off."""
        number = await self.bot.store.read(_refused_lately)
        if number is None:
            await self.says(general.trying_again(0))
            return DONE
        _, code = await self.asks(self.request("button", "handoff.retry", about=str(number)))
        return code or await self._tells_of(number, wait=wait)

    # delivering

    async def _tells_of(self, number: int, *, wait: bool) -> int:
        """Tell GitLab and Slack of a shift that began, and print what became of that."""
        batch = shifts.batch_of(number)
        await self.delivers({batch}, _not_refused, wait=wait)
        if not wait:
            return DONE
        await self._says_how_it_stands(number)
        for one in await self.bot.store.read(lambda tx: tx.deliveries(shifts.signs_of(number), "rejected")):
            word = oncall.group_refused if isinstance(one.operation, SetUsergroup) else oncall.topic_refused
            await self.says(word(one.error))
        return STOPPED if await self.bot.store.read(lambda tx: tx.deliveries(batch, "rejected")) else DONE

    async def _says_how_it_stands(self, number: int) -> None:
        """Print what the channel is told."""
        await self.says(await self.bot.store.read(lambda tx: MESSAGES["handoff.offer"](tx, self.bot.team, str(number))))

    # asking

    async def understands(self, request: Request) -> bool:
        """Tell whether these words can be a command."""
        try:
            return not isinstance(parse_handoff(request.text), HandoffHelp)
        except UserError:
            return False


def _addressed(person: str) -> str:
    """Write a person as the grammar wants it: by mention, or by name."""
    bare = person.removeprefix("@")
    if _AN_ID.fullmatch(bare):
        return f"<@{bare}>"
    return person if person.startswith("<") else f"@{bare}"


def _commands(ways: Iterable[str]) -> list[str]:
    return [f"• {PROGRAM} handoff {way}" for way in ways]


def _fields(notes: Sequence[tuple[str, str]], handed: Sequence[Handed]) -> tuple[dict[str, str], str]:
    """Find the fields that notes go into; what there is for one thing stands below each other.

    Gives a reference that nothing has, too, if there is one.
    """
    known = {name: f"note:{one.key}" for one in handed for name in _names(one)} | {OTHERS: offering.OTHERS}
    fields: dict[str, str] = {}
    for reference, text in notes:
        field = known.get(reference.strip().casefold())
        if field is None:
            return {}, reference
        fields[field] = f"{fields[field]}\n{text}" if field in fields else text
    return fields, ""


def _names(one: Handed) -> Iterable[str]:
    """List what something may be called: `#12`, `12`, `o7`, its address, or all of it: `#12 (o7)`."""
    yield one.reference.casefold()
    if one.iid is not None:
        yield from (f"#{one.iid}", str(one.iid))
    if one.outage is not None:
        yield f"o{one.outage}"
    if one.url:
        yield one.url.casefold()


def _not_going_on(reference: str, handed: Sequence[Handed]) -> str:
    known = ", ".join(one.reference for one in handed)
    named = f"Ongoing: {known}" if known else "Nothing is ongoing"
    return f"--note: “{drawn.harmless(reference)}” is not ongoing. {named}; and `others` is for all the rest."


def _latest(tx: Tx) -> Handoff | None:
    """Find the hand-off that is offered, or was last."""
    return tx.open_handoff() or next(iter(tx.handoffs(1)), None)


def _draft(tx: Tx, who: str) -> Mapping[str, str]:
    """Recall all that somebody typed in this shift; a modal has no room for some of it."""
    shift = tx.shift()
    return tx.draft(who, shift.number if shift else 0)


def _of(tx: Tx, request: Request) -> Handoff | None:
    """Find the hand-off that a request made."""
    return next((one for one in tx.handoffs(LATEST) if one.key == request.id), None)


def _refused_lately(tx: Tx) -> int | None:
    lately = (one.number for one in tx.handoffs(LATEST))
    return next((one for one in lately if tx.deliveries(shifts.batch_of(one), "rejected")), None)


def _not_refused(_: Tx) -> str:
    """Leave it to the words about a hand-off to say what GitLab refused of it."""
    return ""
