"""A draft of an outage's post-mortem: the team's six parts, with the timeline filled in and the rest asked for.

It is public, and blameless: people are told by their roles, and what is private is counted and no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from bot.domain.duration import spanned
from bot.domain.events import LONGEST_TEXT, Event
from bot.domain.outages import Outage
from bot.domain.redaction import Roles
from bot.messages import count, shorten
from bot.messages.export import by_day, clock, is_plain, item, origin
from bot.messages.tracker import harmless, one_line

MOST_TYPED = 250_000
"""Characters of all events' texts together: GitLab takes a million in a description, and a sign may become three."""


def draft(
    outage: Outage,
    events: Sequence[Event],
    hidden_count: int,
    names: Mapping[str, Iterable[str]],
    now: datetime,
    *,
    own: str = "",
) -> str:
    """Draft the post-mortem of an outage from its `events`, of which `hidden_count` more may not be shown.

    `names` says all that people are called, by id. `own` is the address of our GitLab; where it is not given, it is taken
    from the outage's.
    """
    told = sorted((event for event in events if not event.retracted), key=lambda event: (event.at, event.id))
    typed = [outage.spoken, outage.seen, *(event.text for event in told)]
    writer = _Writer(Roles(names, typed), own or origin(outage.url), MOST_TYPED // max(len(told), 1))
    parts = [
        f"# Post-mortem: {writer.line(outage.spoken)}",
        _note(now),
        "\n".join(_facts(outage, now)),
        *_impact(outage, writer),
        "## Timeline",
        *_timeline(told, hidden_count, writer),
        *ASKED_FOR,
    ]
    return "\n\n".join(parts) + "\n"


class _Writer:
    """Writes what people typed: with roles in place of names, harmless in GitLab, and not too long together."""

    def __init__(self, roles: Roles, own: str, most: int) -> None:
        self._roles, self._own, self._most = roles, own, min(most, LONGEST_TEXT)

    def line(self, text: str) -> str:
        return one_line(self._roles.redact(text), own=self._own)

    def lines(self, text: str) -> str:
        return harmless(shorten(self._roles.redact(text), self._most), own=self._own)

    def event(self, event: Event) -> str:
        kind, _, name = event.by.partition(":")
        role = one_line(name, own=self._own) or "a bot" if kind == "bot" else self._roles.role(event.by)
        return item(f"{clock(event.at)} · **{event.kind}** · {role}", self.lines(event.text))


def _note(now: datetime) -> str:
    return (
        f"*Drafted by Baton at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC.* This post-mortem is blameless: it asks how it "
        "could happen, not who did it; everybody did what seemed right with what they knew. People are told by their "
        "roles. Not every name may have been recognised, so please read it before it is published, and leave out what "
        "concerns the privacy of customers or employees, billing, and anything confidential. What stands *in italics* "
        "is for you to fill in. All times are in UTC."
    )


def _facts(outage: Outage, now: datetime) -> list[str]:
    ended = outage.ended_at and outage.ended_at.astimezone(UTC)
    named = f"{outage.reference}, {outage.url}" if is_plain(outage.url) else outage.reference
    facts = [f"- **Outage:** {named}", f"- **When:** {spanned(outage.began_at.astimezone(UTC), ended, now)}"]
    if outage.data_loss:
        facts.append("- **Data loss:** yes, or so it seemed")
    return facts


def _impact(outage: Outage, writer: _Writer) -> list[str]:
    seen = "" if outage.confidential else writer.lines(outage.seen)
    asked = "*Who noticed what, how many were they, and for how long? How was it detected?*"
    return ["## What happened", *([seen] if seen else []), asked]


def _timeline(told: Sequence[Event], hidden_count: int, writer: _Writer) -> list[str]:
    days = by_day(told, writer.event, "###") or ["Nothing was logged."]
    return [*days, f"{count(hidden_count, 'private event')}."] if hidden_count else days


FIVE_WHYS = (
    "1. *Why did it happen?*\n"
    "2. *And why was that so?*\n"
    "3. *And that?*\n"
    "4. *And that?*\n"
    "5. *And that? Stop where something can be changed; a person is never the last answer.*"
)
ASKED_FOR = (
    "## Graphs or logs",
    "*Which graph or log shows it best? Put the picture or the lines here, with their source and the zone of their times.*",
    "## Five whys",
    FIVE_WHYS,
    "## What worked well",
    "- *What made it shorter or smaller than it could have been?*",
    "## What can be improved",
    "- *What was missing, slow, misleading, or pure luck?*",
    "## Further actions",
    "- [ ] *What, by which team, until when? One issue for each, with its address.*",
)
"""The parts that only people can write, with what to write there."""
