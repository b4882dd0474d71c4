"""What people type after /wow, and what it means."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands.wow import (
    WOW_USAGE,
    AddToWeek,
    CheckLate,
    History,
    NextWeek,
    Prioritise,
    ReportWeek,
    RollOver,
    UndoRollover,
    WowCommand,
    WowHelp,
    WowOverview,
    WowStatus,
    parse_wow,
)
from bot.domain.errors import UserError

TODAY = date(2026, 11, 25)
LAST = date(2026, 11, 24)
NAMES = ("status", "rollover", "undo", "next", "add", "check", "history", "report", "ap", "help")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", WowOverview()),
        (" \t\u3000\u00a0\u200b ", WowOverview()),
        ("status", WowStatus()),
        ("rollover", RollOver(None)),
        ("roll over", RollOver(None)),
        ("roll-over", RollOver(None)),
        ("rollover ending 2026-11-24", RollOver(LAST)),
        ("roll over ending 2026-11-24", RollOver(LAST)),
        ("rollover 2026-11-24", RollOver(LAST)),
        ("rollover ending 2026\u201111\u201124", RollOver(LAST)),
        ("undo", UndoRollover()),
        ("next", NextWeek()),
        ("check", CheckLate()),
        ("add #12", AddToWeek(12)),
        ("add 12", AddToWeek(12)),
        ("add issue `#12`,", AddToWeek(12)),
        ("add <https://gitlab.example/a/b/-/issues/7|issue 7 of b>.", AddToWeek(7, "https://gitlab.example/a/b")),
        (
            "add <https://gitlab.example/acme/production/-/issues/12>",
            AddToWeek(12, "https://gitlab.example/acme/production"),
        ),
        ("add https://gitlab.example/a/b/issues/7#note_3", AddToWeek(7, "https://gitlab.example/a/b")),
        ("add <https://gitlab.example/a/b/-/work_items/7?x=1|#7>", AddToWeek(7, "https://gitlab.example/a/b")),
        ("history", History(5)),
        ("history 1", History(1)),
        ("history 52", History(52)),
        ("report", ReportWeek()),
        ("report 2026-11-24", ReportWeek(LAST)),
        ("report ending 2026\u201111\u201124", ReportWeek(LAST)),
        ("ap #12", Prioritise(12)),
        ("ap https://gitlab.example/a/b/-/issues/7", Prioritise(7, "https://gitlab.example/a/b")),
        ("help", WowHelp()),
        ("help me please", WowHelp()),
    ],
)
def test_each_sub_command_is_understood(text: str, command: WowCommand) -> None:
    assert parse_wow(text, TODAY) == command


@pytest.mark.parametrize("text", ["rollover ending 2026-11-24", "status", "undo", "history 3", "roll over"])
@pytest.mark.parametrize("blank", ["  ", "\u00a0", "\u2009 ", "\t", "\u3000", " \u200b", "\r\n"])
def test_case_and_blanks_of_any_kind_do_not_matter(text: str, blank: str) -> None:
    typed = f"{blank}{text.upper().replace(' ', blank)}{blank}"

    assert parse_wow(typed, TODAY) == parse_wow(text, TODAY)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("rolover", "rollover"),
        ("ROLLOVER!", "rollover"),
        ("roll", "rollover"),
        ("stauts", "status"),
        ("hist 3", "history"),
        ("nxet", "next"),
        ("und", "undo"),
        ("hlep", "help"),
        ("xyzzy", ""),
        ("🚒", ""),
    ],
)
def test_an_unknown_word_brings_the_help_and_the_nearest_sub_command(text: str, nearest: str) -> None:
    assert parse_wow(text, TODAY) == WowHelp(unknown=text.split(maxsplit=1)[0], nearest=nearest)


@pytest.mark.parametrize(
    "text",
    [
        "rollover ending",
        "rollover ending tomorrow",
        "rollover ending 2026-02-30",
        "rollover ending 2026-11-24 2026-12-01",
        "rollover now",
        "rollover 2026-12-03",
        "rollover ending 2026-W48-2",
    ],
)
def test_a_rollover_with_a_day_that_cannot_be_is_answered_with_a_line_that_works(text: str) -> None:
    with pytest.raises(UserError, match=r"`/wow rollover ending 2026-11-24`"):
        parse_wow(text, TODAY)


@pytest.mark.parametrize("text", ["history 0", "history 53", "history -1", "history five", "history 1 2", "history ٣"])
def test_a_history_without_a_number_from_1_to_52_is_answered_with_a_line_that_works(text: str) -> None:
    with pytest.raises(UserError, match=r"from 1 to 52: `/wow history 5`"):
        parse_wow(text, TODAY)


@pytest.mark.parametrize(
    "text", ["add", "add it", "add #", "add 12 13", "add #1234567890", "add https://gitlab.example/a/b/-/milestones/3"]
)
def test_an_addition_that_names_no_issue_is_answered_with_a_line_that_works(text: str) -> None:
    with pytest.raises(UserError, match=r"`/wow add #12`"):
        parse_wow(text, TODAY)


@pytest.mark.parametrize("text", ["add !5", "add <https://gitlab.example/a/b/-/merge_requests/5>"])
def test_a_merge_request_is_not_taken_for_an_issue(text: str) -> None:
    with pytest.raises(UserError, match="not merge requests"):
        parse_wow(text, TODAY)


@pytest.mark.parametrize("name", ["status", "undo", "next", "check"])
def test_words_behind_a_sub_command_that_takes_none_are_not_overlooked(name: str) -> None:
    with pytest.raises(UserError, match=f"`/wow {name}` alone"):
        parse_wow(f"{name} 2026-11-24", TODAY)


def test_what_was_typed_is_repeated_short_and_pings_nobody() -> None:
    with pytest.raises(UserError) as refused:
        parse_wow(f"undo <!channel>{'x' * 3000}", TODAY)
    unknown = parse_wow("<!here|`x`>" * 300, TODAY)

    assert "<" not in str(refused.value)
    assert len(str(refused.value)) < 300
    assert isinstance(unknown, WowHelp)
    assert unknown.unknown.startswith("!here|x")
    assert len(unknown.unknown) <= 40


anything = st.text(max_size=60)
words = st.sampled_from(
    [*NAMES, "roll", "over", "ending", "2026-11-24", "2026-02-30", "9999-12-31", "0001-01-01", "5", "#5"]
)
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
lines = st.lists(words | anything, max_size=6).map(" ".join)


def _answer(text: str, today: date) -> WowCommand | str:
    """Give the command, or what is said instead; anything else that is raised fails the test."""
    try:
        return parse_wow(text, today)
    except UserError as refusal:
        return str(refusal)


@given(anything | lines, days)
def test_any_text_on_any_day_gives_a_command_or_a_spoken_refusal(text: str, today: date) -> None:
    answer = _answer(text, today)

    if isinstance(answer, str):
        assert answer.endswith(".")
        assert "`/wow " in answer


@given(st.lists(words, max_size=4).map(" ".join), days)
def test_reading_does_not_depend_on_case(text: str, today: date) -> None:
    shouted, said = _answer(text.upper(), today), _answer(text, today)

    assert shouted == said or isinstance(shouted, str | WowHelp)
    assert type(shouted) is type(said)


def test_every_line_of_the_help_is_about_one_sub_command_and_its_example_works() -> None:
    assert tuple(usage.command.split()[1] for usage in WOW_USAGE) == NAMES
    for usage in WOW_USAGE:
        command = parse_wow(usage.example.removeprefix("/wow"), TODAY)
        assert not isinstance(command, WowOverview)
        assert command == WowHelp() or not isinstance(command, WowHelp)
