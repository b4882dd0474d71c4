"""The emulated GitLab's mouth: lets a request in or refuses it, and gives the answer its form.

https://docs.gitlab.com/api/rest/ and https://docs.gitlab.com/api/rest/authentication/
"""

import json
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from aiohttp import web

from bot.sandbox.gitlab import pages
from bot.sandbox.gitlab.calls import Accepted, Answer, Call, Handler, Rows, Text, page
from bot.sandbox.gitlab.records import Json, RefusedError, Write, refused
from bot.sandbox.gitlab.routes import routes
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.weather import Weather

ROOT = "/api/v4"
_USUAL_LIMIT = 2000
_WINDOW_SECONDS = 60


class _Said(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]
    content_type: str = "application/json"


def application(world: GitlabWorld, weather: Weather | None = None) -> web.Application:
    """The world as an aiohttp app, to be served by `Server`, under a weather if one is given."""
    app = web.Application(middlewares=[weather.middleware] if weather else [], client_max_size=16 * 1024**2)
    limit = _RateLimit(world)
    for method, path, handler in routes():
        app.router.add_route(method, f"{ROOT}{path}", _endpoint(world, limit, handler))
    app.router.add_route("*", f"{ROOT}/{{rest:.*}}", _endpoint(world, limit, _nothing_here))
    _add_pages(app, world)
    return app


def _add_pages(app: web.Application, world: GitlabWorld) -> None:
    """What the addresses in answers lead to, for people who click."""

    def shown(show: Callable[[int], str | None]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            with world.lock:
                text = show(int(request.match_info.get("iid", "0")))
            if text is None:
                raise web.HTTPNotFound
            return web.Response(text=text, content_type="text/html")

        return answer

    place = f"/{world.state.project.full_path}"

    async def root(_: web.Request) -> web.Response:
        raise web.HTTPFound(place)

    app.router.add_get("/", root)
    app.router.add_get(f"{place}/-/issues", shown(lambda _: pages.issues(world)))
    app.router.add_get(place, shown(lambda _: pages.project(world)))
    app.router.add_get(rf"{place}/-/milestones/{{iid:\d+}}", shown(lambda iid: pages.milestone(world, iid)))
    app.router.add_get(rf"{place}/-/issues/{{iid:\d+}}", shown(lambda iid: pages.item(world, "issue", iid)))
    app.router.add_get(
        rf"{place}/-/merge_requests/{{iid:\d+}}", shown(lambda iid: pages.item(world, "merge_request", iid))
    )


def _endpoint(
    world: GitlabWorld, limit: "_RateLimit", handler: Handler
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        raw = await request.read()
        with world.lock:
            said = _answer(world, limit, handler, request, raw)
        world.changes.happened()
        return web.Response(status=said.status, text=said.text, headers=said.headers, content_type=said.content_type)

    return answer


def _answer(world: GitlabWorld, limit: "_RateLimit", handler: Handler, request: web.Request, raw: bytes) -> _Said:
    world.state.web_url = world.state.web_url or str(request.url.origin())
    headers = {"Date": format_datetime(world.state.now(), usegmt=True), **limit.counted()}
    if limit.exceeded:
        wait = {"Retry-After": str(limit.seconds_left)}
        return _Said(HTTPStatus.TOO_MANY_REQUESTS, "Retry later\n", headers | wait, "text/plain")
    body: Json = {}
    try:
        _let_in(world, request)
        body = _parsed(raw, request.content_type)
        call = Call(world, request, body)
        said = _said(call, handler(call))
    except RefusedError as refusal:
        said = _Said(refusal.status, json.dumps(refusal.body), {})
    if request.method != "GET":
        world.writes.append(Write(request.method, request.path, body, said.status, world.state.now()))
    return said._replace(headers=said.headers | headers)


def _said(call: Call, answer: Answer) -> _Said:
    done = HTTPStatus.CREATED if call.request.method == "POST" else HTTPStatus.OK
    if answer is None:
        return _Said(HTTPStatus.NO_CONTENT, "", {})
    if isinstance(answer, Rows):
        found = page(call, answer)
        return _Said(HTTPStatus.OK, found.body, found.headers)
    if isinstance(answer, Accepted):
        return _Said(answer.status, json.dumps(answer.body), {})
    return _Said(done, answer if isinstance(answer, Text) else json.dumps(answer), {})


def _let_in(world: GitlabWorld, request: web.Request) -> None:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    given = request.headers.get("PRIVATE-TOKEN") or bearer or request.query.get("private_token")
    if given != world.token:
        raise refused(HTTPStatus.UNAUTHORIZED, "401 Unauthorized")
    if world.token_is_expired:
        description = "Token is expired. You can either do re-authorization or token refresh."
        raise RefusedError(HTTPStatus.UNAUTHORIZED, {"error": "invalid_token", "error_description": description})
    if world.token_read_only and request.method not in ("GET", "HEAD"):
        description = "The request requires higher privileges than provided by the access token."
        error = {"error": "insufficient_scope", "error_description": description, "scope": "api"}
        raise RefusedError(HTTPStatus.FORBIDDEN, error)


def _parsed(raw: bytes, content_type: str) -> Json:
    if not raw:
        return {}
    if content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(raw.decode(), keep_blank_values=True))
    try:
        body: Any = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, {"error": "The request body is not a JSON object"})
    return body


def _nothing_here(_call: Call) -> Answer:
    raise RefusedError(HTTPStatus.NOT_FOUND, {"error": "404 Not Found"})


class _RateLimit:
    """So many requests a minute, by the world's clock; a limit of 0 is told as a generous one and never reached."""

    def __init__(self, world: GitlabWorld) -> None:
        self._world = world
        self._window = 0
        self._count = 0

    @property
    def exceeded(self) -> bool:
        """Whether the request that was counted last is one too many."""
        return 0 < self._world.rate_limit < self._count

    @property
    def seconds_left(self) -> int:
        """How long until requests are let through again."""
        return self._window + _WINDOW_SECONDS - self._now

    @property
    def _now(self) -> int:
        return int(self._world.state.now().timestamp())

    def counted(self) -> dict[str, str]:
        """Counts a request; gives the headers that tell how many are left."""
        window = self._now - self._now % _WINDOW_SECONDS
        if window != self._window:
            self._window, self._count = window, 0
        self._count += 1
        limit = self._world.rate_limit or _USUAL_LIMIT
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Name": "throttle_authenticated_api",
            "RateLimit-Observed": str(self._count),
            "RateLimit-Remaining": str(max(0, limit - self._count)),
            "RateLimit-Reset": str(window + _WINDOW_SECONDS),
        }
