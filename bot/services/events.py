"""The log: events are logged, revised, mirrored under their outage's issue, and read back by those who may."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.events import PUBLIC, Entry, Event, Found, Kind, Place, Revision, Span
from bot.domain.hooks import Deployed
from bot.domain.journal import Batch, Delivery
from bot.domain.logged import Echoed, Listed, Logged, Waiting
from bot.domain.operations import CreateIssue, Post, SlackPlan, WriteNote
from bot.domain.outages import MOST_OFFERED, Named, Outage, belongs_to
from bot.domain.team import Team
from bot.services import privacy
from bot.services.backlog import promised
from bot.services.wow import person_or_none
from bot.store import Tx

REFRESH = timedelta(seconds=1)
"""An echo is edited at most this often."""
COUNTED = timedelta(seconds=5)
"""The announcement of an outage counts its events at most this often."""
NOTE, TOIL = "note", "toil"
"""Kinds of batches: a note under an outage's issue, an issue made of an event."""
MOST_CHOICES = 50
"""Outages in a menu; Slack takes a hundred."""
FINAL = {"success", "failed", "canceled"}


# Logging


def log(tx: Tx, entry: Entry, named: tuple[Named, ...] = ()) -> Logged:
    """Log an event once, into the outage that it names, or into the only one that goes on."""
    if earlier := tx.event_of(entry.key):
        return Logged(earlier, _outage_of(tx, earlier), again=True)
    ongoing = tx.ongoing()
    found = next((one for one in map(tx.outage_named, named) if one is not None), None)
    outage = belongs_to(ongoing, found)
    event = tx.add_event(
        Event(
            id=0,
            key=entry.key,
            kind=entry.kind or ("incident" if ongoing else "change"),
            at=entry.at or entry.now,
            recorded_at=entry.now,
            by=entry.by,
            text=entry.text,
            source=entry.source,
            channel=entry.channel,
            permalink=entry.permalink,
            private=entry.private,
            outage=outage.number if outage else None,
        ),
        entry.logged_by,
    )
    mirror(tx, event, entry.now)
    choices = () if outage else tuple(ongoing[-MOST_OFFERED:])
    return Logged(event, outage, choices=choices)


def echo(tx: Tx, team: Team, event: Event, at: datetime, *, logged_by: str = "") -> None:
    """Say in the channel that something was logged; the message then follows what becomes of the event.

    `logged_by` is who logged it, where the words are somebody else's: who asked for it is told, nobody else.
    """
    who = logged_by or event.by
    channel = privacy.echo_channel(team, who, event.channel, private=event.private)
    post = Post(message_of(event.id), channel, "event.echo", str(event.id), otherwise=person_or_none(who))
    tx.add_operation("echo", post, at)


def message_of(event: int) -> str:
    """Name of the message that echoes an event."""
    return f"event:{event}"


def waiting(tx: Tx) -> Waiting | None:
    """Tell what waits for GitLab while that is known not to answer; else None."""
    gitlab = tx.world("gitlab")
    if gitlab is None or gitlab.up:
        return None
    return Waiting(promised(tx), gitlab.reason)


# Revising


def edit(tx: Tx, event_id: int, *, by: str, text: str, kind: Kind, happened: datetime, at: datetime) -> Event:
    """Let an event say something else; what it said stays in its revisions."""
    event = must_find(tx, event_id)
    if (event.text, event.kind, event.at) == (text, kind, happened):
        return event
    return _revised(tx, event, by, "edited", at, text=text, kind=kind, happened_at=happened)


def switch(tx: Tx, event_id: int, kind: Kind, *, by: str, at: datetime) -> Event:
    """Make an incident of a change, or the other way round."""
    event = must_find(tx, event_id)
    return event if event.kind == kind else _revised(tx, event, by, "switched", at, kind=kind)


def retract(tx: Tx, event_id: int, *, by: str, at: datetime) -> Event:
    """Strike an event through; it stays in the log."""
    event = must_find(tx, event_id)
    return event if event.retracted else _revised(tx, event, by, "retracted", at, retracted=True)


def restore(tx: Tx, event_id: int, *, by: str, at: datetime) -> Event:
    """Take a retraction back."""
    event = must_find(tx, event_id)
    return _revised(tx, event, by, "restored", at, retracted=False) if event.retracted else event


def state_of(tx: Tx, event: Event, version: int) -> Revision:
    """Recall what an event said in one of its versions: what somebody had before their eyes when they changed it."""
    revisions = tx.revisions_of([event.id])[event.id]
    return revisions[min(max(version, 1), len(revisions)) - 1]


def outages_for(tx: Tx, event: Event) -> tuple[Outage, ...]:
    """List the outages that an event may belong to: its own, and those that go on."""
    own = _outage_of(tx, event)
    others = [one for one in tx.ongoing()[-MOST_CHOICES:] if own is None or one.number != own.number]
    return (*((own,) if own else ()), *others)


def move(tx: Tx, event_id: int, outage: int | None, *, by: str, at: datetime) -> Event:
    """Let an event belong to another outage, or to none."""
    event = must_find(tx, event_id)
    if outage is not None and tx.outage(outage) is None:
        message = f"I do not know outage O{outage}."
        raise UserError(message)
    return event if event.outage == outage else _revised(tx, event, by, "moved", at, outage=outage)


def message_edited(tx: Tx, key: str, text: str, *, by: str, at: datetime) -> None:
    """Note that somebody changed a message that was logged."""
    event = tx.event_of(key)
    if event is not None and text and event.text != text:
        _revised(tx, event, by, "message edited", at, text=text)


def message_deleted(tx: Tx, key: str, *, by: str, at: datetime) -> None:
    """Note that somebody deleted a message that was logged; the event stays."""
    event = tx.event_of(key)
    if event is None or tx.revisions_of([event.id])[event.id][-1].why == "message deleted":
        return
    _revised(tx, event, by, "message deleted", at)


def _revised(tx: Tx, event: Event, by: str, why: str, at: datetime, **changed: object) -> Event:
    before = Revision(
        event=event.id,
        number=event.version,
        at=at,
        by=by,
        why=why,
        kind=event.kind,
        happened_at=event.at,
        text=event.text,
        outage=event.outage,
        retracted=event.retracted,
    )
    after = tx.revise(replace(before, **changed))  # type: ignore[arg-type] # names of fields, all in this file
    mirror(tx, after, at)
    if event.outage is not None and event.outage != after.outage:
        _write_note(tx, event.outage, after, at)
    refresh(tx, event, at)
    return after


def refresh(tx: Tx, event: Event, at: datetime) -> None:
    """Let the message about an event, if there is one, say what is true now."""
    if _is_echoed(tx, event):
        tx.refresh(message_of(event.id), at, at_most_every=REFRESH)


def must_find(tx: Tx, event_id: int) -> Event:
    """Find an event; raises UserError when there is none."""
    found = tx.event(event_id)
    if found is None:
        message = f"There is no event {event_id} in the log."
        raise UserError(message)
    return found


def _outage_of(tx: Tx, event: Event) -> Outage | None:
    return tx.outage(event.outage) if event.outage is not None else None


# In GitLab


def mirror(tx: Tx, event: Event, at: datetime) -> None:
    """Let the note under the outage's issue say what the event says."""
    if event.outage is not None:
        _write_note(tx, event.outage, event, at)
        announcement = announcement_of(event.outage)
        if tx.message(announcement) is not None:
            tx.refresh(announcement, at, at_most_every=COUNTED)


def announcement_of(outage: int) -> str:
    """Name of the message that announces an outage, and counts its events."""
    return f"outage:{outage}"


def _write_note(tx: Tx, outage: int, event: Event, at: datetime) -> None:
    batch = Batch(f"note-{outage}-{event.id}-{event.version}", NOTE, str(event.id), "running", event.by, at)
    tx.add_batch(batch, ((("note", WriteNote(outage, event.id)),),))


def follow_note(tx: Tx, _: Team, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
    """Remember the note that was written, and let the echo say what is true now."""
    operation = delivery.operation if delivery else None
    if outcome == "delivered" and delivery and isinstance(operation, WriteNote) and "id" in delivery.result:
        tx.keep_note(operation.event, operation.outage, int(delivery.result["id"]))
    if outcome in {"done", "waiting"}:
        tx.refresh(message_of(int(batch.about)), at, at_most_every=REFRESH)


def make_toil(tx: Tx, event: Event, issue: CreateIssue, *, by: str, batch: str, at: datetime) -> None:
    """Have an issue made that tracks the cost of what was done by hand; one for each event."""
    made = tx.toil_of(event.id)
    if made is not None:
        message = f"There is a toil issue for this already: #{made[0]}." if made[0] else "The toil issue is on its way."
        raise UserError(message)
    tx.keep_toil(event.id)
    tx.add_batch(Batch(batch, TOIL, str(event.id), "running", by, at), ((("issue", issue),),))
    tx.refresh(message_of(event.id), at, at_most_every=REFRESH)


def follow_toil(tx: Tx, _: Team, batch: Batch, delivery: Delivery | None, outcome: str, at: datetime) -> None:
    """Remember the toil issue."""
    event = int(batch.about)
    if outcome == "delivered" and delivery:
        tx.keep_toil(event, int(delivery.result["iid"]), str(delivery.result.get("url", "")))
    if outcome in {"done", "waiting"}:
        tx.refresh(message_of(event), at, at_most_every=REFRESH)


def echoed(tx: Tx, event_id: int) -> Echoed:
    """Read what there is to say of an event: what became of it here and in GitLab."""
    event = must_find(tx, event_id)
    outage = _outage_of(tx, event)
    revisions = tx.revisions_of([event_id])[event_id]
    batches = [found for name in _batches_of(event) if (found := tx.batch(name))]
    refused = [one.error for batch in batches for one in tx.deliveries(batch.id, "rejected")]
    toil = tx.toil_of(event_id)
    ongoing = tx.ongoing() if outage is None else []
    under_way = any(batch.state == "running" for batch in batches) or (toil is not None and toil[0] is None)
    return Echoed(
        event=event,
        outage=outage,
        choices=tuple(ongoing[-MOST_OFFERED:]) if len(ongoing) > 1 and event.source != "deploy" else (),
        toil=toil,
        waiting=waiting(tx) if under_way else None,
        refused=refused[-1] if refused else "",
        first=revisions[0],
        last=revisions[-1],
    )


def _batches_of(event: Event) -> list[str]:
    names = [f"note-{event.outage}-{event.id}-{event.version}"] if event.outage is not None else []
    return [*names, f"toil-{event.id}"]


def retry(tx: Tx, event_id: int, at: datetime) -> int:
    """Try again what GitLab refused of an event; how much that was."""
    event = must_find(tx, event_id)
    again = sum(tx.retry(name, None, at) for name in _batches_of(event))
    tx.refresh(message_of(event_id), at, at_most_every=REFRESH)
    return again


def pin(tx: Tx, pin_id: str, about: str, who: str, at: datetime) -> None:
    """Look at a message whose reactions changed; Slack may answer later."""
    tx.add_batch(Batch(f"pin-{pin_id}", "pin", "", "running", who, at), ((("plan", SlackPlan("pin", about)),),))


# Deployments


def deployed(tx: Tx, team: Team, told: Deployed, text: str, at: datetime) -> None:
    """Log a deployment, or what became of one: one event for each. `text` says it in words."""
    if not {told.environment.casefold(), told.tier.casefold()} & team.environments:
        return
    earlier = tx.event_of(told.key)
    shown = earlier is not None and _is_echoed(tx, earlier)
    if earlier is None:
        by = f"gitlab:{told.by}" if told.by else "gitlab:"
        entry = Entry(told.key, text, by, at, "deploy", "change", min(told.at, at), permalink=told.url)
        event = log(tx, entry).event
        tx.keep_fact(_state_of(told), told.state, at)
    else:
        event = _follow_deployment(tx, earlier, told, text, at)
    if not shown and (told.state == "failed" or not tx.ongoing()):
        echo(tx, team, event, at)


def _follow_deployment(tx: Tx, earlier: Event, told: Deployed, text: str, at: datetime) -> Event:
    """Take in what became of a deployment; hooks may come in any order, and it happened when the first one says."""
    news = _is_news(tx, told)
    changed = {"text": text if news else earlier.text, "happened_at": min(earlier.at, told.at)}
    if news:
        tx.keep_fact(_state_of(told), told.state, at)
    if (changed["text"], changed["happened_at"]) == (earlier.text, earlier.at):
        return earlier
    return _revised(tx, earlier, f"gitlab:{told.by}", "deployed", at, **changed)


def _is_echoed(tx: Tx, event: Event) -> bool:
    """Tell whether the channel was told of an event, or is about to be."""
    key = message_of(event.id)
    return tx.message(key) is not None or tx.is_taken(f"message:{key}")


def _is_news(tx: Tx, told: Deployed) -> bool:
    """Tell whether a hook tells more than is known; they may come in any order."""
    return told.state in FINAL or tx.fact(_state_of(told)) not in FINAL


def _state_of(told: Deployed) -> str:
    return f"state of {told.key}"


# Looking


def newest(tx: Tx, who: str, limit: int, span: Span, before: Place | None = None) -> Listed:
    """Read a page of the log for somebody alone."""
    events = tx.newest(limit + 1, span, before)
    more = len(events) > limit
    shown = events[-limit:]
    return Listed(tuple(shown), privacy.reader(tx, who, shown), tx.outages(_numbers(shown)), more)


def find(tx: Tx, who: str, words: str, limit: int, before: int | None = None) -> list[Found]:
    """Search the log for somebody alone, `before` an event: what they may not read is not searched either."""
    return tx.find(words, limit, privacy.reader_of_all(tx, who), before)


def events_in(tx: Tx, span: Span, outage: int | None = None) -> Listed:
    """Read all events of a span, or of an outage, for everybody."""
    found = tx.events_in(span, outage)
    return Listed(tuple(found), PUBLIC, tx.outages(_numbers(found)))


def events_of(tx: Tx, who: str, span: Span, outage: int | None = None) -> Listed:
    """Read all events of a span, or of an outage, for somebody alone."""
    found = tx.events_in(span, outage)
    return Listed(tuple(found), privacy.reader(tx, who, found), tx.outages(_numbers(found)))


def _numbers(events: list[Event]) -> set[int]:
    return {one.outage for one in events if one.outage is not None}
