"""Slack's mouth: the Web API, response URLs, file uploads and the Socket Mode address, in front of a `SlackWorld`.

https://docs.slack.dev/apis/web-api
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from bot.sandbox.slack import answers, chat, conversations, files, people, views
from bot.sandbox.slack.calls import Call, Method, method
from bot.sandbox.slack.payloads import view_payload
from bot.sandbox.slack.state import Json, SlackError, View
from bot.sandbox.slack.world import SlackWorld


def app(world: SlackWorld, *middlewares: Any) -> web.Application:  # noqa: ANN401 - aiohttp does not export the type
    """The HTTP application of a world; middlewares (bad weather) come before everything."""
    mouth = _Mouth(world)
    application = web.Application(middlewares=middlewares, client_max_size=64 * 1024 * 1024)
    application.router.add_route("*", "/api/{method}", mouth.call)
    application.router.add_post("/response/{id}", mouth.respond)
    application.router.add_post("/upload/{id}", mouth.upload)
    application.router.add_get("/files/{id}/{name}", mouth.download)
    application.router.add_get("/link/", world.line.sockets.serve)
    return application


class _Mouth:
    def __init__(self, world: SlackWorld) -> None:
        self._world = world

    async def call(self, request: web.Request) -> web.Response:
        """A method of the Web API."""
        world = self._world
        origin = str(request.url.origin())
        world.url = world.url or origin
        try:
            args = await _arguments(request)
            answer = self._answer(request.match_info["method"], args, _token(request, args), origin)
        except SlackError as error:
            return _json(error.body, error.status, {**self._headers, **error.headers})
        return _json({"ok": True, **answer}, headers=self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        """What stands beside every answer: Slack's time, and what the app may do."""
        at = datetime.fromtimestamp(self._world.clock(), UTC)
        return {"Date": format_datetime(at, usegmt=True), "x-oauth-scopes": ",".join(sorted(self._world.scopes))}

    def _answer(self, name: str, args: Mapping[str, Any], token: str, origin: str) -> Json:
        world = self._world
        known = METHODS.get(name)
        if known is None:
            raise SlackError("unknown_method", req_method=name)
        self._admit(name, token)
        call = Call(world, args, origin)
        call.needs(*known.scopes)
        missing = [each for each in known.required if call.args.get(each) in _absent(each)]
        if missing:
            raise views.invalid([f"missing required field: {each}" for each in missing])
        return known.run(call)

    def _admit(self, name: str, token: str) -> None:
        world = self._world
        if not token:
            raise SlackError("not_authed")
        if token not in {world.bot_token, world.app_token}:
            raise SlackError("invalid_auth")
        if (token == world.app_token) != (name == "apps.connections.open") and name != "auth.test":
            raise SlackError("not_allowed_token_type")

    async def respond(self, request: web.Request) -> web.Response:
        """A message for a response URL."""
        try:
            body = json.loads(await request.text())
            answers.responded(self._world, request.match_info["id"], body if isinstance(body, dict) else {})
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        except SlackError as error:
            status = 400 if error.status == 200 else error.status
            return _json(error.body, status)
        return web.Response(text="ok")

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes of a file, bare or as a form."""
        content = await _content(request)
        try:
            files.uploaded(self._world, request.match_info["id"], content)
        except SlackError as error:
            return web.Response(status=error.status, text=error.code)
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """A file, for who has the token."""
        file = self._world.files.get(request.match_info["id"])
        if file is None or file.content is None or _token(request, {}) != self._world.bot_token:
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type="application/octet-stream")


def _absent(argument: str) -> tuple[str | None, ...]:
    """An empty topic is a topic, and an empty list of users has an error of its own."""
    return (None,) if argument in {"topic", "users"} else (None, "")


async def _arguments(request: web.Request) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return args | body
    return args | dict(await request.post())


def _token(request: web.Request, args: Mapping[str, Any]) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else str(args.get("token") or "")


async def _content(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""


def _json(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


def _view_opened(by: Callable[[SlackWorld, str, object], View]) -> Callable[[Call], Json]:
    def run(call: Call) -> Json:
        trigger = call.text("trigger_id") or call.text("interactivity_pointer")
        if not trigger:
            raise views.invalid(["missing required field: trigger_id"])
        return {"view": view_payload(call.world, by(call.world, trigger, call.json("view")))}

    return run


def _view_updated(call: Call) -> Json:
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if not view_id and not external_id:
        raise views.invalid(["missing required field: view_id"])
    view = views.update_view(
        call.world, call.json("view"), view_id=view_id, external_id=external_id, version=call.text("hash")
    )
    return {"view": view_payload(call.world, view)}


def _home_published(call: Call) -> Json:
    view = views.publish_home(call.world, call.text("user_id"), call.json("view"), call.text("hash"))
    return {"view": view_payload(call.world, view)}


def _connection_opened(call: Call) -> Json:
    if not call.world.app_token_connects:
        raise SlackError("missing_scope", needed="connections:write", provided="")
    ticket = call.world.line.sockets.new_ticket()
    origin = call.origin.replace("http", "ws", 1)
    return {"url": f"{origin}/link/?ticket={ticket}&app_id={call.world.app_id}"}


METHODS: dict[str, Method] = {
    **people.METHODS,
    **conversations.METHODS,
    **chat.METHODS,
    **files.METHODS,
    "views.open": method(_view_opened(views.open_view), "view"),
    "views.push": method(_view_opened(views.push_view), "view"),
    "views.update": method(_view_updated, "view"),
    "views.publish": method(_home_published, "user_id view"),
    "apps.connections.open": method(_connection_opened),
}
