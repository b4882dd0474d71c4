"""The week from a terminal: `/wow` for the day on which Slack itself is down.

What Slack would show in a modal is printed, and the outbox delivers the batch from here. What is written down stays
when this process ends: the same command carries on with it, and so does `serve`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from bot.dialogue import Answer, Ask, Closed, Modal, Outcome, Reply, Request, Sending
from bot.domain import rollover, week
from bot.domain.commands.wow import RollOver, parse_wow
from bot.domain.errors import UserError
from bot.domain.operations import READ_ONLY
from bot.domain.telling import Progressed
from bot.domain.turning import Rollover
from bot.messages import View, Words, drawn, weekly
from bot.messages import wow as say
from bot.services import late, wow
from bot.store import Tx
from bot.terminal import DONE, PROGRAM, REFUSED, SILENT, STOPPED, WRONG
from bot.terminal.printer import plan
from bot.terminal.twin import LOOK_EVERY, Twin
from handlers import FILES, MESSAGES

if TYPE_CHECKING:
    from bot.app import Bot

MOVES_WITHIN = 1.5
"""Seconds in which something that goes on somewhere else has moved."""
ATTEMPTS_AT_SLACK = 2


async def status(bot: "Bot", by: str) -> int:
    """Say how the current week stands."""
    return await WeekTwin(bot, by).looks("status")


async def following(bot: "Bot", by: str) -> int:
    """Say what is planned for the next week."""
    return await WeekTwin(bot, by).looks("next")


async def history(bot: "Bot", by: str, weeks: int) -> int:
    """List the last closed weeks."""
    return await WeekTwin(bot, by).looks(f"history {weeks}")


async def report(bot: "Bot", by: str, day: str, picture: Path | None) -> int:
    """Report a week in numbers, and draw it."""
    return await WeekTwin(bot, by).reports(f"report {day}".strip(), picture)


async def ap(bot: "Bot", by: str, issue: str, urgency: str, impact: str, *, wait: bool) -> int:
    """Set the AP label that urgency and impact give."""
    return await WeekTwin(bot, by).prioritises(f"ap {issue}", {"urgency": urgency, "impact": impact}, wait=wait)


async def add(bot: "Bot", by: str, issue: str, *, wait: bool) -> int:
    """Put an issue into the current week."""
    return await WeekTwin(bot, by).runs(f"add {issue}", wait=wait)


async def check(bot: "Bot", by: str, *, wait: bool) -> int:
    """Label late additions now, and list what was done."""
    return await WeekTwin(bot, by).runs("check", wait=wait)


async def roll_over(bot: "Bot", by: str, ending: str, *, dry_run: bool, yes: bool, wait: bool) -> int:
    """Close the week and begin the next: shown first, done after a yes; or carry on with what is under way."""
    twin = WeekTwin(bot, by)
    found = await bot.store.read(lambda tx: tx.last_rollover())
    if found and found.state == "running" and not dry_run:
        return await twin.carries_on(found)
    under_way = found if found and found.state in {"running", "undoing"} and dry_run else None
    return await twin.turns(f"rollover {ending}".strip(), under_way, dry_run=dry_run, yes=yes, wait=wait)


async def undo(bot: "Bot", by: str, *, dry_run: bool, yes: bool, wait: bool) -> int:
    """Take the last rollover back: shown first, done after a yes; or carry on with what is under way."""
    twin = WeekTwin(bot, by)
    found = await bot.store.read(lambda tx: tx.last_rollover())
    if found and found.state == "undoing" and not dry_run:
        return await twin.carries_on(found)
    under_way = found if found and found.state == "undoing" else None
    return await twin.turns("undo", under_way, dry_run=dry_run, yes=yes, wait=wait)


class WeekTwin(Twin):
    """One command about the week."""

    # looking

    async def looks(self, text: str) -> int:
        """Print the answer to a look-up."""
        request = self._command(text)
        outcome = await self.handled(request)
        if not isinstance(outcome, Ask):
            return await self._refused(outcome)
        outcome, answer = await self.shown(request, outcome)
        if isinstance(outcome, Reply):
            await self.says(outcome.words)
        return _code(answer)

    async def reports(self, text: str, picture: Path | None) -> int:
        """Print the report of a week, and draw it into a file where one is named."""
        request = self._command(text)
        outcome = await self.handled(request)
        if not isinstance(outcome, Ask):
            await self.tells(outcome)
            return REFUSED if outcome is None or self._is_understood(request) else WRONG
        shown, answer = await self.shown(request, outcome)
        if not isinstance(shown, Sending):
            await self.tells(shown)
            return SILENT if answer.facts is None and not answer.refused else REFUSED
        await self.says(_here(shown.words))
        if picture is None:
            return _code(answer)
        files = await self.bot.store.read(lambda tx: FILES[shown.make](tx, self.bot.team, request, shown.about))
        return await self.draws(files[0], picture)

    # what ends with one message

    async def prioritises(self, text: str, chosen: Mapping[str, str], *, wait: bool) -> int:
        """Show which AP label urgency and impact give on an issue, set it, and print what comes of it."""
        request = self._command(text)
        outcome = await self.handled(request)
        if not isinstance(outcome, Modal) or outcome.ask is None:
            await self.tells(outcome)
            return REFUSED if outcome is None or self._is_understood(request) else WRONG
        shown, _ = await self.shown(request, outcome.ask)
        if not isinstance(shown, Modal):
            await self.tells(shown)
            return REFUSED
        about = str(shown.view["private_metadata"])
        confirmed = self.request("submission", "wow.ap", about=about, values=chosen)
        done = await self.handled(confirmed)
        if not isinstance(done, Closed):
            return await self._refused(done)
        return await self._told(f"ap-{confirmed.id}", wait=wait)

    async def runs(self, text: str, *, wait: bool) -> int:
        """Do what ends with one message in the channel, and print what it says."""
        request = self._command(text)
        outcome = await self.handled(request)
        if outcome is None:
            return REFUSED
        errand = await self.bot.store.read(lambda tx: tx.errand(request.id))
        if errand is None:
            await self.tells(outcome)
            return REFUSED if self._is_understood(request) else WRONG
        return await self._told(request.id, wait=wait)

    async def _told(self, errand_id: str, *, wait: bool) -> int:
        """Deliver an errand, and print its message."""
        errand = await self.bot.store.read(lambda tx: tx.errand(errand_id))
        if errand is None or not wait:
            self.leave_to_serve()
            return DONE
        await self.patiently(self.beside_slack(self._deliver(errand.batch)))
        await self.post()
        told = await self.bot.store.read(lambda tx: late.told(tx, errand_id))
        await self.says(await self.bot.store.read(lambda tx: MESSAGES["wow.errand"](tx, self.bot.team, errand_id)))
        if told.errand.problem:
            return REFUSED
        return STOPPED if told.refused else DONE

    # turning the week

    async def turns(self, text: str, under_way: Rollover | None, *, dry_run: bool, yes: bool, wait: bool) -> int:
        """Show the preview, ask, and do it; while something is `under_way`, show only how far that is."""
        request = self._command(text)
        outcome = await self.handled(request)
        if outcome is None:
            return REFUSED
        if under_way is not None:
            return await self._stands(under_way)
        if not isinstance(outcome, Modal) or outcome.ask is None:
            await self.tells(outcome)
            return REFUSED if self._is_understood(request) else WRONG
        shown, answer = await self.shown(request, outcome.ask)
        if not isinstance(shown, Modal):
            await self._refused(shown)
            return _code(answer) or REFUSED
        view = shown.view
        await self._previews(view)
        if "submit" not in view:
            return DONE if await self._is_done_already(request) else REFUSED
        if dry_run:
            return _code(answer)
        if answer.facts is None and wait:
            self.printer.line("Nothing was done. With --yes --no-wait it is written down for `serve`.")
            return SILENT
        if not yes and not await self.printer.agrees(view["submit"]["text"]):
            return REFUSED
        return await self._confirms(view, wait=wait)

    def _is_understood(self, request: Request) -> bool:
        try:
            parse_wow(request.text, self.bot.team.day(request.at))
        except UserError:
            return False
        return True

    async def _is_done_already(self, request: Request) -> bool:
        """Tell whether the week that was asked for is rolled over, and nothing is left to do."""
        asked = parse_wow(request.text, self.bot.team.day(request.at))
        if not isinstance(asked, RollOver):
            return False
        ending = asked.ending or week.last_ending(self.bot.team.day(request.at))

        def look(tx: Tx) -> bool:
            earlier, facts = tx.rollover_of(ending), tx.snapshot("week")
            if facts is None or (earlier is not None and earlier.state != "done"):
                return earlier is not None and earlier.state == "done"
            refusal = rollover.refusal(facts, rollover.find_weeks(facts, self.bot.team), ending, self.bot.team)
            return refusal is not None and refusal.closed is not None and not refusal.advice

        return await self.bot.store.read(look)

    async def _stands(self, found: Rollover) -> int:
        """Say how far something is that was confirmed earlier, and how to go on."""
        before = now = await self._progress(found)
        until = asyncio.get_running_loop().time() + MOVES_WITHIN
        while now == before and not now.stopped and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(LOOK_EVERY)
            now = await self._progress(found)
        undoing = now.found.state == "undoing"
        name = f"The {'way back of the ' if undoing else ''}rollover of the week ending {now.found.ending}"
        done = f"{now.delivered} of {now.total} done" if now.total else "nothing done yet"
        command = f"`{PROGRAM} wow {'undo' if undoing else 'rollover --yes'}`"
        back = "" if undoing else f", `{PROGRAM} wow undo` takes it back"
        if now.stopped:
            self.printer.line(
                f"{name}: stopped at {now.delivered} of {now.total}, because GitLab refused: {now.stopped}"
            )
            self.printer.line(f"{_mend(now)}; then {command} carries on{back}.")
            return DONE
        if now != before:
            self.printer.line(f"{name}: {done}, and it continues.")
            return DONE
        held = "; GitLab did not answer when it was last tried" if now.gitlab_silent else ", then interrupted"
        self.printer.line(f"{name}: {done}{held}. {command} carries on{back}.")
        return DONE

    async def _confirms(self, view: dict[str, object], *, wait: bool) -> int:
        confirmed = self.request("submission", str(view["callback_id"]), about=str(view["private_metadata"]))
        outcome = await self.handled(confirmed)
        if not isinstance(outcome, Closed):
            return await self._refused(outcome)
        found = await self.bot.store.read(lambda tx: tx.last_rollover())
        if found is None or not wait:
            self.leave_to_serve()
            return DONE
        return await self._delivers(found)

    async def carries_on(self, found: Rollover) -> int:
        """Go on with a rollover, or its way back, that was confirmed earlier."""
        now = await self._progress(found)
        if now.stopped:
            outcome = await self.handled(self.request("button", "wow.retry", about=found.id))
            if not (isinstance(outcome, Reply) and await self._is_running(found)):
                return await self._refused(outcome)
        self.printer.line("This was confirmed already; carrying on with it.")
        return await self._delivers(found)

    # delivering

    async def _delivers(self, found: Rollover) -> int:
        batch = found.undo_batch if found.state == "undoing" else found.batch
        delivering = asyncio.ensure_future(self.beside_slack(self._deliver(batch)))
        now, told = await self._progress(found), False
        try:
            with self.printer.following() as follow:
                while not delivering.done():
                    await asyncio.wait({delivering}, timeout=LOOK_EVERY)
                    now = await self._progress(found)
                    if now.gitlab_silent and not told:
                        self.printer.line("Waiting for GitLab. Ctrl-C leaves it to a running `serve`.")
                        told = True
                    if not (now.stopped or now.found.problem):  # that is for the end, and said once
                        follow(await self._one_line(say.progress(now)), now.gitlab_silent)
            await delivering
        except asyncio.CancelledError:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)
            at = f"at {now.delivered} of {now.total}" if now.total else "before anything was done"
            self.printer.line(f"Stopped {at}. Give the same command to carry on; a running `serve` does so too.")
            raise
        return await self._reports(found.id)

    async def _deliver(self, batch: str) -> None:
        """Deliver a batch until it is done or stopped, or until only Slack holds it up."""
        while True:
            await self.bot.outbox.deliver_due(batch=batch, to="gitlab")
            if await self.bot.store.read(lambda tx: _is_settled(tx, batch)):
                return
            await asyncio.sleep(LOOK_EVERY)

    async def _reports(self, rollover_id: str) -> int:
        """Print what became of it, and let the channel hear it too."""
        now = await self.bot.store.read(lambda tx: wow.progress(tx, rollover_id))
        if now.stopped:
            await self.says(say.progress(now))
            takes = "ends the attempt" if now.stopped == READ_ONLY else "takes everything back"
            undo = f", or `{PROGRAM} wow undo` {takes}" if now.found.state == "running" else ""
            self.printer.line(f"{_mend(now)}, and give the same command again{undo}.")
            return STOPPED
        if now.found.turn is None or now.found.problem:
            await self.says(say.progress(now))
            return REFUSED
        await self.post()
        way_back = now.found.state in {"undoing", "undone"}
        batch, told = (now.found.undo_batch, "wow.undone") if way_back else (now.found.batch, "wow.report")
        await self.says(await self.bot.store.read(lambda tx: MESSAGES[told](tx, self.bot.team, rollover_id)))
        refused = await self.bot.store.read(lambda tx: tx.deliveries(batch, "rejected"))
        return STOPPED if refused else DONE

    # asking

    def _command(self, text: str) -> Request:
        return self.request("command", "wow", text=text)

    async def _progress(self, found: Rollover) -> Progressed:
        return await self.bot.store.read(lambda tx: wow.progress(tx, found.id))

    async def _is_running(self, found: Rollover) -> bool:
        return not (await self._progress(found)).stopped

    # showing

    async def _refused(self, outcome: Outcome | None) -> int:
        await self.tells(outcome)
        return REFUSED

    async def _previews(self, view: View) -> None:
        """Print what a modal shows, and in place of its fields every issue with what happens to it."""
        await self.previews(view)
        preview = str(view.get("private_metadata", ""))
        turn = await self.bot.store.read(lambda tx: wow.previewed(tx, self.bot.team, preview))
        if turn and turn.lines and view.get("callback_id") == "wow.rollover":
            self.printer.show(plan(turn.lines, self.bot.team, self.printer.console.width))

    async def _one_line(self, said: Words) -> Text:
        text = " ".join(block["text"]["text"] for block in said.blocks if block["type"] == "section")
        return drawn.marked(text, await self.reader(text))


def _here(said: Words) -> Words:
    """Leave out what holds only in Slack: no direct message follows."""
    follows = weekly.picture_follows()
    kept = tuple(block for block in said.blocks if follows not in str(block))
    return replace(said, blocks=kept)


def _code(answer: Answer) -> int:
    if answer.facts is not None:
        return DONE
    return REFUSED if answer.refused else SILENT


def _mend(now: Progressed) -> str:
    """Say what to do about a refusal, without a full stop."""
    return "Put a token with the scope api into GITLAB_TOKEN" if now.stopped == READ_ONLY else "Fix it in GitLab"


def _is_settled(tx: Tx, batch: str) -> bool:
    """Tell whether a batch has ended or stopped, or only Slack, which does not answer, holds it up."""
    found = tx.batch(batch)
    if found is None or found.state != "running":
        return True
    left = [one for one in tx.deliveries(batch) if one.state in {"planned", "queued", "waiting", "leased"}]
    return all(one.operation.world == "slack" for one in left) and any(
        one.state == "waiting" and one.attempts >= ATTEMPTS_AT_SLACK for one in left
    )
