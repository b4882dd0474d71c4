"""What we say of a hand-off: the offer and what becomes of it, and what both people are told besides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.duration import lasted
from bot.domain.logged import Waiting
from bot.domain.oncall import Handed, Handoff
from bot.domain.passing import Part, Told
from bot.messages import (
    Page,
    Words,
    as_of,
    button,
    count,
    escape,
    link,
    moment,
    on_one_line,
    person,
    shorten,
    tell_waiting,
)
from bot.messages.ongoing import MOST_LISTED, MOST_PENDING, NOTHING, pending_lines, sign

ASKING = "What is ongoing is shown here as soon as GitLab answers."
NOTE_HELD_BACK = ":lock: Only members can read its note, with the issue in GitLab."
SHORT, SHORTEST = 500, 150
"""Characters of a note in a message, and where there are many; the whole is behind a button, and in GitLab."""
MANY = 6


# The offer, and what becomes of it


def offer(told: Told) -> Words:
    """Word the message that offers a hand-off, and follows it."""
    one = told.handoff
    page = Page()
    page.say(headline(told))
    if not (one.open or one.moved):
        return page.words()
    if one.open:
        page.small(_local_times(told))
    if one.moved:
        _what_did_not_work(page, told)
    _content(page, told, _room(one))
    _small_print(page, told)
    buttons = _buttons(told, more=_is_more(one, _room(one)))
    if buttons:
        page.block({"type": "actions", "elements": buttons})
    return page.words()


def headline(told: Told, *, elsewhere: bool = False) -> str:
    """Say what is true of a hand-off now; `elsewhere` than where it was offered no private reason is told."""
    one = _for_everybody(told.handoff) if elsewhere else told.handoff
    out, into = person(one.outgoing), person(one.incoming)
    for_somebody = f" (offered by {person(one.by)})" if one.by != one.outgoing else ""
    when = f" {moment(one.answered_at)}" if one.answered_at else ""
    match one.state:
        case "offered":
            stays = f"{out} stays on call" if one.since else "nobody is on call"
            return f":handshake: *Hand-off offered: {out} → {into}*{for_somebody}\nUntil {into} accepts, {stays}."
        case "accepted":
            return f":white_check_mark: *{into} is on call*, handed off by {out}{for_somebody} and accepted{when}."
        case "taken":
            taken = f" from {out}" if one.outgoing else ""
            return f":raising_hand: *{into} is on call*: took the pager{taken}{when}{_because(one)}"
        case "declined":
            reason = f"\n> {escape(on_one_line(one.reason))}" if one.reason else ""
            return f":no_entry_sign: {into} declined the hand-off from {out}{when}. {_still(one)}{reason}"
        case "cancelled":
            return f":leftwards_arrow_with_hook: The hand-off {out} → {into} was cancelled by {person(one.answered_by)}{when}. {_still(one)}"
    return f":raising_hand: The hand-off {out} → {into} is over: {person(one.answered_by)} took the pager{when}."


def _for_everybody(one: Handoff) -> Handoff:
    return replace(one, reason="") if one.private else one


def _because(one: Handoff) -> str:
    return f": {escape(on_one_line(one.reason))}" if one.reason else "."


def _still(one: Handoff) -> str:
    return f"{person(one.outgoing)} stays on call." if one.since else "Nobody is on call."


def _local_times(told: Told) -> str:
    """Write what time it is for both: on paper, too, for those whose client writes no dates."""
    one = told.handoff
    people = dict.fromkeys(who for who in (one.outgoing, one.incoming) if who in told.zones)
    local = [f"{local_time(one.at, told.zones[who])} for {person(who)} ({_place(told.zones[who])})" for who in people]
    return " · ".join([f"Offered {moment(one.at)}", *local])


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """Write an instant on somebody's own clock: “17:05 on 25 Nov”."""
    here = at.astimezone(zone)
    return f"{here:%H:%M} on {here.day} {MONTHS[here.month - 1]}"


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _place(zone: ZoneInfo) -> str:
    """Name a zone by its city; where there is none in its name, by the whole of that."""
    return zone.key if zone.key.startswith("Etc/") else zone.key.rpartition("/")[2].replace("_", " ")


def _room(one: Handoff) -> int:
    return SHORT if sum(bool(each.note) for each in one.handed) <= MANY else SHORTEST


def _is_more(one: Handoff, most: int) -> bool:
    """Tell whether there is more than the message shows: something is cut, or only for some."""
    texts = [one.summary, one.common_note, *(each.note for each in one.handed)]
    if len(one.handed) > MOST_LISTED or len(one.pending) > MOST_PENDING or any(len(each) > most for each in texts):
        return True
    return any(each.private or len(each.text) > SHORTEST for each in one.pending) or any(
        each.hidden and each.note for each in one.handed
    )


def _content(page: Page, told: Told, most: int) -> None:
    """Say what passes."""
    one = told.handoff
    if said := summary(one, most):
        page.say(said)
    shown = one.handed[:MOST_LISTED]
    if going := [_handed(each, told, most) for each in shown if not each.over]:
        page.say("\n".join(["*Ongoing:*", *going]))
    else:
        page.say(ASKING if one.moved and told.under_way else NOTHING)
    if over := [_handed(each, told, most) for each in shown if each.over]:
        page.say("\n".join(["*Over by now:*", *over]))
    if (more := len(one.handed) - MOST_LISTED) > 0:
        page.small(f"… and {more} more.")
    if one.common_note:
        page.say(f"*Note on the others:* {escape(shorten(one.common_note, most))}")
    public = tuple(each for each in one.pending if not each.private)
    if one.pending:
        page.say("\n".join(["*Added for the hand-off:*", *pending_lines(public, len(one.pending) - len(public))]))


def summary(one: Handoff, most: int) -> str:
    """Say how it stands, as the outgoing person put it."""
    quiet = "*Quiet shift:* nothing happened that the next one must know." if one.quiet else ""
    said = f"*Summary:* {escape(shorten(one.summary, most))}" if one.summary else ""
    return "\n".join(part for part in (quiet, said) if part)


def _handed(one: Handed, told: Told, most: int) -> str:
    title = escape(shorten(on_one_line(one.spoken), 100))
    line = f"{sign(one)} {link(one.url, one.reference)} {title}"
    if not one.over:
        line += f" · for {lasted(one.since, told.handoff.at)}"
    if not one.note:
        return line
    if one.hidden:
        return f"{line}\n> {NOTE_HELD_BACK}"
    return f"{line}\n" + "\n".join(f"> {part}" for part in escape(shorten(one.note, most)).split("\n"))


def _small_print(page: Page, told: Told) -> None:
    """Say how much was logged, how old the list is, and what GitLab has to be told yet."""
    one = told.handoff
    if one.since:
        private = f" ({count(one.hidden, 'private event')})" if one.hidden else ""
        logged = f"{count(one.events, 'event')}{private}" if one.events else "No events"
        page.small(f"{logged} in the shift that began {moment(one.since)}")
    if one.stale:
        known = as_of(one.listed_at, one.at) if one.listed_at else "only what I know myself"
        page.small(f":warning: GitLab did not answer: what is ongoing is {known}")
    if not one.moved:
        return
    if one.report:
        page.small(f"Report: {link(one.report_url, f'#{one.report}')}")
    elif told.under_way:
        page.small("The report and the assignments in GitLab are on their way.")
    if told.under_way and told.waiting:
        tell_waiting(page, told.waiting)


def _what_did_not_work(page: Page, told: Told) -> None:
    if told.unassigned:
        page.say("\n".join([":warning: *Not assigned:*", *_parts(told.unassigned)]))
    if told.refused:
        page.say("\n".join([":warning: *GitLab refused:*", *_parts(told.refused)]))


def _parts(parts: Sequence[Part]) -> list[str]:
    lines = [
        f"• {escape(shorten(one.what, 100))}: {escape(shorten(on_one_line(one.why), 150))}"
        for one in parts[:MOST_PENDING]
    ]
    return [*lines, f"• … and {len(parts) - MOST_PENDING} more"] if len(parts) > MOST_PENDING else lines


def _buttons(told: Told, *, more: bool) -> list[dict[str, Any]]:
    number = str(told.handoff.number)
    shown = _answers(told.handoff)
    if more:
        shown.append(button("handoff.show", "Show all", number))
    if told.refused:
        shown.append(button("handoff.retry", "Retry", number))
    return shown


def _answers(one: Handoff) -> list[dict[str, Any]]:
    number = str(one.number)
    if not one.open:
        return []
    return [
        button("handoff.accept", "Accept", number, style="primary"),
        button("handoff.ask", "Ask", number),
        button("handoff.decline", "Decline", number),
    ]


# What people are told besides


def accepted_answer(one: Handoff) -> Words:
    """Tell whoever accepted."""
    told = f" {person(one.outgoing)} is told." if one.outgoing else ""
    return Page().say(f"You are on call now.{told}").words()


def accepted_note(told: Told) -> Words:
    """Tell the outgoing person that they may go."""
    one = told.handoff
    rest = " Have a good rest." if one.since else ""
    return Page().say(f":white_check_mark: {person(one.incoming)} accepted and is on call now.{rest}").words()


def declined_note(told: Told) -> Words:
    """Tell whoever offered, and whoever stays on call."""
    one = told.handoff
    because = f": {escape(on_one_line(one.reason))}" if one.reason else ", without a reason."
    stays = "You stay on call." if one.since and one.by == one.outgoing else _still(one)
    again = "`/handoff @person` offers it to somebody else. What you wrote is kept."
    return Page().say(f":no_entry_sign: {person(one.incoming)} declined the hand-off{because}\n{stays} {again}").words()


def overtaken_note(told: Told) -> Words:
    """Tell whoever was on call that somebody took the pager; why, unless it was said in private."""
    one = _for_everybody(told.handoff)
    return Page().say(f":raising_hand: {person(one.incoming)} took the pager from you{_because(one)}").words()


def taken_elsewhere(told: Told) -> Words:
    """Tell the place where the pager was taken, while what passes is told where it was offered in private."""
    return Page().say(headline(told)).words()


def question(one: Handoff) -> Words:
    """Open a talk between both about what passes."""
    said_so = f":speech_balloon: {person(one.incoming)} has a question about this hand-off, {person(one.outgoing)}."
    return Page().say(f"{said_so} Please talk it over here; the offer stays open meanwhile.").words()


def asked_answer(one: Handoff, *, in_thread: bool) -> Words:
    """Tell whoever asked where to talk."""
    if in_thread:
        where = f"in the thread under the offer in the channel: I have called {person(one.outgoing)} there"
    else:
        where = f"{person(one.outgoing)} directly: I have told them that you have a question"
    return Page().say(f"Please ask {where}. The offer stays open.").words()


def reminder(told: Told) -> Words:
    """Remind the incoming person."""
    one = told.handoff
    page = Page()
    if not one.open:
        return page.say(headline(told)).words()
    page.say(f":hourglass: {person(one.outgoing)} offered you the pager {moment(one.at)} and waits for your answer.")
    return page.block({"type": "actions", "elements": _answers(one)}).words()


def waiting_note(told: Told) -> Words:
    """Remind the outgoing person that nobody answered."""
    one = told.handoff
    page = Page()
    if not one.open:
        return page.say(headline(told)).words()
    who = "You are still on call" if one.since else "Nobody is on call yet"
    whose = "your hand-off" if one.by == one.outgoing else "the hand-off"
    said_so = f":hourglass: {person(one.incoming)} has not answered {whose} of {moment(one.at)}. {who}."
    return page.say(f"{said_so} Call them, or `/handoff cancel` and offer it to somebody else.").words()


def escalation(told: Told) -> Words:
    """Tell the team's channel that nobody answered."""
    one = told.handoff
    page = Page()
    if not one.open:
        return page.say(headline(told, elsewhere=True)).words()
    stays = f"{person(one.outgoing)} stays on call" if one.since else "nobody is on call"
    what = f"the hand-off from {person(one.outgoing)} of {moment(one.at)}"
    page.say(f":rotating_light: {person(one.incoming)} has not answered {what}: {stays}.")
    return page.small("Somebody else can take the pager with `/handoff take`.").words()


def offered_answer(one: Handoff, waiting: Waiting | None) -> Words:
    """Tell whoever offered what happens next."""
    stays = "You stay" if one.by == one.outgoing else f"{person(one.outgoing)} stays"
    until = f"{stays} on call until they accept" if one.since else "Nobody is on call until they accept"
    page = Page().say(
        f"The hand-off is offered to {person(one.incoming)}, in the channel and in a direct message. {until}."
    )
    if waiting:
        tell_waiting(page, waiting)
    return page.words()


def taken_answer(one: Handoff, waiting: Waiting | None) -> Words:
    """Tell whoever took the pager."""
    told = f" {person(one.outgoing)} is told." if one.outgoing else ""
    page = Page().say(f"You are on call now.{told}")
    if waiting:
        tell_waiting(page, waiting)
    return page.words()


def cancelled_answer(one: Handoff) -> Words:
    """Tell whoever cancelled."""
    return Page().say(f"The hand-off to {person(one.incoming)} is cancelled. {_still(one)}").words()


def noted(text: str, *, added: bool = True, private: bool) -> Words:
    """Say that something waits for the next hand-off; to whoever put it there."""
    shown = f"“{escape(shorten(on_one_line(text), 200))}”"
    if not added:
        return Page().say(f"It is on the list for the next hand-off already: {shown}").words()
    page = Page().say(f"Added to the next hand-off: {shown}")
    if private:
        page.small(
            ":lock: It is private: only members of this channel can read it. Others see only that there is something."
        )
    return page.words()
