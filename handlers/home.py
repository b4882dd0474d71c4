"""The Home tab: opened, and drawn. Its buttons are those of the commands, and answered by the same handlers."""

from dataclasses import replace
from datetime import datetime

from bot.dialogue import Closed, Outcome, Request
from bot.domain.team import Team
from bot.messages import View
from bot.messages import home as say
from bot.services import home, week
from bot.store import Tx

KNOWN = "home_known"
"""Names the request that is kept until Slack has described whom a Home tab depends on; nobody sees it."""


def opened(tx: Tx, team: Team, request: Request) -> Outcome:
    """Show somebody's Home tab at once, as far as it is known who they are and what they may read.

    GitLab is asked how the week stands only where nobody has asked yet, as after the first start.
    """
    del team
    if request.about != "home":
        return Closed()
    tx.open_home(request.who, request.at)
    week.look(tx, request.id, request.at)
    for unknown in home.not_known_yet(tx, request.who):
        asked = replace(request, id=f"home:{request.who}:{unknown}", name=KNOWN, key="")
        tx.keep_request(asked.id, asked.written(), unknown, request.at)
    return Closed()


def known(tx: Tx, team: Team, request: Request) -> Outcome:
    """Have nothing more to do: what is known now shows by itself."""
    del tx, team, request
    return Closed()


def view(tx: Tx, team: Team, who: str, at: datetime) -> tuple[View, str]:
    """Draw somebody's Home tab, and give what tells whether it says something new."""
    drawn = say.view(home.home(tx, team, who, at), team)
    return drawn, say.without_ages(drawn)
