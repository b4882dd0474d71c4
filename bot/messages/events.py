"""What we say of the log: events logged, echoed, listed and found, and what one may type."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.domain.commands.event import EVENT_USAGE, EventHelp
from bot.domain.events import LONGEST_TEXT, Event, Found, Kind, Place, Reader, Span
from bot.domain.hooks import Deployed
from bot.domain.logged import Echoed, Listed, Logged, Waiting
from bot.domain.outages import Outage
from bot.domain.team import Team
from bot.messages import (
    Page,
    View,
    Words,
    count,
    escape,
    link,
    moment,
    not_known,
    on_one_line,
    only_members,
    person,
    shorten,
    shorten_mrkdwn,
    tell_waiting,
    usage_lines,
)

MOST_IN_LINE = 400
"""Characters of an event's text in a list; the whole stands in the export."""
OTHER: dict[Kind, Kind] = {"change": "incident", "incident": "change"}
SOON = timedelta(minutes=1)
"""By so much clocks may differ."""
STATES = {"running": "is running", "success": "succeeded", "failed": "failed", "canceled": "was canceled"}
MOST_IN_LIST = 10_000
"""Characters of all events in a list together; Slack takes few more in a message."""
MOST_IN_MESSAGE = 40
"""Events of a timeline that a message shows at the most; a longer one follows as a file, too."""
EDIT_TITLE = "Edit the event"
WHEN_HINT = "In your own time zone: 14:05, yesterday 14:05, -10m. In UTC, with a Z at the end: 2026-11-25 14:05:07Z."


# One event


def logged(told: Logged, reader_zone_note: str, waiting: Waiting | None) -> Words:
    """Say what was understood, and into which outage it went; for the person alone."""
    event = told.event
    page = Page()
    if told.again:
        page.say(f"This is in the log already, as event {event.id}: {_line(event)}")
    else:
        page.say(f"Logged as event {event.id}: {_line(event)}")
    if told.outage:
        page.small(f"It belongs to {outage_named(told.outage)}.")
    if event.hidden:
        page.small(PRIVATE_NOTE)
    if reader_zone_note:
        page.small(escape(reader_zone_note))
    tell_waiting(page, waiting)
    if told.choices:
        page.say("Which outage does it belong to?")
        page.block(_choices(event, told.choices))
    if event.hidden:
        page.block(_buttons(event, toil=False))
    return page.words()


def remarks(event: Event, strangers: Sequence[int]) -> str:
    """Say what somebody may not have meant: a moment to come, outages that nobody knows."""
    said = ["This time is in the future."] if event.at - event.recorded_at > SOON else []
    if strangers:
        said.append(f"I do not know outage {' or '.join(f'O{number}' for number in strangers)}.")
    return " ".join(said)


PRIVATE_NOTE = (
    "It is private: only members of the channel it comes from can read it. In GitLab it stands in an internal note."
)


def _line(event: Event) -> str:
    text = f"*{event.kind}* · {moment(event.at)}\n{said(event)}"
    return f"{text} (retracted)" if event.retracted else text


def said(event: Event) -> str:
    """Give the text of an event in mrkdwn, struck through when it was retracted."""
    lines = escape(event.text).split("\n")
    return "\n".join(f"~{line}~" if line.strip() else line for line in lines) if event.retracted else "\n".join(lines)


def echo(told: Echoed) -> Words:
    """Word the message that tells of an event, for whoever is in the channel."""
    event = told.event
    page = Page()
    begins = f"*{event.kind}* · {moment(event.at)} · by {person(event.by)}"
    if told.first.by != event.by:
        begins += f" · logged by {person(told.first.by)}"
    if event.hidden:
        page.say(f":lock: Private event {event.id} · {begins}")
        page.small("Only members of the channel it comes from can read it, with `/event list`.")
    else:
        page.say(f"{begins}\n{said(event)}")
    for line in _remarks(told):
        page.small(line)
    tell_waiting(page, told.waiting)
    if told.choices and not event.retracted:
        page.say("Which outage does it belong to?")
        page.block(_choices(event, told.choices))
    page.block(_buttons(event, toil=told.toil is None, retry=bool(told.refused)))
    return page.words()


def _remarks(told: Echoed) -> Iterable[str]:
    event = told.event
    about = [f"event {event.id}"]
    if told.outage:
        about.append(f"in {outage_named(told.outage)}")
    if event.permalink and not event.hidden:
        about.append(link(event.permalink, "job" if event.source == "deploy" else "message"))
    if event.version > 1 and told.last.why not in {"logged", "deployed"}:
        about.append(f"{told.last.why} by {person(told.last.by)}")
    yield " · ".join(about)
    if told.toil:
        iid, url = told.toil
        yield f"Toil issue: {link(url, f'#{iid}')}" if iid else "A toil issue is on its way."
    if told.refused:
        yield f":warning: GitLab refused it: {escape(told.refused)}"


def outage_named(outage: Outage) -> str:
    """Name an outage: its own number, GitLab's beside it, and its title."""
    issue = f" ({link(outage.url, f'#{outage.iid}')})" if outage.iid else ""
    title = escape(shorten(outage.spoken, 120))
    return f"{outage.reference}{issue} {title if outage.confidential else f'“{title}”'}"


def button_label(outage: Outage) -> str:
    """Name an outage on a button: its own number, GitLab's beside it, and its title."""
    issue = f" (#{outage.iid})" if outage.iid else ""
    return shorten(f"{outage.reference}{issue} {outage.spoken}", 75)


def _choices(event: Event, choices: Sequence[Outage]) -> dict[str, object]:
    return {
        "type": "actions",
        "elements": [
            _button(
                f"event.move#{one.number}",
                button_label(one),
                f"{event.id} {one.number}",
            )
            for one in choices
        ],
    }


def _buttons(event: Event, *, toil: bool, retry: bool = False) -> dict[str, object]:
    if event.retracted:
        shown = [_button("event.restore", "Restore", str(event.id))]
    else:
        shown = [
            _button("event.edit", "Edit", str(event.id)),
            _button("event.retract", "Retract", str(event.id)),
        ]
        if toil:
            shown.append(_button("event.toil", "Make toil issue", str(event.id)))
        other = OTHER[event.kind]
        shown.append(_button("event.switch", f"Switch to {other}", f"{event.id} {other}"))
    if retry:
        shown.append(_button("event.retry", "Retry", str(event.id)))
    return {"type": "actions", "elements": shown}


def _button(action: str, label: str, value: str) -> dict[str, object]:
    return {
        "type": "button",
        "action_id": action,
        "value": value,
        "text": {"type": "plain_text", "text": label, "emoji": False},
    }


NO_OUTAGE = "none"


def edit_modal(event: Event, outages: Sequence[Outage]) -> View:
    """Ask what an event should say instead; `outages` are those that it may belong to."""
    fields = _edit_fields(event)
    if outages:
        fields.append(_outage_field(event, outages))
    kept = "What it said before is kept, as an earlier revision."
    if event.private:
        kept += " :lock: It comes from a private channel: in GitLab it stands in an internal note."
    return {
        "type": "modal",
        "callback_id": "event.edit",
        "private_metadata": f"{event.id} {event.version}",
        "title": {"type": "plain_text", "text": EDIT_TITLE},
        "submit": {"type": "plain_text", "text": "Save"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [*fields, {"type": "context", "elements": [{"type": "mrkdwn", "text": kept}]}],
    }


def _edit_fields(event: Event) -> list[dict[str, object]]:
    return [
        {
            "type": "input",
            "block_id": "text",
            "label": {"type": "plain_text", "text": "What happened"},
            "element": {
                "type": "plain_text_input",
                "action_id": "text",
                "multiline": True,
                "max_length": LONGEST_TEXT,
                "initial_value": event.text,
            },
        },
        {
            "type": "input",
            "block_id": "when",
            "label": {"type": "plain_text", "text": "When"},
            "hint": {"type": "plain_text", "text": WHEN_HINT},
            "element": {
                "type": "plain_text_input",
                "action_id": "when",
                "max_length": 100,
                "initial_value": exact(event.at),
            },
        },
        {
            "type": "input",
            "block_id": "kind",
            "label": {"type": "plain_text", "text": "Kind"},
            "element": {
                "type": "static_select",
                "action_id": "kind",
                "options": [option(kind, kind) for kind in OTHER],
                "initial_option": option(event.kind, event.kind),
            },
        },
    ]


def _outage_field(event: Event, outages: Sequence[Outage]) -> dict[str, object]:
    none = option(NO_OUTAGE, "no outage")
    options = {one.number: option(str(one.number), button_label(one)) for one in outages}
    return {
        "type": "input",
        "block_id": "outage",
        "label": {"type": "plain_text", "text": "Outage"},
        "element": {
            "type": "static_select",
            "action_id": "outage",
            "options": [none, *options.values()],
            "initial_option": options.get(event.outage or 0, none),
        },
    }


def option(value: str, label: str) -> dict[str, object]:
    """Make a choice of a menu."""
    return {"text": {"type": "plain_text", "text": label}, "value": value}


def exact(at: datetime) -> str:
    """Write an instant as it may be typed, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%SZ")


def changed(event: Event) -> Words:
    """Say that an event says something else now."""
    if event.retracted:
        return Page().say(f"Event {event.id} is retracted, and stays on record: {_line(event)}").words()
    return Page().say(f"Event {event.id} now says: {_line(event)}").words()


def assumed(event: int, note: str) -> Words:
    """Say what was assumed of the moment that somebody typed for an event."""
    return Page().say(f"Event {event} is changed. {escape(note)}").words()


def moved(event: Event, outage: Outage) -> Words:
    """Say where an event belongs now."""
    return Page().say(f"Event {event.id} now belongs to {outage_named(outage)}.").words()


def toil_begun(event: Event, waiting: Waiting | None) -> Words:
    """Say that a toil issue is made."""
    page = Page().say(f"I make a toil issue from event {event.id}. Its number comes in the event's message.")
    tell_waiting(page, waiting)
    return page.words()


# Deployments


def deployed(told: Deployed) -> str:
    """Say in one line what became of a deployment; this is the text of its event."""
    what = f"{told.project} {told.sha}".strip()
    title = f" “{shorten(told.title, 200)}”" if told.title else ""
    return f"Deploy of {what}{title} to {told.environment} {STATES.get(told.state, told.state)}"


# Lists


def listed(told: Listed, *, asked: str, span: Span = Span(), limit: int = MOST_IN_MESSAGE) -> Words:  # noqa: B008 - frozen
    """List events in the order in which they happened, for somebody alone; `span` and `limit` hold for older pages."""
    if not told.events:
        return Page().say(f"The log has no events {asked}." if asked else "The log is empty.").words()
    page = Page()
    lines = _newest([_in_list(one, told.reader, told.outages.get(one.outage or 0)) for one in told.events])
    page.say(f"*The log* · {count(len(lines), 'event')}{f' {asked}' if asked else ''}, newest last")
    page.say("\n".join(lines))
    if told.more or len(lines) < len(told.events):
        page.small("For older ones: `/event list 50`, `/event list since yesterday 14:00` or `/event export`.")
        first = told.events[len(told.events) - len(lines)]
        since, until = (at.isoformat() if at else "" for at in (span.since, span.until))
        page.block(_older(at=first.at.isoformat(), id=first.id, since=since, until=until, limit=limit))
    _hidden(page, sum(not told.reader.may_read(one) for one in told.events[len(told.events) - len(lines) :]))
    return page.words()


def before(place: Place) -> str:
    """Say where an older page begins."""
    return f"before {moment(place.at)}"


def _older(**where: object) -> dict[str, object]:
    """Offer the page that begins behind the oldest event of this one."""
    # as it is typed, so that the longest search fits into what a button carries
    carried = json.dumps(where, ensure_ascii=False, separators=(",", ":"))
    return {"type": "actions", "elements": [_button("event.older", "Older", carried)]}


def _newest(lines: Sequence[str]) -> Sequence[str]:
    """Take the newest lines, which stand last, as long as a message has room for them."""
    room = MOST_IN_LIST
    for left, line in enumerate(reversed(lines)):
        room -= len(line) + 1
        if room < 0:
            return lines[len(lines) - left :]
    return lines


def _in_list(event: Event, reader: Reader, outage: Outage | None) -> str:
    text = on_one_line(said(event)) if reader.may_read(event) else "_(private event)_"
    where = f" · {outage.reference}" if outage else ""
    lock = ":lock: " if event.hidden and reader.may_read(event) else ""
    return (
        f"• {moment(event.at)} *{event.kind}*{where} · {lock}{shorten_mrkdwn(text, MOST_IN_LINE)} · {person(event.by)}"
        f" · event {event.id}"
    )


def _hidden(page: Page, number: int) -> None:
    if number:
        page.small(f"{count(number, 'private event')}: {only_members(number)}.")


def found(words: str, hits: Sequence[Found], limit: int) -> Words:
    """List the hits of a search, newest last, with what was hit."""
    if not hits:
        return (
            Page()
            .say(f"Nothing in the log matches “{escape(shorten(words, 100))}”. `repl*` finds what begins with repl.")
            .words()
        )
    newest = f"the newest {limit} " if len(hits) == limit else ""
    page = Page().say(f"*Found* for “{escape(shorten(words, 100))}”: {newest}{count(len(hits), 'event')}, newest last")
    lines = _newest([_hit(one) for one in hits])
    page.say("\n".join(lines))
    if len(hits) == limit or len(lines) < len(hits):
        page.block(_older(words=words, before=hits[len(hits) - len(lines)].event.id))
    return page.words()


def _hit(one: Found) -> str:
    text = on_one_line("".join(f"*{escape(words)}*" if hit else escape(words) for words, hit in one.snippet))
    retracted = " (retracted)" if one.event.retracted else ""
    where = f" · O{one.event.outage}" if one.event.outage else ""
    return f"• {moment(one.event.at)} *{one.event.kind}*{where} · {text}{retracted} · {person(one.event.by)} · event {one.event.id}"


def usage(asked: EventHelp) -> Words:
    """List what one may type; for an unknown word, the nearest one first."""
    page = Page()
    if asked.unknown:
        page.say(not_known("/event", asked.unknown, asked.nearest))
    return page.say(f"*The log of production*\n{usage_lines(EVENT_USAGE)}").words()


def own_message() -> str:
    """Say why a message of ours is not logged."""
    return "This is one of my own messages. What I say is in the log or in GitLab already."


INVITATION = (
    "I am not a member of this channel, so I follow edits and reactions only after an invitation: `/invite @Baton`."
)


def with_invitation(words: Words) -> Words:
    """Add that Baton is no member there."""
    small = {"type": "context", "elements": [{"type": "mrkdwn", "text": INVITATION}]}
    return Words(f"{words.text}\n{INVITATION}", (*words.blocks, small))


def metadata(**facts: object) -> str:
    """Write what a modal carries."""
    return json.dumps(facts, separators=(",", ":"))


def timeline(outage: Outage, told: Listed, team: Team) -> Words:
    """Tell an outage in the order in which things happened, for somebody alone."""
    del team
    events = [one for one in told.events if not one.retracted]
    page = Page()
    over = f" to {moment(outage.ended_at)}" if outage.ended_at else ", ongoing"
    page.say(f"Timeline of {outage_named(outage)}\n{moment(outage.began_at)}{over} · {count(len(events), 'event')}")
    if not events:
        return page.say("It has no events yet. `/event log` adds one.").words()
    lines = [_in_list(one, told.reader, None) for one in events]
    room, shown = 9000, []
    for line in lines[:MOST_IN_MESSAGE]:
        room -= len(line)
        if room < 0:
            break
        shown.append(line)
    page.say("\n".join(shown))
    if len(shown) < len(lines):
        page.small(f"… and {len(lines) - len(shown)} more: all of them are in the file that follows.")
    _hidden(page, sum(not told.reader.may_read(one) for one in events))
    return page.small("A picture follows in our direct messages.").words()


def texts_left_out(number: int) -> str:
    """Say that a file has private events in it without their text."""
    return f"The file leaves out the text of {count(number, 'private event')}."


def following(what: str, hidden: int) -> Words:
    """Say that a file follows."""
    page = Page().say(f"{what} follows as a file in our direct messages.")
    if hidden:
        page.small(texts_left_out(hidden))
    return page.words()
