"""What Slack would show is shown on a terminal too, and nothing in it can do harm there."""

import io
import re
from datetime import UTC, datetime

import pytest
from rich.console import Console, RenderableType

from bot.messages import Page, Row, drawn

READ = drawn.reader({"U1": "alice"})


def printed(drawing: RenderableType, width: int = 80) -> str:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(drawing)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


@pytest.mark.parametrize(
    ("mrkdwn", "words"),
    [
        ("*bold*, _slanted_ and `code`", "bold, slanted and code"),
        ("3 * 4 * 5, snake_case_name", "3 * 4 * 5, snake_case_name"),
        ("<@U1> and <@U404>", "@alice and @U404"),
        ("<!subteam^S1> or <!subteam^S1|@leads>", "@S1 or @leads"),
        ("<https://gitlab.example/1?a=1&amp;b=2|#1294 Disk>", "#1294 Disk"),
        ("<https://gitlab.example/1>", "https://gitlab.example/1"),
        ("*<https://gitlab.example/1|WoW>* is closed", "WoW is closed"),
        ("a &lt;!channel&gt; &amp; more", "a <!channel> & more"),
        (":warning: mind this", "⚠ mind this"),
        (":no_such_emoji: at 10:30:45", ":no_such_emoji: at 10:30:45"),
        ("<!date^notanumber^{date}|in words>", "in words"),
    ],
)
def test_what_slack_reads_as_markup_is_read_so_here(mrkdwn: str, words: str) -> None:
    assert drawn.plain(mrkdwn, READ) == words


def test_an_instant_is_told_in_the_machines_own_zone() -> None:
    at = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)

    said = drawn.plain(f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|2026-11-25 09:30 UTC>", READ)

    assert said == f"{at.astimezone():%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("title", ["\x1b[2J\x1b]0;gone\x07", "a\rb", "\u202eevil\u2066", "\x9b31m"])
def test_a_title_cannot_command_the_terminal(title: str) -> None:
    page = Page().rows([Row("#1", title)]).say(title)
    field = {
        "type": "input",
        "block_id": "b",
        "label": {"type": "plain_text", "text": title},
        "element": {"type": "static_select", "action_id": "a", "options": []},
    }

    said = printed(drawn.drawn([*page.blocks, field], READ))

    assert all(sign.isprintable() or sign == "\n" for sign in said), repr(said)


def test_lists_hang_behind_their_bullets_and_steps_behind_their_numbers() -> None:
    page = Page().say("1. One and a half\n2. Two").rows([Row("#1", "A title that is too long", remark="late")])

    lines = printed(drawn.drawn(page.blocks, READ), width=16).splitlines()

    assert lines == ["1. One and a", "   half", "2. Two", "• #1 A title", "  that is too", "  long (late)"]


def test_a_modal_is_a_box_with_its_fields_and_buttons() -> None:
    option = {"text": {"type": "plain_text", "text": "Carry over"}, "value": "carry"}
    view = {
        "title": {"type": "plain_text", "text": "Roll over"},
        "submit": {"type": "plain_text", "text": "Do it"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            *Page().say("*The week*").blocks,
            {
                "type": "input",
                "block_id": "choice:issue:1",
                "label": {"type": "plain_text", "text": "#1 Disk &amp; more"},
                "hint": {"type": "plain_text", "text": "late addition"},
                "element": {"type": "static_select", "options": [option], "initial_option": option},
            },
        ],
    }

    said = printed(drawn.modal(view, READ), width=50)
    chosen = printed(drawn.modal(view, READ, {"choice:issue:1": "Leave"}), width=50)

    assert said.startswith("╭─ Roll over ─")
    assert re.search("│  #1 Disk & more +Carry over ▾  │", said)
    assert "late addition" in said
    assert "[ Cancel ]  [ Do it ]" in said
    assert "Leave ▾" in chosen
