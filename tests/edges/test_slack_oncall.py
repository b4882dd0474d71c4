"""Who is on call stands in the user group and in the channel's topic, beside what people wrote there."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Rejected, Unavailable
from bot.domain.journal import Delivery
from bot.domain.operations import SetTopic, SetUsergroup
from bot.domain.team import Team
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.weather import Weather
from bot.slack.calls import SlackCalls
from bot.slack.errors import NotThereError
from bot.slack.performer import SlackPerformer
from bot.slack.topics import LONGEST, OURS, renewed
from bot.store import open_store

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
READS, WRITES, JOINS = "/api/conversations.info", "/api/conversations.setTopic", "/api/usergroups.users.update"


@dataclass
class Office:
    """A Slack, and somebody who brings it what the outbox has."""

    slack: SlackWorld
    server: Server
    weather: Weather
    path: Path

    def gets(self, *operations: SetUsergroup | SetTopic) -> None:
        async def run() -> None:
            store = open_store(f"sqlite:///{self.path}/baton.db")
            async with aiohttp.ClientSession() as session:
                calls = SlackCalls(self.slack.bot_token, f"{self.server.url}/api/", session, lambda: AT)
                performer = SlackPerformer(calls, store, Team("C1"), {}, {}, lambda: AT)
                for number, operation in enumerate(operations):
                    await performer(Delivery(number, None, "it", operation, "claimed", 0))
            store.close()

        asyncio.run(run())

    @property
    def asked(self) -> list[str]:
        """The methods that were called."""
        return [one.path for one in self.server.recorded()]

    @property
    def topic(self) -> str:
        """As Slack keeps it."""
        return self.slack.channel("C1").topic

    def refuses(self, method: str, error: str) -> None:
        self.weather.fails(200, match=method, body={"ok": False, "error": error})


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    slack, weather = SlackWorld(), Weather()
    slack.add_person("U1", "alice")
    slack.add_person("U2", "bob")
    slack.add_channel("C1", "production", members=["U1", "U2"])
    slack.add_channel("C2", "elsewhere", members=["U1"], bot_member=False)
    slack.add_usergroup("S1", "oncall", ["U1"])
    server = Server(app(slack, weather.middleware), changes=slack.changes)
    with server:
        slack.url = server.url
        yield Office(slack, server, weather, tmp_path)


# The user group


def test_the_group_holds_whoever_is_on_call_and_nobody_else(office: Office) -> None:
    office.gets(SetUsergroup("S1", "U2"))

    assert office.slack.usergroups["S1"].users == ["U2"]
    assert office.asked == [JOINS]


def test_a_group_is_never_emptied(office: Office) -> None:
    office.gets(SetUsergroup("S1"))

    assert office.slack.usergroups["S1"].users == ["U1"]
    assert office.asked == []


def test_where_only_administrators_change_groups_the_refusal_has_slacks_name(office: Office) -> None:
    office.slack.forbids_usergroup_changes = True

    with pytest.raises(Rejected) as refused:
        office.gets(SetUsergroup("S1", "U2"))

    assert refused.value.reason == "permission_denied"


@pytest.mark.parametrize(
    "error",
    [
        "permission_denied",
        "plan_upgrade_required",
        "user_is_restricted",
        "user_is_bot",
        "no_permission",
        "failed_for_some_users",
        "subteam_max_users_exceeded",
    ],
)
def test_a_refused_group_is_an_answer_and_no_absence(office: Office, error: str) -> None:
    office.refuses(JOINS, error)

    with pytest.raises(Rejected) as refused:
        office.gets(SetUsergroup("S1", "U2"))

    assert (refused.value.reason, refused.value.gone) == (error, False)
    assert not isinstance(refused.value, NotThereError)


def test_a_missing_right_is_refused_with_slacks_name(office: Office) -> None:
    office.slack.scopes -= {"usergroups:write", "channels:write.topic", "channels:manage"}

    for operation in (SetUsergroup("S1", "U2"), SetTopic("C1", "On call: Bob")):
        with pytest.raises(Rejected, match="missing_scope"):
            office.gets(operation)


def test_a_group_that_is_not_there_is_gone(office: Office) -> None:
    with pytest.raises(Rejected) as refused:
        office.gets(SetUsergroup("S9", "U2"))

    assert (refused.value.reason, refused.value.gone) == ("no_such_subteam", True)


@pytest.mark.parametrize("error", ["token_revoked", "internal_error"])
def test_what_may_be_mended_is_tried_again(office: Office, error: str) -> None:
    office.refuses(JOINS, error)
    office.refuses(WRITES, error)

    for operation in (SetUsergroup("S1", "U2"), SetTopic("C1", "On call: Bob")):
        with pytest.raises(Unavailable):
            office.gets(operation)


# The topic


def test_the_topic_begins_with_who_is_on_call_and_what_people_wrote_stays(office: Office) -> None:
    alice = office.slack.person("U1")
    alice.sets_topic("R&D <3 | see <https://wiki.example.com|the wiki>", "C1")
    office.gets(SetTopic("C1", "On call: Alice"))
    assert office.topic == "On call: Alice | R&amp;D &lt;3 | see <https://wiki.example.com|the wiki>"

    alice.sets_topic("On call: Alice | Freeze until Monday & longer", "C1")
    office.gets(SetTopic("C1", "On call: Bob & Co"))

    assert office.topic == "On call: Bob &amp; Co | Freeze until Monday &amp; longer"


def test_a_topic_that_is_so_already_is_left_alone(office: Office) -> None:
    office.slack.person("U2").sets_topic("A & B", "C1")
    office.gets(SetTopic("C1", "On call: Bob & Co"), SetTopic("C1", "On call: Bob & Co"), SetTopic("C1"))

    assert office.asked == [READS, WRITES, READS]
    assert [one.topic for one in office.slack.messages("C1")] == [
        "A &amp; B",
        "On call: Bob &amp; Co | A &amp; B",
    ]


@pytest.mark.parametrize(("channel", "error"), [("C2", "not_in_channel"), ("C9", "channel_not_found")])
def test_a_topic_where_baton_is_not_is_refused_with_slacks_name(office: Office, channel: str, error: str) -> None:
    with pytest.raises(NotThereError) as refused:
        office.gets(SetTopic(channel, "On call: Bob"))

    assert refused.value.code == error


@pytest.mark.parametrize(
    ("error", "is_elsewhere"),
    [
        ("is_archived", True),
        ("user_is_restricted", False),
        ("no_permission", False),
        ("method_not_supported_for_channel_type", False),
    ],
)
def test_a_refused_topic_says_why(office: Office, error: str, *, is_elsewhere: bool) -> None:
    office.refuses(WRITES, error)

    with pytest.raises(Rejected, match=error) as refused:
        office.gets(SetTopic("C1", "On call: Bob"))

    assert isinstance(refused.value, NotThereError) is is_elsewhere


@pytest.mark.parametrize(
    ("before", "ours", "after"),
    [
        ("", "On call: Bob", "On call: Bob"),
        ("On call: Alice", "On call: Bob", "On call: Bob"),
        ("Docs", "On call: Bob", "On call: Bob | Docs"),
        ("On call: Alice | Docs | More", "On call: Bob", "On call: Bob | Docs | More"),
        ("Docs | On call: Alice | More", "On call: Bob", "On call: Bob | Docs | More"),
        ("Docs|More", "On call: Bob | SRE", "On call: Bob / SRE | Docs|More"),
        ("On call: Bob / SRE | Docs", "On call: Alice", "On call: Alice | Docs"),
        ("Who is On call: see docs", "On call: Bob", "On call: Bob | Who is On call: see docs"),
        ("&lt;!channel&gt; &amp;amp; <!here>", "On call: <!channel>", "On call: ‹!channel› | ‹!channel> &amp; <!here>"),
    ],
)
def test_only_batons_own_part_of_a_topic_is_replaced(before: str, ours: str, after: str) -> None:
    assert renewed(before, ours) == after


def test_what_people_wrote_is_cut_where_a_topic_would_be_too_long() -> None:
    long = renewed("x" * 245, "On call: Bob")
    link = renewed(f"{'x' * 200} <https://wiki.example.com/a-long-page|the wiki>", "On call: Bob")

    assert (len(long), long[-3:]) == (LONGEST, "xx…")
    assert link == f"On call: Bob | {'x' * 200}…"
    assert renewed("x" * 200, f"On call: {'y' * 300}") == f"On call: {'y' * 240}…"


@given(st.text(alphabet="ab|&<>@!: On callé", max_size=300), st.text(max_size=260))
def test_a_topic_is_renewed_within_its_limit_and_only_once(theirs: str, name: str) -> None:
    kept = theirs.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    once = renewed(kept, f"{OURS}B{name}")
    again = renewed(once.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), f"{OURS}B{name}")

    assert len(once) <= LONGEST
    assert once.startswith(OURS)
    assert again == once
