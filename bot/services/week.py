"""How the weeks stand: the current one, the next one, and those that are closed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain import priority, rollover
from bot.domain.home import WeekSeen
from bot.domain.journal import Batch
from bot.domain.operations import Plan, Stages
from bot.domain.questions import WeekQuestion
from bot.domain.team import Team
from bot.domain.telling import Closed, Standing
from bot.domain.tracker import Issue, Milestone, WeekFacts
from bot.domain.turning import Rollover
from bot.domain.week import Week
from bot.services.backlog import LOOK_AT_WEEK
from bot.services.wow import progress
from bot.store import Tx

WHERE = "tracker"
RANKS = "label ranks"
"""Name of the remembered fact that holds the project's own order of labels."""


def forget_another_tracker(tx: Tx, where: str, at: datetime) -> None:
    """Forget what the tracker said last, because from now on it is the one at `where`."""
    tx.forget_snapshots()
    tx.forget_ongoing()
    tx.forget_week_seen()
    tx.forget_totals()
    tx.keep_fact(WHERE, where, at)


def status_question() -> WeekQuestion:
    """Ask how the current week stands."""
    return WeekQuestion("week", wow=True, ranks=True)


def next_question() -> WeekQuestion:
    """Ask what is planned for the next week."""
    return WeekQuestion("next", following=True, ranks=True)


def history_question(weeks: int) -> WeekQuestion:
    """Ask about the newest closed weeks."""
    return WeekQuestion(f"history {weeks}", closed_weeks=weeks)


def keep_ranks(tx: Tx, facts: WeekFacts) -> None:
    """Remember the order that the project gives its labels, where it was asked for."""
    if facts.label_ranks:
        ranked = {label: rank for label, rank in facts.label_ranks.items() if rank is not None}
        tx.keep_fact(RANKS, json.dumps(ranked), facts.at)


def known_ranks(tx: Tx) -> dict[str, int | None]:
    """Recall the order that the project gave its labels last; empty where it gives none, or never said."""
    return dict(json.loads(tx.fact(RANKS) or "{}"))


def status(tx: Tx, team: Team, facts: WeekFacts, now: datetime, as_of: datetime | None) -> Standing:
    """Work out how the current week stands."""
    wow = rollover.find_weeks(facts, team).wow
    last = tx.last_rollover()
    running = progress(tx, last.id) if last and last.state in {"running", "undoing"} else None
    if wow is None:
        return Standing(team.wow_title, now, as_of=as_of, running=running)
    carried = None
    if tx.became_wow(wow.id):
        here = {issue.key for issue in facts.of(wow) if issue.noun == "issue"}
        verdicts = tx.verdicts(wow.id)
        carried = sum(verdict.why == "carried over" and key in here for key, verdict in verdicts.items())
    today = team.day(now)
    return replace(
        _standing(team.wow_title, wow, facts, team, now, as_of, _ranks(tx, facts)),
        carried=carried,
        days_left=Week(wow.due).days_left(today) if wow.due else None,
        ended=max(0, (today - wow.due).days) if wow.due else 0,
        running=running,
    )


def look(tx: Tx, look_id: str, at: datetime) -> None:
    """Look how the current week stands, where nobody has asked yet."""
    if tx.week_seen() is None and not tx.is_waiting(LOOK_AT_WEEK):
        plan = Plan("week", "")
        tx.add_batch(Batch(f"week-{look_id}", "week", "", "running", "baton", at), (((LOOK_AT_WEEK, plan),),))


def look_question(_: Tx, __: Team, ___: str) -> WeekQuestion:
    """Ask how the current week stands."""
    return status_question()


def looked(tx: Tx, team: Team, _: str, facts: WeekFacts, __: datetime) -> Stages:
    """Remember how it stands."""
    tx.keep_snapshot("week", facts)
    note_seen(tx, team, facts)
    return ()


def note_seen(tx: Tx, team: Team, facts: WeekFacts) -> None:
    """Remember in numbers how the current week stands, for those who look without asking GitLab."""
    stands = status(tx, team, facts, facts.at, None)
    tx.keep_week_seen(
        WeekSeen(
            at=facts.at,
            milestone=stands.milestone,
            done=stands.done,
            open=len(stands.open),
            unscheduled=stands.unscheduled,
            outages=stands.outages,
            carried=stands.carried,
            goals=len(stands.goals),
            goals_done=sum(not goal.open for goal in stands.goals),
        )
    )


def note_labelled(tx: Tx, wow: int) -> None:
    """Count one more unscheduled issue in the week as it was seen: it was labelled since, by ourselves."""
    seen = tx.week_seen()
    if seen and seen.milestone and seen.milestone.id == wow:
        tx.keep_week_seen(replace(seen, unscheduled=seen.unscheduled + 1))


def _ranks(tx: Tx, facts: WeekFacts) -> Mapping[str, int | None]:
    """Give the project's order of labels; an answer to another question does not tell it."""
    return facts.label_ranks or known_ranks(tx)


def following(team: Team, facts: WeekFacts, now: datetime, as_of: datetime | None) -> Standing:
    """Work out what is planned for the next week."""
    milestone = rollover.find_weeks(facts, team).following
    if milestone is None:
        return Standing(team.next_wow_title, now, as_of=as_of)
    return _standing(team.next_wow_title, milestone, facts, team, now, as_of, facts.label_ranks)


def _standing(
    title: str,
    milestone: Milestone,
    facts: WeekFacts,
    team: Team,
    now: datetime,
    as_of: datetime | None,
    ranks: Mapping[str, int | None],
) -> Standing:
    issues = [issue for issue in facts.of(milestone) if issue.noun == "issue"]
    order = priority.order_of(ranks, team.labels)
    return Standing(
        title,
        now,
        milestone=milestone,
        done=sum(not issue.open for issue in issues),
        open=tuple(
            sorted(
                (issue for issue in issues if issue.open), key=lambda one: (priority.rank(one.labels, order), one.iid)
            )
        ),
        goals=tuple(issue for issue in issues if team.labels.goal in issue.labels),
        unscheduled=sum(_is_unscheduled(issue, team) for issue in issues),
        outages=sum(
            team.labels.outage in issue.labels and team.labels.unscheduled not in issue.labels for issue in issues
        ),
        ap={label: sum(label in issue.labels for issue in issues if issue.open) for label in priority.AP_LABELS},
        as_of=as_of,
        order=order,
        own_order=any(rank is not None for rank in ranks.values()),
    )


def _is_unscheduled(issue: Issue, team: Team) -> bool:
    return bool({team.labels.unscheduled, team.labels.outage} & set(issue.labels))


def history(tx: Tx, team: Team, facts: WeekFacts, weeks: int) -> tuple[Closed, ...]:
    """Work out the newest closed weeks, newest first; what Baton recorded fills in what GitLab no longer tells."""
    closed = rollover.find_weeks(facts, team).closed
    found = []
    for ending in sorted(closed, reverse=True)[:weeks]:
        milestone = closed[ending]
        record = tx.rollover_of(ending)
        who = facts.closed_by.get(milestone.id)
        issues = [issue for issue in facts.of(milestone) if issue.noun == "issue"]
        found.append(
            Closed(
                milestone=milestone,
                done=sum(not issue.open for issue in issues),
                unscheduled=sum(_is_unscheduled(issue, team) for issue in issues) + _moved_away(record, team),
                carried=_carried(record),
                by=record.by if record else "",
                by_hand=who.name if who and not record else "",
                at=record.done_at if record else None,
            )
        )
    return tuple(found)


def _carried(record: Rollover | None) -> int | None:
    if record is None or record.turn is None:
        return None
    return sum(line.noun == "issue" and line.choice != "leave" for line in record.turn.lines)


def _moved_away(record: Rollover | None, team: Team) -> int:
    """Count the unscheduled issues that the rollover carried out of the week."""
    if record is None or record.turn is None:
        return 0
    marks = {team.labels.unscheduled, team.labels.outage}
    return sum(
        line.noun == "issue" and line.choice != "leave" and (line.late or bool(marks & set(line.labels)))
        for line in record.turn.lines
    )
