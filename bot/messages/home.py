"""What the Home tab says: who is on call, what is offered, what goes on, how the week stands, and what waits.

It stands on the screen for hours. So it says no age that would grow old with it: moments are written so that Slack
itself tells how long ago they were.
"""

from typing import Any

from bot.domain.events import Event
from bot.domain.home import Backlog, Home, WeekNow, WeekSeen
from bot.domain.oncall import Handed, Handoff, Shift
from bot.domain.passing import Listing, Upcoming
from bot.domain.team import Team
from bot.messages import (
    Page,
    View,
    ago,
    button,
    count,
    escape,
    link,
    moment,
    on_one_line,
    only_members,
    operations_wait,
    person,
    shorten,
    shorten_mrkdwn,
    silence,
)
from bot.messages.events import said
from bot.messages.ongoing import NOTHING, UNKNOWN, rota_trouble, sign
from bot.messages.week import dates
from bot.messages.wow import under_way

MOST_ONGOING = 10
MOST_CHARACTERS = 100_000
"""In all blocks together; Slack takes 250,000 bytes of a view."""
LONGEST_LINE = 250
"""Characters of an event; the whole stands in the export."""


def view(shown: Home, team: Team) -> View:
    """Draw somebody's Home tab, as Slack wants it."""
    page = Page(room=MOST_CHARACTERS)
    _commands(page, shown)
    _on_call(page, shown)
    _ongoing(page, shown.listing)
    _week(page, shown.week, team)
    _log(page, shown)
    _backlog(page, shown.backlog)
    page.small("`/event help`, `/handoff help` and `/wow help` show everything else; commands work in every channel.")
    return {"type": "home", "blocks": _named(page.blocks)}


def _named(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Name every block by its part and its place in that, so that what says the same stays where it is."""
    part, number, named = "", 0, []
    for block in blocks:
        if block["type"] == "header":
            part, number = block["block_id"], 0
        number += 1
        named.append({"block_id": f"{part}-{number}", **block})
    return named


def without_ages(shown: View) -> str:
    """Give what tells whether a Home tab says something new: all of it but when the same was last heard."""
    return "\n".join(str(block) for block in shown["blocks"] if not str(block.get("block_id", "")).startswith(AS_OF))


AS_OF = "as_of"
"""Begins the names of blocks that only say when something was last read."""


def _commands(page: Page, shown: Home) -> None:
    """Offer the common commands; to those who may change nothing, what is left, and why."""
    status = button("home.week", "Week status", "week")
    if shown.only_looks:
        page.small(f":eyes: {shown.only_looks}")
        page.block(_actions("commands", status))
        return
    page.block(
        _actions(
            "commands",
            button("home.log", "Log an event", "log", style="primary"),
            button("home.outage", "Declare an outage", "outage"),
            button("home.handoff", "Hand off", "next"),
            button("home.rollover", "Roll over", "week"),
            status,
        )
    )


def _on_call(page: Page, shown: Home) -> None:
    _part(page, "on-call", "On call now")
    page.say(_shift(shown.shift))
    if shown.offer:
        _offer(page, shown.offer, shown.who)
    if shown.upcoming:
        _upcoming(page, shown.upcoming)
    if shown.pending:
        page.small(f"{count(shown.pending, 'thing')} added for the next hand-off.")


def _shift(shift: Shift | None) -> str:
    if shift is None:
        return "On call: nobody yet. `/handoff take` puts you on call, *Hand off* asks somebody else."
    return f"On call: {person(shift.who)} since {moment(shift.since)}"


def _offer(page: Page, offer: Handoff, who: str) -> None:
    """Tell of the open offer; whom it is for can answer it here."""
    to = "you" if who == offer.incoming else person(offer.incoming)
    page.say(f":handshake: Offered to {to} by {person(offer.by)} {ago(offer.at)}, and not accepted yet.")
    number = str(offer.number)
    buttons = [button("handoff.show", "Show all", number)]
    if who == offer.incoming:
        buttons = [
            button("handoff.accept", "Accept", number, style="primary"),
            button("handoff.ask", "Ask", number),
            button("handoff.decline", "Decline", number),
            *buttons,
        ]
    page.block(_actions("offer", *buttons))


def _upcoming(page: Page, upcoming: Upcoming) -> None:
    page.small(f"Next by the rota: {person(upcoming.who)}, from {moment(upcoming.since)}.")
    if upcoming.trouble:
        page.small(rota_trouble(upcoming))


def _ongoing(page: Page, listing: Listing) -> None:
    _part(page, "ongoing", f"Ongoing ({len(listing.handed)})" if listing.handed else "Ongoing")
    if not listing.handed:
        page.say(NOTHING if listing.at else UNKNOWN)
    for one in listing.handed[:MOST_ONGOING]:
        page.say(_handed(one))
        if one.outage is not None:
            number = str(one.outage)
            resolve = button("outage.resolve", "Resolve", number)
            page.block(_actions(f"outage-{number}", button("outage.timeline", "Timeline", number), resolve))
    if len(listing.handed) > MOST_ONGOING:
        page.small(f"… and {len(listing.handed) - MOST_ONGOING} more: `/handoff status` lists them.")
    if listing.at:
        _as_of(page, "ongoing", f"As GitLab said {ago(listing.at)} (as of {listing.at:%H:%M} UTC).")


def _handed(one: Handed) -> str:
    facts = [f"since {moment(one.since)}"]
    if one.updated_at:
        facts.append(f"last update {ago(one.updated_at)}")
    assigned = shorten(", ".join(one.assignees), 100)
    facts.append(f"assigned to {escape(assigned)}" if one.assignees else "nobody assigned")
    facts += [escape(shorten(label, 50)) for label in one.labels[:6]]
    title = escape(shorten(on_one_line(one.title), 200))
    return f"{sign(one)} *{link(one.url, one.reference)}* {title}\n{' · '.join(facts)}"


def _week(page: Page, week: WeekNow, team: Team) -> None:
    _part(page, "week", "This week")
    if week.running:
        page.say(f":hourglass_flowing_sand: {under_way(week.running)}")
    elif week.turned:
        page.say(_turned(week))
    elif week.seen is None:
        page.say(f"I have not read “{escape(team.wow_title)}” from GitLab yet. *Week status* reads it.")
    elif week.seen.milestone is None:
        page.say(f"There is no open milestone “{escape(team.wow_title)}”.")
    else:
        page.say(_progress(week, week.seen, team))
    if week.seen and not week.running:
        at = week.seen.at
        _as_of(page, "week", f"As GitLab said {ago(at)} (as of {at:%H:%M} UTC). *Week status* reads it again.")


def _turned(week: WeekNow) -> str:
    turned = week.turned
    if turned is None:
        return ""
    ending = turned.ending
    if turned.undone_at:
        happened = f"{person(turned.undone_by)} took back the rollover of the week ending {ending}"
        return f"{happened} {ago(turned.undone_at)}. *Week status* reads how it stands."
    when = f" {ago(turned.done_at)}" if turned.done_at else ""
    return (
        f"{person(turned.by)} rolled over the week ending {ending}{when}. *Week status* reads how the new one stands."
    )


def _progress(week: WeekNow, seen: WeekSeen, team: Team) -> str:
    milestone = seen.milestone
    if milestone is None:
        return ""
    total = seen.done + seen.open
    share = f" ({seen.done * 100 // total} %)" if total else ""
    outages = f" ({count(seen.outages, 'outage')} among them)" if seen.outages else ""
    carried = f" · {seen.carried} carried over" if seen.carried is not None else ""
    goals = f"\nGoals: {seen.goals_done} of {seen.goals} done" if seen.goals else ""
    return (
        f"*{link(milestone.url, milestone.title)}* · {dates(milestone)}{_left(week)}\n"
        f"{seen.done} of {total} done{share} · {seen.open} open · {seen.unscheduled} "
        f"{escape(team.labels.unscheduled)}{outages}{carried}{goals}"
    )


def _left(week: WeekNow) -> str:
    if week.ended:
        return f" · ended {count(week.ended, 'day')} ago: *Roll over* is due"
    return f" · {count(week.days_left, 'day')} left" if week.days_left is not None else ""


def _log(page: Page, shown: Home) -> None:
    _part(page, "log", "Latest events")
    if not shown.log.events:
        page.say("The log is empty.")
        return
    page.say("\n".join(_line(one, shown) for one in shown.log.events))
    more = " `/event list 50` shows more." if shown.log.more else ""
    page.small(f"Newest last.{more}{_hidden(shown.log.hidden)}")


def _hidden(number: int) -> str:
    return f" {count(number, 'private event')}: {only_members(number)}." if number else ""


def _line(event: Event, shown: Home) -> str:
    may_read = shown.log.reader.may_read(event)
    text = on_one_line(said(event)) if may_read else "_(private event)_"
    outage = shown.log.outages.get(event.outage or 0)
    where = f" · {outage.reference}" if outage else ""
    lock = ":lock: " if event.hidden and may_read else ""
    begins = f"• {moment(event.at)} *{event.kind}*{where} · {lock}"
    return f"{begins}{shorten_mrkdwn(text, LONGEST_LINE)} · {person(event.by)}"


def _backlog(page: Page, backlog: Backlog) -> None:
    _part(page, "waiting", "Waiting for GitLab")
    operations = operations_wait(backlog.count)
    if backlog.silent:
        waits = f"{operations}. Nothing is lost." if backlog.count else "Nothing waits for it."
        page.say(f":warning: {silence(backlog.reason)}, since {moment(backlog.silent)}; {waits}")
    else:
        page.say(f"{operations}." if backlog.count else "Nothing waits.")


def _part(page: Page, name: str, title: str) -> None:
    page.block({"type": "divider", "block_id": f"before-{name}"})
    heading = {"type": "plain_text", "text": title, "emoji": False}
    page.block({"type": "header", "block_id": name, "text": heading})


def _actions(name: str, *buttons: dict[str, object]) -> dict[str, object]:
    return {"type": "actions", "block_id": name, "elements": list(buttons)}


def _as_of(page: Page, what: str, mrkdwn: str) -> None:
    page.block({"type": "context", "block_id": f"{AS_OF}-{what}", "elements": [{"type": "mrkdwn", "text": mrkdwn}]})
