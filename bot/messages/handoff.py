"""What we say of the pager: the modal that offers it, the offer and what becomes of it, and who is on call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.commands.handoff import HANDOFF_USAGE, HandoffHelp
from bot.domain.duration import lasted
from bot.domain.events import Event, Pending
from bot.domain.logged import Waiting
from bot.domain.oncall import LONGEST_NOTE, MOST_HANDED, Handed, Handoff, Shift
from bot.domain.passing import Listing, Offering, Part, Standing, Told, Upcoming
from bot.messages import Page, View, Words, button, count, escape, link, moment, person, shorten, silence
from bot.messages.events import said

TITLE = "Hand off"
OTHERS = "note:others"
"""The field for the note on all that have none of their own."""
TYPED = "handoff.typed"
"""What a field tells while somebody types into it, so that nothing typed is lost."""
QUIET = "quiet"
NOTHING = "Nothing is ongoing: no outage, no data loss."
UNKNOWN = "I know of no outage; GitLab has not told me yet what is ongoing there."
ASKING = "What is ongoing is known as soon as GitLab has answered."
MOST_LISTED = 20
SHORT, SHORTEST = 500, 150
"""Characters of a note in a message, and where there are many; the whole is behind a button, and in GitLab."""
MANY = 6


# The modal


def modal(shown: Offering) -> View:
    """Ask for a note on each thing that goes on, and for a summary."""
    page = Page()
    page.say(_to_whom(shown))
    for line in _rota_lines(shown):
        page.small(line)
    if shown.listing.silent or shown.listing.at is None:
        page.small(f":warning: {_age(shown.listing, shown.now)}")
    fields: list[dict[str, Any]] = list(page.blocks)
    if not shown.incoming:
        fields.append(_person_field(shown.draft.get("to", "")))
    handed = shown.listing.handed
    if not handed:
        fields += Page().say(NOTHING if shown.listing.at else UNKNOWN).blocks
    for number, one in enumerate(handed[:MOST_HANDED]):
        fields += Page().say(_section(one, shown.now)).blocks
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
    stays = person(shown.outgoing)
    to = f"To {person(shown.incoming)}. " if shown.incoming else ""
    if shown.shift is None:
        return f"{to}Nobody is on call now; whoever accepts is."
    own = "You stay" if shown.by == shown.outgoing else f"{stays} stays"
    return f"{to}{own} on call until it is accepted."


def _rota_lines(shown: Offering) -> Iterable[str]:
    if shown.upcoming and shown.incoming == shown.upcoming.who:
        yield f"By the rota, their shift begins {moment(shown.upcoming.since)}."
    if shown.upcoming and shown.upcoming.trouble:
        yield _rota_trouble(shown.upcoming)
    if shown.rota:
        yield escape(shown.rota)


def _rota_trouble(upcoming: Upcoming) -> str:
    return (
        f":warning: The rota cannot be read now ({escape(upcoming.trouble)}); this is the one as of "
        f"{upcoming.read_at:%Y-%m-%d %H:%M} UTC."
    )


def _age(listing: Listing, now: datetime) -> str:
    """Say how old the list is, and why."""
    why = silence(listing.silent) if listing.silent else "GitLab has not been asked yet"
    if listing.at is None:
        return f"{why}, and I have no earlier list: these are the outages that I know of myself."
    return f"{why}; the list is {as_of(listing.at, now)}."


def as_of(at: datetime, now: datetime) -> str:
    """Write how old something is: “as of 14:05 UTC (12 min ago)”."""
    minutes = max(0, int((now - at).total_seconds() // 60))
    return f"as of {at:%H:%M} UTC ({minutes} min ago)"


def _section(one: Handed, now: datetime) -> str:
    sign = ":rotating_light:" if one.outage is not None else ":warning:"
    facts = [f"for {lasted(one.since, now)}"]
    if one.updated_at:
        facts.append(f"last update {lasted(one.updated_at, now)} ago")
    facts.append(f"assigned to {escape(', '.join(one.assignees))}" if one.assignees else "nobody assigned")
    facts += [escape(label) for label in one.labels][:6]
    return f"{sign} *{link(one.url, one.reference)}* {escape(shorten(one.title, 200))}\n{' · '.join(facts)}"


def _note_field(block: str, label: str, draft: Mapping[str, str], number: int) -> dict[str, Any]:
    return _typed_field(block, label, draft.get(block, ""), number, optional=True)


def _typed_field(
    block: str, label: str, initial: str, number: int, *, optional: bool, hint: str = ""
) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": f"{TYPED}#{number}",
        "multiline": True,
        "max_length": LONGEST_NOTE,
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
    }
    if initial:
        element["initial_value"] = initial[:LONGEST_NOTE]
    field: dict[str, Any] = {
        "type": "input",
        "block_id": block,
        "optional": optional,
        "dispatch_action": True,
        "label": {"type": "plain_text", "text": label},
        "element": element,
    }
    return {**field, "hint": {"type": "plain_text", "text": hint}} if hint else field


def _person_field(chosen: str) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "users_select",
        "action_id": "to",
        "placeholder": {"type": "plain_text", "text": "Who is next?"},
    }
    if chosen:
        element["initial_user"] = chosen
    return {
        "type": "input",
        "block_id": "to",
        "label": {"type": "plain_text", "text": "Next person"},
        "element": element,
    }


def _summary_field(shown: Offering) -> dict[str, Any]:
    begun = shown.draft.get("summary") or shown.note
    hint = "How it stands, in a few words. Either this, or Quiet shift."
    return _typed_field("summary", "Summary", begun, MOST_HANDED + 1, optional=True, hint=hint)


def _quiet_field(*, ticked: bool) -> dict[str, Any]:
    option = {"text": {"type": "plain_text", "text": "Nothing happened that the next one must know"}, "value": "yes"}
    element: dict[str, Any] = {"type": "checkboxes", "action_id": QUIET, "options": [option]}
    if ticked:
        element["initial_options"] = [option]
    return {
        "type": "input",
        "block_id": QUIET,
        "optional": True,
        "label": {"type": "plain_text", "text": "Quiet shift"},
        "element": element,
    }


def _of_the_shift(shown: Offering) -> Page:
    """Show what was logged since the shift began, and what was put on the list for the hand-off."""
    page = Page()
    since = f" since {moment(shown.shift.since)}" if shown.shift else ""
    if shown.count:
        newest = f", the newest {len(shown.events)} of them:" if len(shown.events) < shown.count else ":"
        private = f" ({count(shown.hidden, 'private event')})" if shown.hidden else ""
        lines = [f"*{count(shown.count, 'event')}*{private}{since}{newest if shown.events else '.'}"]
        page.say("\n".join([*lines, *(_event(one) for one in shown.events)]))
    else:
        page.say(f"No events{since}.")
    if shown.pending or shown.unreadable:
        page.say("\n".join(["*Added for the hand-off:*", *_pending(shown.pending, shown.unreadable)]))
    return page


def _event(one: Event) -> str:
    return f"• {moment(one.at)} *{one.kind}* · {shorten(said(one).replace(chr(10), ' '), 200)}"


def _pending(pending: Sequence[Pending], unreadable: int) -> list[str]:
    lines = []
    for one in pending[:MOST_LISTED]:
        where = f" ({link(one.permalink, 'message')})" if one.permalink else ""
        lines.append(f"• {escape(shorten(one.text.replace(chr(10), ' '), 300))}{where} · {person(one.by)}")
    if len(pending) > MOST_LISTED:
        lines.append(f"• … and {len(pending) - MOST_LISTED} more")
    if unreadable:
        lines.append(f"• {count(unreadable, 'private thing')}, for members of the channels they come from")
    return lines


def list_file(listing: Listing, now: datetime) -> str:
    """Write all that goes on into a file, where it is too much for a modal."""
    lines = ["# What goes on", ""]
    lines += [
        f"- {one.reference} {one.spoken} (for {lasted(one.since, now)}; {', '.join(one.assignees) or 'nobody assigned'}) {one.url}".rstrip()
        for one in listing.handed
    ]
    return "\n".join(lines) + "\n"


# The offer, and what becomes of it


def offer(told: Told) -> Words:
    """Word the message that offers a hand-off, and follows it."""
    one = told.handoff
    page = Page()
    page.say(_headline(told))
    if not (one.open or one.moved):
        return page.words()
    if one.open:
        page.say(_local_times(told))
    shortened = _content(page, told, _room(one))
    _aftermath(page, told)
    buttons = _buttons(told, shortened=shortened)
    if buttons:
        page.block({"type": "actions", "elements": buttons})
    return page.words()


def _headline(told: Told) -> str:
    one = told.handoff
    out, into = person(one.outgoing), person(one.incoming)
    for_somebody = f" (offered by {person(one.by)})" if one.by != one.outgoing else ""
    when = f", {moment(one.answered_at)}" if one.answered_at else ""
    because = f": {escape(one.reason)}" if one.reason else "."
    match one.state:
        case "offered":
            stays = f"{out} stays on call" if one.since else "nobody is on call"
            return f":handshake: *Hand-off offered: {out} → {into}*{for_somebody}\nUntil {into} accepts, {stays}."
        case "accepted":
            return f":white_check_mark: *{into} is on call*, handed off by {out}{for_somebody} and accepted{when}."
        case "taken":
            taken = f" from {out}" if one.outgoing else ""
            return f":raising_hand: *{into} is on call*: took the pager{taken}{when}{because}"
        case "declined":
            return f":no_entry_sign: {into} declined the hand-off from {out}{when}{because} {_still(one)}"
        case "cancelled":
            return f":leftwards_arrow_with_hook: The hand-off {out} → {into} was cancelled by {person(one.answered_by)}{when}. {_still(one)}"
    return f":raising_hand: The hand-off {out} → {into} is over: {person(one.answered_by)} took the pager{when}."


def _still(one: Handoff) -> str:
    return f"{person(one.outgoing)} stays on call." if one.since else "Nobody is on call."


def _local_times(told: Told) -> str:
    """Write what time it is for both: on paper, too, for those whose client writes no dates."""
    one = told.handoff
    people = dict.fromkeys(who for who in (one.outgoing, one.incoming) if who in told.zones)
    local = [f"{local_time(one.at, told.zones[who])} for {person(who)}" for who in people]
    return " · ".join([f"Offered {moment(one.at)}", *local])


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """Write an instant on somebody's own clock: “17:05 on 25 Nov (Europe/Amsterdam)”."""
    here = at.astimezone(zone)
    return f"{here:%H:%M} on {here.day} {MONTHS[here.month - 1]} ({zone.key})"


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _room(one: Handoff) -> int:
    return SHORT if sum(bool(each.note) for each in one.handed) <= MANY else SHORTEST


def _content(page: Page, told: Told, most: int) -> bool:
    """Say what passes; tells whether something was cut, which the Show all button then shows."""
    one = told.handoff
    texts = [one.summary, one.common_note, *(each.note for each in one.handed if not each.hidden)]
    cut = any(len(text) > most for text in texts) or len(one.handed) > MOST_LISTED or len(one.pending) > MOST_LISTED
    if summary := _summary(one, most):
        page.say(summary)
    if one.handed:
        page.say("\n".join(["*Ongoing:*", *(_handed(each, told, most) for each in one.handed[:MOST_LISTED])]))
        if (more := len(one.handed) - MOST_LISTED) > 0:
            page.small(f"… and {more} more.")
    else:
        page.say(ASKING if one.moved and told.under_way else NOTHING)
    if one.common_note:
        page.say(f"*On the others:* {escape(shorten(one.common_note, most))}")
    public = tuple(each for each in one.pending if not each.private)
    if one.pending:
        page.say("\n".join(["*Added for the hand-off:*", *_pending(public, len(one.pending) - len(public))]))
    page.small(_counts(told))
    return cut


def _summary(one: Handoff, most: int) -> str:
    quiet = "*Quiet shift:* nothing happened that the next one must know." if one.quiet else ""
    summary = f"*Summary:* {escape(shorten(one.summary, most))}" if one.summary else ""
    return "\n".join(part for part in (quiet, summary) if part)


def _handed(one: Handed, told: Told, most: int) -> str:
    sign = ":rotating_light:" if one.outage is not None else ":warning:"
    line = f"{sign} {link(one.url, one.reference)} {escape(shorten(one.spoken, 150))} · for {lasted(one.since, told.handoff.at)}"
    if not one.note:
        return line
    if one.hidden:
        return f"{line}\n> :lock: The note is for members; it goes with the issue in GitLab."
    return f"{line}\n" + "\n".join(f"> {part}" for part in escape(shorten(one.note, most)).split("\n"))


def _counts(told: Told) -> str:
    one = told.handoff
    private = f" ({count(one.hidden, 'private event')})" if one.hidden else ""
    since = f" since {moment(one.since)}" if one.since else ""
    parts = [f"{count(one.events, 'event')}{private}{since}" if one.events else f"No events{since}"]
    if one.stale and one.listed_at:
        parts.append(f"GitLab did not answer: what is ongoing is {as_of(one.listed_at, one.at)}")
    elif one.stale:
        parts.append("GitLab did not answer: what is ongoing is what I know of myself")
    return " · ".join(parts)


def _aftermath(page: Page, told: Told) -> None:
    """Say what GitLab and Slack were told of it, and what did not work."""
    one = told.handoff
    if not one.moved:
        return
    if one.report:
        page.small(f"Report: {link(one.report_url, f'#{one.report}')}")
    elif told.under_way:
        page.small("The report and the assignments in GitLab are on their way.")
    if told.under_way and told.waiting:
        _waits(page, told.waiting)
    if told.unassigned:
        page.say("\n".join([":warning: Not assigned:", *_parts(told.unassigned)]))
    if told.refused:
        page.say("\n".join([":warning: GitLab refused:", *_parts(told.refused)]))


def _parts(parts: Sequence[Part]) -> list[str]:
    lines = [f"• {escape(one.what)}: {escape(shorten(one.why, 200))}" for one in parts[:MOST_LISTED]]
    return [*lines, f"• … and {len(parts) - MOST_LISTED} more"] if len(parts) > MOST_LISTED else lines


def _waits(page: Page, waiting: Waiting) -> None:
    verb = "waits" if waiting.count == 1 else "wait"
    page.small(f"{silence(waiting.reason)}; {count(waiting.count, 'operation')} {verb}. Nothing is lost.")


def _buttons(told: Told, *, shortened: bool) -> list[dict[str, Any]]:
    number = str(told.handoff.number)
    shown = []
    if told.handoff.open:
        shown = [
            button("handoff.accept", "Accept", number, style="primary"),
            button("handoff.ask", "Ask", number),
            button("handoff.decline", "Decline", number),
        ]
    if shortened:
        shown.append(button("handoff.show", "Show all", number))
    if told.refused:
        shown.append(button("handoff.retry", "Retry", number))
    return shown


def whole(told: Told, *, readable: bool) -> View:
    """Show all that passes, uncut, to somebody alone; with `readable`, what is not for everybody too."""
    one = told.handoff
    page = _Long()
    page.add(_headline(told))
    page.add(_summary(one, LONGEST_NOTE))
    for each in one.handed:
        shown = each if readable or not each.hidden else None
        note = f"\n{escape(each.note)}" if each.note and shown else ""
        title = escape(each.title if shown else each.spoken)
        page.add(f"*{link(each.url, each.reference)}* {title}{note}")
    if one.common_note:
        page.add(f"*On the others:* {escape(one.common_note)}")
    for waiting in one.pending:
        if readable or not waiting.private:
            page.add(f"• {escape(waiting.text)} · {person(waiting.by)}")
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": TITLE},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": page.blocks[:100],
    }


class _Long:
    """Sections without the limit that a message has."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []

    def add(self, text: str) -> None:
        self.blocks += Page().say(text).blocks


def decline_modal(one: Handoff) -> View:
    """Ask why somebody declines."""
    return {
        "type": "modal",
        "callback_id": "handoff.decline",
        "private_metadata": str(one.number),
        "title": {"type": "plain_text", "text": "Decline"},
        "submit": {"type": "plain_text", "text": "Decline"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            *Page().say(f"The pager stays with {person(one.outgoing)}, who is told.").blocks,
            {
                "type": "input",
                "block_id": "reason",
                "optional": True,
                "label": {"type": "plain_text", "text": "Reason"},
                "element": {"type": "plain_text_input", "action_id": "reason", "max_length": 500},
            },
        ],
    }


# What people are told besides


def accepted_answer(one: Handoff) -> Words:
    """Tell whoever accepted."""
    page = Page().say(f"You are on call now. {person(one.outgoing)} is told.")
    return page.words()


def accepted_note(told: Told) -> Words:
    """Tell the outgoing person that they may go."""
    one = told.handoff
    return (
        Page().say(f":white_check_mark: {person(one.incoming)} accepted and is on call now. Have a good rest.").words()
    )


def declined_note(told: Told) -> Words:
    """Tell the outgoing person that they stay on call."""
    one = told.handoff
    because = f": {escape(one.reason)}" if one.reason else ", without a reason."
    stays = "You stay on call." if one.since else "Nobody is on call."
    again = "`/handoff @person` offers it to somebody else; what you wrote is still there."
    return Page().say(f":no_entry_sign: {person(one.incoming)} declined the hand-off{because} {stays} {again}").words()


def overtaken_note(told: Told) -> Words:
    """Tell whoever was on call that somebody took the pager."""
    one = told.handoff
    because = f": {escape(one.reason)}" if one.reason else "."
    return Page().say(f":raising_hand: {person(one.incoming)} took the pager from you{because}").words()


def question(one: Handoff) -> Words:
    """Open a talk between both about what passes."""
    said_so = f":speech_balloon: {person(one.incoming)} has a question about this hand-off, {person(one.outgoing)}."
    return Page().say(f"{said_so} Please talk it over here; the offer above stays open meanwhile.").words()


def asked_answer(one: Handoff, *, in_thread: bool) -> Words:
    """Tell whoever asked where to talk."""
    where = "under the offer in the channel" if in_thread else "in our direct messages"
    return Page().say(f"{person(one.outgoing)} is called {where}: ask there. The offer stays open.").words()


def reminder(told: Told) -> Words:
    """Remind the incoming person."""
    one = told.handoff
    page = Page()
    if not one.open:
        return page.say(_headline(told)).words()
    page.say(f":hourglass: {person(one.outgoing)} offered you the pager {moment(one.at)} and waits for your answer.")
    return page.block({"type": "actions", "elements": _buttons(told, shortened=False)}).words()


def waiting_note(told: Told) -> Words:
    """Remind the outgoing person that nobody answered."""
    one = told.handoff
    page = Page()
    if not one.open:
        return page.say(_headline(told)).words()
    who = "You are still on call" if one.since else "Nobody is on call yet"
    said_so = f":hourglass: {person(one.incoming)} has not answered your hand-off of {moment(one.at)}. {who}."
    return page.say(f"{said_so} Call them, or `/handoff cancel` and offer it to somebody else.").words()


def escalation(told: Told) -> Words:
    """Tell the team's channel that nobody answered."""
    one = told.handoff
    page = Page()
    if not one.open:
        return page.say(_headline(told)).words()
    stays = f"{person(one.outgoing)} stays on call" if one.since else "nobody is on call"
    since = f"offered {moment(one.at)}, is not answered by {person(one.incoming)}"
    page.say(f":rotating_light: The hand-off of {person(one.outgoing)}, {since}: {stays}.")
    return page.small("Somebody else can take the pager with `/handoff take`.").words()


def soon(who: str, since: datetime, shift: Shift | None) -> Words:
    """Tell both that a shift begins soon by the rota."""
    outgoing = f" {person(shift.who)} hands off with `/handoff @next`." if shift and shift.who != who else ""
    return Page().say(f":calendar: By the rota, {person(who)} is on call from {moment(since)}.{outgoing}").words()


def late(who: str, since: datetime, shift: Shift | None) -> Words:
    """Tell the channel that a shift has begun by the rota, and nobody has handed off."""
    page = Page()
    if shift is not None and shift.since >= since:
        return page.say(f":calendar: {person(shift.who)} is on call, since {moment(shift.since)}.").words()
    still = f"{person(shift.who)} is still on call" if shift else "nobody is on call"
    page.say(
        f":calendar: By the rota, {person(who)} has the pager since {moment(since)}, but no hand-off has begun: {still}."
    )
    return page.small("`/handoff @next` hands off; `/handoff take` makes you the one on call at once.").words()


def offered_answer(one: Handoff, waiting: Waiting | None) -> Words:
    """Tell whoever offered what happens next."""
    page = Page().say(
        f"The hand-off is offered to {person(one.incoming)}, in the channel and to them alone. "
        f"{'You stay' if one.by == one.outgoing else f'{person(one.outgoing)} stays'} on call until they accept."
    )
    if waiting:
        _waits(page, waiting)
    return page.words()


def taken_answer(one: Handoff, waiting: Waiting | None) -> Words:
    """Tell whoever took the pager."""
    told = f" {person(one.outgoing)} is told." if one.outgoing else ""
    page = Page().say(f"You are on call now.{told}")
    if waiting:
        _waits(page, waiting)
    return page.words()


def cancelled_answer(one: Handoff) -> Words:
    """Tell whoever cancelled."""
    return Page().say(f"The hand-off to {person(one.incoming)} is cancelled. {_still(one)}").words()


def noted(*, added: bool = True, private: bool) -> Words:
    """Say that something waits for the next hand-off."""
    if not added:
        return Page().say("It is on the list for the next hand-off already.").words()
    page = Page().say("It goes with the next hand-off: whoever hands off sees it, and so does the next one.")
    if private:
        page.small(":lock: It is private: others only see that there is one.")
    return page.words()


def trying_again(number: int) -> Words:
    """Say that what was refused is tried again."""
    return (
        Page().say(f"{count(number, 'thing')} on the way again." if number else "Nothing is left to try again.").words()
    )


def group_refused(reason: str) -> Words:
    """Say once that the on-call user group cannot be kept in step, and the mend."""
    why = escape(reason)
    mend = (
        "In Slack's settings, *Who can create and edit user groups* must allow it, and Baton needs `usergroups:write`."
    )
    return (
        Page()
        .say(f":warning: I cannot keep the on-call user group in step ({why}). {mend} Else I try at the next hand-off.")
        .words()
    )


def topic_refused(reason: str) -> Words:
    """Say once that the channel's topic cannot be set, and the mend."""
    mend = "Baton must be a member of the channel, and needs `channels:write.topic` (`groups:write.topic` in a private one)."
    return Page().say(f":warning: I cannot put who is on call into the topic ({escape(reason)}). {mend}").words()


# Looking


def status(shown: Standing) -> Words:
    """Say who is on call, what is open, and what is offered."""
    page = Page()
    page.say(_on_call(shown.shift, shown.now))
    if shown.offer:
        one = shown.offer
        waits = f"Offered to {person(one.incoming)} by {person(one.by)}, {moment(one.at)}, and not accepted yet"
        page.say(f":handshake: {waits} ({lasted(one.at, shown.now)}). `/handoff cancel` takes it back.")
    if shown.upcoming:
        page.small(f"Next by the rota: {person(shown.upcoming.who)}, from {moment(shown.upcoming.since)}.")
        if shown.upcoming.trouble:
            page.small(_rota_trouble(shown.upcoming))
    _listing(page, shown.listing, shown.now)
    if shown.pending:
        page.small(f"{count(shown.pending, 'thing')} added for the next hand-off.")
    if shown.waiting:
        _waits(page, shown.waiting)
    return page.words()


def _on_call(shift: Shift | None, now: datetime) -> str:
    if shift is None:
        return "On call: nobody yet. `/handoff take` makes you the one, `/handoff @person` offers it to somebody."
    return f"On call: {person(shift.who)}, since {moment(shift.since)} ({lasted(shift.since, now)})"


def _listing(page: Page, listing: Listing, now: datetime) -> None:
    if not listing.handed:
        page.say(NOTHING if listing.at else UNKNOWN)
    else:
        lines = [_section(one if not one.hidden else _without_title(one), now) for one in listing.handed[:MOST_LISTED]]
        if len(listing.handed) > MOST_LISTED:
            lines.append(f"… and {len(listing.handed) - MOST_LISTED} more")
        page.say("\n".join(lines))
    if listing.silent:
        page.small(_age(listing, now))
    elif listing.at:
        page.small(f"From GitLab {as_of(listing.at, now)}.")


def _without_title(one: Handed) -> Handed:
    return replace(one, title=one.spoken)


def topic(name: str) -> str:
    """Write Baton's part of a channel's topic."""
    return f"On call: {name}"


def history(shown: Sequence[Handoff]) -> Words:
    """List hand-offs, newest last."""
    if not shown:
        return Page().say("There was no hand-off yet. `/handoff @person` offers one.").words()
    page = Page().say("*Hand-offs*, newest last")
    return page.say("\n".join(_in_history(one) for one in reversed(shown))).words()


_STATES = {
    "offered": "offered, not answered yet",
    "accepted": "accepted",
    "taken": "taken",
    "declined": "declined",
    "cancelled": "cancelled",
    "taken over": "taken over meanwhile",
}


def _in_history(one: Handoff) -> str:
    out = person(one.outgoing) if one.outgoing else "nobody"
    report = f" · {link(one.report_url, f'#{one.report}')}" if one.report else ""
    reason = f" ({escape(shorten(one.reason, 100))})" if one.reason else ""
    passed = f" · {len(one.handed)} ongoing" if one.handed else ""
    return f"• {moment(one.at)} {out} → {person(one.incoming)}: {_STATES[one.state]}{reason}{passed}{report}"


def usage(asked: HandoffHelp) -> Words:
    """List what one may type; for an unknown word, the nearest one first."""
    page = Page()
    if asked.unknown:
        near = (
            f" Did you mean `/handoff {asked.nearest}`?"
            if asked.nearest
            else " To hand off, mention the person: `/handoff @bob`."
        )
        page.say(f"I do not know `/handoff {asked.unknown}`.{near}")
    _usage(page)
    return page.words()


def with_usage(words: Words) -> Words:
    """Add the sub-commands below other words."""
    page = Page()
    _usage(page)
    below = page.words()
    return Words(f"{words.text}\n{below.text}", (*words.blocks, *below.blocks))


def _usage(page: Page) -> None:
    lines = [f"• `{escape(one.command)}`: {one.what}. Example: `{one.example}`" for one in HANDOFF_USAGE]
    page.say("*Who is on call, and who is next*\n" + "\n".join(lines))
