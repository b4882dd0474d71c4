"""Text typed in Slack does nothing in GitLab but stand there as it was typed."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.events import Event
from bot.domain.outages import Outage
from bot.messages import tracker
from bot.messages.tracker import harmless, one_line, quoted, title
from bot.sandbox.gitlab import text as gitlab

PROJECT = "infra/production"
OWN = "https://gitlab.example"
JOINER = "\u2060"
AT = datetime(2026, 11, 25, 14, 5, 7, tzinfo=UTC)
PERMALINK = "https://acme.slack.com/archives/C1/p1795615507000100?thread_ts=1795615507.000100&cid=C1"

INJECTIONS = [
    "/close",
    "/assign @all",
    "  /close",
    "\t/label ~outage",
    "\u00a0/close",
    "\u200b/close",
    "/\u200bclose",
    "\ufeff/close",
    "fine\r/close",
    "fine\r\n/close\r\n",
    "fine\u2028/close",
    "fine\x85/close\x0b/close",
    "fine\\\n/close",
    "- /close",
    "> /close",
    "/shrug",
    "@all",
    "@\u200ball",
    "@\u2060all",
    "@\u202eall",
    "\\@all",
    "\\\\@all",
    "(@all) cc:@all, @alice.b-c",
    "&#64;all &commat;all &num;1",
    "#1294",
    "[#1294]",
    "#\u200b1294",
    "# 1294 and #1294.",
    "infra/production#1294",
    "!1",
    "infra/production!1",
    "~outage",
    '~"(perceived) data loss"',
    "~~outage~~",
    "%WoW",
    '%"Next WoW"',
    "&12 $12 ^alert#12 *iteration:12",
    "infra/production>",
    "infra/production@1a2b3c4d",
    "1a2b3c4d..5e6f7a8b",
    "deadbeef 20170131 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "JIRA-12 GL-12",
    "[issue:12] [vulnerability:12] [feature_flag:12]",
    "[[_TOC_]]",
    "[TOC]",
    "[[page]]",
    "%{project_path}",
    "<!channel>",
    "<@U024BE7LH>",
    "<!-- baton:outage-7 -->",
    "<!--",
    "<script>alert(1)</script>",
    "<details>\n<summary>x</summary>",
    "<b>bold</b> a < b > c",
    "[x](javascript:alert(1))",
    "[x](https://evil.example)",
    "[x][y]\n\n[y]: https://evil.example",
    "![x](https://evil.example/x.png)",
    "[^1]\n\n[^1]: note",
    "<javascript:alert(1)> data:text/html,x",
    "<https://evil.example>",
    "```\ncode\n```",
    "```ruby\ncode\n/close",
    "````",
    "~~~\ncode",
    "`code` and ``co`de`` and `",
    "`1a2b3c4`",
    "    indented\n\tindented",
    "# heading\n## heading",
    "heading\n===\nheading\n---",
    "---\nfront: matter\n---",
    "+++\n+++",
    ";;;\n;;;",
    "* * *\n- - -\n___\n***",
    "* a\n- b\n+ c\n1. d\n2) e\n- [ ] f",
    "term\n: explained",
    "> quoted\n>>>\nall of it\n>>>",
    "> [!note]\n> alert",
    "| a | b |\n| - | - |\n| c | d |",
    "a | b\n--- | ---",
    "a\n:-:",
    "*bold* _slanted_ __init__ snake_case **x**",
    "$`x`$ $a$ $$\na\n$$",
    "```math\nx\n```",
    "{+ added +} [- removed -]",
    "::include{file=x}",
    "C:\\new \\* \\",
    "https://gitlab.example/infra/production/-/issues/1#note_2",
    "see https://gitlab.example/infra, or (https://gitlab.example/infra/production/issues/12).",
    "ssh://git@gitlab.example/x git+https://gitlab.example/-/issues/1",
    "\ud800@all",
    "\x00/close",
    "@all" * 3000,
    "/close\n" * 1500,
    "x" * 12_000,
    "",
    " ",
    " \n\t\n ",
    "\u200b",
]
SIGNS = [
    *"\\`*_{}[]<>|~#@!%&$^+-=:;/.,()'\"?1aA9é \n\t",
    "\u00a0",
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\ufe0f",
    "👩",
]
WORDS = ["all", "12", "abc", "1a2b3c4", "GL-1", "close", "issue:", "https://x.org/a", "www.x.org", "javascript:", "a/b"]
PIECES = [*SIGNS, *WORDS, *(one for one in INJECTIONS if len(one) < 80)]
typed = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
anything = st.one_of(typed, st.text(max_size=80))

# as a checker would look for them who has never heard of backslashes
NAIVE = [
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"(?<!\w)@[\w.-]+",
        r"@\w",
        r"#\d",
        r"[A-Za-z/]+#\d+",
        r"!\d",
        r"""~["'\w]""",
        r"""%["'\w{]""",
        r"&#?\w",
        r"\$\d",
        r"\^\w",
        r"\*\w+:",
        r"^\s*/\w",
        r"\w+/\w+@[0-9a-f]{7,40}",
        r"\b[0-9a-f]{7,40}\b",
        r"\b[A-Z][A-Z0-9_]*-\d",
        r"\w>",
        r"\[\w+:",
        r"\[\[",
        r"\]\(",
        r"^\[[^\]]*\]:",
        r"<[A-Za-z/!?@]",
        r"javascript:[\w(/]",
        r"[{\[][+-]",
        r"[a-z]://",
    )
]
BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_INERT = re.compile(r"\\[!-/:-@\[-`{-~]|(?P<code>`[^`\n]+`)|(?P<address>(?<![\w+.-])(?:https?://|www\.)[^\s\"”’]+)")
PLAIN = {"paragraph_open", "paragraph_close", "inline", "text", "hardbreak", "code_inline"}
"""What Markdown makes of text that has no structure."""
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def without_code(markdown: str) -> str:
    """Leave code and addresses out, and all backslashes where they are."""
    return _INERT.sub(lambda found: " " if found["code"] or found["address"] else found.group(), markdown)


def tokens(markdown: str) -> list[Token]:
    return [inner for one in MARKDOWN.parse(markdown) for inner in (one, *(one.children or ()))]


def shown(markdown: str, *, code: bool = True) -> str:
    """Say what a reader sees of a text without structure."""
    signs = {"text": "{}", "code_inline": "{}" if code else " ", "hardbreak": "\n", "paragraph_close": "\n"}
    return "".join(signs.get(one.type, "").format(one.content) for one in tokens(markdown))


def bare(text: str) -> list[str]:
    """Take a text's words, without what nobody sees."""
    text = BREAKS.sub("\n", text)
    return "".join(
        sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs"}
    ).split()


def acts(markdown: str) -> list[str]:
    """List what GitLab, or somebody with regular expressions, would find in it."""
    reading = gitlab.read(markdown, PROJECT)
    readings = [without_code(markdown), re.sub(r"(?:https?://|www\.)[^\s\"”’]+", " ", shown(markdown, code=False))]
    naive = [
        f"{pattern.pattern} in {found[0]!r}" for pattern in NAIVE for one in readings if (found := pattern.search(one))
    ]
    return [*reading.mentions, *reading.references, *(action.name for action in reading.actions), *naive]


@pytest.mark.parametrize("text", INJECTIONS)
def test_typed_text_acts_nowhere_and_stands_as_it_was_typed(text: str) -> None:
    made = harmless(text, own=OWN)

    assert acts(made) == []
    assert bare(shown(made)) == bare(text)
    assert {one.type for one in tokens(made)} <= PLAIN


@given(anything)
def test_whatever_is_typed_mentions_refers_and_commands_nothing(text: str) -> None:
    assert acts(harmless(text, own=OWN)) == []
    assert acts(one_line(text, own=OWN)) == []


@given(anything)
def test_whatever_is_typed_has_no_structure_and_is_read_as_it_was_typed(text: str) -> None:
    made = harmless(text, own=OWN)

    assert {one.type for one in tokens(made)} <= PLAIN
    assert bare(shown(made)) == bare(text)


@given(anything)
def test_lines_break_where_they_were_broken(text: str) -> None:
    assert bare_lines(shown(harmless(text))) == bare_lines(BREAKS.sub("\n", text))


def bare_lines(text: str) -> list[str]:
    return [" ".join(bare(line)) for line in text.split("\n") if bare(line)]


@given(anything)
def test_code_is_only_what_names_a_commit_or_an_address(text: str) -> None:
    for one in tokens(harmless(text, own=OWN)):
        if one.type == "code_inline":
            assert re.search(r"[0-9a-fA-F]{7}|^https?://|^www\.", one.content, re.IGNORECASE)


@given(anything)
def test_a_title_refers_to_nothing_and_shows_no_backslash_of_ours(text: str) -> None:
    made = title(text, own=OWN)

    reading = gitlab.read(made, PROJECT, may_act=True)
    assert (reading.mentions, reading.references, reading.actions) == ([], [], [])
    found = re.sub(r"(?<![\w+.-])(?:https?://|www\.)[^\s\"”’]+", " ", made)
    assert [pattern.pattern for pattern in NAIVE if pattern.search(found)] == []
    assert "\n" not in made
    assert len(made) <= 255
    if not made.endswith("…") and bare(text):
        assert bare(made) == bare(text)


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_title_of_any_injection_is_one(text: str) -> None:
    made = title(text, own=OWN)

    # GitLab takes joiners away at both ends
    assert acts(made.strip(JOINER)) == [] or made.count("`")
    assert made.strip(JOINER)


def test_a_long_title_shows_that_it_was_cut() -> None:
    assert title("x" * 255) == "x" * 255
    assert title("x" * 256) == "x" * 254 + "…"
    assert title("disk " * 100) == ("disk " * 51).strip() + "…"
    assert title("short title", most=5) == "shor…"


@pytest.mark.parametrize("nothing", ["", "  ", "\u200b\u2060", "\x00\n"])
def test_a_title_of_nothing_still_is_one(nothing: str) -> None:
    assert title(nothing) == "(untitled)"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Disk is 100% full!", "Disk is 100% full!"),
        ("max_wal_senders on db1.cluster.gitlab.com", "max_wal_senders on db1.cluster.gitlab.com"),
        ("47 000 IPs; about 4.5 GB (of 300)", "47 000 IPs; about 4.5 GB (of 300)"),
        ("rm -rf /var/opt/gitlab", "rm -rf /var/opt/gitlab"),
        ("a -> b, 3 < 4", "a -> b, 3 < 4"),
        ("12:30 restarted & fine", "12:30 restarted & fine"),
        ("@all", f"\\@{JOINER}all"),
        ("[#1294]", f"\\[{JOINER}\\#{JOINER}1294\\]"),
        ("/close", f"{JOINER}\\/{JOINER}close"),
        ("one\n  two\n\nthree", "one  \n\u00a0\u00a0two\n\nthree"),
        ("web-7f8c9d6b5-x2x is gone.", "`web-7f8c9d6b5-x2x` is gone."),
        ("👩\u200d🚒 and a\u200db", "👩\u200d🚒 and ab"),
        ("evil \u202etxt.exe\u202c", "evil txt.exe"),
    ],
)
def test_plain_words_need_no_signs_around_them(text: str, made: str) -> None:
    assert harmless(text) == made


@pytest.mark.parametrize(
    "address",
    [
        "https://x.org",
        "http://db1.cluster:8080/status",
        "https://grafana.example/d/abc/db?from=now-1h&var-host=db1&viewPanel=2",
        "https://acme.slack.com/archives/C1/p1795615507000100",
        "https://en.example/a%20b/c_d#section",
        "www.x.org/a",
    ],
)
def test_an_address_from_elsewhere_stays_a_link(address: str) -> None:
    assert harmless(f"see {address}.", own=OWN) == f"see {address}."
    assert harmless(f"({address})", own=OWN) == f"({address})"
    assert title(address, own=OWN) == address


@pytest.mark.parametrize(
    "address",
    [
        "https://gitlab.example",
        "https://gitlab.example/infra",
        "HTTP://GITLAB.EXAMPLE/infra",
        "https://gitlab.example:443/infra",
        "https://other.example/a/b/-/merge_requests/1",
        "https://other.example/a/b/issues/1",
        "https://other.example/groups/a/-/epics/1",
        "https://other.example/a/b/milestones/3",
        "https://x.org/@all",
        "https://user@x.org/",
        "https://x.org/#12",
        "https://x.org/~outage",
        "https://x.org/_a",
        "https://x.org/&lt",
        "https://x.org/(a)",
    ],
)
def test_an_address_that_could_refer_to_something_is_code(address: str) -> None:
    assert harmless(f"see {address}.", own=OWN) == f"see `{address}`."
    assert address not in title(address, own=OWN)
    assert title(address, own=OWN).replace(JOINER, "") == address


def test_an_address_that_only_begins_like_ours_is_from_elsewhere() -> None:
    assert harmless("https://gitlab.example.org/a", own=OWN) == "https://gitlab.example.org/a"
    assert harmless("https://gitlab.example/a") == "https://gitlab.example/a"


@given(anything)
def test_a_quotation_is_one_quotation_of_plain_text(text: str) -> None:
    made = quoted(text, own=OWN)

    assert [one.type for one in tokens(made)].count("blockquote_open") == bool(bare(text))
    assert {one.type for one in tokens(made)} <= PLAIN | {"blockquote_open", "blockquote_close"}
    assert bare(shown(made)) == bare(text)
    assert acts(made) == []


def event(text: str, **more: object) -> Event:
    given = Event(1, "k", "incident", AT, AT, "U1", text, "command", "C1")
    return replace(given, **more)  # type: ignore[arg-type]


def test_a_note_begins_with_the_moment_the_kind_and_who() -> None:
    assert tracker.note(event("Disk full"), "Alice") == (
        "**2026-11-25 14:05:07 UTC** · incident · by Alice\n\nDisk full"
    )


def test_a_note_gives_seconds_only_where_there_are_some_and_always_utc() -> None:
    at = datetime(2026, 11, 25, 15, 5, tzinfo=timezone(timedelta(hours=1)))

    assert tracker.note(event("x", at=at, recorded_at=at), "Alice").startswith("**2026-11-25 14:05 UTC** · ")


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (timedelta(minutes=5), ""),
        (timedelta(minutes=6), " · logged at 14:11 UTC"),
        (timedelta(days=1), " · logged at 2026-11-26 14:05 UTC"),
    ],
)
def test_a_note_tells_what_was_logged_late(later: timedelta, said: str) -> None:
    assert tracker.note(event("x", recorded_at=AT + later), "A").split("\n")[0].partition("by A")[2] == said


def test_a_note_links_to_the_message_and_tells_of_an_edit() -> None:
    made = tracker.note(event("x", permalink=PERMALINK, version=2), "Alice", edited=True)

    assert made.startswith(f"**2026-11-25 14:05:07 UTC** · incident · by Alice · edited · [in Slack]({PERMALINK})\n")


@pytest.mark.parametrize(
    "permalink", ["javascript:alert(1)", "https://x.org/a) @all", "http://x.org", "https://x.org/@a"]
)
def test_a_permalink_that_is_none_is_left_out(permalink: str) -> None:
    assert "in Slack" not in tracker.note(event("x", permalink=permalink), "Alice")


@given(anything, st.sampled_from(["", PERMALINK]))
def test_a_retracted_note_is_struck_line_by_line_and_says_so(text: str, permalink: str) -> None:
    made = tracker.note(event(text, retracted=True, permalink=permalink, version=2), "Alice")

    struck, inside = 0, False
    for one in tokens(made):
        inside = (inside or one.type == "s_open") and one.type != "s_close"
        if one.type == "text" and not inside:
            assert one.content.strip() in {"", "· retracted", "· retracted ·", "in Slack"}
        struck += one.type == "s_open"
    assert struck == 1 + len(bare_lines(BREAKS.sub("\n", text)))
    assert " · retracted" in made
    assert "· edited" not in made


@given(anything, st.text(max_size=20), st.booleans())
def test_what_is_written_of_an_event_or_an_outage_acts_nowhere(text: str, by: str, retracted: bool) -> None:
    one = event(text, retracted=retracted, permalink=PERMALINK, recorded_at=AT + timedelta(hours=1))
    outage = Outage(7, "k", text, "U1", AT, seen=text, permalink=PERMALINK)

    for made in (
        tracker.note(one, by, edited=True, own=OWN),
        tracker.toil(one, by, own=OWN),
        tracker.description(outage, by, own=OWN),
    ):
        assert acts(made.replace(f"[in Slack]({PERMALINK})", "")) == []
        assert "html_block" not in {each.type for each in tokens(made)}


def test_a_note_of_a_deploy_is_a_note() -> None:
    made = tracker.note(event("web 1a2b3c4d to production: success", kind="change", source="deploy"), "gitlab")

    assert made == "**2026-11-25 14:05:07 UTC** · change · by gitlab\n\nweb `1a2b3c4d` to production: success"


def test_an_outage_is_described_by_what_is_seen_and_who_declared_it() -> None:
    outage = Outage(7, "k", "Database down", "U1", AT, seen="Pages are /down\n#1", permalink=PERMALINK)

    made = tracker.description(outage, "Alice")

    assert made.startswith(
        f"Pages are /down  \n\\#{JOINER}1\n\n"
        f"Declared by Alice at **2026-11-25 14:05:07 UTC** · O7 in Baton · [in Slack]({PERMALINK})\n\n"
    )
    assert "Baton's log" in made


def test_what_was_seen_is_described_with_its_quotes() -> None:
    seen = "bob, 09:00Z\n> disk full\n> /close\n\ncarol, 09:01Z\n> @all"

    made = tracker.description(Outage(7, "k", "Database down", "U1", AT, seen=seen), "Alice")

    assert [line[0] for line in made.splitlines()[:8] if line] == ["b", ">", ">", "c", ">"]
    assert " ".join(bare(shown(made))).startswith("bob, 09:00Z disk full /close carol, 09:01Z @all Declared by Alice")
    assert acts(made) == []


def test_toil_is_described_by_its_event_and_asks_what_it_costs() -> None:
    made = tracker.toil(event("Rotated logs by hand", kind="change", permalink=PERMALINK), "Alice")

    assert made.startswith(
        f"> Rotated logs by hand\n\n**2026-11-25 14:05:07 UTC** · change · by Alice · [in Slack]({PERMALINK})\n\n"
    )
    assert made.endswith("?")
