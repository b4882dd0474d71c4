"""Who is next by the rota, and what is said when a shift begins by it, or should have begun."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain import rota
from bot.domain.operations import Post
from bot.domain.passing import Upcoming
from bot.domain.people import Person, is_in_slack
from bot.domain.rota import Due, Rota
from bot.domain.team import Team
from bot.store import Tx

LATE = "late hand-off told"
"""Name of the remembered fact that holds which message told the channel of the last late hand-off."""
REFRESH = timedelta(seconds=1)
CHOOSE = "Please choose who is next."


def upcoming(tx: Tx, at: datetime) -> Upcoming | None:
    """Find to whom the pager goes next by the rota; None where there is none, or it names nobody."""
    known = tx.rota()
    if known is None or known.read_at is None:
        return None
    shift = tx.shift()
    found = rota.upcoming(known, _people(tx), shift.who if shift else "", at)
    return Upcoming(found.person.id, found.since, known.read_at, known.trouble) if found else None


def next_person(tx: Tx, at: datetime) -> tuple[str, str]:
    """Find the same person's id; where there is none, an empty one, and why."""
    found, known = upcoming(tx, at), tx.rota()
    if found is not None:
        return found.who, ""
    if known is None:
        return "", f"There is no rota that I can read. {CHOOSE}"
    if known.read_at is None:
        return "", f"The rota cannot be read ({known.trouble}). {CHOOSE}"
    return "", f"The rota names nobody whom I know after the one on call. {CHOOSE}"


def watch(tx: Tx, team: Team, at: datetime) -> None:
    """Tell both an hour before a shift begins by the rota, and the channel when it has begun without a hand-off."""
    known = tx.rota()
    if known is None or not known.entries:
        return
    for one in _due(tx, known, at):
        name = f"rota told {one.key}"
        if tx.fact(name):
            continue
        tx.keep_fact(name, at.isoformat(), at)
        for place in _places(tx, team, one):
            about = f"{one.person.id} {one.since.isoformat()}"
            tx.add_operation(one.kind, Post(f"{one.key}:{place}", place, f"handoff.{one.kind}", about), at)
            if one.kind == "late":
                tx.keep_fact(LATE, f"{one.key}:{place}", at)


def begun(tx: Tx, at: datetime) -> None:
    """Let what the channel was told of a late hand-off say that the pager has moved since."""
    if said := tx.fact(LATE):
        tx.keep_fact(LATE, "", at)
        tx.refresh(said, at, at_most_every=REFRESH)


def _due(tx: Tx, known: Rota, at: datetime) -> list[Due]:
    offered = tx.open_handoff()
    return rota.due(known, _people(tx), tx.shift(), offered.incoming if offered else "", at, ())


def _places(tx: Tx, team: Team, due: Due) -> Iterable[str]:
    """Say who is told: both in direct messages, or the channel."""
    if due.kind == "late":
        return (team.channel,)
    shift = tx.shift()
    outgoing = (shift.who,) if shift and is_in_slack(shift.who) else ()
    return (*outgoing, due.person.id)


def _people(tx: Tx) -> list[Person]:
    return [one for one in tx.everybody() if not one.guest]
