"""Private stays private: which channels are, and who may read what was said there. Decided here, and nowhere else."""

from collections.abc import Iterable

from bot.domain.errors import NotKnownYetError, UserError
from bot.domain.events import Event, Pending, Reader
from bot.domain.outages import Outage
from bot.domain.team import Team
from bot.services.people import TERMINAL
from bot.store import Tx


def is_private(tx: Tx, team: Team, channel: str, *, said_so: bool) -> bool:
    """Tell whether what is said in `channel` is for its members only; `said_so` tells that Slack called it private.

    Raises NotKnownYetError where Slack must be asked first: what two people say to each other is private, what somebody
    types in the direct messages with Baton is not.
    """
    if said_so or channel in team.private_channels:
        return True
    if not channel:
        return False
    known = tx.is_private(channel)
    if known is None:
        raise NotKnownYetError(channel)
    return known


def reader(tx: Tx, who: str, events: Iterable[Event | Pending], channels: Iterable[str] = ()) -> Reader:
    """Work out what of these events, and of what was said in these channels, `who` may read.

    Raises NotKnownYetError where members must be asked for first.
    """
    if who.startswith(TERMINAL):
        return Reader(who, everything=True)
    return _reader(tx, who, {*channels, *(one.channel for one in events if one.hidden and one.by != who)})


def reader_of_all(tx: Tx, who: str) -> Reader:
    """Work out what of the whole log `who` may read; raises NotKnownYetError where members must be asked for first."""
    if who.startswith(TERMINAL):
        return Reader(who, everything=True)
    return _reader(tx, who, tx.channels_of_hidden())


def as_known(
    tx: Tx, who: str, events: Iterable[Event | Pending], channels: Iterable[str] = ()
) -> tuple[Reader, frozenset[str]]:
    """Work out what of these `who` may read for all that is known now, and of which channels the members are not.

    Nobody counts as a member of those.
    """
    places = {*channels, *(one.channel for one in events if one.hidden and one.by != who)} - {""}
    known = tx.membership(who, places)
    unknown = frozenset(one for one in places - known.keys() if not one.startswith("D"))
    return Reader(who, frozenset(one for one, there in known.items() if there)), unknown


def _reader(tx: Tx, who: str, channels: Iterable[str]) -> Reader:
    wanted = {one for one in channels if one}
    known = tx.membership(who, wanted)
    # who talks with whom alone is known from the moment of logging, or never
    if unknown := {one for one in wanted - known.keys() if not one.startswith("D")}:
        raise NotKnownYetError(min(unknown))
    return Reader(who, frozenset(one for one, there in known.items() if there))


def must_read(tx: Tx, who: str, event: Event) -> None:
    """Let `who` see and change an event, or raise UserError when its text is not for them."""
    if not reader(tx, who, [event]).may_read(event):
        message = "This event is private: only members of the channel that it comes from can see or change it."
        raise UserError(message)


def may_stand_under(event: Event, outage: Outage | None) -> bool:
    """Tell whether the text of an event may stand in its note under the issue of `outage`, also where it moved on since.

    What was said in a private channel stands in internal notes, which only members of the project see.
    """
    return event.private or not event.hidden or (outage is not None and outage.confidential)


def echo_channel(team: Team, who: str, channel: str, *, private: bool) -> str:
    """Choose where it is said that something changed: in the team's channel, or in the private one it comes from."""
    if not private:
        return team.channel
    return channel or who
