"""Home tabs are shown when they are opened, and anew when they say something new: not too often, by one process, whatever Slack does."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bot.domain.errors import Rejected, Unavailable
from bot.home import Homes
from bot.messages import View
from bot.store import Store, Tx, open_store

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


class Hall:
    """A store, what tabs say (a fact, and whose it is), what was shown to whom, and Slack's answer to it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.shown: list[str] = []
        self.drawn = 0
        self.trouble: BaseException | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        self.now = AT
        self._numbers = count()

    def another(self) -> Homes:
        """One process more."""
        return Homes(self.store, self.draw, self.publish, lambda: self.now, f"process {next(self._numbers)}")

    def draw(self, tx: Tx, who: str, at: datetime) -> tuple[View, str]:
        self.drawn += 1
        return {"type": "home", "said": tx.fact("news")}, f"{who}: {tx.fact('news')}"

    async def publish(self, who: str, view: View) -> None:
        self.meanwhile()
        if self.trouble:
            raise self.trouble
        self.shown.append(f"{who} {view['said']}".strip())

    def opens(self, who: str = "U1") -> None:
        self.store.write_now(lambda tx: tx.open_home(who, self.now))

    def says(self, news: str) -> None:
        self.store.write_now(lambda tx: tx.keep_fact("news", news, self.now))

    def looks(self, homes: Homes, after: timedelta = SECOND) -> list[str]:
        """Time goes by, and a process looks; gives what it shows."""
        self.now += after
        before = len(self.shown)
        asyncio.run(homes.look(self.now))
        return self.shown[before:]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    store = open_store(f"sqlite:///{tmp_path}/baton.db")
    yield Hall(store)
    store.close()


@pytest.fixture
def homes(hall: Hall) -> Homes:
    return hall.another()


def test_a_tab_is_shown_when_it_is_opened_and_again_only_for_news(hall: Hall, homes: Homes) -> None:
    assert hall.looks(homes) == []
    hall.opens()
    assert hall.looks(homes) == ["U1"]
    assert hall.looks(homes, MINUTE) == []
    hall.says("db1 is down")
    assert hall.looks(homes) == ["U1 db1 is down"]
    assert hall.looks(homes, MINUTE) == []
    hall.opens()
    assert hall.looks(homes) == ["U1 db1 is down"], "who opens it wants to see it, also what it said before"


def test_news_are_shown_at_most_once_a_minute_and_then_the_last_of_them(hall: Hall, homes: Homes) -> None:
    hall.opens()
    hall.looks(homes)
    hall.says("one")
    assert hall.looks(homes) == ["U1 one"]

    for second in range(1, 60, 7):
        hall.says(f"news of second {second}")
        assert hall.looks(homes) == []
    assert hall.looks(homes, MINUTE) == ["U1 news of second 57"]


def test_each_tab_has_a_minute_of_its_own(hall: Hall, homes: Homes) -> None:
    hall.opens("U1")
    hall.looks(homes)
    hall.says("one")
    hall.looks(homes)
    hall.opens("U2")
    assert hall.looks(homes) == ["U2 one"]

    hall.says("two")
    assert hall.looks(homes) == ["U2 two"]
    assert hall.looks(homes, MINUTE) == ["U1 two"]


def test_a_tab_that_nobody_opened_for_a_day_is_let_be(hall: Hall, homes: Homes) -> None:
    hall.opens()
    hall.looks(homes)

    hall.says("news")

    assert hall.looks(homes, DAY + SECOND) == []


def test_nothing_is_drawn_while_nobody_writes_anything(hall: Hall, homes: Homes) -> None:
    hall.opens()
    hall.looks(homes)
    hall.looks(homes)  # what was written was that it was shown
    drawn = hall.drawn

    for _ in range(20):
        hall.looks(homes, 2 * SECOND)
    assert hall.drawn == drawn
    hall.looks(homes, timedelta(minutes=5))
    assert hall.drawn == drawn + 1, "days go by, too"


def test_of_two_processes_one_shows_it(hall: Hall, homes: Homes) -> None:
    other = hall.another()
    hall.opens()
    assert hall.looks(homes) == ["U1"]
    assert hall.looks(other) == []

    hall.says("news")
    assert hall.looks(other) == ["U1 news"]
    assert hall.looks(homes) == []
    assert hall.looks(homes, MINUTE) == []


def test_two_processes_at_the_same_moment_show_it_once(hall: Hall, homes: Homes) -> None:
    other = hall.another()
    hall.opens()

    async def both() -> None:
        await asyncio.gather(homes.look(hall.now), other.look(hall.now))

    asyncio.run(both())

    assert hall.shown == ["U1"]


def test_what_slack_does_not_take_now_comes_later_with_growing_pauses(hall: Hall, homes: Homes) -> None:
    hall.trouble = Unavailable("Slack does not answer")
    hall.opens()
    tries = 0

    def counts() -> None:
        nonlocal tries
        tries += 1

    hall.meanwhile = counts
    for _ in range(60):
        hall.looks(homes)
    assert 4 <= tries <= 10
    hall.trouble = None
    hall.says("news")
    assert hall.looks(homes, MINUTE) == ["U1 news"]


def test_a_pause_that_slack_asks_for_is_kept(hall: Hall, homes: Homes) -> None:
    hall.trouble = Unavailable("too many requests", retry_after=90)
    hall.opens()
    hall.looks(homes)
    hall.trouble = None

    assert hall.looks(homes, MINUTE) == []
    assert hall.looks(homes, MINUTE) == ["U1"]


def test_what_slack_refuses_is_not_sent_again_and_again(hall: Hall, homes: Homes) -> None:
    hall.trouble = Rejected("not_enabled")
    hall.opens()
    hall.looks(homes)
    hall.trouble = None

    assert hall.looks(homes, MINUTE) == []
    hall.says("news")
    assert hall.looks(homes) == ["U1 news"]


def test_a_tab_that_is_opened_while_it_is_shown_is_shown_once_more(hall: Hall, homes: Homes) -> None:
    hall.opens()

    def opens_again() -> None:
        hall.meanwhile = lambda: None
        hall.opens()

    hall.meanwhile = opens_again
    assert hall.looks(homes) == ["U1"]
    assert hall.looks(homes) == ["U1"]
    assert hall.looks(homes) == []


class KilledError(BaseException):
    """Ends a process on the spot."""


def test_what_a_killed_process_was_showing_another_one_shows_within_twenty_seconds(hall: Hall, homes: Homes) -> None:
    hall.opens()
    hall.trouble = KilledError()
    with pytest.raises(KilledError):
        hall.looks(hall.another())
    hall.trouble = None

    assert hall.looks(homes) == []
    assert hall.looks(homes, 16 * SECOND) == ["U1"], "a start and the pause between two looks come on top"
