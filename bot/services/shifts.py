"""What GitLab and Slack must know of a shift that begins: who has the issues, their notes, the report, the group, the topic."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import oncall
from bot.domain.errors import UserError
from bot.domain.events import PUBLIC
from bot.domain.journal import Batch, Delivery
from bot.domain.oncall import Handed, Handoff
from bot.domain.operations import (
    AddNote,
    Assign,
    Colleague,
    Named,
    PlanInLine,
    Post,
    SetTopic,
    SetUsergroup,
    Stages,
    WriteReport,
)
from bot.domain.passing import Reported
from bot.domain.questions import OutageQuestion
from bot.domain.team import Team
from bot.domain.tracker import OutageFacts
from bot.services import ongoing, outages, rota
from bot.services.people import names_of
from bot.store import Tx

HANDOFF = "handoff"
"""Kind of the batch that tells GitLab and Slack of a shift that began."""
SHIFTS = "shifts"
"""The line in which shifts are told to GitLab: what the last one says stands at the end."""
SIGNS = "signs"
"""Kind of the batch that lets Slack's user group and topic say who is on call."""
REPORTS = "reports"
"""The line in which reports wait: each names the one before."""
REFRESH = timedelta(seconds=1)


def begin(tx: Tx, team: Team, handoff: Handoff, at: datetime) -> None:
    """Let the shift of the incoming person begin, and write down what GitLab and Slack must know of it."""
    tx.begin_shift(handoff.incoming, at, handoff.number)
    rota.begun(tx, at)
    save(tx, handoff, at)
    about, by = str(handoff.number), handoff.incoming
    plan = PlanInLine(HANDOFF, about, SHIFTS)
    tx.add_batch(Batch(batch_of(handoff.number), HANDOFF, about, "running", by, at), ((("read", plan),),))
    signs: list[Named] = []
    if team.oncall_group:
        signs.append(("group", SetUsergroup(team.oncall_group)))
    if team.oncall_topic:
        signs.append(("topic", SetTopic(team.channel)))
    if signs:
        tx.add_batch(Batch(signs_of(handoff.number), SIGNS, about, "running", by, at), (tuple(signs),))


def plan_question(tx: Tx, team: Team, _: str) -> OutageQuestion:
    """Ask what goes on by now."""
    return outages.question(tx, team, "")


def plan(tx: Tx, team: Team, about: str, facts: OutageFacts, at: datetime) -> Stages:
    """Decide what GitLab is told of a shift that began: each part by itself.

    What began since it was offered passes, too; what is over meanwhile stays for its note. Who was assigned when it was
    offered stays known, so that whom somebody assigned since is not taken for one of those.
    """
    outages.take_over(tx, team, "", facts, at)
    handoff = must_find(tx, int(about))
    offered = handoff.handed if handoff.state == "accepted" and handoff.listed_at else ()
    then = {one.key: one.assignees for one in offered}
    now = (replace(one, assignees=then.get(one.key, one.assignees)) for one in ongoing.listing(tx, team).handed)
    handed = oncall.as_it_stands(tuple(now), handoff.handed)
    tx.save_handoff(replace(handoff, handed=handed, listed_at=facts.at, stale=False))
    told: list[Named] = []
    for one in handed:
        told.append((f"assign {one.key}", Assign(handoff.number, one.key, one.key)))
        marker = f"handoff:{handoff.key}:{one.key}"
        told.append((f"note {one.key}", AddNote(handoff.number, one.key, one.key, marker)))
    report = WriteReport(
        f"report:{handoff.key}",
        "",
        "",
        (team.labels.report,),
        confidential=handoff.private,
        line=REPORTS,
        handoff=handoff.number,
    )
    return ((*told, ("report", report)),)


def must_find(tx: Tx, number: int) -> Handoff:
    """Find a hand-off; raises UserError when there is none."""
    found = tx.handoff(number)
    if found is None:
        message = "I no longer know this hand-off. `/handoff status` shows who is on call."
        raise UserError(message)
    return found


def save(tx: Tx, handoff: Handoff, at: datetime) -> None:
    """Keep how a hand-off is now, and let its messages say so."""
    tx.save_handoff(handoff)
    refresh(tx, handoff.number, at)


def refresh(tx: Tx, number: int, at: datetime) -> None:
    """Let all messages about a hand-off say what is true now."""
    for kind in ("offer", "offer-direct", "reminder", "waiting", "escalation"):
        key = f"{kind}:{number}"
        if tx.message(key) is not None or tx.is_taken(f"message:{key}"):
            tx.refresh(key, at, at_most_every=REFRESH)


def batch_of(number: int) -> str:
    """Name the batch that tells GitLab of a hand-off."""
    return f"handoff-{number}"


def signs_of(number: int) -> str:
    """Name the batch that lets Slack's user group and topic say who is on call since a hand-off."""
    return f"signs-{number}"


def follow(tx: Tx, _: Team, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
    """Remember the report, and let the messages say what is true now."""
    number = int(batch.about)
    if delivery and outcome == "delivered" and isinstance(delivery.operation, WriteReport):
        result, handoff = delivery.result, must_find(tx, number)
        tx.save_handoff(replace(handoff, report=int(result["iid"]), report_url=str(result.get("url", ""))))
    refresh(tx, number, at)


def follow_signs(tx: Tx, team: Team, _: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
    """Say once what Slack does not let Baton do."""
    operation = delivery.operation if delivery else None
    if delivery and isinstance(operation, SetUsergroup | SetTopic) and outcome in {"delivered", "rejected"}:
        _note_right(tx, team, operation, delivery.error if outcome == "rejected" else "", at)


def _note_right(tx: Tx, team: Team, operation: SetUsergroup | SetTopic, reason: str, at: datetime) -> None:
    """Say that a right is missing once, not at every hand-off."""
    name = f"refused {operation.target}"
    if reason and tx.fact(name) != reason:
        show = "handoff.group_refused" if isinstance(operation, SetUsergroup) else "handoff.topic_refused"
        tx.add_operation("refused", Post(f"{name}:{at.timestamp():.6f}", team.channel, show, reason), at)
    if tx.fact(name) != reason:
        tx.keep_fact(name, reason, at)


def retry(tx: Tx, number: int, at: datetime) -> int:
    """Try again what was refused of a hand-off; how much that was."""
    again = tx.retry(batch_of(number), None, at)
    refresh(tx, number, at)
    return again


def handed_in(tx: Tx, number: int, key: str) -> tuple[Handoff, Handed]:
    """Find what passed in a hand-off, with the number of its issue as known now."""
    handoff = must_find(tx, number)
    handed = next(one for one in handoff.handed if one.key == key)
    outage = tx.outage(handed.outage) if handed.outage is not None else None
    if outage is None:
        return handoff, handed
    confidential = handed.confidential or outage.confidential
    return handoff, replace(
        handed, iid=outage.iid or handed.iid, url=outage.url or handed.url, confidential=confidential
    )


def colleague(tx: Tx, team: Team, who: str) -> Colleague | None:
    """Say how GitLab may know somebody of Slack; None for nobody."""
    if not who:
        return None
    person = tx.people([who]).get(who)
    return Colleague(team.gitlab_users.get(who, ""), person.email if person else "", person.handle if person else "")


def reported(tx: Tx, number: int) -> Reported:
    """Gather what the report of a hand-off says."""
    handoff = must_find(tx, number)
    until = handoff.answered_at or handoff.at
    found = ongoing.shift_events(tx, handoff.since, until)
    public = [one for one in found if PUBLIC.may_read(one)]
    whom = {one for one in (handoff.outgoing, handoff.incoming, *(event.by for event in public)) if one}
    ended = tx.outages_ended(handoff.since, until) if handoff.since else []
    previous = tx.last_report_before(number)
    return Reported(
        replace(handoff, handed=tuple(handed_in(tx, number, one.key)[1] for one in handoff.handed)),
        names_of(tx, whom),
        tuple(public),
        len(found) - len(public),
        (
            *((f"#{one.iid} ({one.reference})" if one.iid else one.reference, one.spoken) for one in ended),
            *((one.reference, one.spoken) for one in _lost_no_more(handoff, previous)),
        ),
        previous,
    )


def _lost_no_more(handoff: Handoff, previous: Handoff | None) -> list[Handed]:
    """List the issues about data loss that went on when the shift began, and do not any more.

    The log does not tell when they ended, as it does of outages.
    """
    if previous is None or previous.answered_at != handoff.since:
        return []
    there = {one.iid for one in handoff.handed}
    return [one for one in previous.handed if one.outage is None and not one.over and one.iid not in there]
