"""A believable production team: its people, its labels, a few closed weeks, and a week that is over today.

Labels, milestone titles and the sizes of weeks are those of GitLab's Production Team in 2017; people and issues are
made up. Dates follow `ending`, the last day of the week that is over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Final, NamedTuple

from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.slack.world import SlackWorld

CHANNEL: Final = "C0PRODUCTION"
ALICE, BEN, CHEN = "U0ALICE", "U0BEN", "U0CHEN"
PEOPLE: Final = (
    (ALICE, "alice", "Alice Vermeer", "Europe/Amsterdam"),
    (BEN, "ben", "Ben Okafor", "America/New_York"),
    (CHEN, "chen", "Chen Lihua", "Asia/Singapore"),
)

ONCALL: Final = "S0ONCALL"
"""The user group of whoever is on call."""
SHIFTS: Final = (("Ben Okafor", 8), ("Chen Lihua", 16), ("Alice Vermeer", 24))
"""Who is on call after Alice, whose morning it is: from how many hours later on, every day."""

LABELS: Final = (
    ("(perceived) data loss", 1, "#c21e56"),
    ("critical", 2, "#dc143c"),
    ("SL1", 3, "#9400d3"),
    ("SL2", 3, "#6699cc"),
    ("unblocks others", 4, "#36b37e"),
    ("outage", 5, "#c21e56"),
    ("goal", 6, "#0b5cad"),
    ("blocked", 7, "#808080"),
    ("oncall", 8, "#ed9121"),
    ("AP1", None, "#cd5b45"),
    ("AP2", None, "#ed9121"),
    ("AP3", None, "#eee600"),
    ("toil", None, "#8fbc8f"),
    ("unscheduled", None, "#cc338b"),
    ("access request", None, "#6699cc"),
    ("requires production access", None, "#6699cc"),
    ("meta", None, "#808080"),
    ("monitoring", None, "#009966"),
    ("corrective action", None, "#330066"),
    ("oncall report", None, "#330066"),
)
CLOSED_SIZES: Final = (37, 42, 38)
"""Issues in the closed weeks, oldest first: those of the weeks ending 2017-08-29, 2017-09-12 and 2017-09-19."""
DONE: Final = 18
"""With the twelve that are open, the week has 30 issues, like the one ending 2017-10-10."""

_WORK: Final = (
    "Upgrade {}",
    "Move the alerts of {} to the new rules",
    "Write the runbook for restarting {}",
    "Give {} more disk",
    "Rotate the keys of {}",
    "Put {} behind the new firewall rules",
    "Retire the old dashboards of {}",
    "Test the restore of {}",
    "Automate the restart of {}",
    "Check the limits of {} under load",
    "Trace slow requests in {}",
)
_FLEET: Final = (
    "the web fleet",
    "the API fleet",
    "Redis",
    "PostgreSQL",
    "the Git storage nodes",
    "the load balancers",
    "the search cluster",
    "the job runners",
    "the container registry",
    "the metrics servers",
    "the log cluster",
    "the bastion hosts",
    "the mail relay",
    "object storage",
    "the name servers",
)


class _Open(NamedTuple):
    """An issue of the week that is not done; `late` is the number of days after the week's start it was added."""

    title: str
    labels: tuple[str, ...] = ()
    assignee: str = ""
    late: int = 0


_OPEN: Final = (
    _Open("Restoring a backup takes longer than we promise", ("goal", "moved 2", "AP1"), "alice"),
    _Open("Move Redis to a cluster of its own", ("goal", "moved 1", "AP2"), "chen"),
    _Open("Encrypt traffic between the zones of the fleet", ("goal", "SL1"), "ben"),
    _Open("Raise the limit of open files on the Git storage nodes", ("unblocks others",), "chen"),
    _Open("Decide on the new load balancers", ("blocked", "meta"), "alice"),
    _Open("Renew the wildcard certificate before it expires", ("oncall", "AP1"), "ben"),
    _Open("Page on replication lag instead of full disks", ("monitoring", "AP2"), "chen"),
    _Open("Load balancers drop connections on every reload", ("critical", "AP1"), "alice", 2),
    _Open("Avatars missing after the storage migration", ("(perceived) data loss", "unscheduled"), "chen", 3),
    _Open("Let release managers reach the deploy hosts", ("access request",), "", 4),
    _Open("Search answers with errors for one request in five", ("outage", "critical"), "ben", 5),
    _Open("Alerts that quote <!channel> wake up everybody", ("toil", "corrective action"), "ben", 6),
)
LEFT_BEHIND: Final = "Decide on the new load balancers"
"""The open issue that the demo's lead leaves in the closed week."""
TAKEN_AWAY: Final = "Let release managers reach the deploy hosts"
"""The open issue that somebody takes out of its week by hand."""
_NEXT: Final = (
    ("Practise the failover of the database", ("goal",)),
    ("Measure how long a deploy blocks the queue", ("goal", "AP3")),
    ("Two factors for the bastion hosts", ("SL2",)),
    ("Delete the job runners that nobody uses", ("toil",)),
    ("Store metrics for thirteen months", ("monitoring",)),
    ("Write down who may approve production access", ("meta", "requires production access")),
    ("Second name server provider", ("AP2",)),
)


def seed_slack(world: SlackWorld) -> None:
    """Three people in three time zones, the team's channel, and the user group of whoever is on call."""
    for id_, name, real_name, zone in PEOPLE:
        world.add_person(id_, name, real_name, zone)
    world.add_channel(CHANNEL, "production", members=[id_ for id_, *_ in PEOPLE])
    world.add_usergroup(ONCALL, "oncall", [ALICE], "On call")


def rota(morning: datetime) -> str:
    """Write the rota as an iCalendar: three shifts of eight hours around the sun, the first one when Alice's is over."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//sandbox//rota//EN"]
    for name, hours in SHIFTS:
        begins = (morning + timedelta(hours=hours)).astimezone(UTC)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{name.split()[0].lower()}@example.com",
            f"DTSTAMP:{morning.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART:{begins:%Y%m%dT%H%M%SZ}",
            "DURATION:PT8H",
            "RRULE:FREQ=DAILY",
            f"SUMMARY:On call: {name}",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def seed_gitlab(world: GitlabWorld, ending: date) -> None:
    """Closed weeks, `WoW` (its last day is `ending`) and `Next WoW`, with issues and a merge request."""
    for _, name, real_name, _ in PEOPLE:
        world.add_user(name, real_name, f"{name}@example.com")
    for name, priority, color in LABELS:
        world.add_label(name, priority, color)
    work = _work()
    for weeks_ago, size in zip(range(len(CLOSED_SIZES), 0, -1), CLOSED_SIZES, strict=True):
        _seed_closed_week(world, ending - timedelta(weeks=weeks_ago), size, work)
    _seed_current_week(_Week(world, ending, "WoW"), work)
    following = _Week(world, ending + timedelta(weeks=1), "Next WoW", dated=False)
    for number, (title, labels) in enumerate(_NEXT):
        following.plans(title, labels, hours=number)


@dataclass
class _Week:
    """A milestone that is being filled; hours count from the week's first moment."""

    world: GitlabWorld
    ending: date
    title: str
    dated: bool = True
    id: int = field(init=False)

    def __post_init__(self) -> None:
        start, due = (self.ending - timedelta(days=6), self.ending) if self.dated else (None, None)
        self.id = self.world.add_milestone(self.title, start, due, created_at=self.at(-14 * 24), by="alice")

    def at(self, hours: float) -> datetime:
        """An instant of the week."""
        first = datetime.combine(self.ending - timedelta(days=6), time(), tzinfo=UTC)
        return first + timedelta(hours=hours)

    def plans(self, title: str, labels: tuple[str, ...] = (), assignee: str = "", *, hours: float = 0) -> int:
        """An issue that was in the week before it began."""
        return self._adds(title, labels, assignee, -40 + hours)

    def adds(self, title: str, labels: tuple[str, ...], assignee: str, *, hours: float) -> int:
        """An issue that came in while the week was going on."""
        return self._adds(title, labels, assignee, hours)

    def finishes(self, title: str, labels: tuple[str, ...], assignee: str, *, hours: float, added: float) -> None:
        """An issue that was done in the week."""
        created, added_at, closed_at = self.at(added - 30), self.at(added), self.at(hours)
        self.world.add_issue(
            title,
            labels,
            self.id,
            "closed",
            created,
            added_at,
            by="alice",
            assignees=[assignee],
            closed_at=closed_at,
        )

    def _adds(self, title: str, labels: tuple[str, ...], assignee: str, hours: float) -> int:
        assignees = [assignee] if assignee else []
        created, added_at = self.at(hours - 3), self.at(hours)
        return self.world.add_issue(
            title, labels, self.id, created_at=created, added_at=added_at, by="alice", assignees=assignees
        )


def _seed_closed_week(world: GitlabWorld, ending: date, size: int, work: Iterator[str]) -> None:
    week = _Week(world, ending, "WoW")
    _finish_some(week, size, work)
    world.retitle_milestone(week.id, f"WoW ending {ending}", by="alice")
    world.close_milestone(week.id, by="alice")


def _seed_current_week(week: _Week, work: Iterator[str]) -> None:
    _finish_some(week, DONE, work)
    for number, issue in enumerate(_OPEN):
        if issue.late:
            week.adds(issue.title, issue.labels, issue.assignee, hours=24 * issue.late + number)
        else:
            week.plans(issue.title, issue.labels, issue.assignee, hours=number)
    world = week.world
    world.comment(world.issue_titled(LEFT_BEHIND)[0], "We wait for the offer of the second supplier.", by="alice")
    world.add_merge_request(
        "Automate the failover of the database",
        ["goal"],
        week.id,
        created_at=week.at(-20),
        added_at=week.at(-20),
        by="chen",
        assignees=["chen"],
    )


def _finish_some(week: _Week, size: int, work: Iterator[str]) -> None:
    """Issues that were done: two of them goals, every sixth one unscheduled, every fifth one toil."""
    for number in range(size):
        unscheduled = number % 6 == 5
        labels = [
            *(["goal"] if number < 2 else []),
            *(["unscheduled"] if unscheduled else []),
            *(["toil"] if number % 5 == 4 else []),
        ]
        name = PEOPLE[number % len(PEOPLE)][1]
        done = 20 + number * 120 / size
        week.finishes(next(work), tuple(labels), name, hours=done, added=done - 8 if unscheduled else -40)


def _work() -> Iterator[str]:
    """Titles, each once: the two lists have lengths with no common divisor."""
    for number in count():
        yield _WORK[number % len(_WORK)].format(_FLEET[number % len(_FLEET)])
