"""What people ask the log: each time another question of its kind, as the store and as `/event` take it."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from benchmarks.talk import APART, BEGAN, OUTAGES, PRIVATE, Talk
from bot.domain.events import PUBLIC, Place, Reader, Span
from bot.store import Tx

Ask = Callable[[Tx], object]
MEMBER = Reader("UMEMBER", frozenset(PRIVATE[:5]))
ALL = Reader("terminal:root", everything=True)


class Asker:
    """Makes questions about a log of so many events."""

    def __init__(self, talk: Talk, events: int) -> None:
        self.dice, self.events = random.Random(4), events
        self._long = dict[tuple[str, int], list[str]]()
        self.common, self.middling, self.rare = talk.words[:40], talk.words[100:2000], talk.words[10_000:]

    def in_the_store(self) -> Mapping[str, Callable[[], Ask]]:
        """Name the kinds of questions that the store is asked."""
        return {**self._lists(), **self._finds(), **self._private_finds(), **self._beginnings()}

    def as_commands(self) -> Mapping[str, Callable[[], str]]:
        """Name the kinds of questions that a person types after `/event`."""
        common, rare = self.common, self.rare
        return {
            "find a common word": lambda: f"find {self.words(common)}",
            "find a rare word": lambda: f"find {self.words(rare)}",
            "find two words": lambda: f"find {self.words(common, common)}",
            "find a common and a rare word": lambda: f"find {self.words(common, rare)}",
            "find the beginning of a word, 3": lambda: f"find {self.beginning(rare, 3)}",
            "find the beginning of a word, 6": lambda: f"find {self.beginning(rare, 6)}",
            "list": lambda: "list",
            "list 50": lambda: "list 50",
            "list since a day": lambda: f"list since {self.instant():%Y-%m-%d}",
            "list a day long ago": lambda: f"list {self.instant():%Y-%m-%d}",
        }

    def _lists(self) -> dict[str, Callable[[], Ask]]:
        five_years = Span(BEGAN, BEGAN + timedelta(1826))
        return {
            "newest 20": lambda: self.page(20, Span()),
            "newest 50 of a day": lambda: self.page(50, self.day()),
            "newest 20 since a time": lambda: self.page(20, Span(since=self.instant())),
            "page of 20, deep": lambda: self.page(20, Span(), deep=True),
            "page of 20 of five years, deep": lambda: self.page(20, five_years, deep=True),
            "events of an outage, the last": self.last_of_outage,
            "channels of what is hidden": lambda: lambda tx: tx.channels_of_hidden(),
        }

    def _finds(self) -> dict[str, Callable[[], Ask]]:
        common, middling, rare, dice = self.common, self.middling, self.rare, self.dice
        return {
            "find a common word": lambda: self.find(self.words(common)),
            "find a common word, deep": lambda: self.find(self.words(common), deep=True),
            "find a middling word": lambda: self.find(self.words(middling)),
            "find a rare word": lambda: self.find(self.words(rare)),
            "find what is not there": lambda: self.find(f"zz{dice.randrange(10**6)}"),
            "find common + common": lambda: self.find(self.words(common, common)),
            "find common + middling": lambda: self.find(self.words(common, middling)),
            "find common + rare": lambda: self.find(self.words(common, rare)),
            "find middling + middling": lambda: self.find(self.words(middling, middling)),
            "find middling + rare": lambda: self.find(self.words(middling, rare)),
            "find three common": lambda: self.find(self.words(common, common, common)),
            "find two common, never together": lambda: self.find("succeeded failed"),
            "find a host (web-07)": lambda: self.find(f"web-{dice.randrange(60):02d}"),
            "find an address (10.7.0.3)": lambda: self.find(f"10.{dice.randrange(256)}.0.{dice.randrange(20)}"),
        }

    def _private_finds(self) -> dict[str, Callable[[], Ask]]:
        common, rare = self.common, self.rare
        return {
            "find common, as a member of 5 channels": lambda: self.find(self.words(common), MEMBER),
            "find rare, as a member of 5 channels": lambda: self.find(self.words(rare), MEMBER),
            "find what only hidden events say": lambda: self.find("payroll", Reader("UNOBODY")),
            "the same, as a member of 5 channels": lambda: self.find("payroll", MEMBER),
            "find common, at the terminal": lambda: self.find(self.words(common), ALL),
        }

    def _beginnings(self) -> dict[str, Callable[[], Ask]]:
        kinds: dict[str, Callable[[], Ask]] = {
            "find common + beginning of 3": lambda: self.find(
                f"{self.words(self.common)} {self.beginning(self.rare, 3)}"
            )
        }
        for length in (1, 2, 3, 4, 6, 8, 12):
            kinds[f"find the beginning of common, {length}"] = partial(self._beginning_of, self.common, length)
            kinds[f"find the beginning of rare, {length}"] = partial(self._beginning_of, self.rare, length)
        return kinds

    def page(self, limit: int, span: Span, *, deep: bool = False) -> Ask:
        """Ask for the newest, or for what stands before some place."""
        before = Place(self.instant(), self.dice.randrange(self.events)) if deep else None
        return lambda tx: tx.newest(limit, span, before)

    def last_of_outage(self) -> Ask:
        """Ask for the last event of some outage."""
        outage = self.dice.randrange(1, OUTAGES + 1)
        return lambda tx: tx.last_event_of(outage)

    def find(self, words: str, reader: Reader = PUBLIC, *, deep: bool = False) -> Ask:
        """Ask for twenty hits."""
        before = self.dice.randrange(self.events) if deep else None
        return lambda tx: tx.find(words, 20, reader, before)

    def _beginning_of(self, words: list[str], length: int) -> Ask:
        return self.find(self.beginning(words, length))

    def beginning(self, words: list[str], length: int) -> str:
        """Take the beginning of some word that is long enough."""
        key = (words[0], length)
        if key not in self._long:
            self._long[key] = [word for word in words if len(word) >= min(length, 11)]
        return f"{self.dice.choice(self._long[key])[:length]}*"

    def words(self, *lists: list[str]) -> str:
        """Take a word out of each list."""
        return " ".join(self.dice.choice(one) for one in lists)

    def instant(self) -> datetime:
        """Take some moment of the log."""
        return BEGAN + self.dice.randrange(self.events) * APART

    def day(self) -> Span:
        """Take some day of the log."""
        since = self.instant()
        return Span(since, since + timedelta(days=1))
