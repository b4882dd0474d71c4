"""What goes on, and what happened in a shift: all that there is to pass on."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import oncall
from bot.domain.events import Event, Pending, Reader, Span
from bot.domain.oncall import Handed, Handoff
from bot.domain.passing import Listing
from bot.domain.questions import OutageQuestion
from bot.domain.team import Team
from bot.domain.tracker import OutageFacts
from bot.services import outages, privacy
from bot.store import Tx

LOGGED_LATER = timedelta(days=1)
"""What happened this long before a shift may still be logged in it, and is then told in its report."""


def question(tx: Tx, team: Team) -> OutageQuestion:
    """Ask what goes on."""
    return outages.question(tx, team, "")


def listen(tx: Tx, team: Team, facts: OutageFacts, at: datetime) -> None:
    """Take in what GitLab said of what goes on."""
    outages.take_over(tx, team, "", facts, at)


def listing(tx: Tx, team: Team, silent: str = "") -> Listing:
    """List what goes on, as far as it is known; `silent` says why GitLab did not answer just now."""
    facts = tx.ongoing_issues()
    issues, ranks = (facts.ongoing, facts.label_ranks) if facts else ((), {})
    return Listing(oncall.gathered(tx.ongoing(), issues, team.labels, ranks), facts.at if facts else None, silent)


def shift_events(tx: Tx, since: datetime | None, until: datetime) -> list[Event]:
    """List the events of a shift: those that happened in it, and those that were logged in it as having happened before."""
    if since is None:
        return []
    found = tx.events_in(Span(since - LOGGED_LATER, until))
    return [one for one in found if not one.retracted and (one.at >= since or one.recorded_at >= since)]


def reader_of(tx: Tx, who: str, since: datetime | None, at: datetime) -> Reader:
    """Work out what of the shift's events, of what goes on, and of what waits for the hand-off, somebody may read.

    Raises NotKnownYetError where members must be asked for first.
    """
    places = [one.channel for one in tx.ongoing() if one.confidential and one.by != who]
    return privacy.reader(tx, who, [*shift_events(tx, since, at), *tx.pending()], places)


def listing_for(tx: Tx, listing: Listing, reader: Reader) -> Listing:
    """Keep from a reader the titles of what is confidential.

    They are for whoever has the pager or declared it, and for members of the channel in which that was done.
    """
    shift = tx.shift()
    if shift is not None and shift.who == reader.who:
        return listing

    def may_read(one: Handed) -> bool:
        outage = tx.outage(one.outage) if one.outage is not None else None
        place, by = (outage.channel, outage.by) if outage is not None else ("", "")
        return not one.confidential or reader.is_in(place) or by == reader.who

    handed = (one if may_read(one) else replace(one, title=one.spoken) for one in listing.handed)
    return replace(listing, handed=tuple(handed))


def readable(tx: Tx, handoff: Handoff, who: str) -> tuple[frozenset[str], tuple[Pending, ...]]:
    """Work out what of a hand-off somebody may read though it is not for everybody: notes, by key, and what was added.

    A note is for whoever wrote it, and for members of the channel in which its outage was declared. Raises
    NotKnownYetError where members must be asked for first.
    """
    hidden = [one for one in handoff.handed if one.hidden and one.note]
    found = [(one.key, tx.outage(one.outage)) for one in hidden if one.outage is not None]
    places = {key: outage.channel for key, outage in found if outage is not None and outage.channel}
    reader = privacy.reader(tx, who, handoff.pending, places.values())
    written = {one.key for one in hidden} if who == handoff.by else set()
    notes = written | {key for key, channel in places.items() if reader.is_in(channel)}
    return frozenset(notes), tuple(one for one in handoff.pending if reader.may_read(one))
