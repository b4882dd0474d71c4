"""The limit behind Bolt: what is left where Bolt's asynchronous app and uvicorn stand in front, and nothing else does.

One listener, whose answer is the ack; it makes the transaction where it is called, which nobody could afford who has
other things to do. So what it costs more than the limit is what Bolt and uvicorn cost, whoever uses them.
"""

import argparse
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
import uvloop
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from benchmarks.contenders.transaction import Log

PATH = "/slack/events"


def build(given: argparse.Namespace) -> AsyncApp:
    """Make the app and its listener."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-sandbox")  # noqa: S106 - opens nothing

    app = AsyncApp(name="behind", signing_secret=given.secret, authorize=authorize, process_before_response=True)
    log = Log(given.database)

    async def log_event(ack: Callable[..., Awaitable[Any]], command: dict[str, str]) -> None:
        await ack(json.loads(log.log_durably(command)))

    app.command("/event")(log_event)
    return app


async def serve(app: AsyncApp) -> None:
    """Serve for ever on a free port, and tell which."""
    door = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(json.dumps({"address": f"http://127.0.0.1:{door.getsockname()[1]}"}), flush=True)
    handler: Any = AsyncSlackRequestHandler(app, path=PATH)
    await uvicorn.Server(uvicorn.Config(handler, log_config=None, access_log=False, lifespan="off")).serve([door])


def main() -> None:
    """Read the arguments, and serve."""
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--database", required=True)
    wanted.add_argument("--secret", required=True)
    given = wanted.parse_args()

    uvloop.run(serve(build(given)))


if __name__ == "__main__":
    main()
