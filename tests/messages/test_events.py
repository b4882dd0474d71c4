"""What is said of the log can be read by somebody tired: lines stay apart, and numbers and names mean one thing."""

from datetime import UTC, datetime

from bot.domain.events import PUBLIC, Event, Found
from bot.domain.logged import Listed
from bot.messages import events as say

AT = datetime(2026, 11, 25, 8, 36, tzinfo=UTC)
EVENT = Event(
    id=7,
    key="k",
    kind="incident",
    at=AT,
    recorded_at=AT,
    by="bot:Alarm",
    text="Lag above 10 minutes\n11 min behind\n\nRule: lag",
    source="shortcut",
)


def listed(*events: Event) -> str:
    return say.listed(Listed(events, PUBLIC), asked="").text


def test_the_lines_of_an_event_stay_apart_in_a_list() -> None:
    assert "Lag above 10 minutes / 11 min behind / Rule: lag" in listed(EVENT)


def test_the_lines_of_what_was_found_stay_apart() -> None:
    hit = Found(EVENT, (("Lag above 10 ", False), ("minutes", True), ("\n11 min behind", False)))

    assert "Lag above 10 *minutes* / 11 min behind" in say.found("minutes", [hit], 20).text
