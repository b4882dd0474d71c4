"""What happens when GitLab tells of something by itself, and when the clock does."""

from datetime import datetime

from bot.domain.hooks import Hook
from bot.domain.team import Team
from bot.messages import events as say
from bot.services import events, late, outages, reminder
from bot.store import Tx


def issue(tx: Tx, team: Team, hook: Hook, at: datetime) -> None:
    """An issue or a merge request was opened or changed: it may have come into the week late, or be an outage."""
    outages.told_of_issue(tx, team, hook, at)
    if hook.own and hook.came_in:
        late.look(tx, hook.id, at)


def sweep(tx: Tx, _: Team, at: datetime) -> None:
    """Look for late additions that no hook told of."""
    late.look(tx, f"sweep-{at.timestamp():.6f}", at)


def deployment(tx: Tx, team: Team, hook: Hook, at: datetime) -> None:
    """Something was deployed, or is being deployed: the log has one event for it."""
    if hook.deployed:
        events.deployed(tx, team, hook.deployed, say.deployed(hook.deployed), at)


def look_for_outages(tx: Tx, _: Team, at: datetime) -> None:
    """Look which outages go on, for those that no hook told of."""
    outages.look(tx, f"sweep-{at.timestamp():.6f}", at)


def remind(tx: Tx, team: Team, at: datetime) -> None:
    """Remind the lead of a week that is over and was not turned."""
    reminder.remind(tx, team, f"{at.timestamp():.6f}", at)


def remind_of_postmortems(tx: Tx, team: Team, at: datetime) -> None:
    """Remind of outages that are over and have no post-mortem yet."""
    outages.remind_of_postmortems(tx, team, at)
