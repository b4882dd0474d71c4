"""Serves an emulated service on this machine, keeps what was said, and lets a test wait for what should happen.

One class for both worlds. It runs inside a loop that is there (`await start()`), or in a thread of its own
(`with Server(app) as server:`), which is what tests and programs without a loop want.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, Self

from aiohttp import web

UNANSWERED = 0
_START_SECONDS = 30
_LAST_WORDS_SECONDS = 0.2


class Exchange(NamedTuple):
    """One request and what was answered; status 0 means that nobody was there to hear the answer."""

    method: str
    path: str
    query: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    at: float


class Changes:
    """Tells those who wait that something happened, so that no test sleeps and hopes.

    The predicate is asked without any lock held: it may look into a world that itself reports changes.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._listeners: list[Callable[[], None]] = []

    def happened(self) -> None:
        """Wakes everybody who waits; they look again."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()
            listeners = list(self._listeners)
        for each in listeners:
            each()

    @contextmanager
    def listened_to_by(self, listener: Callable[[], None]) -> Iterator[None]:
        """Calls the listener after every change, in the thread that made it; it may neither wait nor fail."""
        with self._condition:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self._condition:
                self._listeners.remove(listener)

    def wait_until(self, predicate: Callable[[], bool], timeout: float = 5.0) -> bool:
        """Whether the predicate became true before the timeout (seconds); asked at once and after every change."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self._count
            if predicate():
                return True
            if not self._next_change(seen, deadline - time.monotonic()):
                return predicate()

    def _next_change(self, seen: int, timeout: float) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: self._count != seen, timeout)


class Server:
    """An aiohttp app on 127.0.0.1; remembers the last `keep` exchanges (0: none), and reports each to `changes`."""

    def __init__(
        self, app: web.Application, port: int = 0, *, keep: int = 10_000, changes: Changes | None = None
    ) -> None:
        self.exchanges: deque[Exchange] = deque(maxlen=keep)
        self.changes = changes or Changes()
        self.port = port
        self._app = app
        self._runner: web.AppRunner | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None
        if keep:
            app.middlewares.insert(0, self._record)

    @property
    def url(self) -> str:
        """Where the service answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until(self, predicate: Callable[[], bool], timeout: float = 5.0) -> bool:
        """Waits for a state of the world, see `Changes`."""
        return self.changes.wait_until(predicate, timeout)

    def recorded(self) -> list[Exchange]:
        """A copy of what was kept, oldest first, safe while requests go on."""
        return list(self.exchanges.copy())

    async def start(self) -> None:
        """Begins to serve inside the running loop."""
        self._runner = web.AppRunner(
            self._app, access_log=None, handle_signals=False, shutdown_timeout=_LAST_WORDS_SECONDS
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Ends it; what still hangs is cut off."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def __enter__(self) -> Self:
        """Serves in a thread of its own."""
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), name="sandbox-server", daemon=True)
        self._thread.start()
        if not started.wait(_START_SECONDS) or self._failure is not None:
            message = f"no server on port {self.port}"
            raise RuntimeError(message) from self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the thread."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _serve(self, started: threading.Event) -> None:
        loop = self._loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self.start())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for the start
            self._failure = error
            return
        finally:
            started.set()
        try:
            loop.run_forever()
            loop.run_until_complete(self.stop())
        finally:
            loop.close()

    @web.middleware
    async def _record(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        # aiohttp can parse a multipart body only from the stream, so that one kind is left to the app.
        body = b"" if request.content_type.startswith("multipart/") else await request.read()
        try:
            response = await handler(request)
        except web.HTTPException as error:
            self._keep(request, body, error)
            raise
        self._keep(request, body, response)
        return response

    def _keep(self, request: web.Request, body: bytes, response: web.StreamResponse) -> None:
        heard = request.transport is not None and not request.transport.is_closing()
        said = response.body if isinstance(response, web.Response) else None
        self.exchanges.append(
            Exchange(
                request.method,
                request.rel_url.raw_path,
                request.rel_url.raw_query_string,
                request.headers,
                body,
                response.status if heard else UNANSWERED,
                response.headers,
                said if isinstance(said, bytes) else b"",
                time.time(),
            )
        )
        self.changes.happened()
