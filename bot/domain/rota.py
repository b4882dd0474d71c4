"""Who is next by the rota: a calendar whose entries name people, and what follows from it for the hand-off.

A calendar is kept by hand, so nothing is taken for granted: entries overlap, leave gaps, name nobody we know, or end a
minute before the next one begins. What counts is where somebody's time begins who is not on call.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from bot.domain.oncall import Shift
from bot.domain.people import Person

SOON = timedelta(hours=1)
"""How long before somebody's time begins both are told."""
HARDLY_LEFT = timedelta(minutes=30)
"""Whoever's time ends within this is not handed the pager any more, when somebody follows."""
LATELY = timedelta(hours=12)
"""A hand-off that is later than this is no news; and of entries that ended a day ago we know nothing."""
SEAM = timedelta(minutes=1)
"""Entries that are written 00:00 to 23:59 follow one another."""


@dataclass(frozen=True)
class Entry:
    """An entry of the calendar, from `since` until `until`; its summary (`words`) or its `emails` name somebody."""

    since: datetime
    until: datetime
    words: str = ""
    emails: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rota:
    """The rota as last read, at `read_at` (None: never yet), and in `trouble` why it could not be read since.

    `source` tells one calendar from another without telling its address, which may be a secret.
    """

    read_at: datetime | None
    entries: tuple[Entry, ...] = ()
    trouble: str = ""
    source: str = ""


class Next(NamedTuple):
    """The pager should go to `person`, from `since` on."""

    person: Person
    since: datetime


@dataclass(frozen=True)
class Due:
    """Something to be told about a hand-off by the rota: it comes `soon`, or is `late` (not begun, and it should have)."""

    kind: Literal["soon", "late"]
    person: Person
    since: datetime

    @property
    def key(self) -> str:
        """Name it: it is told once."""
        return f"{self.kind} {self.since.isoformat()} {self.person.id}"


# Whom an entry names


def person_of(entry: Entry, people: Iterable[Person]) -> Person | None:
    """Find whom an entry names: by e-mail address, else by Slack id, else by name; None where that is not one person.

    Somebody whose account is gone is never meant, nor somebody else in their place by a weaker sign; bots do not count.
    """
    found = [one for one in people if not one.bot]
    for look in (_by_email, _by_id, _by_name):
        if named := look(entry, found):
            # addresses of a whole team leave it to the words who of them is meant
            found = named
            if len(named) == 1:
                break
    else:
        return None
    return None if found[0].deactivated else found[0]


def _by_email(entry: Entry, people: Sequence[Person]) -> list[Person]:
    named: dict[str, list[Person]] = {address.casefold(): [] for address in entry.emails}
    for one in people:
        if one.email.casefold() in named:
            named[one.email.casefold()].append(one)
    return _each_once(_present(group) for group in named.values())


def _by_id(entry: Entry, people: Sequence[Person]) -> list[Person]:
    ids = set(re.findall(r"(?<!\w)[UW][A-Z0-9]+(?!\w)", entry.words))
    return [one for one in people if one.id in ids]


def _by_name(entry: Entry, people: Sequence[Person]) -> list[Person]:
    """Find people by a name that is the summary, or stands in it as whole words; "Bob Hill" is not also "Bob"."""
    words = _plain(entry.words)
    named: dict[tuple[int, int], list[Person]] = {}
    for one in people:
        # hardly anybody's name stands there at all
        for span in {span for name in _names(one) if name in words for span in _spans(name, words)}:
            named.setdefault(span, []).append(one)
    return _each_once(
        _present(group)
        for (start, end), group in named.items()
        if not any(first <= start and end <= last and (first, last) != (start, end) for first, last in named)
    )


def _present(group: list[Person]) -> list[Person]:
    """Leave out accounts that are gone, where others go by the same name or address."""
    return [one for one in group if not one.deactivated] or group


def _each_once(groups: Iterable[list[Person]]) -> list[Person]:
    return list({one.id: one for group in groups for one in group}.values())


def _names(person: Person) -> frozenset[str]:
    return _plainly((person.name, person.handle, *person.others))


@lru_cache(maxsize=10_000)
def _plainly(names: tuple[str, ...]) -> frozenset[str]:
    """Write names as they are looked for; everybody's are looked for again every few seconds."""
    return frozenset(filter(None, map(_plain, names)))


def _spans(name: str, words: str) -> list[tuple[int, int]]:
    # what a dot, a hyphen or an @ joins is one word: `bob` is neither `bob-lee` nor `bob@example.org`
    whole = rf"(?<![\w.@-])@?({re.escape(name)})(?![\w@-]|\.\w)"
    return [found.span(1) for found in re.finditer(whole, words)]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


# Whose time it is


class Stretch(NamedTuple):
    """Somebody's time without a break."""

    since: datetime
    until: datetime
    person: Person

    def runs(self, at: datetime) -> bool:
        """Tell whether it has begun and is not over."""
        return self.since <= at < self.until


def stretches(rota: Rota, people: Iterable[Person]) -> list[Stretch]:
    """List whose time it is when, by start; entries of one person that overlap or follow one another are one."""
    everybody = list(people)
    known: dict[tuple[str, tuple[str, ...]], Person | None] = {}
    open_: dict[str, Stretch] = {}
    done: list[Stretch] = []
    for entry in sorted(rota.entries, key=lambda one: (one.since, one.until)):
        naming = (entry.words, entry.emails)
        if naming not in known:
            known[naming] = person_of(entry, everybody)
        person = known[naming]
        if person is None or entry.until <= entry.since:
            continue
        before = open_.get(person.id)
        if before and entry.since <= before.until + SEAM:
            open_[person.id] = before._replace(until=max(before.until, entry.until))
        else:
            done += [before] if before else []
            open_[person.id] = Stretch(entry.since, entry.until, person)
    return sorted([*done, *open_.values()], key=_order)


def _order(stretch: Stretch) -> tuple[datetime, datetime, str]:
    return stretch.since, stretch.until, stretch.person.id


def _split(rota: Rota, people: Iterable[Person], on_call: str) -> tuple[list[Stretch], list[Stretch]]:
    """Tell the time of whoever is on call from that of others.

    Where two overlap, the one who began last has the pager: the time of somebody else ends (or pauses) where that of the
    one on call began within it.
    """
    everything = stretches(rota, people)
    own = [one for one in everything if one.person.id == on_call]
    others = [rest for one in everything if one.person.id != on_call for rest in _without(one, own)]
    return own, sorted(others, key=_order)


def _without(stretch: Stretch, own: Iterable[Stretch]) -> Iterator[Stretch]:
    since = stretch.since
    for one in own:
        if stretch.since <= one.since < stretch.until:
            if since < one.since:
                yield stretch._replace(since=since, until=one.since)
            since = one.until
    if since < stretch.until:
        yield stretch._replace(since=since)


# What follows


def upcoming(rota: Rota, people: Iterable[Person], on_call: str, at: datetime) -> Next | None:
    """Find to whom the pager goes next, from whom has it (`on_call`, empty: nobody), and since or from when.

    That may be somebody whose time runs already (a late hand-off), unless hardly any of it is left and another follows.
    """
    own, others = _split(rota, people, on_call)
    for one in others:
        if one.until <= at:
            continue
        followed = any(other.until > one.until and other.person.id != one.person.id for other in (*own, *others))
        if one.runs(at) and one.until - at <= HARDLY_LEFT and followed:
            continue
        return Next(one.person, one.since)
    return None


def due(
    rota: Rota,
    people: Iterable[Person],
    shift: Shift | None,
    offered_to: str,
    at: datetime,
    told: Collection[str],
) -> list[Due]:
    """List what is to be told now: to both that a hand-off comes soon, and to the channel that one is late.

    `shift` is the present one, `offered_to` whom a hand-off is offered to (empty: nobody), `told` has the keys of what
    was told before. A hand-off is late when the time of the next one has begun, that of the one on call is over, the
    pager has not moved since, and it is not offered to them.
    """
    own, others = _split(rota, people, shift.who if shift else "")
    found: list[Due] = []
    following = next((one for one in others if one.since > at), None)
    if following and following.since - at <= SOON:
        found.append(Due("soon", following.person, following.since))
    running = [one for one in others if one.runs(at) and at - one.since < LATELY]
    if running and not any(one.runs(at) for one in own):
        last = max(running, key=lambda one: one.since)  # of those who began together the first, as `upcoming` says
        if last.person.id != offered_to and (shift is None or shift.since < last.since):
            found.append(Due("late", last.person, last.since))
    return [one for one in found if one.key not in told]


def not_read(known: Rota | None, trouble: str, source: str) -> Rota:
    """Keep what was known of this calendar, and remember why it could not be read."""
    if known is None or known.source != source:
        return Rota(None, trouble=trouble, source=source)
    return replace(known, trouble=trouble)
