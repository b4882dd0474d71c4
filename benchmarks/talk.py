"""What people and machines write into the log: words as common or rare as words are, and events made of them.

The commonest word stands in about 30 % of all events, most of the 40,000 in a handful.
"""

import itertools
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.domain.events import Event

BEGAN = datetime(2021, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=150)
OUTAGES = 500
PRIVATE = [f"CP{number:03d}" for number in range(20)]
STATES = ("started", "succeeded", "failed")
COMMON = re.findall(
    r"\w+",
    "the to production on of database is replication deployed restarted for in and web lag server queue "
    "sidekiq redis error rate back after node alert postgres primary cluster disk latency runner api "
    "increased config rolled memory registry gitaly storage check",
)


def vocabulary(dice: random.Random, size: int = 40_000) -> list[str]:
    """Make words, the commonest first, that share beginnings as words do."""
    opening = [*"bcdfglmnprstvw", "st", "tr", "pr", "cl", "gr", "pl", "ch", "sh"]
    middle = ["a", "e", "i", "o", "u", "ai", "ea", "ou"]
    closing_ = ["", "", "n", "r", "s", "t", "l", "nd", "rt"]
    ending = ["", "s", "ed", "ing", "er", "ment", "ation", "able", "ly"]
    words = dict.fromkeys(COMMON)
    while len(words) < size:
        syllables = (dice.choice(opening) + dice.choice(middle) for _ in range(dice.choice((1, 2, 2, 3))))
        stem = "".join(syllables) + dice.choice(closing_)
        words.update(dict.fromkeys(stem + end for end in dice.sample(ending, dice.choice((1, 2, 3)))))
    return list(words)[:size]


class Talk:
    """What people and machines write into the log."""

    def __init__(self) -> None:
        self.dice = random.Random(20170131)
        self.words = vocabulary(self.dice)
        self._weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))

    def line(self, number: int) -> str:
        """Write the next line."""
        dice = self.dice
        kind = number % 10
        if kind < 2:
            project = dice.choice(self.words[40:240])
            return f"group/{project} {dice.getrandbits(32):08x} to production: {dice.choice(STATES)}"
        length = 300 if number % 500 == 7 else dice.choice((5, 8, 8, 12, 12, 12, 20, 30))
        said = " ".join(dice.choices(self.words, cum_weights=self._weights, k=length))
        if kind == 2:
            return f"{said} on web-{dice.randrange(60):02d}"
        if kind == 3:
            return f"{said} see #{dice.randrange(200_000)}"
        return f"{said} 10.{dice.randrange(256)}.0.{dice.randrange(20)}" if kind == 4 else said


def events(talk: Talk, first: int, count: int) -> Iterator[Event]:
    """Make events: one in fifty private, one in twenty of an outage (one in twenty of those confidential)."""
    dice = talk.dice
    for number in range(first, first + count):
        recorded = BEGAN + number * APART
        private = dice.random() < 0.02
        outage = dice.randrange(1, OUTAGES + 1) if dice.random() < 0.05 else None
        said = talk.line(number)
        yield Event(
            id=number,
            key=f"command {number}",
            kind="incident" if outage else "change",
            at=recorded - (timedelta(minutes=dice.randrange(1, 600)) if number % 20 == 0 else timedelta()),
            recorded_at=recorded,
            by=f"U{dice.randrange(200):03d}",
            text=f"{said} payroll" if private and number % 2 else said,
            source="command",
            channel=dice.choice(PRIVATE) if private else f"C{dice.randrange(40):03d}",
            permalink=f"https://example.slack.com/archives/C1/p{number}",
            private=private,
            outage=outage,
            confidential=outage is not None and outage % 20 == 0,
        )
