"""Availability and performance priority: an issue gets the AP label that its urgency and its impact give.

The label is set by an errand, like an issue that is put into the week: what the person saw is compared with what stands
on the issue when GitLab answers, so nothing overrules whoever changed it meanwhile.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import priority, rollover
from bot.domain.errands import Errand
from bot.domain.errors import Unavailable, UserError
from bot.domain.operations import SetIssue, Stages
from bot.domain.questions import WeekQuestion
from bot.domain.team import Team
from bot.domain.tracker import Issue, LabelEvent, WeekFacts
from bot.services.late import is_ours, must_find
from bot.store import Tx

CLOCKS_DIFFER = timedelta(seconds=5)
"""GitLab was silent when the person chose, so what it dates so shortly after that was before it."""


def question(iid: int) -> WeekQuestion:
    """Ask for an issue, and what the token may do."""
    return WeekQuestion("ap", rights=True, issue=iid)


def plan_question(tx: Tx, _: Team, errand_id: str) -> WeekQuestion:
    """Ask for the same and, where nobody saw the issue before, what happened to its labels."""
    errand = must_find(tx, errand_id)
    return replace(question(errand.iid), label_events=errand.shown is None)


def find(facts: WeekFacts, team: Team, iid: int, project: str) -> Issue:
    """Find the issue; raises UserError where there is none, or nothing can be done with it."""
    if shut := rollover.forbidden(facts):
        raise UserError(shut.reason)
    if project and not is_ours(project, facts, team):
        raise UserError(f"This issue belongs to another project; I look after {facts.project.path}.")
    if facts.asked_for is None:
        raise UserError(f"There is no issue #{iid} in {facts.project.path}, or my GitLab token may not see it.")
    return facts.asked_for


def decide(tx: Tx, team: Team, errand_id: str, facts: WeekFacts, at: datetime) -> Stages:
    """Decide which AP labels go and whether the new one comes, unless somebody was faster."""
    del at
    errand = must_find(tx, errand_id)
    try:
        issue = find(facts, team, errand.iid, errand.project)
    except UserError as refusal:
        tx.save_errand(replace(errand, decided=True, problem=str(refusal)))
        return ()
    if tx.is_taken(issue.key):
        message = f"#{issue.iid} is being changed right now"
        raise Unavailable(message, retry_after=0.5, world_is_down=False)
    there = priority.ap_labels(issue.labels)
    others = tuple(label for label in there if label != errand.label)
    has_it_alone = there == (errand.label,)
    told = replace(errand, decided=True, issue=issue, was_there=has_it_alone, replaced=others)
    if not has_it_alone and _was_faster(errand, facts, issue):
        now = " and ".join(there) or "none"
        problem = f"somebody changed its AP label meanwhile: now it has {now}. `/wow ap #{errand.iid}` sets it again."
        told = replace(told, problem=problem)
    tx.save_errand(told)
    if has_it_alone or told.problem:
        return ()
    unseen = tuple(label for label in priority.AP_LABELS if label not in {*there, errand.label})
    add = (errand.label,) if errand.label not in there else ()
    change = SetIssue(
        "issue", issue.iid, issue.milestone, add=add, remove=others, unless=(errand.label, *unseen), anywhere=True
    )
    return (((issue.key, change),),)


def _was_faster(errand: Errand, facts: WeekFacts, issue: Issue) -> bool:
    """Tell whether somebody changed the AP labels since the person chose."""
    if errand.shown is not None:
        return priority.ap_labels(issue.labels) != errand.shown
    return any(
        isinstance(one, LabelEvent)
        and one.label in priority.AP_LABELS
        and one.at >= errand.at + CLOCKS_DIFFER
        and not (facts.own_user and one.by == facts.own_user)
        for one in facts.events.get(issue.key, ())
    )
