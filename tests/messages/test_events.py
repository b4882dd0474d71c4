"""What is said of the log can be read by somebody tired: lines stay apart, and numbers and names mean one thing."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.events import PUBLIC, Event, Found
from bot.domain.logged import Listed
from bot.domain.outages import Outage
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


def test_a_number_in_a_list_says_what_it_numbers() -> None:
    assert listed(EVENT).endswith(" · event 7")


def test_one_private_event_is_spoken_of_as_one() -> None:
    private = replace(EVENT, private=True)

    assert "1 private event: only members of its channel can read it." in listed(private)
    assert "2 private events: only members of their channels can read them." in listed(private, private)


def test_the_stand_in_for_a_confidential_title_is_not_quoted_as_if_it_were_one() -> None:
    outage = Outage(4, "k", "Leaked token", "U1", AT, iid=159, confidential=True)

    assert say.outage_named(outage) == "O4 (#159) (confidential)"
    assert say.outage_named(replace(outage, confidential=False)) == "O4 (#159) “Leaked token”"


def test_a_retraction_is_said_to_be_one() -> None:
    assert say.changed(replace(EVENT, retracted=True)).text.startswith("Event 7 is retracted, and stays on record: ")
