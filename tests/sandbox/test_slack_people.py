"""People use a small real Bolt app in the emulated Slack, over signed HTTP."""

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.slack.forms import settled
from bot.sandbox.slack.modal import Screen
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.state import Message

Body = dict[str, Any]

CHOICES = [
    {"text": {"type": "plain_text", "text": text}, "value": text}
    for text in ("Carry over", "Leave in closed week", "Move to new Next WoW")
]
FORM: Body = {
    "type": "modal",
    "callback_id": "form",
    "private_metadata": "kept",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Hand off"},
    "submit": {"type": "plain_text", "text": "Send"},
    "close": {"type": "plain_text", "text": "Cancel"},
    "blocks": [
        {"type": "section", "block_id": "words", "text": {"type": "mrkdwn", "text": "To <@U2> &amp; <!channel>"}},
        {
            "type": "input",
            "block_id": "summary",
            "label": {"type": "plain_text", "text": "Summary"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "issue",
            "label": {"type": "plain_text", "text": "#12 Disk full"},
            "element": {
                "type": "static_select",
                "action_id": "choice",
                "options": CHOICES,
                "initial_option": CHOICES[0],
            },
        },
        {
            "type": "input",
            "block_id": "quiet",
            "optional": True,
            "dispatch_action": True,
            "label": {"type": "plain_text", "text": "Quiet shift"},
            "element": {
                "type": "checkboxes",
                "action_id": "quiet",
                "options": [{"text": {"type": "plain_text", "text": "Nothing happened"}, "value": "quiet"}],
            },
        },
    ],
}
NOTES: Body = {
    "type": "modal",
    "private_metadata": "handoff-3",
    "title": {"type": "plain_text", "text": "Notes"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "dispatch_action": True,
            "label": {"type": "plain_text", "text": "Note"},
            "element": {
                "type": "plain_text_input",
                "action_id": "typed#7",
                "multiline": True,
                "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
            },
        },
        {
            "type": "input",
            "block_id": "title",
            "dispatch_action": True,
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "typed#8"},
        },
        {
            "type": "input",
            "block_id": "who",
            "label": {"type": "plain_text", "text": "To whom"},
            "element": {"type": "users_select", "action_id": "who"},
        },
    ],
}
BUTTONS: list[Body] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Deployed <!date^0^{date_num} {time}|then>"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "switch", "value": "7", "text": {"type": "plain_text", "text": "Switch"}}
        ],
    },
]

MORE: Body = {
    "type": "actions",
    "elements": [
        {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": "More"}},
        {
            "type": "static_select",
            "action_id": "which",
            "placeholder": {"type": "plain_text", "text": "Which"},
            "options": CHOICES,
        },
    ],
}


def front(person: Persona) -> Screen:
    modal = person.modal
    assert modal is not None
    return modal


class Bot:
    """A small bot that does a bit of everything, and remembers what it heard."""

    def __init__(self, world: SlackWorld) -> None:
        self.heard: list[Body] = []
        self.fails = False
        self.delay: threading.Event | None = None
        client = AsyncWebClient(token=world.bot_token, base_url=f"{world.url}/api/", retry_handlers=[])
        self.app = AsyncApp(
            client=client, token=world.bot_token, signing_secret=world.signing_secret, process_before_response=True
        )
        self.app.command("/wow")(self.wow)
        self.app.action("switch")(self.switch)
        self.app.action("more")(self.notes)
        self.app.action("quiet")(self.notes)
        self.app.action(re.compile("^typed#"))(self.notes)
        self.app.action("ask")(self.ask)
        self.app.shortcut("log")(self.log)
        self.app.view("form")(self.submitted)
        self.app.view_closed("form")(self.notes)
        reactions = ("reaction_added", "reaction_removed")
        for event in (*reactions, "message", "app_home_opened", "user_change", "subteam_updated"):
            self.app.event(event)(self.event)

    async def wow(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        self.heard.append(body)
        if self.delay is not None:
            await asyncio.to_thread(self.delay.wait)
        word = body["text"].partition(" ")[0]
        if word == "form":
            await client.views_open(trigger_id=body["trigger_id"], view=FORM)
            await ack()
        elif word == "notes":
            await client.views_open(trigger_id=body["trigger_id"], view=NOTES)
            await ack()
        elif word == "post":
            await client.chat_postMessage(channel=body["channel_id"], text="fallback", blocks=BUTTONS)
            await ack()
        elif word == "loud":
            await ack("for everybody", response_type="in_channel")
        else:
            await ack(f"you said {body['text']}")

    async def switch(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        self.heard.append(body)
        await ack()
        await respond(text="switched", replace_original=True)

    async def ask(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        self.heard.append(body)
        await ack()
        await client.chat_postMessage(
            channel=body["channel"]["id"], thread_ts=body["message"]["ts"], text="<@U1> and <@U2>, ask here."
        )

    async def log(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        self.heard.append(body)
        await ack()
        await respond(text=f"logged {body['message']['text']}")

    async def submitted(self, ack: AsyncAck, body: Body) -> None:
        self.heard.append(body)
        summary = body["view"]["state"]["values"]["summary"]["text"]["value"]
        if summary == "wrong":
            await ack(response_action="errors", errors={"summary": "say more"})
        elif summary == "more":
            await ack(response_action="push", view={**FORM, "title": {"type": "plain_text", "text": "Second"}})
        elif summary == "update":
            await ack(response_action="update", view={**FORM, "title": {"type": "plain_text", "text": "Updated"}})
        elif summary == "clear":
            await ack(response_action="clear")
        elif summary == "nonsense":
            await ack(response_action="errors", errors={"nowhere": "?"})
        else:
            await ack()

    async def notes(self, ack: AsyncAck, body: Body) -> None:
        self.heard.append(body)
        await ack()

    async def event(self, body: Body, client: AsyncWebClient) -> None:
        self.heard.append(body)
        if self.fails:
            raise RuntimeError
        if body["event"]["type"] == "app_home_opened":
            header = {"type": "header", "text": {"type": "plain_text", "text": "On call"}}
            home = {"type": "home", "blocks": [header, MORE]}
            await client.views_publish(user_id=body["event"]["user"], view=home)


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    world = SlackWorld()
    world.add_person("U1", "alice", tz="Pacific/Auckland")
    world.add_person("U2", "bob")
    world.add_channel("C1", "production", members=["U1", "U2"])
    world.add_channel("G1", "secret", private=True, members=["U1"], bot_member=False)
    world.add_usergroup("S1", "oncall", ["U1"])
    world.shortcuts = {"Log as event": "log"}
    world.line.retry_seconds = (0, 0, 0)
    with Server(app(world), changes=world.changes) as server:
        world.url = server.url
        yield world


@pytest.fixture
def bot(world: SlackWorld) -> Iterator[Bot]:
    bot = Bot(world)
    with Server(bot.app.web_app()) as server:
        world.bot_url = server.url
        yield bot


def test_a_command_is_answered_where_it_was_typed_for_its_author_only(world: SlackWorld, bot: Bot) -> None:
    ack = world.person("U1").types("/wow status", "C1")

    assert ack.ok
    assert [str(each) for each in world.person("U1").sees("C1")] == ["baton (only visible to you): you said status"]
    assert world.person("U2").sees("C1") == []


def test_a_commands_text_arrives_escaped(world: SlackWorld, bot: Bot) -> None:
    world.person("U1").types("/wow @bob @next in #production <b> & https://x.y/z @oncall", "C1")

    text = "<@U2|bob> @next in <#C1|production> &lt;b&gt; &amp; <https://x.y/z> <!subteam^S1|@oncall>"
    assert bot.heard[0]["text"] == text


def test_an_answer_in_channel_is_seen_by_everybody(world: SlackWorld, bot: Bot) -> None:
    world.person("U1").types("/wow loud", "C1")

    assert world.person("U2").reads("C1") == "alice: /wow loud\nbaton: for everybody"


def test_a_command_nobody_answers_in_time_is_said_to_have_failed(world: SlackWorld, bot: Bot) -> None:
    world.line.patience = 0.05
    bot.delay = threading.Event()

    ack = world.person("U1").types("/wow status", "C1")
    bot.delay.set()

    assert ack.timed_out
    assert 'failed with the error "operation_timeout"' in world.person("U1").reads("C1")


def test_a_command_without_a_bot_is_said_to_have_failed(world: SlackWorld) -> None:
    world.person("U1").types("/wow status", "C1")

    assert 'failed with the error "dispatch_failed"' in world.person("U1").reads("C1")


def test_a_wrong_signing_secret_is_noticed_by_the_real_library(world: SlackWorld, bot: Bot) -> None:
    world.signing_secret = "another"

    assert world.person("U1").types("/wow status", "C1").status == 401


def test_a_message_is_read_in_the_readers_zone_and_its_button_can_be_pressed(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow post", "C1")
    [seen] = alice.sees("C1")

    ack = alice.clicks(seen, "Switch")

    assert seen.text == "Deployed 1970-01-01 12:00\n[Switch]"
    assert seen.buttons == ["Switch"]
    assert ack.ok
    assert bot.heard[-1]["actions"][0]["value"] == "7"
    assert bot.heard[-1]["message"]["ts"] == seen.message.ts
    assert world.messages("C1")[0].text == "switched"


def test_a_modal_is_filled_in_and_sent(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow form", "C1")
    modal = front(alice)
    assert (modal.title, modal.submit) == ("Hand off", "Send")
    assert list(modal.fields) == ["Summary", "#12 Disk full", "Quiet shift"]
    assert "To @bob & @channel" in modal.text
    assert modal.field("#12").value == "Carry over"
    assert modal.field("#12").options == ["Carry over", "Leave in closed week", "Move to new Next WoW"]

    alice.fills("Summary", "all is well")
    alice.chooses("#12", "Leave in closed week")
    dispatched = alice.ticks("Quiet shift")
    ack = alice.submits()

    values = bot.heard[-1]["view"]["state"]["values"]
    assert dispatched is not None
    assert dispatched.ok
    assert bot.heard[-2]["actions"][0]["action_id"] == "quiet"
    assert values["summary"]["text"] == {"type": "plain_text_input", "value": "all is well"}
    assert values["issue"]["choice"]["selected_option"]["value"] == "Leave in closed week"
    assert values["quiet"]["quiet"]["selected_options"][0]["value"] == "quiet"
    assert bot.heard[-1]["view"]["private_metadata"] == "kept"
    assert ack.ok
    assert alice.modal is None


def test_what_is_typed_is_told_at_once_where_the_bot_asked_for_it(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow notes", "C1")

    told = alice.fills("Note", "watch db3")
    silent = alice.fills("Title", "Enter was not pressed")

    assert (told is not None and told.ok, silent) == (True, None)
    typing = bot.heard[-1]
    assert (typing["type"], typing["container"]) == ("block_actions", {"type": "view", "view_id": typing["view"]["id"]})
    [action] = typing["actions"]
    assert action.pop("action_ts")
    assert action == {
        "type": "plain_text_input",
        "action_id": "typed#7",
        "block_id": "note",
        "value": "watch db3",
    }
    values = typing["view"]["state"]["values"]
    assert values["note"]["typed#7"] == {"type": "plain_text_input", "value": "watch db3"}
    assert (typing["view"]["private_metadata"], "message" in typing) == ("handoff-3", False)
    assert typing["trigger_id"]


def test_a_person_is_chosen_by_name(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow notes", "C1")

    for name in ("Bob", "@bob", "U2"):
        alice.chooses("To whom", name)
        assert front(alice).view.values["who"]["who"] == {"type": "users_select", "selected_user": "U2"}
    with pytest.raises(LookupError):
        alice.chooses("To whom", "nobody")


def test_a_button_in_a_direct_message_can_begin_a_thread_there(world: SlackWorld, bot: Bot) -> None:
    bob, talk = world.person("U2"), world.direct("U2")
    button = {"type": "button", "action_id": "ask", "text": {"type": "plain_text", "text": "Ask"}}
    offer = Message(talk.id, world.next_ts(), world.bot_user, "Take over?", bot_id=world.bot_id)
    offer.blocks = settled([{"type": "actions", "elements": [button]}])
    world.post(offer)

    bob.clicks(bob.sees()[0], "Ask")
    bob.says("What about db3?", talk.id, thread_ts=offer.ts)

    assert [(each.text, each.message.thread_ts) for each in bob.sees()[1:]] == [
        ("@alice and @bob, ask here.", offer.ts),
        ("What about db3?", offer.ts),
    ]
    again = bob.clicks(bob.sees()[0], "Ask")
    assert again.payload["message"]["reply_count"] == 2


def test_a_topic_is_told_to_the_channel_and_heard(world: SlackWorld, bot: Bot) -> None:
    bob = world.person("U2")

    bob.sets_topic("Freeze & <!here>", "C1")
    bob.sets_topic("Freeze & <!here>", "C1")
    bob.sets_topic("", "C1")

    assert bob.reads("C1") == "bob: @bob set the channel topic: Freeze & @here\nbob: @bob cleared the channel topic"
    first = bot.heard[0]["event"]
    assert (first["subtype"], first["topic"], first["user"]) == ("channel_topic", "Freeze &amp; <!here>", "U2")


def test_slack_itself_refuses_a_form_with_a_required_field_left_empty(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow form", "C1")

    alice.submits()

    assert front(alice).errors == {"Summary": "Please complete this required field."}
    assert len(bot.heard) == 1


def test_the_bots_errors_stand_beside_the_fields_and_the_form_can_be_sent_again(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow form", "C1")
    alice.fills("Summary", "wrong")
    alice.submits()
    assert front(alice).errors == {"Summary": "say more"}
    first = bot.heard[-1]

    alice.fills("Summary", "right")
    alice.submits()

    assert alice.modal is None
    assert bot.heard[-1]["view"]["id"] == first["view"]["id"]
    assert bot.heard[-1]["view"]["hash"] == first["view"]["hash"]
    assert bot.heard[-1]["trigger_id"] != first["trigger_id"]


def test_a_second_view_can_be_pushed_updated_and_everything_cleared(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow form", "C1")
    alice.fills("Summary", "more")
    alice.submits()
    assert front(alice).title == "Second"

    alice.fills("Summary", "update")
    alice.submits()
    assert front(alice).title == "Updated"
    assert front(alice).field("Summary").value == "update"

    alice.fills("Summary", "clear")
    alice.submits()
    assert alice.modal is None
    assert [each["is_cleared"] for each in bot.heard if each.get("type") == "view_closed"] == [True, True]


def test_an_answer_slack_cannot_use_leaves_the_form_open_with_trouble(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow form", "C1")
    alice.fills("Summary", "nonsense")

    ack = alice.submits()

    assert ack.error == "invalid_errors"
    assert "trouble connecting" in front(alice).trouble


def test_closing_a_modal_is_told_where_the_bot_wants_to_know(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow form", "C1")

    alice.closes()

    assert alice.modal is None
    assert bot.heard[-1]["type"] == "view_closed"


def test_a_shortcut_works_where_the_bot_is_no_member(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    message = alice.says("disk is full", "G1")

    ack = alice.opens_shortcut(message, "Log as event")

    assert ack.ok
    assert bot.heard[-1]["channel"] == {"id": "G1", "name": "privategroup"}
    assert alice.sees("G1")[-1].text == "logged disk is full"
    assert alice.sees("G1")[-1].ephemeral


def test_the_home_tab_is_published_when_it_is_opened(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")

    alice.opens_home()

    assert alice.home is not None
    assert alice.home.text == "On call\n[More]\n[Which]"
    alice.clicks(alice.home, "More")
    assert bot.heard[-1]["container"] == {"type": "view", "view_id": alice.home.view.id}
    assert "message" not in bot.heard[-1]


def test_reactions_edits_and_deletions_are_heard_where_the_bot_is_a_member(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    message = alice.says("deployed", "C1")

    alice.reacts(message, "pushpin")
    alice.edits(message, "deployed twice")
    alice.deletes(message)

    events = [each["event"] for each in bot.heard]
    assert [(each["type"], each.get("subtype")) for each in events] == [
        ("message", None),
        ("reaction_added", None),
        ("message", "message_changed"),
        ("message", "message_deleted"),
    ]
    assert events[1]["item"] == {"type": "message", "channel": "C1", "ts": message.ts}
    assert events[2]["message"]["text"] == "deployed twice"
    assert events[2]["previous_message"]["text"] == "deployed"


def test_an_alert_says_something_else_when_its_attachment_is_changed(world: SlackWorld, bot: Bot) -> None:
    world.add_person("U9", "alerts", is_bot=True)
    alert = world.post_as("U9", "C1", "", attachments=[{"text": "firing"}], legacy=True)

    world.edit(alert, "", attachments=[{"id": 1, "text": "resolved"}])

    event = bot.heard[-1]["event"]
    assert (event["subtype"], event["message"]["text"], "user" in event["message"]) == ("message_changed", "", False)
    assert [event[key]["attachments"][0]["text"] for key in ("previous_message", "message")] == ["firing", "resolved"]


def test_a_reaction_that_is_taken_off_names_the_message_too(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    message = alice.says("deployed", "C1")
    alice.reacts(message, "pushpin")

    world.unreact("U1", message, "pushpin")

    event = bot.heard[-1]["event"]
    assert (event["type"], event["reaction"], event["user"]) == ("reaction_removed", "pushpin", "U1")
    assert event["item"] == {"type": "message", "channel": "C1", "ts": message.ts}


def test_nothing_is_heard_from_channels_the_bot_is_not_in(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")

    alice.reacts(alice.says("hello", "G1"), "pushpin")

    assert bot.heard == []


def test_an_event_that_is_not_taken_is_sent_three_times_more(world: SlackWorld, bot: Bot) -> None:
    bot.fails = True

    world.person("U1").says("deployed", "C1")

    assert world.wait_for(lambda: len(world.line.sent) == 4)
    assert [each.retry for each in world.line.sent] == [None, (1, "http_error"), (2, "http_error"), (3, "http_error")]
    assert len({each.payload["event_id"] for each in world.line.sent}) == 1


def test_a_request_can_be_delivered_twice_identically(world: SlackWorld, bot: Bot) -> None:
    ack = world.person("U1").types("/wow status", "C1")

    again = world.redeliver(ack, retry=(1, "http_timeout"))

    assert again.ok
    assert bot.heard[0]["trigger_id"] == bot.heard[1]["trigger_id"]


def test_deleting_the_first_message_of_a_thread_leaves_a_tombstone(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    message = alice.says("first", "C1")
    alice.says("second", "C1", thread_ts=message.ts)

    alice.deletes(message)

    assert bot.heard[-1]["event"]["message"]["subtype"] == "tombstone"


def test_an_installed_manifest_decides_what_people_can_use_and_what_the_bot_hears(world: SlackWorld, bot: Bot) -> None:
    world.install(
        {
            "features": {
                "slash_commands": [{"command": "/wow", "should_escape": False}],
                "shortcuts": [{"name": "Log as event", "type": "message", "callback_id": "log"}],
            },
            "oauth_config": {"scopes": {"bot": ["chat:write"]}},
            "settings": {"event_subscriptions": {"bot_events": ["reaction_added"]}},
        }
    )
    alice = world.person("U1")

    alice.types("/wow @bob", "C1")
    unknown = alice.types("/other", "C1")
    message = alice.says("deployed", "C1")
    alice.reacts(message, "pushpin")

    assert bot.heard[0]["text"] == "@bob"
    assert unknown.error == "unknown_command"
    assert [each["event"]["type"] for each in bot.heard[1:]] == ["reaction_added"]
    assert world.scopes == {"chat:write"}
    with pytest.raises(LookupError):
        alice.opens_shortcut(message, "Unknown shortcut")


def test_changes_of_people_and_groups_are_heard(world: SlackWorld, bot: Bot) -> None:
    world.change_person("U1", tz="Europe/Paris")
    world.change_usergroup("S1", ["U2"])

    user, group = bot.heard[0]["event"]["user"], bot.heard[1]["event"]["subteam"]
    assert (user["id"], user["tz"]) == ("U1", "Europe/Paris")
    assert group["users"] == ["U2"]


def test_an_option_is_chosen_from_a_menu_of_a_message(world: SlackWorld, bot: Bot) -> None:
    message = world.post_as("U2", "C1", "which?", blocks=[MORE])

    ack = world.person("U1").clicks(message, "which", "Carry over")

    assert ack.payload["actions"][0]["selected_option"]["value"] == "Carry over"
    [entry] = ack.payload["state"]["values"].values()
    assert entry["which"]["selected_option"]["value"] == "Carry over"


def test_the_whole_workspace_can_be_told_when_a_test_fails(world: SlackWorld, bot: Bot) -> None:
    alice = world.person("U1")
    alice.types("/wow form", "C1")
    alice.says("deployed", "C1")

    assert "alice: deployed" in world.story()
    assert "in front of U1: Hand off" in world.story()


def test_what_calls_people_can_be_told_from_what_only_looks_so(world: SlackWorld) -> None:
    alice = world.person("U1")
    world.post_as("U2", "C1", "<!channel> <@U1> &lt;!here&gt;")

    [seen] = alice.sees("C1")

    assert seen.text == "@channel @alice <!here>"
    assert seen.pings == ["!channel", "@U1"]
