"""What a service wants to know from GitLab, as data."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class WeekQuestion:
    """Which milestones there are, what stands in some of them, and what the token may do.

    `name` is the name under which the answer is remembered. `wow` and `following` ask for the issues of the milestones
    titled so, `milestones` for those of these ids, `closed_weeks` for those of the newest n closed weeks. With `late`,
    the milestone events of open issues of the current week are read too, but for the (milestone, key) in `judged`.
    With `ending`, who closed the week that ended then, if it is closed. `ranks` asks for the labels' own priorities.
    """

    name: str
    wow: bool = False
    following: bool = False
    milestones: tuple[int, ...] = ()
    closed_weeks: int = 0
    late: bool = False
    judged: frozenset[tuple[int, str]] = frozenset()
    ending: date | None = None
    ranks: bool = False
