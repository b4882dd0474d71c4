"""The weather does what it says, seen from a client over HTTP."""

import http.client
import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import partial

import pytest
from aiohttp import web

from bot.sandbox.server import UNANSWERED, Changes, Server
from bot.sandbox.weather import Moment, Weather


class Sky:
    """A service that counts what reaches it, under a weather."""

    def __init__(self) -> None:
        self.weather = Weather()
        self.applied: list[str] = []
        app = web.Application(middlewares=[self.weather.middleware])
        app.router.add_route("*", "/{path:.*}", self._apply)
        self.server = Server(app)

    async def _apply(self, request: web.Request) -> web.Response:
        self.applied.append(f"{request.method} {request.path_qs}")
        if request.path == "/missing":
            raise web.HTTPNotFound
        return web.Response(text="fine")

    def ask(self, path: str = "/", method: str = "GET", timeout: float = 5) -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
        try:
            connection.request(method, path, body=b"{}" if method == "POST" else None)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()


@pytest.fixture
def sky() -> Iterator[Sky]:
    sky = Sky()
    with sky.server:
        yield sky
        sky.weather.clears()


def test_fine_weather_lets_everything_through_and_records_it(sky: Sky) -> None:
    status, text, _ = sky.ask("/a?b=1", "POST")

    assert (status, text) == (200, "fine")
    [exchange] = sky.server.recorded()
    assert (exchange.method, exchange.path, exchange.query) == ("POST", "/a", "b=1")
    assert (exchange.request_body, exchange.status, exchange.response_body) == (b"{}", 200, b"fine")


def test_a_raised_http_error_is_an_answer_and_is_recorded(sky: Sky) -> None:
    assert sky.ask("/missing")[0] == 404
    assert [each.status for each in sky.server.recorded()] == [404]


def test_down_cuts_every_connection_until_it_clears(sky: Sky) -> None:
    sky.weather.goes_down()

    for _ in range(2):
        with pytest.raises(ConnectionError):
            sky.ask()
    sky.weather.clears()

    assert sky.ask()[0] == 200
    assert sky.applied == ["GET /"]
    assert [each.status for each in sky.server.recorded()] == [UNANSWERED, UNANSWERED, 200]


def test_failures_come_as_often_as_asked_and_only_where_they_match(sky: Sky) -> None:
    sky.weather.fails(502, times=2, match=r"^POST /issues", body="<html>Bad gateway</html>")

    assert sky.ask("/issues")[0] == 200
    status, text, headers = sky.ask("/issues/1?x=y", "POST")
    assert (status, text, headers.get_content_type()) == (502, "<html>Bad gateway</html>", "text/html")
    assert sky.ask("/issues", "POST")[0] == 502
    assert sky.ask("/issues", "POST")[0] == 200
    assert sky.applied == ["GET /issues", "POST /issues"]


def test_a_failure_without_a_number_lasts_until_it_clears(sky: Sky) -> None:
    sky.weather.fails()

    assert [sky.ask()[0] for _ in range(3)] == [500, 500, 500]
    sky.weather.clears()
    assert sky.ask()[0] == 200


def test_rules_are_used_up_in_the_order_they_were_added(sky: Sky) -> None:
    sky.weather.fails(500, times=1)
    sky.weather.fails(503, times=2)

    assert [sky.ask()[0] for _ in range(4)] == [500, 503, 503, 200]


def test_a_rate_limit_is_plain_text_with_seconds_or_a_date(sky: Sky) -> None:
    sky.weather.rate_limits(7)
    sky.weather.rate_limits(60, as_date=True)

    status, text, headers = sky.ask()
    assert (status, text, headers["Retry-After"]) == (429, "Retry later\n", "7")
    assert headers.get_content_type() == "text/plain"
    assert parsedate_to_datetime(sky.ask()[2]["Retry-After"]).tzinfo is not None
    assert sky.ask()[0] == 200


def test_a_connection_breaks_before_or_after_the_request_is_applied(sky: Sky) -> None:
    sky.weather.drops_before(match="early")
    sky.weather.drops_after(match="late")

    for path in ("/early", "/late"):
        with pytest.raises(ConnectionError):
            sky.ask(path, "POST")

    assert sky.applied == ["POST /late"]


def test_hanging_requests_are_answered_when_it_clears(sky: Sky) -> None:
    sky.weather.hangs()
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(sky.ask()[0]))
    asking.start()

    with pytest.raises(TimeoutError):
        sky.ask("/impatient", timeout=0.1)
    assert answers == []
    sky.weather.clears()
    asking.join(5)

    assert answers == [200]
    assert sky.applied == ["GET /"]


def test_slowness_delays_the_answer(sky: Sky) -> None:
    sky.weather.goes_slow(30)

    with pytest.raises(TimeoutError):
        sky.ask(timeout=0.1)


@pytest.mark.parametrize(("before", "applied_then"), [(True, 1), (False, 2)])
def test_a_callback_runs_at_the_nth_call_before_or_after_it_is_applied(
    sky: Sky, before: bool, applied_then: int
) -> None:
    seen: list[tuple[str, int]] = []

    def look(moment: Moment) -> None:
        seen.append((moment, len(sky.applied)))

    sky.weather.at_call(2, look, match="^PUT", before=before)

    sky.ask("/1", "PUT")
    assert seen == []
    sky.ask("/2", "PUT")
    sky.ask("/3", "PUT")

    assert seen == [("before" if before else "after", applied_then)]


def test_a_callback_that_says_so_cuts_the_connection(sky: Sky) -> None:
    sky.weather.at_call(1, lambda _when: True, before=False)

    with pytest.raises(ConnectionError):
        sky.ask()
    assert sky.applied == ["GET /"]


def test_every_scheduled_callback_counts_for_itself_beside_a_failure(sky: Sky) -> None:
    seen: list[int] = []
    for n in (1, 3):
        sky.weather.at_call(n, partial(_note, seen, n))
    sky.weather.fails(500, times=1)

    assert [sky.ask()[0] for _ in range(3)] == [500, 200, 200]
    assert seen == [1, 3]


def test_waiting_ends_with_the_change_that_was_waited_for() -> None:
    changes = Changes()
    said: list[str] = []

    def speak() -> None:
        said.append("hello")
        changes.happened()

    threading.Thread(target=speak).start()

    assert changes.wait_until(lambda: said == ["hello"], 5)
    assert not changes.wait_until(lambda: said == ["bye"], 0.01)


def test_only_so_many_exchanges_are_kept_as_asked() -> None:
    app = web.Application()
    app.router.add_get("/", _fine)

    with Server(app, keep=2) as server:
        for n in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("GET", f"/?n={n}")
            connection.getresponse().read()
            connection.close()
        assert [each.query for each in server.recorded()] == ["n=1", "n=2"]


def _note(seen: list[int], n: int, _moment: Moment) -> None:
    seen.append(n)


async def _fine(_request: web.Request) -> web.Response:
    return web.Response()
