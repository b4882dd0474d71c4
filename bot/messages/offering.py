"""The windows of a hand-off: in which it is offered, declined, and read uncut."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.duration import lasted
from bot.domain.events import Event, Pending
from bot.domain.oncall import LONGEST_NOTE, MOST_HANDED, Handoff
from bot.domain.passing import Listing, Offering, Told
from bot.messages import Page, View, count, escape, link, moment, on_one_line, person, shorten
from bot.messages.events import said
from bot.messages.handoff import NOTE_HELD_BACK, headline, summary
from bot.messages.ongoing import NOTHING, UNKNOWN, age, pending_line, pending_lines, rota_trouble, section

TITLE = "Hand off"
OTHERS = "note:others"
"""The field for the note on all that have none of their own."""
TYPED = "handoff.typed"
"""What a field tells while somebody fills it in, so that nothing is lost."""
QUIET = "quiet"
MOST_BLOCKS = 100
MOST_BYTES = 240_000
"""Of a window; Slack takes 250 kB."""


# In which it is offered


def modal(shown: Offering) -> View:
    """Ask for a note on each thing that goes on, and for a summary."""
    view = _modal(shown, brief=False)
    return view if len(json.dumps(view)) <= MOST_BYTES else _modal(shown, brief=True)


def _modal(shown: Offering, *, brief: bool) -> View:
    page = Page()
    page.say(_to_whom(shown))
    for line in _rota_lines(shown):
        page.small(line)
    if shown.listing.silent or shown.listing.at is None:
        page.small(f":warning: {age(shown.listing, shown.now)}")
    fields: list[dict[str, Any]] = list(page.blocks)
    if not shown.incoming:
        fields.append(_person_field(shown.draft.get("to", "")))
    handed = shown.listing.handed
    if not handed:
        fields += Page().say(NOTHING if shown.listing.at else UNKNOWN).blocks
    for number, one in enumerate(handed[:MOST_HANDED]):
        fields += Page().say(section(one, shown.now, brief=brief)).blocks
        fields.append(_note_field(f"note:{one.key}", f"Note on {one.reference}", shown.draft, number))
    if (more := len(handed) - MOST_HANDED) > 0:
        fields += Page().say(f"… and {more} more; all are in the file in our direct messages.").blocks
        fields.append(_note_field(OTHERS, f"Common note on the other {more}", shown.draft, MOST_HANDED))
    fields += _of_the_shift(shown).blocks
    fields.append(_summary_field(shown))
    fields.append(_quiet_field(ticked=shown.draft.get(QUIET) == "yes"))
    return {
        "type": "modal",
        "callback_id": "handoff.offer",
        "private_metadata": shown.metadata,
        "title": {"type": "plain_text", "text": TITLE},
        "submit": {"type": "plain_text", "text": "Hand off"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": fields,
    }


def _to_whom(shown: Offering) -> str:
    to = f"To {person(shown.incoming)}. " if shown.incoming else ""
    accept = "they accept" if shown.incoming else "whoever you choose accepts"
    if shown.shift is None:
        return f"{to}Nobody is on call until {accept}."
    stay = "You stay" if shown.by == shown.outgoing else f"{person(shown.outgoing)} stays"
    return f"{to}{stay} on call until {accept}."


def _rota_lines(shown: Offering) -> Iterable[str]:
    upcoming = shown.upcoming
    if upcoming and shown.incoming == upcoming.who:
        begins = "began" if upcoming.since <= shown.now else "begins"
        yield f"By the rota, their shift {begins} {moment(upcoming.since)}."
    if upcoming and upcoming.trouble:
        yield rota_trouble(upcoming)
    if shown.rota:
        yield escape(shown.rota)


def _note_field(block: str, label: str, draft: Mapping[str, str], number: int) -> dict[str, Any]:
    return _typed_field(block, label, draft.get(block, ""), number)


def _typed_field(block: str, label: str, initial: str, number: int, *, hint: str = "") -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": f"{TYPED}#{number}",
        "multiline": True,
        "max_length": LONGEST_NOTE,
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
    }
    if initial:
        element["initial_value"] = initial[:LONGEST_NOTE]
    field = _kept_field(block, label, element, optional=True)
    return {**field, "hint": {"type": "plain_text", "text": hint}} if hint else field


def _kept_field(block: str, label: str, element: dict[str, Any], *, optional: bool) -> dict[str, Any]:
    """Make a field that tells what is filled in, so that it is there when the window is opened again."""
    return {
        "type": "input",
        "block_id": block,
        "optional": optional,
        "dispatch_action": True,
        "label": {"type": "plain_text", "text": label},
        "element": element,
    }


def _person_field(chosen: str) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "users_select",
        "action_id": f"{TYPED}#to",
        "placeholder": {"type": "plain_text", "text": "Who is next?"},
    }
    if chosen:
        element["initial_user"] = chosen
    return _kept_field("to", "Next person", element, optional=False)


def _summary_field(shown: Offering) -> dict[str, Any]:
    begun = shown.draft.get("summary") or shown.note
    hint = "How things are, in a few words. Fill in this, or tick Quiet shift."
    return _typed_field("summary", "Summary", begun, MOST_HANDED + 1, hint=hint)


def _quiet_field(*, ticked: bool) -> dict[str, Any]:
    option = {"text": {"type": "plain_text", "text": "Nothing happened that the next one must know"}, "value": "yes"}
    element: dict[str, Any] = {"type": "checkboxes", "action_id": f"{TYPED}#quiet", "options": [option]}
    if ticked:
        element["initial_options"] = [option]
    return _kept_field(QUIET, "Quiet shift", element, optional=True)


def _of_the_shift(shown: Offering) -> Page:
    """Show what was logged since the shift began, and what was put on the list for the hand-off."""
    page = Page()
    since = f" since the shift began, {moment(shown.shift.since)}" if shown.shift else ""
    if shown.count:
        newest = f"; the newest {len(shown.events)}:" if len(shown.events) < shown.count else ":"
        private = f" ({count(shown.hidden, 'private event')})" if shown.hidden else ""
        lines = [f"*{count(shown.count, 'event')}*{private}{since}{newest if shown.events else '.'}"]
        page.say("\n".join([*lines, *(_event(one) for one in shown.events)]))
    elif since:
        page.say(f"No events{since}.")
    if shown.pending or shown.unreadable:
        page.say("\n".join(["*Added for the hand-off:*", *pending_lines(shown.pending, shown.unreadable)]))
    return page


def _event(one: Event) -> str:
    return f"• {moment(one.at)} *{one.kind}* · {shorten(on_one_line(said(one)), 150)}"


def list_file(listing: Listing, now: datetime) -> str:
    """Write all that goes on into a file, where it is too much for a modal."""
    lines = ["# Ongoing", ""]
    lines += [
        f"- {one.reference} {one.spoken} (for {lasted(one.since, now)}; {', '.join(one.assignees) or 'nobody assigned'}) {one.url}".rstrip()
        for one in listing.handed
    ]
    return "\n".join(lines) + "\n"


# In which it is read, and declined


def whole(told: Told, *, notes: Collection[str], pending: Sequence[Pending]) -> View:
    """Show all that passes, uncut, to somebody alone.

    `notes` names by key those things of which they may read what is not for everybody, `pending` is what they may read
    of the list.
    """
    one = told.handoff
    page = _Long()
    page.add(headline(told))
    page.add(summary(one, LONGEST_NOTE))
    for each in one.handed:
        readable = not each.hidden or each.key in notes
        title = escape(each.title if readable else each.spoken)
        note = f"\n{_quoted(each.note)}" if each.note and readable else ""
        page.add(f"*{link(each.url, each.reference)}* {title}{note or _held_back(each.note)}")
    if one.common_note:
        page.add(f"*Note on the others:*\n{_quoted(one.common_note)}")
    if one.pending:
        page.add("*Added for the hand-off:*")
    for waiting in pending:
        page.add(pending_line(waiting, LONGEST_NOTE))
    if unreadable := len(one.pending) - len(pending):
        page.add("\n".join(pending_lines((), unreadable)))
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": TITLE},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": page.blocks,
    }


def _quoted(note: str) -> str:
    return "\n".join(f"> {line}" for line in escape(note).split("\n"))


def _held_back(note: str) -> str:
    return f"\n{NOTE_HELD_BACK}" if note else ""


class _Long:
    """Sections without the limits that a message has; what a window cannot hold is said to be elsewhere."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []
        self._room = MOST_BYTES
        self._full = False

    def add(self, text: str) -> None:
        if self._full or not text:
            return
        blocks = Page().say(text).blocks
        self._room -= len(json.dumps(blocks))
        if self._room < 0 or len(self.blocks) + len(blocks) >= MOST_BLOCKS:
            self._full = True
            blocks = Page().say("… and more. The report in GitLab has all of it.").blocks
        self.blocks += blocks


def decline_modal(one: Handoff) -> View:
    """Ask why somebody declines."""
    stays = f"{person(one.outgoing)} stays on call" if one.since else "Nobody is on call then"
    return {
        "type": "modal",
        "callback_id": "handoff.decline",
        "private_metadata": str(one.number),
        "title": {"type": "plain_text", "text": "Decline"},
        "submit": {"type": "plain_text", "text": "Decline"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            *Page().say(f"{stays}. Your reason is sent to them, and shown in the channel.").blocks,
            {
                "type": "input",
                "block_id": "reason",
                "optional": True,
                "label": {"type": "plain_text", "text": "Reason"},
                "element": {"type": "plain_text_input", "action_id": "reason", "max_length": 500},
            },
        ],
    }
