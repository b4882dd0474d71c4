"""How long something lasted is said in the two units that matter."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.duration import lasted, spanned

NINE = datetime(2017, 1, 31, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, minutes=30), "2 h 30 min"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (timedelta(minutes=-5), "0 s"),
    ],
)
def test_a_length_is_said_in_its_two_largest_units(length: timedelta, words: str) -> None:
    assert lasted(NINE, NINE + length) == words


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (NINE + timedelta(hours=2, minutes=30), "2017-01-31 21:00 – 23:30 UTC (2 h 30 min)"),
        (NINE + timedelta(hours=21), "2017-01-31 21:00 – 2017-02-01 18:00 UTC (21 h)"),
        (None, "since 2017-01-31 21:00 UTC, ongoing (12 min)"),
    ],
)
def test_from_when_to_when_is_said_with_the_length(until: datetime | None, words: str) -> None:
    assert spanned(NINE, until, NINE + timedelta(minutes=12)) == words
