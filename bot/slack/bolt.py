"""Bolt: who may speak to us (signatures), and who takes a payload.

No listeners, because Bolt tries them one after the other and works out anew for each what it may want to know. What
people do is taken as soon as its signature is verified, events after Bolt has left out Baton's own: by two middlewares
of ours, which find in a dictionary who takes a payload of this kind; another dictionary, behind that, finds the handler.
Its answer is the ack, which is right because handlers do local work only. Authorization is ours, so that nothing on a
request's path calls Slack.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware

from bot.dialogue import Outcome, Request, read_request
from bot.slack import payloads
from bot.slack.calls import SlackCalls
from bot.slack.channels import Channels
from bot.slack.edge import Ack, Edge
from bot.slack.listening import names_in
from bot.slack.markup import NOBODY
from bot.slack.roster import BOT, BOT_USER
from bot.store import Store
from bot.telemetry import log

OPEN = "open"
ENVELOPE = "envelope_id"
Take = Callable[[dict[str, Any], Mapping[str, Any]], Awaitable[Ack]]
"""Takes a payload, with Bolt's context of it; gives what it is acknowledged with."""
Begin = Callable[[Request, Outcome | None, bool], "asyncio.Task[None] | None"]
"""Shows an outcome to the person; the flag tells that the ack has carried its words."""


class _Door(AsyncMiddleware):
    """Hands a payload to whoever takes its kind; Bolt goes on with what nobody takes here."""

    def __init__(self, takers: Mapping[str, Take]) -> None:
        self._takers = takers

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[Any]],
    ) -> BoltResponse | None:
        """Let it be taken."""
        kind = "command" if isinstance(req.body.get("command"), str) else str(req.body.get("type"))
        take = self._takers.get(kind)
        if take is None:
            await next()
            return resp
        return BoltResponse(status=200, body=await take(req.body, req.context) or "")


class _App(AsyncApp):
    """Bolt's app, without the client that it makes anew for each request: nobody here asks it for one."""

    def _init_context(self, req: AsyncBoltRequest) -> None:
        req.context["logger"], req.context["token"], req.context["client"] = self.logger, None, self.client


class SlackApp:
    """Bolt's app, and who takes what comes in by it.

    `begin` shows what the ack cannot carry; `people_changed` is told that somebody must be described.
    """

    def __init__(
        self,
        edge: Edge,
        calls: SlackCalls,
        store: Store,
        channels: Channels,
        *,
        token: str,
        signing_secret: str | None,
        begin: Begin,
        people_changed: Callable[[], None],
    ) -> None:
        self.edge, self.store, self.channels = edge, store, channels
        self.begin, self.people_changed = begin, people_changed
        self._token = token
        self._ids: dict[str, str] = {}
        with _without_variables("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
            self.app = _App(
                name="baton",  # else Bolt searches all that is loaded for the file that calls it: half of a start's time
                client=calls.client,
                signing_secret=signing_secret or "socket mode",
                before_authorize=_Door(
                    {
                        "command": self._command,
                        "view_submission": self._submission,
                        "block_actions": self._button,
                        "shortcut": self._shortcut,
                        "message_action": self._shortcut,
                    }
                ),
                authorize=self._authorize_function(),
                request_verification_enabled=signing_secret is not None,
                logger=_quiet_logger(),
            )
        self.app.use(_Door({"event_callback": self._event}))

    async def take_http(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Answer what came over HTTP: status, content type, and body; raises where it cannot be read at all."""
        response = await self.app.async_dispatch(AsyncBoltRequest(body=body.decode(), headers={**headers}))
        kind = (response.headers.get("content-type") or ["text/plain;charset=utf-8"])[0]
        return response.status, kind, response.body.encode()

    async def take_envelope(self, envelope: Mapping[str, Any]) -> dict[str, Any] | None:
        """Answer what came over a WebSocket; gives the payload of the answer, None when there is no answer at all."""
        request = AsyncBoltRequest(
            mode="socket_mode", body=envelope["payload"], context={ENVELOPE: str(envelope.get("envelope_id", ""))}
        )
        response = await self.app.async_dispatch(request)
        if response.status >= 500:  # Slack may try again
            return None
        if response.status != 200 or not response.body:  # what nobody listens to is taken all the same
            return {}
        kind = (response.headers.get("content-type") or [""])[0]
        answer: dict[str, Any] = (
            json.loads(response.body) if kind.startswith("application/json") else {"text": response.body}
        )
        return answer

    async def answer(self, request: Request, *, acked: bool = True) -> Ack:
        """Answer a request, and begin to show what the ack cannot carry."""
        answered = await self.edge.answer(request)
        if answered.kept_for or request.kind == "event":
            self.people_changed()
        if not answered.kept_for and not answered.repeated:
            self.begin(request, answered.outcome, acked)
        return answered.ack

    async def answer_kept(self, request: Request) -> "asyncio.Task[None] | None":
        """Answer a request that was kept; gives the task that shows it, None when it has to be kept on."""
        answered = await self.edge.answer_kept(request)
        if answered.kept_for:
            return None
        return self.begin(request, answered.outcome, False) or asyncio.create_task(asyncio.sleep(0))

    def _authorize_function(self) -> Callable[..., Awaitable[AuthorizeResult]]:
        """Make what Bolt asks for the bot's token; it knows the names of parameters, so it takes no method."""

        async def authorize() -> AuthorizeResult:
            ids = await self._own_ids()
            return AuthorizeResult(
                enterprise_id=None,
                team_id=None,
                bot_token=self._token,
                bot_user_id=ids.get(BOT_USER) or None,
                bot_id=ids.get(BOT) or None,
            )

        return authorize

    async def _own_ids(self) -> Mapping[str, str]:
        """Give Baton's own ids by the names of the facts, as far as they are known yet."""
        if not self._ids.get(BOT_USER):
            self._ids = await self.store.read(lambda tx: {name: tx.fact(name) for name in (BOT_USER, BOT)})
        return self._ids

    async def _command(self, body: dict[str, Any], context: Mapping[str, Any]) -> Ack:
        request = payloads.command(
            body,
            **self._read(context),
            private=await self.channels.private(),
            names=await self._names(payloads.nameless(body)),
        )
        if not request.private:
            self.channels.look(request.channel)
        return await self.answer(request)

    async def _submission(self, body: dict[str, Any], context: Mapping[str, Any]) -> Ack:
        return await self.answer(payloads.submission(body, **self._read(context)))

    async def _button(self, body: dict[str, Any], context: Mapping[str, Any]) -> Ack:
        request = payloads.button(body, **self._read(context), private=await self.channels.private())
        if request.name == OPEN:
            request = _opened(request)
        if request.is_typing:
            await self.edge.answer(request)  # nobody who types is interrupted, not even by an apology
        else:
            await self.answer(request, acked=False)
        return {}

    async def _shortcut(self, body: dict[str, Any], context: Mapping[str, Any]) -> Ack:
        request = payloads.shortcut(
            body,
            **self._read(context),
            private=await self.channels.private(),
            own=await self._own(),
            names=await self._names(body.get("message") or {}),
        )
        if not request.private:
            self.channels.look(request.channel)
        await self.answer(request, acked=False)
        return {}

    async def _event(self, body: dict[str, Any], context: Mapping[str, Any]) -> Ack:
        if channel := payloads.private_channel(body):
            await self.channels.remember(channel)
        request = payloads.event(
            body,
            **self._read(context),
            private=await self.channels.private(),
            own=await self._own(),
            names=await self._names(payloads.edited_message(body)),
        )
        if request is not None and ("event", request.name) in self.edge.handlers and not self._is_chatter(request):
            await self.answer(request, acked=False)
        return {}

    def _is_chatter(self, request: Request) -> bool:
        """Tell a reaction that logs nothing, of which there are thousands a day: it costs no look into the store."""
        reaction = request.about.partition("::")[0]
        return request.name.startswith("reaction_") and reaction != self.edge.team.reaction

    async def _own(self) -> frozenset[str]:
        """List Baton's own ids, as far as they are known yet."""
        return frozenset(filter(None, (await self._own_ids()).values()))

    async def _names(self, message: Mapping[str, Any]) -> Mapping[str, str]:
        """Find the names of people whom a message or a command mentions, as far as they are remembered."""
        return await names_in(self.store, [message]) if message else NOBODY

    def _read(self, context: Mapping[str, Any]) -> dict[str, Any]:
        return {"request": self.edge.new_id(), "at": self.edge.clock(), "envelope": str(context.get(ENVELOPE) or "")}


def _opened(click: Request) -> Request:
    """Take the request up again that an Open button carries, for whoever pressed it, with the fresh trigger."""
    try:
        earlier = read_request(click.about)
    except (ValueError, TypeError, KeyError):
        log.warning("open.unreadable")
        return click
    return replace(
        earlier,
        id=click.id,
        at=click.at,
        key=click.key,
        who=click.who,
        workspace=click.workspace,
        trigger=click.trigger,
        response_url=click.response_url,
    )


def _quiet_logger() -> logging.Logger:
    """Let Bolt speak of errors only: a refused signature would log the whole body at INFO."""
    logger = logging.getLogger("baton.bolt")
    logger.setLevel(logging.ERROR)
    return logger


@contextlib.contextmanager
def _without_variables(*names: str) -> Iterator[None]:
    """Hide variables while Bolt is built: it would switch to OAuth, and drop our token, where it finds some of them."""
    hidden = {name: value for name in names if (value := os.environ.pop(name, None)) is not None}
    try:
        yield
    finally:
        os.environ.update(hidden)
