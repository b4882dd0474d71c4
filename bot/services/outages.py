"""Outages: declared, known from GitLab, resolved; each becomes one issue with its notes in order, whenever GitLab answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import outages
from bot.domain.errors import UserError
from bot.domain.events import Entry, Event
from bot.domain.hooks import Hook
from bot.domain.journal import Batch, Delivery
from bot.domain.logged import Announced
from bot.domain.operations import (
    CloseIssue,
    CreateIssue,
    Operation,
    Plan,
    Post,
    SetDescription,
    Stages,
    WriteNote,
)
from bot.domain.outages import Named, Outage
from bot.domain.people import mention
from bot.domain.questions import OutageQuestion
from bot.domain.team import Team
from bot.domain.tracker import OutageFacts, OutageIssue
from bot.services import events, privacy
from bot.services.backlog import LOOK_FOR_OUTAGES
from bot.services.wow import person_or_none
from bot.store import Tx

LOOK = LOOK_FOR_OUTAGES
LOOK_EVERY = timedelta(seconds=2)
"""Hooks that come together are answered by one look."""
WORD_JOINER = "\u2060"
LOOKED = "outages looked for"
"""Name of the remembered fact that holds when the last look was asked for."""
OPENING, CLOSING, WRITING = "outage", "closing", "postmortem"
"""Kinds of batches: making the issue of an outage, closing it, and writing its text."""
REFRESH = timedelta(seconds=1)
SLEPT = timedelta(hours=6)
"""So long an outage is over before its post-mortem is asked for again."""
LONG_OVER = timedelta(days=7)
"""Of outages that ended before, nobody is reminded any more."""
BATON = "baton"
"""By whom, where nobody did it: GitLab does not say who, or it was a job."""


# Declaring


def declare(
    tx: Tx, team: Team, outage: Outage, issue_of: Callable[[Outage], CreateIssue], said: Entry
) -> tuple[Outage, Event]:
    """Declare an outage: it goes on from now, its first event is logged, and its issue will be made.

    `issue_of` words what GitLab gets; its marker is the outage's key. `said` is the event, without the outage's number.
    """
    made = tx.add_outage(outage)
    issue = replace(issue_of(made), line=f"outage:{made.number}")
    opening = Batch(_opening(made.number), OPENING, str(made.number), "running", outage.by, said.now)
    tx.add_batch(opening, ((("issue", issue),),))
    event = events.log(tx, said, (Named(number=made.number),)).event
    channel = privacy.echo_channel(team, outage.by, outage.channel, private=outage.private)
    announce = Post(
        events.announcement_of(made.number),
        channel,
        "outage.announced",
        str(made.number),
        otherwise=person_or_none(outage.by),
    )
    tx.add_operation("announce", announce, said.now)
    return made, event


def answer_in_thread(tx: Tx, outage: Outage, at: datetime, *, member: bool) -> None:
    """Say where it is now under the message that an outage was declared from; to the person alone, if not a `member`."""
    post = Post(
        f"thread:{outage.number}",
        outage.channel if member else outage.by,
        "outage.answer",
        str(outage.number),
        otherwise=person_or_none(outage.by),
        thread=outage.thread if member else "",
    )
    tx.add_operation("answer", post, at)


def _opening(number: int) -> str:
    return f"outage-{number}"


def follow_opening(tx: Tx, _: Team, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
    """Remember the issue that was made, or why GitLab refused to make it."""
    outage = must_find(tx, int(batch.about))
    if outcome == "delivered" and delivery:
        result = delivery.result
        tx.save_outage(replace(outage, iid=int(result["iid"]), url=str(result.get("url", "")), refused=""))
        for event in tx.events_logged_in(outage.number):
            _write_again(tx, outage.number, event, at)
    elif outcome == "rejected" and delivery:
        tx.save_outage(replace(outage, refused=delivery.error))
    if outcome in {"done", "waiting", "rejected"}:
        refresh(tx, outage.number, at)


def _write_again(tx: Tx, number: int, event: Event, at: datetime) -> None:
    """Write a note that GitLab refused while there was no issue."""
    batch = f"note-{number}-{event.id}-{event.version}"
    if tx.deliveries(batch, "rejected"):
        tx.retry(batch, None, at)


def refresh(tx: Tx, number: int, at: datetime) -> None:
    """Let all messages about an outage say what is true now."""
    for key in (events.announcement_of(number), f"thread:{number}", f"over:{number}", _unwritten(number)):
        if tx.message(key) is not None or tx.is_taken(f"message:{key}"):
            tx.refresh(key, at, at_most_every=REFRESH)


def retry(tx: Tx, number: int, at: datetime) -> int:
    """Try again what GitLab refused of an outage; how much that was."""
    outage = must_find(tx, number)
    tx.save_outage(replace(outage, refused=""))
    again = tx.retry(_opening(number), None, at)
    for batch in (_closing(outage), tx.fact(_written(number))):
        again += tx.retry(batch, None, at)
    refresh(tx, number, at)
    return again


def announced(tx: Tx, number: int) -> Announced:
    """Read how an outage stands."""
    outage = must_find(tx, number)
    opening = tx.batch(_opening(number))
    closing = tx.batch(_closing(outage))
    under_way = any(batch is not None and batch.state == "running" for batch in (opening, closing))
    logged = [one for one in tx.events_logged_in(number) if not one.retracted]
    refused = [
        *tx.deliveries(_closing(outage), "rejected"),
        *tx.deliveries(tx.fact(_written(number)), "rejected"),
    ]
    return Announced(
        replace(outage, refused=outage.refused or (refused[-1].error if refused else "")),
        len(logged),
        waiting=events.waiting(tx) if under_way else None,
        closed=closing is not None and closing.state == "done" and not refused,
    )


def must_find(tx: Tx, number: int) -> Outage:
    """Find an outage; raises UserError when there is none."""
    found = tx.outage(number)
    if found is None:
        message = f"I do not know outage O{number}."
        raise UserError(message)
    return found


def choose(tx: Tx, named: Named | None, *, ended_too: bool) -> Outage | tuple[Outage, ...]:
    """Find the outage that somebody means: the one they named, else the only one that goes on.

    Several that go on are given back to be chosen from. With `ended_too`, the last one will do where none goes on.
    Raises UserError when there is none.
    """
    if named is not None:
        found = tx.outage_named(named)
        if found is None:
            name = f"O{named.number}" if named.number is not None else f"#{named.iid}"
            message = f"I do not know outage {name}. An outage is an issue with the outage label, or is declared with `/event outage`."
            raise UserError(message)
        return found
    ongoing = tx.ongoing()
    if len(ongoing) == 1:
        return ongoing[0]
    if ongoing:
        return tuple(ongoing[-outages.MOST_OFFERED :])
    last = tx.last_outage() if ended_too else None
    if last is None:
        message = "No outage is ongoing." if not ended_too else "I know of no outage yet."
        raise UserError(message)
    return last


# Resolving


def resolve(tx: Tx, team: Team, outage: Outage, said: Entry) -> Event:
    """End an outage: the event is logged, the issue will be closed, and the post-mortem is due."""
    if outage.ended_at is not None:
        by = f", ended by {mention(outage.ended_by)}" if outage.ended_by else ""
        message = f"{outage.reference} is over already, since {outage.ended_at:%Y-%m-%d %H:%M} UTC{by}."
        raise UserError(message)
    ended = replace(outage, ended_at=max(said.now, outage.began_at), ended_by=said.by)
    event = events.log(tx, said, (Named(number=outage.number),)).event
    tx.save_outage(ended)
    closing = Batch(_closing(ended), CLOSING, str(outage.number), "running", said.by, said.now)
    tx.add_batch(closing, ((("close", CloseIssue(outage.number)),),))
    _tell_over(tx, team, ended, said.now)
    return event


def _closing(outage: Outage) -> str:
    """Name the batch that closes the issue: an outage that goes on again may end again."""
    return f"closing-{outage.number}-{outage.ended_at.timestamp():.6f}" if outage.ended_at else "none"


def _tell_over(tx: Tx, team: Team, outage: Outage, at: datetime) -> None:
    """Say that it is over, and that a post-mortem is due."""
    channel = privacy.echo_channel(team, outage.by, outage.channel, private=outage.private)
    key = f"over:{outage.number}"
    if tx.message(key) is None and not tx.is_taken(f"message:{key}"):
        post = Post(key, channel, "outage.over", str(outage.number), otherwise=person_or_none(outage.by))
        tx.add_operation("over", post, at)
    refresh(tx, outage.number, at)


def follow_closing(tx: Tx, _: Team, batch: Batch, __: Delivery | None, outcome: str, at: datetime) -> None:
    """Let the messages say whether the issue is closed, or has its post-mortem."""
    if outcome == "done" and batch.kind == CLOSING:
        tx.keep_fact(_closed_at(int(batch.about)), at.isoformat(), at)
    if outcome in {"done", "waiting", "rejected"}:
        refresh(tx, int(batch.about), at)


def _written(number: int) -> str:
    """Name the remembered fact that holds the last batch which puts a post-mortem into the issue."""
    return f"outage {number} written"


def _closed_at(number: int) -> str:
    return f"outage {number} closed"


def write_postmortem(tx: Tx, outage: Outage, text: str, *, by: str, batch: str, at: datetime) -> None:
    """Put the draft of a post-mortem into the issue, in place of what stood there first: that may name people."""
    first = [one.operation for one in tx.deliveries(_opening(outage.number))]
    instead_of = next((one.description for one in first if isinstance(one, CreateIssue)), "")
    writing = SetDescription(outage.number, text, f"postmortem:{outage.key}", instead_of=instead_of)
    tx.keep_fact(_written(outage.number), batch, at)
    tx.add_batch(Batch(batch, WRITING, str(outage.number), "running", by, at), ((("write", writing),),))
    refresh(tx, outage.number, at)


def remind_of_postmortems(tx: Tx, team: Team, at: datetime) -> None:
    """Remind once, on a morning after, of outages whose post-mortem was not put into the issue."""
    for outage in tx.outages_ended(at - LONG_OVER, at - SLEPT):
        key = _unwritten(outage.number)
        if is_written(tx, outage.number) or tx.message(key) is not None or tx.is_taken(f"message:{key}"):
            continue
        channel = privacy.echo_channel(team, outage.by, outage.channel, private=outage.private)
        post = Post(key, channel, "outage.unwritten", str(outage.number), otherwise=person_or_none(outage.by))
        tx.add_operation("remind", post, at)


def is_written(tx: Tx, number: int) -> bool:
    """Tell whether a post-mortem was put into the issue, or is about to be."""
    return bool(tx.fact(_written(number)))


def _unwritten(number: int) -> str:
    """Name the message that reminds of a post-mortem on a morning after."""
    return f"unwritten:{number}"


# Filled in when it is claimed


def fill_in(tx: Tx, operation: Operation, body: str = "") -> Operation:
    """Complete an operation with what is known only when it is sent: the issue's number, and the note's."""
    if not isinstance(operation, WriteNote | CloseIssue | SetDescription):
        return operation
    outage = tx.outage(operation.outage)
    iid = outage.iid if outage else None
    if not isinstance(operation, WriteNote):
        return replace(operation, iid=iid)
    event = tx.event(operation.event)
    return replace(
        operation,
        iid=iid,
        note=tx.note_of(operation.event, operation.outage),
        body=body,
        marker=f"event:{event.key}" if event else "",
        internal=event is not None and event.private,
    )


# Known from GitLab


def told_of_issue(tx: Tx, team: Team, hook: Hook, at: datetime) -> None:
    """Look for outages when GitLab tells of an issue that is, was, or may be one."""
    known = bool(hook.iid) and tx.outage_of_issue(hook.iid) is not None
    if hook.own and (known or {team.labels.outage, team.labels.data_loss} & set(hook.labels)):
        look(tx, hook.id, at)


def look(tx: Tx, look_id: str, at: datetime) -> None:
    """Look which outages go on as soon as may be, unless that is about to happen anyway."""
    if tx.is_waiting(LOOK):
        return
    last = tx.fact(LOOKED)
    due = max(at, datetime.fromisoformat(last) + LOOK_EVERY) if last else at
    tx.keep_fact(LOOKED, due.isoformat(), at)
    tx.add_batch(Batch(f"outages-{look_id}", "outages", "", "running", BATON, due), (((LOOK, Plan("outages", "")),),))


def question(tx: Tx, _: Team, __: str) -> OutageQuestion:
    """Ask which outages go on."""
    return OutageQuestion(tuple(one.iid for one in tx.ongoing() if one.iid is not None))


def take_over(tx: Tx, team: Team, _: str, facts: OutageFacts, at: datetime) -> Stages:
    """Know what GitLab knows: outages made, ended, reopened and relabelled by hand, and what else goes on."""
    tx.keep_ongoing(facts)
    for issue in facts.issues:
        known = tx.outage_of_issue(issue.iid) or (tx.outage_of_key(issue.marker) if issue.marker else None)
        if known is None and issue.open:
            tx.add_outage(_by_hand(issue))
        elif known is not None:
            _compare(tx, team, known, issue, facts.at, at)
    for iid in facts.gone:
        known = tx.outage_of_issue(iid)
        # a confidential issue is gone, too, for a token that has lost the right to see it
        if known is not None and known.ongoing and not known.confidential:
            _end(tx, team, known, at, "")
    return ()


def _by_hand(issue: OutageIssue) -> Outage:
    return Outage(
        number=0,
        key=issue.marker or f"issue:{issue.iid}",
        title=issue.title,
        by=f"gitlab:{issue.by}",
        began_at=issue.began_at,
        iid=issue.iid,
        url=issue.url,
        data_loss=issue.data_loss,
        confidential=issue.confidential,
        by_hand=True,
    )


def _compare(tx: Tx, team: Team, known: Outage, issue: OutageIssue, facts_at: datetime, at: datetime) -> None:
    """Bring what is known of an outage in step with its issue."""
    now = replace(
        known,
        iid=issue.iid,
        url=issue.url,
        title=_title(known, issue),
        confidential=issue.confidential,
        data_loss=issue.data_loss,
    )
    closing = tx.batch(_closing(known))
    being_closed = closing is not None and closing.state == "running"
    if now != known:
        tx.save_outage(now)
        refresh(tx, known.number, at)
    if now.confidential != known.confidential:
        for event in tx.events_logged_in(known.number):
            events.refresh(tx, event, at)
    if issue.open and not known.ongoing and not being_closed and _is_reopened(tx, known, facts_at):
        tx.save_outage(replace(now, ended_at=None, ended_by=""))
        refresh(tx, known.number, at)
    elif not issue.open and known.ongoing:
        _end(tx, team, now, issue.ended_at or at, f"gitlab:{issue.ended_by}" if issue.ended_by else "")


def _title(known: Outage, issue: OutageIssue) -> str:
    """Keep the title as it was typed here, unless somebody gave the issue another one.

    What makes a title harmless in GitLab is invisible there, and not wanted back.
    """
    theirs = issue.title.replace(WORD_JOINER, "")
    return known.title if theirs == known.title.replace(WORD_JOINER, "") else theirs


def _is_reopened(tx: Tx, known: Outage, read_at: datetime) -> bool:
    """Tell an issue that somebody opened again from one that GitLab refused to close, or that was read before it closed."""
    closed = tx.fact(_closed_at(known.number))
    too_old = bool(closed) and datetime.fromisoformat(closed) >= read_at
    return not too_old and not tx.deliveries(_closing(known), "rejected")


def _end(tx: Tx, team: Team, known: Outage, ended_at: datetime, by: str) -> None:
    ended = replace(known, ended_at=max(ended_at, known.began_at), ended_by=by)
    tx.save_outage(ended)
    _tell_over(tx, team, ended, ended_at)
