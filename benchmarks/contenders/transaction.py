"""The same transaction, on a connection of its own: that a command came, its audit, its event, and what Slack is told."""

import json
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

STATEMENTS = dict(
    re.findall(r"^-- (\w+)\n(.+?);$", Path(__file__).with_suffix(".sql").read_text(), re.MULTILINE | re.DOTALL)
)


class Log:
    """The database, which Baton's own migrations made; it belongs to the thread that opened it."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")

    def begin(self) -> None:
        """Begin to write."""
        self._connection.execute(STATEMENTS["begin"])

    def commit(self) -> None:
        """Make what was written durable."""
        self._connection.execute(STATEMENTS["commit"])

    def log_durably(self, command: Mapping[str, str]) -> str:
        """Log what a slash command says, in a transaction of its own; gives the answer."""
        self.begin()
        try:
            answer = self.log(command)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self.commit()
        return answer

    def log(self, command: Mapping[str, str]) -> str:
        """Log what a slash command says, inside a transaction; gives the answer, or the first one where it came before."""
        run = self._connection.execute
        text = command["text"].partition(" ")[2]
        values: dict[str, object] = {
            "key": f"trigger:{command['trigger_id']}",
            "id": uuid4().hex[:12],
            "at": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "who": command["user_id"],
            "channel": command["channel_id"],
            "command": f"{command['command']} {command['text']}",
            "text": text,
        }
        if first := run(STATEMENTS["seen"], values).fetchone():
            return str(first[0])
        event = values["event"] = run(STATEMENTS["event"], values).lastrowid
        run(STATEMENTS["revision"], values)
        post = {
            "message": f"event:{event}",
            "channel": command["channel_id"],
            "show": "event.echo",
            "about": str(event),
        }
        values["target"] = f"message:event:{event}"
        values["body"] = json.dumps({"kind": "Post", "fields": {**post, "otherwise": command["user_id"]}})
        run(STATEMENTS["outbox"], values)
        run(STATEMENTS["audit"], values)
        values["answer"] = json.dumps({"response_type": "ephemeral", "text": f"Logged as event {event}: {text}"})
        run(STATEMENTS["answer"], values)
        return str(values["answer"])
