"""What GitLab or Slack must be told, as data: which state the other side must have, not which call to make.

Operations come in batches, a batch in stages; within a stage they run side by side. An operation that sets a state
can be repeated freely; one that creates something is looked for first when an earlier attempt may have arrived.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

from bot.domain.tracker import Noun

LONGEST_WAIT = 21.0
"""Seconds between two attempts at the most: with the time of a call that hangs, what waits still goes on within 30 s of
the other side's return."""


READ_ONLY = "my token may only read"
"""The reason of a refusal that whatever else is written would meet too, until somebody gives us another token."""


NOTHING_TO_RETRY = "There is nothing to try again: everything is done or on its way."
"""What is said where nothing refused is left."""


@dataclass(frozen=True)
class Made:
    """Stands for the id of something that an earlier operation of the same batch, named `key`, has made."""

    key: str


MilestoneId = int | Made


@dataclass(frozen=True)
class Plan:
    """Read GitLab and decide what comes next; the decision is written with the delivery and then stays fixed."""

    kind: str
    about: str
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """Plans wait for nobody."""
        return None


@dataclass(frozen=True)
class CreateMilestone:
    """Make a milestone, unless one of exactly this title is there already; dates are written yyyy-mm-dd."""

    title: str
    start: str
    due: str
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """One at a time per title."""
        return f"title:{self.title}"


@dataclass(frozen=True)
class SetMilestone:
    """Give a milestone this title, these dates or this state; None leaves a thing as it is.

    `start` and `due` are written yyyy-mm-dd; an empty text takes the date away.

    `titled` is the title it is known by: if somebody gave it a third one meanwhile, it is left alone.
    """

    id: MilestoneId
    titled: str
    title: str | None = None
    start: str | None = None
    due: str | None = None
    active: bool | None = None
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """One at a time per milestone."""
        return f"milestone:{self.id}" if isinstance(self.id, int) else None


@dataclass(frozen=True)
class RemoveMilestone:
    """Delete a milestone that is empty (no issue and no merge request in any state); else retitle it to `kept_title`."""

    id: MilestoneId
    titled: str
    kept_title: str
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """One at a time per milestone."""
        return f"milestone:{self.id}" if isinstance(self.id, int) else None


@dataclass(frozen=True)
class SetIssue:
    """Move an issue (or merge request) from milestone `source` (None: it is in none) to `milestone` and change labels: one request.

    `milestone` None leaves it where it is. Whoever repeats it looks first: an issue that a person has moved elsewhere
    since is left as it is, and so is one that was closed meanwhile, unless `closed_too`. `unless` names a label to add
    and others that an issue may have got meanwhile, each of which exempts it from the first. With `anywhere` it does not
    matter where the issue stands by now, and one that is exempt is left as it is.
    """

    noun: Noun
    iid: int
    source: MilestoneId | None
    milestone: MilestoneId | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    closed_too: bool = False
    unless: tuple[str, ...] = ()
    anywhere: bool = False
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """One at a time per issue."""
        return f"{self.noun}:{self.iid}"


@dataclass(frozen=True)
class CreateIssue:
    """Make an issue. `marker` is hidden in its description, and tells it from all others when it is looked for.

    `line` names what waits behind it: `outage:7` keeps the notes of an outage behind its issue.
    """

    marker: str
    title: str
    description: str
    labels: tuple[str, ...] = ()
    confidential: bool = False
    line: str = ""
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """One at a time per line."""
        return self.line or None


@dataclass(frozen=True)
class WriteNote:
    """Let the note about `event` under the issue of `outage` say what is true: made if it is not there, else edited.

    When it is claimed, `iid` is filled in, with the `note` that is there already, its `body`, the hidden `marker`, and
    whether it is `internal`: notes are worded when they are sent.
    """

    outage: int
    event: int
    iid: int | None = None
    note: int | None = None
    body: str = ""
    marker: str = ""
    internal: bool = False
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """Notes keep their order, behind the issue itself."""
        return f"outage:{self.outage}"


@dataclass(frozen=True)
class CloseIssue:
    """Close the issue of `outage`; `iid` is filled in when it is claimed."""

    outage: int
    iid: int | None = None
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """It closes behind its last note."""
        return f"outage:{self.outage}"


@dataclass(frozen=True)
class SetDescription:
    """Put `text` on top of what the description of an outage's issue says; a later one takes the place of an earlier.

    `iid` is filled in when it is claimed. `marker` is hidden at the end of `text`'s part. `instead_of` is what Baton
    wrote there when it made the issue: the text takes its place, too, as long as nobody changed it.
    """

    outage: int
    text: str
    marker: str
    iid: int | None = None
    instead_of: str = ""
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """Behind what the issue was told before."""
        return f"outage:{self.outage}"


@dataclass(frozen=True)
class WriteReport(CreateIssue):
    """Make the issue that reports a hand-off; it is worded when it is claimed, behind the report before."""

    handoff: int = 0


@dataclass(frozen=True)
class Colleague:
    """Somebody of Slack as GitLab may know them: by the `username` that the settings name, else by e-mail, else `handle`."""

    username: str = ""
    email: str = ""
    handle: str = ""


@dataclass(frozen=True)
class Assign:
    """Let the incoming person of a hand-off be assigned to what `about` names, in place of the outgoing one.

    `line` is the one in which the issue's notes wait, too. When it is claimed, what is left is filled in: the issue's
    number, both people, and the user names of those who were assigned when the hand-off was offered.
    """

    handoff: int
    about: str
    line: str
    iid: int | None = None
    incoming: Colleague | None = None
    outgoing: Colleague | None = None
    before: tuple[str, ...] = ()
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """Behind what the issue was told before."""
        return self.line


@dataclass(frozen=True)
class AddNote:
    """Write a note of a hand-off under what `about` names, once. `marker` is hidden in it.

    When it is claimed, the issue's number is filled in, the `body`, and whether it is `internal`.
    """

    handoff: int
    about: str
    line: str
    marker: str
    iid: int | None = None
    body: str = ""
    internal: bool = False
    world = "gitlab"

    @property
    def target(self) -> str | None:
        """Behind what the issue was told before."""
        return self.line


@dataclass(frozen=True)
class SetUsergroup:
    """Let a user group hold whoever is on call, and nobody else; `who` that is, is filled in when it is claimed."""

    group: str
    who: str = ""
    world = "slack"

    @property
    def target(self) -> str | None:
        """One at a time per group."""
        return f"usergroup:{self.group}"


@dataclass(frozen=True)
class SetTopic:
    """Let a channel's topic begin with who is on call, in place of who stood there; `text` is filled in when claimed."""

    channel: str
    text: str = ""
    world = "slack"

    @property
    def target(self) -> str | None:
        """One at a time per channel."""
        return f"topic:{self.channel}"


@dataclass(frozen=True)
class SlackPlan(Plan):
    """The same as a Plan, for what depends on Slack: read it there, and decide."""

    world = "slack"


@dataclass(frozen=True)
class PlanInLine(Plan):
    """A plan that waits behind earlier ones in its `line`: what they decide is told before what comes of this one."""

    line: str

    @property
    def target(self) -> str | None:
        """One at a time per line."""
        return self.line


@dataclass(frozen=True)
class Post:
    """Say something in a channel: the message named `message`, worded by the rendering `show` of `about` when sent.

    `otherwise` is who gets it as a direct message when Baton is no member of `channel`.
    """

    message: str
    channel: str
    show: str
    about: str
    otherwise: str = ""
    thread: str = ""
    world = "slack"

    @property
    def target(self) -> str | None:
        """A message's post comes before its edits."""
        return f"message:{self.message}"


@dataclass(frozen=True)
class ShowPicture:
    """Put the picture that `show` describes of `about` into the thread of the message named `message`, once."""

    message: str
    show: str
    about: str
    world = "slack"

    @property
    def target(self) -> str | None:
        """A picture waits for nobody, and nobody waits for it."""
        return f"picture:{self.message}"


@dataclass(frozen=True)
class Refresh:
    """Make an earlier message say what is true now, by the rendering it was posted with."""

    message: str
    world = "slack"

    @property
    def target(self) -> str | None:
        """A message's post comes before its edits."""
        return f"message:{self.message}"


Operation = (
    Plan
    | SlackPlan
    | PlanInLine
    | CreateMilestone
    | SetMilestone
    | RemoveMilestone
    | SetIssue
    | CreateIssue
    | WriteNote
    | CloseIssue
    | SetDescription
    | WriteReport
    | Assign
    | AddNote
    | SetUsergroup
    | SetTopic
    | Post
    | ShowPicture
    | Refresh
)
_KINDS: dict[str, type[Operation]] = {kind.__name__: kind for kind in get_args(Operation)}
Named = tuple[str, Operation]
"""A name, unique within its batch, and the operation."""
Stages = tuple[tuple[Named, ...], ...]


def stops_batch(operation: Operation) -> bool:
    """Tell whether a refusal stops the batch and asks: a milestone's does, any other is recorded and reported."""
    return isinstance(operation, CreateMilestone | SetMilestone | RemoveMilestone | Plan)


def encode(operation: Operation) -> str:
    """Write an operation as JSON for the journal; what has its default value is left out."""
    parts = ((part, getattr(operation, part.name)) for part in fields(operation))
    body = {part.name: value for part, value in parts if value != part.default}
    # the fields stand apart, because one of them may be called `kind` too
    return _ENCODER.encode({"kind": type(operation).__name__, "fields": body})


def _plain(value: object) -> object:
    return {"made": value.key} if isinstance(value, Made) else str(value)


_ENCODER = json.JSONEncoder(default=_plain, separators=(",", ":"))


def decode(text: str, made: Mapping[str, int] | None = None) -> Operation:
    """Read an operation back; ids named by `Made` are filled in from `made` where it knows them."""
    written = json.loads(text)
    kind = _KINDS[written["kind"]]
    return kind(**{name: _value(value, made or {}) for name, value in written["fields"].items()})


def _value(value: Any, made: Mapping[str, int]) -> Any:  # noqa: ANN401 - JSON is of any shape
    if isinstance(value, dict):
        key = value["made"]
        return made.get(key, Made(key))
    return tuple(value) if isinstance(value, list) else value


def names_used(operation: Operation) -> set[str]:
    """List the names of earlier results that this operation needs."""
    values = (getattr(operation, part.name) for part in fields(operation))
    return {value.key for value in values if isinstance(value, Made)}


def backoff(failures: int, retry_after: float | None, roll: random.Random) -> float:
    """Seconds to wait after the given number of failures in a row: 1, 2, 4 … 30, each shortened by chance.

    What the other side named in Retry-After wins when it is longer.
    """
    wait = min(2.0 ** max(0, min(failures, 10) - 1), 30.0) * roll.uniform(0.5, 0.7)
    return max(min(wait, LONGEST_WAIT), retry_after or 0.0)
