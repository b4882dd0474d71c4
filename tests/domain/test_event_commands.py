"""What people type after /event, and what it means."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands.event import (
    EVENT_USAGE,
    DeclareOutage,
    DraftPostmortem,
    EventCommand,
    EventHelp,
    ExportEvents,
    FindEvents,
    ListEvents,
    LogEvent,
    ResolveOutage,
    ShowTimeline,
    outages_named,
    parse_event,
)
from bot.domain.errors import UserError
from bot.domain.events import LONGEST_TEXT, Span
from bot.domain.outages import Named
from bot.domain.times import When

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 15, 30, 20, tzinfo=UTC)
FIVE_PAST_TWO = When(datetime(2026, 11, 22, 13, 5, tzinfo=UTC))
MIDNIGHT = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
TODAY = Span(MIDNIGHT, datetime(2026, 11, 22, 23, 0, tzinfo=UTC))
WEEK = Span(datetime(2026, 11, 15, 15, 30, 20, tzinfo=UTC))
ADDRESS = "https://gitlab.example/acme/production/-/issues/12"
TWELVE, THERE = Named(iid=12), Named(iid=12, project="https://gitlab.example/acme/production")
SEVEN = Named(number=7)
NAMES = ("log", "outage", "resolve", "list", "find", "timeline", "export", "postmortem", "help")


def read(text: str) -> EventCommand:
    return parse_event(text, NOW, BERLIN)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", EventHelp()),
        (" \t\u3000\u00a0\u200b ", EventHelp()),
        ("help", EventHelp()),
        ("help me please", EventHelp()),
        ("list help", EventHelp()),
        ("log help", EventHelp()),
        ("log db1 stopped", LogEvent("db1 stopped")),
        ("log change db1 stopped", LogEvent("db1 stopped", "change")),
        ("log incident db1 stopped", LogEvent("db1 stopped", "incident")),
        ("log Incident: db1 stopped", LogEvent("db1 stopped", "incident")),
        ("log 14:05 db1 stopped", LogEvent("db1 stopped", None, FIVE_PAST_TWO)),
        ("log incident 14:05 db1 stopped", LogEvent("db1 stopped", "incident", FIVE_PAST_TWO)),
        ("log incident 2026-11-22T13:05:00Z db1", LogEvent("db1", "incident", FIVE_PAST_TWO)),
        ("outage", DeclareOutage()),
        ("outage \u200b ", DeclareOutage()),
        ("outage  db1\n is   down ", DeclareOutage("db1 is down")),
        ("resolve", ResolveOutage()),
        ("resolve #12", ResolveOutage(TWELVE)),
        ("resolve 12", ResolveOutage(TWELVE)),
        ("resolve outage O7.", ResolveOutage(SEVEN)),
        ("resolve o7", ResolveOutage(SEVEN)),
        (f"resolve {ADDRESS}", ResolveOutage(THERE)),
        (f"resolve <{ADDRESS}>", ResolveOutage(THERE)),
        (f"resolve <{ADDRESS}#note_3|issue 12 of production>", ResolveOutage(THERE)),
        ("list", ListEvents(10)),
        ("list 1", ListEvents(1)),
        ("list 50", ListEvents(50)),
        ("list last 20", ListEvents(20)),
        ("list today", ListEvents(None, TODAY)),
        ("list 20 today", ListEvents(20, TODAY)),
        ("list since 14:05", ListEvents(None, Span(FIVE_PAST_TWO.at))),
        ("list 7 days", ListEvents(None, WEEK)),
        ("find db1 stopped", FindEvents("db1 stopped")),
        ("find help", FindEvents("help")),
        ("find  O7 ", FindEvents("O7")),
        ("timeline", ShowTimeline()),
        ("timeline O7", ShowTimeline(SEVEN)),
        ("export", ExportEvents("md")),
        ("export CSV", ExportEvents("csv")),
        ("export markdown", ExportEvents("md")),
        ("export json today", ExportEvents("json", TODAY)),
        ("export last 7 days csv", ExportEvents("csv", WEEK)),
        ("export 7 days", ExportEvents("md", WEEK)),
        ("export csv #12", ExportEvents("csv", None, TWELVE)),
        (f"export {ADDRESS} json", ExportEvents("json", None, THERE)),
        ("postmortem", DraftPostmortem()),
        ("post-mortem #12", DraftPostmortem(TWELVE)),
        ("post mortem o7", DraftPostmortem(SEVEN)),
    ],
)
def test_each_sub_command_is_understood(text: str, command: EventCommand) -> None:
    assert read(text) == command


@pytest.mark.parametrize("text", ["list since 14:05", "export csv last 7 days", "resolve o7", "postmortem #12"])
@pytest.mark.parametrize("blank", ["  ", "\u00a0", "\u2009 ", "\t", "\u3000", " \u200b", "\r\n"])
def test_case_and_blanks_of_any_kind_do_not_matter(text: str, blank: str) -> None:
    typed = f"{blank}{text.upper().replace(' ', blank)}{blank}"

    assert read(typed) == read(text)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("lgo db1 stopped", "log"),
        ("incident db1 stopped", "log"),
        ("Change db1", "log"),
        ("timelime", "timeline"),
        ("outgae", "outage"),
        ("EXPROT csv", "export"),
        ("xyzzy", ""),
    ],
)
def test_an_unknown_word_brings_the_help_and_the_nearest_sub_command(text: str, nearest: str) -> None:
    assert read(text) == EventHelp(unknown=text.split(maxsplit=1)[0], nearest=nearest)


@pytest.mark.parametrize(
    "text",
    [
        "changes everything",
        "incidents are rare",
        "changed the weights",
        "10 nodes drained",
        "3.5 released",
        "-10% traffic",
        "/close",
        "“quoted”  — and   not touched",
        "first line\n  second line\n\n> third <@U2> & `code`",
        "[#1294] <!channel> ~outage %WoW",
        "\u202bright to left\u202c",
        "👩\u200d🚒 is here \ufe0f",
    ],
)
def test_a_text_is_kept_exactly_as_typed(text: str) -> None:
    assert read(f"log {text}") == LogEvent(text)
    assert read(f"LOG \n incident\t\u200b14:05  {text} \u200b\n") == LogEvent(text, "incident", FIVE_PAST_TWO)


def test_the_kind_stands_before_the_time() -> None:
    assert read("log 14:05 incident db1 stopped") == LogEvent("incident db1 stopped", None, FIVE_PAST_TWO)


@pytest.mark.parametrize(
    "text",
    [
        "log",
        "log incident",
        "log change \u200b\u2060",
        "log 14:05",
        "log incident 14:05 \u3164\u2800\u00ad",
        "log now",
        "log \u200d\ufe0f\u0301",
    ],
)
def test_an_event_without_a_text_that_can_be_seen_is_asked_for_one(text: str) -> None:
    with pytest.raises(UserError, match=r"What happened\?.*`/event log incident 14:05 db1 stopped`"):
        read(text)


def test_a_text_that_is_too_long_is_refused_with_the_limit_and_its_length_and_never_cut() -> None:
    longest = "x" * LONGEST_TEXT

    assert read(f"log incident 14:05 {longest}  ") == LogEvent(longest, "incident", FIVE_PAST_TWO)
    with pytest.raises(UserError, match=r"at most 3,000 characters, and yours has 3,001; nothing was logged"):
        read(f"log incident 14:05 {longest}y")
    with pytest.raises(UserError, match=r"at most 3,000 characters, and yours has 12,000"):
        read(f"log {'y' * 12_000}")


def test_a_title_and_a_search_have_limits_of_their_own() -> None:
    assert read(f"outage {'x' * 255}") == DeclareOutage("x" * 255)
    with pytest.raises(UserError, match="at most 255 characters, and yours has 256"):
        read(f"outage {'x' * 256}")
    assert read(f"find {'x' * 200}") == FindEvents("x" * 200)
    with pytest.raises(UserError, match="at most 200 characters, and yours has 201"):
        read(f"find {'x' * 201}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log 25:61 db1", "not a time of day.*`/event log 14:05 db1 stopped`"),
        ("log incident 2026-02-30 14:05 db1", "no 2026-02-30 in the calendar.*`/event log 14:05 db1 stopped`"),
        ("list 0", "from 1 to 50: `/event list 20`"),
        ("list 51", "from 1 to 50: `/event list 20`"),
        ("list ٣", "from 1 to 50: `/event list 20`"),
        ("list of all", "not a range of time.*`/event list since 14:05`"),
        ("list 20 of all", "not a range of time.*`/event list since 14:05`"),
        ("list #12", "not a range of time.*`/event list since 14:05`"),
        ("export pdf", "not a range of time.*`/event export since 14:05`.*formats are `md`, `csv` and `json`"),
        ("export md csv", "not a range of time.*`/event export since 14:05`"),
        ("export 12", "not a range of time.*`/event export since 14:05`"),
        ("find", "Which words.*`/event find db1 stopped`"),
        ("find \u200b ?!", "Which words.*`/event find db1 stopped`"),
        ("resolve it", "`/event resolve #12` or `/event resolve O7`"),
        ("resolve #12 #13", "`/event resolve #12` or `/event resolve O7`"),
        ("resolve !5", "`/event resolve #12` or `/event resolve O7`"),
        ("timeline https://gitlab.example/a/b/-/merge_requests/5", "`/event timeline #12`"),
        ("timeline today", "`/event timeline #12`"),
        ("postmortem db1", "`/event postmortem #12`"),
    ],
)
def test_what_a_sub_command_cannot_use_is_answered_with_a_line_that_works(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("db1 stopped", ()),
        ("db1 stopped, see #12", (TWELVE,)),
        ("(#12)", (TWELVE,)),
        ("[#12] o7:", (TWELVE, SEVEN)),
        ("O7, #12. and #12 again", (SEVEN, TWELVE)),
        (f"{ADDRESS}#note_3 and O7", (THERE, SEVEN)),
        (f"<{ADDRESS}|issue #9 of O8>, O7", (THERE, SEVEN)),
        (f"({ADDRESS}).", (THERE,)),
        ("https://gitlab.example/a/-/issues/incident/3", (Named(iid=3, project="https://gitlab.example/a"),)),
        ("https://gitlab.example/a/-/work_items/3?x=#4", (Named(iid=3, project="https://gitlab.example/a"),)),
        ("https://gitlab.example/a/-/issues/12345678901 https://gitlab.example/o7 https://x.example/#4", ()),
        ("&#12; a#12 #12a #12.5 #0 !12 #1234567890", ()),
        ("host-o7 o7.example o7-a fo7 O7th vidéO7 @o7 /o7 o7@b.example O0", ()),
    ],
)
def test_the_outages_that_a_text_names_are_found_in_order_and_each_once(text: str, named: tuple[Named, ...]) -> None:
    assert outages_named(text) == named


def test_what_was_typed_is_repeated_short_and_pings_nobody() -> None:
    with pytest.raises(UserError) as refused:
        read(f"list <!channel>{'x' * 3000}")
    unknown = read("<!here|`x`>" * 300)

    assert "<" not in str(refused.value)
    assert len(str(refused.value)) < 300
    assert isinstance(unknown, EventHelp)
    assert unknown.unknown.startswith("!here|x")
    assert len(unknown.unknown) <= 40


anything = st.text(max_size=60)
pieces = st.sampled_from(
    [
        *(
            *NAMES,
            "incident",
            "change",
            "14:05",
            "25:61",
            "2026-11-21",
            "2026-02-30",
            "9999-12-31",
            "yesterday",
            "since",
        ),
        *("-10m", "10", "ago", "last", "days", "csv", "json", "#12", "O7", ADDRESS, f"<{ADDRESS}|#12>", "\n", "\u200b"),
    ]
)
lines = st.lists(pieces | anything, max_size=6).map(" ".join)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _answer(text: str, now: datetime) -> EventCommand | str:
    """Give the command, or what is said instead; anything else that is raised fails the test."""
    try:
        return parse_event(text, now, BERLIN)
    except UserError as refusal:
        return str(refusal)


@given(anything | lines, moments)
def test_any_text_at_any_moment_gives_a_command_or_a_spoken_refusal(text: str, now: datetime) -> None:
    answer = _answer(text, now)

    if isinstance(answer, str):
        assert answer.endswith(".")
        assert "`/event " in answer


@given(anything | lines)
def test_naming_outages_is_possible_in_any_text(text: str) -> None:
    named = outages_named(text)

    assert len(named) == len({*named})


@given(st.text(max_size=80), st.sampled_from(["", "\n", " \u200b", "\u3000\ufeff "]))
def test_any_text_is_kept_exactly_but_for_the_blanks_around_it(text: str, blank: str) -> None:
    kept = f"({text})"

    command = read(f"log change 14:05 {blank}{kept}{blank}")

    assert command == LogEvent(kept, "change", FIVE_PAST_TWO)


def test_every_line_of_the_help_is_about_one_sub_command_and_its_example_works() -> None:
    assert tuple(usage.command.split()[1] for usage in EVENT_USAGE) == NAMES
    for usage in EVENT_USAGE:
        command = read(usage.example.removeprefix("/event"))
        assert command == EventHelp() or not isinstance(command, EventHelp)
        assert usage.example.split()[1] == usage.command.split()[1]
