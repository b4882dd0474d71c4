"""The reminder to the lead, when a week is over and nobody has turned it."""

from datetime import date, datetime, timedelta

from bot.domain import rollover, week
from bot.domain.journal import Batch
from bot.domain.operations import Plan, Post, Stages
from bot.domain.questions import WeekQuestion
from bot.domain.team import Team
from bot.domain.telling import Due
from bot.domain.tracker import WeekFacts
from bot.services.wow import REMINDER, note_turned, turned_by_hand
from bot.store import Tx


def remind(tx: Tx, team: Team, reminder_id: str, at: datetime) -> None:
    """Find out whether a rollover is due and not done, and remind the lead if so. GitLab may answer later."""
    ending = week.last_ending(team.day(at) - timedelta(days=1))
    if tx.rollover_of(ending):
        return
    plan = Plan("reminder", f"{ending} {team.day(at)}")
    tx.add_batch(Batch(f"reminder-{reminder_id}", "reminder", "", "running", "baton", at), ((("plan", plan),),))


def question(_: Tx, __: Team, ___: str) -> WeekQuestion:
    """Ask which weeks there are."""
    return WeekQuestion("reminder")


def decide(tx: Tx, team: Team, about: str, facts: WeekFacts, at: datetime) -> Stages:
    """Remind, if the week that is over is still the current one."""
    ending, day = about.split()
    last = date.fromisoformat(ending)
    weeks = rollover.find_weeks(facts, team)
    wow = weeks.wow
    if last in weeks.closed:
        note_turned(tx, weeks, at)
    if wow is None or last in weeks.closed or tx.rollover_of(last):
        return ()
    if (wow.due and wow.due > last) or (wow.start and wow.start > last):
        return ()
    return ((("remind", Post(f"due:{ending}:{day}", team.channel, REMINDER, ending)),),)


def due(tx: Tx, ending: str) -> Due:
    """Read how the week that was reminded of stands."""
    day = date.fromisoformat(ending)
    return Due(day, tx.rollover_of(day), by_hand=bool(tx.fact(turned_by_hand(day))))
