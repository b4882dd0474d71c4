"""What a service wants to know from GitLab, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class WeekQuestion:
    """Which milestones there are, what stands in some of them, and what the token may do.

    `name` is the name under which the answer is remembered. `wow` and `following` ask for the issues of the milestones
    titled so, `milestones` for those of these ids, `closed_weeks` for those of the newest n closed weeks, `day` for those
    of the week that this day is in, and `trend` for those of n closed weeks up to it, or up to now: but for the weeks in
    `told`, and for those in `compared` unless `day` is in one of them. With `late`,
    the histories of open issues of the current week are read too, but for the (milestone, key) in `judged` and, unless they changed since, in `unlabelled` (judged late, with the
    mark of their last change then, and without the label until now): when they
    came into it, and for those that came after it had started (`became_wow` tells when, by milestone id, where Baton
    made it the current week) what happened to their label. With `ending`, who closed the week that ended then, if it
    is closed, and what the token may do; with `rights`, that alone. `ranks` asks for the labels' own priorities, and
    `issue` for one issue, wherever it stands; with `label_events`, also for what happened to that one's labels.
    """

    name: str
    wow: bool = False
    following: bool = False
    milestones: tuple[int, ...] = ()
    closed_weeks: int = 0
    day: date | None = None
    trend: int = 0
    told: frozenset[date] = frozenset()
    compared: frozenset[date] = frozenset()
    late: bool = False
    judged: frozenset[tuple[int, str]] = frozenset()
    unlabelled: Mapping[tuple[int, str], str] = field(default_factory=dict)
    became_wow: tuple[tuple[int, datetime], ...] = ()
    ending: date | None = None
    rights: bool = False
    ranks: bool = False
    issue: int = 0
    label_events: bool = False


@dataclass(frozen=True)
class OutageQuestion:
    """Which outages go on: open issues with the label, and how those of `known` (GitLab's numbers) stand."""

    known: tuple[int, ...] = ()


@dataclass(frozen=True)
class MessageQuestion:
    """What a message in Slack says; with `thread`, also what stands in its thread; with `reactions`, those on it for sure."""

    channel: str
    ts: str
    thread: bool = False
    reactions: bool = False
