"""What an operator sees: logs (JSON, or pretty on a terminal) and counters for Prometheus.

Never a token, and never a message's text at INFO. An id bound with `log.bound` follows a request through the outbox.
"""

import contextlib
import logging
import sys
from collections.abc import Iterator, MutableMapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECRET_WORDS = ("token", "secret", "authorization", "cookie", "password", "signature")


def _without_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.casefold() for word in _SECRET_WORDS):
            event[key] = "***"
    return event


def start_logging(*, pretty: bool | None = None, level: int = logging.INFO) -> None:
    """Send structured lines to standard error: pretty on a terminal, else one JSON object a line, in UTC."""
    if pretty is None:
        pretty = sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    render: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if pretty
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # libraries speak through the standard library; their INFO lines hold payloads, so only warnings pass
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for name in ("slack_bolt", "slack_sdk", "aiohttp", "urllib3", "apscheduler", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)


class _Log:
    """The program's own logger."""

    def __init__(self) -> None:
        self._logger = structlog.get_logger("baton")

    def debug(self, event: str, **values: object) -> None:
        """Say something that only a developer needs."""
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
        self._logger.exception(event, **values)

    @contextlib.contextmanager
    def bound(self, **values: object) -> Iterator[None]:
        """Put these values on every line that is written inside."""
        with structlog.contextvars.bound_contextvars(**values):
            yield


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
            "baton_deliveries", "Attempts to tell an outside world", ["world", "operation", "outcome"],
            registry=self.registry,
        )
        self.delivery_seconds = Histogram(
            "baton_delivery_seconds", "From writing an operation down to its delivery", ["world"],
            registry=self.registry, buckets=(0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600),
        )
        self.calls = Counter("baton_gitlab_calls", "Calls to GitLab", ["method", "outcome"], registry=self.registry)
        self.backlog = Gauge(
            "baton_outbox_backlog", "Operations that wait for a world", ["world"], registry=self.registry
        )
        self.oldest = Gauge(
            "baton_outbox_oldest_seconds", "Age of the oldest of them", ["world"], registry=self.registry
        )
        self.heartbeats = Gauge(
            "baton_loop_heartbeat_seconds", "When a loop last came by, in epoch seconds", ["loop"],
            registry=self.registry,
        )

    def answered(self, kind: str, name: str, outcome: str, seconds: float) -> None:
        """Count a request and the time to its answer."""
        self.requests.labels(kind, name, outcome).inc()
        self.acks.labels(kind).observe(seconds)

    def delivered(self, world: str, operation: object, outcome: str, age: timedelta) -> None:
        """Count an attempt to deliver."""
        self.deliveries.labels(world, type(operation).__name__, outcome).inc()
        if outcome == "delivered":
            self.delivery_seconds.labels(world).observe(max(0.0, age.total_seconds()))

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
