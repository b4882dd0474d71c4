"""How the page's sides read what a browser sends, and how they refuse it: in words."""

from typing import Any, TypeAlias

from aiohttp import web

Json: TypeAlias = dict[str, Any]


class RefusedError(Exception):
    """What cannot be done, and why, as the person in front of the page reads it."""


async def asked(request: web.Request) -> Json:
    """The JSON object in a request; only as JSON, which no form of another page can send."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        body = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="This is no JSON.") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="This is no JSON object.")
    return body


def done(**more: object) -> web.Response:
    """It was done."""
    return web.json_response({"ok": True, **more})


def refused(words: str, status: int = 409) -> web.Response:
    """It was not done, and why."""
    return web.json_response({"ok": False, "error": words}, status=status)
