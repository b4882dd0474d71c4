"""What Slack says to the bot: signed HTTP requests, or envelopes while a Socket Mode connection is open.

https://docs.slack.dev/authentication/verifying-requests-from-slack and https://docs.slack.dev/apis/events-api#retries
"""

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias
from urllib.parse import urlencode, urlsplit

from bot.sandbox.slack import events
from bot.sandbox.slack.events import Event
from bot.sandbox.slack.socket import Sockets
from bot.sandbox.slack.state import Json

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

Kind: TypeAlias = Literal["slash_commands", "interactive", "events_api"]

PATIENCE_SECONDS = 3.0
SLACK_RETRY_SECONDS = (0.0, 60.0, 300.0)
_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


class Outgoing(NamedTuple):
    """Something Slack says, before it is known how it travels."""

    kind: Kind
    payload: Json
    answered: bool = False
    """Whether the answer's body means something to the person."""

    def body(self) -> bytes:
        """What stands in the HTTP request."""
        if self.kind == "events_api":
            return json.dumps(self.payload).encode()
        if self.kind == "interactive":
            return urlencode({"payload": json.dumps(self.payload)}).encode()
        return urlencode({key: value for key, value in self.payload.items() if value is not None}).encode()

    @property
    def content_type(self) -> str:
        """The HTTP request's type."""
        return "application/json" if self.kind == "events_api" else "application/x-www-form-urlencoded"


@dataclass
class Ack:
    """How the bot answered one delivery; status 0 means that there was no answer."""

    status: int
    text: str = ""
    seconds: float = 0.0
    timed_out: bool = False
    error: str = ""
    """What the person is told if this went wrong: `operation_timeout`, `dispatch_failed` …"""
    via: Literal["http", "socket", "nowhere"] = "nowhere"
    headers: dict[str, str] = field(default_factory=dict)
    outgoing: Outgoing | None = None
    retry: tuple[int, str] | None = None

    @property
    def ok(self) -> bool:
        """Whether Slack would be content."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def body(self) -> Any:  # noqa: ANN401 - JSON
        """The answer, parsed if it is JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text

    @property
    def payload(self) -> Json:
        """What the bot was told."""
        return self.outgoing.payload if self.outgoing else {}


class Line:
    """The one way from Slack to the bot; remembers everything that went over it."""

    def __init__(self, world: "SlackWorld") -> None:
        self.sockets = Sockets(world.changes, world.app_id)
        self.sent: list[Ack] = []
        self.retry_seconds: tuple[float, ...] = SLACK_RETRY_SECONDS
        self.patience = PATIENCE_SECONDS
        self.signs_at: Callable[[], float] = time.time
        """The bot compares the signature's time with the real clock, whatever the world's clock says."""
        self._world = world

    def ask(self, outgoing: Outgoing, retry: tuple[int, str] | None = None, bot_url: str | None = None) -> Ack:
        """Delivers once and waits for the answer, as long as Slack does."""
        begun = time.monotonic()
        url = bot_url or self._world.bot_url
        if bot_url is None and self.sockets.count:
            ack = self._over_socket(outgoing, retry)
        elif url:
            ack = self._over_http(url, outgoing, retry)
        else:
            ack = Ack(0, error="dispatch_failed")
        ack.seconds = time.monotonic() - begun
        ack.outgoing, ack.retry = outgoing, retry
        self.sent.append(ack)
        self._world.changes.happened()
        return ack

    def redeliver(self, ack: Ack, *, retry: tuple[int, str] | None, bot_url: str | None) -> Ack:
        """The identical request again."""
        if ack.outgoing is None:
            complaint = "nothing was sent that could be sent again"
            raise ValueError(complaint)
        return self.ask(ack.outgoing, retry, bot_url)

    def tell(self, happened: Iterable[Event], *, background: bool) -> list[Ack]:
        """Delivers events the bot may hear; in the background where the bot itself is the cause, and waits for us."""
        world = self._world
        with world.lock:
            heard = [each for each in happened if events.may_hear(world, each)]
            outgoing = [Outgoing("events_api", events.callback(world, each)) for each in heard]
        if background:
            self._later(outgoing, None)
            return []
        acks = [self.ask(each) for each in outgoing]
        for each, ack in zip(outgoing, acks, strict=True):
            if not self._is_over(ack):
                self._later([each], ack)
        return acks

    def _is_over(self, ack: Ack) -> bool:
        """Whether nothing is gained by another attempt: it was taken, is not wanted, or there never was a bot."""
        unwanted = ack.headers.get("x-slack-no-retry") == "1"
        return ack.ok or unwanted or (ack.via == "nowhere" and not self.sockets.connected)

    def _later(self, outgoing: list[Outgoing], first: Ack | None) -> None:
        if outgoing:
            threading.Thread(target=self._insist, args=(outgoing, first), name="slack-events", daemon=True).start()

    def _insist(self, outgoing: list[Outgoing], first: Ack | None) -> None:
        for each in outgoing:
            ack = first or self.ask(each)
            for number, delay in enumerate(self.retry_seconds, 1):
                if self._is_over(ack):
                    break
                time.sleep(delay)
                ack = self.ask(each, (number, _reason(ack)))

    def _over_socket(self, outgoing: Outgoing, retry: tuple[int, str] | None) -> Ack:
        envelope: Json = {
            "payload": outgoing.payload,
            "type": outgoing.kind,
            "accepts_response_payload": outgoing.answered,
        }
        if outgoing.kind == "events_api":
            number, reason = retry or (0, "")
            envelope |= {"retry_attempt": number, "retry_reason": reason}
        answer = self.sockets.ask(envelope, self.patience)
        if answer is None:
            return Ack(0, timed_out=True, error="operation_timeout", via="socket")
        said = answer.get("payload")
        return Ack(HTTPStatus.OK, said if isinstance(said, str) else json.dumps(said) if said else "", via="socket")

    def _over_http(self, url: str, outgoing: Outgoing, retry: tuple[int, str] | None) -> Ack:
        place = urlsplit(url)
        body = outgoing.body()
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.patience)
        try:
            path = place.path if place.path not in {"", "/"} else "/slack/events"
            connection.request("POST", path, body, self._headers(outgoing, body, retry))
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except TimeoutError:
            return Ack(0, timed_out=True, error="operation_timeout", via="http")
        except (OSError, http.client.HTTPException) as error:
            return Ack(0, text=str(error), error="dispatch_failed", via="http")
        finally:
            connection.close()
        headers = {key.lower(): value for key, value in response.getheaders()}
        error_name = "" if response.status < HTTPStatus.MULTIPLE_CHOICES else "dispatch_failed"
        return Ack(response.status, text, error=error_name, via="http", headers=headers)

    def _headers(self, outgoing: Outgoing, body: bytes, retry: tuple[int, str] | None) -> dict[str, str]:
        timestamp = str(int(self.signs_at()))
        headers = {
            "Content-Type": outgoing.content_type,
            "User-Agent": _AGENT,
            "Accept": "application/json,*/*",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._world.signing_secret, timestamp, body),
        }
        if retry is not None:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        return headers


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's version 0 signature of a request."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def _reason(ack: Ack) -> str:
    if ack.timed_out:
        return "http_timeout"
    return "http_error" if ack.status else "connection_failed"
