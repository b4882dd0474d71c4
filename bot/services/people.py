"""Who may do what, decided with what is remembered of people and groups; and whom Slack must be asked about again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain import people
from bot.domain.people import Right
from bot.domain.team import Team
from bot.store import Tx

HOME = "workspace"
"""Name of the remembered fact that holds the id of Baton's own workspace."""
TERMINAL = "terminal:"
"""What stands before the name of somebody who is known by a terminal alone. No id of Slack's begins like this."""


def require(tx: Tx, team: Team, who: str, right: Right) -> None:
    """Let `who` go on, or raise UserError with the reason, or NotKnownYetError when Slack must be asked first.

    Somebody at a terminal (`terminal:ops`) may do everything: who has a shell there has Baton's tokens anyway.
    """
    if who.startswith(TERMINAL):
        return
    groups = [lead for lead in team.leads if lead.startswith("S")]
    people.may(
        who,
        right,
        team,
        home=tx.fact(HOME),
        people=tx.people([who]),
        groups=tx.groups(groups),
    )


def is_lead(tx: Tx, team: Team, who: str) -> bool:
    """Tell whether somebody is one of the team's leads, or at a terminal; raises NotKnownYetError where Slack must be asked."""
    if who.startswith(TERMINAL):
        return True
    return people.is_lead(who, team, tx.groups([lead for lead in team.leads if lead.startswith("S")]))


def zone_of(tx: Tx, team: Team, who: str) -> ZoneInfo | None:
    """Tell in which zone somebody types times, None where Slack has not described them yet; at a terminal, the team's."""
    if who.startswith(TERMINAL):
        return team.zone
    person = tx.people([who]).get(who)
    if person is None:
        return None
    try:
        return ZoneInfo(person.zone)
    except (ZoneInfoNotFoundError, ValueError):
        return team.zone


def names_of(tx: Tx, whom: Iterable[str]) -> dict[str, str]:
    """Give plain names by id, for texts in which nobody can be mentioned."""
    wanted = list(whom)
    known = tx.people(wanted)
    return {who: known[who].name if who in known else _name(who) for who in wanted}


def all_names(tx: Tx) -> dict[str, tuple[str, ...]]:
    """Give all names of everybody who is known, by id, for texts that may name nobody; a bot is nobody."""
    return {person.id: person.names for person in tx.everybody() if not person.bot}


def _name(who: str) -> str:
    """Name somebody whom Slack does not describe."""
    kind, found, name = who.partition(":")
    if not found:
        return who or "somebody"
    return (name or "somebody") + {"gitlab": " (GitLab)", "terminal": " (terminal)"}.get(kind, "")


LONG_AGO = timedelta(days=365)


def ask_again(tx: Tx, who: str, at: datetime) -> None:
    """Let somebody, or a group, be described anew; until then the last description stands."""
    for person in tx.people([who]).values():
        tx.keep_person(person, at - LONG_AGO)
    for group, members in tx.groups([who]).items():
        tx.keep_group(group, members, at - LONG_AGO)
