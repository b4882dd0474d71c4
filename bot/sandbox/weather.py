"""Bad weather for an emulated service: silence, slowness, refusals, connections that break before or after the work.

`match` is a regular expression searched in `METHOD /path?query`. Rules are looked at in the order they were added:
every `at_call` counts every request that matches it, and of the other rules the first that matches and is not used
up decides what happens. All methods may be called from any thread.
"""

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Moment: TypeAlias = Literal["before", "after"]
Body: TypeAlias = str | bytes | Mapping[str, Any] | None


@dataclass
class _Fault:
    pattern: re.Pattern[str]
    times: int | None
    kind: Literal["answer", "drop_before", "drop_after"]
    answer: Callable[[], web.Response] | None = None


@dataclass
class _AtCall:
    pattern: re.Pattern[str]
    countdown: int
    moment: Moment
    callback: Callable[[Moment], bool | None]


@dataclass(frozen=True)
class _Forecast:
    """What one request will meet."""

    fault: _Fault | None = None
    moments: list[_AtCall] = field(default_factory=list)

    def callbacks(self, moment: Moment) -> list[Callable[[Moment], bool | None]]:
        return [each.callback for each in self.moments if each.moment == moment]


class Weather:
    """The faults an emulated service shows; put `weather.middleware` first among the app's middlewares."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[_Fault] = []
        self._moments: list[_AtCall] = []
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._down = False
        self._hanging = False
        self._delay = 0.0

    @property
    def down(self) -> bool:
        """Whether every connection is being cut."""
        return self._down

    def clears(self) -> None:
        """Ends every fault; requests that were left hanging go on, unless their caller has left."""
        with self._lock:
            self._faults.clear()
            self._moments.clear()
            self._down = False
            self._hanging = False
            self._delay = 0.0
            waiting, self._waiting = self._waiting, set()
        for loop, event in waiting:
            # The loop of a server that was stopped meanwhile is closed, and nobody waits on it any more.
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def goes_down(self) -> None:
        """Cuts the connection of every request without an answer."""
        self._down = True

    def goes_slow(self, seconds: float) -> None:
        """Lets every request wait before it is looked at."""
        self._delay = seconds

    def hangs(self) -> None:
        """Lets every request wait, unanswered and not applied, until the weather clears."""
        with self._lock:
            self._hanging = True

    def fails(self, status: int = 500, times: int | None = None, match: str = "", body: Body = None) -> None:
        """Answers the next `times` matching requests (None: all) with this status, without applying them."""
        self._add(_Fault(re.compile(match), times, "answer", lambda: _failure(status, body)))

    def rate_limits(self, retry_after: float, times: int | None = 1, match: str = "", *, as_date: bool = False) -> None:
        """Answers with 429 in plain text and `Retry-After`, as seconds or as an HTTP date."""
        self._add(_Fault(re.compile(match), times, "answer", lambda: _too_many(retry_after, as_date=as_date)))

    def drops_before(self, times: int | None = 1, match: str = "") -> None:
        """Cuts the connection before the request is applied."""
        self._add(_Fault(re.compile(match), times, "drop_before"))

    def drops_after(self, times: int | None = 1, match: str = "") -> None:
        """Applies the request, then cuts the connection instead of answering."""
        self._add(_Fault(re.compile(match), times, "drop_after"))

    def at_call(
        self, n: int, callback: Callable[[Moment], bool | None], match: str = "", *, before: bool = True
    ) -> None:
        """Calls `callback("before" | "after")` in a thread at the n-th matching request from now.

        The caller waits for the callback; if it returns True, the connection is cut afterwards.
        """
        moment: Moment = "before" if before else "after"
        with self._lock:
            self._moments.append(_AtCall(re.compile(match), n, moment, callback))

    @property
    def middleware(self) -> Any:  # noqa: ANN401 - aiohttp's own type for a middleware is not exported
        """The aiohttp middleware that makes the weather felt."""
        return self._middleware

    def _add(self, fault: _Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._down:
            return _cut(request)
        if self._hanging:
            await self._wait_for_better_weather()
            if _has_left(request):
                return _cut(request)
        if self._delay:
            await asyncio.sleep(self._delay)
        if not self._faults and not self._moments:
            return await handler(request)
        return await self._through(self._forecast(request), request, handler)

    async def _through(self, forecast: _Forecast, request: web.Request, handler: Handler) -> web.StreamResponse:
        if await _any_says_cut(forecast.callbacks("before"), "before"):
            return _cut(request)
        fault = forecast.fault
        if fault is not None and fault.kind == "drop_before":
            return _cut(request)
        if fault is not None and fault.answer is not None:
            response: web.StreamResponse = fault.answer()
        else:
            response = await _answer(handler, request)
        cut = await _any_says_cut(forecast.callbacks("after"), "after")
        if cut or (fault is not None and fault.kind == "drop_after"):
            return _cut(request)
        return response

    async def _wait_for_better_weather(self) -> None:
        event = asyncio.Event()
        with self._lock:
            if not self._hanging:
                return
            self._waiting.add((asyncio.get_running_loop(), event))
        await event.wait()

    def _forecast(self, request: web.Request) -> _Forecast:
        line = f"{request.method} {request.path_qs}"
        with self._lock:
            moments = [each for each in self._moments if each.pattern.search(line)]
            for each in moments:
                each.countdown -= 1
            due = [each for each in moments if each.countdown == 0]
            self._moments = [each for each in self._moments if each.countdown > 0]
            return _Forecast(self._first_fault(line), due)

    def _first_fault(self, line: str) -> _Fault | None:
        fault = next((each for each in self._faults if each.pattern.search(line)), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
        return fault


async def _answer(handler: Handler, request: web.Request) -> web.StreamResponse:
    """The app's answer, also where it is an HTTP error that is raised."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return web.Response(status=error.status, headers=error.headers, body=error.body)


async def _any_says_cut(callbacks: list[Callable[[Moment], bool | None]], moment: Moment) -> bool:
    said = [await asyncio.to_thread(callback, moment) for callback in callbacks]
    return any(answer is True for answer in said)


def _cut(request: web.Request) -> web.Response:
    """Aborts the connection; aiohttp finds it closed when it comes to write the empty answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _failure(status: int, body: Body) -> web.Response:
    if body is None:
        body = {"message": f"{status} {HTTPStatus(status).phrase}"}
    if isinstance(body, Mapping):
        return web.Response(status=status, text=json.dumps(body), content_type="application/json")
    if isinstance(body, bytes):
        return web.Response(status=status, body=body)
    return web.Response(status=status, text=body, content_type="text/html" if body.startswith("<") else "text/plain")


def _too_many(retry_after: float, *, as_date: bool) -> web.Response:
    value = f"{retry_after:g}"
    if as_date:
        value = format_datetime(datetime.now(UTC) + timedelta(seconds=retry_after), usegmt=True)
    return web.Response(status=429, text="Retry later\n", content_type="text/plain", headers={"Retry-After": value})
