"""What people type after /handoff, and what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands.handoff import (
    HANDOFF_USAGE,
    LONGEST_REASON,
    AddPending,
    CancelHandoff,
    HandOff,
    HandoffCommand,
    HandoffHelp,
    HandoffHistory,
    HandoffOverview,
    HandoffStatus,
    TakePager,
    parse_handoff,
)
from bot.domain.errors import UserError
from bot.domain.events import LONGEST_TEXT
from bot.domain.oncall import LONGEST_NOTE

NAMES = ("@person", "@next", "status", "note", "take", "cancel", "history", "help")
TO_BOB = HandOff(who="U0BOB")
BY_NAME = HandOff(name="bob")
NEXT = HandOff()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", HandoffOverview()),
        (" \t\u3000\u00a0\u200b ", HandoffOverview()),
        ("status", HandoffStatus()),
        ("next", NEXT),
        ("@next", NEXT),
        ("@next watch db3", HandOff(note="watch db3")),
        ("next watch db3", HandOff(note="watch db3")),
        ("@next, watch db3", HandOff(note="watch db3")),
        ("to next", NEXT),
        ("note watch the disk of db3", AddPending("watch the disk of db3")),
        ("note: watch the disk of db3", AddPending("watch the disk of db3")),
        ("note @bob knows why", AddPending("@bob knows why")),
        ("note next", AddPending("next")),
        ("take", TakePager()),
        ("take \u200b ", TakePager()),
        ("take Bob is ill", TakePager("Bob is ill")),
        ("take from <@U0BOB|bob>, who is ill", TakePager("from <@U0BOB|bob>, who is ill")),
        ("cancel", CancelHandoff()),
        ("history", HandoffHistory(10)),
        ("history 1", HandoffHistory(1)),
        ("history 50", HandoffHistory(50)),
        ("help", HandoffHelp()),
        ("help me please", HandoffHelp()),
        ("take help", HandoffHelp()),
        ("note help", HandoffHelp()),
        ("next help", HandoffHelp()),
    ],
)
def test_each_sub_command_is_understood(text: str, command: HandoffCommand) -> None:
    assert parse_handoff(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("<@U0BOB>", TO_BOB),
        ("<@U0BOB|bob>", TO_BOB),
        ("<@U0BOB|Bob Smith (he)>", TO_BOB),
        ("<@U0BOB|>", TO_BOB),
        ("<@W0BOB|bob>", HandOff(who="W0BOB")),
        ("to <@U0BOB|bob>", TO_BOB),
        ("To: @bob", BY_NAME),
        ("to U0BOB", TO_BOB),
        ("<@U0BOB>,", TO_BOB),
        ("\u2068<@U0BOB>", TO_BOB),
        ("U0BOB", TO_BOB),
        ("U012AB3CD", HandOff(who="U012AB3CD")),
        ("@bob", BY_NAME),
        ("@bob:", BY_NAME),
        ("@bob.", BY_NAME),
        ("@bob.smith", HandOff(name="bob.smith")),
        ("@Bob", HandOff(name="Bob")),
        ("@jean\u2011luc", HandOff(name="jean-luc")),
        ("@张伟", HandOff(name="张伟")),
        ("@nextcloud", HandOff(name="nextcloud")),
    ],
)
def test_a_person_is_understood_in_all_forms_and_a_note_behind_them(text: str, command: HandOff) -> None:
    assert parse_handoff(text) == command
    assert parse_handoff(f"{text} disk of db3 is full") == HandOff(command.who, command.name, "disk of db3 is full")


def test_a_note_that_touches_the_mention_is_read_too() -> None:
    assert parse_handoff("<@U0BOB>よろしく") == HandOff(who="U0BOB", note="よろしく")
    assert parse_handoff("<@U0BOB|bob>: the disk") == HandOff(who="U0BOB", note="the disk")


@pytest.mark.parametrize("text", ["history 5", "status", "cancel", "@next", "next", "take", "to <@U0BOB>", "<@U0BOB>"])
@pytest.mark.parametrize("blank", ["  ", "\u00a0", "\u2009 ", "\t", "\u3000", " \u200b", "\r\n"])
def test_case_and_blanks_of_any_kind_do_not_matter(text: str, blank: str) -> None:
    typed = f"{blank}{text.upper().replace(' ', blank)}{blank}"

    assert parse_handoff(typed) == parse_handoff(text)


@pytest.mark.parametrize(
    "note",
    [
        "Watch the DISK",
        "“quoted”  — and   not touched",
        "first line\n  second line\n\n> third & `code`",
        "[#1294] <!channel> ~outage %WoW",
        "please ask <@U0CAROL> about db3",
        "and ask @carol about db3",
        "at @5pm",
        "/close",
        "\u202bright to left\u202c",
        "👩\u200d🚒 is here \ufe0f",
        "order @bob a pizza",
        "next",
        "help",
    ],
)
def test_a_note_is_kept_exactly_as_typed(note: str) -> None:
    assert parse_handoff(f"<@U0BOB|bob> {note}") == HandOff(who="U0BOB", note=note)
    assert parse_handoff(f"\n<@U0BOB> \u200b {note}\u3000\n") == HandOff(who="U0BOB", note=note)
    assert parse_handoff(f"@bob  {note} ") == HandOff(name="bob", note=note)
    assert parse_handoff(f"NOTE \t{note}\n") == (HandoffHelp() if note == "help" else AddPending(note))


@pytest.mark.parametrize(
    "text",
    [
        "<!subteam^S1|@oncall>",
        "<!subteam^S1>",
        "<!here>",
        "<!channel|channel>, all of you",
        "@here",
        "@Everyone.",
        "to @channel",
        "to <!subteam^S1|@oncall> please",
    ],
)
def test_a_group_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(UserError, match=r"to one person, who accepts it, not to a group: `/handoff @person`"):
        parse_handoff(text)


@pytest.mark.parametrize("first", ["<@U0BOB|bob>", "<@U0BOB>", "@bob", "@next", "U0BOB", "to <@U0BOB>"])
@pytest.mark.parametrize(
    "second",
    [
        " <@U0CAROL>",
        " and <@U0CAROL|Carol C>",
        " &amp; @carol",
        " & <@U0CAROL> please",
        ", @carol",
        " , or <@U0CAROL>",
        " + <!subteam^S1|@oncall>",
        " @here",
        " and @next",
    ],
)
def test_two_people_are_refused_with_the_reason(first: str, second: str) -> None:
    with pytest.raises(UserError, match=r"to one person, and you named two.*`/handoff @person`"):
        parse_handoff(first + second)


@pytest.mark.parametrize(
    "text", ["<@U0BOB><@U0CAROL>", "<@U0BOB>,<@U0CAROL>", "<@U0BOB|bob>/@carol", "@bob,@carol", "@bob&amp;@carol"]
)
def test_two_people_in_one_word_are_two(text: str) -> None:
    with pytest.raises(UserError, match="you named two"):
        parse_handoff(text)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("stauts", "status"),
        ("STAT", "status"),
        ("notes watch db3", "note"),
        ("takeover", "take"),
        ("canel", "cancel"),
        ("hist 3", "history"),
        ("nxet", "next"),
        ("hlep", "help"),
        ("xyzzy", ""),
        ("🚒", ""),
    ],
)
def test_an_unknown_word_brings_the_help_and_the_nearest_sub_command(text: str, nearest: str) -> None:
    command = parse_handoff(text)

    assert isinstance(command, HandoffHelp)
    assert (command.unknown, command.nearest) == (text.split(maxsplit=1)[0], nearest)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("bob", "@bob"),
        ("Bob, the disk is full", "@Bob"),
        ("to bob", "@bob"),
        ("jean-luc", "@jean-luc"),
        ("张伟", "@张伟"),
        ("jake", "@jake"),
        ("WILLIAM", "@WILLIAM"),
        ("over to @bob", "@bob"),
        ("offer <@U0BOB|Bob Smith>", "@Bob Smith"),
        ("offer it to <@U0BOB>", "@person"),
        ("12", ""),
        ("#12", ""),
        ("🚒", ""),
        ("<mailto:bob@example.com|bob@example.com>", ""),
        ("<#C1|general>", ""),
        ("@", ""),
    ],
)
def test_a_word_that_may_be_a_person_brings_the_help_with_the_person_written_as_one(text: str, person: str) -> None:
    command = parse_handoff(text)

    assert isinstance(command, HandoffHelp)
    assert command.unknown
    assert command.person == person


def test_a_name_that_is_near_a_sub_command_is_taken_for_neither() -> None:
    assert parse_handoff("Jake") == HandoffHelp("Jake", "take", "@Jake")
    assert parse_handoff("nate") == HandoffHelp("nate", "note", "@nate")


@pytest.mark.parametrize("text", ["accept", "Decline I am ill", "ask", "ACCEPT!"])
def test_who_types_an_answer_is_shown_to_the_buttons(text: str) -> None:
    with pytest.raises(UserError, match=r"with its buttons, \*Accept\*.*`/handoff status`"):
        parse_handoff(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("to", "To whom.*`/handoff @bob`"),
        ("note", "What should the next one know.*`/handoff note watch the disk of db3`"),
        ("note \u200b\u2060", "What should the next one know.*`/handoff note watch the disk of db3`"),
        ("note \u3164\u2800\u00ad", "What should the next one know.*`/handoff note watch the disk of db3`"),
        ("history 0", "from 1 to 50: `/handoff history 5`"),
        ("history 51", "from 1 to 50: `/handoff history 5`"),
        ("history -1", "from 1 to 50: `/handoff history 5`"),
        ("history five", "from 1 to 50: `/handoff history 5`"),
        ("history 1 2", "from 1 to 50: `/handoff history 5`"),
        ("history ٣", "from 1 to 50: `/handoff history 5`"),
        ("status of db3", "`/handoff status` alone"),
        ("cancel it", "`/handoff cancel` alone"),
        ("cancel <@U0BOB>", "`/handoff cancel` alone"),
    ],
)
def test_what_a_sub_command_cannot_use_is_answered_with_a_line_that_works(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_handoff(text)


@pytest.mark.parametrize(
    ("before", "most", "what"),
    [
        ("<@U0BOB>", LONGEST_NOTE, "A note"),
        ("@bob", LONGEST_NOTE, "A note"),
        ("@next", LONGEST_NOTE, "A note"),
        ("note", LONGEST_TEXT, "A note"),
        ("take", LONGEST_REASON, "A reason"),
    ],
)
def test_what_is_too_long_is_refused_with_the_limit_and_its_length_and_never_cut(
    before: str, most: int, what: str
) -> None:
    command = parse_handoff(f"{before} {'x' * most} ")

    assert "x" * most in {getattr(command, name, "") for name in ("note", "text", "reason")}
    with pytest.raises(UserError, match=f"{what} takes at most {most:,} characters, and yours has {most + 1:,}"):
        parse_handoff(f"{before} {'x' * most}y")


def test_a_note_of_which_nothing_can_be_seen_is_none() -> None:
    assert parse_handoff("<@U0BOB> \u200b\u2800\u3164") == TO_BOB
    assert parse_handoff("take \u2800\u00ad") == TakePager()


def test_what_was_typed_is_repeated_short_and_pings_nobody() -> None:
    with pytest.raises(UserError) as refused:
        parse_handoff(f"status <!channel>{'x' * 3000}")
    unknown = parse_handoff("(<!here|`x`>" * 300)
    named = parse_handoff(f"offer <@U0BOB|<!channel>> @{'b' * 3000}")

    assert "<" not in str(refused.value)
    assert len(str(refused.value)) < 300
    assert isinstance(unknown, HandoffHelp)
    assert unknown.unknown.startswith("(!here|x")
    assert len(unknown.unknown) <= 40
    assert isinstance(named, HandoffHelp)
    assert named.person.startswith("@bbb")
    assert len(named.person) <= 40


anything = st.text(max_size=60)
pieces = st.sampled_from(
    [
        *("status", "next", "@next", "note", "take", "cancel", "history", "help", "to", "accept", "bob", "jake"),
        *("@bob", "@", "@@", "<@U0BOB>", "<@U0BOB|Bob B>", "<@", "<!subteam^S1|@oncall>", "@here", "U0BOB", "and"),
        *(",", "&amp;", "5", "0", "\n", "\u200b", "\u2068"),
    ]
)
lines = st.lists(pieces | anything, max_size=6).map(" ".join) | st.lists(pieces, max_size=6).map("".join)


def _answer(text: str) -> HandoffCommand | str:
    """Give the command, or what is said instead; anything else that is raised fails the test."""
    try:
        return parse_handoff(text)
    except UserError as refusal:
        return str(refusal)


@given(anything | lines)
def test_any_text_gives_a_command_or_a_spoken_refusal(text: str) -> None:
    answer = _answer(text)

    if isinstance(answer, str):
        assert answer.endswith(".")
        assert "`/handoff " in answer
    elif isinstance(answer, HandOff):
        assert not (answer.who and answer.name)


@given(st.text(max_size=80), st.sampled_from(["", "\n", " \u200b", "\u3000\ufeff "]))
def test_any_note_is_kept_exactly_but_for_the_blanks_around_it(text: str, blank: str) -> None:
    kept = f"({text})"

    assert parse_handoff(f"@bob {blank}{kept}{blank}") == HandOff(name="bob", note=kept)
    assert parse_handoff(f"<@U0BOB|bob>{blank} {kept}{blank}") == HandOff(who="U0BOB", note=kept)
    assert parse_handoff(f"next {blank}{kept}{blank}") == HandOff(note=kept)
    assert parse_handoff(f"note {blank}{kept}{blank}") == AddPending(kept)
    assert parse_handoff(f"take {blank}{kept}{blank}") == TakePager(kept)


def test_every_line_of_the_help_is_about_one_sub_command_and_its_example_works() -> None:
    assert tuple(usage.command.split()[1] for usage in HANDOFF_USAGE) == NAMES
    for usage in HANDOFF_USAGE:
        command = parse_handoff(usage.example.removeprefix("/handoff"))
        assert not isinstance(command, HandoffOverview)
        assert command == HandoffHelp() or not isinstance(command, HandoffHelp)
