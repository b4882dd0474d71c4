"""People and groups: what Slack tells of them by itself."""

from bot.dialogue import Closed, Outcome, Request
from bot.domain.team import Team
from bot.services.people import ask_again
from bot.store import Tx


def changed(tx: Tx, team: Team, request: Request) -> Outcome:
    """Let Slack describe somebody, or a group, anew."""
    del team
    ask_again(tx, request.about or request.who, request.at)
    return Closed()


def joined(tx: Tx, team: Team, request: Request) -> Outcome:
    """Know of a new member of a channel."""
    del team
    tx.joins(request.channel, request.who)
    return Closed()


def left(tx: Tx, team: Team, request: Request) -> Outcome:
    """Know that somebody is no member of a channel any more."""
    del team
    tx.leaves(request.channel, request.who)
    return Closed()
