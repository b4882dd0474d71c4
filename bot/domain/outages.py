"""Outages: Baton's own numbers for them, which one an event belongs to, and which ones look alike."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

MOST_OFFERED = 5
"""Of several ongoing outages, so many of the newest are offered as buttons."""
ALIKE = 0.5
"""Share of words that two titles have in common from which on they look alike."""


@dataclass(frozen=True)
class Outage:
    """One outage. `number` is Baton's own (`O7`), from the start; `iid` is GitLab's, None until the issue is there.

    `by` is a Slack id, `terminal:name` or `gitlab:name`. `key` is the hidden marker of the issue that Baton opens, or
    `issue:12` for one that somebody made by hand. `message` is the key of the message it was declared from.
    `private` tells that it was declared in a private channel. `refused` is GitLab's reason for not making the issue.
    """

    number: int
    key: str
    title: str
    by: str
    began_at: datetime
    seen: str = ""
    iid: int | None = None
    url: str = ""
    data_loss: bool = False
    confidential: bool = False
    private: bool = False
    channel: str = ""
    thread: str = ""
    message: str = ""
    permalink: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    refused: str = ""
    by_hand: bool = False

    @property
    def ongoing(self) -> bool:
        """Tell whether it goes on."""
        return self.ended_at is None

    @property
    def reference(self) -> str:
        """Write its own number as people do: `O7`."""
        return f"O{self.number}"

    @property
    def spoken(self) -> str:
        """Give the title as it may be shown to anybody."""
        return "(confidential)" if self.confidential else self.title


@dataclass(frozen=True)
class Named:
    """An outage as somebody names it: by Baton's number, or by GitLab's (in the project at the address `project`)."""

    number: int | None = None
    iid: int | None = None
    project: str = ""


_WORDS = re.compile(r"\w{3,}")


def belongs_to(ongoing: Sequence[Outage], named: Outage | None) -> Outage | None:
    """Choose the outage that an event belongs to: the one that it names, else the only one that goes on."""
    if named is not None:
        return named
    return ongoing[0] if len(ongoing) == 1 else None


def alike(title: str, others: Iterable[Outage]) -> Outage | None:
    """Find the outage whose title has the most words in common with `title`, if that is enough to ask."""
    words = _words(title)
    scored = [(len(words & _words(one.title)) / len(words | _words(one.title)), one) for one in others if words]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= ALIKE else None


def _words(title: str) -> set[str]:
    return {word.casefold() for word in _WORDS.findall(title)}
