"""The Home tab: all that it tells, read from the store at once. GitLab is never asked on its account."""

from datetime import datetime, timedelta

from bot.domain.errors import NotKnownYetError, UserError
from bot.domain.events import Event, Reader, Span
from bot.domain.home import Backlog, Home, WeekNow
from bot.domain.logged import Listed
from bot.domain.outages import Outage
from bot.domain.people import Right
from bot.domain.team import Team
from bot.domain.week import Week
from bot.services import ongoing, privacy, rota
from bot.services.backlog import outstanding
from bot.services.people import require
from bot.services.wow import progress
from bot.store import Tx

NEWEST = 10
"""Events that are shown."""
SOON = timedelta(seconds=30)
"""What was asked of GitLab so short a while ago, while it answers, is on its way, and does not wait."""


def home(tx: Tx, team: Team, who: str, at: datetime) -> Home:
    """Read what somebody's Home tab tells: private texts only where they are known to be a member."""
    events = tx.newest(NEWEST + 1, Span(), None)
    more, events = len(events) > NEWEST, events[-NEWEST:]
    outages = tx.ongoing()
    reader, _ = _reader(tx, who, events, outages)
    backlog = _backlog(tx, at)
    listing = ongoing.listing(tx, team, backlog.reason if backlog.silent else "")
    return Home(
        who=who,
        shift=tx.shift(),
        listing=ongoing.listing_for(tx, listing, reader),
        week=_week(tx, team, at),
        log=Listed(tuple(events), reader, tx.outages({one.outage for one in events if one.outage is not None}), more),
        backlog=backlog,
        offer=tx.open_handoff(),
        upcoming=rota.upcoming(tx, at),
        pending=len(tx.pending()),
        only_looks=_why_only_looks(tx, team, who),
    )


def not_known_yet(tx: Tx, who: str) -> frozenset[str]:
    """Name whom Slack must describe before all of somebody's Home tab is known: they themselves, and channels."""
    _, channels = _reader(tx, who, tx.newest(NEWEST, Span(), None), tx.ongoing())
    return channels if tx.people([who]) else channels | {who}


def _reader(tx: Tx, who: str, events: list[Event], outages: list[Outage]) -> tuple[Reader, frozenset[str]]:
    places = [one.channel for one in outages if one.confidential and one.by != who]
    return privacy.as_known(tx, who, events, places)


def _why_only_looks(tx: Tx, team: Team, who: str) -> str:
    try:
        require(tx, team, who, Right.WRITE)
    except UserError as refusal:
        return str(refusal)
    except NotKnownYetError:
        return ""  # whoever presses a button is asked about then
    return ""


def _week(tx: Tx, team: Team, at: datetime) -> WeekNow:
    """Tell how the week stands: as last seen, unless it was turned (or turned back) since."""
    seen, last = tx.week_seen(), tx.last_rollover()
    if last is not None and last.state in {"running", "undoing"}:
        return WeekNow(running=progress(tx, last.id))
    ended_at = (last.undone_at or last.done_at) if last is not None else None
    if last is not None and ended_at is not None and (seen is None or seen.at < ended_at):
        return WeekNow(turned=last)
    due = seen.milestone.due if seen and seen.milestone else None
    if due is None:
        return WeekNow(seen)
    today = team.day(at)
    return WeekNow(seen, days_left=Week(due).days_left(today), ended=max(0, (today - due).days))


def _backlog(tx: Tx, at: datetime) -> Backlog:
    count, oldest = outstanding(tx)
    gitlab = tx.world("gitlab")
    if gitlab is not None and not gitlab.up:
        return Backlog(count, gitlab.since, gitlab.reason)
    return Backlog(count if oldest is not None and at - oldest > SOON else 0)
