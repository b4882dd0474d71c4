"""Serves the page: its files, what the three sides show and take, and one stream that says when to look again.

The stream (`GET /page/changes`, server-sent events) carries only the name of the world that changed, so that no
browser can miss a detail: it asks again for what it shows. Only this machine's own browser is let in.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.page import gitlab_side, guide_side, slack_side, weather_side
from bot.sandbox.page.weather_side import Controls
from bot.sandbox.server import Changes
from bot.sandbox.slack.world import SlackWorld

STATIC: Final = Path(__file__).parent / "static"
GATHER_SECONDS = 0.05
"""Changes this close together are told as one."""
HEARTBEAT_SECONDS = 15.0
"""A browser that left is noticed when it is written to."""
_MOST_BYTES: Final = 16 * 1024 * 1024
_HERE: Final = {"127.0.0.1", "localhost", "::1"}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(slack: SlackWorld, gitlab: GitlabWorld, controls: Controls) -> web.Application:
    """The whole page as one aiohttp app."""
    app = web.Application(middlewares=[_only_from_here], client_max_size=_MOST_BYTES)
    app.router.add_get("/", _index)
    app.router.add_get(r"/page/static/{version:\d+}/{name:\w+\.\w+}", _kept)
    app.router.add_static("/page/static/", STATIC)
    app.router.add_get(
        "/page/changes", _stream({"slack": slack.changes, "gitlab": gitlab.changes, "weather": controls.changes})
    )
    app.add_routes(slack_side.routes(slack))
    app.add_routes(gitlab_side.routes(gitlab))
    app.add_routes(weather_side.routes(controls))
    app.add_routes(guide_side.routes(controls.guide))
    return app


async def _index(_: web.Request) -> web.StreamResponse:
    words = (STATIC / "index.html").read_text(encoding="utf-8")
    return web.Response(text=words.replace("/page/static/", f"/page/static/{_version()}/"), content_type="text/html")


def _version() -> int:
    """Another one when one of the page's files has changed: under this one, a browser may keep what it has."""
    return max(each.stat().st_mtime_ns for each in STATIC.iterdir())


async def _kept(request: web.Request) -> web.StreamResponse:
    file = STATIC / request.match_info["name"]
    if not file.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(file, headers={"Cache-Control": "max-age=31536000, immutable"})


def _stream(worlds: Mapping[str, Changes]) -> _Handler:
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **_HEADERS})
        await response.prepare(request)
        # A browser that leaves is noticed when it is written to; there is nobody left to answer then.
        with ExitStack() as stack, suppress(ConnectionResetError):
            changed = _Changed(list(worlds))
            for name, changes in worlds.items():
                stack.enter_context(changes.listened_to_by(changed.listener(name)))
            while True:
                # The first round tells of everything: a browser that comes back has missed what happened meanwhile.
                for name in changed.taken():
                    await response.write(f"data: {json.dumps({'world': name})}\n\n".encode())
                if not await changed.comes(HEARTBEAT_SECONDS):
                    await response.write(b": still here\n\n")
                await asyncio.sleep(GATHER_SECONDS)
        return response

    return stream


class _Changed:
    """Which worlds changed since one browser was last told; listened for from any thread."""

    def __init__(self, names: list[str]) -> None:
        self._names = dict.fromkeys(names)
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def listener(self, name: str) -> Callable[[], None]:
        """What is to be called when this world changes."""

        def happened() -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._note, name)

        return happened

    def taken(self) -> list[str]:
        """The names, each once, as they came; from now on there are none."""
        names, self._names = list(self._names), {}
        self._event.clear()
        return names

    async def comes(self, timeout: float) -> bool:
        """Whether one came before the timeout (seconds)."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout)
        except TimeoutError:
            return False
        return True

    def _note(self, name: str) -> None:
        self._names[name] = None
        self._event.set()


@web.middleware
async def _only_from_here(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """No other page in the same browser may act here, whatever name it gives this machine."""
    host = urlsplit(f"//{request.host}").hostname or ""
    origin = request.headers.get("Origin")
    if host not in _HERE or (origin and urlsplit(origin).netloc != request.host):
        raise web.HTTPForbidden(text="This page is for the browser on its own machine.")
    response = await handler(request)
    if not response.prepared:
        response.headers.extend({name: value for name, value in _HEADERS.items() if name not in response.headers})
    return response
