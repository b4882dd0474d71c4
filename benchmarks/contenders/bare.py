"""The limit: asyncio and nothing above it. It checks Slack's signature, makes the transaction, and answers.

With `--group` what arrived together is committed together, and all of it is answered after that one commit.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import uvloop

from benchmarks.contenders.transaction import Log

END_OF_HEAD = b"\r\n\r\n"
OLDEST_SECONDS = 300


class _Asked(NamedTuple):
    connection: "_Connection"
    command: Mapping[str, str]


class Server:
    """Takes requests of any connection."""

    def __init__(self, log: Log, secret: str, *, group: bool) -> None:
        self._log, self._secret, self._group = log, secret.encode(), group
        self._together: list[_Asked] = []

    def take(self, connection: "_Connection", headers: Mapping[bytes, bytes], body: bytes) -> None:
        """Answer a request, now or with those that came with it."""
        if not self._is_signed(headers, body):
            connection.answer(401, b"")
            return
        command = dict(parse_qsl(body.decode(), keep_blank_values=True))
        if not self._group:
            connection.answer(200, self._log.log_durably(command).encode())
            return
        if not self._together:
            asyncio.get_running_loop().call_soon(self._commit_together)
        self._together.append(_Asked(connection, command))

    def _commit_together(self) -> None:
        asked, self._together = self._together, []
        self._log.begin()
        answers = [self._log.log(one.command) for one in asked]
        self._log.commit()
        for one, answer in zip(asked, answers, strict=True):
            one.connection.answer(200, answer.encode())

    def _is_signed(self, headers: Mapping[bytes, bytes], body: bytes) -> bool:
        at = headers.get(b"x-slack-request-timestamp", b"")
        if not at.isdigit() or abs(time.time() - int(at)) > OLDEST_SECONDS:
            return False
        wanted = b"v0=" + hmac.digest(self._secret, b"v0:" + at + b":" + body, hashlib.sha256).hex().encode()
        return hmac.compare_digest(wanted, headers.get(b"x-slack-signature", b""))


class _Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._got = b""
        self._transport: Any = None  # uvloop's own

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, rest = self._got.partition(END_OF_HEAD)
        if not found:
            return
        lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
        headers = {name.lower(): value.strip() for name, _, value in lines}
        length = int(headers.get(b"content-length", b"0"))
        if len(rest) >= length:
            self._got = rest[length:]
            self._server.take(self, headers, rest[:length])

    def answer(self, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def serve(server: Server) -> None:
    """Serve for ever on a free port, and tell which."""
    loop = asyncio.get_running_loop()
    door = await loop.create_server(lambda: _Connection(server), "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"address": f"http://127.0.0.1:{door.sockets[0].getsockname()[1]}"}), flush=True)
    await door.serve_forever()


def main() -> None:
    """Read the arguments, and serve."""
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--database", required=True)
    wanted.add_argument("--secret", required=True)
    wanted.add_argument("--group", action="store_true")
    given = wanted.parse_args()
    uvloop.run(serve(Server(Log(given.database), given.secret, group=given.group)))


if __name__ == "__main__":
    main()
