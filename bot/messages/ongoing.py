"""How what goes on is listed: outages and data loss, what was put on the list for a hand-off, and how old all that is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.duration import lasted
from bot.domain.events import Pending
from bot.domain.oncall import Handed
from bot.domain.passing import Listing, Upcoming
from bot.messages import as_of, count, escape, link, on_one_line, only_members, person, shorten, silence

NOTHING = "Nothing is ongoing: no outage, no data loss."
UNKNOWN = "I know of no outage. GitLab has not told me yet what is ongoing there."
MOST_LISTED = 20
MOST_PENDING = 10


def sign(one: Handed) -> str:
    """Tell an outage from data loss at a glance."""
    return ":rotating_light:" if one.outage is not None else ":warning:"


def section(one: Handed, now: datetime, *, brief: bool = False) -> str:
    """Describe one thing that goes on: what it is, and since when, who has it, how urgent it is; `brief` where room is short."""
    longest, most_labels, longest_name = (60, 2, 20) if brief else (200, 6, 50)
    facts = [f"for {lasted(one.since, now)}"]
    if one.updated_at:
        just = now - one.updated_at < timedelta(minutes=1)
        facts.append("last update just now" if just else f"last update {lasted(one.updated_at, now)} ago")
    assigned = shorten(", ".join(one.assignees), 2 * longest_name)
    facts.append(f"assigned to {escape(assigned)}" if one.assignees else "nobody assigned")
    facts += [escape(shorten(label, longest_name)) for label in one.labels[:most_labels]]
    title = escape(shorten(on_one_line(one.title), longest))
    return f"{sign(one)} *{link(one.url, one.reference)}* {title}\n{' · '.join(facts)}"


def pending_lines(pending: Sequence[Pending], unreadable: int) -> list[str]:
    """List what was put on the list for the hand-off; what the reader may not read is counted."""
    lines = [pending_line(one, 150) for one in pending[:MOST_PENDING]]
    if len(pending) > MOST_PENDING:
        lines.append(f"• … and {len(pending) - MOST_PENDING} more")
    if unreadable:
        lines.append(f"• :lock: {count(unreadable, 'private thing')}: {only_members(unreadable)}")
    return lines


def pending_line(one: Pending, most: int) -> str:
    """Write one thing of the list."""
    lock = ":lock: " if one.private else ""
    where = f" ({link(one.permalink, 'message')})" if one.permalink else ""
    return f"• {lock}{escape(shorten(on_one_line(one.text), most))}{where} · {person(one.by)}"


def age(listing: Listing, now: datetime) -> str:
    """Say how old the list is, and why."""
    why = silence(listing.silent) if listing.silent else "GitLab has not been asked yet"
    if listing.at is None:
        return f"{why}, and I have no earlier list: these are the outages that I know myself."
    return f"{why}; the list is {as_of(listing.at, now)}."


def rota_trouble(upcoming: Upcoming) -> str:
    """Say that the rota may be out of date, and why."""
    return (
        f":warning: The rota cannot be read now ({escape(upcoming.trouble)}). This is the one as of "
        f"{upcoming.read_at:%Y-%m-%d %H:%M} UTC."
    )
