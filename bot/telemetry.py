"""What an operator sees: logs (JSON, or pretty on a terminal) and counters for Prometheus.

Never a token, and never a message's text at INFO. An id bound with `log.bound` follows a request through the outbox.
Secrets are taken out of the finished line, so no library, error or traceback can carry one past.
"""

import contextlib
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECRET_WORDS = ("token", "secret", "authorization", "cookie", "password", "signature")
_SECRET_SHAPES = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w-]+|xapp-[\w-]+|gl[a-z]{2,6}-[\w.-]{8,}|whsec_[\w+/=-]+"
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"
    r"|(?<=hooks\.slack\.com/)[\w/.-]+"
    r"|(?:(?<=[Bb]earer )|(?<=token=)|(?<=secret=))[^\s&\"',;}]+"
)
HIDDEN = "***"


class _Scrubber:
    """Takes secrets out of a finished line: those it was told, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # a very short one would blot out ordinary words
        known = sorted({secret for secret in secrets if len(secret) > 5}, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(secret) for secret in known)) if known else None

    def __call__(self, _logger: object, _method: str, line: Any) -> str:  # noqa: ANN401 - what was rendered is text
        if self._known:
            line = self._known.sub(HIDDEN, line)
        return _SECRET_SHAPES.sub(HIDDEN, line)


class _Foreign(logging.Handler):
    """Lets libraries, which speak through the standard library, write lines of the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or None
        )


def start_logging(*, pretty: bool | None = None, level: int = logging.INFO, secrets: Iterable[str] = ()) -> None:
    """Send structured lines to standard error: pretty on a terminal, else one JSON object a line, in UTC.

    None of `secrets` will appear in them.
    """
    if pretty is None:
        pretty = sys.stderr.isatty()
    scrub = _Scrubber(secrets)
    # without the values of local variables: they hold tokens, and what people wrote
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    errors = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
    render: list[Any] = [plain] if pretty else [errors, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            _with_bound,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_secrets,
            *render,
            scrub,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    log.level = level
    root = logging.getLogger()
    root.handlers = [_Foreign(), *(handler for handler in root.handlers if not isinstance(handler, _Foreign))]
    # the INFO lines of libraries hold payloads, so only warnings pass
    root.setLevel(logging.WARNING)
    for name in ("slack_bolt", "slack_sdk", "aiohttp", "urllib3", "apscheduler", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _without_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.casefold() for word in _SECRET_WORDS):
            event[key] = HIDDEN
    return event


_bound: ContextVar[Mapping[str, object]] = ContextVar("bound", default=MappingProxyType({}))
"""What `log.bound` puts on every line; one variable for all of it, because it is set for every delivery."""


def _with_bound(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**_bound.get(), **event}


class _Log:
    """The program's own logger."""

    def __init__(self) -> None:
        self._logger = structlog.get_logger("baton")
        self.level = logging.INFO

    def debug(self, event: str, **values: object) -> None:
        """Say something that only a developer needs."""
        if self.level <= logging.DEBUG:
            self._logger.debug(event, **values)

    def info(self, event: str, **values: object) -> None:
        """Say what happened."""
        self._logger.info(event, **values)

    def warning(self, event: str, **values: object) -> None:
        """Say what an operator should look at some day."""
        self._logger.warning(event, **values)

    def error(self, event: str, **values: object) -> None:
        """Say what an operator should look at now."""
        self._logger.error(event, **values)

    def exception(self, event: str, **values: object) -> None:
        """Say what went wrong, with the place."""
        self._logger.exception(event, **values)  # noqa: LOG004 - whoever calls this is inside one

    @contextlib.contextmanager
    def bound(self, **values: object) -> Iterator[None]:
        """Put these values on every line that is written inside."""
        token = _bound.set({**_bound.get(), **values})
        try:
            yield
        finally:
            _bound.reset(token)


log = _Log()


class Metrics:
    """Counters and gauges; `text()` is what Prometheus reads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "baton_requests", "What people asked", ["kind", "name", "outcome"], registry=self.registry
        )
        self.acks = Histogram(
            "baton_ack_seconds",
            "From a request's arrival to its answer",
            ["kind"],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3),
        )
        self.deliveries = Counter(
            "baton_deliveries",
            "Attempts to tell an outside world",
            ["world", "operation", "outcome"],
            registry=self.registry,
        )
        self.delivery_seconds = Histogram(
            "baton_delivery_seconds",
            "From writing an operation down to its delivery",
            ["world"],
            registry=self.registry,
            buckets=(0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600),
        )
        self.calls = Counter("baton_gitlab_calls", "Calls to GitLab", ["method", "outcome"], registry=self.registry)
        self.backlog = Gauge(
            "baton_outbox_backlog", "Operations that wait for a world", ["world"], registry=self.registry
        )
        self.oldest = Gauge(
            "baton_outbox_oldest_seconds", "Age of the oldest of them", ["world"], registry=self.registry
        )
        self.heartbeats = Gauge(
            "baton_loop_heartbeat_seconds",
            "When a loop last came by, in epoch seconds",
            ["loop"],
            registry=self.registry,
        )

        # finding a labelled child costs more than counting with it
        self._answered = lru_cache(self.requests.labels)
        self._acks = lru_cache(self.acks.labels)
        self._attempts = lru_cache(self.deliveries.labels)
        self._seconds = lru_cache(self.delivery_seconds.labels)
        self.gitlab_calls = lru_cache(self.calls.labels)

    def answered(self, kind: str, name: str, outcome: str, seconds: float) -> None:
        """Count a request and the time to its answer."""
        self._answered(kind, name, outcome).inc()
        self._acks(kind).observe(seconds)

    def delivered(self, world: str, operation: object, outcome: str, age: timedelta) -> None:
        """Count an attempt to deliver."""
        self._attempts(world, type(operation).__name__, outcome).inc()
        if outcome == "delivered":
            self._seconds(world).observe(max(0.0, age.total_seconds()))

    def beat(self, loop: str, at: datetime) -> None:
        """Note that a loop is alive."""
        self.heartbeats.labels(loop).set(at.timestamp())

    def waits(self, world: str, count: int, oldest: timedelta) -> None:
        """Note what waits for a world."""
        self.backlog.labels(world).set(count)
        self.oldest.labels(world).set(oldest.total_seconds())

    def text(self) -> bytes:
        """Write everything in Prometheus' format."""
        return generate_latest(self.registry)


metrics = Metrics()
