"""Who is next by the rota, and what is said of a shift that begins by it."""

from datetime import datetime

from bot.domain.passing import Upcoming
from bot.domain.team import Team
from bot.store import Tx


def upcoming(tx: Tx, at: datetime) -> Upcoming | None:
    del tx, at
    return None


def next_person(tx: Tx, team: Team, at: datetime) -> tuple[str, str]:
    del tx, team, at
    return "", ""


def watch(tx: Tx, team: Team, at: datetime) -> None:
    del tx, team, at
