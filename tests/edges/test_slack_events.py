"""What Slack tells by itself is heard where somebody listens, and else costs nothing."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest

from bot.dialogue import Closed, Outcome, Request
from bot.domain.people import Person
from bot.domain.team import Team
from bot.slack.bolt import SlackApp
from bot.slack.calls import SlackCalls
from bot.slack.channels import PRIVATE, Channels
from bot.slack.edge import Edge
from bot.slack.roster import BOT, BOT_USER
from bot.store import Store, Tx

T = TypeVar("T")
pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
TS = "1795597200.000007"
HEARD = ("reaction_added", "reaction_removed", "message_changed", "message_deleted", "member_joined_channel")


class Counting(Store):
    """A store that counts how often somebody looks into it."""

    looks = 0

    async def read(self, fn: Callable[[Tx], T]) -> T:
        self.looks += 1
        return await super().read(fn)

    async def write(self, fn: Callable[[Tx], T]) -> T:
        self.looks += 1
        return await super().write(fn)


class Ear:
    """A bot that writes down what it hears, in Socket Mode."""

    def __init__(self, store: Counting, session: aiohttp.ClientSession) -> None:
        self.store = store
        self.heard: list[Request] = []
        self.shown: list[str] = []
        self.breaks = False
        handlers = {("event", name): self._hear for name in HEARD}
        also = {(kind, "*"): self._hear for kind in ("shortcut", "command", "button")}
        edge = Edge(store, Team("C1"), {**handlers, **also}, lambda: AT, lambda: "r")
        calls = SlackCalls("xoxb-1", "http://127.0.0.1:9/api/", session, lambda: AT)
        self.app = SlackApp(
            edge,
            calls,
            store,
            Channels(store, calls, edge.team, edge.clock),
            token="xoxb-1",
            signing_secret=None,
            begin=lambda request, *_: self.shown.append(request.name),
            people_changed=lambda: None,
        )

    async def hears(self, kind: str, **event: Any) -> dict[str, Any] | None:  # noqa: ANN401 - the fields of an event
        number = len(self.heard)
        body = {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{number}", "event": {"type": kind, **event}}
        return await self.app.take_envelope({"envelope_id": f"e{number}", "payload": body})

    async def is_used_on(self, channel: str, **message: Any) -> dict[str, Any] | None:  # noqa: ANN401 - of a message
        body = {
            "type": "message_action",
            "callback_id": "log_as_event",
            "team": {"id": "T1", "domain": "acme"},
            "user": {"id": "U1"},
            "channel": {"id": channel, "name": "production"},
            "message": {"type": "message", "ts": TS, **message},
        }
        return await self.app.take_envelope({"envelope_id": "s", "payload": body})

    async def is_told(self, command: str, text: str) -> dict[str, Any] | None:
        body = {"command": command, "text": text, "user_id": "U1", "team_id": "T1", "channel_id": "C1"}
        return await self.app.take_envelope({"envelope_id": f"c{len(self.heard)}", "payload": body})

    async def is_used_in_a_modal(self, kind: str, action: str, trigger: str) -> dict[str, Any] | None:
        values = {"summary": {"handoff.typed#0": {"type": "plain_text_input", "value": "all is"}}}
        body = {
            "type": "block_actions",
            "team": {"id": "T1"},
            "user": {"id": "U1"},
            "trigger_id": trigger,
            "view": {"id": "V1", "private_metadata": "about", "state": {"values": values}},
            "actions": [{"type": kind, "action_id": action, "block_id": "summary", "value": "all is"}],
        }
        return await self.app.take_envelope({"envelope_id": f"b{trigger}", "payload": body})

    def _hear(self, _: Tx, __: Team, request: Request) -> Outcome:
        self.heard.append(request)
        if self.breaks:
            raise RuntimeError
        return Closed()


@pytest.fixture
async def ear(tmp_path: Path) -> AsyncIterator[Ear]:
    store = Counting(tmp_path / "baton.db")

    def know(tx: Tx) -> None:
        tx.keep_fact(BOT_USER, "U0BATON", AT)
        tx.keep_fact(BOT, "B0BATON", AT)
        tx.keep_fact(PRIVATE, "C4", AT)
        tx.keep_person(Person("U2", "bob"), AT)

    await store.write(know)
    async with aiohttp.ClientSession() as session:
        yield Ear(store, session)
    store.close()


async def test_what_is_newly_said_is_taken_without_a_look_into_the_store(ear: Ear) -> None:
    assert await ear.hears("message", channel="C1", user="U1", text="<@U2> hello", ts=TS) == {}
    ear.store.looks = 0

    assert await ear.hears("message", channel="C1", user="U1", text="<@U2> hello", ts=TS) == {}
    assert await ear.hears("message", channel="C1", subtype="bot_message", bot_id="B7", text="x", ts=TS) == {}
    assert await ear.hears("app_home_opened", channel="D1", user="U1") == {}
    assert (ear.heard, ear.store.looks) == ([], 0)


async def test_a_reaction_on_what_baton_said_is_heard_and_one_by_baton_is_not(ear: Ear) -> None:
    item = {"type": "message", "channel": "C4", "ts": TS}
    await ear.hears("reaction_added", user="U1", reaction="pushpin", item=item, item_user="U0BATON")
    await ear.hears("reaction_added", user="U0BATON", reaction="eyes", item=item, item_user="U1")

    [heard] = ear.heard
    assert (heard.who, heard.about, heard.channel, heard.private, heard.values) == (
        "U1",
        "pushpin",
        "C4",
        True,
        {"ts": TS},
    )


async def test_an_edit_is_heard_with_people_by_name(ear: Ear) -> None:
    old = {"type": "message", "ts": TS, "user": "U1", "text": "ask <@U2>"}
    new = {**old, "text": "ask <@U2> and <@U3>"}

    await ear.hears("message", subtype="message_changed", channel="C1", message=new, previous_message=old)

    [heard] = ear.heard
    assert heard.said is not None
    assert (heard.name, heard.said.text) == ("message_changed", "ask @bob and @U3")


async def test_what_becomes_of_batons_own_messages_is_not_heard(ear: Ear) -> None:
    old = {"type": "message", "ts": TS, "user": "U0BATON", "bot_id": "B0BATON", "text": "31 of 48"}
    new = {**old, "text": "32 of 48"}

    await ear.hears("message", subtype="message_changed", channel="C1", message=new, previous_message=old)
    await ear.hears("message", subtype="message_deleted", channel="C1", deleted_ts=TS, previous_message=old)

    assert ear.heard == []


async def test_who_joins_is_heard_also_where_it_is_baton(ear: Ear) -> None:
    await ear.hears("member_joined_channel", user="U0BATON", channel="C5", channel_type="G")

    [heard] = ear.heard
    assert (heard.who, heard.channel, heard.private) == ("U0BATON", "C5", True)
    assert await ear.store.read(lambda tx: tx.is_private("C5"))


async def test_a_shortcut_brings_the_message_with_people_by_name(ear: Ear) -> None:
    await ear.is_used_on("C1", user="U1", text="ask <@U2>")

    [heard] = ear.heard
    assert heard.said is not None
    assert (heard.said.text, heard.said.by, heard.said.own) == ("ask @bob", "U1", False)
    assert heard.said.permalink == "https://acme.slack.com/archives/C1/p1795597200000007"


async def test_a_shortcut_on_what_baton_said_says_so(ear: Ear) -> None:
    await ear.is_used_on("C1", bot_id="B0BATON", text="Logged.")

    [heard] = ear.heard
    assert heard.said is not None
    assert heard.said.own


async def test_a_command_is_read_with_people_by_name(ear: Ear) -> None:
    await ear.is_told("/event", "log hey <@U2>, <@U2|>, <@U2|bobby>, <@U3> &amp; all")
    await ear.is_told("/handoff", "<@U2> ask <@U2>")

    assert [heard.text for heard in ear.heard] == ["log hey @bob, @bob, @bobby, @U3 & all", "<@U2> ask @bob"]


async def test_a_command_whose_mentions_have_names_costs_no_look_for_them(ear: Ear) -> None:
    await ear.is_told("/event", "log first")
    ear.store.looks = 0
    await ear.is_told("/event", "log hello")
    without = ear.store.looks

    for command, text in (("/event", "log <@U2|bob> &lt;@U2&gt; @U2"), ("/handoff", "<@U2>")):
        ear.store.looks = 0
        await ear.is_told(command, text)
        assert ear.store.looks == without


async def test_what_somebody_types_is_taken_once_and_nothing_is_shown_of_it(ear: Ear) -> None:
    for trigger in ("1", "2", "2"):
        assert await ear.is_used_in_a_modal("plain_text_input", "handoff.typed#0", trigger) == {}
    ear.breaks = True
    assert await ear.is_used_in_a_modal("plain_text_input", "handoff.typed#0", "3") == {}

    assert [(heard.name, heard.about) for heard in ear.heard] == [("handoff.typed", "about")] * 3
    assert ear.heard[0].values == {"summary": "all is"}
    assert ear.shown == []
    await ear.is_used_in_a_modal("button", "more#1", "4")
    assert ear.shown == ["more"]


async def test_a_pause_in_typing_costs_one_look_into_the_store(ear: Ear) -> None:
    await ear.is_used_in_a_modal("plain_text_input", "handoff.typed#0", "1")
    ear.store.looks = 0

    await ear.is_used_in_a_modal("plain_text_input", "handoff.typed#0", "2")

    assert ear.store.looks == 1
    assert await ear.store.read(lambda tx: tx.audit_lines()) == []
