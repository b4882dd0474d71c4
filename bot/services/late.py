"""Late additions, labelled at once: on GitLab's hooks, by the hourly sweep, by `/wow check`, and with `/wow add`.

All of them look at the week as it stands now, so it does not matter in which order hooks come, how often, or that some
were missed. Whoever looks first decides, and the verdict is kept.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import late, rollover
from bot.domain.errands import Errand, Told
from bot.domain.errors import Unavailable
from bot.domain.journal import Batch, Delivery
from bot.domain.late import Verdict
from bot.domain.operations import Named, Plan, Post, SetIssue, Stages
from bot.domain.questions import WeekQuestion
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, WeekFacts
from bot.services.backlog import LOOK_FOR_LATE, promised
from bot.services.week import note_labelled, note_seen
from bot.services.wow import REFRESH, judge, late_question, note_turned, person_or_none
from bot.store import Tx

LOOK = LOOK_FOR_LATE
LOOK_EVERY = timedelta(seconds=2)
"""Hooks that come together are answered by one look."""
AFTER_ROLLOVER = timedelta(seconds=5)
"""While the week turns, hooks tell of nothing but our own moves."""
LOOKED = "late additions looked for"
"""Name of the remembered fact that holds when the last look was asked for."""


# At once, and by the clock


def look(tx: Tx, look_id: str, at: datetime) -> None:
    """Look for late additions as soon as may be, unless that is about to happen anyway."""
    if tx.is_waiting(LOOK):
        return
    due, last, turning = at, tx.fact(LOOKED), tx.last_rollover()
    if last:
        due = max(due, datetime.fromisoformat(last) + LOOK_EVERY)
    if turning and turning.state in {"running", "undoing"}:
        due = max(due, at + AFTER_ROLLOVER)
    tx.keep_fact(LOOKED, due.isoformat(), at)
    tx.add_batch(Batch(f"late-{look_id}", "late", "", "running", "baton", due), (((LOOK, Plan("late", "")),),))


def look_question(tx: Tx, _: Team, __: str) -> WeekQuestion:
    """Ask what stands in the current week, the histories of what was not judged yet, and what the token may do."""
    return replace(late_question(tx, "late"), rights=True)


def label(tx: Tx, team: Team, _: str, facts: WeekFacts, at: datetime) -> Stages:
    """Decide which issues of the current week are labelled."""
    weeks = rollover.find_weeks(facts, team)
    note_turned(tx, weeks, at)
    wow = weeks.wow
    found = _unlabelled(tx, team, facts, wow) if wow and not rollover.forbidden(facts) else []
    note_seen(tx, team, facts)
    return _labelled(found, wow, team) if wow else ()


def _unlabelled(tx: Tx, team: Team, facts: WeekFacts, wow: Milestone) -> list[Issue]:
    verdicts = judge(tx, facts, team)
    found = [one for one in facts.of(wow) if one.open and (one.noun == "issue" or rollover.may_move_requests(facts))]
    for one in found:
        if team.labels.unscheduled in one.labels:
            tx.set_labelled(wow.id, one.key, labelled=True)
    return [one for one in found if late.needs_label(one, verdicts.get(one.key), team)]


def _labelled(issues: list[Issue], wow: Milestone, team: Team) -> Stages:
    stage: tuple[Named, ...] = tuple(
        (one.key, SetIssue(one.noun, one.iid, wow.id, add=(team.labels.unscheduled,), unless=_exemption(team)))
        for one in issues
    )
    return (stage,) if stage else ()


def follow_look(tx: Tx, team: Team, _: Batch, delivery: Delivery | None, outcome: str, __: datetime) -> None:
    """Keep in mind what was labelled: what a person takes off from now on stays off."""
    if outcome == "delivered" and delivery and isinstance(delivery.operation, SetIssue):
        _note_labelled(tx, delivery.operation, team)


def _note_labelled(tx: Tx, operation: SetIssue, team: Team) -> None:
    week = operation.source if operation.milestone is None else operation.milestone
    if isinstance(week, int) and team.labels.unscheduled in operation.add:
        tx.set_labelled(week, f"{operation.noun}:{operation.iid}", labelled=True)
        if operation.noun == "issue" and operation.milestone is None:
            note_labelled(tx, week)


# When somebody asks


def run(tx: Tx, errand: Errand) -> None:
    """Begin an errand: it is carried out when GitLab answers, and its message in the channel tells how it goes."""
    tx.save_errand(errand)
    message = Post(message_of(errand.id), errand.channel, "wow.errand", errand.id, otherwise=person_or_none(errand.by))
    tx.add_operation("tell", message, errand.at)
    plan = Plan(errand.kind, errand.id)
    tx.add_batch(Batch(errand.batch, "errand", errand.id, "running", errand.by, errand.at), ((("plan", plan),),))


def waiting(tx: Tx) -> int | None:
    """Count what waits for GitLab while that is known not to answer; else None."""
    gitlab = tx.world("gitlab")
    return promised(tx) if gitlab is not None and not gitlab.up else None


def message_of(errand_id: str) -> str:
    """Name of the channel message that follows an errand."""
    return f"errand:{errand_id}"


def check(tx: Tx, team: Team, errand_id: str, facts: WeekFacts, _: datetime) -> Stages:
    """Decide which issues `/wow check` labels, and what there is to tell of the others."""
    errand = must_find(tx, errand_id)
    wow, problem = _week(facts, team)
    if wow is None:
        tx.save_errand(replace(errand, decided=True, problem=problem))
        return ()
    labelled = _unlabelled(tx, team, facts, wow)
    verdicts = tx.verdicts(wow.id)
    others = [one for one in facts.of(wow) if one.open and one not in labelled]
    known = [one for one in others if _is_late(verdicts.get(one.key)) and team.labels.unscheduled in one.labels]
    taken_off = [one for one in others if one not in known and _was_taken_off(verdicts.get(one.key))]
    told = replace(
        errand,
        decided=True,
        labelled=tuple(labelled),
        known=tuple(known),
        taken_off=tuple(taken_off),
        planned=len(others) - len(known) - len(taken_off) - len(facts.unread),
        unread=len(facts.unread),
    )
    tx.save_errand(told)
    return _labelled(labelled, wow, team)


def _is_late(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.late


def _was_taken_off(verdict: Verdict | None) -> bool:
    return verdict is not None and (verdict.why == late.TAKEN_OFF or (verdict.late and verdict.labelled))


def add_question(tx: Tx, _: Team, errand_id: str) -> WeekQuestion:
    """Ask for an issue, the current week, and what the token may do."""
    return WeekQuestion("add", rights=True, issue=must_find(tx, errand_id).iid)


def add(tx: Tx, team: Team, errand_id: str, facts: WeekFacts, at: datetime) -> Stages:
    """Decide how an issue comes into the current week: moved and, when that has started, labelled, in one request."""
    errand = must_find(tx, errand_id)
    wow, problem = _week(facts, team)
    issue = facts.asked_for
    if errand.project and not is_ours(errand.project, facts, team):
        problem = f"This issue belongs to another project; I look after {facts.project.path}."
    elif issue is None:
        problem = f"There is no issue #{errand.iid} in {facts.project.path}, or my GitLab token may not see it."
    if problem or wow is None or issue is None:
        tx.save_errand(replace(errand, decided=True, problem=problem))
        return ()
    if tx.is_taken(f"issue:{issue.iid}"):
        message = f"#{issue.iid} is being changed right now"
        raise Unavailable(message, retry_after=0.5, world_is_down=False)
    if issue.milestone == wow.id:
        tx.save_errand(replace(errand, decided=True, issue=issue, was_there=True))
        return ()
    is_late = _judge_addition(tx, team, wow, issue, at)
    tx.save_errand(replace(errand, decided=True, issue=issue, late=is_late))
    labels = (team.labels.unscheduled,) if is_late and team.labels.unscheduled not in issue.labels else ()
    move = SetIssue("issue", issue.iid, issue.milestone, wow.id, add=labels, closed_too=True, unless=_exemption(team))
    return (((issue.key, move),),)


def is_ours(address: str, facts: WeekFacts, team: Team) -> bool:
    """Tell whether an address is that of our project, as GitLab writes it or as Baton reaches it."""
    ours = (facts.project.url, f"{team.tracker.rstrip('/')}/{facts.project.path}")
    return _without_scheme(address) in {_without_scheme(one) for one in ours}


def _without_scheme(address: str) -> str:
    return address.casefold().partition("://")[2]


def _exemption(team: Team) -> tuple[str, ...]:
    return (team.labels.unscheduled, team.labels.outage)


def _judge_addition(tx: Tx, team: Team, wow: Milestone, issue: Issue, at: datetime) -> bool:
    """Tell whether an issue that is added now comes late; one whose label a person took off is not labelled again."""
    before = tx.verdicts(wow.id).get(issue.key)
    if _was_taken_off(before) and team.labels.unscheduled not in issue.labels:
        return False
    started = late.week_started(wow, tx.became_wow(wow.id), team)
    is_late = started is not None and at > started and team.labels.outage not in issue.labels
    labelled = team.labels.unscheduled in issue.labels
    tx.forget_verdict(wow.id, issue.key)
    added = at.isoformat() if started is not None and at > started else ""
    verdict = Verdict(late=is_late, why="put into the week by me", labelled=labelled, added=added)
    tx.keep_verdicts(wow.id, {issue.key: verdict}, at)
    return is_late


def _week(facts: WeekFacts, team: Team) -> tuple[Milestone | None, str]:
    """Find the current week, or say why nothing can be done in it."""
    weeks = rollover.find_weeks(facts, team)
    shut = rollover.forbidden(facts)
    if shut:
        return None, shut.reason
    missing = rollover.missing(facts, weeks, team)
    return weeks.wow, missing.reason if missing else ""


def follow_errand(tx: Tx, team: Team, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
    """Keep in mind what was labelled, and let the message say what is true now."""
    if outcome == "delivered" and delivery and isinstance(delivery.operation, SetIssue):
        _note_labelled(tx, delivery.operation, team)
    if outcome in {"progressed", "done", "stopped"}:
        tx.refresh(message_of(batch.about), at, at_most_every=REFRESH if outcome == "progressed" else timedelta())


def told(tx: Tx, errand_id: str) -> Told:
    """Read how far an errand is."""
    errand = must_find(tx, errand_id)
    counts, batch, gitlab, stuck = (
        tx.progress(errand.batch),
        tx.batch(errand.batch),
        tx.world("gitlab"),
        tx.stuck(errand.batch),
    )
    issues = {one.key: one for one in (*errand.labelled, *((errand.issue,) if errand.issue else ()))}
    ended = [one for one in tx.deliveries(errand.batch) if one.name in issues]
    plan = next((one for one in tx.deliveries(errand.batch, "rejected") if one.name == "plan"), None)
    return Told(
        errand=replace(errand, decided=True, problem=plan.error) if plan else errand,
        over=plan is not None or (batch is not None and batch.state == "done"),
        waiting=max(1, counts.waiting),
        gitlab_silent=(gitlab is not None and not gitlab.up) or bool(stuck),
        reason=stuck or (gitlab.reason if gitlab and not gitlab.up else ""),
        refused=tuple((issues[one.name], one.error) for one in ended if one.state == "rejected"),
        kept=tuple((issues[one.name], one.result["kept"]) for one in ended if "kept" in one.result),
    )


def must_find(tx: Tx, errand_id: str) -> Errand:
    """Find an errand; raises LookupError where there is none."""
    found = tx.errand(errand_id)
    if found is None:
        message = f"there is no errand {errand_id}"
        raise LookupError(message)
    return found
