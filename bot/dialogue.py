"""What a person asks and what we answer, as values: the words that handlers, the Slack edge and the prompt share."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.pictures import Drawable
from bot.domain.questions import MessageQuestion, OutageQuestion, WeekQuestion
from bot.domain.talk import Said, Talk
from bot.domain.tracker import OutageFacts, WeekFacts
from bot.messages import View, Words


@dataclass(frozen=True)
class Request:
    """One thing that somebody asks of Baton, whatever brought it.

    `kind` is command, button, submission, shortcut or event; `name` the command's word, or the name of the button or
    modal. `key` recognises the same request when it is delivered again. `private` tells that it came from a private
    channel. `trigger` and `response_url` are Slack's, and short-lived. `about` is what the button or modal carries;
    `values` what was filled in, by field. `field` is the one of them that was just filled in, `ts` Slack's id of the
    message whose button was pressed, and `said` the message that a shortcut, or an event of Slack's, is about. `home`
    tells that it was pressed on the Home tab, which is no place to say something: words stand in a modal then.
    """

    id: str
    kind: str
    name: str
    who: str
    at: datetime
    key: str = ""
    workspace: str = ""
    channel: str = ""
    private: bool = False
    text: str = ""
    trigger: str = ""
    response_url: str = ""
    view: str = ""
    about: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    source: str = "slack"
    field: str = ""
    ts: str = ""
    said: Said | None = None
    home: bool = False

    @property
    def is_typing(self) -> bool:
        """Tell whether somebody is filling in a modal, and not done: it comes with every pause, and nothing is said."""
        return self.kind == "button" and self.name.endswith(TYPED)

    def written(self) -> str:
        """Write it down, to be answered later; what has its default value is left out."""
        body = {part.name: value for part in fields(self) if (value := getattr(self, part.name)) or part.name in NEEDED}
        if self.said:
            body["said"] = {**asdict(self.said), "at": self.said.at.isoformat()}
        return json.dumps({**body, "values": dict(self.values), "at": self.at.isoformat()}, separators=(",", ":"))

    def without_loans(self) -> "Request":
        """Leave out what Slack lends for a moment, and gives anew with the next click."""
        return replace(self, key="", trigger="", response_url="")


TYPED = ".typed"
"""Ends the name of what a modal's field tells while somebody types into it."""
NEEDED = frozenset({"id", "kind", "name", "who", "at"})


def read_request(written: str) -> Request:
    """Read a request that was written down; raises ValueError, TypeError or KeyError when it is none."""
    body = json.loads(written)
    said = body.get("said")
    return Request(**{**body, "at": datetime.fromisoformat(body["at"]), "said": _read_said(said) if said else None})


def _read_said(written: dict[str, Any]) -> Said:
    lists = {"files": tuple((str(name), str(url)) for name, url in written["files"])}
    lists["reactions"] = tuple(written["reactions"])
    return Said(**{**written, **lists, "at": datetime.fromisoformat(written["at"])})


FILLING_IN, ANSWERING = "modal", "answer"
"""What a kept request waits for while its modal is open and not filled in, or its answer is on the way.

After a restart its person is told.
"""
HELD = timedelta(seconds=15)
"""How long such a request is held for who answers it; who is at it for longer holds it anew."""


@dataclass(frozen=True)
class Ask:
    """GitLab must be asked first: `show` names the rendering of the answer; `about` is handed to it."""

    question: WeekQuestion | OutageQuestion | MessageQuestion
    show: str
    about: str = ""


@dataclass(frozen=True)
class Answer:
    """What GitLab said, or why it said nothing. `refused` tells that it did answer, with a refusal.

    Slack, asked about a message, says `talk`; asked which outages go on, GitLab says `ongoing`.
    """

    facts: WeekFacts | None
    reason: str = ""
    refused: bool = False
    talk: Talk | None = None
    ongoing: OutageFacts | None = None


@dataclass(frozen=True)
class Reply:
    """Words for the person alone; after a modal, `url` is where they go, and the modal closes.

    `looked_up` tells that they only show what is there: when the request is delivered again it is looked up again.
    """

    words: Words
    url: str = ""
    looked_up: bool = False


@dataclass(frozen=True)
class Modal:
    """A modal on the person's screen; with `ask`, it is filled in when GitLab has answered."""

    view: View
    ask: Ask | None = None


@dataclass(frozen=True)
class Renewed:
    """What the modal in which something was just chosen shows from now on; what is filled in stays."""

    view: View


@dataclass(frozen=True)
class Sending:
    """Words for the person alone, and files that are made meanwhile and follow as a direct message.

    `make` names on the routing page who makes them, from `about`.
    """

    words: Words
    make: str
    about: str


@dataclass(frozen=True)
class File:
    """A file. `content` is its text, or the description of a picture, which is drawn when it is sent.

    `comment` is the message that it comes with, `alternative` what a screen reader says of a picture.
    """

    name: str
    content: str | Drawable
    comment: str = ""
    alternative: str = ""


@dataclass(frozen=True)
class FieldErrors:
    """What is wrong in a modal, by field; the modal stays open and may be submitted again."""

    errors: Mapping[str, str]


@dataclass(frozen=True)
class Closed:
    """Nothing more to say here: the modal closes, and the channel hears what happened."""


Outcome = Reply | Modal | Renewed | Ask | Sending | FieldErrors | Closed


def awaited(request: Request, outcome: Outcome | None) -> str:
    """Name what a person waits for whom the ack has not told all; empty for nothing.

    What a shortcut has done is said in the channel, too.
    """
    match outcome:
        case Modal(ask=Ask()):
            return FILLING_IN
        case Ask() | Sending() if request.kind != "shortcut":
            return ANSWERING
    return ""
