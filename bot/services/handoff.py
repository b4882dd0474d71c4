"""The pager: offered with all that goes on, accepted, declined, cancelled or taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain import oncall
from bot.domain.errors import UserError
from bot.domain.events import PUBLIC, Pending
from bot.domain.oncall import Handed, Handoff, Shift
from bot.domain.operations import (
    AddNote,
    Assign,
    CreateIssue,
    Operation,
    Plan,
    Post,
)
from bot.domain.passing import Part, Standing, Told
from bot.domain.people import Person, is_in_slack
from bot.domain.team import Team
from bot.services import events, ongoing, privacy, rota, shifts
from bot.services.people import HOME, is_lead, zone_of
from bot.store import Tx

OFFER = "handoff.offer"
"""The rendering of the message that offers a hand-off, and of one that tells of a pager taken."""
IN_THREAD = "in its thread"
"""Remembered of an offer that was asked about where everybody sees it."""


@dataclass(frozen=True)
class Asked:
    """What somebody filled in: to whom it goes, and what they say of it. `notes` are by key of what they are about.

    `channel` is where it was asked for, and `stale` tells that GitLab did not answer then.
    """

    key: str
    by: str
    incoming: str
    at: datetime
    summary: str = ""
    quiet: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    common_note: str = ""
    channel: str = ""
    private: bool = False
    stale: bool = False


# Who hands off to whom


def must_be_able_to_offer(tx: Tx, team: Team, who: str) -> Shift | None:
    """Refuse whoever cannot hand off now, with the reason; gives the present shift."""
    shift = tx.shift()
    lead = shift is not None and shift.who != who and is_lead(tx, team, who)
    oncall.must_have_the_pager(who, shift, lead=lead)
    oncall.must_be_no_other(tx.open_handoff())
    return shift


def must_be_handed_to(tx: Tx, incoming: Person, by: str) -> None:
    """Refuse whom the pager cannot go to, with the reason."""
    oncall.must_be_handed_to(incoming, by, tx.shift(), tx.fact(HOME))


def somebody_called(tx: Tx, name: str) -> Person:
    """Find the one person who is called so; raises UserError when there is none, or more than one."""
    wanted = name.casefold()
    people = [one for one in tx.everybody() if not (one.bot or one.deactivated)]
    found = [one for one in people if one.handle.casefold() == wanted]
    found = found or [one for one in people if wanted in {called.casefold() for called in one.names}]
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"I know nobody called “{name}”. Please choose the person from the list that Slack shows after `@`."
    else:
        message = (
            f"{len(found)} people are called “{name}”. Please choose one from the list that Slack shows after `@`."
        )
    raise UserError(message)


# Offering and answering


def offer(tx: Tx, team: Team, asked: Asked) -> Handoff:
    """Offer a hand-off: it is said in the channel and to the person whom it goes to."""
    shift = must_be_able_to_offer(tx, team, asked.by)
    known = ongoing.listing(tx, team)
    handed = oncall.with_notes(known.handed, asked.notes)
    told = ongoing.shift_events(tx, shift.since if shift else None, asked.at)
    made = tx.add_handoff(
        Handoff(
            number=0,
            key=asked.key,
            outgoing=shift.who if shift else asked.by,
            incoming=asked.incoming,
            by=asked.by,
            at=asked.at,
            since=shift.since if shift else None,
            summary=asked.summary,
            quiet=asked.quiet,
            handed=handed,
            pending=tuple(tx.pending()),
            events=len(told),
            hidden=sum(not PUBLIC.may_read(one) for one in told),
            common_note=_with_leftovers(asked, handed),
            channel=privacy.echo_channel(team, asked.by, asked.channel, private=asked.private),
            private=asked.private,
            listed_at=known.at,
            stale=asked.stale,
        )
    )
    otherwise = asked.by if is_in_slack(asked.by) else ""
    tx.add_operation("offer", Post(_offer(made), made.channel, OFFER, str(made.number), otherwise=otherwise), asked.at)
    tx.add_operation("offer", Post(_direct(made), made.incoming, OFFER, str(made.number)), asked.at)
    return made


def _with_leftovers(asked: Asked, handed: tuple[Handed, ...]) -> str:
    """Lose no note on what went on when the window was opened, and is over by now."""
    there = {one.key for one in handed}
    left = [
        f"{key.replace('outage:', 'O').replace('issue:', '#')} (over by now): {note.strip()}"
        for key, note in asked.notes.items()
        if key not in there and note.strip()
    ]
    return "\n".join(part for part in (asked.common_note, *left) if part)


def accept(tx: Tx, team: Team, number: int, who: str, at: datetime) -> Handoff:
    """Accept: from now on the incoming person is on call."""
    offered = oncall.accepted(shifts.must_find(tx, number), who, at)
    tx.take_pending([one.id for one in offered.pending], at)
    shifts.begin(tx, team, offered, at)
    _tell(tx, "accepted", offered, offered.outgoing, at)
    return offered


def decline(tx: Tx, number: int, who: str, reason: str, at: datetime) -> Handoff:
    """Decline: the outgoing person stays on call, and is told."""
    answered = oncall.declined(shifts.must_find(tx, number), who, reason, at)
    shifts.save(tx, answered, at)
    for one in dict.fromkeys((answered.outgoing, answered.by)):
        _tell(tx, "declined", answered, one, at)
    return answered


def cancel(tx: Tx, team: Team, who: str, at: datetime) -> Handoff:
    """Take the open offer back."""
    offered = tx.open_handoff()
    lead = offered is not None and who not in {offered.by, offered.outgoing} and is_lead(tx, team, who)
    answered = oncall.cancelled(offered, who, at, lead=lead)
    shifts.save(tx, answered, at)
    return answered


def take(tx: Tx, team: Team, asked: Asked, reason: str) -> Handoff:
    """Take the pager at once; what was offered meanwhile is over, and its notes pass on all the same."""
    shift, offered = tx.shift(), tx.open_handoff()
    oncall.must_not_have_it(asked.by, shift)
    before = offered.handed if offered else ()
    if offered:
        shifts.save(tx, oncall.overtaken(offered, asked.by, asked.at), asked.at)
    told = ongoing.shift_events(tx, shift.since if shift else None, asked.at)
    pending, known = tx.pending(), ongoing.listing(tx, team)
    here = privacy.echo_channel(team, asked.by, asked.channel, private=asked.private)
    there = offered if offered is not None and offered.private and offered.channel != here else None
    made = tx.add_handoff(
        Handoff(
            number=0,
            key=asked.key,
            outgoing=shift.who if shift else "",
            incoming=asked.by,
            by=asked.by,
            at=asked.at,
            state="taken",
            since=shift.since if shift else None,
            summary=offered.summary if offered else "",
            quiet=offered.quiet if offered else False,
            handed=oncall.as_it_stands(known.handed, before),
            pending=tuple(pending),
            events=len(told),
            hidden=sum(not PUBLIC.may_read(one) for one in told),
            common_note=offered.common_note if offered else "",
            channel=there.channel if there else here,
            private=asked.private or (offered is not None and offered.private),
            listed_at=known.at,
            answered_at=asked.at,
            answered_by=asked.by,
            reason=reason,
        )
    )
    tx.take_pending([one.id for one in pending], asked.at)
    shifts.begin(tx, team, made, asked.at)
    otherwise = there.by if there else asked.by
    post = Post(_offer(made), made.channel, OFFER, str(made.number), otherwise=otherwise)
    tx.add_operation("taken", post, asked.at)
    if there:  # what was written in private stays where it was offered
        bare = Post(f"taken:{made.number}", here, "handoff.taken_elsewhere", str(made.number), otherwise=asked.by)
        tx.add_operation("taken", bare, asked.at)
    _tell(tx, "overtaken", made, made.outgoing, asked.at)
    return made


def _tell(tx: Tx, what: str, handoff: Handoff, who: str, at: datetime) -> None:
    """Tell somebody alone what became of a hand-off; not whoever did it."""
    if is_in_slack(who) and who != handoff.answered_by:
        post = Post(f"{what}:{handoff.number}:{who}", who, f"handoff.{what}", str(handoff.number))
        tx.add_operation(what, post, at)


def ask(tx: Tx, number: int, who: str, at: datetime, *, under: str = "") -> tuple[Handoff, bool]:
    """Open a talk between both, under the offer, once; tells whether it is there, or in direct messages.

    `under` is the `ts` of the offer in its channel, where it was pressed there.
    """
    offered = shifts.must_find(tx, number)
    oncall.must_be_answered_by(offered, who)
    key = f"question:{number}"
    if opened := tx.fact(key):
        return offered, opened == IN_THREAD
    there = tx.message(_offer(offered))
    if not under and there is not None and there.channel == offered.channel:
        under = there.ts
    place = offered.channel if under else offered.outgoing
    tx.keep_fact(key, IN_THREAD if under else "direct", at)
    tx.add_operation("question", Post(key, place, "handoff.question", str(number), thread=under), at)
    return offered, bool(under)


def put_on_list(tx: Tx, pending: Pending) -> bool:
    """Keep something for the next hand-off; False when it is on the list already."""
    return tx.add_pending(pending)


def _offer(handoff: Handoff) -> str:
    return f"offer:{handoff.number}"


def _direct(handoff: Handoff) -> str:
    return f"offer-direct:{handoff.number}"


# What there is to tell


def told(tx: Tx, team: Team, number: int) -> Told:
    """Read what there is to say of a hand-off."""
    handoff = shifts.must_find(tx, number)
    batch = tx.batch(shifts.batch_of(number))
    refused, unassigned = [], []
    for delivery in tx.deliveries(batch.id) if batch else ():
        operation = delivery.operation
        if delivery.state == "rejected":
            refused.append(Part(_in_words(handoff, operation), delivery.error))
        elif isinstance(operation, Assign) and (why := delivery.result.get("missing") or delivery.result.get("kept")):
            unassigned.append(Part(_reference(handoff, operation.about), str(why)))
    under_way = batch is not None and batch.state == "running"
    return Told(
        handoff,
        _zones(tx, team, handoff),
        waiting=events.waiting(tx) if under_way else None,
        refused=tuple(refused),
        unassigned=tuple(unassigned),
        under_way=under_way,
    )


def _in_words(handoff: Handoff, operation: Operation) -> str:
    """Say what GitLab was told or asked."""
    match operation:
        case Plan():
            return "to tell what is ongoing"
        case Assign(about=key):
            return f"{_reference(handoff, key)}, assigning it"
        case AddNote(about=key):
            return f"{_reference(handoff, key)}, its note"
        case CreateIssue():
            return "the report"
    return ""


def _reference(handoff: Handoff, key: str) -> str:
    return next((one.reference for one in handoff.handed if one.key == key), key)


def _zones(tx: Tx, team: Team, handoff: Handoff) -> dict[str, ZoneInfo]:
    people = ((who, zone_of(tx, team, who)) for who in (handoff.outgoing, handoff.incoming) if is_in_slack(who))
    return {who: zone for who, zone in people if zone is not None}


def standing(tx: Tx, team: Team, now: datetime) -> Standing:
    """Read who is on call, what is open, and what is offered."""
    waiting = events.waiting(tx)
    return Standing(
        shift=tx.shift(),
        listing=ongoing.listing(tx, team, waiting.reason if waiting else ""),
        now=now,
        offer=tx.open_handoff(),
        upcoming=rota.upcoming(tx, now),
        pending=len(tx.pending()),
        waiting=waiting,
    )
