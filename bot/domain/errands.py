"""What somebody asked for that ends with one message in the channel: an issue put into the week, or given an AP label; a look."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.domain.tracker import Issue


@dataclass(frozen=True)
class Errand:
    """One errand as remembered. `batch` carries it out; the rest is known once GitLab was read.

    `problem` says why nothing was done. Of an addition: `issue` (number `iid`, in the project at the address `project`,
    if one was typed), whether it `was_there` already, and whether it is `late`. Of a check: the issues that are
    `labelled` by it, those that had the label (`known`), those whose label a person took off, how many were `planned`,
    and how many could not be read. Of an AP label: the `label` that `urgency` and `impact` give, the AP labels that the
    person was `shown` on the issue (None: GitLab was silent), and those whose place it takes.
    """

    id: str
    kind: Literal["add", "check", "ap"]
    by: str
    channel: str
    at: datetime
    batch: str
    iid: int = 0
    project: str = ""
    decided: bool = False
    problem: str = ""
    issue: Issue | None = None
    was_there: bool = False
    late: bool = False
    labelled: tuple[Issue, ...] = ()
    known: tuple[Issue, ...] = ()
    taken_off: tuple[Issue, ...] = ()
    planned: int = 0
    unread: int = 0
    label: str = ""
    urgency: int = 0
    impact: int = 0
    shown: tuple[str, ...] | None = None
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """What there is to tell of an errand: how far it is, and what GitLab has been doing."""

    errand: Errand
    over: bool
    waiting: int
    gitlab_silent: bool
    reason: str = ""
    refused: tuple[tuple[Issue, str], ...] = ()
    kept: tuple[tuple[Issue, str], ...] = ()
