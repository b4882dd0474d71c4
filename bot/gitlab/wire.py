"""The bytes below python-gitlab: one pool of connections, a deadline on every call, and answers told apart.

python-gitlab speaks through a backend; its own, on requests, costs twice the time of ours for each call, looks through
the environment every time, lets a redirect carry the token elsewhere, and throws away the headers of a refusal.
This one looks for proxies and certificates once, and decides what an answer means while all of it is at hand.
"""

import json
import os
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as TooSlowError
from urllib3.util import Timeout

from bot.domain.errors import Unavailable
from bot.gitlab.crew import AT_ONCE
from bot.gitlab.heard import BrokenError, Heard
from bot.gitlab.refusals import meaning

CONNECT_SECONDS, READ_SECONDS, LONGEST_SECONDS = 2.0, 4.5, 6.5
"""The longest call is shorter than an operation's deadline, so that none outlives the attempt it belongs to."""
MOST_REDIRECTS = 5
PIECE = 256 * 1024


@dataclass(frozen=True)
class _Sent:
    """What is to be sent, as python-gitlab expects it."""

    json: Any
    data: None = None
    content_type: str = "application/json"


class Wire:
    """A backend of python-gitlab on urllib3."""

    def __init__(self, **_: object) -> None:
        self.client: urllib3.PoolManager | None = None
        self._direct: urllib3.HTTPConnectionPool | None = None

    @staticmethod
    def prepare_send_data(files: object, post_data: Any, raw: object) -> _Sent:  # noqa: ANN401
        """Send JSON, and nothing else."""
        del files, raw
        return _Sent(post_data)

    def http_request(self, method: str, url: str, **given: Any) -> Heard:  # noqa: ANN401 - python-gitlab's own words
        """Call; raises Unavailable or Rejected for everything but a success."""
        headers = given["headers"]
        _Dress(headers).wear(given["auth"])
        if given.get("params"):
            url = f"{url}?{urlencode(given['params'], doseq=True)}"
        body = json.dumps(given["json"]).encode() if given.get("json") is not None else None
        seconds = min(given.get("timeout") or LONGEST_SECONDS, LONGEST_SECONDS)
        for _ in range(MOST_REDIRECTS):
            heard = self._exchange(method.upper(), url, body, headers, seconds)
            if heard.status_code < 300:
                return heard
            if heard.status_code >= 400:
                raise meaning(heard)
            url = _redirected(method, url, heard)
        message = "GitLab redirects in a circle"
        raise Unavailable(message)

    def _exchange(self, method: str, url: str, body: bytes | None, headers: dict[str, str], seconds: float) -> Heard:
        until = time.monotonic() + seconds
        try:
            response = self._urlopen(method, url, body, headers, seconds)
            parts = []
            while part := response.read1(PIECE, decode_content=True):
                parts.append(part)
                if time.monotonic() > until:
                    response.close()
                    message = "GitLab is too slow"
                    raise Unavailable(message)
            response.release_conn()
        except NewConnectionError as error:
            message = "GitLab cannot be reached"
            raise Unavailable(message) from error
        except TooSlowError as error:
            message = "GitLab does not answer: it is too slow"
            raise Unavailable(message) from error
        except SSLError as error:
            message = "GitLab's certificate is not trusted; REQUESTS_CA_BUNDLE may name the one to trust"
            raise Unavailable(message) from error
        except ProtocolError as error:
            message = "GitLab does not answer: the connection broke"
            raise BrokenError(message) from error
        except (HTTPError, OSError) as error:
            message = f"GitLab does not answer ({type(error).__name__})"
            raise Unavailable(message) from error
        return Heard(response.status, response.headers, b"".join(parts))

    def _urlopen(self, method: str, url: str, body: bytes | None, headers: dict[str, str], seconds: float) -> Any:  # noqa: ANN401 - urllib3's own
        if self.client is None:
            self.client, self._direct = _connect(url)
        options: dict[str, Any] = {
            "body": body,
            "headers": headers,
            "redirect": False,
            "retries": False,
            "preload_content": False,
            "timeout": Timeout(total=seconds, connect=CONNECT_SECONDS, read=READ_SECONDS),
        }
        if self._direct is None:
            return self.client.urlopen(method, url, **options)
        parts = urlsplit(url)
        return self._direct.urlopen(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, **options)


class _Dress:
    """Takes python-gitlab's authorization, which wants to put its header on a request."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers

    def wear(self, auth: Any) -> None:  # noqa: ANN401 - one of python-gitlab's
        if auth is not None:
            auth(self)


class _AtOnce:
    """Sends headers and body in one go, where urllib3 sends them apart: half the system calls, half the packets."""

    _held: bytearray | None = None

    def connect(self) -> None:
        """Connect, and send nothing when that took too long: finding an address knows no timeout."""
        began = time.monotonic()
        super().connect()  # type: ignore[misc] # of the connection this is mixed into
        if time.monotonic() - began > LONGEST_SECONDS:
            self.close()  # type: ignore[attr-defined]
            message = "it took too long to connect"
            raise ConnectTimeoutError(self, message)

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - urllib3's own
        """Hold back what is written until all of it is there."""
        self._held = bytearray()
        try:
            super().request(*args, **options)  # type: ignore[misc] # of the connection this is mixed into
        finally:
            written, self._held = bytes(self._held or b""), None
        self.send(written)

    def send(self, data: Any) -> None:  # noqa: ANN401 - urllib3's own
        """Send it, or hold it back."""
        if self._held is None:
            super().send(data)  # type: ignore[misc] # of the connection this is mixed into
        else:
            self._held += data


class _Connection(_AtOnce, urllib3.connection.HTTPConnection):
    pass


class _SafeConnection(_AtOnce, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


def _connect(url: str) -> tuple[urllib3.PoolManager, urllib3.HTTPConnectionPool | None]:
    """Open the pool, through the proxy that the environment names for this address, if there is one."""
    parts = urlsplit(url)
    proxies = {} if proxy_bypass(parts.hostname or "") else getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    options: dict[str, Any] = {"maxsize": AT_ONCE, "ca_certs": _certificates(), "cert_reqs": "CERT_REQUIRED"}
    if proxy is None:
        manager = urllib3.PoolManager(**options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SafePool}
        return manager, manager.connection_from_url(url)
    user, at, _ = urlsplit(proxy).netloc.rpartition("@")
    dressed = urllib3.util.make_headers(proxy_basic_auth=user) if at else None
    return urllib3.ProxyManager(proxy, proxy_headers=dressed, **options), None


def _certificates() -> str:
    """Find the certificates to trust: those that the environment names, as requests would."""
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if named:
        return named
    import certifi

    return certifi.where()


def _redirected(method: str, url: str, heard: Heard) -> str:
    """Follow a redirect only for reading and only to the same host: the token goes nowhere else."""
    target = urljoin(url, heard.headers.get("Location", ""))
    came, goes = urlsplit(url), urlsplit(target)
    if method.casefold() == "get" and (came.scheme, came.netloc) == (goes.scheme, goes.netloc):
        return str(target)
    message = (
        f"GitLab redirects to {goes.scheme}://{goes.netloc}; GITLAB_URL and GITLAB_PROJECT should name the place itself"
    )
    raise Unavailable(message)
