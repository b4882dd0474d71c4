"""What the emulated workspace is made of, as plain data: people, channels, messages, files, views, loans of attention."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["channel", "group", "im"]


class SlackError(Exception):
    """A refusal as the Web API says it: `{"ok": false, "error": code, …}`."""

    def __init__(
        self, code: str, *, status: int = 200, headers: dict[str, str] | None = None, **details: object
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.headers = headers or {}
        self.details = details

    @property
    def body(self) -> Json:
        """What the caller reads."""
        return {"ok": False, "error": self.code, **self.details}


@dataclass
class Member:
    """An account of the workspace: a person or a bot."""

    id: str
    name: str
    real_name: str
    team_id: str
    tz: str = "UTC"
    email: str = ""
    is_bot: bool = False
    deleted: bool = False
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    bot_id: str = ""
    app_id: str = ""
    updated: int = 0


@dataclass
class Message:
    """One message on a channel; `only_for` names the one person who sees an ephemeral one."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list["File"] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    subtype: str = ""
    username: str = ""
    bot_id: str = ""
    app_id: str = ""
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: Json | None = None
    only_for: str | None = None
    client_msg_id: str = ""
    topic: str = ""
    """What the channel's topic is from here on, where this message is Slack's word of that."""
    revisions: list[str] = field(default_factory=list)

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread without being the thread's first message."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass
class Channel:
    """A public or private channel or a direct conversation, with everything that was said in it."""

    id: str
    name: str
    kind: Kind
    members: list[str] = field(default_factory=list)
    topic: str = ""
    """Escaped, as Slack keeps it."""
    purpose: str = ""
    is_archived: bool = False
    created: int = 0
    messages: list[Message] = field(default_factory=list)

    def find(self, ts: str) -> Message | None:
        """The message that everybody here sees with this `ts`."""
        return next((each for each in self.messages if each.ts == ts and each.only_for is None), None)

    @property
    def spoken_name(self) -> str:
        """How Slack names it in payloads: private conversations are not named."""
        return {"channel": self.name, "group": "privategroup", "im": "directmessage"}[self.kind]


@dataclass
class Usergroup:
    """A group of people that can be mentioned."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    disabled: bool = False
    updated: int = 0


@dataclass
class File:
    """A file, from the promise of its upload on."""

    id: str
    name: str
    size: int
    user: str
    title: str = ""
    content: bytes | None = None
    completed: bool = False
    channels: list[str] = field(default_factory=list)
    created: int = 0
    alternative: str = ""
    """What a screen reader says of a picture."""

    @property
    def text(self) -> str:
        """Its content as text."""
        return (self.content or b"").decode()


@dataclass(frozen=True)
class Usage:
    """What Slack says of a slash command or a shortcut while somebody looks for it, from the app's manifest."""

    name: str
    description: str = ""
    hint: str = ""


@dataclass
class Trigger:
    """The right to open one view, for a moment, on one person's screen."""

    id: str
    user: str
    at: float
    used: bool = False
    view: str | None = None


@dataclass
class ResponseUrl:
    """The right to answer where something was asked: five times, for half an hour."""

    id: str
    user: str
    channel: str
    at: float
    message: Message | None = None
    uses: int = 0


@dataclass
class View:
    """A modal or Home tab on one person's screen: what the app gave, and what the person has entered."""

    id: str
    user: str
    given: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    values: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def blocks(self) -> list[Json]:
        """Its blocks, all with a `block_id`."""
        blocks: list[Json] = self.given["blocks"]
        return blocks

    @property
    def external_id(self) -> str:
        """The app's own name for it, unique in the workspace."""
        return str(self.given.get("external_id") or "")
