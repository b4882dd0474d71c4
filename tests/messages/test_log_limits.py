"""Whatever is in the log, our words about it fit Slack's limits, ping nobody, and keep their buttons."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands.event import LONGEST_SEARCH
from bot.domain.events import KINDS, LONGEST_TEXT, PUBLIC, Event, Found, Revision
from bot.domain.logged import Announced, Echoed, Listed, Logged, Waiting
from bot.domain.outages import Outage
from bot.domain.talk import Said
from bot.domain.team import Team
from bot.messages import events as say
from bot.messages import outages as outage_words
from tests.messages.test_limits import NASTY, addresses, fits, fits_screen, generously, titles

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
TEAM = Team("C1")
texts = st.sampled_from(
    [*filter(None, NASTY), "&" * LONGEST_TEXT, "<" * LONGEST_TEXT, "🔥" * 1500, "a\n" * 1500]
) | st.text(min_size=1, max_size=LONGEST_TEXT)
moments = st.integers(0, 10_000).map(lambda minutes: AT + timedelta(minutes=minutes))
people = st.sampled_from(["U1", "terminal:ops <x>", "gitlab:al <!channel>", "bot:Alert <!here>", "baton"])
outages = st.builds(
    Outage,
    number=st.integers(1, 999),
    key=st.just("k"),
    title=titles,
    by=people,
    began_at=moments,
    seen=texts,
    iid=st.none() | st.integers(1, 99_999),
    url=addresses,
    confidential=st.booleans(),
    ended_at=st.none() | moments,
    refused=titles,
)
events = st.builds(
    Event,
    id=st.integers(1, 10**9),
    key=st.just("k"),
    kind=st.sampled_from(KINDS),
    at=moments,
    recorded_at=moments,
    by=people,
    text=texts,
    source=st.sampled_from(["command", "shortcut", "reaction", "outage", "deploy", "terminal"]),
    channel=st.sampled_from(["", "C1"]),
    permalink=addresses,
    private=st.booleans(),
    outage=st.none() | st.integers(1, 999),
    retracted=st.booleans(),
    version=st.integers(1, 50),
)
revisions = st.builds(
    Revision,
    event=st.just(1),
    number=st.integers(1, 50),
    at=moments,
    by=people,
    why=st.sampled_from(["logged", "edited", "message deleted"]),
    kind=st.sampled_from(KINDS),
    happened_at=moments,
    text=texts,
)
waiting = st.none() | st.builds(Waiting, st.integers(1, 9999), titles)
choices = st.lists(outages, max_size=5, unique_by=lambda one: one.number).map(tuple)


@generously
@given(
    st.builds(
        Echoed,
        event=events,
        outage=st.none() | outages,
        first=revisions,
        last=revisions,
        choices=choices,
        toil=st.none() | st.tuples(st.none() | st.integers(1, 999), addresses),
        waiting=waiting,
        refused=titles,
    )
)
def test_the_echo_of_any_event_fits_a_message_and_keeps_its_buttons(told: Echoed) -> None:
    said = say.echo(told)

    fits(said)
    assert ("Restore" if told.event.retracted else "Edit") in str(said.blocks)
    if told.event.hidden and len(told.event.text) > 20:
        assert told.event.text not in str(said)


@generously
@given(
    st.builds(Logged, event=events, outage=st.none() | outages, choices=choices, again=st.booleans()), titles, waiting
)
def test_what_was_understood_fits_a_message(told: Logged, note: str, waits: Waiting | None) -> None:
    fits(say.logged(told, note, waits))


@generously
@given(st.lists(events, max_size=50), st.booleans(), outages)
def test_a_list_a_search_and_a_timeline_fit_a_message(found: list[Event], more: bool, outage: Outage) -> None:
    told = Listed(tuple(found), PUBLIC, {outage.number: outage}, more)

    fits(say.listed(told, asked="in this time"))
    fits(say.timeline(outage, told, TEAM))
    hits = [Found(one, ((one.text[:300], True), (" rest", False))) for one in found[:20]]
    for words in ("disk", "🔥" * (LONGEST_SEARCH - 1) + "a"):
        fits(say.found(words, hits, len(hits)))


def test_a_list_too_long_for_a_message_shows_the_newest() -> None:
    long = [
        Event(number, "k", "change", AT + timedelta(minutes=number), AT, "U1", f"<{number}> " + "&" * 2000, "command")
        for number in range(50)
    ]

    said = str(say.listed(Listed(tuple(long), PUBLIC), asked="").blocks)

    assert "&lt;49&gt;" in said
    assert "&lt;0&gt;" not in said


@generously
@given(events, choices)
def test_the_modal_in_which_an_event_is_edited_fits_the_screen(event: Event, others: tuple[Outage, ...]) -> None:
    fits_screen(say.edit_modal(event, others))


@generously
@given(st.builds(Announced, outage=outages, events=st.integers(0, 999), waiting=waiting, closed=st.booleans()))
def test_what_is_said_of_an_outage_fits_a_message(told: Announced) -> None:
    for said in (
        outage_words.announced(told),
        outage_words.answer(told),
        outage_words.over(told),
        outage_words.declared(told.outage, told.waiting),
        outage_words.declared_already(told.outage),
        outage_words.resolved(told.outage, told.waiting),
        outage_words.which([told.outage] * 1, "outage.resolve", "is over"),
        outage_words.postmortem(told.outage, 3),
        outage_words.postmortem_begun(told.outage, told.waiting),
    ):
        fits(said)


said_things = st.builds(
    Said,
    channel=st.just("C1"),
    ts=st.integers(1, 10**6).map(lambda number: f"{number}.000000"),
    at=moments,
    text=texts,
    by=st.sampled_from(["", "U1"]),
    name=titles,
    permalink=addresses,
    files=st.lists(st.tuples(titles, addresses), max_size=3).map(tuple),
)


@generously
@given(said_things, st.lists(said_things, max_size=30), st.none() | outages, st.booleans())
def test_the_modal_that_declares_an_outage_fits_the_screen(
    said: Said, thread: list[Said], alike: Outage | None, private: bool
) -> None:
    shown = outage_words.Prefilled(
        outage_words.first_line(said.text),
        seen=outage_words.quoted_talk(said, thread, {"U1": "alice"}),
        private=private,
        alike=alike,
        notes=(outage_words.no_member(), outage_words.files_left_out()),
    )

    fits_screen(outage_words.modal(shown, TEAM))
