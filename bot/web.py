"""HTTP: what Slack sends, health, and metrics. GitLab's hooks will come in here too.

In front of Bolt stands a check for what would crash it or fill the memory: a timestamp that is no number, a signature
that is not ASCII, a body over 1 MB. None of them is logged with its body.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.telemetry import log, metrics

MOST_BYTES = 1_000_000
SLACK_PATH = "/slack/events"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Health:
    """How Baton is: `alive` for /healthz, `ready` for /readyz, and the facts behind it."""

    alive: bool
    ready: bool
    facts: Mapping[str, object]


def build(health: Callable[[], Awaitable[Health]], slack: Asgi | None) -> Asgi:
    """Put the web together; `slack` is Bolt's application, None in Socket Mode."""

    async def healthz(_: Request) -> Response:
        now = await health()
        return JSONResponse({"ok": now.alive, **now.facts}, 200 if now.alive else 503)

    async def readyz(_: Request) -> Response:
        now = await health()
        return JSONResponse({"ok": now.ready, **now.facts}, 200 if now.ready else 503)

    async def exposition(_: Request) -> Response:
        await health()
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def hooks(_: Request) -> Response:
        return PlainTextResponse("GitLab's hooks are not taken yet.\n", 403)

    starlette = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", exposition),
            Route("/gitlab/hooks", hooks, methods=["POST"]),
        ]
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if slack is not None and scope["type"] == "http" and scope["path"] == SLACK_PATH and scope["method"] == "POST":
            await _guarded(slack, scope, receive, send)
        else:
            await starlette(scope, receive, send)

    return application


async def _guarded(slack: Asgi, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {name.lower(): value for name, value in scope["headers"]}
    if status := _header_fault(headers):
        await _refuse(status, scope, receive, send)
        return
    body = await _read(receive)
    if body is None:
        await _refuse(413, scope, receive, send)
        return
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    await slack(scope, again, send)


def _header_fault(headers: Mapping[bytes, bytes]) -> int:
    """Give the status for headers that Bolt cannot read; 0 when it can."""
    timestamp = headers.get(b"x-slack-request-timestamp", b"")
    signature = headers.get(b"x-slack-signature", b"")
    if not timestamp or not signature or not signature.isascii():
        return 401
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):  # noqa: PLR2004 - seconds
        return 401
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        return 400
    return 413 if int(length) > MOST_BYTES else 0


async def _read(receive: Receive) -> bytes | None:
    """Read the body; None when it is over the limit, whatever its header said."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _refuse(status: int, scope: Scope, receive: Receive, send: Send) -> None:
    log.warning("web.refused", status=status)
    metrics.answered("http", "slack", str(status), 0.0)
    await PlainTextResponse("", status)(scope, receive, send)
