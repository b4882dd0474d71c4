"""Outages: declared by a command or from a message, resolved, told as a timeline, and looked back upon."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.dialogue import Answer, Ask, Closed, FieldErrors, File, Modal, Outcome, Reply, Request, Sending, read_request
from bot.domain import outages as rules
from bot.domain.commands import can_be_seen
from bot.domain.commands.event import DeclareOutage, DraftPostmortem, ResolveOutage, ShowTimeline
from bot.domain.errors import UserError
from bot.domain.events import LONGEST_TEXT, PUBLIC, Entry, Span
from bot.domain.operations import CreateIssue
from bot.domain.outages import Outage
from bot.domain.people import Right
from bot.domain.pictures import Mark, Picture
from bot.domain.priority import AP_LABELS
from bot.domain.questions import MessageQuestion
from bot.domain.talk import Said
from bot.domain.team import Team
from bot.messages import Words, export, general, on_one_line, postmortem, tracker
from bot.messages import events as say_events
from bot.messages import outages as say
from bot.services import events, outages, privacy
from bot.services.people import all_names, names_of, require
from bot.store import Tx

# Declaring


def begin(tx: Tx, team: Team, request: Request, asked: DeclareOutage) -> Outcome:
    """Open the modal in which an outage is declared."""
    title = asked.title
    require(tx, team, request.who, Right.WRITE)
    private = privacy.is_private(tx, team, request.channel, said_so=request.private)
    shown = say.Prefilled(
        title,
        private=private,
        metadata=say_events.metadata(channel=request.channel, private=private),
        alike=rules.alike(title, tx.ongoing()),
    )
    return Modal(say.modal(shown, team))


def begin_anew(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open the same modal from a button, with nothing in it."""
    return begin(tx, team, request, DeclareOutage())


def begin_from_message(tx: Tx, team: Team, request: Request) -> Outcome:
    """Open the same modal, filled in from a message and its thread."""
    require(tx, team, request.who, Right.WRITE)
    said = request.said
    if said is None:
        message = "Slack did not tell me which message this is. Please try again."
        raise UserError(message)
    if said.own:
        raise UserError(say_events.own_message())
    if known := tx.outage_of_message(said.key):
        return Reply(say.declared_already(known))
    private = privacy.is_private(tx, team, said.channel, said_so=request.private)
    ask = Ask(MessageQuestion(said.channel, said.thread or said.ts, thread=True), "outage.modal", str(int(private)))
    return Modal(general.reading(say.FROM_MESSAGE, "the thread"), ask)


def show_modal(tx: Tx, team: Team, request: Request, about: str, answer: Answer) -> Outcome:
    """Fill in the modal with what the message and its thread say."""
    said = request.said
    if said is None:
        message = "Slack did not tell me which message this is. Please try again."
        raise UserError(message)
    private = about == "1"
    thread = answer.talk.thread if answer.talk else ()
    first = answer.talk.message if answer.talk and answer.talk.message and said.thread not in {"", said.ts} else None
    talk = tuple(one for one in ((first,) if first else ()) + thread if one.ts != said.ts and not one.own)
    notes = []
    if answer.refused:
        notes.append(say.no_member())
    elif answer.talk is None:
        notes.append(say.thread_unread())
    if said.files:
        notes.append(say.files_left_out())
    tx.keep_answer(_kept(request.id), request.written(), request.at)
    title = say.first_line(said.text)
    people = names_of(tx, {one.by for one in (said, *talk) if one.by})
    shown = say.Prefilled(
        title,
        seen=say.quoted_talk(said, talk, people),
        private=private,
        metadata=say_events.metadata(
            channel=said.channel, private=private, request=request.id, member=not answer.refused
        ),
        alike=rules.alike(title, tx.ongoing()),
        notes=tuple(notes),
        from_message=True,
    )
    return Modal(say.modal(shown, team))


def declare(tx: Tx, team: Team, request: Request) -> Outcome:
    """Declare the outage that was filled in."""
    require(tx, team, request.who, Right.WRITE)
    carried: dict[str, Any] = json.loads(request.about)
    asked = _kept_request(tx, carried)
    said = asked.said if asked else None
    title = " ".join(request.values.get("title", "").split())
    if not can_be_seen(title):
        return FieldErrors({"title": "Please say in a few words what is wrong."})
    if said and (known := tx.outage_of_message(said.key)):
        return _answer(asked, say.declared_already(known), member=carried["member"])
    if request.view and tx.fact(_declared_in(request.view)):
        return Closed()
    outage = Outage(
        number=0,
        key=f"outage:{request.id}",
        title=title,
        by=request.who,
        began_at=min(said.at.replace(microsecond=0), request.at) if said else request.at,
        seen=request.values.get("seen", "").strip(),
        data_loss=bool(request.values.get("data_loss")),
        confidential=bool(request.values.get("confidential")),
        private=bool(carried["private"]),
        channel=carried["channel"],
        thread=(said.thread or said.ts) if said else "",
        message=said.key if said else "",
        permalink=said.permalink if said else "",
    )
    made, event = outages.declare(
        tx, team, outage, lambda made: _issue(tx, team, made, request), _first_event(request, outage, said)
    )
    if request.view:
        tx.keep_fact(_declared_in(request.view), made.reference, request.at)
    if event.outage != made.number:
        events.move(tx, event.id, made.number, by=request.who, at=request.at)
    events.switch(tx, event.id, "incident", by=request.who, at=request.at)
    if not said:
        return Closed()
    member = carried["member"] and not outage.channel.startswith("D")
    outages.answer_in_thread(tx, made, request.at, member=member)
    if member:
        return Closed()
    return _answer(asked, say.declared(made, events.waiting(tx)), member=False)


def _declared_in(view: str) -> str:
    """Name the remembered fact that a modal was sent: a double click sends it again, with a trigger of its own."""
    return f"outage declared in {view}"


def _kept(request: str) -> str:
    return f"outage from {request}"


def _kept_request(tx: Tx, carried: dict[str, Any]) -> Request | None:
    """Find the request with the message that the modal was filled in from; None where it came from a command."""
    if "request" not in carried:
        return None
    written = tx.answer_to(_kept(carried["request"]))
    if written is None:
        message = "This window was open too long. Please use the shortcut again."
        raise UserError(message)
    return read_request(written)


def _answer(asked: Request | None, words: Words, *, member: bool) -> Outcome:
    """Say something after a modal: by the response URL of the shortcut."""
    return Reply(words if member else say_events.with_invitation(words), url=asked.response_url if asked else "")


def _first_event(request: Request, outage: Outage, said: Said | None) -> Entry:
    """Make the first event of an outage: the message that it was declared from, else its title."""
    entry = Entry(
        key=outage.message or f"declared:{request.id}",
        text=f"Outage declared: {outage.title}",
        by=request.who,
        now=request.at,
        source="outage",
        kind="incident",
        at=outage.began_at,
        channel=outage.channel,
        permalink=outage.permalink,
        private=outage.private,
    )
    if said is None:
        return entry
    return replace(entry, text=said.logged(LONGEST_TEXT) or entry.text, by=said.author, logged_by=request.who)


def _issue(tx: Tx, team: Team, outage: Outage, request: Request) -> CreateIssue:
    labels = [team.labels.outage]
    if outage.data_loss:
        labels.append(team.labels.data_loss)
    if request.values.get(say.CRITICAL):
        labels.append(say.CRITICAL)
    if request.values.get("ap") in AP_LABELS:
        labels.append(request.values["ap"])
    return CreateIssue(
        outage.key,
        tracker.title(outage.title),
        tracker.description(outage, names_of(tx, [outage.by])[outage.by], own=team.tracker),
        tuple(labels),
        confidential=outage.confidential,
    )


# Resolving


def resolve_named(tx: Tx, team: Team, request: Request, asked: ResolveOutage) -> Outcome:
    """End an outage, or ask which."""
    require(tx, team, request.who, Right.WRITE)
    found = outages.choose(tx, asked.named, ended_too=False)
    if isinstance(found, tuple):
        return Reply(say.which(found, "outage.resolve", "is over"))
    return _resolve(tx, team, request, found)


def resolve(tx: Tx, team: Team, request: Request) -> Outcome:
    """End the outage whose button was pressed."""
    require(tx, team, request.who, Right.WRITE)
    return _resolve(tx, team, request, outages.must_find(tx, int(request.about)))


def _resolve(tx: Tx, team: Team, request: Request, outage: Outage) -> Outcome:
    said = Entry(
        key=f"resolved:{request.id}",
        text=f"Outage {outage.reference} resolved",
        by=request.who,
        now=request.at,
        source="outage",
        kind="incident",
        channel=request.channel,
        private=privacy.is_private(tx, team, request.channel, said_so=request.private),
    )
    outages.resolve(tx, team, outage, said)
    return Reply(say.resolved(outages.must_find(tx, outage.number), events.waiting(tx)))


def retry(tx: Tx, team: Team, request: Request) -> Outcome:
    """Try again what GitLab refused of an outage."""
    require(tx, team, request.who, Right.WRITE)
    return Reply(general.trying_again(outages.retry(tx, int(request.about), request.at)))


# Looking back


def timeline_of(tx: Tx, team: Team, request: Request, asked: ShowTimeline) -> Outcome:
    """Tell an outage in the order in which things happened, or ask which."""
    found = outages.choose(tx, asked.named, ended_too=True)
    if isinstance(found, tuple):
        return Reply(say.which(found, "outage.timeline", "do you want to see"))
    return _timeline(tx, team, request, found)


def timeline(tx: Tx, team: Team, request: Request) -> Outcome:
    """Tell the outage whose button was pressed."""
    return _timeline(tx, team, request, outages.must_find(tx, int(request.about)))


def _timeline(tx: Tx, team: Team, request: Request, outage: Outage) -> Outcome:
    told = events.events_of(tx, request.who, Span(), outage.number)
    return Sending(say_events.timeline(outage, told, team), "event.timeline", str(outage.number))


def timeline_files(tx: Tx, team: Team, request: Request, about: str) -> list[File]:
    """Describe the picture of a timeline, and write all of it down where it is too long for a message."""
    del team
    outage = outages.must_find(tx, int(about))
    told = events.events_in(tx, Span(), outage.number)
    shown = [one for one in told.events if not one.retracted]
    picture = Picture(
        f"{outage.reference} {outage.spoken}",
        outage.began_at,
        outage.ended_at,
        tuple(Mark(one.at, one.kind, on_one_line(one.text) if PUBLIC.may_read(one) else "") for one in shown),
        request.at,
    )
    words = export.alternative(picture)
    title = f"Timeline of {outage.reference}{f' (#{outage.iid})' if outage.iid else ''}."
    files = [File(f"{outage.reference}-timeline.png", picture, title, alternative=words)]
    if len(shown) > say_events.MOST_IN_MESSAGE:
        hidden = {one.id for one in shown if not PUBLIC.may_read(one)}
        names = names_of(tx, {one.by for one in shown})
        _, text = export.export("md", shown, {}, told.outages, names, hidden, now=request.at)
        files.append(File(f"{outage.reference}-timeline.md", text, "The whole timeline."))
    return files


def postmortem_of(tx: Tx, team: Team, request: Request, asked: DraftPostmortem) -> Outcome:
    """Draft a post-mortem, or ask for which outage."""
    del team, request
    found = outages.choose(tx, asked.named, ended_too=True)
    if isinstance(found, tuple):
        return Reply(say.which(found, "outage.postmortem", "is it about"))
    return _postmortem(tx, found)


def draft(tx: Tx, team: Team, request: Request) -> Outcome:
    """Draft the post-mortem of the outage whose button was pressed."""
    del team
    return _postmortem(tx, outages.must_find(tx, int(request.about)))


def _postmortem(tx: Tx, outage: Outage) -> Outcome:
    hidden = _hidden_in_draft(tx, outage)
    return Sending(say.postmortem(outage, hidden), "event.postmortem", str(outage.number))


def _hidden_in_draft(tx: Tx, outage: Outage) -> int:
    told = events.events_in(tx, Span(), outage.number)
    return sum(not PUBLIC.may_read(one) for one in told.events if not one.retracted)


def postmortem_file(tx: Tx, team: Team, request: Request, about: str) -> list[File]:
    """Make the file of a draft."""
    del team
    outage = outages.must_find(tx, int(about))
    text = _draft(tx, outage, request.at, on_issue=False)
    return [File(f"{outage.reference}-postmortem.md", text, f"Draft for the post-mortem of {outage.reference}.")]


def write_postmortem(tx: Tx, team: Team, request: Request) -> Outcome:
    """Put the draft into the issue."""
    require(tx, team, request.who, Right.WRITE)
    outage = outages.must_find(tx, int(request.about))
    text = _draft(tx, outage, request.at, on_issue=True)
    outages.write_postmortem(
        tx, outage, text, by=request.who, batch=f"postmortem-{outage.number}-{request.id}", at=request.at
    )
    return Reply(say.postmortem_begun(outage, events.waiting(tx)))


def _draft(tx: Tx, outage: Outage, at: datetime, *, on_issue: bool) -> str:
    """Draft a post-mortem: a confidential issue may hold what its own members wrote, a public one only counts it."""
    told = events.events_in(tx, Span(), outage.number)
    shown = [one for one in told.events if not one.retracted]
    readable = [one for one in shown if PUBLIC.may_read(one) or (on_issue and outage.confidential and not one.private)]
    return postmortem.draft(outage, readable, len(shown) - len(readable), all_names(tx), at)


# How messages are worded


def announced(tx: Tx, team: Team, about: str) -> Words:
    """Word the announcement of an outage."""
    del team
    return say.announced(outages.announced(tx, int(about)))


def answer(tx: Tx, team: Team, about: str) -> Words:
    """Word the answer under the message that an outage was declared from."""
    del team
    return say.answer(outages.announced(tx, int(about)))


def over(tx: Tx, team: Team, about: str) -> Words:
    """Word the reminder that a post-mortem is due."""
    del team
    return say.over(outages.announced(tx, int(about)))


def unwritten(tx: Tx, team: Team, about: str) -> Words:
    """Word the reminder of a post-mortem that nobody has begun."""
    del team
    number = int(about)
    return say.unwritten(outages.announced(tx, number), written=outages.is_written(tx, number))


def quiet(tx: Tx, team: Team, about: str) -> Words:
    """Word the reminder of outages without an update."""
    del team
    told = [(outages.must_find(tx, number), datetime.fromisoformat(since)) for number, since in json.loads(about)]
    return say.quiet(told)
