"""From a payload to its answer: one durable transaction a request, and one boundary for all that can go wrong.

The transaction holds the handler's work, the line of the audit, and the answer under the request's key, so that the
same request, delivered again (to this process, after a restart, or to another one), finds the first answer and does
nothing. What only shows something is not kept, it may be long or private: it is looked up again. No exception leaves
this file: a `UserError` is spoken, anything else is logged with an id and apologised for.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot import messages
from bot.dialogue import HELD, Ask, Closed, FieldErrors, Modal, Outcome, Renewed, Reply, Request, Sending, awaited
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
    """How a request was answered: the ack for Slack, and what is still to be shown to the person.

    `ended` is done, refused, kept (until Slack has described `kept_for`), failed, or repeated.
    """

    ack: Ack
    outcome: Outcome | None = None
    ended: str = "done"
    kept_for: str = ""

    @property
    def repeated(self) -> bool:
        """Tell whether this is the answer that an earlier delivery of the same request got."""
        return self.ended == "repeated"


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
        return await self._write_safely(request, self._first_or_handled)

    async def answer_kept(self, request: Request) -> Answered:
        """Answer a request that was kept until Slack had described somebody.

        It stays kept until it is settled, because it must be shown too; whoever takes it up again after a crash shows
        what was decided, and decides nothing twice.
        """
        return await self._write_safely(request, self._handled_once)

    async def _write_safely(self, request: Request, answer: Callable[[Tx, Request], Answered]) -> Answered:
        with log.bound(request=request.id, kind=request.kind, name=request.name, who=request.who):
            try:
                answered = await self.store.write(lambda tx: answer(tx, request))
            except Exception:  # noqa: BLE001 - logged, and apologised for
                log.exception("request.broke")
                answered = await self._apologise(request)
            if answered.repeated:
                log.info("request.repeated")
        seconds = (self.clock() - request.at).total_seconds()
        name = request.name if (request.kind, request.name) in self.handlers else "other"
        metrics.answered(request.kind, name, answered.ended, max(0.0, seconds))
        return answered

    def _first_or_handled(self, tx: Tx, request: Request) -> Answered:
        first = tx.answer_to(request.key) if request.key else None
        if first == ASK_AGAIN:
            looked_up, _ = self._heard(tx, request)
            return replace(looked_up, outcome=None, ended="repeated")
        if first is not None:
            return Answered(json.loads(first), ended="repeated")
        answered = self._handled(tx, request)
        if request.source == "slack" and (waits_for := awaited(request, answered.outcome)):
            tx.keep_request(request.id, request.written(), waits_for, request.at, request.at + HELD)
        if request.key and not isinstance(answered.outcome, FieldErrors):  # a modal with mistakes may be sent again
            kept = ASK_AGAIN if _is_looked_up(answered.outcome) else json.dumps(answered.ack)
            tx.keep_answer(request.key, kept, request.at)
        return answered

    def _handled_once(self, tx: Tx, request: Request) -> Answered:
        key = f"kept:{request.id}"
        first = tx.answer_to(key)
        if first is None or first == ASK_AGAIN:
            answered = self._handled(tx, request)
            if not answered.kept_for:
                tx.keep_answer(key, _kept_answer(answered.outcome), request.at)
            return answered
        words = json.loads(first)
        outcome = Reply(messages.Words(words["text"], tuple(words.get("blocks", ())))) if words else None
        return Answered({}, outcome, ended="repeated")

    def _handled(self, tx: Tx, request: Request) -> Answered:
        answered, detail = self._heard(tx, request)
        _audit(tx, request, answered.ended, detail)
        return answered

    def _heard(self, tx: Tx, request: Request) -> tuple[Answered, str]:
        """Let the handler do it; what it refuses is an answer too, and nothing that it wrote before is kept.

        Tells too what the audit says of it.
        """
        handler = self.handlers.get((request.kind, request.name)) or self.handlers[request.kind, "*"]
        try:
            with tx.apart():
                outcome = handler(tx, self.team, request)
                if request.home:  # whoever presses something there looks at it
                    tx.open_home(request.who, request.at)
        except UserError as error:
            refused = Reply(general.refused(str(error)))
            return Answered(ack_of(request, refused), refused, "refused"), str(error)
        except NotKnownYetError as unknown:
            tx.keep_request(request.id, request.written(), unknown.who, request.at)
            one_moment = ack_of(request, Reply(general.one_moment()))
            return Answered(one_moment, None, "kept", unknown.who), f"waits for {unknown.who}"
        ack = ack_of(request, outcome)
        if isinstance(outcome, FieldErrors):
            return Answered(ack, outcome, "refused"), "; ".join(outcome.errors.values())
        return Answered(ack, outcome), ""

    async def _apologise(self, request: Request) -> Answered:
        reply = Reply(general.apology(request.id))
        try:
            await self.store.write(lambda tx: _audit(tx, request, "failed", f"see the log for {request.id}"))
        except Exception:  # noqa: BLE001 - logged
            # not even the audit can be written: the person still gets an answer
            log.exception("audit.broke")
        return Answered(ack_of(request, reply), reply, "failed")


ASK_AGAIN = json.dumps({"again": True})
"""Stands for the answer to a request that only shows something, so that it may be worked out once more."""


def _is_looked_up(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Reply) and outcome.looked_up


def _kept_answer(outcome: Outcome | None) -> str:
    if _is_looked_up(outcome) or isinstance(outcome, Modal | Renewed | Ask | Sending):
        return ASK_AGAIN
    return json.dumps(body_of(outcome.words) if isinstance(outcome, Reply) else {})


def _audit(tx: Tx, request: Request, outcome: str, detail: str) -> None:
    if request.kind == "event" or (request.is_typing and outcome == "done"):
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
    if request.kind == "command" and isinstance(outcome, Reply | Sending):
        return {"response_type": "ephemeral", **body_of(outcome.words)}
    if request.kind == "submission":
        match outcome:
            case FieldErrors(errors):
                plain = {field: wrong.replace("`", "") for field, wrong in errors.items()}  # Slack takes no mrkdwn here
                return {"response_action": "errors", "errors": plain}
            case Modal(view):
                return {"response_action": "update", "view": view}
            case Reply(said, ""):
                return {"response_action": "update", "view": general.said_in_modal(said)}
            case Reply() | Closed() | Renewed() | Ask() | Sending():
                return {}
    return {}


def body_of(said: messages.Words) -> dict[str, Any]:
    """Write a message's body as Slack wants it."""
    body: dict[str, Any] = {"text": said.text}
    if said.blocks:
        body["blocks"] = list(said.blocks)
    return body
