"""Bolt for Python as its documentation starts it: `App`, a listener that acknowledges, `app.start()`.

https://docs.slack.dev/tools/bolt-python/getting-started and …/concepts/commands

The log is written before the acknowledgement, as Baton does. What needs GitLab is acknowledged first and read after it,
as the documentation has it for slow work. With `--commands` there are so many listeners, of which the last is asked.
"""

import argparse
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

from slack_bolt import App
from slack_sdk import WebClient

from benchmarks.contenders.transaction import Log
from benchmarks.programs import free_port

Ack = Callable[..., Any]
READ_SECONDS = 10


def build(given: argparse.Namespace) -> App:
    """Make the app and its listeners."""
    app = App(client=WebClient("xoxb-sandbox", base_url=given.slack), signing_secret=given.secret)
    mine = threading.local()

    def log_event(ack: Ack, command: dict[str, str]) -> None:
        if not hasattr(mine, "log"):
            mine.log = Log(given.database)  # a connection for each of Bolt's threads
        ack(json.loads(mine.log.log_durably(command)))

    def show_week(ack: Ack, respond: Callable[[str], Any]) -> None:
        ack()
        asked = Request(f"{given.gitlab}/api/v4/projects/42/milestones", headers={"PRIVATE-TOKEN": "glpat-sandbox"})  # noqa: S310
        with urlopen(asked, timeout=READ_SECONDS) as answer:  # noqa: S310 - an address of ours
            respond(f"{len(json.load(answer))} milestones")

    for number in range(given.commands - 1):
        app.command(f"/other-{number}")(log_event)
    app.command("/event")(log_event)
    app.command("/wow")(show_week)
    return app


def main() -> None:
    """Read the arguments, and serve."""
    wanted = argparse.ArgumentParser()
    for name in ("--database", "--secret", "--slack", "--gitlab"):
        wanted.add_argument(name, required=True)
    wanted.add_argument("--commands", type=int, default=1)
    app, port = build(wanted.parse_args()), free_port()
    print(json.dumps({"address": f"http://127.0.0.1:{port}"}), flush=True)
    app.start(port)


if __name__ == "__main__":
    main()
