"""What is brought up by itself: offers that nobody answers, outages without an update, and shifts that begin by the rota.

It is looked for every few seconds. What was said is written down with the saying, so any number of processes may look.
"""

import json
from dataclasses import replace
from datetime import datetime

from bot.domain import oncall
from bot.domain.oncall import Handoff
from bot.domain.operations import Post
from bot.domain.outages import Outage
from bot.domain.people import is_in_slack
from bot.domain.team import Team
from bot.services import rota
from bot.store import Tx


def watch(tx: Tx, team: Team, at: datetime) -> None:
    """Bring up what is due."""
    offered = tx.open_handoff()
    if offered is not None:
        _watch_offer(tx, team, offered, at)
    _watch_outages(tx, team, at)
    rota.watch(tx, team, at)
    tx.tidy()


def _watch_offer(tx: Tx, team: Team, offered: Handoff, at: datetime) -> None:
    """Remind both when nobody answers, and then tell the channel."""
    about = str(offered.number)
    if oncall.to_be_reminded(offered, at, team.handoff_reminder):
        offered = replace(offered, reminded_at=at)
        reminder = Post(f"reminder:{offered.number}", offered.incoming, "handoff.reminder", about)
        tx.add_operation("remind", reminder, at)
        if is_in_slack(offered.outgoing):
            waiting = Post(f"waiting:{offered.number}", offered.outgoing, "handoff.waiting", about)
            tx.add_operation("remind", waiting, at)
    if oncall.to_be_escalated(offered, at, team.handoff_escalation):
        offered = replace(offered, escalated_at=at)
        escalation = Post(f"escalation:{offered.number}", team.channel, "handoff.escalation", about)
        tx.add_operation("escalate", escalation, at)
    if at in {offered.reminded_at, offered.escalated_at}:
        tx.save_handoff(offered)


def _watch_outages(tx: Tx, team: Team, at: datetime) -> None:
    """Remind whoever is on call of outages without an update, each once per period; the channel, where nobody is."""
    quiet = [(one.number, last) for one in tx.ongoing() if (last := _quiet_since(tx, team, one, at))]
    if not quiet:
        return
    for number, _ in quiet:
        tx.keep_fact(_brought_up(number), at.isoformat(), at)
    shift = tx.shift()
    place = shift.who if shift is not None and is_in_slack(shift.who) else team.channel
    about = json.dumps([[number, last.isoformat()] for number, last in quiet])
    tx.add_operation("bring up", Post(f"quiet:{quiet[0][0]}:{at.timestamp():.6f}", place, "outage.quiet", about), at)


def _quiet_since(tx: Tx, team: Team, outage: Outage, at: datetime) -> datetime | None:
    """Tell since when nothing was said of an outage, if that is to be brought up now."""
    before, last = tx.fact(_brought_up(outage.number)), last_update(tx, outage)
    reminded_at = datetime.fromisoformat(before) if before else None
    return last if oncall.is_without_update(last, reminded_at, at, team.outage_reminder) else None


def _brought_up(number: int) -> str:
    return f"outage {number} brought up"


def last_update(tx: Tx, outage: Outage) -> datetime:
    """Tell when something was last said of an outage: logged here, or written into its issue."""
    moments = [outage.began_at]
    logged = tx.events_logged_in(outage.number)
    if logged:
        moments.append(logged[-1].recorded_at)
    facts = tx.ongoing_issues()
    moments += [one.updated_at for one in (facts.ongoing if facts else ()) if one.iid == outage.iid]
    return max(moments)
