"""`/event`, and what else brings events into the log: a shortcut, a reaction, messages that were edited or deleted."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.dialogue import Answer, Ask, Closed, FieldErrors, File, Modal, Outcome, Reply, Request, Sending
from bot.domain import commands
from bot.domain.commands.event import (
    EventCommand,
    EventHelp,
    ExportEvents,
    FindEvents,
    ListEvents,
    LogEvent,
    outages_named,
    parse_event,
)
from bot.domain.errors import NotKnownYetError, UserError
from bot.domain.events import LONGEST_TEXT, PUBLIC, Entry, Kind, Pending, Place, Span
from bot.domain.logged import Logged
from bot.domain.operations import CreateIssue, Operation, Post, Stages, WriteNote
from bot.domain.outages import Named
from bot.domain.people import Right
from bot.domain.questions import MessageQuestion
from bot.domain.talk import Said, Talk
from bot.domain.team import Team
from bot.domain.times import When, read_when
from bot.messages import Words, count, general, log_modal, tracker
from bot.messages import events as say
from bot.messages import export as exported
from bot.messages import handoff as say_handoff
from bot.services import events, handoff, privacy
from bot.services import outages as outage_services
from bot.services.people import TERMINAL, names_of, require, zone_of
from bot.store import Tx

MOST_LISTED, MOST_FOUND = 50, 20
EDITED = frozenset({"edited", "message edited"})
"""Why a revision says something else than was typed first."""


Answering = Callable[[Tx, Team, Request, Any], Outcome]
"""Answers one sub-command."""


def answering(answers: Mapping[type, Answering]) -> Callable[[Tx, Team, Request], Outcome]:
    """Answer `/event …` by a table: by what was understood."""

    def command(tx: Tx, team: Team, request: Request) -> Outcome:
        asked = _understood(tx, team, request)
        return answers[type(asked)](tx, team, request, asked)

    return command


def usage(tx: Tx, team: Team, request: Request, asked: EventHelp) -> Outcome:
    """List what one may type."""
    del tx, team, request
    return Reply(say.usage(asked))


def _understood(tx: Tx, team: Team, request: Request) -> EventCommand:
    """Read what was typed, with times in the person's own zone; who that is must be known for all but help."""
    zone = zone_of(tx, team, request.who)
    asked = parse_event(request.text, request.at, zone or ZoneInfo("UTC"))
    if zone is None and not isinstance(asked, EventHelp):
        raise NotKnownYetError(request.who)
    return asked


def log(tx: Tx, team: Team, request: Request, asked: LogEvent) -> Outcome:
    """Log one line."""
    require(tx, team, request.who, Right.WRITE)
    return _log(tx, team, request, asked, request.id)


def _log(tx: Tx, team: Team, request: Request, asked: LogEvent, key: str, chosen: Named | None = None) -> Outcome:
    """Log an event once by its key, into the outage that was chosen, else as the text says."""
    entry = Entry(
        key=key,
        text=asked.text,
        by=request.who,
        now=request.at,
        source="terminal" if request.source == "terminal" else "command",
        kind=asked.kind,
        at=asked.when.at if asked.when else None,
        channel=request.channel,
        private=privacy.is_private(tx, team, request.channel, said_so=request.private),
    )
    named = outages_named(asked.text)
    told = events.log(tx, entry, (chosen, *named) if chosen else named)
    if not told.again:
        events.echo(tx, team, told.event, request.at)
    strangers = [one.number for one in named if one.number is not None and tx.outage(one.number) is None]
    notes = [asked.when.note if asked.when else "", say.remarks(told.event, strangers)]
    return Reply(say.logged(_asked_once(team, request, told), " ".join(filter(None, notes)), events.waiting(tx)))


def begin(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open the modal in which an event is logged."""
    require(tx, team, request.who, Right.WRITE)
    return Modal(log_modal.modal(tx.ongoing()[-events.MOST_CHOICES :]))


def log_filled_in(tx: Tx, team: Team, request: Request) -> Outcome:
    """Log what was filled in; the same modal, sent twice, gives one event."""
    require(tx, team, request.who, Right.WRITE)
    text, typed = request.values.get("text", "").strip(), request.values.get("when", "").strip()
    if not commands.can_be_seen(text):
        return FieldErrors({"text": "Please say what happened."})
    if len(text) > LONGEST_TEXT:
        return FieldErrors({"text": log_modal.too_long(text)})
    when = None
    if typed:
        try:
            when = _typed_in(tx, team, request, typed)
        except UserError as wrong:
            return FieldErrors({"when": str(wrong)})
    kind, outage = request.values.get("kind", ""), request.values.get("outage", "")
    chosen = Named(_number(outage)) if outage and outage != say.NO_OUTAGE else None
    tx.open_home(request.who, request.at)  # that is where this modal comes from
    asked = LogEvent(text, _kind(kind) if kind else None, when)
    return _log(tx, team, request, asked, f"logged in {request.view}" if request.view else request.id, chosen)


def _asked_once(team: Team, request: Request, told: Logged) -> Logged:
    """Leave the question for the outage to the message that stands right below, where one does, or to the modal."""
    if request.kind == "submission":
        return replace(told, choices=())
    stands_below = not (told.again or told.event.hidden) and request.channel == team.channel
    return replace(told, choices=()) if told.choices and stands_below else told


def newest(tx: Tx, team: Team, request: Request, asked: ListEvents) -> Outcome:
    """List the newest events."""
    del team
    limit = min(asked.count or (MOST_LISTED if asked.span else 10), MOST_LISTED)
    span = asked.span or Span()
    told = events.newest(tx, request.who, limit, span)
    listed = say.listed(told, asked="in this time" if asked.span else "", span=span, limit=limit)
    return Reply(listed, looked_up=True)


def find(tx: Tx, team: Team, request: Request, asked: FindEvents) -> Outcome:
    """Search the log."""
    del team
    hits = events.find(tx, request.who, asked.words, MOST_FOUND)
    return Reply(say.found(asked.words, hits, MOST_FOUND), looked_up=True)


def older(tx: Tx, team: Team, request: Request) -> Outcome:
    """Turn a page: show what stands behind the last one of a list, or of a search."""
    del team
    asked: Mapping[str, Any] = json.loads(request.about)
    if "words" in asked:
        hits = events.find(tx, request.who, asked["words"], MOST_FOUND, asked["before"])
        return Reply(say.found(asked["words"], hits, MOST_FOUND))
    span = Span(*(datetime.fromisoformat(asked[end]) if asked[end] else None for end in ("since", "until")))
    place = Place(datetime.fromisoformat(asked["at"]), asked["id"])
    told = events.newest(tx, request.who, asked["limit"], span, place)
    return Reply(say.listed(told, asked=say.before(place), span=span, limit=asked["limit"]))


# One event: its buttons


def edit(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open the modal in which an event is changed."""
    require(tx, team, request.who, Right.WRITE)
    event = events.must_find(tx, _number(request.about))
    privacy.must_read(tx, request.who, event)
    return Modal(say.edit_modal(event, events.outages_for(tx, event)))


def save(tx: Tx, team: Team, request: Request) -> Outcome:
    """Keep what was changed, as a revision; what somebody else changed meanwhile, and this person did not, stays."""
    event = events.must_find(tx, _writable(tx, team, request))
    shown = events.state_of(tx, event, _number(request.about.partition(" ")[2]))
    text, typed = request.values.get("text", "").strip(), request.values.get("when", "").strip()
    if not commands.can_be_seen(text):
        return FieldErrors({"text": "Please say what happened. If the event is wrong, use Retract."})
    if len(text) > LONGEST_TEXT:
        return FieldErrors({"text": log_modal.too_long(text)})
    when = When(event.at)
    if typed and typed != say.exact(shown.happened_at):
        try:
            when = _typed_in(tx, team, request, typed)
        except UserError as wrong:
            return FieldErrors({"when": str(wrong)})
    kind = _kind(request.values.get("kind", ""))
    events.edit(
        tx,
        event.id,
        by=request.who,
        text=event.text if text == shown.text else text,
        kind=event.kind if kind == shown.kind else kind,
        happened=when.at,
        at=request.at,
    )
    outage = request.values.get("outage", "")
    if outage and outage != (str(shown.outage) if shown.outage else say.NO_OUTAGE):
        chosen = None if outage == say.NO_OUTAGE else _number(outage)
        events.move(tx, event.id, chosen, by=request.who, at=request.at)
    return Reply(say.assumed(event.id, when.note)) if when.note else Closed()


def _typed_in(tx: Tx, team: Team, request: Request, typed: str) -> When:
    """Read the moment that somebody typed into a field; raises UserError when it is none."""
    zone = zone_of(tx, team, request.who)
    if zone is None:
        raise NotKnownYetError(request.who)
    words = commands.words(typed)
    found = read_when(words, request.at, zone)
    if found is None or found[1] != len(words):
        message = "I cannot read this time. Try 14:05, -10m, yesterday 14:05, or 2026-11-25 14:05:07Z."
        raise UserError(message)
    return found[0]


def retract(tx: Tx, team: Team, request: Request) -> Outcome:
    """Strike an event through."""
    number = _writable(tx, team, request)
    return Reply(say.changed(events.retract(tx, number, by=request.who, at=request.at)))


def restore(tx: Tx, team: Team, request: Request) -> Outcome:
    """Take a retraction back."""
    number = _writable(tx, team, request)
    return Reply(say.changed(events.restore(tx, number, by=request.who, at=request.at)))


def switch(tx: Tx, team: Team, request: Request) -> Outcome:
    """Make an incident of a change, or the other way round."""
    number = _writable(tx, team, request)
    kind = _kind(request.about.partition(" ")[2])
    return Reply(say.changed(events.switch(tx, number, kind, by=request.who, at=request.at)))


def move(tx: Tx, team: Team, request: Request) -> Outcome:
    """Let an event belong to the outage whose button was pressed."""
    number = _writable(tx, team, request)
    outage = outage_services.must_find(tx, _number(request.about.partition(" ")[2]))
    return Reply(say.moved(events.move(tx, number, outage.number, by=request.who, at=request.at), outage))


def toil(tx: Tx, team: Team, request: Request) -> Outcome:
    """Make an issue that tracks the cost of what was done by hand."""
    number = _writable(tx, team, request)
    event = events.must_find(tx, number)
    names = names_of(tx, [event.by, request.who])
    issue = CreateIssue(
        f"toil:{event.key}",
        tracker.title(f"Toil: {event.text}"),
        tracker.toil(event, names[event.by]),
        (team.labels.toil,),
        confidential=event.hidden,
    )
    events.make_toil(tx, event, issue, by=request.who, batch=f"toil-{event.id}", at=request.at)
    return Reply(say.toil_begun(event, events.waiting(tx)))


def retry(tx: Tx, team: Team, request: Request) -> Outcome:
    """Try again what GitLab refused."""
    number = _writable(tx, team, request)
    return Reply(general.trying_again(events.retry(tx, number, request.at)))


def _writable(tx: Tx, team: Team, request: Request) -> int:
    require(tx, team, request.who, Right.WRITE)
    number = _number(request.about.partition(" ")[0])
    privacy.must_read(tx, request.who, events.must_find(tx, number))
    return number


def _number(written: str) -> int:
    if not written.isdecimal():
        raise UserError(general.BUTTON_TOO_OLD)
    return int(written)


def _kind(written: str) -> Kind:
    return "incident" if written == "incident" else "change"


# Messages become events


def log_message(tx: Tx, team: Team, request: Request) -> Outcome:
    """Log the message that a shortcut was used on."""
    require(tx, team, request.who, Right.WRITE)
    said = _must_be_said(request)
    if said.by and not tx.people([said.by]):
        raise NotKnownYetError(said.by)  # the note in GitLab names whose words they are
    private = privacy.is_private(tx, team, said.channel, said_so=request.private)
    if said.channel.startswith("D"):
        tx.keep_channel(said.channel, {one for one in (request.who, said.by) if one}, request.at)
    told = events.log(
        tx, entry_of(said, request.who, request.at, "shortcut", private=private), outages_named(said.text)
    )
    if not told.again:
        events.echo(tx, team, told.event, request.at, logged_by=request.who)
    return Ask(MessageQuestion(said.channel, said.ts), "event.logged", json.dumps([told.event.id, told.again]))


def show_logged(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Say that a message was logged; where Baton is no member, what that means."""
    number, again = json.loads(about)
    echoed = events.echoed(tx, number)
    told = Logged(echoed.event, echoed.outage, echoed.choices, again=again)
    words = say.logged(_asked_once(team, request, told), "", events.waiting(tx))
    return Reply(say.with_invitation(words) if answer.refused else words)


def entry_of(said: Said, who: str, now: datetime, source: Any, *, private: bool) -> Entry:  # noqa: ANN401 - a word
    """Make what is logged of a message: its own time, its author, its text and the names of its files."""
    return Entry(
        key=said.key,
        text=said.logged(LONGEST_TEXT),
        by=said.author,
        logged_by=who,
        now=now,
        source=source,
        at=min(said.at.replace(microsecond=0), now),  # what follows the seconds of a message's `ts` is no time
        channel=said.channel,
        permalink=said.permalink,
        private=private,
    )


def _must_be_said(request: Request) -> Said:
    said = request.said
    if said is None or not said.logged(LONGEST_TEXT):
        message = "This message has no words and no files, so there is nothing to log."
        raise UserError(message)
    if said.own:
        raise UserError(say.own_message())
    return said


def add_to_handoff(tx: Tx, team: Team, request: Request) -> Outcome:
    """Put the message on the list for the next hand-off."""
    require(tx, team, request.who, Right.WRITE)
    said = _must_be_said(request)
    pending = Pending(
        id=0,
        key=said.key,
        by=request.who,
        at=request.at,
        text=said.logged(LONGEST_TEXT),
        permalink=said.permalink,
        channel=said.channel,
        private=privacy.is_private(tx, team, said.channel, said_so=request.private),
    )
    added = handoff.put_on_list(tx, pending)
    return Reply(say_handoff.noted(pending.text, added=added, private=pending.private))


# Reactions


def reacted(tx: Tx, team: Team, request: Request) -> Outcome:
    """Log the message that got the reaction which logs, or retract it when the last one is gone: Slack is asked."""
    if request.about.partition("::")[0] != team.reaction:
        return Closed()
    require(tx, team, request.who, Right.WRITE)
    private = privacy.is_private(tx, team, request.channel, said_so=request.private)
    about = {"channel": request.channel, "ts": request.values["ts"], "who": request.who, "private": private}
    events.pin(
        tx, request.id, json.dumps({**about, "added": request.name == "reaction_added"}), request.who, request.at
    )
    return Closed()


def pin_question(_: Tx, __: Team, about: str) -> MessageQuestion:
    """Ask what the message says, and whether it still has the reaction."""
    asked = json.loads(about)
    return MessageQuestion(asked["channel"], asked["ts"], reactions=True)


def pinned(tx: Tx, team: Team, about: str, talk: Talk, at: datetime) -> Stages:
    """Bring the log in step with the reactions on a message, as they are now."""
    asked: Mapping[str, Any] = json.loads(about)
    said = talk.message
    if said is None:
        return ()
    has_pin = any(name.partition("::")[0] == team.reaction for name in said.reactions)
    earlier = tx.event_of(said.key)
    if not asked["added"]:
        if earlier and not has_pin and earlier.source == "reaction":
            events.retract(tx, earlier.id, by=asked["who"], at=at)
        return ()
    if not has_pin:
        return ()
    if earlier:
        events.restore(tx, earlier.id, by=asked["who"], at=at)
        return ()
    problem = say.own_message() if said.own else ""
    if not said.logged(LONGEST_TEXT):
        problem = "This message has no words and no files, so there is nothing to log."
    if problem:
        key = f"pin:{asked['channel']}:{asked['ts']}:{asked['who']}"
        return ((("tell", Post(key, asked["who"], "event.plain", problem)),),)
    entry = entry_of(said, asked["who"], at, "reaction", private=asked["private"])
    told = events.log(tx, entry, outages_named(said.text))
    events.echo(tx, team, told.event, at, logged_by=asked["who"])
    return ()


def message_edited(tx: Tx, team: Team, request: Request) -> Outcome:
    """Note that a logged message says something else now."""
    del team
    if request.said:
        events.message_edited(
            tx, request.said.key, request.said.logged(LONGEST_TEXT), by=request.who or request.said.by, at=request.at
        )
    return Closed()


def message_deleted(tx: Tx, team: Team, request: Request) -> Outcome:
    """Note that a logged message was deleted."""
    del team
    key = f"message:{request.channel}:{request.values['ts']}"
    events.message_deleted(tx, key, by=request.who, at=request.at)
    return Closed()


# Files


def export(tx: Tx, team: Team, request: Request, asked: ExportEvents) -> Outcome:
    """Send the log, or a part of it, as a file."""
    del team, request
    number = None
    if asked.named:
        outage = outage_services.choose(tx, asked.named, ended_too=True)
        number = outage.number if not isinstance(outage, tuple) else None
    span = asked.span or Span()
    told = events.events_in(tx, span, number)
    since, until = (at.isoformat() if at else "" for at in (span.since, span.until))
    about = json.dumps([asked.format, since, until, number])
    return Sending(say.following(f"The log ({asked.format})", told.hidden), "event.export", about)


def export_file(tx: Tx, team: Team, request: Request, about: str) -> list[File]:
    """Make the file of an export: nothing hidden stands in it."""
    form, since, until, number = json.loads(about)
    ends = (datetime.fromisoformat(at) if at else None for at in (since, until))
    told = events.events_in(tx, Span(*ends), number)
    revisions = tx.revisions_of(one.id for one in told.events)
    people = {one.by for one in told.events} | {one.by for all_of in revisions.values() for one in all_of}
    hidden = {one.id for one in told.events if not PUBLIC.may_read(one)}
    if request.who.startswith(TERMINAL):
        hidden = set()
    name, text = exported.export(
        form, told.events, revisions, told.outages, names_of(tx, people), hidden, now=request.at, own=team.tracker
    )
    return [File(name, text, f"{count(len(told.events), 'event')} of the log.")]


# How messages are worded


def echo(tx: Tx, team: Team, about: str) -> Words:
    """Word the message that echoes an event."""
    del team
    return say.echo(events.echoed(tx, int(about)))


def plain(tx: Tx, team: Team, about: str) -> Words:
    """Word a message that says one sentence of ours."""
    del tx, team
    return general.refused(about)


def fill_in(tx: Tx, team: Team, operation: Operation) -> Operation:
    """Word a note right before it is sent, and name the issue that it stands under."""
    body = ""
    if isinstance(operation, WriteNote) and (event := tx.event(operation.event)):
        name = names_of(tx, [event.by])[event.by]
        edited = any(one.why in EDITED for one in tx.revisions_of([event.id])[event.id])
        elsewhere = f"O{event.outage}" if event.outage else "no outage"
        moved = elsewhere if event.outage != operation.outage else ""
        if not privacy.may_stand_under(event, tx.outage(operation.outage)):
            event = replace(event, text=exported.PRIVATE)
        body = tracker.note(event, name, edited=edited, moved=moved, own=team.tracker)
    return outage_services.fill_in(tx, operation, body)
