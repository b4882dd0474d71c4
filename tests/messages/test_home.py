"""The Home tab's words: whatever is recorded, Slack takes them, they ping nobody, and they say nothing that ages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.events import PUBLIC, Event
from bot.domain.home import Backlog, Home, WeekNow, WeekSeen
from bot.domain.logged import Listed
from bot.domain.oncall import Handed, Handoff, Shift
from bot.domain.passing import Listing, Upcoming
from bot.domain.team import Team
from bot.domain.tracker import Milestone
from bot.domain.turning import Rollover
from bot.messages import home as say
from bot.messages import log_modal
from tests.messages.test_limits import (
    addresses,
    fits_screen,
    generously,
    milestones,
    numbers,
    progressed,
    rollovers,
    texts,
    titles,
)
from tests.messages.test_log_limits import events, moments, outages

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
TEAM = Team("C1")
EMPTY = Home("U1", None, Listing(()), WeekNow(), Listed((), PUBLIC), Backlog(0))
OFFER = Handoff(7, "k", "U2", "U1", "U2", AT)
handed = st.builds(
    Handed,
    title=titles,
    since=moments,
    outage=st.integers(1, 10**6),
    iid=st.none() | st.integers(1, 99_999),
    url=addresses,
    labels=st.lists(titles, max_size=9).map(tuple),
    updated_at=st.none() | moments,
    assignees=st.lists(titles, max_size=9).map(tuple),
)
seen = st.builds(
    WeekSeen,
    at=moments,
    milestone=st.none() | milestones,
    done=numbers,
    open=numbers,
    unscheduled=numbers,
    outages=numbers,
    carried=st.none() | numbers,
    goals=numbers,
    goals_done=numbers,
)
homes = st.builds(
    Home,
    who=st.just("U1"),
    shift=st.none() | st.builds(Shift, numbers, st.sampled_from(["U1", "terminal:<!here>"]), moments, numbers),
    listing=st.builds(
        Listing,
        st.lists(handed, max_size=40, unique_by=lambda one: one.outage).map(tuple),
        st.none() | moments,
        titles,
    ),
    week=st.builds(
        WeekNow,
        seen=st.none() | seen,
        days_left=st.none() | numbers,
        ended=numbers,
        turned=st.none() | rollovers,
        running=st.none() | progressed,
    ),
    log=st.builds(Listed, st.lists(events, max_size=10).map(tuple), st.just(PUBLIC), st.just({}), st.booleans()),
    backlog=st.builds(Backlog, numbers, st.none() | moments, titles),
    offer=st.none() | st.just(OFFER) | st.just(replace(OFFER, incoming="U3")),
    upcoming=st.none() | st.builds(Upcoming, st.just("U1"), moments, moments, titles),
    pending=numbers,
    only_looks=st.sampled_from(["", "Guests can look but not change anything."]),
)


def words(home: Home) -> str:
    """All that stands there, as it is written."""
    return "\n".join(texts(say.view(home, TEAM)) + headers(home))


def headers(home: Home) -> list[str]:
    return [block["text"]["text"] for block in say.view(home, TEAM)["blocks"] if block["type"] == "header"]


def labels(home: Home) -> list[str]:
    """What stands on its buttons."""
    rows = [block["elements"] for block in say.view(home, TEAM)["blocks"] if block["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row]


@generously
@given(homes)
def test_whatever_is_recorded_fits_slack_and_pings_nobody(home: Home) -> None:
    fits_screen(say.view(home, TEAM))


@generously
@given(st.lists(outages, max_size=50, unique_by=lambda one: one.number))
def test_the_modal_for_an_event_fits_however_many_outages_go_on(ongoing: list[object]) -> None:
    fits_screen(log_modal.modal(ongoing))  # type: ignore[arg-type]


def test_with_nothing_recorded_it_says_so_and_offers_the_commands() -> None:
    said = words(EMPTY)

    for sentence in (
        "nobody yet",
        "I know of no outage",
        "I have not read “WoW” from GitLab yet",
        "The log is empty",
        "Nothing waits.",
    ):
        assert sentence in said, sentence
    assert labels(EMPTY) == ["Log an event", "Declare an outage", "Hand off", "Roll over", "Week status"]


def test_whom_an_offer_is_for_answers_it_there_and_others_see_it() -> None:
    mine, others = replace(EMPTY, offer=OFFER), replace(EMPTY, offer=OFFER, who="U9")

    assert {"Accept", "Ask", "Decline", "Show all"} <= set(labels(mine))
    assert "Offered to you by <@U2>" in words(mine)
    assert "Offered to <@U1> by <@U2>" in words(others)
    assert not {"Accept", "Ask", "Decline"} & set(labels(others))


def test_of_many_outages_the_most_urgent_are_shown_and_the_rest_counted() -> None:
    many = tuple(Handed(f"Outage {number}", AT, outage=number) for number in range(1, 14))

    said = words(replace(EMPTY, listing=Listing(many, AT)))

    assert "Ongoing (13)" in said
    assert "Outage 10" in said
    assert "Outage 11" not in said
    assert "and 3 more" in said


def test_the_week_is_told_in_numbers_with_their_age() -> None:
    milestone = Milestone(1, "WoW", start=date(2026, 11, 25), due=date(2026, 12, 1))
    week = WeekNow(WeekSeen(AT, milestone, done=3, open=9, unscheduled=2, outages=1, carried=4, goals=2), days_left=6)

    said = words(replace(EMPTY, week=week))

    assert "3 of 12 done (25 %) · 9 open · 2 unscheduled (1 outage among them) · 4 carried over" in said
    assert "Goals: 0 of 2 done" in said
    assert "6 days left" in said
    assert "as of 09:00 UTC" in said
    assert "ended 1 day ago: *Roll over* is due" in words(replace(EMPTY, week=replace(week, days_left=0, ended=1)))


def test_a_week_that_was_turned_since_is_not_told_as_if_it_still_stood() -> None:
    turned = Rollover("r", date(2026, 11, 24), "done", "U2", "C1", AT, "b", done_at=AT)

    assert "<@U2> rolled over the week ending 2026-11-24" in words(replace(EMPTY, week=WeekNow(turned=turned)))
    back = replace(turned, state="undone", undone_by="U3", undone_at=AT)
    assert "<@U3> took back the rollover" in words(replace(EMPTY, week=WeekNow(turned=back)))


def test_gitlabs_silence_is_said_with_what_waits() -> None:
    silent = Backlog(3, AT, "connection refused")

    assert "GitLab does not answer (connection refused), since" in words(replace(EMPTY, backlog=silent))
    assert "3 operations wait. Nothing is lost." in words(replace(EMPTY, backlog=silent))
    assert "Nothing waits for it." in words(replace(EMPTY, backlog=replace(silent, count=0)))
    assert "1 operation waits." in words(replace(EMPTY, backlog=Backlog(1)))


def test_private_texts_are_counted_where_they_are_not_for_the_reader() -> None:
    event = Event(1, "k", "change", AT, AT, "U2", "the secret", "command", channel="G1", private=True)
    logged = Listed((event,), PUBLIC)

    said = words(replace(EMPTY, log=logged))

    assert "the secret" not in said
    assert "1 private event: only members of its channel can read it." in said
    assert ":lock: the secret" in words(replace(EMPTY, log=replace(logged, reader=replace(PUBLIC, who="U2"))))


def test_that_gitlab_said_the_same_later_is_nothing_new() -> None:
    milestone = Milestone(1, "WoW")

    def says(at: datetime, done: int) -> str:
        week = WeekNow(WeekSeen(at, milestone, done=done))
        return say.without_ages(say.view(replace(EMPTY, listing=Listing((), at), week=week), TEAM))

    assert says(AT, 3) == says(AT + timedelta(hours=1), 3)
    assert says(AT, 3) != says(AT, 4)
