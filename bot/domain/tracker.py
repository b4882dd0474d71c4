"""The team's tracker as the rules see it: GitLab's nouns, as values read at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Noun = Literal["issue", "merge_request"]


@dataclass(frozen=True)
class Milestone:
    """A milestone; `group` tells one that belongs to a group above the project."""

    id: int
    title: str
    active: bool = True
    start: date | None = None
    due: date | None = None
    url: str = ""
    group: bool = False


def reference_of(key: str) -> str:
    """Write what is named by `key` (`issue:12`) as people do: `#12`, or `!12` for a merge request."""
    noun, _, iid = key.partition(":")
    return f"{'#' if noun == 'issue' else '!'}{iid}"


class Called:
    """How an issue or a merge request is called, and what is decided about one."""

    noun: Noun
    iid: int
    title: str
    confidential: bool

    @property
    def key(self) -> str:
        """Name it among issues and merge requests alike: `issue:12`; so is its operation named."""
        return f"{self.noun}:{self.iid}"

    @property
    def reference(self) -> str:
        """Write it as people do: `#12`, or `!12` for a merge request."""
        return reference_of(self.key)

    @property
    def spoken(self) -> str:
        """Give the title as it may be shown to anybody: a confidential issue keeps its own to itself."""
        return "(confidential)" if self.confidential else self.title


@dataclass(frozen=True)
class Issue(Called):
    """An issue or a merge request; `milestone` is the milestone's id, `changed` GitLab's mark of its last change.

    `created` and `closed` are instants as GitLab writes them, empty where it does not say: few want to know.
    """

    iid: int
    title: str
    labels: tuple[str, ...] = ()
    milestone: int | None = None
    open: bool = True
    url: str = ""
    noun: Noun = "issue"
    confidential: bool = False
    changed: str = ""
    created: str = ""
    closed: str = ""


@dataclass(frozen=True)
class MilestoneEvent:
    """Somebody put an issue into a milestone, or took it out; `by` is a user name in GitLab."""

    milestone: int
    added: bool
    at: datetime
    by: str = ""


@dataclass(frozen=True)
class LabelEvent:
    """Somebody put a label on an issue, or took it off; `by` is a user name in GitLab."""

    label: str
    added: bool
    at: datetime
    by: str = ""


History = tuple[MilestoneEvent | LabelEvent, ...]
"""What happened to an issue, as far as it was asked for."""


@dataclass(frozen=True)
class Project:
    """The project, and what Baton's token may do in it (GitLab's access level; 20 is Reporter, None unknown).

    `group` is the path of the API for the group that owns it, empty for a person's own project. In an `archived` one
    nobody may write; without `has_issues` there are none.
    """

    path: str
    url: str = ""
    access_level: int | None = None
    group: str = ""
    archived: bool = False
    has_issues: bool = True


@dataclass(frozen=True)
class WhoAndWhen:
    """Who did something in GitLab, and when, as far as GitLab says."""

    name: str
    at: datetime | None


@dataclass(frozen=True)
class WeekFacts:
    """What GitLab said about the weeks, read at `at`.

    `milestones` are the project's and its groups' above. `issues` holds issues and merge requests by milestone id.
    `events` holds by key (`issue:12`) the histories of those whose lateness was not yet judged, and `own_user` the name
    of Baton's own user where a history depends on it. `unread` are those whose history could not be read; `put_off` is
    set where that was GitLab's trouble of the moment, to the seconds after which it is worth another try, and `limited`
    where it takes only so many requests for now. `closed_by` says who closed which milestone by hand. `asked_for` is
    the one issue that was asked for, None where there is none.
    """

    at: datetime
    project: Project
    milestones: tuple[Milestone, ...]
    issues: Mapping[int, tuple[Issue, ...]] = field(default_factory=dict)
    events: Mapping[str, History] = field(default_factory=dict)
    own_user: str = ""
    unread: frozenset[str] = frozenset()
    put_off: float | None = None
    limited: bool = False
    closed_by: Mapping[int, WhoAndWhen] = field(default_factory=dict)
    label_ranks: Mapping[str, int | None] = field(default_factory=dict)
    asked_for: Issue | None = None

    def of(self, milestone: Milestone | None) -> tuple[Issue, ...]:
        """List what stood in `milestone`: issues and merge requests, open and closed."""
        return self.issues.get(milestone.id, ()) if milestone else ()

    def all_issues(self) -> Mapping[str, Issue]:
        """Index everything that was read by key."""
        return {issue.key: issue for found in self.issues.values() for issue in found}


@dataclass(frozen=True)
class OutageIssue:
    """An issue that tells of an outage. `marker` is the hidden mark of one that Baton opened, else empty.

    `open` tells that it is open and has the label; where it is not, `ended_at` and `ended_by` (a user name, where GitLab
    tells it) say since when.
    """

    iid: int
    title: str
    url: str
    open: bool
    began_at: datetime
    by: str = ""
    confidential: bool = False
    data_loss: bool = False
    marker: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True)
class OngoingIssue(Called):
    """An open issue that is being worked on around the clock: an outage, or data loss. `assignees` are user names."""

    iid: int
    title: str
    url: str
    created_at: datetime
    updated_at: datetime
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    confidential: bool = False
    noun: Noun = "issue"


@dataclass(frozen=True)
class OutageFacts:
    """What GitLab said of outages, read at `at`; `gone` are the known ones that it does not show (any more).

    `ongoing` are the open issues that pass from shift to shift, those about data loss too, and `label_ranks` the
    project's own priorities by label.
    """

    at: datetime
    issues: tuple[OutageIssue, ...] = ()
    gone: tuple[int, ...] = ()
    ongoing: tuple[OngoingIssue, ...] = ()
    label_ranks: Mapping[str, int | None] = field(default_factory=dict)
