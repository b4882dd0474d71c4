"""From a payload to its answer: one durable transaction a request, and one boundary for all that can go wrong.

The transaction holds the handler's work, the line of the audit, and the answer under the request's key, so that the
same request, delivered again (to this process, after a restart, or to another one), finds the first answer and does
nothing. No exception leaves this file: a `UserError` is spoken, anything else is logged with an id and apologised for.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import messages
from bot.dialogue import Ask, Closed, FieldErrors, Modal, Outcome, Reply, Request
from bot.domain.errors import NotKnownYetError, UserError
from bot.domain.team import Team
from bot.messages import general
from bot.store import Store, Tx
from bot.telemetry import log, metrics

Handler = Callable[[Tx, Team, Request], Outcome]
Ack = dict[str, Any]
"""What goes back to Slack in the answer to its request; empty for a bare acknowledgement."""


@dataclass(frozen=True)
class Answered:
    """How a request was answered: the ack for Slack, and what is still to be shown to the person."""

    ack: Ack
    outcome: Outcome | None = None
    repeated: bool = False
    kept_for: str = ""


class Edge:
    """Answers requests by a table of handlers: by kind and name, with `(kind, "*")` for all that is unknown."""

    def __init__(
        self,
        store: Store,
        team: Team,
        handlers: Mapping[tuple[str, str], Handler],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self.store, self.team, self.handlers, self.clock, self.new_id = store, team, handlers, clock, new_id

    async def answer(self, request: Request) -> Answered:
        """Do what the request asks, once, and give the answer."""
        with log.bound(request=request.id, kind=request.kind, name=request.name, who=request.who):
            answered, outcome = await self._answer(request)
        seconds = (self.clock() - request.at).total_seconds()
        metrics.answered(request.kind, request.name[:40], outcome, max(0.0, seconds))
        return answered

    async def _answer(self, request: Request) -> tuple[Answered, str]:
        try:
            answered = await self.store.write(lambda tx: self._settle(tx, request))
        except UserError as error:
            return await self._refuse(request, str(error)), "refused"
        except NotKnownYetError as unknown:
            return await self._keep(request, unknown.who), "kept"
        except Exception:
            log.exception("request.broke")
            return await self._apologise(request), "failed"
        if answered.repeated:
            log.info("request.repeated")
            return answered, "repeated"
        return answered, "done"

    def _settle(self, tx: Tx, request: Request) -> Answered:
        if request.key and (first := tx.answer_to(request.key)) is not None:
            return Answered(json.loads(first), repeated=True)
        handler = self.handlers.get((request.kind, request.name)) or self.handlers[request.kind, "*"]
        outcome = handler(tx, self.team, request)
        ack = ack_of(request, outcome)
        if not isinstance(outcome, FieldErrors):  # a modal with mistakes in it may be submitted again
            self._note(tx, request, ack, "done")
        return Answered(ack, outcome)

    async def _refuse(self, request: Request, reason: str) -> Answered:
        return await self._say(request, Reply(general.refused(reason)), "refused", reason)

    async def _apologise(self, request: Request) -> Answered:
        reply = Reply(general.apology(request.id))
        try:
            return await self._say(request, reply, "failed", f"see the log for {request.id}", remember=False)
        except Exception:
            # not even the audit can be written: the person still gets an answer
            log.exception("audit.broke")
            return Answered(ack_of(request, reply), reply)

    async def _say(
        self, request: Request, reply: Reply, outcome: str, detail: str, *, remember: bool = True
    ) -> Answered:
        ack = ack_of(request, reply)
        await self.store.write(lambda tx: self._note(tx, request, ack, outcome, detail, remember=remember))
        return Answered(ack, reply)

    async def _keep(self, request: Request, who: str) -> Answered:
        """Keep a request until Slack has described somebody; it is answered then."""
        ack = ack_of(request, Reply(general.one_moment())) if request.kind == "command" else {}

        def keep(tx: Tx) -> None:
            tx.keep_request(request.id, request.written(), who, request.at)
            self._note(tx, request, ack, "kept", f"waits for {who}")

        await self.store.write(keep)
        return Answered(ack, kept_for=who)

    def _note(  # noqa: PLR0913, PLR0917 - a line of the audit has these parts
        self, tx: Tx, request: Request, ack: Ack, outcome: str, detail: str = "", *, remember: bool = True
    ) -> None:
        if request.key and remember:
            tx.keep_answer(request.key, json.dumps(ack), request.at)
        if request.kind == "event":
            return
        said = f"/{request.name} {request.text}".strip() if request.kind == "command" else request.name
        tx.audit(
            who=request.who,
            command=said,
            outcome=outcome,
            detail=detail,
            source=request.source,
            channel=request.channel,
            request=request.id,
            at=request.at,
        )


def ack_of(request: Request, outcome: Outcome) -> Ack:
    """Write what Slack shows of the ack: words for a command, errors or another view for a submission."""
    if request.kind == "command" and isinstance(outcome, Reply):
        return {"response_type": "ephemeral", **body_of(outcome.words)}
    if request.kind == "submission":
        match outcome:
            case FieldErrors(errors):
                return {"response_action": "errors", "errors": dict(errors)}
            case Modal(view):
                return {"response_action": "update", "view": view}
            case Reply(said):
                return {"response_action": "update", "view": general.said_in_modal(said)}
            case Closed() | Ask():
                return {}
    return {}


def body_of(said: messages.Words) -> dict[str, Any]:
    """Write a message's body as Slack wants it."""
    body: dict[str, Any] = {"text": said.text}
    if said.blocks:
        body["blocks"] = list(said.blocks)
    return body
