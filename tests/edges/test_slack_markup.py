"""What Slack makes of typed words is undone, once, and nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands.wow import AddToWeek, parse_wow
from bot.messages import escape
from bot.slack.markup import as_typed
from tests.builders import TUESDAY as TODAY


@pytest.mark.parametrize(
    ("token", "typed"),
    [
        ("<@U2|bob>", "@bob"),
        ("<@U2>", "@bob"),
        ("<@U3>", "@U3"),
        ("<#C1|general>", "#general"),
        ("<#C1|>", "#C1"),
        ("<!here>", "@here"),
        ("<!channel|channel>", "@channel"),
        ("<!everyone>", "@everyone"),
        ("<!subteam^S1|@sre>", "@sre"),
        ("<!subteam^S1>", "@S1"),
        ("<!date^1392734382^Posted {date_num} {time}^https://example.com/|at noon>", "at noon"),
        ("<!unheard_of|of>", "of"),
        ("<https://example.com/a|https://example.com/a>", "https://example.com/a"),
        ("<https://example.com/a?b=1&amp;c=2>", "https://example.com/a?b=1&c=2"),
        ("<http://example.com|example.com>", "http://example.com"),
        ("<https://example.com/|example.com>", "https://example.com/"),
        ("<https://example.com/a|the page>", "the page (https://example.com/a)"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("<mailto:a@example.com|Ann>", "Ann (a@example.com)"),
        ("<tel:+31201234567|+31201234567>", "+31201234567"),
        ("<javascript:alert(1)|x>", "x (javascript:alert(1))"),
        ("&lt;@U2&gt; &amp;amp; &amp;lt;", "<@U2> &amp; &lt;"),
    ],
)
def test_a_token_becomes_what_a_person_would_type(token: str, typed: str) -> None:
    assert as_typed(f"see {token}, please", {"U2": "bob"}) == f"see {typed}, please"


@pytest.mark.parametrize("text", ["a < b > c", "<>", "<|>", "<@>", "<!>", "<!nothing>", "<bob>", "<@bob|", "x <#1> y"])
def test_what_only_looks_like_a_token_stays(text: str) -> None:
    assert as_typed(text) == text


@given(st.text())
def test_any_text_can_be_undone(text: str) -> None:
    as_typed(text)
    as_typed(f"<@{text}|{text}> <!{text}> <{text}|{text}> <#{text}>")


@given(st.text(st.characters(exclude_characters="<&")))
def test_text_without_tokens_and_entities_stays_as_it_is(text: str) -> None:
    assert as_typed(text) == text


@given(st.text())
def test_what_was_escaped_comes_back(text: str) -> None:
    assert as_typed(escape(text)) == text


@pytest.mark.parametrize(
    "typed",
    [
        "<https://gitlab.example.com/group/wow/-/issues/12>",
        "<https://gitlab.example.com/group/wow/-/issues/12|gitlab.example.com/group/wow/-/issues/12>",
    ],
)
def test_the_address_of_an_issue_is_understood_as_it_was_typed(typed: str) -> None:
    command = parse_wow(f"add {as_typed(typed)}", TODAY)

    assert command == AddToWeek(12, "https://gitlab.example.com/group/wow")
