"""Sends webhooks in the background, as GitLab does: signed, tried again, and given up after too many failures.

A thread with a queue, so that hooks leave in the order of the changes and no change waits for a receiver.
https://docs.gitlab.com/user/project/integrations/webhooks/ and https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
import json
import queue
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.sandbox.gitlab.hooks import HEADERS
from bot.sandbox.gitlab.records import Hook, Json, State
from bot.sandbox.server import Changes

_FAILURES_UNTIL_DISABLED = 4
_DISABLED = timedelta(minutes=1)
_ATTEMPTS = 3
_PATIENCE_SECONDS = 10
UNREACHED = 0


@dataclass
class SentHook:
    """One event on its way to one hook, with the status of every attempt (0: not reached)."""

    hook: int
    event: str
    url: str
    headers: dict[str, str]
    body: bytes
    statuses: list[int] = field(default_factory=list)
    done: bool = False

    @property
    def payload(self) -> Json:
        """What was said."""
        said: Json = json.loads(self.body)
        return said


class Sender:
    """The queue of webhooks and the thread that empties it; the thread begins with the first hook."""

    def __init__(self, state: State, changes: Changes, retry_seconds: float = 0.1) -> None:
        self.sent: list[SentHook] = []
        self.retry_seconds = retry_seconds
        self._state = state
        self._changes = changes
        self._queue: queue.SimpleQueue[SentHook | None] = queue.SimpleQueue()
        self._held: list[SentHook] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def emit(self, flag: str, payload: Json) -> None:
        """Queues an event for every hook that wants events of this kind."""
        for hook in self._state.hooks.values():
            if hook.events.get(flag):
                self._queue_one(self._prepared(hook, HEADERS[flag], payload))

    def hold(self) -> None:
        """Keeps events back until they are released."""
        self._held = []

    def release(self, order: Sequence[int] | None = None) -> None:
        """Sends what was held back, in this order (indices) if one is given."""
        held, self._held = self._held or [], None
        for index in order if order is not None else range(len(held)):
            self._queue_one(held[index], remember=False)

    def again(self, index: int, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> int:
        """Sends an earlier event once more and at once, with the same keys; may be forged by other headers or body."""
        hook = self.sent[index]
        return _post(hook.url, hook.headers | dict(headers or {}), hook.body if body is None else body)

    def tries(self, hook: Hook, payload: Json) -> int:
        """Sends a test at once, also to a hook that was given up: where it is taken, the hook is in use again."""
        sent = self._prepared(hook, HEADERS["issues_events"], payload)
        sent.statuses.append(_post(sent.url, sent.headers, sent.body))
        sent.done = True
        self.sent.append(sent)
        if _is_taken(sent.statuses[-1]):
            hook.failures, hook.disabled_until, hook.given_up = 0, None, False
        return sent.statuses[-1]

    @property
    def idle(self) -> bool:
        """Whether everything that was to be sent was sent or given up."""
        return all(each.done for each in self.sent)

    def stop(self) -> None:
        """Ends the thread; what waits is not sent."""
        self._stopping.set()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)

    def _prepared(self, hook: Hook, event: str, payload: Json) -> SentHook:
        body = json.dumps(payload).encode()
        identity = str(uuid.uuid4())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitLab/19.1.0",
            "X-Gitlab-Event": event,
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),
            "X-Gitlab-Webhook-UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, hook.url)),
            "X-Gitlab-Instance": self._state.web_url,
            "Idempotency-Key": identity,
        }
        if hook.token:
            headers["X-Gitlab-Token"] = hook.token
        if hook.signing_token:
            stamp = str(int(self._state.now().timestamp()))
            headers |= {
                "webhook-id": identity,
                "webhook-timestamp": stamp,
                "webhook-signature": signature(hook.signing_token, identity, stamp, body),
            }
        return SentHook(hook.id, event, hook.url, headers, body)

    def _queue_one(self, sent: SentHook, *, remember: bool = True) -> None:
        if remember:
            self.sent.append(sent)
        if self._held is not None:
            self._held.append(sent)
            return
        self._queue.put(sent)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="sandbox-hooks", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (sent := self._queue.get()) is not None and not self._stopping.is_set():
            self._deliver(sent)
            sent.done = True
            self._changes.happened()

    def _deliver(self, sent: SentHook) -> None:
        hook = self._state.hooks.get(sent.hook)
        if hook is None or self._is_disabled(hook):
            return
        for attempt in range(_ATTEMPTS):
            if attempt and self._stopping.wait(self.retry_seconds):
                return
            status = _post(sent.url, sent.headers, sent.body)
            sent.statuses.append(status)
            if _is_taken(status):
                hook.failures = 0
                return
        hook.failures += 1
        if hook.failures >= _FAILURES_UNTIL_DISABLED:
            hook.disabled_until = self._state.now() + _DISABLED

    def _is_disabled(self, hook: Hook) -> bool:
        if hook.disabled_until is not None and hook.disabled_until <= self._state.now():
            hook.disabled_until = None
            hook.failures = 0
        return hook.given_up or hook.disabled_until is not None


def _is_taken(status: int) -> bool:
    return 200 <= status < 300


def signature(signing_token: str, identity: str, stamp: str, body: bytes) -> str:
    """The `webhook-signature` of Standard Webhooks."""
    key = base64.b64decode(signing_token.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310 - a local bot
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError):
        return UNREACHED
