"""What we write into GitLab of a hand-off: the note under each issue that passes, and the on-call report.

An issue may be read by anybody: what is private is counted, never told.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.duration import lasted
from bot.domain.events import Event
from bot.domain.oncall import Handed, Handoff
from bot.domain.passing import Reported
from bot.messages import count, is_address, on_one_line, only_members, shorten, tracker
from bot.messages.tracker import harmless, one_line, quoted

MOST_EVENTS = 500
"""Events in a report; the log has them all."""
LONGEST = 1_000_000
"""Characters of a report; GitLab takes 1,048,576 of a description, and refuses what is longer."""


def note(handoff: Handoff, handed: Handed, outgoing: str, incoming: str, *, own: str = "") -> str:
    """Say under an issue that it has passed to somebody; `outgoing` and `incoming` are names."""
    at = _moment(handoff.answered_at or handoff.at)
    who = one_line(incoming)
    if handoff.state == "taken":
        before = f" from {one_line(outgoing)}" if outgoing else ""
        head = f"**{at}** · {who} took the pager{before}."
        if handoff.reason:
            head += f" Reason: {one_line(handoff.reason, own=own)}"
    else:
        head = f"**{at}** · handed off by {one_line(outgoing)} to {who}, who accepted."
    return "\n\n".join(part for part in (head, quoted(handed.note, own=own)) if part)


def title(told: Reported) -> str:
    """Name a report so that a list of them reads well."""
    one = told.handoff
    at = (one.answered_at or one.at).astimezone(UTC)
    before = told.names.get(one.outgoing, "nobody")
    return tracker.title(f"On-call report {at:%Y-%m-%d %H:%M} UTC: {before} to {told.names[one.incoming]}")


def report(told: Reported, *, own: str = "") -> str:
    """Report a hand-off: how it stands, what goes on, what was resolved, what was logged, and the report before."""
    one = told.handoff
    parts = [
        _head(told),
        _section("Summary", _summary(one, own)),
        _section("Ongoing", _listed(told, own, over=False) or "Nothing: no outage, no data loss."),
        _section("Note on the others", quoted(one.common_note, own=own)) if one.common_note else "",
        _section("Added for this hand-off", _pending(told, own)) if one.pending else "",
        _section("Resolved in this shift", resolved) if (resolved := _resolved(told, own)) else "",
        _section("Incidents", _events(told, "incident", own)),
        _section("Changes", _events(told, "change", own)),
    ]
    if told.hidden:
        hidden = count(told.hidden, "private event")
        parts.append(f"{hidden} of this shift: {only_members(told.hidden)}, with `/event list` in Slack.")
    return _cut("\n\n".join(part for part in parts if part))


def _cut(text: str) -> str:
    """End a text that is too long for GitLab behind a whole line, and say so."""
    if len(text) <= LONGEST:
        return text
    whole = text[:LONGEST].rpartition("\n")[0]
    return f"{whole}\n\n*The rest is too long for an issue; Baton's log has the events.*"


def _head(told: Reported) -> str:
    one = told.handoff
    before = one_line(told.names.get(one.outgoing, "")) if one.outgoing else "nobody"
    at = one.answered_at or one.at
    how = "took the pager" if one.state == "taken" else "accepted"
    lines = [
        f"{one_line(told.names[one.incoming])} {how} at **{_moment(at)}**; on call before: {before}"
        + (f", since {_moment(one.since)} ({lasted(one.since, at)})." if one.since else "."),
    ]
    if one.reason:
        lines.append(f"Reason: {one_line(one.reason)}")
    if told.previous is not None:
        lines.append(f"The report before: {_previous(told.previous)}")
    return "\n\n".join(lines)


def _previous(one: Handoff) -> str:
    return f"[#{one.report}]({one.report_url})" if is_address(one.report_url) else f"#{one.report}"


def _section(name: str, text: str) -> str:
    return f"### {name}\n\n{text}"


def _summary(one: Handoff, own: str) -> str:
    if one.summary:
        return harmless(one.summary, own=own)
    if one.quiet:
        return "Quiet shift: nothing happened that the next one must know."
    return "None was given."


def _listed(told: Reported, own: str, *, over: bool) -> str:
    one = told.handoff
    return "\n".join(_handed(each, one, own) for each in one.handed if each.over == over)


def _handed(one: Handed, handoff: Handoff, own: str) -> str:
    name = f"#{one.iid}" if one.iid is not None else f"O{one.outage}"
    also = f" (O{one.outage})" if one.iid is not None and one.outage is not None else ""
    at = handoff.answered_at or handoff.at
    line = f"- {name}{also} {one_line(one.spoken, own=own)}"
    if not one.over:
        line += f", for {lasted(one.since, at)}"
    if not one.note:
        return line
    if one.hidden and not handoff.private:
        return f"{line}\n  - its note is with the issue"
    return f"{line}\n\n" + "\n".join(f"  {part}" for part in quoted(one.note, own=own).split("\n"))


def _pending(told: Reported, own: str) -> str:
    public = [one for one in told.handoff.pending if not one.private]
    lines = [f"- {one_line(on_one_line(one.text), own=own)}" for one in public]
    if hidden := len(told.handoff.pending) - len(public):
        lines.append(f"- {count(hidden, 'private thing')}")
    return "\n".join(lines)


def _resolved(told: Reported, own: str) -> str:
    """List what ended, each once: with its note, where it ended after it was offered with one."""
    noted = {one.reference for one in told.handoff.handed if one.over}
    ended = [f"- {reference} {one_line(title)}" for reference, title in told.resolved if reference not in noted]
    return "\n".join(part for part in (*ended, _listed(told, own, over=True)) if part)


def _events(told: Reported, kind: str, own: str) -> str:
    found = [one for one in told.events if one.kind == kind]
    lines = [_event(one, told, own) for one in found[-MOST_EVENTS:]]
    if len(found) > MOST_EVENTS:
        lines.insert(0, f"- … and {len(found) - MOST_EVENTS} earlier ones, in the log")
    return "\n".join(lines) or "None."


def _event(one: Event, told: Reported, own: str) -> str:
    where = f" (O{one.outage})" if one.outage is not None else ""
    by = one_line(told.names.get(one.by, ""))
    return (
        f"- {_moment(one.at)}{where} {one_line(on_one_line(shorten(one.text, 500)), own=own)}{f' · {by}' if by else ''}"
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def names_needed(handoff: Handoff, events: Sequence[Event]) -> set[str]:
    """List whose names a report needs."""
    return {who for who in (handoff.outgoing, handoff.incoming, *(one.by for one in events)) if who}
