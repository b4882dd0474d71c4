"""Calls to GitLab: python-gitlab does the talking, blocking, in threads, at most 16 at a time.

What an operation needs goes before what a question reads, so a large preview holds up no rollover. A call holds its
place until its thread has ended, also when nobody waits for it any more: so never more than 16 are really on their way.
Lists are read as plain rows, their pages side by side; rows become values in the thread, off the event loop.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bot.domain.errors import Rejected, Unavailable
from bot.telemetry import metrics

if TYPE_CHECKING:
    import gitlab

    from bot.gitlab.wire import Heard

AT_ONCE = 16
PER_PAGE = 100
PAGES_AHEAD = 8
"""How many pages are read side by side where GitLab does not say how many there are."""
MOST_PAGES = 1000
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
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gitlab")
        self._turns = _Turns(AT_ONCE)
        self._lock = threading.Lock()
        self._client: gitlab.Gitlab | None = None
        self.reached_at: datetime | None = None
        self.trouble = ""
        """Why the last call was not answered; empty when it was."""

    def close(self) -> None:
        """Let go of the threads; a call that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

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

        def page_of(heard: "Heard") -> _Page[T]:
            rows = _rows(heard)
            return _Page([understood(read, row) for row in rows], full=len(rows) >= PER_PAGE, heard=heard)

        async def page(number: int) -> _Page[T]:
            return await self.call(page_of, "get", path, None, {**params, "per_page": PER_PAGE, "page": number})

        first = await page(1)
        if first.pages is not None:
            others = await each_of(range(2, min(first.pages, MOST_PAGES) + 1), page)
            return [one for each in (first, *others) for one in each.found]
        pages, next_page = [first], 2
        while pages[-1].goes_on and next_page <= MOST_PAGES:
            pages += await together(*(page(number) for number in range(next_page, next_page + PAGES_AHEAD)))
            next_page += PAGES_AHEAD
        return [one for each in pages for one in each.found]

    async def call(
        self, read: Callable[["Heard"], T], method: str, path: str, body: Row | None, params: dict[str, object]
    ) -> T:
        """Call, and give what `read`, which runs in the call's thread, makes of the answer."""
        await self._turns.take(patient=patient.get())
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def land(found: T | None, error: BaseException | None) -> None:
            self._turns.give_back()
            if answer.done():
                return  # nobody waits for it any more
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(found)  # type: ignore[arg-type] # None only where `read` gives None

        def work() -> None:
            # one way back to the loop, for the place and the answer alike: waking it costs more than the rest
            try:
                _call_soon(loop, land, read(self._send(method, path, body, params)), None)
            except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
                _call_soon(loop, land, None, error)

        try:
            self._threads.submit(work)
        except RuntimeError:
            self._turns.give_back()
            message = "Baton is stopping"
            raise Unavailable(message) from None
        return await answer

    def _send(self, method: str, path: str, body: Row | None, params: dict[str, object]) -> "Heard":
        outcome = "error"
        try:
            heard = self._try(method, path, body, params)
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

    def _try(self, method: str, path: str, body: Row | None, params: dict[str, object]) -> "Heard":
        """Call; what only reads is tried again, for one bad answer in a thousand would spoil a thousand good ones."""
        from bot.gitlab.refusals import StumbledError
        from bot.gitlab.wire import BrokenError

        began = time.monotonic()
        for pause in READ_AGAIN_AFTER if method == "get" else ():
            try:
                return self._call(method, path, body, params)
            except StumbledError:
                if time.monotonic() - began > STUMBLES_WITHIN:
                    raise
                time.sleep(pause)
            except BrokenError:
                break  # a connection that was kept had been closed over there
        return self._call(method, path, body, params)

    def _call(self, method: str, path: str, body: Row | None, params: dict[str, object]) -> "Heard":
        from gitlab.exceptions import GitlabError  # a fifth of a second, off the start

        try:
            heard: Any = self._open().http_request(
                method, path, query_data=params, post_data=body, obey_rate_limit=False, max_retries=0
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


class _Turns:
    """Lets so many in at a time; those who cannot wait go first. Used by one event loop only."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting: tuple[deque[asyncio.Future[None]], deque[asyncio.Future[None]]] = (deque(), deque())

    async def take(self, *, patient: bool) -> None:
        """Wait for a place."""
        if self._room > 0:
            self._room -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting[patient].append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        """Hand the place on."""
        for queue in self._waiting:
            while queue:
                following = queue.popleft()
                if not following.done():
                    following.set_result(None)
                    return
        self._room += 1


class _Page(Generic[T]):
    """One page of a list, and what it tells of the others."""

    def __init__(self, found: list[T], *, full: bool, heard: "Heard") -> None:
        self.found = found
        total, following = heard.headers.get("X-Total-Pages", ""), heard.headers.get("X-Next-Page")
        self.pages = int(total) if total.isdigit() else None
        self.goes_on = bool(following) if following is not None else full


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


def _row(heard: "Heard") -> Row:
    found = heard.json() if heard.content else {}
    if not isinstance(found, dict):
        raise _strange()
    return found


def _rows(heard: "Heard") -> list[Row]:
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
