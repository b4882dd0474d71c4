"""`/handoff`: who is on call, and passing it on to somebody who accepts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.dialogue import Answer, Ask, Closed, FieldErrors, File, Modal, Outcome, Reply, Request
from bot.domain import oncall
from bot.domain.commands import can_be_seen
from bot.domain.commands.handoff import (
    AddPending,
    CancelHandoff,
    HandOff,
    HandoffCommand,
    HandoffHelp,
    HandoffHistory,
    HandoffOverview,
    HandoffStatus,
    TakePager,
    parse_handoff,
)
from bot.domain.errors import NotKnownYetError, UserError
from bot.domain.events import PUBLIC, Pending, Reader
from bot.domain.oncall import LONGEST_NOTE, MOST_HANDED
from bot.domain.operations import AddNote, Assign, SetTopic, SetUsergroup, WriteReport
from bot.domain.passing import Offering, Told
from bot.domain.people import Person, Right
from bot.domain.team import Team
from bot.messages import Words, general, offering, report
from bot.messages import events as say_events
from bot.messages import handoff as say
from bot.messages import oncall as say_oncall
from bot.services import events, handoff, ongoing, privacy, rota, shifts
from bot.services.people import TERMINAL, names_of, require
from bot.store import Tx

NEWEST = 10
"""Events that the modal shows."""
NOTE = "note:"
"""Begins the name of a field for a note; what it is about follows."""

# What is typed


def command(tx: Tx, team: Team, request: Request) -> Outcome:
    """Answer `/handoff …`."""
    asked = parse_handoff(request.text)
    return _ANSWERS[type(asked)](tx, team, request, asked)


def _usage(tx: Tx, team: Team, request: Request, asked: HandoffHelp) -> Outcome:
    del tx, team, request
    return Reply(say_oncall.usage(asked))


def _overview(tx: Tx, team: Team, request: Request, _: HandoffOverview) -> Outcome:
    return Reply(say_oncall.status(handoff.standing(tx, team, request.at), with_usage=True), looked_up=True)


def _status(tx: Tx, team: Team, request: Request, _: HandoffStatus) -> Outcome:
    return Reply(say_oncall.status(handoff.standing(tx, team, request.at)), looked_up=True)


def _history(tx: Tx, team: Team, request: Request, asked: HandoffHistory) -> Outcome:
    del team, request
    return Reply(say_oncall.history(tx.handoffs(asked.count)), looked_up=True)


def _begin(tx: Tx, team: Team, request: Request, asked: HandOff) -> Outcome:
    """Open the modal in which a hand-off is offered."""
    require(tx, team, request.who, Right.WRITE)
    shift = handoff.must_be_able_to_offer(tx, team, request.who)
    incoming, why_none = _incoming(tx, request, asked)
    if incoming is not None:
        handoff.must_be_handed_to(tx, incoming, request.who)
    ongoing.reader_of(tx, request.who, shift.since if shift else None, request.at)
    carried = {
        "to": incoming.id if incoming else "",
        "note": asked.note,
        "why": why_none,
        "channel": request.channel,
        "private": privacy.is_private(tx, team, request.channel, said_so=request.private),
        "shift": shift.number if shift else 0,
    }
    return Modal(general.reading(offering.TITLE), Ask(ongoing.question(tx, team), "handoff.modal", json.dumps(carried)))


def begin_next(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open the same modal from a button, for the next person of the rota."""
    return _begin(tx, team, request, HandOff())


def _incoming(tx: Tx, request: Request, asked: HandOff) -> tuple[Person | None, str]:
    """Find to whom it goes; nobody, and why, where that is still to be chosen."""
    if asked.name:
        return handoff.somebody_called(tx, asked.name), ""
    if asked.who:
        return _must_be_known(tx, asked.who), ""
    found, why_none = rota.next_person(tx, request.at)
    return (_must_be_known(tx, found) if found else None), why_none


def _must_be_known(tx: Tx, who: str) -> Person:
    known = tx.people([who]).get(who)
    if known is None:
        raise NotKnownYetError(who)
    return known


def _note(tx: Tx, team: Team, request: Request, asked: AddPending) -> Outcome:
    """Put a text on the list for the next hand-off."""
    require(tx, team, request.who, Right.WRITE)
    private = privacy.is_private(tx, team, request.channel, said_so=request.private)
    pending = Pending(
        id=0,
        key=f"note:{request.id}",
        by=request.who,
        at=request.at,
        text=asked.text,
        channel=request.channel,
        private=private,
    )
    handoff.put_on_list(tx, pending)
    return Reply(say.noted(asked.text, private=private))


def _take(tx: Tx, team: Team, request: Request, asked: TakePager) -> Outcome:
    """Be the one on call at once."""
    require(tx, team, request.who, Right.WRITE)
    if request.who.startswith(TERMINAL):
        message = "Only somebody in Slack can be on call: say who with `--as`."
        raise UserError(message)
    taken = handoff.take(tx, team, _asked(tx, team, request, request.who), asked.reason)
    return Reply(say.taken_answer(taken, events.waiting(tx)))


def _cancel(tx: Tx, team: Team, request: Request, _: CancelHandoff) -> Outcome:
    """Take the open offer back."""
    require(tx, team, request.who, Right.WRITE)
    return Reply(say.cancelled_answer(handoff.cancel(tx, team, request.who, request.at)))


_ANSWERS: Mapping[type[HandoffCommand], Callable[[Tx, Team, Request, Any], Outcome]] = {
    HandoffHelp: _usage,
    HandoffOverview: _overview,
    HandoffStatus: _status,
    HandoffHistory: _history,
    HandOff: _begin,
    AddPending: _note,
    TakePager: _take,
    CancelHandoff: _cancel,
}


def _asked(tx: Tx, team: Team, request: Request, incoming: str) -> handoff.Asked:
    private = privacy.is_private(tx, team, request.channel, said_so=request.private)
    return handoff.Asked(
        key=request.id, by=request.who, incoming=incoming, at=request.at, channel=request.channel, private=private
    )


# The modal


def show_modal(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Fill in the modal with what goes on: as GitLab says, else as last known."""
    carried: dict[str, Any] = json.loads(about)
    if answer.ongoing is not None:
        ongoing.listen(tx, team, answer.ongoing, request.at)
    shift = tx.shift()
    since = shift.since if shift else None
    logged = ongoing.shift_events(tx, since, request.at)
    reader = _reader(tx, request, since)
    readable = [one for one in logged if reader.may_read(one)]
    pending = tx.pending()
    known = ongoing.listing(tx, team, "" if answer.ongoing else answer.reason or "it does not answer")
    kept = {"channel": carried["channel"], "private": carried["private"], "stale": answer.ongoing is None}
    shown = Offering(
        by=request.who,
        outgoing=shift.who if shift else request.who,
        incoming=carried["to"],
        shift=shift,
        listing=ongoing.listing_for(tx, known, reader),
        now=request.at,
        events=tuple(readable[-NEWEST:]),
        count=len(logged),
        hidden=len(logged) - len(readable),
        pending=tuple(one for one in pending if reader.may_read(one)),
        unreadable=sum(not reader.may_read(one) for one in pending),
        draft=tx.draft(request.who, shift.number if shift else 0),
        note=carried["note"],
        rota=carried["why"],
        upcoming=rota.upcoming(tx, request.at),
        metadata=say_events.metadata(to=carried["to"], shift=carried["shift"], **kept),
    )
    return Modal(offering.modal(shown))


def _reader(tx: Tx, request: Request, since: datetime | None) -> Reader:
    """Find out what somebody may read; what was logged privately a moment ago, in a channel not read yet, waits."""
    try:
        return ongoing.reader_of(tx, request.who, since, request.at)
    except NotKnownYetError:
        return replace(PUBLIC, who=request.who)


def list_file(tx: Tx, team: Team, request: Request, about: str) -> list[File]:
    """Write the list down where it is too long for a modal."""
    del about
    known = ongoing.listing(tx, team)
    if len(known.handed) <= MOST_HANDED:
        return []
    return [File("ongoing.md", offering.list_file(known, request.at), f"All {len(known.handed)} ongoing issues.")]


def typed(tx: Tx, team: Team, request: Request) -> Outcome:
    """Keep what is typed, so that it is there when the modal is opened again."""
    del team
    shift = int(json.loads(request.about)["shift"])
    # what is told of two fields may overtake each other: only the field in hand is news
    typed_now = {name: value for name, value in request.values.items() if name == request.field}
    tx.keep_draft(request.who, shift, {**request.values, **tx.draft(request.who, shift), **typed_now}, request.at)
    return Closed()


def offer(tx: Tx, team: Team, request: Request) -> Outcome:
    """Offer the hand-off that was filled in."""
    require(tx, team, request.who, Right.WRITE)
    carried: dict[str, Any] = json.loads(request.about)
    tx.keep_draft(request.who, int(carried["shift"]), request.values, request.at)
    values = {name: value.strip() for name, value in request.values.items()}
    incoming, wrong = carried["to"], _what_is_wrong(values)
    if incoming:
        handoff.must_be_handed_to(tx, _must_be_known(tx, incoming), request.who)
    else:
        incoming = values.get("to", "")
        wrong = _wrong_person(tx, incoming, request.who) | wrong
    if wrong:
        return FieldErrors(wrong)
    asked = handoff.Asked(
        key=request.id,
        by=request.who,
        incoming=incoming,
        at=request.at,
        summary=values.get("summary", ""),
        quiet=values.get(offering.QUIET) == "yes",
        notes={
            name.removeprefix(NOTE): value
            for name, value in values.items()
            if name.startswith(NOTE) and name != offering.OTHERS
        },
        common_note=values.get(offering.OTHERS, ""),
        channel=carried["channel"],
        private=bool(carried["private"]),
        stale=bool(carried["stale"]),
    )
    made = handoff.offer(tx, team, asked)
    if request.source == "terminal":
        return Reply(say.offered_answer(made, events.waiting(tx)))
    return Closed()


def _wrong_person(tx: Tx, incoming: str, by: str) -> dict[str, str]:
    """Say at the field why the pager cannot go to whom somebody chose there."""
    if not incoming:
        return {"to": "Please choose who is next."}
    try:
        handoff.must_be_handed_to(tx, _must_be_known(tx, incoming), by)
    except UserError as refusal:
        return {"to": general.unmarked(str(refusal))}
    return {}


def _what_is_wrong(values: Mapping[str, str]) -> dict[str, str]:
    wrong = {
        name: f"These are {len(value):,} characters; a note has at most {LONGEST_NOTE:,}."
        for name, value in values.items()
        if len(value) > LONGEST_NOTE
    }
    if not can_be_seen(values.get("summary", "")) and values.get(offering.QUIET) != "yes":
        wrong["summary"] = "Please say in a few words how things are, or tick Quiet shift."
    return wrong


# Its buttons


def accept(tx: Tx, team: Team, request: Request) -> Outcome:
    """Accept: the pager moves."""
    require(tx, team, request.who, Right.WRITE)
    return Reply(say.accepted_answer(handoff.accept(tx, team, _number(request), request.who, request.at)))


def ask(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open a talk between both."""
    require(tx, team, request.who, Right.WRITE)
    number = _number(request)
    under = request.ts if request.channel == shifts.must_find(tx, number).channel else ""
    offered, in_thread = handoff.ask(tx, number, request.who, request.at, under=under)
    return Reply(say.asked_answer(offered, in_thread=in_thread))


def begin_decline(tx: Tx, team: Team, request: Request) -> Outcome:
    """Ask why somebody declines."""
    require(tx, team, request.who, Right.WRITE)
    offered = shifts.must_find(tx, _number(request))
    oncall.must_be_answered_by(offered, request.who)
    return Modal(offering.decline_modal(offered))


def decline(tx: Tx, team: Team, request: Request) -> Outcome:
    """Decline: the pager stays where it is."""
    require(tx, team, request.who, Right.WRITE)
    handoff.decline(tx, _number(request), request.who, request.values.get("reason", "").strip(), request.at)
    return Closed()


def show(tx: Tx, team: Team, request: Request) -> Outcome:
    """Show all that passes, to somebody alone."""
    told = handoff.told(tx, team, _number(request))
    notes, pending = ongoing.readable(tx, told.handoff, request.who)
    return Modal(offering.whole(told, notes=notes, pending=pending))


def retry(tx: Tx, team: Team, request: Request) -> Outcome:
    """Try again what GitLab refused of a hand-off."""
    require(tx, team, request.who, Right.WRITE)
    return Reply(general.trying_again(shifts.retry(tx, _number(request), request.at)))


def _number(request: Request) -> int:
    if not request.about.isdecimal():
        raise UserError(general.BUTTON_TOO_OLD)
    return int(request.about)


# How messages are worded


def worded(word: Callable[[Told], Words]) -> Callable[[Tx, Team, str], Words]:
    """Let a message about a hand-off say, by `word`, how that stands."""
    return lambda tx, team, about: word(handoff.told(tx, team, int(about)))


def question(tx: Tx, team: Team, about: str) -> Words:
    """Open the talk between both."""
    del team
    return say.question(shifts.must_find(tx, int(about)))


def soon(tx: Tx, team: Team, about: str) -> Words:
    """Tell both that a shift begins soon."""
    del team
    who, since = about.split()
    return say_oncall.soon(who, datetime.fromisoformat(since), tx.shift())


def late(tx: Tx, team: Team, about: str) -> Words:
    """Tell the channel that nobody has handed off."""
    del team
    who, since = about.split()
    return say_oncall.late(who, datetime.fromisoformat(since), tx.shift())


def group_refused(tx: Tx, team: Team, about: str) -> Words:
    """Say that the user group cannot be kept in step."""
    del tx, team
    return say_oncall.group_refused(about)


def topic_refused(tx: Tx, team: Team, about: str) -> Words:
    """Say that the topic cannot be set."""
    del tx, team
    return say_oncall.topic_refused(about)


# What is filled in right before it is told


def fill_in_assignment(tx: Tx, team: Team, operation: Assign) -> Assign:
    """Name the issue, and both people as GitLab may know them."""
    offered, handed = shifts.handed_in(tx, operation.handoff, operation.about)
    return replace(
        operation,
        iid=handed.iid,
        incoming=shifts.colleague(tx, team, offered.incoming),
        outgoing=shifts.colleague(tx, team, offered.outgoing),
        before=handed.assignees,
    )


def fill_in_note(tx: Tx, team: Team, operation: AddNote) -> AddNote:
    """Word the note that goes with an issue."""
    offered, handed = shifts.handed_in(tx, operation.handoff, operation.about)
    names = names_of(tx, [one for one in (offered.outgoing, offered.incoming) if one])
    body = report.note(offered, handed, names.get(offered.outgoing, ""), names[offered.incoming], own=team.tracker)
    return replace(operation, iid=handed.iid, body=body, internal=handed.private or offered.private)


def fill_in_report(tx: Tx, team: Team, operation: WriteReport) -> WriteReport:
    """Word the report."""
    told = shifts.reported(tx, operation.handoff)
    return replace(operation, title=report.title(told), description=report.report(told, own=team.tracker))


def fill_in_group(tx: Tx, team: Team, operation: SetUsergroup) -> SetUsergroup:
    """Name whoever is on call by now."""
    del team
    shift = tx.shift()
    return replace(operation, who=shift.who if shift else "")


def fill_in_topic(tx: Tx, team: Team, operation: SetTopic) -> SetTopic:
    """Name whoever is on call by now."""
    del team
    shift = tx.shift()
    return replace(operation, text=say_oncall.topic(names_of(tx, [shift.who])[shift.who]) if shift else "")
