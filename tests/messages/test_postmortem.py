"""The draft of a post-mortem has the six parts, names nobody, and does nothing in GitLab but be read."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.events import Event
from bot.domain.outages import Outage
from bot.messages.postmortem import draft

NINE: Final = datetime(2017, 1, 31, 21, tzinfo=UTC)
NOW: Final = datetime(2017, 2, 2, 8, 30, tzinfo=UTC)
URL: Final = "https://gitlab.example/production/tracker/-/issues/12"
DOWN: Final = Outage(7, "k7", "Database down", "U1", NINE, iid=12, url=URL, ended_at=NINE + timedelta(hours=21))
NAMES: Final = {
    "U1": ("alice",), "U2": ("Bob Builder",), "U3": ("carol", "Carol Real", "carol.real", "carol@x.example"),
}  # fmt: skip
SIX: Final = (
    "Timeline", "Graphs or logs", "Five whys", "What worked well", "What can be improved", "Further actions",
)  # fmt: skip
ACTS: Final = (
    "/close", "@all", "@alice", "#1294", "!1", "~outage", "%WoW", "$5", "&3", "<script>", "[x](javascript:alert(1))",
    "```\n/close\n```", "group/project#1", "production/tracker!2", "\n/assign @all", "<!-- ", "| a | b |", "\u200b/close",
    f"{URL}", "https://gitlab.example/alice", "1. one", "# title", "- [ ] task", "[issue:1]", "deadbeef1", "ABC-123",
)  # fmt: skip


def happened(id: int, text: str, by: str = "U1", **more: object) -> Event:
    at = NINE + timedelta(minutes=id)
    event = Event(id, f"k{id}", "incident", at, at + timedelta(minutes=1), by, text, "command", outage=7)
    return replace(event, **more)  # type: ignore[arg-type] # fields of the value


def timeline(written: str) -> str:
    return written[written.index("## Timeline") : written.index("## Graphs")].replace("\u2060", "")


def test_it_has_the_six_parts_in_order_and_the_timeline_filled_in() -> None:
    events = [
        happened(400, "fixed"),
        happened(1, "Page: replication lags", by="U2"),
        happened(2, "@bob restarts db2\nalice looks on", by="U2", kind="change"),
    ]

    written = draft(DOWN, events, 0, NAMES, NOW)

    parts = re.findall(r"^## (.*)$", written, re.MULTILINE)
    assert tuple(part for part in parts if part in SIX) == SIX
    assert timeline(written) == (
        "## Timeline\n\n"
        "### 2017-01-31 (Tuesday)\n\n"
        "- 21:01 · **incident** · team-member-1: Page: replication lags\n"
        "- 21:02 · **change** · team-member-1: team-member-1 restarts db2  \n"
        "  team-member-2 looks on\n\n"
        "### 2017-02-01 (Wednesday)\n\n"
        "- 03:40 · **incident** · team-member-2: fixed\n\n"
    )


def test_it_says_what_when_and_how_long() -> None:
    written = draft(replace(DOWN, data_loss=True, seen="Nobody can log in, says @carol"), [], 0, NAMES, NOW)

    assert written.startswith("# Post-mortem: Database down\n")
    assert f"- **Outage:** O7, {URL}\n" in written
    assert "- **When:** 2017-01-31 21:00 – 2017-02-01 18:00 UTC (21 h)\n" in written
    assert "- **Data loss:** yes" in written
    assert "blameless" in written
    assert "Nobody can log in, says team-member-1" in written


def test_an_outage_that_goes_on_and_has_no_issue_can_be_drafted_too() -> None:
    written = draft(replace(DOWN, ended_at=None, url="", iid=None), [], 0, {}, NINE + timedelta(minutes=5))
    assert "- **Outage:** O7\n" in written
    assert "since 2017-01-31 21:00 UTC, ongoing (5 min)" in written
    assert "Nothing was logged." in written


def test_private_events_are_counted_and_no_more() -> None:
    assert "\n\n3 private events.\n\n" in draft(DOWN, [happened(1, "x")], 3, NAMES, NOW)
    assert "\n\n1 private event.\n\n" in draft(DOWN, [], 1, NAMES, NOW)
    assert "private event" not in draft(DOWN, [happened(1, "x")], 0, NAMES, NOW)


def test_the_title_of_a_confidential_outage_is_not_told() -> None:
    written = draft(replace(DOWN, title="secret", seen="secret", confidential=True), [], 2, NAMES, NOW)
    assert "secret" not in written
    assert "# Post-mortem: (confidential)" in written


def test_whatever_somebody_is_called_they_are_named_nowhere() -> None:
    outage = replace(DOWN, title="Carol Real’s disk", seen="carol@x.example told Real; ask eve@y.example")
    events = [happened(1, "Carol Real removed db1"), happened(2, "carol.real stops", by="U3")]

    written = draft(outage, events, 0, NAMES, NOW).replace("\u2060", "")

    assert "# Post-mortem: team-member-1’s disk\n" in written
    assert "team-member-1 told team-member-1; ask (e-mail address)\n" in written
    assert "team-member-2: team-member-1 removed db1\n" in written
    assert "team-member-1: team-member-1 stops\n" in written
    assert not re.search(r"carol|real|example(?!/production)", written.replace("gitlab.example", ""), re.IGNORECASE)


def test_what_was_retracted_is_left_out() -> None:
    written = draft(DOWN, [happened(1, "a mistake by carol", by="U3", retracted=True), happened(2, "x")], 0, NAMES, NOW)
    assert "mistake" not in written
    assert "team-member-1" in timeline(written)
    assert "team-member-2" not in written


def test_roles_that_the_log_speaks_of_are_not_given_to_others() -> None:
    written = draft(DOWN, [happened(1, "team-member-1 removes the data directory")], 0, NAMES, NOW)
    assert "team-member-2: team-member-1 removes" in timeline(written)


@pytest.mark.parametrize("number", [0, 1, 500])
def test_a_draft_of_any_size_fits_a_description(number: int) -> None:
    events = [happened(one, "@#!~ " * 600) for one in range(number)]

    written = draft(DOWN, events, 0, NAMES, NOW)

    assert len(written) < 1_000_000
    assert timeline(written).count("\n- ") == number


@example([f"```\n/close\n``` {URL}"])
@given(st.lists(st.lists(st.sampled_from([*ACTS, "alice", "text", "\n", " "]), max_size=5).map(" ".join), max_size=5))
def test_it_acts_nowhere_in_gitlab(texts: list[str]) -> None:
    outage = replace(DOWN, title=" ".join(texts), seen="\n".join(texts))
    names = {**NAMES, "U4": ("/close @all #1",)}
    written = draft(outage, [happened(one, text, by="U4") for one, text in enumerate(texts)], 0, names, NOW)

    ours = written.replace(f"- **Outage:** O7, {URL}", "")
    outside_code = re.sub(r"(?<!\\)`[^`\n]*`", "", ours)
    assert not re.search(r"^[ \t>*-]*/\w", ours, re.MULTILINE)
    assert not re.search(r"(?<!\\)<[\w!/]|^\s*```", ours, re.MULTILINE)
    assert not re.search(r"[@!~%$&]\w|(?<!^)#\w|\]\(|/-/issues", outside_code, re.MULTILINE)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_it_names_nobody(texts: list[str]) -> None:
    events = [happened(one, f"{text} Alice, {text} bob builder") for one, text in enumerate(texts)]

    written = draft(replace(DOWN, title="alice's disk"), events, 0, NAMES, NOW).replace("\u2060", "")

    assert not re.search(
        r"\balice,|\balice's|\bbob builder\b(?!\w)", re.sub(r"\S*(?:://|@|\.)\S*", "", written), re.IGNORECASE
    )
