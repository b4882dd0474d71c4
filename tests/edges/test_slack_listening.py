"""A message is read as it stands in Slack, in a thread too, and never another one in its place."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest

from bot.domain.errors import Rejected, Unavailable
from bot.domain.people import Person
from bot.domain.questions import MessageQuestion
from bot.domain.talk import Said, Talk
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.slack.state import Message
from bot.sandbox.weather import Weather
from bot.slack import listening
from bot.slack.calls import SlackCalls
from bot.slack.listening import Listening
from bot.store import Store, open_store

T = TypeVar("T")
AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def weather() -> Weather:
    return Weather()


@pytest.fixture
def slack(weather: Weather) -> Iterator[SlackWorld]:
    world = SlackWorld()
    world.add_person("U1", "alice")
    world.add_person("U2", "bob")
    world.add_person("U3", "grafana", is_bot=True)
    world.add_channel("C1", "production", members=["U1", "U2", "U3"])
    world.add_channel("C2", "random", members=["U1"], bot_member=False)
    with Server(app(world, weather.middleware), changes=world.changes) as server:
        world.url = server.url
        yield world


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/baton.db")
    yield opened
    opened.close()


def calling(slack: SlackWorld, work: Callable[[SlackCalls], Awaitable[T]]) -> T:
    """Does something with the calls of a bot."""

    async def run() -> T:
        async with aiohttp.ClientSession() as session:
            return await work(SlackCalls(slack.bot_token, f"{slack.url}/api/", session, lambda: AT))

    return asyncio.run(run())


def heard(
    slack: SlackWorld, message: Message, *, thread: bool = False, channel: str = "C1", store: Store | None = None
) -> Talk:
    question = MessageQuestion(channel, message.ts, thread=thread)
    return calling(slack, lambda calls: Listening(calls, store).read(question))


def read(slack: SlackWorld, message: Message) -> Said:
    found = heard(slack, message).message
    assert found is not None
    return found


def baton_says(slack: SlackWorld, text: str, thread: str | None = None) -> Message:
    message = Message("C1", slack.next_ts(), slack.bot_user, text, thread_ts=thread, bot_id=slack.bot_id)
    slack.post(message)
    return message


def test_a_message_is_read_with_its_reactions_and_its_address(slack: SlackWorld) -> None:
    message = slack.post_as("U1", "C1", "disk &lt;full&gt;", files={"graph.png": b"x"})
    slack.react("U2", message, "pushpin")

    found = read(slack, message)

    assert (found.text, found.by, found.ts, found.own) == ("disk <full>", "U1", message.ts, False)
    assert found.at == EPOCH + timedelta(microseconds=int(message.ts.replace(".", "")))
    assert found.reactions == ("pushpin",)
    assert found.permalink == f"https://sandbox.slack.com/archives/C1/p{message.ts.replace('.', '')}"
    assert found.files == (("graph.png", f"{slack.url}/files/{message.files[0].id}/graph.png"),)


def test_a_reply_is_found_and_not_the_first_message_or_the_last_one(slack: SlackWorld) -> None:
    first = slack.post_as("U1", "C1", "first")
    replies = [slack.post_as("U2", "C1", f"reply {number}", thread_ts=first.ts) for number in range(20)]
    slack.post_as("U1", "C1", "last")

    assert read(slack, replies[9]).text == "reply 9"
    assert read(slack, replies[9]).thread == first.ts
    assert read(slack, replies[9]).permalink.endswith(f"?thread_ts={first.ts}&cid=C1")
    assert read(slack, first).text == "first"
    assert read(slack, first).answered


def test_a_message_is_found_though_slack_gives_the_whole_thread(slack: SlackWorld, weather: Weather) -> None:
    first = slack.post_as("U1", "C1", "first")
    reply = slack.post_as("U2", "C1", "reply", thread_ts=first.ts)
    whole = [{"type": "message", "ts": each.ts, "text": each.text, "user": "U1"} for each in (first, reply)]
    weather.fails(200, match="conversations.replies", body={"ok": True, "messages": whole})

    assert read(slack, reply).text == "reply"


def test_a_thread_is_read_to_its_end_and_in_order(slack: SlackWorld) -> None:
    first = slack.post_as("U3", "C1", "", attachments=[{"text": "disk full"}], legacy=True)
    for number in range(450):
        slack.post_as("U2", "C1", f"reply {number}", thread_ts=first.ts)

    talk = heard(slack, first, thread=True)

    assert talk.message is not None
    assert (talk.message.text, talk.message.name, talk.message.by) == ("disk full", "Grafana", "")
    assert [one.text for one in talk.thread] == [f"reply {number}" for number in range(450)]
    assert talk.thread[-1].permalink.endswith(f"?thread_ts={first.ts}&cid=C1")


def test_a_thread_without_end_is_cut(slack: SlackWorld) -> None:
    first = slack.post_as("U1", "C1", "first")
    for number in range(listening.MOST_REPLIES + 5):
        slack.post_as("U2", "C1", f"reply {number}", thread_ts=first.ts)

    assert len(heard(slack, first, thread=True).thread) == listening.MOST_REPLIES


def test_the_thread_of_a_reply_is_what_others_say_in_it_but_for_baton(slack: SlackWorld) -> None:
    first = slack.post_as("U1", "C1", "first")
    reply = slack.post_as("U2", "C1", "reply", thread_ts=first.ts)
    baton_says(slack, "Logged.", first.ts)
    slack.post_as("U1", "C1", "after", thread_ts=first.ts)

    assert [one.text for one in heard(slack, reply, thread=True).thread] == ["first", "after"]


def test_a_message_alone_has_no_thread(slack: SlackWorld) -> None:
    assert heard(slack, slack.post_as("U1", "C1", "alone"), thread=True).thread == ()


def test_what_baton_said_is_told_to_be_its_own(slack: SlackWorld) -> None:
    assert read(slack, baton_says(slack, "Logged.")).own


def test_people_are_named_as_they_are_remembered(slack: SlackWorld, store: Store) -> None:
    asyncio.run(store.write(lambda tx: tx.keep_person(Person("U2", "bob"), AT)))
    slack.change_person("U2", name="robert")
    message = slack.post_as("U1", "C1", "<@U2>")

    found = heard(slack, message, store=store).message

    assert found is not None
    assert found.text == "@bob"


def test_people_whom_nobody_knows_yet_are_asked_for(slack: SlackWorld, store: Store) -> None:
    message = slack.post_as("U1", "C1", "<@U2> and <@U9>")

    found = heard(slack, message, store=store).message

    assert found is not None
    assert found.text == "@bob and @U9"
    assert asyncio.run(store.read(lambda tx: tx.people(["U2"])))["U2"].team == slack.team_id


def test_a_message_is_read_though_slack_does_not_say_who_is_mentioned(
    slack: SlackWorld, weather: Weather, store: Store
) -> None:
    message = slack.post_as("U1", "C1", "<@U2>")
    weather.fails(503, match="users.info")

    found = heard(slack, message, store=store).message

    assert found is not None
    assert found.text == "@U2"


def test_a_message_that_is_gone_is_no_error(slack: SlackWorld) -> None:
    alone, first = slack.post_as("U1", "C1", "alone"), slack.post_as("U1", "C1", "first")
    reply = slack.post_as("U2", "C1", "reply", thread_ts=first.ts)
    slack.delete(alone)
    slack.delete(first)

    assert heard(slack, alone) == Talk(None)
    assert heard(slack, first, thread=True) == Talk(None)
    assert [one.text for one in heard(slack, reply, thread=True).thread] == []


def test_where_baton_is_no_member_nothing_can_be_read(slack: SlackWorld) -> None:
    message = slack.post_as("U1", "C2", "hello")

    with pytest.raises(Rejected, match="not_in_channel"):
        heard(slack, message, channel="C2")


def test_a_silent_slack_may_be_asked_again(slack: SlackWorld, weather: Weather) -> None:
    message = slack.post_as("U1", "C1", "hello")
    weather.fails(503, match="conversations.replies")

    with pytest.raises(Unavailable):
        heard(slack, message)


def test_an_address_that_slack_does_not_give_is_made_like_it(slack: SlackWorld, weather: Weather) -> None:
    first = slack.post_as("U1", "C1", "first")
    reply = slack.post_as("U2", "C1", "reply", thread_ts=first.ts)
    given = [read(slack, first).permalink, read(slack, reply).permalink]
    weather.fails(200, match="chat.getPermalink", body={"ok": False, "error": "channel_not_found"})

    assert [read(slack, first).permalink, read(slack, reply).permalink] == given


# Files


def test_a_picture_arrives_once_with_its_title_and_words_for_those_who_do_not_see_it(slack: SlackWorld) -> None:
    arrived = calling(
        slack,
        lambda calls: calls.send_file(
            "U1", "timeline.png", b"\x89PNG", "Here it is.", alternative="Five events in an hour", title="Timeline"
        ),
    )

    assert arrived
    [message] = slack.direct("U1").messages
    [file] = message.files
    assert (message.text, file.name, file.title) == ("Here it is.", "timeline.png", "Timeline")
    assert (file.content, file.alternative) == (b"\x89PNG", "Five events in an hour")


def test_words_too_long_for_slack_are_cut(slack: SlackWorld) -> None:
    calling(slack, lambda calls: calls.send_file("U1", "a.txt", "ä", "", alternative="x" * 2000))

    [message] = slack.direct("U1").messages
    assert (message.files[0].text, len(message.files[0].alternative)) == ("ä", 1000)


# Members


def test_the_members_of_a_channel_are_read_to_the_last_page(slack: SlackWorld) -> None:
    everybody = [f"U{number}" for number in range(100, 2300)]
    slack.add_channel("C3", "all", members=everybody)

    found = calling(slack, lambda calls: calls.channel_members("C3"))

    assert found == {*everybody, slack.bot_user}


def has_pin(slack: SlackWorld, message: Message) -> bool:
    """Whether the message, read with its reactions, has a pin."""
    question = MessageQuestion("C1", message.ts, reactions=True)
    found = calling(slack, lambda calls: Listening(calls).read(question)).message
    assert found is not None
    return "pushpin" in found.reactions


def test_reactions_that_the_message_does_not_show_are_asked_for(slack: SlackWorld, weather: Weather) -> None:
    message = slack.post_as("U1", "C1", "disk full")
    assert not has_pin(slack, message)
    slack.react("U2", message, "pushpin")
    assert has_pin(slack, message)

    weather.fails(500, match="reactions.get")

    assert has_pin(slack, message), "and not where it shows them"
