"""What the Home tab tells: one person's view of who is on call, what goes on, how the week stands, and what waits."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.logged import Listed
from bot.domain.oncall import Handoff, Shift
from bot.domain.passing import Listing, Upcoming
from bot.domain.telling import Progressed
from bot.domain.tracker import Milestone
from bot.domain.turning import Rollover


@dataclass(frozen=True)
class WeekSeen:
    """How the current week stood when GitLab was last read, at `at`, in numbers of issues.

    `milestone` is None where there was no current week. `outages` are those of the `unscheduled` that have no label for
    it, `carried` is None where Baton did not make it the current week.
    """

    at: datetime
    milestone: Milestone | None = None
    done: int = 0
    open: int = 0
    unscheduled: int = 0
    outages: int = 0
    carried: int | None = None
    goals: int = 0
    goals_done: int = 0


@dataclass(frozen=True)
class WeekNow:
    """The week today: as last `seen`; or `turned` since then, or just being turned (`running`).

    `days_left` is None where no end is known; `ended` counts the days since the last one.
    """

    seen: WeekSeen | None = None
    days_left: int | None = None
    ended: int = 0
    turned: Rollover | None = None
    running: Progressed | None = None


@dataclass(frozen=True)
class Backlog:
    """What waits for GitLab: how many operations. `silent` says since when it does not answer, and `reason` why."""

    count: int
    silent: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Home:
    """The Home tab of `who`. `log` holds the newest events, `pending` counts what was added for the next hand-off.

    `only_looks` is the reason why this person may change nothing; empty for full members.
    """

    who: str
    shift: Shift | None
    listing: Listing
    week: WeekNow
    log: Listed
    backlog: Backlog
    offer: Handoff | None = None
    upcoming: Upcoming | None = None
    pending: int = 0
    only_looks: str = ""


@dataclass(frozen=True)
class Shown:
    """What is known of somebody's Home tab: opened when, and the `digest` of what it shows, empty before it does.

    `changed_at` is when it was last shown anew because something had changed; None: never since it is known.
    """

    who: str
    opened_at: datetime
    digest: str = ""
    changed_at: datetime | None = None
