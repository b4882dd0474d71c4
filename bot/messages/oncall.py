"""What we say of who is on call: to whoever asks, where the rota comes in, and where Slack does not let it be shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate

from bot.domain.commands.handoff import HANDOFF_USAGE, HandoffHelp
from bot.domain.duration import lasted
from bot.domain.oncall import Handed, Handoff, Shift
from bot.domain.passing import Listing, Standing
from bot.messages import (
    Page,
    Words,
    as_of,
    count,
    escape,
    link,
    moment,
    not_known,
    on_one_line,
    person,
    shorten,
    tell_waiting,
    usage_lines,
)
from bot.messages.ongoing import MOST_LISTED, NOTHING, UNKNOWN, age, rota_trouble, section

LONGEST_HISTORY = 10_000
"""Characters of a list of hand-offs; the newest are shown."""


def soon(who: str, since: datetime, shift: Shift | None) -> Words:
    """Tell both that a shift begins soon by the rota."""
    outgoing = f" {person(shift.who)} hands off with `/handoff @next`." if shift and shift.who != who else ""
    return Page().say(f":calendar: By the rota, {person(who)} is on call from {moment(since)}.{outgoing}").words()


def late(who: str, since: datetime, shift: Shift | None) -> Words:
    """Tell the channel that a shift has begun by the rota, and nobody has handed off."""
    page = Page()
    if shift is not None and shift.since >= since:
        return page.say(f":calendar: {person(shift.who)} is on call since {moment(shift.since)}.").words()
    still = f"{person(shift.who)} is still on call" if shift else "nobody is on call"
    page.say(
        f":calendar: By the rota, the shift of {person(who)} began {moment(since)}, but no hand-off has begun: {still}."
    )
    return page.small("`/handoff @next` hands off; `/handoff take` puts you on call now.").words()


def group_refused(reason: str) -> Words:
    """Say once that the on-call user group cannot be kept in step, and the mend."""
    why = escape(reason)
    mend = (
        "In Slack's settings, *Who can create and edit user groups* must allow it, and Baton needs `usergroups:write`."
    )
    return (
        Page()
        .say(
            f":warning: I cannot put who is on call into the user group ({why}). {mend} I try again at the next hand-off."
        )
        .words()
    )


def topic_refused(reason: str) -> Words:
    """Say once that the channel's topic cannot be set, and the mend."""
    mend = "Baton must be a member of the channel, and needs `channels:write.topic` (`groups:write.topic` in a private one)."
    return (
        Page().say(f":warning: I cannot put who is on call into the channel's topic ({escape(reason)}). {mend}").words()
    )


def status(shown: Standing, *, with_usage: bool = False) -> Words:
    """Say who is on call, what is open, and what is offered; below it, what one may type."""
    page = Page()
    page.say(_on_call(shown.shift, shown.now))
    if shown.offer:
        one = shown.offer
        offered = f"Offered to {person(one.incoming)} by {person(one.by)} {moment(one.at)}"
        waiting = f"not accepted yet, after {lasted(one.at, shown.now)}"
        page.say(f":handshake: {offered}, and {waiting}. `/handoff cancel` cancels it.")
    if shown.upcoming:
        page.small(f"Next by the rota: {person(shown.upcoming.who)}, from {moment(shown.upcoming.since)}.")
        if shown.upcoming.trouble:
            page.small(rota_trouble(shown.upcoming))
    _listing(page, shown.listing, shown.now, waiting=shown.waiting is not None)
    if shown.pending:
        page.small(f"{count(shown.pending, 'thing')} added for the next hand-off.")
    if shown.waiting:
        tell_waiting(page, shown.waiting)
    if with_usage:
        _usage(page)
    return page.words()


def _on_call(shift: Shift | None, now: datetime) -> str:
    if shift is None:
        return "On call: nobody yet. `/handoff take` puts you on call, `/handoff @person` asks somebody else."
    return f"On call: {person(shift.who)} since {moment(shift.since)}, for {lasted(shift.since, now)}"


def _listing(page: Page, listing: Listing, now: datetime, *, waiting: bool) -> None:
    if not listing.handed:
        page.say(NOTHING if listing.at else UNKNOWN)
    else:
        lines = [section(one if not one.hidden else _without_title(one), now) for one in listing.handed[:MOST_LISTED]]
        if len(listing.handed) > MOST_LISTED:
            lines.append(f"… and {len(listing.handed) - MOST_LISTED} more")
        page.say("\n".join(lines))
    if listing.silent and not (listing.at and waiting):
        page.small(age(listing, now))
    elif listing.at:
        page.small(f"{'The list is' if listing.silent else 'From GitLab'} {as_of(listing.at, now)}.")


def _without_title(one: Handed) -> Handed:
    return replace(one, title=one.spoken)


def topic(name: str) -> str:
    """Write Baton's part of a channel's topic."""
    return f"On call: {name}"


def history(shown: Sequence[Handoff]) -> Words:
    """List hand-offs, newest last."""
    if not shown:
        return Page().say("There was no hand-off yet. `/handoff @person` offers one.").words()
    lines = [_in_history(one) for one in shown]
    fitting = sum(size <= LONGEST_HISTORY for size in accumulate(len(line) + 1 for line in lines))
    earlier = [f"… and {len(lines) - fitting} earlier"] if len(lines) > fitting else []
    page = Page().say("*Hand-offs*, newest last")
    return page.say("\n".join([*earlier, *reversed(lines[:fitting])])).words()


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
    report = f" · report {link(one.report_url, f'#{one.report}')}" if one.report else ""
    said = "a private reason" if one.private else escape(shorten(on_one_line(one.reason), 100))
    reason = f" ({said})" if one.reason else ""
    going = sum(not each.over for each in one.handed)
    passed = f" · {going} ongoing" if going else ""
    return f"• {moment(one.at)} {out} → {person(one.incoming)}: {_STATES[one.state]}{reason}{passed}{report}"


def usage(asked: HandoffHelp) -> Words:
    """List what one may type; for an unknown word, the nearest one first."""
    page = Page()
    if asked.unknown:
        mention = "" if asked.nearest else " To hand off, mention the person: `/handoff @bob`."
        page.say(f"{not_known('/handoff', asked.unknown, asked.nearest)}{mention}")
    _usage(page)
    return page.words()


def _usage(page: Page) -> None:
    page.say(f"*Who is on call, and who is next*\n{usage_lines(HANDOFF_USAGE)}")
