"""A log line says what happened and to what it belongs, and never a secret."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from bot.domain.operations import SetIssue
from bot.telemetry import Metrics, log, start_logging

SECRETS = [
    "xoxb-12345-67890-AbCdEf",
    "xapp-1-A0-99-abcdef",
    "xoxe.xoxp-1-Mi0yLTEx",
    "glpat-AbCdEfGhIjKlMnOp",
    "whsec_aHVzaGh1c2g=",
]


@pytest.fixture(autouse=True)
def logging_afterwards_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_an_object_with_its_time_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(pretty=False)
    log.info("outbox.waits", reason="502")

    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["reason"]) == ("outbox.waits", "info", "502")
    assert datetime.fromisoformat(str(line["timestamp"])).tzinfo is not None


def test_what_is_bound_is_on_every_line_inside_and_on_none_after(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(pretty=False)
    with log.bound(request="r1"):
        log.info("inside")
        with log.bound(delivery=7):
            log.warning("deeper")
    log.error("after")

    assert [(line.get("request"), line.get("delivery")) for line in lines(capsys)] == [
        ("r1", None),
        ("r1", 7),
        (None, None),
    ]


@pytest.mark.parametrize("pretty", [True, False])
@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(
    capsys: pytest.CaptureFixture[str], secret: str, pretty: bool
) -> None:
    start_logging(pretty=pretty)
    log.info("said", reason=f"GitLab says {secret}.", nested={"deep": [secret]})
    logging.getLogger("library").warning("cannot use %s", secret)
    try:
        raise_with(secret)
    except ValueError:
        log.exception("broke")

    said = capsys.readouterr().err
    assert secret not in said
    assert said.count("***") >= 4


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer abc.def", "abc.def"),
        ("https://gitlab.example/api?private_token=hush&page=1", "hush"),
        ("https://alice:hush@gitlab.example/", "hush"),
        ("https://hooks.slack.com/commands/T1/2/hush", "T1/2/hush"),
    ],
)
def test_secrets_in_addresses_and_headers_are_hidden(
    capsys: pytest.CaptureFixture[str], text: str, hidden: str
) -> None:
    start_logging(pretty=False)
    log.info("said", reason=text)

    assert hidden not in capsys.readouterr().err


def test_secrets_of_no_known_shape_are_hidden_when_they_were_told(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(pretty=False, secrets=["5ecre7-of-ours", "", "abc"])
    log.info("said", reason="with 5ecre7-of-ours and abc")

    assert lines(capsys)[0]["reason"] == "with *** and abc"


@pytest.mark.parametrize("key", ["token", "SLACK_SIGNING_SECRET", "Cookie", "x_gitlab_token", "Authorization"])
def test_the_value_of_what_is_called_a_secret_is_hidden(capsys: pytest.CaptureFixture[str], key: str) -> None:
    start_logging(pretty=False)
    log.info("said", **{key: "hush"})

    assert lines(capsys)[0][key] == "***"


@pytest.mark.parametrize("pretty", [True, False])
def test_a_traceback_shows_the_place_and_no_values(capsys: pytest.CaptureFixture[str], pretty: bool) -> None:
    words = ["what", "a", "person", "wrote"]
    start_logging(pretty=pretty)
    try:
        raise_with(" ".join(words), quiet=True)
    except ValueError:
        log.exception("broke")

    said = capsys.readouterr().err
    assert "raise_with" in said
    assert "what a person wrote" not in said


def test_libraries_are_heard_when_they_warn_and_not_before(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(pretty=False)
    logging.getLogger("library").info("a payload")
    logging.getLogger("library").warning("trouble")
    logging.getLogger("slack_bolt").warning("a payload")

    assert [(line["event"], line["logger"]) for line in lines(capsys)] == [("trouble", "library")]


def test_starting_twice_says_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(pretty=False)
    start_logging(pretty=False)
    logging.getLogger("library").warning("trouble")

    assert len(lines(capsys)) == 1


def test_the_metrics_tell_what_was_asked_delivered_and_waits() -> None:
    metrics = Metrics()
    metrics.answered("command", "/wow", "done", 0.004)
    metrics.delivered("gitlab", SetIssue("issue", 1, 1, 2), "delivered", timedelta(seconds=2))
    metrics.delivered("gitlab", SetIssue("issue", 1, 1, 2), "unavailable", timedelta(seconds=2))
    metrics.waits("gitlab", 3, timedelta(seconds=61))
    metrics.beat("outbox gitlab", datetime(2026, 11, 18, tzinfo=UTC))
    metrics.calls.labels("put", "ok").inc()

    said = metrics.text().decode()
    for line in (
        'baton_requests_total{kind="command",name="/wow",outcome="done"} 1.0',
        'baton_ack_seconds_bucket{kind="command",le="0.005"} 1.0',
        'baton_deliveries_total{operation="SetIssue",outcome="unavailable",world="gitlab"} 1.0',
        'baton_delivery_seconds_count{world="gitlab"} 1.0',
        'baton_outbox_backlog{world="gitlab"} 3.0',
        'baton_outbox_oldest_seconds{world="gitlab"} 61.0',
        'baton_loop_heartbeat_seconds{loop="outbox gitlab"} 1.7949600e+09',
        'baton_gitlab_calls_total{method="put",outcome="ok"} 1.0',
    ):
        assert line.split("}")[0] in said
        if "heartbeat" not in line:
            assert line in said


def raise_with(secret: str, *, quiet: bool = False) -> None:
    held = secret
    raise ValueError("no" if quiet else held)
