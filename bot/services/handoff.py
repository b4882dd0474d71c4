"""The pager: offered with all that goes on, accepted, declined, cancelled or taken; and what GitLab and Slack must know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import oncall
from bot.domain.errors import UserError
from bot.domain.events import PUBLIC, Event, Pending, Reader, Span
from bot.domain.journal import Batch, Delivery
from bot.domain.oncall import Handed, Handoff, Shift
from bot.domain.operations import (
    AddNote,
    Assign,
    Colleague,
    CreateIssue,
    Named,
    Operation,
    Plan,
    PlanInLine,
    Post,
    SetTopic,
    SetUsergroup,
    Stages,
    WriteReport,
)
from bot.domain.passing import Listing, Part, Reported, Standing, Told
from bot.domain.people import Person, is_in_slack
from bot.domain.questions import OutageQuestion
from bot.domain.team import Team
from bot.domain.tracker import OutageFacts
from bot.services import events, outages, privacy, rota
from bot.services.people import HOME, is_lead, names_of, zone_of
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
LOGGED_LATER = timedelta(days=1)
"""What happened this long before a shift may still be logged in it, and is then told in its report."""
OFFER = "handoff.offer"
"""The rendering of the message that offers a hand-off, and of one that tells of a pager taken."""


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


# What is there to pass


def question(tx: Tx, team: Team) -> OutageQuestion:
    """Ask what goes on."""
    return outages.question(tx, team, "")


def listen(tx: Tx, team: Team, facts: OutageFacts, at: datetime) -> None:
    """Take in what GitLab said of what goes on."""
    outages.take_over(tx, team, "", facts, at)


def listing(tx: Tx, team: Team, silent: str = "") -> Listing:
    """List what goes on, as far as it is known; `silent` says why GitLab did not answer just now."""
    facts = tx.ongoing_issues()
    issues, ranks = (facts.ongoing, facts.label_ranks) if facts else ((), {})
    return Listing(oncall.gathered(tx.ongoing(), issues, team.labels, ranks), facts.at if facts else None, silent)


def shift_events(tx: Tx, since: datetime | None, until: datetime) -> list[Event]:
    """List the events of a shift: those that happened in it, and those that were logged in it as having happened before."""
    if since is None:
        return []
    found = tx.events_in(Span(since - LOGGED_LATER, until))
    return [one for one in found if not one.retracted and (one.at >= since or one.recorded_at >= since)]


def reader_of(tx: Tx, who: str, since: datetime | None, at: datetime) -> Reader:
    """Work out what of the shift's events, and of what waits for the hand-off, somebody may read.

    Raises NotKnownYetError where members must be asked for first.
    """
    return privacy.reader(tx, who, [*shift_events(tx, since, at), *tx.pending()])


def readable(tx: Tx, handoff: Handoff, who: str) -> tuple[frozenset[str], tuple[Pending, ...]]:
    """Work out what of a hand-off somebody may read though it is not for everybody: notes, by key, and what was added.

    A note is for whoever wrote it, and for members of the channel in which its outage was declared. Raises
    NotKnownYetError where members must be asked for first.
    """
    hidden = [one for one in handoff.handed if one.hidden and one.note]
    found = [(one.key, tx.outage(one.outage)) for one in hidden if one.outage is not None]
    places = {key: outage.channel for key, outage in found if outage is not None and outage.channel}
    reader = privacy.reader(tx, who, handoff.pending, places.values())
    written = {one.key for one in hidden} if who == handoff.by else set()
    notes = written | {key for key, channel in places.items() if reader.is_in(channel)}
    return frozenset(notes), tuple(one for one in handoff.pending if reader.may_read(one))


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
    known = listing(tx, team)
    handed = oncall.with_notes(known.handed, asked.notes)
    told = shift_events(tx, shift.since if shift else None, asked.at)
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
    offered = oncall.accepted(must_find(tx, number), who, at)
    tx.take_pending([one.id for one in offered.pending], at)
    _begin_shift(tx, team, offered, at)
    _tell(tx, "accepted", offered, offered.outgoing, at)
    return offered


def decline(tx: Tx, number: int, who: str, reason: str, at: datetime) -> Handoff:
    """Decline: the outgoing person stays on call, and is told."""
    answered = oncall.declined(must_find(tx, number), who, reason, at)
    _save(tx, answered, at)
    for one in dict.fromkeys((answered.outgoing, answered.by)):
        _tell(tx, "declined", answered, one, at)
    return answered


def cancel(tx: Tx, team: Team, who: str, at: datetime) -> Handoff:
    """Take the open offer back."""
    offered = tx.open_handoff()
    lead = offered is not None and who not in {offered.by, offered.outgoing} and is_lead(tx, team, who)
    answered = oncall.cancelled(offered, who, at, lead=lead)
    _save(tx, answered, at)
    return answered


def take(tx: Tx, team: Team, asked: Asked, reason: str) -> Handoff:
    """Take the pager at once; what was offered meanwhile is over, and its notes pass on all the same."""
    shift, offered = tx.shift(), tx.open_handoff()
    oncall.must_not_have_it(asked.by, shift)
    before = offered.handed if offered else ()
    if offered:
        _save(tx, oncall.overtaken(offered, asked.by, asked.at), asked.at)
    told = shift_events(tx, shift.since if shift else None, asked.at)
    pending, known = tx.pending(), listing(tx, team)
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
            handed=_as_it_stands(known.handed, before),
            pending=tuple(pending),
            events=len(told),
            hidden=sum(not PUBLIC.may_read(one) for one in told),
            common_note=offered.common_note if offered else "",
            channel=privacy.echo_channel(team, asked.by, asked.channel, private=asked.private),
            private=asked.private or (offered is not None and offered.private),
            listed_at=known.at,
            answered_at=asked.at,
            answered_by=asked.by,
            reason=reason,
        )
    )
    tx.take_pending([one.id for one in pending], asked.at)
    _begin_shift(tx, team, made, asked.at)
    post = Post(_offer(made), made.channel, OFFER, str(made.number), otherwise=asked.by)
    tx.add_operation("taken", post, asked.at)
    _tell(tx, "overtaken", made, made.outgoing, asked.at)
    return made


def _begin_shift(tx: Tx, team: Team, handoff: Handoff, at: datetime) -> None:
    tx.begin_shift(handoff.incoming, at, handoff.number)
    rota.begun(tx, at)
    _save(tx, handoff, at)
    about, by = str(handoff.number), handoff.incoming
    plan = PlanInLine(HANDOFF, about, SHIFTS)
    tx.add_batch(Batch(batch_of(handoff.number), HANDOFF, about, "running", by, at), ((("read", plan),),))
    signs: list[Named] = []
    if team.oncall_group:
        signs.append(("group", SetUsergroup(team.oncall_group)))
    if team.oncall_topic:
        signs.append(("topic", SetTopic(team.channel)))
    if signs:
        tx.add_batch(Batch(f"signs-{handoff.number}", SIGNS, about, "running", by, at), (tuple(signs),))


def plan_question(tx: Tx, team: Team, _: str) -> OutageQuestion:
    """Ask what goes on by now."""
    return outages.question(tx, team, "")


def plan(tx: Tx, team: Team, about: str, facts: OutageFacts, at: datetime) -> Stages:
    """Decide what GitLab is told of a shift that began: each part by itself.

    What began since it was offered passes, too; what is over meanwhile stays for its note.
    """
    outages.take_over(tx, team, "", facts, at)
    handoff = must_find(tx, int(about))
    handed = _as_it_stands(listing(tx, team).handed, handoff.handed)
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


def _as_it_stands(now: tuple[Handed, ...], before: tuple[Handed, ...]) -> tuple[Handed, ...]:
    """Put the notes of before to what goes on now, and keep what is over by now where it has a note."""
    noted = oncall.with_notes(now, {one.key: one.note for one in before})
    there = {one.key for one in noted}
    return (*noted, *(one for one in before if one.key not in there and one.note))


def _tell(tx: Tx, what: str, handoff: Handoff, who: str, at: datetime) -> None:
    """Tell somebody alone what became of a hand-off; not whoever did it."""
    if is_in_slack(who) and who != handoff.answered_by:
        post = Post(f"{what}:{handoff.number}:{who}", who, f"handoff.{what}", str(handoff.number))
        tx.add_operation(what, post, at)


def ask(tx: Tx, number: int, who: str, request: str, at: datetime) -> tuple[Handoff, bool]:
    """Open a talk between both, under the offer; tells whether it is there, or in direct messages."""
    offered = must_find(tx, number)
    oncall.must_be_answered_by(offered, who)
    there = tx.message(_offer(offered))
    in_thread = there is not None and there.channel == offered.channel
    place, thread = (there.channel, there.ts) if there and in_thread else (offered.outgoing, "")
    post = Post(f"question:{number}:{request}", place, "handoff.question", str(number), thread=thread)
    tx.add_operation("question", post, at)
    return offered, in_thread


def put_on_list(tx: Tx, pending: Pending) -> bool:
    """Keep something for the next hand-off; False when it is on the list already."""
    return tx.add_pending(pending)


def must_find(tx: Tx, number: int) -> Handoff:
    """Find a hand-off; raises UserError when there is none."""
    found = tx.handoff(number)
    if found is None:
        message = "I do not know this hand-off any more."
        raise UserError(message)
    return found


def _save(tx: Tx, handoff: Handoff, at: datetime) -> None:
    tx.save_handoff(handoff)
    refresh(tx, handoff.number, at)


def refresh(tx: Tx, number: int, at: datetime) -> None:
    """Let all messages about a hand-off say what is true now."""
    for kind in ("offer", "offer-direct", "reminder", "waiting", "escalation"):
        key = f"{kind}:{number}"
        if tx.message(key) is not None or tx.is_taken(f"message:{key}"):
            tx.refresh(key, at, at_most_every=REFRESH)


def _offer(handoff: Handoff) -> str:
    return f"offer:{handoff.number}"


def _direct(handoff: Handoff) -> str:
    return f"offer-direct:{handoff.number}"


def batch_of(number: int) -> str:
    """Name the batch that tells GitLab and Slack of a hand-off."""
    return f"handoff-{number}"


# In GitLab, and in Slack's group and topic


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
    found = shift_events(tx, handoff.since, until)
    public = [one for one in found if PUBLIC.may_read(one)]
    whom = {one for one in (handoff.outgoing, handoff.incoming, *(event.by for event in public)) if one}
    ended = tx.outages_ended(handoff.since, until) if handoff.since else []
    return Reported(
        replace(handoff, handed=tuple(handed_in(tx, number, one.key)[1] for one in handoff.handed)),
        names_of(tx, whom),
        tuple(public),
        len(found) - len(public),
        tuple((f"#{one.iid} ({one.reference})" if one.iid else one.reference, one.spoken) for one in ended),
        tx.last_report_before(number),
    )


# What there is to tell


def told(tx: Tx, team: Team, number: int) -> Told:
    """Read what there is to say of a hand-off."""
    handoff = must_find(tx, number)
    batch = tx.batch(batch_of(number))
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
        listing=listing(tx, team, waiting.reason if waiting else ""),
        now=now,
        offer=tx.open_handoff(),
        upcoming=rota.upcoming(tx, now),
        pending=len(tx.pending()),
        waiting=waiting,
    )
