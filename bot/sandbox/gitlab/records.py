"""What the emulated GitLab knows, as plain data: one project, its group, people, milestones, labels, issues, notes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["issue", "merge_request"]

GUEST, PLANNER, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 15, 20, 30, 40, 50


class RefusedError(Exception):
    """GitLab says no: the status and the body of its answer."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def refused(status: int, message: str | Json) -> RefusedError:
    """A refusal in the form most of GitLab's API uses."""
    return RefusedError(status, {"message": message})


@dataclass
class User:
    """A person, with the role they have in the project (0: none)."""

    id: int
    username: str
    name: str
    email: str | None
    email_public: bool
    bot: bool
    state: str
    access_level: int
    via_group: bool
    created_at: datetime


@dataclass
class Milestone:
    """A milestone of the project, or of its group."""

    id: int
    iid: int
    title: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    state: str = "active"
    start_date: date | None = None
    due_date: date | None = None
    of_group: bool = False


@dataclass
class Label:
    """A label of the project."""

    id: int
    name: str
    color: str = "#6699cc"
    description: str | None = None
    priority: int | None = None


@dataclass
class ResourceEvent:
    """A milestone, label or state that an issue got or lost, by whom and when."""

    id: int
    user: int
    created_at: datetime
    action: str
    subject: int = 0


@dataclass
class Note:
    """What stands under an issue, written by a person or by GitLab."""

    id: int
    body: str
    author: int
    created_at: datetime
    updated_at: datetime
    system: bool = False
    internal: bool = False


@dataclass
class Issuable:
    """An issue or a merge request; users, labels and the milestone are held by id, so that they follow a rename."""

    kind: Kind
    id: int
    iid: int
    title: str
    author: int
    created_at: datetime
    updated_at: datetime
    description: str = ""
    state: str = "opened"
    milestone: int | None = None
    labels: list[int] = field(default_factory=list)
    assignees: list[int] = field(default_factory=list)
    confidential: bool = False
    due_date: date | None = None
    closed_at: datetime | None = None
    closed_by: int | None = None
    moved_to: int | None = None
    source_branch: str = "feature"
    notes: list[Note] = field(default_factory=list)
    milestone_events: list[ResourceEvent] = field(default_factory=list)
    label_events: list[ResourceEvent] = field(default_factory=list)
    state_events: list[ResourceEvent] = field(default_factory=list)
    rendered: tuple[int, str] = (-1, "")


@dataclass
class ProjectEvent:
    """A line of the project's activity."""

    id: int
    action: str
    target_type: str
    target_id: int
    target_iid: int
    title: str
    author: int
    created_at: datetime


@dataclass
class Hook:
    """A webhook: where to, which events, and whether it is given up, for a while or until it is tested."""

    id: int
    url: str
    events: dict[str, bool]
    created_at: datetime
    token: str = ""
    signing_token: str = ""
    failures: int = 0
    disabled_until: datetime | None = None
    name: str = ""
    given_up: bool = False

    @property
    def alert_status(self) -> str:
        """Whether it is sent anything, in GitLab's words."""
        if self.given_up:
            return "disabled"
        return "temporarily_disabled" if self.disabled_until else "executable"


class OnlyQuickActions(Exception):  # noqa: N818 - not an error: the note did its work and is not kept
    """A note that was nothing but quick actions."""

    def __init__(self, summary: str) -> None:
        super().__init__(summary)
        self.summary = summary


class Found(NamedTuple):
    """Something that a text of the token's user set off in GitLab: a mention, a reference, a quick action."""

    where: str
    text: str


class Write(NamedTuple):
    """A request that was not a mere reading, with the status it got."""

    method: str
    path: str
    body: Json
    status: int
    at: datetime


@dataclass
class Project:
    """The project and where it is."""

    id: int
    path: str
    namespace: str
    namespace_kind: Literal["group", "user"]
    created_at: datetime
    archived: bool = False
    issues_enabled: bool = True
    visibility: str = "private"

    @property
    def full_path(self) -> str:
        """As it stands in addresses."""
        return f"{self.namespace}/{self.path}"


@dataclass
class State:
    """Everything. `version` counts all changes, `shared` those that show in every issue (labels, milestones, people)."""

    clock: Callable[[], datetime]
    project: Project
    web_url: str = ""
    group_id: int = 7
    users: dict[int, User] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    issues: dict[int, Issuable] = field(default_factory=dict)
    merge_requests: dict[int, Issuable] = field(default_factory=dict)
    events: list[ProjectEvent] = field(default_factory=list)
    hooks: dict[int, Hook] = field(default_factory=dict)
    mentions: list[Found] = field(default_factory=list)
    references: list[Found] = field(default_factory=list)
    quick_actions: list[Found] = field(default_factory=list)
    token_user: int = 0
    many_assignees: bool = False
    emit: Callable[[str, Json], None] = lambda _kind, _payload: None
    version: int = 0
    shared: int = 0
    counters: Counter[str] = field(default_factory=Counter)

    def now(self) -> datetime:
        """The world's time, in UTC."""
        return self.clock().astimezone(UTC)

    def next_id(self, noun: str) -> int:
        """A fresh id; every noun counts for itself, from a number of its own so that a mix-up shows."""
        self.counters[noun] += 1
        return self.counters[noun] + _FIRST_IDS.get(noun, 0)

    def next_iid(self, noun: str) -> int:
        """A fresh number within the project."""
        return self.next_id(f"{noun} iid")

    def changed(self, *, shared: bool = False) -> None:
        """Makes what was prepared for answers stale."""
        self.version += 1
        self.shared += shared

    def items(self, kind: Kind) -> dict[int, Issuable]:
        """The issues or the merge requests, by iid."""
        return self.issues if kind == "issue" else self.merge_requests

    def happened(self, action: str, target: "Issuable | Milestone", user: User, at: datetime) -> None:
        """Writes the project's activity down."""
        kind = target.kind if isinstance(target, Issuable) else "milestone"
        self.events.append(
            ProjectEvent(
                self.next_id("event"),
                action,
                {"issue": "Issue", "merge_request": "MergeRequest", "milestone": "Milestone"}[kind],
                target.id,
                target.iid,
                target.title,
                user.id,
                at,
            )
        )


_FIRST_IDS = {"milestone": 500, "issue": 10_000, "merge_request": 20_000, "label": 300, "note": 40_000, "event": 90_000}
