"""Calls to GitLab: python-gitlab does the talking, blocking, in threads, at most 16 at a time.

A question is read from the event loop: lists as plain rows, their pages side by side; rows become values in the thread.
An operation is carried out where it stands, in one thread from its first call to its last, within a deadline.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bot.domain.errors import Rejected, Unavailable
from bot.gitlab.crew import AT_ONCE, Crew, Turn
from bot.gitlab.heard import BrokenError, Heard, StumbledError
from bot.telemetry import metrics

if TYPE_CHECKING:
    import gitlab

PER_PAGE = 100
PAGES_AHEAD = 8
"""How many pages are read side by side where GitLab does not say how many there are."""
MOST_PAGES = 1000
MOST_LONG = 8
"""How many lists are known to have been long."""
READ_AGAIN_AFTER = (0.1, 0.4)
"""Seconds until something is read again, after an answer that was an error of GitLab's own."""
STUMBLES_WITHIN = 2.0
"""Seconds after which such an answer was too slow to ask again: whoever waits has a deadline."""
Row = dict[str, Any]
T = TypeVar("T")
Item = TypeVar("Item")
patient: ContextVar[bool] = ContextVar("patient", default=False)
"""Whether what asks now may wait until operations had their turn."""


class Calls:
    """GitLab's API as blocking calls in threads of their own."""

    def __init__(self, url: str, token: str, clock: Callable[[], datetime]) -> None:
        self._url, self._token, self._clock = url, token, clock
        self.crew = Crew(AT_ONCE, "gitlab")
        # pages of lists that were long when last read: the next time, but only then, they are asked for at once
        self._long: dict[str, int] = {}
        self._lock = threading.Lock()
        self._client: gitlab.Gitlab | None = None
        self.reached_at: datetime | None = None
        self.trouble = ""
        """Why the last call was not answered; empty when it was."""

    def close(self) -> None:
        """Let go of the threads; a call that hangs is not waited for."""
        self.crew.close()

    async def row(
        self, method: str, path: str, read: Callable[[Row], T], *, body: Row | None = None, **params: object
    ) -> T:
        """Call, and give what `read` makes of the one object that comes back."""
        return await self.call(lambda heard: understood(read, _row(heard)), method, path, body, params)

    async def some(self, path: str, read: Callable[[Row], T], **params: object) -> list[T]:
        """Read the first page of a list, as far as it goes."""
        return await self.call(lambda heard: [understood(read, row) for row in _rows(heard)], "get", path, None, params)

    async def rows(self, path: str, read: Callable[[Row], T], **params: object) -> list[T]:
        """Read a list to its last page, each row as `read` makes of it."""

        async def page(number: int) -> _Page[T]:
            asked = {**params, "per_page": PER_PAGE, "page": number}
            return await self.call(lambda heard: _Page(read, heard), "get", path, None, asked)

        of = f"{path}?{sorted(params.items())}"
        at_once = self._long.pop(of, 1)
        pages = await together(*(page(number) for number in range(1, at_once + 1)))
        next_page, total = at_once + 1, pages[0].pages
        if total is not None:
            pages += await each_of(range(next_page, min(total, MOST_PAGES) + 1), page)
            if 1 < total <= AT_ONCE and at_once == 1:
                self._long = {of: total, **dict(list(self._long.items())[: MOST_LONG - 1])}
            return [one for each in pages for one in each.found]
        while pages[-1].goes_on and next_page <= MOST_PAGES:
            pages += await together(*(page(number) for number in range(next_page, next_page + PAGES_AHEAD)))
            next_page += PAGES_AHEAD
        return [one for each in pages for one in each.found]

    async def call(
        self, read: Callable[[Heard], T], method: str, path: str, body: Row | None, params: dict[str, object]
    ) -> T:
        """Call, and give what `read`, which runs in the call's thread, makes of the answer."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def land(found: T | None, error: BaseException | None) -> None:
            if answer.done():
                return  # nobody waits for it any more
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(found)  # type: ignore[arg-type] # None only where `read` gives None

        def work() -> None:
            if answer.done():
                return
            try:
                _call_soon(loop, land, read(self.send(method, path, body, params)), None)
            except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
                _call_soon(loop, land, None, error)

        self.crew.put(work, Turn.PATIENT if patient.get() else Turn.ASKED)
        return await answer

    def within(self, seconds: float) -> "Straight":
        """Call from where one is, a thread of the crew, one call after the other, all of them within so many seconds."""
        return Straight(self, seconds)

    def send(
        self, method: str, path: str, body: Row | None, params: dict[str, object], seconds: float | None = None
    ) -> Heard:
        """Call, blocking, for at most so many seconds; raises Unavailable or Rejected."""
        outcome = "error"
        try:
            heard = self._try(method, path, body, params, seconds)
            outcome = "ok"
        except Unavailable as silence:
            outcome = "unavailable" if silence.world_is_down or silence.retry_after is None else "limited"
            self.trouble = silence.reason if silence.world_is_down else ""
            raise
        except Rejected:
            outcome = "refused"
            self.reached_at, self.trouble = self._clock(), ""
            raise
        finally:
            metrics.gitlab_calls(method, outcome).inc()
        self.reached_at, self.trouble = self._clock(), ""
        return heard

    def _try(self, method: str, path: str, body: Row | None, params: dict[str, object], seconds: float | None) -> Heard:
        """Call; what only reads is tried again, for one bad answer in a thousand would spoil a thousand good ones."""
        began = time.monotonic()
        for pause in READ_AGAIN_AFTER if method == "get" else ():
            try:
                return self._call(method, path, body, params, seconds)
            except StumbledError:
                if time.monotonic() - began > STUMBLES_WITHIN:
                    raise
                time.sleep(pause)
            except BrokenError:
                break  # a connection that was kept had been closed over there
        return self._call(method, path, body, params, seconds)

    def _call(
        self, method: str, path: str, body: Row | None, params: dict[str, object], seconds: float | None
    ) -> Heard:
        from gitlab.exceptions import GitlabError  # a fifth of a second, off the start

        try:
            heard: Any = self._open().http_request(
                method, path, query_data=params, post_data=body, timeout=seconds, obey_rate_limit=False, max_retries=0
            )
        except GitlabError as error:
            message = f"what answers is not GitLab's API ({type(error).__name__})"
            raise Unavailable(message) from error
        answer: Heard = heard
        return answer

    def _open(self) -> "gitlab.Gitlab":
        if self._client is None:
            with self._lock:
                if self._client is None:
                    import gitlab  # a fifth of a second, off the start

                    from bot.gitlab.wire import Wire

                    self._client = gitlab.Gitlab(
                        self._url,
                        private_token=self._token,
                        keep_base_url=True,
                        retry_transient_errors=False,
                        backend=Wire,
                    )
        return self._client


class Straight:
    """Calls that one thread makes one after the other, for one operation; raise Unavailable or Rejected."""

    def __init__(self, calls: Calls, seconds: float) -> None:
        self._calls, self._until = calls, time.monotonic() + seconds

    def row(self, method: str, path: str, read: Callable[[Row], T], body: Row | None = None) -> T:
        """Call, and give what `read` makes of the one object that comes back."""
        return understood(read, _row(self._send(method, path, body, {})))

    def some(self, path: str, read: Callable[[Row], T], **params: object) -> list[T]:
        """Read the first page of a list, as far as it goes."""
        return [understood(read, row) for row in _rows(self._send("get", path, None, params))]

    def rows(self, path: str, read: Callable[[Row], T], **params: object) -> list[T]:
        """Read a short list to its last page."""
        return [one for page in self.pages(path, read, **params) for one in page]

    def pages(self, path: str, read: Callable[[Row], T], **params: object) -> Iterator[list[T]]:
        """Read a list page by page, until the last one or until nobody wants the next.

        A page may be short, or empty, although others follow: GitLab leaves out what the token may not see.
        """
        for number in range(1, MOST_PAGES + 1):
            page = _Page(read, self._send("get", path, None, {**params, "per_page": PER_PAGE, "page": number}))
            yield page.found
            if not page.goes_on:
                break

    def _send(self, method: str, path: str, body: Row | None, params: dict[str, object]) -> Heard:
        left = self._until - time.monotonic()
        if left <= 0:
            message = "no answer in time"
            raise Unavailable(message)
        return self._calls.send(method, path, body, params, left)


class _Page(Generic[T]):
    """One page of a list, and what it tells of the others."""

    def __init__(self, read: Callable[[Row], T], heard: Heard) -> None:
        rows = _rows(heard)
        self.found = [understood(read, row) for row in rows]
        total, following = heard.headers.get("X-Total-Pages", ""), heard.headers.get("X-Next-Page")
        self.pages = int(total) if total.isdigit() else None
        self.goes_on = bool(following) if following is not None else len(rows) >= PER_PAGE


async def together(*calls: Awaitable[T]) -> list[T]:
    """Wait for all of them; when one fails, what the others would still ask is not asked."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        raise


async def each_of(items: Iterable[Item], ask: Callable[[Item], Awaitable[T]]) -> list[T]:
    """Ask about many things, a few at a time: as many as can be on their way, and as many again waiting for a turn."""
    numbered = list(enumerate(items))
    answers: dict[int, T] = {}
    left = iter(numbered)

    async def ask_on() -> None:
        for number, item in left:
            answers[number] = await ask(item)

    await together(*(ask_on() for _ in range(min(2 * AT_ONCE, len(numbered)))))
    return [answers[number] for number, _ in numbered]


async def patiently(asking: Coroutine[Any, Any, T]) -> T:
    """Ask in such a way that operations go first."""
    token = patient.set(True)
    try:
        return await asking
    finally:
        patient.reset(token)


def _call_soon(loop: asyncio.AbstractEventLoop, land: Callable[..., None], *landed: object) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(land, *landed)


def _row(heard: Heard) -> Row:
    found = heard.json() if heard.content else {}
    if not isinstance(found, dict):
        raise _strange()
    return found


def _rows(heard: Heard) -> list[Row]:
    found = heard.json() if heard.content else []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise _strange()
    return found


def understood(read: Callable[[Row], T], row: Row) -> T:
    """Read a row; raises Unavailable when it is not what GitLab's API gives."""
    try:
        return read(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _strange() from error


def _strange() -> Unavailable:
    return Unavailable("what answers is not GitLab's API")
