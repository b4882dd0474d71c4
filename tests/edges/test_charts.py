"""A picture of a timeline can be read: few events or many, on a phone, whatever people typed."""

import asyncio
import importlib
import itertools
import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import charts
from bot.charts import draw, layout, read, written
from bot.domain.errors import Unavailable
from bot.domain.events import KINDS, Kind
from bot.domain.pictures import Drawable, Mark, Picture, WeekPicture
from bot.domain.report import Day, Totals

NINE: Final = datetime(2017, 1, 31, 21, tzinfo=UTC)
WORDS: Final = (
    "Escalates to a lockup on database writes",
    "db2 refuses to replicate",
    "PostgreSQL is restarted " * 20,
    "",
)
ODD: Final = (
    "$x^2$ and $\\frac{ costs $5",
    "🔥👩\u200d🚒 火災 データベース مرحبا שלום",
    "W" * 3000,
    "https://gitlab.example/" + "a" * 500,
    "z̸̧̛̗̦͎̱̙͔̖a̶l̷g̸o \u202eturned\u202c \x00\x07 \ud800 <b>",
    "\u200b\ufe0f",
    " \n\t ",
)


def outage(marks: tuple[Mark, ...], *, title: str = "Database down", hours: float = 3, ended: bool = True) -> Picture:
    until = NINE + timedelta(hours=hours)
    return Picture(title, NINE, until if ended else None, marks, until + timedelta(minutes=10))


def busy(number: int, hours: float = 3) -> Picture:
    chance = random.Random(number)
    moments = sorted(NINE + timedelta(hours=chance.uniform(-0.1, hours)) for _ in range(number))
    marks = tuple(Mark(at, chance.choice(KINDS), chance.choice(WORDS)) for at in moments)
    return outage(marks, hours=hours)


def odd() -> Picture:
    marks = tuple(Mark(NINE + timedelta(minutes=place // 2), KINDS[place % 2], text) for place, text in enumerate(ODD))
    return outage(marks, title=" ".join(ODD), ended=False)


PICTURES: Final = {
    **{f"{number} events": busy(number) for number in (0, 1, 5, 12, 24, 25, 40, 500)},
    "a minute": busy(5, hours=0.02),
    "years": busy(30, hours=24 * 1000),
    "all at once": outage(tuple(Mark(NINE, "incident", "down") for _ in range(50)), hours=0),
    "odd texts": odd(),
}


TUESDAY: Final = date(2026, 11, 24)


def a_week(
    *counts: tuple[int, int], title: str = "WoW ending 2026-11-24", trend: tuple[Totals, ...] = ()
) -> WeekPicture:
    first = TUESDAY - timedelta(max(len(counts), 7) - 1)
    days = tuple(Day(first + timedelta(number), issues, done) for number, (issues, done) in enumerate(counts))
    return WeekPicture(title, "2026-11-18 to 2026-11-24", TUESDAY, days, trend or (weeks(1)))


def weeks(number: int, issues: int = 14, done: int = 9, gap: int = 0) -> tuple[Totals, ...]:
    """So many weeks, oldest first, with one missing after every `gap` of them; the older half was closed by hand."""
    backwards = [TUESDAY - timedelta(weeks=place + (place // gap if gap else 0)) for place in range(number)]
    return tuple(
        Totals(ending, issues, done, issues // 3, issues // 5, issues - done if place < number / 2 else None)
        for place, ending in enumerate(backwards)
    )[::-1]


WEEKS: Final = {
    "usual": a_week((11, 0), (11, 2), (12, 2), (12, 4), (12, 4), (14, 7), (14, 9), trend=weeks(10)),
    "so far": a_week((11, 0), (11, 2), trend=weeks(4)),
    "the first day of the first week": a_week((5, 0)),
    "nothing at all": a_week(*[(0, 0)] * 7, trend=weeks(3, 0, 0)),
    "all of many": a_week(*[(500, 500)] * 7, trend=weeks(10, 500, 500)),
    "none of many": a_week(*[(500, 0)] * 7, trend=weeks(10, 500, 0)),
    "weeks missing": a_week(*[(9, 3)] * 7, trend=weeks(10, gap=3)),
    "two weeks": a_week(*[(9, 3)] * 7, trend=weeks(2)),
    "a long week": a_week(*[(number, number // 2) for number in range(60)], trend=weeks(3)),
    "odd title": a_week((3, 1), title=" ".join(ODD), trend=weeks(5)),
}


EVERY: Final[dict[str, Drawable]] = {**PICTURES, **WEEKS}


def size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """What the process that draws is made of; whatever matplotlib writes, it does not write into a home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        yield importlib.import_module("bot.charts.__main__")


@cache
def axes(drawing: ModuleType, picture: Drawable) -> Any:  # noqa: ANN401 - nothing here loads matplotlib to name it
    return drawing.placed(picture).figure.axes[0]


def texts(drawing: ModuleType, picture: Drawable) -> Iterator[Any]:
    with drawing.paper.settings():
        yield from (text for text in axes(drawing, picture).texts if text.get_text())


def said(drawing: ModuleType, picture: Drawable) -> list[str]:
    return [text.get_text() for text in texts(drawing, picture)]


# the process


@pytest.mark.parametrize("name", ["5 events", "500 events", "odd texts"])
def test_a_timeline_is_drawn_as_wide_as_a_phone_shows_well_and_no_higher_than_it_is_looked_at(
    name: str, drawing: ModuleType
) -> None:
    png = drawing.drawn(PICTURES[name])

    width, height = size(png)
    assert width == layout.WIDTH
    assert 400 < height < 2000


def test_the_process_draws_and_the_same_is_drawn_the_same_in_another_one(drawing: ModuleType) -> None:
    assert asyncio.run(draw(PICTURES["40 events"])) == drawing.drawn(PICTURES["40 events"])


def test_the_bot_itself_loads_nothing_that_draws() -> None:
    program = "import sys, bot.app, bot.charts; print([name for name in ('matplotlib', 'PIL') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout.strip() == b"[]"


def test_whoever_draws_is_told_no_secrets_and_writes_into_no_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")

    environment = charts._environment(str(tmp_path))

    assert "xoxb-secret" not in environment.values()
    assert environment["HOME"] == environment["MPLCONFIGDIR"] == str(tmp_path)


def test_a_picture_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(Unavailable, match=r"not drawn within 0\.01 s"):
        asyncio.run(draw(PICTURES["500 events"], timeout=0.01))


def test_who_draws_for_a_bot_that_was_killed_takes_the_folder_away(tmp_path: Path) -> None:
    folder = tmp_path / "baton-picture-1"
    folder.mkdir()
    nobody = [sys.executable, "-m", "bot.charts", str(os.getppid())]
    surroundings = charts._environment(str(folder))

    subprocess.run(nobody, input=b"half a descr", cwd=folder, env=surroundings, check=False, capture_output=True)

    assert not folder.exists()


def test_a_picture_that_fails_says_so_and_repeats_nothing_of_the_log() -> None:
    unheard = Mark(NINE, cast("Kind", "rumour"), "a secret")

    with pytest.raises(Unavailable) as failed:
        asyncio.run(draw(outage((unheard,))))

    assert failed.value.reason == "the picture was not drawn: the process that draws failed"
    assert isinstance(failed.value.__cause__, subprocess.CalledProcessError)
    assert not failed.value.world_is_down


@pytest.mark.parametrize("name", EVERY)
def test_a_description_is_read_as_it_was_written(name: str) -> None:
    assert read(written(EVERY[name])) == EVERY[name]


def test_instants_of_any_zone_become_utc() -> None:
    elsewhere = timedelta(hours=9)
    body = json.loads(written(PICTURES["1 events"]))
    body["began_at"] = (NINE + elsewhere).replace(tzinfo=None).isoformat() + "+09:00"
    assert cast("Picture", read(json.dumps(body).encode())).began_at.isoformat() == "2017-01-31T21:00:00+00:00"


# what is seen


@pytest.mark.parametrize("name", EVERY)
def test_no_words_lie_upon_others_or_leave_the_paper(name: str, drawing: ModuleType) -> None:
    """A sign without a shape warns of nothing either: here a warning would be an error."""
    boxes = [text.get_window_extent() for text in texts(drawing, EVERY[name])]

    for box in boxes:
        assert box.x0 >= 0
        assert box.x1 <= layout.WIDTH
        assert box.y0 >= 0
    # Two pixels are the room of letters that hang below their line, or of accents.
    for one, other in itertools.combinations(boxes, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        assert across <= 2 or min(one.y1, other.y1) - max(one.y0, other.y0) <= 6, name


def test_dollars_stay_dollars(drawing: ModuleType) -> None:
    assert "$x^2$ and $\\frac{ costs $5" in said(drawing, PICTURES["odd texts"])


def test_what_is_private_is_drawn_as_that(drawing: ModuleType) -> None:
    marks = (Mark(NINE, "change", ""), Mark(NINE, "change", "\u200b"))
    assert said(drawing, outage(marks)).count("private event") == 1


def test_beginning_end_and_zone_are_named(drawing: ModuleType) -> None:
    words = said(drawing, PICTURES["5 events"])

    assert "began 31 Jan 21:00" in words
    assert "ended 1 Feb 00:00" in words
    assert "31 Jan 2017, UTC" in words
    assert "times in UTC" in words


def test_an_outage_that_goes_on_has_no_end(drawing: ModuleType) -> None:
    words = said(drawing, PICTURES["odd texts"])

    assert not any(each.startswith("ended") for each in words)
    assert "ongoing at 1 Feb 00:10" in words


def test_a_week_is_drawn_as_wide_as_a_phone_shows_well(drawing: ModuleType) -> None:
    width, height = size(drawing.drawn(WEEKS["usual"]))

    assert width == layout.WIDTH
    assert 900 < height < 1600


def test_what_a_line_or_a_bar_stands_for_is_written_at_it(drawing: ModuleType) -> None:
    words = said(drawing, WEEKS["usual"])

    assert {"14 issues", "9 delivered", "delivered", "not delivered", "Wed 18", "24 Nov", "of 14"} <= {*words}
    assert words.count("–") == 5, "what is not known of weeks that were closed by hand"


def test_weeks_that_are_missing_are_told_and_a_week_alone_is_compared_with_none(drawing: ModuleType) -> None:
    assert "Dotted: weeks are missing in between." in said(drawing, WEEKS["weeks missing"])
    assert "Dotted: weeks are missing in between." not in said(drawing, WEEKS["usual"])
    assert "No other week is recorded yet" in said(drawing, WEEKS["the first day of the first week"])


# what stands where


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(KINDS)), max_size=80))
def test_no_dot_touches_another_and_each_stands_at_its_moment(happened: list[tuple[float, Kind]]) -> None:
    marks = tuple(Mark(NINE + timedelta(hours=hours), kind, "x") for hours, kind in happened)
    along = layout.scale(outage(marks))

    for kind in KINDS:
        dots = layout.dots(marks, kind, along)
        assert sorted(x for x, _ in dots) == sorted(along.x(mark.at) for mark in marks if mark.kind == kind)
        for (one, level), (other, beside) in itertools.combinations(dots, 2):
            assert level != beside or abs(one - other) >= layout.DOT


@given(st.integers(0, 400), st.randoms(use_true_random=False))
def test_of_many_events_the_first_the_last_and_incidents_are_told(number: int, chance: random.Random) -> None:
    marks = [
        Mark(NINE + timedelta(minutes=place), chance.choice(KINDS), chance.choice(("", "x"))) for place in range(number)
    ]

    told = layout.chosen(marks)

    assert told == sorted(told, key=lambda mark: mark.at)
    assert len(told) == (number if number <= layout.ALL_IN_WORDS else layout.SOME_IN_WORDS)
    if number > layout.ALL_IN_WORDS:
        assert (told[0], told[-1]) == (marks[0], marks[-1])
        left = [mark for mark in marks[1:-1] if mark.kind == "incident" and mark.text and mark not in told]
        assert not left or all(mark.kind == "incident" and mark.text for mark in told[1:-1])


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_the_axis_has_a_handful_of_round_times_in_order(seconds: int, since: int) -> None:
    begin = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=since)
    along = layout.Scale(begin, begin + timedelta(seconds=seconds))

    times = [at for at, _, _ in layout.ticks(along)]

    assert len(times) <= 7
    assert times == sorted(times)
    assert all(begin <= at <= along.until for at in times)


@given(st.text(max_size=300), st.integers(1, 3), st.integers(5, 60))
def test_a_text_is_broken_into_lines_that_fit_and_ends_in_dots_where_it_does_not(
    text: str, lines: int, room: int
) -> None:
    folded = layout.fold(text, room, lines, lambda words: float(len(words)))

    assert len(folded) <= lines
    assert all(len(line) <= room for line in folded)
    whole = layout.clean(text)
    assert "".join(folded).replace(" ", "") == whole.replace(" ", "") or folded[-1].endswith("…")


@given(st.text())
def test_signs_without_a_shape_are_left_out(text: str) -> None:
    assert not set(layout.clean(text)) & set("\n\t\r\x00\u200b\u202e\ufe0f\ud800")


def test_times_are_as_short_as_they_are_clear() -> None:
    at = datetime(2016, 12, 31, 23, 50, tzinfo=UTC)
    assert layout.moments([at]) == ["23:50"]
    assert layout.moments([at, at - timedelta(days=1)]) == ["31 Dec 23:50", "30 Dec 23:50"]
    assert layout.moments([at, at + timedelta(hours=1)]) == ["2016-12-31 23:50", "2017-01-01 00:50"]
    assert layout.heading(at, [at]) == "31 Dec"
    assert layout.heading(at, [at, at + timedelta(hours=1)]) == "31 Dec 2016"
