"""Who is on call, and how that passes: a hand-off is offered, and responsibility moves when it is accepted.

A hand-off is `offered` until it is `accepted`, `declined`, `cancelled`, or `taken over` by somebody who takes the pager
at once; that taking is a hand-off of its own, `taken` from its beginning. Shifts follow one another without a gap, so at
every instant from the first one on exactly one person is on call.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.domain import priority
from bot.domain.errors import UserError
from bot.domain.events import Pending
from bot.domain.outages import Outage
from bot.domain.people import Person, mention
from bot.domain.team import Labels
from bot.domain.tracker import OngoingIssue

State = Literal["offered", "accepted", "declined", "cancelled", "taken over", "taken"]
MOST_HANDED = 40
"""Issues with a note field each; a modal has room for a hundred blocks."""
LONGEST_NOTE = 2000
"""Characters of a note, and of the summary: what is read before one is awake."""


@dataclass(frozen=True)
class Shift:
    """Somebody's time on call, which ends when the next one begins. `handoff` is the number of what began it."""

    number: int
    who: str
    since: datetime
    handoff: int


@dataclass(frozen=True)
class Handed:
    """An ongoing outage, or an issue about data loss, and the `note` that goes with it.

    `outage` is Baton's own number of it, None for data loss alone; `iid` is GitLab's, None until the issue is there.
    `private` tells that it was declared in a private channel. `assignees` are user names in GitLab, as they were when
    the hand-off was offered. What is `over` since then passes only for its note.
    """

    title: str
    since: datetime
    outage: int | None = None
    iid: int | None = None
    url: str = ""
    note: str = ""
    labels: tuple[str, ...] = ()
    confidential: bool = False
    private: bool = False
    updated_at: datetime | None = None
    assignees: tuple[str, ...] = ()
    over: bool = False

    @property
    def key(self) -> str:
        """Name it: `outage:7` or `issue:12`; so is its field named, and what GitLab is told of it."""
        return f"outage:{self.outage}" if self.outage is not None else f"issue:{self.iid}"

    @property
    def reference(self) -> str:
        """Write it as people do: `#12`, with Baton's own number where there is one."""
        if self.iid is None:
            return f"O{self.outage}"
        return f"#{self.iid}" if self.outage is None else f"#{self.iid} (O{self.outage})"

    @property
    def hidden(self) -> bool:
        """Tell whether what is said of it is not for everybody."""
        return self.confidential or self.private

    @property
    def spoken(self) -> str:
        """Give the title as it may be shown to anybody."""
        return "(confidential)" if self.confidential else self.title


@dataclass(frozen=True)
class Handoff:
    """One hand-off. `key` is hidden in its report; `by` is who offered it, which may be a lead or somebody at a terminal.

    `outgoing` is who is on call until it is answered (or who hands off, where nobody is), and `since` the moment at
    which their shift began. `handed` and `pending` are what passes; `events` were logged in the shift, of which `hidden`
    are private. `listed_at` is when GitLab was last asked what goes on, `stale` tells that this was not just now. With
    `private` it was offered in a private channel. `reminded_at` and `escalated_at` tell who was told meanwhile, and
    `report` is the number of its report in GitLab, at the address `report_url`.
    """

    number: int
    key: str
    outgoing: str
    incoming: str
    by: str
    at: datetime
    state: State = "offered"
    since: datetime | None = None
    summary: str = ""
    quiet: bool = False
    handed: tuple[Handed, ...] = ()
    pending: tuple[Pending, ...] = ()
    events: int = 0
    hidden: int = 0
    common_note: str = ""
    channel: str = ""
    private: bool = False
    listed_at: datetime | None = None
    stale: bool = False
    answered_at: datetime | None = None
    answered_by: str = ""
    reason: str = ""
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    report: int | None = None
    report_url: str = ""

    @property
    def open(self) -> bool:
        """Tell whether it waits for an answer."""
        return self.state == "offered"

    @property
    def moved(self) -> bool:
        """Tell whether it has changed who is on call."""
        return self.state in {"accepted", "taken"}


# Who may


def must_be_handed_to(incoming: Person, by: str, shift: Shift | None, home: str) -> None:
    """Refuse whom the pager cannot go to, with the reason; `home` is the id of Baton's own workspace."""
    who = mention(incoming.id)
    if incoming.id == by and shift is not None and shift.who == by:
        message = (
            "You are on call already, and cannot hand off to yourself. Please name somebody else: `/handoff @person`."
        )
    elif incoming.id == by:
        message = "You cannot hand off to yourself. `/handoff take` puts you on call now."
    elif incoming.bot:
        message = f"{who} is a bot, and cannot be on call. Please name a person."
    elif incoming.deactivated:
        message = f"The account of {who} is deactivated, so they would not see it. Please name somebody else."
    elif incoming.team and home and incoming.team != home:
        message = f"{who} belongs to another workspace, and cannot be on call here. Please name somebody on the team."
    elif incoming.guest and incoming.name == incoming.id:
        message = f"Slack knows nobody with the id {incoming.id}. Please choose the person from Slack's own list."
    elif incoming.guest:
        message = f"{who} is a guest, and cannot be on call. Please name a full member of the team."
    elif shift is not None and incoming.id == shift.who:
        message = f"{who} is on call already. Please name who comes next: `/handoff @person`."
    else:
        return
    raise UserError(message)


def must_have_the_pager(by: str, shift: Shift | None, *, lead: bool) -> None:
    """Refuse whoever has nothing to hand off: only the one on call does, or a lead for them, or anybody where nobody is."""
    if shift is None or shift.who == by or lead:
        return
    message = (
        f"{mention(shift.who)} is on call, so only they can hand off (or a lead for them). "
        "If they cannot, `/handoff take` puts you on call now."
    )
    raise UserError(message)


def must_be_no_other(offered: Handoff | None) -> None:
    """Refuse a second offer while one is open."""
    if offered is not None:
        message = (
            f"A hand-off from {mention(offered.outgoing)} to {mention(offered.incoming)} is offered already, and not "
            "answered yet. `/handoff cancel` cancels it, `/handoff status` shows it."
        )
        raise UserError(message)


def must_be_answered_by(offered: Handoff, who: str) -> None:
    """Refuse a second answer, and one by anybody but the person it is for."""
    must_be_open(offered)
    if who != offered.incoming:
        message = f"This hand-off is for {mention(offered.incoming)}, so only they can answer it."
        raise UserError(message)


def must_be_open(offered: Handoff) -> None:
    """Refuse what comes after the answer."""
    if offered.open:
        return
    by = mention(offered.answered_by)
    # it says nothing of who is on call now: the pager may have passed on since
    why = {
        "declined": f"was declined by {by}. To offer it again: `/handoff @person`.",
        "cancelled": f"was cancelled by {by}, so there is nothing left to answer.",
        "taken over": f"is over: {by} took the pager meanwhile.",
    }
    accepted_by = f"was accepted already by {by}. `/handoff status` shows who is on call now."
    message = f"This hand-off {why.get(offered.state, accepted_by)}"
    raise UserError(message)


# What becomes of it


def accepted(offered: Handoff, who: str, at: datetime) -> Handoff:
    """Accept: from `at` on the incoming person is on call."""
    must_be_answered_by(offered, who)
    return replace(offered, state="accepted", answered_at=at, answered_by=who)


def declined(offered: Handoff, who: str, reason: str, at: datetime) -> Handoff:
    """Decline: the outgoing person stays on call, and may offer it to somebody else."""
    must_be_answered_by(offered, who)
    return replace(offered, state="declined", answered_at=at, answered_by=who, reason=reason)


def cancelled(offered: Handoff | None, who: str, at: datetime, *, lead: bool) -> Handoff:
    """Take an offer back; that is up to who offered it, who is on call, and leads."""
    if offered is None:
        message = "No hand-off is offered, so there is nothing to cancel. `/handoff status` shows who is on call."
        raise UserError(message)
    must_be_open(offered)
    if who not in {offered.by, offered.outgoing} and not lead:
        whose = " or ".join(dict.fromkeys(mention(one) for one in (offered.by, offered.outgoing)))
        message = f"Only {whose} (or a lead) can cancel this offer."
        if who == offered.incoming:
            message += " You can decline it, with the button *Decline*."
        raise UserError(message)
    return replace(offered, state="cancelled", answered_at=at, answered_by=who)


def overtaken(offered: Handoff, who: str, at: datetime) -> Handoff:
    """End an offer because somebody (who may be the one it was for) took the pager at once."""
    must_be_open(offered)
    return replace(offered, state="taken over", answered_at=at, answered_by=who)


def must_not_have_it(who: str, shift: Shift | None) -> None:
    """Refuse to take the pager from oneself."""
    if shift is not None and shift.who == who:
        message = "You are on call already. `/handoff @person` hands the pager to somebody else."
        raise UserError(message)


# When to remind


def to_be_reminded(offered: Handoff, at: datetime, after: timedelta) -> bool:
    """Tell whether both are to be reminded: nobody answered for as long as `after`."""
    return offered.open and offered.reminded_at is None and at - offered.at >= after


def to_be_escalated(offered: Handoff, at: datetime, after: timedelta) -> bool:
    """Tell whether the team's channel is to be told that nobody answered for as long as `after`."""
    return offered.open and offered.escalated_at is None and at - offered.at >= after


def is_without_update(last_update: datetime, reminded_at: datetime | None, at: datetime, period: timedelta) -> bool:
    """Tell whether an outage had no update for a whole `period`, and nobody was reminded of it within one."""
    return at - max(last_update, reminded_at or last_update) >= period


# What passes


def gathered(
    outages: Iterable[Outage],
    issues: Iterable[OngoingIssue],
    labels: Labels,
    ranks: Mapping[str, int | None],
) -> tuple[Handed, ...]:
    """List what is being worked on, the most urgent first, then the oldest: outages, and open issues about data loss.

    `outages` are the ongoing ones that Baton knows, `issues` what GitLab said last; both may tell of the same. `ranks`
    are the project's own priorities by label.
    """
    known = {one.iid: one for one in issues}
    ongoing = list(outages)
    found = [_outage(one, known.get(one.iid) if one.iid is not None else None, labels) for one in ongoing]
    taken = {one.iid for one in ongoing}
    # an outage that has ended here, and whose issue GitLab still shows open, is handed only for its data loss
    found += [_issue(one) for one in known.values() if one.iid not in taken and labels.data_loss in one.labels]
    order = priority.order_of(ranks, labels)
    return tuple(sorted(found, key=lambda one: (priority.rank(one.labels, order), one.since, one.key)))


def _outage(one: Outage, issue: OngoingIssue | None, labels: Labels) -> Handed:
    own = (labels.outage, *((labels.data_loss,) if one.data_loss else ()))
    return Handed(
        title=one.title,
        since=one.began_at,
        outage=one.number,
        iid=one.iid,
        url=one.url,
        labels=issue.labels if issue else own,
        confidential=one.confidential or (issue is not None and issue.confidential),
        private=one.private,
        updated_at=issue.updated_at if issue else None,
        assignees=issue.assignees if issue else (),
    )


def _issue(one: OngoingIssue) -> Handed:
    return Handed(
        title=one.title,
        since=one.created_at,
        iid=one.iid,
        url=one.url,
        labels=one.labels,
        confidential=one.confidential,
        updated_at=one.updated_at,
        assignees=one.assignees,
    )


def with_notes(handed: Sequence[Handed], notes: Mapping[str, str]) -> tuple[Handed, ...]:
    """Put notes to what they are about, by key."""
    return tuple(replace(one, note=notes.get(one.key, "").strip()) for one in handed)


def as_it_stands(now: tuple[Handed, ...], before: tuple[Handed, ...]) -> tuple[Handed, ...]:
    """Put the notes of before to what goes on now, and keep what is over by now where it has a note."""
    noted = with_notes(now, {one.key: one.note for one in before})
    there = {one.key for one in noted}
    return (*noted, *(replace(one, over=True) for one in before if one.key not in there and one.note))
