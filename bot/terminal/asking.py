"""What twins share that ask like Slack does, but not on a screen: options fill in a modal, commands stand for buttons.

GitLab and Slack are told from here what was written down, as far as they answer: nobody waits for one that is silent,
because `serve` goes on with it.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.text import Text

from bot.dialogue import FieldErrors, File, Outcome, Request
from bot.messages import View, Words, drawn, escape, general
from bot.services.people import TERMINAL
from bot.store import Tx
from bot.terminal import DONE, REFUSED, STOPPED, WRONG
from bot.terminal.twin import LOOK_EVERY, Twin
from handlers import FILES

GITLAB_SECONDS = 8.0
SHOWN_AFTER = 1.0
"""Seconds after which it is shown that a file is still being written."""
SILENCES = 2
"""After so many attempts that GitLab did not answer, the rest is left to `serve`."""
MOST_WAITING = 10_000
Refused = Callable[[Tx], str]
"""Finds why GitLab refused what was to be delivered; empty where it did not."""
_DATE = re.compile(r"<!date\^[^<>|]*\|([^<>|]*)>(?: \(\d\d:\d\d UTC\))?")


class AskingTwin(Twin):
    """One command of a noun.

    `commands` tells what to type in place of a button, from what it carries; `instead` what is said here in place of
    words that hold only in Slack.
    """

    noun: str
    commands: Mapping[str, str] = {}
    instead: Mapping[str, str] = {}

    # asking

    def command(self, text: str) -> Request:
        """Make the request that the same words would be in Slack."""
        return self.request("command", self.noun, text=text.strip())

    async def asks(self, request: Request) -> tuple[Outcome | None, int]:
        """Do what is asked, and print what it says; without an outcome, and with a code, where that is a refusal."""
        answered = await self.answered(request)
        if answered is None:
            return None, REFUSED
        await self.tells(answered.outcome)
        if answered.ended == "done":
            return answered.outcome, DONE
        is_understood = request.kind != "command" or await self.understands(request)
        is_wrong = isinstance(answered.outcome, FieldErrors) or not is_understood
        return None, WRONG if is_wrong else REFUSED

    async def looks(self, text: str) -> int:
        """Print the answer to a look-up."""
        _, code = await self.asks(self.command(text))
        return code

    async def understands(self, request: Request) -> bool:
        """Tell whether the words of a command that was refused can be a command at all."""
        raise NotImplementedError

    async def submits(
        self, view: View, chosen: Mapping[str, str], called: Mapping[str, str] | None = None
    ) -> tuple[Request, int]:
        """Fill in what a modal asks, and submit it; a field is `called` as its option is."""
        values = {**filled_in(view), **chosen}
        request = self.request("submission", view["callback_id"], about=view["private_metadata"], values=values)
        for field, most in _limits(view):
            if len(values[field]) > most:
                name = (called or {}).get(field, f"--{field}")
                self.printer.line(f"{name} takes at most {most:,} characters, and yours has {len(values[field]):,}.")
                return request, WRONG
        _, code = await self.asks(request)
        return request, code

    # delivering

    async def delivers(self, lines: set[str], refused: Refused, *, wait: bool) -> int:
        """Tell GitLab what waits in these lines or batches, and Slack whatever is due."""
        if not wait:
            self.leave_to_serve()
            return DONE
        if lines:
            await self.patiently(self.beside_slack(self._deliver(lines)))
        await self.post()
        if reason := await self.bot.store.read(refused):
            self.printer.line(f"GitLab refused it: {drawn.harmless(reason)}")
            return STOPPED
        if await self.bot.store.read(lambda tx: _batches_in(tx, lines)):
            self.printer.line("GitLab has not taken it yet: a running `serve` continues with it.")
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

    async def files(self, request: Request, make: str, about: str) -> list[File]:
        """Make the files of an answer: who acts for somebody of Slack gets what Slack would send them."""
        asked = request if self.by.startswith(TERMINAL) else replace(request, source="slack")
        maker = FILES[make]
        making = asyncio.ensure_future(self.bot.store.read(lambda tx: maker(tx, self.bot.team, asked, about)))
        with self.printer.following() as shows:
            began = time.monotonic()
            while not (await asyncio.wait({making}, timeout=SHOWN_AFTER))[0]:  # a long log takes its time
                shows(Text(general.writing_file(time.monotonic() - began)), False)
        return list(making.result())

    # showing

    async def says(self, said: Words) -> None:
        """Print words, with the commands that stand here in place of their buttons."""
        await super().says(replace(said, blocks=tuple(self._without_buttons(said.blocks))))

    def _without_buttons(self, blocks: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Leave buttons out, but for those in whose place something can be typed."""
        for block in blocks:
            if block["type"] != "actions":
                yield block
            elif typed := "\n".join(self._typed(block["elements"])):
                yield {"type": "section", "text": {"type": "mrkdwn", "text": typed}}

    def _typed(self, buttons: Sequence[dict[str, Any]]) -> Iterator[str]:
        for button in buttons:
            if command := self.commands.get(button["action_id"].partition("#")[0]):
                typed = command.format(*button["value"].split())
                yield f"• {escape(button['text']['text'])}: `/{self.noun} {typed}`"

    def translated(self, written: str) -> str:
        """Write what is said for Slack as it holds here; instants are written in UTC."""
        here = _DATE.sub(r"\1", super().translated(written))
        for there, instead in self.instead.items():
            here = here.replace(there, instead)
        return here


def filled_in(view: View) -> dict[str, str]:
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
    """List the batches that wait in some lines, or are named themselves, the oldest first.

    What a named batch waits behind is in the same lines as its own operations.
    """
    waiting = tx.first_in_line("gitlab", MOST_WAITING) if lines else []
    among = lines | {one.operation.target for one in waiting if one.batch in lines and one.operation.target}
    return list(dict.fromkeys(one.batch for one in waiting if one.batch and {one.batch, one.operation.target} & among))
