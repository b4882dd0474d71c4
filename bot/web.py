"""HTTP: what Slack and GitLab send, health, and metrics.

In front of Bolt stands a check for what would crash it or fill the memory: a timestamp that is no number, a signature
that is not ASCII, a body over 1 MB. Whatever Bolt trips over all the same is a bad request too. What is refused, by us
or by Bolt, is logged with its status and never with its body.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.telemetry import log, metrics

MOST_BYTES = 1_000_000
MOST_HOOK_BYTES = 8_000_000
"""A description in GitLab may have a million characters, and a hook carries it, sometimes twice."""
BODY_SECONDS = 10.0
SLACK_PATH = "/slack/events"
TOLD = {name.encode(): name for name in ("content-type", "x-slack-signature", "x-slack-request-timestamp")}
"""The headers that Bolt is told; some others would make it do what only Bolt itself may ask for."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

TakeSlack = Callable[[Mapping[str, str], bytes], Awaitable[tuple[int, str, bytes]]]
"""Takes those of a request's headers that Bolt reads, and its body; gives status, content type and answer."""
TakeHook = Callable[[Mapping[str, str], bytes], Awaitable[tuple[int, str]]]
"""Takes a hook's headers (in lower case) and body; gives the status and a sentence for whoever set the hook up."""


@dataclass(frozen=True)
class Health:
    """How Baton is: `alive` for /healthz, `ready` for /readyz, and the facts behind it."""

    alive: bool
    ready: bool
    facts: Mapping[str, object]


def build(
    health: Callable[[], Awaitable[Health]],
    readiness: Callable[[], Awaitable[Health]],
    take_slack: TakeSlack | None,
    take_hook: TakeHook,
) -> Asgi:
    """Put the web together; `take_slack` is None in Socket Mode.

    `health` tells what is known, `readiness` may look whether the outside worlds are there.
    """

    async def healthz(_: Request) -> Response:
        now = await health()
        return JSONResponse({"ok": now.alive, **now.facts}, 200 if now.alive else 503)

    async def readyz(_: Request) -> Response:
        now = await readiness()
        return JSONResponse({"ok": now.ready, **now.facts}, 200 if now.ready else 503)

    async def exposition(_: Request) -> Response:
        await health()
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def nothing_here(request: Request, _: Exception) -> Response:
        if request.url.path == SLACK_PATH:
            said = (
                "Slack's requests come in here by POST."
                if take_slack
                else "Slack's requests come by WebSocket, not here."
            )
        else:
            said = f"There is nothing here. Baton answers {SLACK_PATH}, /gitlab/hooks, /healthz, /readyz and /metrics."
        return PlainTextResponse(f"{said}\n", 404)

    async def not_so(request: Request, error: Exception) -> Response:
        allowed = (getattr(error, "headers", None) or {}).get("Allow", "another method")
        said = f"{request.url.path} does not take {request.method}, only {allowed}.\n"
        return PlainTextResponse(said, 405, {"Allow": allowed})

    starlette = Starlette(
        exception_handlers={404: nothing_here, 405: not_so},
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", exposition),
            Route("/gitlab/hooks", _hooks(take_hook), methods=["POST"]),
        ],
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        is_slacks = scope["type"] == "http" and scope["path"] == SLACK_PATH and scope["method"] == "POST"
        if take_slack is not None and is_slacks:
            await _guarded(take_slack, scope, receive, send)
        else:
            await starlette(scope, receive, send)

    return application


def _hooks(take_hook: TakeHook) -> Callable[[Request], Awaitable[Response]]:
    async def hooks(request: Request) -> Response:
        length = request.headers.get("content-length", "0")
        too_large = length.isdigit() and int(length) > MOST_HOOK_BYTES
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = None if too_large else await _read(request.receive, MOST_HOOK_BYTES)
        except TimeoutError:
            return _hook_answer(408, "The hook did not arrive in time.")
        if body is None:
            return _hook_answer(413, "The hook is too large.")
        return _hook_answer(*await take_hook(request.headers, body))

    return hooks


async def _guarded(take_slack: TakeSlack, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {name.lower(): value for name, value in scope["headers"]}
    if status := _header_fault(headers):
        await _refuse(status, scope, receive, send)
        return
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _read(receive)
    except TimeoutError:
        await _refuse(408, scope, receive, send)
        return
    if body is None:
        await _refuse(413, scope, receive, send)
        return
    told = {name: headers[key].decode("latin-1") for key, name in TOLD.items() if key in headers}
    try:
        status, kind, answer = await take_slack(told, body)
    except Exception as error:  # noqa: BLE001 - a handler lets nothing out, so it is the payload that is wrong
        log.warning("web.unreadable", error=type(error).__name__)
        await _refuse(400, scope, receive, send)
        return
    if status >= 400:
        _note_refusal(status)
    await send({"type": "http.response.start", "status": status, "headers": _headers(kind, len(answer))})
    await send({"type": "http.response.body", "body": answer})


def _headers(kind: str, size: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", kind.encode("latin-1")), (b"content-length", str(size).encode())]


def _header_fault(headers: Mapping[bytes, bytes]) -> int:
    """Give the status for headers that Bolt cannot read; 0 when it can."""
    timestamp = headers.get(b"x-slack-request-timestamp", b"")
    signature = headers.get(b"x-slack-signature", b"")
    if not timestamp or not signature:
        return 401
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return 401
    if not signature.isascii():
        return 400
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        return 400
    return 413 if int(length) > MOST_BYTES else 0


async def _read(receive: Receive, most: int = MOST_BYTES) -> bytes | None:
    """Read the body; None when it is over the limit, whatever its header said."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""  # nobody is there to hear the answer
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _hook_answer(status: int, said: str) -> Response:
    metrics.requests.labels("http", "hook", str(status)).inc()
    if status >= 400:
        log.warning("web.hook_refused", status=status, reason=said)
    return PlainTextResponse(f"{said}\n", status)


async def _refuse(status: int, scope: Scope, receive: Receive, send: Send) -> None:
    _note_refusal(status)
    # the rest of a body that is too large is not read: the connection ends
    await PlainTextResponse("", status, {"Connection": "close"})(scope, receive, send)


def _note_refusal(status: int) -> None:
    log.warning("web.refused", status=status)
    metrics.requests.labels("http", "slack", str(status)).inc()
