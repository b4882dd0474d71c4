"""Who is in a channel, and whether it is private, is asked when a request waits for it, and kept in step from then on."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest

from bot.dialogue import Request
from bot.domain.errors import Unavailable
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.weather import Weather
from bot.slack.calls import SlackCalls
from bot.slack.roster import ADDRESS, HELD, Roster
from bot.store import Store, Tx, open_store

T = TypeVar("T")
A_DAY = timedelta(days=1, minutes=1)


@dataclass
class Office:
    """A Slack, and a roster that works when it is told to."""

    slack: SlackWorld
    server: Server
    weather: Weather
    store: Store
    now: datetime = datetime(2026, 11, 25, 9, tzinfo=UTC)
    answered: list[str] = field(default_factory=list)

    def waits_for(self, channel: str) -> None:
        """A request is kept until something is known of a channel, and the roster works."""
        request = Request(f"r{len(self.answered)}", "command", "event", "U1", self.now, channel=channel)
        self.write(lambda tx: tx.keep_request(request.id, request.written(), channel, self.now))
        self.steps()

    def steps(self) -> None:
        async def run() -> None:
            async with aiohttp.ClientSession() as session:
                calls = SlackCalls(self.slack.bot_token, f"{self.server.url}/api/", session, lambda: self.now)
                roster = Roster(self.store, calls, lambda: self.now, self._answer, lambda *_: None)
                await roster.step()
                await asyncio.gather(*roster._shown.values())

        asyncio.run(run())

    def write(self, fn: Callable[[Tx], T]) -> T:
        return asyncio.run(self.store.write(fn))

    def members(self, channel: str) -> set[str] | None:
        """Who is known to be there; None where nobody has asked."""
        found = self.write(lambda tx: tx.members_of([channel]))
        return set(found[channel]) if channel in found else None

    def is_private(self, channel: str) -> bool | None:
        return self.write(lambda tx: tx.is_private(channel))

    def asked(self, method: str) -> int:
        """How often Slack was asked."""
        return len([one for one in self.server.recorded() if one.path == f"/api/conversations.{method}"])

    async def _answer(self, request: Request) -> "asyncio.Task[None]":
        self.answered.append(request.id)
        return asyncio.create_task(asyncio.sleep(0))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    slack, weather = SlackWorld(), Weather()
    slack.add_person("U1", "alice")
    slack.add_person("U2", "bob")
    slack.add_channel("C1", "production", members=["U1", "U2"])
    slack.add_channel("C2", "secret", private=True, members=["U1"])
    slack.add_channel("C3", "elsewhere", private=True, members=["U1"], bot_member=False)
    store = open_store(f"sqlite:///{tmp_path}/baton.db")
    with Server(app(slack, weather.middleware), changes=slack.changes) as server:
        yield Office(slack, server, weather, store)
    store.close()


def test_of_a_private_channel_members_are_asked_for_with_the_first_question(office: Office) -> None:
    office.waits_for("C2")

    assert (office.is_private("C2"), office.members("C2")) == (True, {"U1", office.slack.bot_user})
    assert office.answered == ["r0"]


def test_of_a_public_channel_members_are_asked_for_when_a_request_waits_for_nothing_else(office: Office) -> None:
    office.waits_for("C1")
    assert (office.is_private("C1"), office.members("C1"), office.asked("members")) == (False, None, 0)

    office.waits_for("C1")

    assert office.members("C1") == {"U1", "U2", office.slack.bot_user}
    assert office.asked("info") == 1
    assert office.answered == ["r0", "r1"]


def test_a_channel_without_baton_is_private_and_has_no_members_as_far_as_is_known(office: Office) -> None:
    office.waits_for("C3")

    assert (office.is_private("C3"), office.members("C3")) == (True, set())
    assert office.answered == ["r0"]
    office.waits_for("C3")
    assert office.asked("members") == 1


def test_direct_messages_with_baton_are_not_private_and_those_between_two_are(office: Office) -> None:
    own = office.slack.direct("U1").id
    office.waits_for(own)
    office.waits_for("D9")

    assert (office.is_private(own), office.is_private("D9")) == (False, True)
    assert office.asked("info") == office.asked("members") == 0


def test_members_are_asked_for_again_after_a_day(office: Office) -> None:
    office.waits_for("C2")
    office.slack.channel("C2").members.append("U2")
    office.steps()
    assert office.asked("members") == 1

    office.now += A_DAY
    office.steps()

    assert office.members("C2") == {"U1", "U2", office.slack.bot_user}


def test_a_public_channel_that_becomes_private_is_noticed_within_a_day(office: Office) -> None:
    office.waits_for("C1")
    office.slack.channel("C1").kind = "group"

    office.now += A_DAY
    office.steps()

    assert office.is_private("C1")
    assert office.members("C1") == {"U1", "U2", office.slack.bot_user}


def test_a_private_channel_is_forgotten_when_baton_is_taken_out_of_it(office: Office) -> None:
    office.waits_for("C2")
    office.slack.channel("C2").members.remove(office.slack.bot_user)

    office.now += A_DAY
    office.steps()

    assert (office.is_private("C2"), office.members("C2")) == (True, set())


def test_a_silent_slack_keeps_the_request_waiting(office: Office) -> None:
    office.weather.fails(503, match="conversations.members")

    with pytest.raises(Unavailable):
        office.waits_for("C2")
    assert office.answered == []

    office.weather.clears()
    office.now += HELD  # another process may go on with it
    office.steps()
    assert office.answered == ["r0"]
    assert office.members("C2") == {"U1", office.slack.bot_user}


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members"])
def test_a_right_that_is_missing_hides_what_it_cannot_check_and_is_tried_again_soon(
    office: Office, method: str
) -> None:
    office.weather.fails(200, match=method, body={"ok": False, "error": "missing_scope"})
    office.waits_for("C2")
    assert office.is_private("C2")
    assert office.answered == ["r0"]

    office.weather.clears()
    office.now += timedelta(minutes=6)
    office.steps()

    assert (office.is_private("C2"), office.members("C2")) == (True, {"U1", office.slack.bot_user})


def test_where_the_workspace_is_is_remembered(office: Office) -> None:
    office.steps()

    assert office.write(lambda tx: tx.fact(ADDRESS)) == "https://sandbox.slack.com/"
