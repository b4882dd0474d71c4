"""What is said of the pager: how each state reads, that it fits Slack's limits, and that what is private stays so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.events import Event, Pending
from bot.domain.logged import Waiting
from bot.domain.oncall import LONGEST_NOTE, MOST_HANDED, Handed, Handoff, Shift
from bot.domain.passing import Listing, Offering, Part, Reported, Standing, Told, Upcoming
from bot.messages import Words, as_of, offering, report
from bot.messages import handoff as say
from bot.messages import oncall as looking
from tests.messages.test_limits import NASTY, addresses, fits, fits_screen, generously, texts, titles
from tests.messages.test_log_limits import events, moments, people, waiting
from tests.messages.test_log_limits import texts as long_texts

AT = datetime(2026, 11, 25, 17, 5, tzinfo=UTC)
SINCE = AT - timedelta(hours=8)
ZONES = {"U1": ZoneInfo("Europe/Amsterdam"), "U2": ZoneInfo("America/New_York")}
LOST = Handed("Avatars are missing", SINCE, iid=12, url="https://gitlab.com/a/b/-/issues/12", note="half are back")
DOWN = Handed("Database is down", SINCE, outage=7, iid=13, url="https://gitlab.com/a/b/-/issues/13")
SECRET = Handed("Old key in use", SINCE, outage=8, iid=14, note="revoke it at noon", confidential=True, private=True)
OFFERED = Handoff(3, "k", "U1", "U2", "U1", AT, since=SINCE, summary="Quieter now", handed=(LOST, DOWN), events=2)
ACCEPTED = replace(OFFERED, state="accepted", answered_at=AT, answered_by="U2")
TAKEN = Handoff(4, "k", "U1", "U2", "U2", AT, "taken", since=SINCE, answered_at=AT, answered_by="U2")


def told(handoff: Handoff, **more: Any) -> Told:  # noqa: ANN401 - whatever else is told
    return Told(handoff, ZONES, **more)


def shown(words: Words) -> str:
    """What stands on the screen, without its dates."""
    return "\n".join(texts(words.blocks))


def labels(words: Words) -> list[str]:
    return [each["text"]["text"] for block in words.blocks for each in block.get("elements", ()) if "action_id" in each]


# How it reads


def test_an_offer_says_who_stays_on_call_when_it_is_for_both_what_goes_on_and_with_which_notes() -> None:
    said = say.offer(told(OFFERED))

    assert "Until <@U2> accepts, <@U1> stays on call." in shown(said)
    assert "18:05 on 25 Nov for <@U1> (Amsterdam)" in shown(said)
    assert "12:05 on 25 Nov for <@U2> (New York)" in shown(said)
    assert "*Summary:* Quieter now" in shown(said)
    assert "|#12> Avatars are missing · for 8 h\n> half are back\n" in shown(said)
    assert "|#13 (O7)> Database is down" in shown(said)
    assert "2 events in the shift that began" in shown(said)
    assert labels(said) == ["Accept", "Ask", "Decline"]


@pytest.mark.parametrize(
    ("handoff", "words"),
    [
        (ACCEPTED, "*<@U2> is on call*, handed off by <@U1> and accepted <!date"),
        (replace(ACCEPTED, by="U3"), "handed off by <@U1> (offered by <@U3>) and accepted"),
        (replace(OFFERED, state="declined", answered_at=AT, answered_by="U2"), "<@U1> stays on call."),
        (
            replace(OFFERED, state="declined", answered_by="U2", reason="on a\ntrain"),
            "<@U1> stays on call.\n> on a / train",
        ),
        (replace(OFFERED, state="declined", answered_by="U2", since=None), "Nobody is on call."),
        (replace(OFFERED, state="cancelled", answered_at=AT, answered_by="U1"), "was cancelled by <@U1> <!date"),
        (
            replace(OFFERED, state="taken over", answered_at=AT, answered_by="U3"),
            "is over: <@U3> took the pager <!date",
        ),
        (TAKEN, "*<@U2> is on call*: took the pager from <@U1> <!date"),
        (replace(TAKEN, reason="her train leaves"), "UTC): her train leaves"),
        (replace(TAKEN, outgoing="", since=None), "took the pager <!date"),
        (replace(OFFERED, since=None), "Until <@U2> accepts, nobody is on call."),
    ],
)
def test_the_offer_follows_what_becomes_of_it_and_then_has_no_buttons(handoff: Handoff, words: str) -> None:
    said = say.offer(told(handoff))

    assert words in shown(said)
    assert labels(said) == (["Accept", "Ask", "Decline"] if handoff.open else [])


def test_a_quiet_shift_says_so_and_that_nothing_goes_on() -> None:
    said = shown(say.offer(told(replace(OFFERED, summary="", quiet=True, handed=(), events=0))))

    assert "*Quiet shift:* nothing happened" in said
    assert "Nothing is ongoing: no outage, no data loss." in said
    assert "No events in the shift" in said


def test_what_gitlab_has_to_be_told_yet_and_what_it_refused_is_said_with_a_way_on() -> None:
    parts = {
        "unassigned": (Part("#12", "it is closed"),),
        "refused": (Part("the report", "403 Forbidden"),),
    }

    waits = shown(say.offer(told(ACCEPTED, under_way=True, waiting=Waiting(3, "the connection broke"))))
    done = say.offer(told(replace(ACCEPTED, report=15, report_url="https://gitlab.com/a/b/-/issues/15"), **parts))

    assert "are on their way" in waits
    assert "GitLab does not answer (the connection broke); 3 operations wait. Nothing is lost." in waits
    assert "*Not assigned:*\n• #12: it is closed" in shown(done)
    assert "*GitLab refused:*\n• the report: 403 Forbidden" in shown(done)
    assert "Report: <https://gitlab.com/a/b/-/issues/15|#15>" in shown(done)
    assert labels(done) == ["Retry"]


def test_a_long_note_is_cut_and_a_button_shows_all_of_it() -> None:
    long = replace(OFFERED, handed=(replace(LOST, note="x" * 600 + "the end"),))

    said = say.offer(told(long))

    assert labels(said) == ["Accept", "Ask", "Decline", "Show all"]
    assert "the end" not in shown(said)
    assert "the end" in str(offering.whole(told(long), notes=(), pending=()))


@pytest.mark.parametrize(
    ("old", "words"),
    [
        (timedelta(), "as of 17:05 UTC (0 min ago)"),
        (timedelta(minutes=12), "as of 16:53 UTC (12 min ago)"),
        (timedelta(hours=2, minutes=5), "as of 15:00 UTC (2 h 5 min ago)"),
        (timedelta(days=1, hours=3), "as of 2026-11-24 14:05 UTC (1 d 3 h ago)"),
    ],
)
def test_a_list_that_is_not_of_now_says_how_old_it_is(old: timedelta, words: str) -> None:
    assert as_of(AT - old, AT) == words
    stale = replace(OFFERED, stale=True, listed_at=AT - old)
    assert f"GitLab did not answer: what is ongoing is {words}" in shown(say.offer(told(stale)))


def test_only_somebody_who_was_on_call_is_told_so() -> None:
    first = replace(OFFERED, since=None)
    by_lead = replace(OFFERED, by="U3", state="declined", answered_by="U2")

    assert "You stay on call until they accept" in say.offered_answer(OFFERED, None).text
    assert "Nobody is on call until they accept" in say.offered_answer(first, None).text
    assert "You stay on call." in say.declined_note(told(replace(by_lead, by="U1"))).text
    assert "<@U1> stays on call." in say.declined_note(told(by_lead)).text
    assert "Have a good rest" in say.accepted_note(told(ACCEPTED)).text
    assert "rest" not in say.accepted_note(told(replace(ACCEPTED, since=None))).text


def test_what_was_brought_up_says_what_is_true_after_the_answer() -> None:
    for word in (say.reminder, say.waiting_note, say.escalation):
        assert "is on call*, handed off by" in shown(word(told(ACCEPTED)))
        assert not labels(word(told(ACCEPTED)))
    assert labels(say.reminder(told(OFFERED))) == ["Accept", "Ask", "Decline"]


def test_the_status_says_who_is_on_call_what_is_offered_who_is_next_and_of_when_the_list_is() -> None:
    listing = Listing((LOST, SECRET), AT - timedelta(minutes=12), "the connection broke")
    following = Upcoming("U2", AT + timedelta(hours=1), AT)

    standing = Standing(
        Shift(1, "U1", SINCE, 2), listing, AT, OFFERED, following, 2, Waiting(3, "the connection broke")
    )
    said = shown(looking.status(standing))

    assert said.startswith("On call: <@U1> since <!date")
    assert "Offered to <@U2> by <@U1>" in said
    assert "Next by the rota: <@U2>, from" in said
    assert "The list is as of 16:53 UTC (12 min ago)." in said
    assert said.count("GitLab does not answer") == 1
    assert "(confidential)" in said
    assert SECRET.title not in said
    assert "On call: nobody yet" in shown(looking.status(Standing(None, Listing(()), AT)))


def test_a_long_history_keeps_the_newest() -> None:
    many = [replace(TAKEN, number=number, reason=f"{number} " + "&" * 100) for number in range(50, 0, -1)]

    said = looking.history(many)

    fits(said)
    assert "(50 &amp;" in shown(said)
    assert "(1 &amp;" not in shown(said)
    assert "earlier" in shown(said)


# What is private


def passed(handoff: Handoff, **more: Any) -> str:  # noqa: ANN401 - whatever else is told
    """All that everybody reads of it: the messages, and what is written into GitLab for everybody."""
    names = {"U1": "alice", "U2": "bob"}
    written = report.report(Reported(handoff, names, **more))
    words = [say.offer(told(handoff)), looking.history([handoff]), *(word(told(handoff)) for word in AROUND)]
    return "\n".join([written, *(f"{each.text}\n{each.blocks}" for each in words)])


AROUND = (say.accepted_note, say.declined_note, say.overtaken_note, say.reminder, say.waiting_note, say.escalation)


@pytest.mark.parametrize("handoff", [OFFERED, ACCEPTED, TAKEN])
def test_a_confidential_outage_and_a_private_thing_are_only_counted_where_everybody_reads(handoff: Handoff) -> None:
    thing = Pending(1, "p", "U1", AT, "the old key is still valid", channel="G1", private=True)
    public = Pending(2, "q", "U1", AT, "the certificate runs out")

    said = passed(replace(handoff, handed=(SECRET,), pending=(thing, public), hidden=1), hidden=1)

    for private in (SECRET.title, SECRET.note, thing.text):
        assert private not in said
    assert "(confidential)" in said
    assert "1 private thing" in said
    assert "1 private event" in said
    assert public.text in said


def test_who_may_read_more_finds_it_behind_a_button() -> None:
    thing = Pending(1, "p", "U1", AT, "the old key is still valid", channel="G1", private=True)
    handoff = replace(OFFERED, handed=(SECRET,), pending=(thing,))

    for_all = str(offering.whole(told(handoff), notes=(), pending=()))
    for_members = str(offering.whole(told(handoff), notes={SECRET.key}, pending=[thing]))

    assert "Show all" in labels(say.offer(told(handoff)))
    for private in (SECRET.title, SECRET.note, thing.text):
        assert private not in for_all
        assert private in for_members
    assert "1 private thing" in for_all


# Limits

references = st.none() | st.integers(1, 99_999)
handed = st.builds(
    Handed,
    title=titles,
    since=moments,
    outage=st.integers(1, 999),
    iid=references,
    url=addresses,
    note=long_texts.map(lambda text: text[:LONGEST_NOTE]) | st.just(""),
    labels=st.lists(titles, max_size=8).map(tuple),
    confidential=st.booleans(),
    private=st.booleans(),
    updated_at=st.none() | moments,
    assignees=st.lists(titles, max_size=3).map(tuple),
)


def numbered(one: Handed, count: int) -> tuple[Handed, ...]:
    return tuple(replace(one, outage=number + 1) for number in range(count))


much = st.builds(numbered, handed, st.sampled_from([0, 1, 6, 7, 20, 21, 40, 41, 45, 300]))
things = st.builds(
    Pending,
    id=st.just(1),
    key=st.just("p"),
    by=people,
    at=moments,
    text=long_texts,
    permalink=addresses,
    private=st.booleans(),
)
parts = st.lists(st.builds(Part, what=titles, why=titles), max_size=50).map(tuple)
handoffs = st.builds(
    Handoff,
    number=st.integers(1, 10**6),
    key=st.just("k"),
    outgoing=people,
    incoming=st.just("U2"),
    by=people,
    at=moments,
    state=st.sampled_from(["offered", "accepted", "declined", "cancelled", "taken over", "taken"]),
    since=st.none() | moments,
    summary=long_texts.map(lambda text: text[:LONGEST_NOTE]),
    quiet=st.booleans(),
    handed=much,
    pending=st.lists(things, max_size=30).map(tuple),
    events=st.integers(0, 9999),
    hidden=st.integers(0, 9),
    common_note=long_texts,
    listed_at=st.none() | moments,
    stale=st.booleans(),
    answered_at=st.none() | moments,
    answered_by=people,
    reason=titles,
    report=references,
    report_url=addresses,
)
tellings = st.builds(
    Told,
    handoff=handoffs,
    zones=st.just(ZONES),
    waiting=waiting,
    refused=parts,
    unassigned=parts,
    under_way=st.booleans(),
)


@generously
@given(tellings)
def test_whatever_passes_its_messages_fit_and_keep_their_buttons(one: Told) -> None:
    said = say.offer(one)

    for words in (said, *(word(one) for word in AROUND)):
        fits(words)
    fits(say.question(one.handoff))
    if one.handoff.open:
        assert labels(said)[:3] == ["Accept", "Ask", "Decline"]
    if one.refused and one.handoff.moved:
        assert "Retry" in labels(said)


@generously
@given(tellings, st.booleans())
def test_whatever_passes_its_windows_fit_the_screen(one: Told, member: bool) -> None:
    handoff = one.handoff
    notes = {each.key for each in handoff.handed} if member else ()

    fits_screen(offering.whole(one, notes=notes, pending=handoff.pending if member else ()))
    fits_screen(offering.decline_modal(handoff))


listings = st.builds(Listing, handed=much, at=st.none() | moments, silent=titles)
upcoming = st.none() | st.builds(Upcoming, who=st.just("U2"), since=moments, read_at=moments, trouble=titles)
shifts = st.none() | st.builds(Shift, st.just(1), people, moments, st.just(1))


@generously
@given(
    st.builds(
        Offering,
        by=st.just("U1"),
        outgoing=people,
        incoming=st.sampled_from(["", "U2"]),
        shift=shifts,
        listing=listings,
        now=st.just(AT),
        events=st.lists(events, max_size=10).map(tuple),
        count=st.integers(0, 9999),
        hidden=st.integers(0, 9),
        pending=st.lists(things, max_size=30).map(tuple),
        unreadable=st.integers(0, 9),
        draft=st.dictionaries(
            st.sampled_from(["summary", "note:others", "note:outage:1", "note:outage:40"]), long_texts
        ),
        note=long_texts,
        rota=titles,
        upcoming=upcoming,
        metadata=st.just("m" * 2000),
    )
)
def test_the_window_in_which_anything_is_offered_fits_the_screen(asked: Offering) -> None:
    view = offering.modal(asked)

    fits_screen(view)
    fields = [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]
    assert fields[-2:] == ["Summary", "Quiet shift"]
    each = [one for one in fields if one.startswith("Note on ")]
    assert len(each) == min(len(asked.listing.handed), MOST_HANDED)
    assert all(one.reference in field for one, field in zip(asked.listing.handed, each, strict=False))


def test_forty_long_notes_are_there_again_when_the_window_is_opened_again() -> None:
    many = tuple(replace(DOWN, outage=number, iid=number, title="w" * 255) for number in range(1, 46))
    draft = {f"note:{one.key}": "ä" * 500 + "w" * (LONGEST_NOTE - 500) for one in many[:MOST_HANDED]}

    view = offering.modal(Offering("U1", "U1", "U2", Shift(1, "U1", SINCE, 2), Listing(many, AT), AT, draft=draft))

    fits_screen(view)
    assert str(view).count("w" * (LONGEST_NOTE - 500)) == MOST_HANDED
    assert "and 5 more" in str(view)


@generously
@given(
    st.builds(
        Standing,
        shift=shifts,
        listing=listings,
        now=st.just(AT),
        offer=st.none() | handoffs,
        upcoming=upcoming,
        pending=st.integers(0, 99),
        waiting=waiting,
    ),
    st.integers(0, 50),
)
def test_who_is_on_call_and_who_was_fits_a_message(standing: Standing, past: int) -> None:
    fits(looking.status(standing, with_usage=True))
    fits(looking.history([standing.offer or OFFERED] * past))


@generously
@given(handoffs, titles, long_texts, shifts)
def test_what_people_are_told_besides_fits_a_message(one: Handoff, reason: str, text: str, shift: Shift | None) -> None:
    for words in (
        say.offered_answer(one, Waiting(3, reason)),
        say.taken_answer(one, Waiting(3, reason)),
        say.accepted_answer(one),
        say.asked_answer(one, in_thread=True),
        say.asked_answer(one, in_thread=False),
        say.cancelled_answer(one),
        say.noted(text, private=True),
        say.noted(text, added=False, private=False),
        looking.group_refused(reason),
        looking.topic_refused(reason),
        looking.soon("U2", AT, shift),
        looking.late("U2", AT, shift),
    ):
        fits(words)


@pytest.mark.parametrize("text", NASTY)
def test_nothing_that_is_typed_pings_anybody_or_commands_gitlab(text: str) -> None:
    one = replace(
        ACCEPTED,
        summary=text,
        reason=text,
        common_note=text,
        handed=(replace(LOST, iid=99, title=text, note=text),),
        pending=(Pending(1, "p", "U1", AT, text),),
    )
    event = Event(1, "k", "incident", AT, AT, "U1", text, "command")

    fits(say.offer(told(one)))
    written = report.report(Reported(one, {"U1": text, "U2": "bob"}, events=(event,)))
    note = report.note(one, one.handed[0], text, "bob")
    for part in (written, note):
        assert "<!channel>" not in part
        assert "@here " not in part
        assert "#12" not in part
        assert not any(line.lstrip("> -").startswith("/close") for line in part.split("\n"))


def test_a_report_is_never_longer_than_gitlab_takes() -> None:
    things = tuple(Pending(number, f"p{number}", "U1", AT, "@" * 3000) for number in range(200))

    written = report.report(Reported(replace(ACCEPTED, pending=things), {"U1": "alice", "U2": "bob"}))

    assert len(written) < 1_048_576
    assert written.endswith("the events.*")
    assert "accepted at" in written
