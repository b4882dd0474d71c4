"""Every block a bot sends is drawn as Slack draws it, in messages and on the Home tab, for the reader's own zone."""

import base64
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import expect

from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.page import Controls, application
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app, views
from bot.sandbox.slack.forms import settled
from bot.sandbox.slack.state import Message
from bot.sandbox.weather import Weather
from tests.browser.driving import Browsers, Window, Windows

Json = dict[str, Any]
NOON = 1_790_000_000
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def rich(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


OPTIONS = [{"text": plain(each), "value": each.lower()} for each in ("Carry over", "Leave")]
WORDS: list[Json] = [
    {"type": "header", "text": plain("The week :checkered_flag:")},
    {
        "type": "section",
        "text": marked(
            "*Bold*, _slanted_, ~gone~, `code *not bold*`, <https://example.com/a|a link>, <@U2>, <#C1>, <!here>, "
            "&lt;img&gt;, snake_case_stays, 2*3*4, :white_check_mark:"
        ),
        "accessory": {"type": "button", "action_id": "go", "style": "primary", "text": plain("Go")},
    },
    {"type": "section", "text": marked(f"Since <!date^{NOON}^{{date_num}} {{time}}|then>")},
    {"type": "section", "text": marked("> quoted\nnot quoted\n```\ncode <!channel>\n```")},
    {"type": "section", "fields": [marked("*One*\n1"), marked("*Two*\n2")]},
    {"type": "section", "text": plain("<script>alert(1)</script> &amp; *plain*")},
    {"type": "divider"},
    {"type": "context", "elements": [marked("small words"), plain("and more")]},
    {"type": "markdown", "text": "## Parts\n\n- **first**\n- [second](https://example.com/)\n\n1. one\n2. two"},
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [rich("fat", bold=True), rich(" :eyes: stays"), {"type": "emoji", "name": "eyes"}],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [rich("a point")]}],
            },
            {"type": "rich_text_preformatted", "elements": [rich("as it is")]},
            {"type": "rich_text_quote", "elements": [rich("somebody's words")]},
        ],
    },
    {
        "type": "table",
        "column_settings": [{}, {"align": "right"}],
        "rows": [
            [{"type": "raw_text", "text": each} for each in row]
            for row in (("Label", "Issues"), ("outage", "2"), ("goal", "4"))
        ],
    },
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "danger", "style": "danger", "text": plain("Retract")},
            {"type": "static_select", "action_id": "which", "placeholder": plain("Which"), "options": OPTIONS},
            {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-24"},
            {"type": "overflow", "action_id": "more", "options": OPTIONS},
        ],
    },
]


class Room:
    """A workspace with one room, and a bot whose words are put there directly; it hears nothing, but Slack tried."""

    def __init__(self, world: SlackWorld) -> None:
        self.world = world

    def hears(self, blocks: list[Json]) -> None:
        world = self.world
        picture = world.new_file("graph.png", DOT, world.bot_user)
        image = {"type": "image", "alt_text": "A graph", "title": plain("Burn-up"), "slack_file": {"id": picture.id}}
        said = Message(
            "C1", world.next_ts(), world.bot_user, "in short", settled([*blocks, image]), bot_id=world.bot_id
        )
        world.post(said, announce=False)

    def told(self) -> list[Json]:
        sent = [each.payload for each in self.world.line.sent if each.payload.get("type") == "block_actions"]
        return [each["actions"][0] for each in sent]


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    world = SlackWorld(clock=lambda: NOON + 60.0)
    world.add_person("U1", "ada", "Ada", "Asia/Tokyo")
    world.add_person("U2", "bo", "Bo", "UTC")
    world.add_channel("C1", "room", members=["U1", "U2"])
    with Server(app(world), changes=world.changes) as slack:
        world.url = slack.url
        yield Room(world)


@pytest.fixture(scope="module")
def windows_of_room(browsers: Browsers, room: Room) -> Iterator[Windows]:
    gitlab = GitlabWorld()
    controls = Controls(slack=Weather(), gitlab=Weather())
    with (
        Server(application(room.world, gitlab, controls), keep=0) as server,
        closing(Windows(browsers, server.url)) as opened,
    ):
        yield opened
    gitlab.close()
    assert not opened.faults


@pytest.fixture(scope="module")
def ada(windows_of_room: Windows, room: Room) -> Window:
    room.hears(WORDS)
    return windows_of_room.open("U1", "C1", size=(1280, 1500))


def test_marked_words_are_drawn_and_nothing_in_them_is_taken_for_a_page(ada: Window) -> None:
    said = ada.message("The week")

    expect(said.get_by_role("heading")).to_have_text("The week ")
    expect(said.get_by_role("img", name="checkered flag")).to_be_visible()
    line = said.locator(".block-section").first
    expect(line.locator("strong")).to_have_text("Bold")
    expect(line.locator("em")).to_have_text("slanted")
    expect(line.locator("s")).to_have_text("gone")
    expect(line.locator("code")).to_have_text("code *not bold*")
    expect(line.get_by_role("link", name="a link")).to_have_attribute("rel", "noopener noreferrer")
    expect(line).to_contain_text("@bo, #room, @here, <img>, snake_case_stays, 2*3*4,")
    expect(said).to_contain_text("<script>alert(1)</script> & *plain*")
    expect(said.locator("pre").first).to_have_text("code <!channel>")
    expect(said.locator("blockquote").first).to_have_text("quoted")


def test_dates_stand_in_the_readers_zone(ada: Window, windows_of_room: Windows) -> None:
    expect(ada.message("The week")).to_contain_text("Since 2026-09-21 23:13")
    bo = windows_of_room.open("U2", "C1")
    expect(bo.message("The week")).to_contain_text("Since 2026-09-21 14:13")
    bo.page.context.close()


def test_lists_tables_and_pictures_are_what_they_are(ada: Window) -> None:
    said = ada.message("The week")

    expect(said.get_by_role("listitem")).to_have_text(["first", "second", "one", "two", "a point"])
    expect(said.get_by_role("row")).to_have_text(["LabelIssues", "outage2", "goal4"])
    expect(said.get_by_role("columnheader", name="Issues")).to_have_css("text-align", "right")
    expect(said).to_contain_text("fat :eyes: stays")
    picture = said.get_by_role("img", name="A graph")
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") == 1


def test_a_topic_stands_above_the_talk_and_a_group_names_its_people(ada: Window, room: Room) -> None:
    room.world.add_usergroup("S1", "oncall", ["U1"])
    ada.types("Ask @oncall")
    room.world.person("U2").sets_topic("On call: Ada & Bo | <https://example.com/docs|the docs>", "C1")

    topic = ada.page.locator("#talk .topic")
    expect(topic).to_have_text("On call: Ada & Bo | the docs")
    expect(topic.get_by_role("link", name="the docs")).to_have_attribute("href", "https://example.com/docs")
    expect(ada.message("set the channel topic")).to_contain_text("@bo set the channel topic: On call: Ada & Bo")
    group = ada.message("Ask @oncall").locator(".mention")
    group.hover()
    expect(group).to_have_attribute("title", "Ada")

    room.world.change_usergroup("S1", ["U2"], by=room.world.bot_user)
    ada.field.hover()
    room.world.person("U2").says("It is me now.", "C1")
    expect(ada.message("It is me now.")).to_be_visible()
    group.hover()

    expect(group).to_have_attribute("title", "Bo")


def test_buttons_and_menus_tell_the_bot_what_was_touched(ada: Window, room: Room) -> None:
    said = ada.message("The week")
    said.get_by_role("button", name="Retract").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("Baton did not answer")
    said.get_by_role("combobox", name="Which").select_option("Leave")
    said.get_by_label("Choose").fill("2026-12-01")
    said.get_by_role("button", name="More actions").first.click()
    ada.page.get_by_role("menuitem", name="Carry over").click()

    assert room.world.wait_for(lambda: len(room.told()) == 4)
    danger, which, day, more = sorted(
        room.told(), key=lambda each: ["danger", "which", "day", "more"].index(each["action_id"])
    )
    assert danger["type"] == "button"
    assert which["selected_option"]["value"] == "leave"
    assert day["selected_date"] == "2026-12-01"
    assert more["selected_option"]["value"] == "carry over"


def test_the_home_tab_shows_what_the_bot_published(ada: Window, room: Room) -> None:
    views.publish_home(room.world, "U1", {"type": "home", "blocks": WORDS[:3]}, "")

    ada.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="Baton").click()

    home = ada.page.get_by_role("region", name="Contents")
    expect(home.get_by_role("heading")).to_have_text("The week ")
    home.get_by_role("button", name="Go").click()
    assert room.world.wait_for(lambda: room.told()[-1]["action_id"] == "go")
    assert not ada.faults_of_access()
