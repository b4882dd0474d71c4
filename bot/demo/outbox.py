"""What waits in the bot's outbox, told for people: read from its health page, and from its database; nobody is asked."""

import http.client
import json
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.domain.operations import (
    AddNote,
    Assign,
    CloseIssue,
    CreateIssue,
    CreateMilestone,
    Operation,
    Plan,
    Post,
    RemoveMilestone,
    SetDescription,
    SetIssue,
    SetMilestone,
    SetTopic,
    SetUsergroup,
    WriteNote,
    WriteReport,
)
from bot.messages import shorten
from bot.store import StoreError, look_in

WITHIN = 1.0
MOST = 6
_PLANS = {
    "rollover": "Read the week, and plan the rollover",
    "latecomers": "Look for issues that came in meanwhile",
    "undo": "Read the week, and plan the way back",
    "late": "Look whether an issue came late",
    "check": "Look for late additions",
    "add": "Read the issue that is to be put into the week",
    "reminder": "Look whether the week was turned",
    "outages": "Look which outages go on",
    "pin": "Read a message that was pinned, or is no more",
    "handoff": "Read what goes on, for whoever is on call now",
}
LONGEST = 60
"""Characters of a title."""


def waiting(url: str, database: Path) -> dict[str, Any]:
    """Tell of both worlds how much waits, since when, why, and the first few operations; nothing when it is not up."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=WITHIN)
    with closing(connection):
        try:
            connection.request("GET", "/healthz")
            health = json.loads(connection.getresponse().read())
            return {name: _world(name, health[name], database) for name in ("gitlab", "slack")}
        except (OSError, http.client.HTTPException, ValueError, KeyError, StoreError):
            return {}


def _world(name: str, health: dict[str, Any], database: Path) -> dict[str, Any]:
    first = look_in(database, lambda tx: tx.first_in_line(name, MOST)) if health["waiting"] else []
    told = {key: health[key] for key in ("answers", "trouble", "waiting", "oldest_seconds")}
    return told | {"operations": [in_words(each.operation) for each in first]}


def in_words(operation: Operation) -> str:
    """Say what an operation does, short enough for one line."""
    match operation:
        case WriteReport() | Assign() | AddNote() | SetUsergroup() | SetTopic():
            return _of_handoff(operation)
        case CreateIssue() | WriteNote() | CloseIssue() | SetDescription():
            return _of_outage(operation)
        case SetIssue():
            sigil = "#" if operation.noun == "issue" else "!"
            parts = ["move it"] if operation.milestone is not None else []
            parts += [f"+{label}" for label in operation.add] + [f"-{label}" for label in operation.remove]
            return f"{sigil}{operation.iid}: {', '.join(parts)}"
        case SetMilestone():
            if operation.title is not None and operation.title != operation.titled:
                return f"Rename “{operation.titled}” to “{operation.title}”"
            done = {True: "Open", False: "Close", None: "Set the dates of"}[operation.active]
            return f"{done} “{operation.titled}”"
        case CreateMilestone():
            return f"Create “{operation.title}”"
        case RemoveMilestone():
            return f"Remove “{operation.titled}”, if it is empty"
        case Plan():
            return _PLANS.get(operation.kind, f"Plan: {operation.kind}")
        case Post():
            return "Post a message"
    return "Edit a message"


def _of_outage(operation: CreateIssue | WriteNote | CloseIssue | SetDescription) -> str:
    match operation:
        case CreateIssue():
            title = "(confidential)" if operation.confidential else f"“{shorten(operation.title, LONGEST)}”"
            return f"Open the issue {title}"
        case WriteNote():
            return f"O{operation.outage}: write event {operation.event} down"
        case CloseIssue():
            return f"O{operation.outage}: close the issue"
        case SetDescription():
            return f"O{operation.outage}: put the post-mortem into the issue"


def _of_handoff(operation: WriteReport | Assign | AddNote | SetUsergroup | SetTopic) -> str:
    match operation:
        case WriteReport():
            return "Write the on-call report"
        case Assign():
            return f"{_handed(operation.about)}: assign it to whoever is on call now"
        case AddNote():
            return f"{_handed(operation.about)}: write the note of the hand-off"
        case SetUsergroup():
            return "Put whoever is on call into the user group"
        case SetTopic():
            return "Put whoever is on call into the topic"


def _handed(key: str) -> str:
    return key.replace("outage:", "O").replace("issue:", "#")
