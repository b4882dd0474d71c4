"""What happened to the issues of a week: when they came into it, and who took their label off.

One issue's history must not hold up a week, so what cannot be read is left out, and said. Labels are looked at only
where it makes a difference: on what came late and has none, which is a second read for few.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from bot.domain import late
from bot.domain.errors import Rejected, Unavailable
from bot.domain.questions import WeekQuestion
from bot.domain.rollover import Weeks
from bot.domain.team import Team
from bot.domain.tracker import History, Issue
from bot.gitlab import rows
from bot.gitlab.calls import Calls, each_of
from bot.gitlab.paths import PATHS
from bot.gitlab.user import OwnUser

MOST_SILENCES = 3
LONG_AGO = datetime.min.replace(tzinfo=UTC)
T = TypeVar("T")


@dataclass(frozen=True)
class Histories:
    """Histories by key, and what is to be known beside them; each as in WeekFacts."""

    events: Mapping[str, History] = field(default_factory=dict)
    own_user: str = ""
    unread: frozenset[str] = frozenset()
    put_off: float | None = None
    limited: bool = False


async def read_histories(
    calls: Calls,
    project: str,
    user: OwnUser,
    team: Team,
    question: WeekQuestion,
    weeks: Weeks,
    found: list[Issue],
) -> Histories:
    """Read the histories of those of `found`, all in the current week, that were not judged yet or changed since."""
    wow = weeks.wow
    if wow is None:
        return Histories()
    closed = frozenset(one.id for one in weeks.closed.values())
    unjudged = [one for one in found if one.open and not _is_judged(one, wow.id, question)]
    asking = _Asking(calls, project)
    events = await asking.about(unjudged, "milestone")
    own = await _own_user(user, events, lambda history: late.depends_on_own(history, wow.id, closed), asking)
    # where it is not known when the week started, all that is to be judged may be late
    started = late.week_started(wow, dict(question.became_wow).get(wow.id), team, question.ending) or LONG_AGO
    unlabelled = []
    for issue in unjudged:
        if issue.key in events:
            verdict = late.judge(issue, events[issue.key], wow.id, started, team, own, closed)
            if verdict.late and not verdict.labelled:
                unlabelled.append(issue)
    labels = await asking.about(unlabelled, "label")
    for issue in unlabelled:
        before = events.pop(issue.key)
        if issue.key in labels:
            events[issue.key] = (*before, *labels[issue.key])
    if not own:
        own = await _own_user(user, events, lambda history: late.removals(history, team.labels.unscheduled), asking)
    unread = frozenset(one.key for one in unjudged if one.key not in events)
    return Histories(events, own, unread, asking.put_off, asking.limited)


def _is_judged(issue: Issue, wow: int, question: WeekQuestion) -> bool:
    seen = question.unlabelled.get((wow, issue.key))
    return (wow, issue.key) in question.judged or (seen is not None and seen == issue.changed)


async def _own_user(
    user: OwnUser, events: dict[str, History], matters: Callable[[History], object], asking: "_Asking"
) -> str:
    """Tell the name of Baton's user where a history depends on it; without an answer, such a history is left out."""
    depending = [key for key, history in events.items() if matters(history)]
    if not depending:
        return ""
    try:
        return (await user.read()).name
    except Rejected:
        return ""
    except Unavailable as later:
        asking.note(later)
        for key in depending:
            del events[key]
        return ""


class _Asking:
    """Asks about many issues; after a limit, or several silences, the rest is not asked for."""

    def __init__(self, calls: Calls, project: str) -> None:
        self._calls, self._project = calls, project
        self.put_off: float | None = None
        self.limited = False
        self._silences = 0

    async def about(self, issues: list[Issue], noun: str) -> dict[str, History]:
        """Read the events of a noun for each of `issues`, by key; without those for which that fails."""
        histories = await each_of(issues, lambda issue: self._events(issue, noun))
        return {issue.key: found for issue, found in zip(issues, histories, strict=True) if found is not None}

    async def _events(self, issue: Issue, noun: str) -> History | None:
        path = f"{self._project}/{PATHS[issue.noun]}/{issue.iid}/resource_{noun}_events"
        if self.limited or self._silences > MOST_SILENCES:
            return None
        try:
            found = await self._calls.rows(path, rows.label_event if noun == "label" else rows.milestone_event)
        except Rejected:
            return None  # deleted a moment ago, or not shown to this token: nothing is said about it
        except Unavailable as later:
            self.note(later)
            return None
        return tuple(one for one in found if one is not None)

    def note(self, later: Unavailable) -> None:
        """Remember a failure."""
        self.put_off = max(self.put_off or 0.0, later.retry_after or 1.0)
        self._silences += later.world_is_down
        self.limited = self.limited or later.retry_after is not None
