"""What Slack sends for a slash command: signed requests, each with a trigger of its own, as bytes ready for the wire."""

import hashlib
import hmac
import itertools
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

SECRET = "asecretofthesandbox"  # noqa: S105 - it opens nothing
CHANNEL, WHO = "CTEAM", "ULOAD"
NOWHERE = "http://127.0.0.1:9/response/nobody"
"""A response URL for commands that are answered in their ack."""
_triggers = itertools.count(int(time.time() * 1000) * 1000)


def payload(command: str, text: str, answers: str = NOWHERE) -> dict[str, str]:
    """Write a slash command as Slack describes it; `answers` is its response URL."""
    trigger = f"{next(_triggers)}.7.trigger"
    return {
        "token": "verification",
        "team_id": "T0SANDBOX",
        "team_domain": "acme",
        "channel_id": CHANNEL,
        "channel_name": "production",
        "user_id": WHO,
        "user_name": "load",
        "command": command,
        "text": text,
        "api_app_id": "A0BATON",
        "is_enterprise_install": "false",
        "response_url": answers,
        "trigger_id": trigger,
    }


def request(command: str, text: str, answers: str = NOWHERE) -> bytes:
    """Write the HTTP request of a slash command, signed now."""
    body = urlencode(payload(command, text, answers)).encode()
    at = str(int(time.time())).encode()
    signature = hmac.digest(SECRET.encode(), b"v0:" + at + b":" + body, hashlib.sha256).hex()
    return (
        b"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Slackbot 1.0\r\n"
        b"Accept: application/json,*/*\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + f"Content-Length: {len(body)}\r\nX-Slack-Signature: v0={signature}\r\n".encode()
        + b"X-Slack-Request-Timestamp: "
        + at
        + b"\r\n\r\n"
        + body
    )


def requests(command: str, text: Callable[[int], str], answers: str = NOWHERE) -> Iterator[bytes]:
    """Write one request after the other, each with another text."""
    return (request(command, text(number), answers) for number in itertools.count(1))


def log_text(number: int) -> str:
    """Say what somebody logs."""
    return f"log restarted redis on web-{number % 60:02d} after the {number}th alert, latency is back to normal"


def log_requests() -> Iterator[bytes]:
    """Write requests that each log an event."""
    return requests("/event", log_text)
