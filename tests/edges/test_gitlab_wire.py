"""The bytes to GitLab: pages without totals, redirects, answers that trickle, proxies, and what refusals say."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Rejected, Unavailable
from bot.domain.operations import READ_ONLY
from bot.gitlab.calls import MOST_PAGES, PER_PAGE, Calls
from bot.gitlab.heard import Heard
from bot.gitlab.refusals import LONGEST_REASON, meaning, sentence
from bot.sandbox.server import Server

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextmanager
def gitlab(answer: Answer) -> Iterator[Server]:
    """Something that answers every request in its own way."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    with Server(app) as server:
        yield server


def rows(server: Server) -> list[int]:
    """Reads a list of numbers."""

    async def run() -> list[int]:
        calls = Calls(server.url, "glpat-secret", lambda: datetime.now(UTC))
        try:
            return await calls.rows("/things", lambda row: int(row["id"]))
        finally:
            calls.close()

    return asyncio.run(run())


@pytest.mark.parametrize("told", ["total", "next", "nothing"])
@pytest.mark.parametrize("count", [0, 1, 100, 101, 1_150])
def test_a_list_is_read_to_its_end_whatever_gitlab_tells_of_its_length(told: str, count: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        page, size = int(request.query["page"]), int(request.query["per_page"])
        found = [{"id": number} for number in range(count)][(page - 1) * size : page * size]
        last = max(1, -(-count // size))
        headers = {"X-Next-Page": str(page + 1) if page < last else ""} if told != "nothing" else {}
        if told == "total":
            headers["X-Total-Pages"] = str(last)
        return web.json_response(found, headers=headers)

    with gitlab(answer) as server:
        assert rows(server) == list(range(count))
        assert len(server.recorded()) <= count / PER_PAGE + 9


def test_a_list_that_was_long_is_asked_for_at_once_the_next_time_but_only_then() -> None:
    count = [250]

    async def answer(request: web.Request) -> web.Response:
        page, size = int(request.query["page"]), int(request.query["per_page"])
        found = [{"id": number} for number in range(count[0])][(page - 1) * size : page * size]
        return web.json_response(found, headers={"X-Total-Pages": str(max(1, -(-count[0] // size)))})

    async def run() -> list[list[int]]:
        calls = Calls(server.url, "glpat-secret", lambda: datetime.now(UTC))
        read = []
        try:
            for count[0] in (250, 450, 10):
                read.append(await calls.rows("/things", lambda row: int(row["id"])))
        finally:
            calls.close()
        return read

    with gitlab(answer) as server:
        assert asyncio.run(run()) == [list(range(250)), list(range(450)), list(range(10))]
        asked = [one.query.rpartition("page=")[2] for one in server.recorded()]
    assert [sorted(asked[:3]), sorted(asked[3:8]), asked[8:]] == [list("123"), list("12345"), ["1"]]


def test_a_list_without_an_end_is_not_read_for_ever() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response([{"id": 1}], headers={"X-Total-Pages": "999999999"})

    with gitlab(answer) as server:
        assert len(rows(server)) == MOST_PAGES


def test_a_redirect_on_the_same_host_is_followed_for_reading() -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/api/v4/things":
            return web.Response(status=301, headers={"Location": f"/api/v4/moved?{request.query_string}"})
        return web.json_response([{"id": 7}])

    with gitlab(answer) as server:
        assert rows(server) == [7]


def test_the_token_does_not_follow_a_redirect_to_another_host() -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        return web.json_response([])

    with gitlab(elsewhere) as other:

        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{other.url}/api/v4/things"})

        with gitlab(answer) as server, pytest.raises(Unavailable, match="GITLAB_URL"):
            rows(server)
        assert not other.recorded()


def test_an_answer_that_trickles_does_not_hold_a_call_for_ever() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    began = time.monotonic()
    with gitlab(answer) as server, pytest.raises(Unavailable, match="too slow"):
        rows(server)
    assert time.monotonic() - began < 7.5


def test_a_refused_connection_says_so() -> None:
    server = Server(web.Application())
    server.port = 9

    with pytest.raises(Unavailable, match="cannot be reached"):
        rows(server)


def test_the_proxy_that_the_environment_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Proxy-Authorization"].startswith("Basic ")
        return web.json_response([{"id": len(str(request.url))}])

    with gitlab(answer) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//me:secret@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        nowhere = Server(web.Application())
        nowhere.port = 9

        assert rows(nowhere)
        (seen,) = proxy.recorded()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises(Unavailable):
            rows(nowhere)

    assert seen.request_headers["PRIVATE-TOKEN"] == "glpat-secret"


# What refusals say


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": {"title": ["has already been taken"]}}, "title has already been taken"),
        ({"message": "400 Bad request - Title has already been taken"}, "Title has already been taken"),
        ({"message": '400 (Bad request) "Title" not given'}, '"Title" not given'),
        ({"message": "404 Project Not Found"}, "Project Not Found"),
        ({"message": ["Title is too long", "Title is too long"]}, "Title is too long"),
        ({"message": {"base": ["Due date must be later."]}}, "Due date must be later"),
        ({"message": {"title": ["is bad", "is long"], "due_date": ["is wrong"]}}, "title is bad; title is long; due_date is wrong"),
        ({"message": '{:title=>["has already been taken"]}'}, "title has already been taken"),
        ({"message": '{"title"=>["has already been taken", "is too long"]}'}, "title has already been taken; title is too long"),
        ({"message": '{title: ["has already been taken"]}'}, "title has already been taken"),
        ({"error": "title is missing, due_date is invalid"}, "title is missing, due_date is invalid"),
        ({"error": "insufficient_scope", "error_description": "The request requires more."}, "The request requires more"),
        ("plainly no", "plainly no"),
        (["one", "two"], "one; two"),
        ({}, ""),
        ({"message": None}, ""),
    ],
)  # fmt: skip
def test_an_error_body_becomes_a_short_sentence(body: object, said: str) -> None:
    assert sentence(body) == said


@pytest.mark.parametrize(("scope", "may_read"), [("api", True), ("api read_api", False)])
def test_a_token_without_the_scope_for_writing_is_known_by_what_it_lacks(scope: str, may_read: bool) -> None:
    body = {"error": "insufficient_scope", "error_description": "The request requires more.", "scope": scope}

    refused = meaning(Heard(403, {}, json.dumps(body).encode()))

    assert isinstance(refused, Rejected)
    assert refused.reason == (READ_ONLY if may_read else "The request requires more (403)")


def test_a_refusal_says_its_status_too() -> None:
    refused = meaning(Heard(400, {}, b'{"message": {"title": ["has already been taken"]}}'))

    assert isinstance(refused, Rejected)
    assert refused.reason == "title has already been taken (400)"


any_json = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(body=any_json | st.dictionaries(st.sampled_from(["message", "error", "error_description"]), any_json))
def test_whatever_an_error_body_is_it_becomes_one_line_of_bounded_length(body: object) -> None:
    said = sentence(body)

    assert len(said) <= LONGEST_REASON
    assert "\n" not in said


@given(status=st.integers(300, 599), body=st.binary(max_size=200) | any_json.map(lambda one: json.dumps(one).encode()))
def test_every_answer_that_is_no_success_means_later_or_never(status: int, body: bytes) -> None:
    said = meaning(Heard(status, {"Retry-After": "soon"}, body))

    assert isinstance(said, Unavailable | Rejected)
    assert said.reason
