"""Modals in the browser, with every input a bot may use: a small app opens them, complains, pushes, updates and clears."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from playwright.sync_api import expect

from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.page import Controls, application
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app, views
from bot.sandbox.weather import Weather
from tests.browser.driving import NARROW, Browsers, Window, Windows

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str) -> Json:
    return {"text": plain(text), "value": text.lower()}


def field(block_id: str, label: str, kind: str, *, optional: bool = True, **more: object) -> Json:
    element = {"type": kind, "action_id": "it", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "optional": optional, "element": element}


COLOURS = [option("Red"), option("Green")]
FIELDS = [
    field("summary", "Summary", "plain_text_input", optional=False, min_length=3),
    field("notes", "Notes", "plain_text_input", multiline=True),
    field("colour", "Colour", "static_select", options=COLOURS),
    field("colours", "Colours", "multi_static_select", options=COLOURS),
    field("person", "Person", "users_select"),
    field("place", "Place", "conversations_select"),
    field("quiet", "Quiet shift", "checkboxes", options=[option("Nothing happened")]),
    field("urgency", "Urgency", "radio_buttons", options=[option("Soon"), option("Later")]),
    field("day", "Day", "datepicker"),
    field("hour", "Hour", "timepicker"),
    field("moment", "Moment", "datetimepicker", initial_date_time=1_790_000_000),
    field("count", "Count", "number_input", is_decimal_allowed=False),
    field("mail", "Mail", "email_text_input"),
    field("link", "Link", "url_text_input"),
    {
        **field(
            "told", "Told", "plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_character_entered"]}
        ),
        "dispatch_action": True,
    },
]
TYPES_FAST = """(field) => {
    for (const letter of 'watch db3') {
        field.value += letter;
        field.dispatchEvent(new Event('input', { bubbles: true }));
    }
}"""
DANGER = {
    "title": plain("Are you sure?"),
    "text": plain("It is gone then."),
    "confirm": plain("Throw it away"),
    "deny": plain("Keep it"),
    "style": "danger",
}
FORM: Json = {
    "type": "modal",
    "callback_id": "form",
    "notify_on_close": True,
    "title": plain("A form"),
    "submit": plain("Send"),
    "close": plain("Not now"),
    "blocks": [
        {"type": "section", "block_id": "words", "text": {"type": "mrkdwn", "text": "*Bold* and <@U2>, `code`"}},
        *FIELDS,
        {
            "type": "actions",
            "block_id": "buttons",
            "elements": [
                {"type": "button", "action_id": "throw", "text": plain("Throw away"), "confirm": DANGER},
                {"type": "overflow", "action_id": "more", "options": COLOURS},
            ],
        },
    ],
}


def second(title: str) -> Json:
    words = {"type": "section", "text": plain(f"This is {title}")}
    return {"type": "modal", "title": plain(title), "close": plain("Back"), "submit": plain("On"), "blocks": [words]}


class App:
    """Opens the form on a command; what it answers to a submission stands in `answers`, the first one first."""

    def __init__(self, world: SlackWorld) -> None:
        self.world = world
        self.heard: list[Json] = []
        self.answers: list[Json] = []
        self.waits: threading.Event | None = None
        self.server = web.Application()
        self.server.router.add_post("/slack/events", self.hear)

    async def hear(self, request: web.Request) -> web.Response:
        form = parse_qs(await request.text())
        if "command" in form:
            views.open_view(self.world, form["trigger_id"][0], FORM)
            return web.Response()
        payload = json.loads(form["payload"][0])
        self.heard.append(payload)
        if payload["type"] != "view_submission":
            return web.Response()
        if self.waits:
            await asyncio.to_thread(self.waits.wait, 2.5)
        return web.json_response(self.answers.pop(0) if self.answers else {})

    def submitted(self) -> Json:
        state = self.heard[-1]["view"]["state"]["values"]
        return {name: next(v for key, v in entry["it"].items() if key != "type") for name, entry in state.items()}


@pytest.fixture(scope="module")
def world() -> Iterator[SlackWorld]:
    made = SlackWorld()
    made.add_person("U1", "ada", "Ada", "Europe/Berlin")
    made.add_person("U2", "bo", "Bo", "Asia/Tokyo")
    made.add_channel("C1", "room", members=["U1", "U2"])
    with Server(app(made), changes=made.changes) as slack:
        made.url = slack.url
        yield made


@pytest.fixture(scope="module")
def page_address(world: SlackWorld) -> Iterator[str]:
    controls = Controls(slack=Weather(), gitlab=Weather())
    gitlab = GitlabWorld()
    with Server(application(world, gitlab, controls), keep=0) as server:
        yield server.url
    gitlab.close()


@pytest.fixture
def bot(world: SlackWorld) -> Iterator[App]:
    made = App(world)
    with Server(made.server) as server:
        world.bot_url = server.url
        yield made


@pytest.fixture(scope="module")
def window(browsers: Browsers, page_address: str) -> Iterator[Window]:
    with closing(Windows(browsers, page_address)) as opened:
        yield opened.open("U1", "C1")
    assert not opened.faults


@pytest.fixture
def ada(window: Window, bot: App) -> Iterator[Window]:
    window.types("/form")
    expect(window.modal).to_be_visible()
    yield window
    if window.modal.is_visible():
        window.page.keyboard.press("Escape")
        expect(window.modal).to_be_hidden()


def test_every_input_is_sent_as_it_was_filled_in(ada: Window, bot: App) -> None:
    modal = ada.modal
    expect(modal.get_by_text("Bold")).to_have_css("font-weight", "700")
    modal.get_by_label("Summary").fill("All is well")
    modal.get_by_label("Notes").fill("First line\nsecond line")
    modal.get_by_label("Colour (optional)").select_option("Green")
    colours = modal.get_by_role("group", name="Colours (optional)")
    colours.get_by_label("Red").check()
    colours.get_by_label("Green").check()
    modal.get_by_label("Person").select_option("Bo (@bo)")
    modal.get_by_label("Place").select_option("#room")
    modal.get_by_label("Nothing happened").check()
    modal.get_by_label("Later").check()
    modal.get_by_label("Day").fill("2026-11-24")
    modal.get_by_label("Hour").fill("14:05")
    expect(modal.get_by_label("Moment")).to_have_value("2026-09-21T16:13")
    modal.get_by_label("Moment").fill("2026-12-01T09:30")
    modal.get_by_label("Count").fill("7")
    modal.get_by_label("Mail").fill("ada@example.com")
    modal.get_by_label("Link").fill("https://example.com/")
    modal.get_by_role("button", name="Send").click()
    expect(modal).to_be_hidden()

    sent = bot.submitted()
    assert sent["summary"] == "All is well"
    assert sent["notes"] == "First line\nsecond line"
    assert sent["colour"]["value"] == "green"
    assert [each["value"] for each in sent["colours"]] == ["red", "green"]
    assert (sent["person"], sent["place"]) == ("U2", "C1")
    assert [each["value"] for each in sent["quiet"]] == ["nothing happened"]
    assert sent["urgency"]["value"] == "later"
    assert (sent["day"], sent["hour"]) == ("2026-11-24", "14:05")
    assert sent["moment"] == 1_796_113_800, "half past nine in Berlin"
    assert (sent["count"], sent["mail"], sent["link"]) == ("7", "ada@example.com", "https://example.com/")


def test_what_is_missing_is_said_at_the_field_and_the_app_hears_nothing(ada: Window, bot: App) -> None:
    ada.modal.get_by_role("button", name="Send").click()

    summary = ada.modal.get_by_label("Summary")
    expect(summary).to_have_attribute("aria-invalid", "true")
    expect(summary).to_have_accessible_description("Please complete this required field.")
    expect(summary).to_be_focused()
    assert not bot.heard


def test_the_app_s_complaint_stands_at_its_field_until_it_is_mended(ada: Window, bot: App) -> None:
    bot.answers = [{"response_action": "errors", "errors": {"summary": "Say a little more."}}]
    summary = ada.modal.get_by_label("Summary")
    summary.fill("Well")
    ada.modal.get_by_role("button", name="Send").click()
    expect(summary).to_have_accessible_description("Say a little more.")
    expect(summary).to_have_value("Well")
    expect(summary).to_be_focused()

    summary.fill("All is well, the disks are new")
    ada.modal.get_by_role("button", name="Send").click()

    expect(ada.modal).to_be_hidden()
    assert bot.submitted()["summary"] == "All is well, the disks are new"


def test_what_is_typed_is_told_after_a_pause_and_at_the_latest_before_the_modal_closes(ada: Window, bot: App) -> None:
    told = ada.modal.get_by_label("Told")
    with ada.page.expect_response("**/page/slack/enter"):
        told.evaluate(TYPES_FAST)
    [typing] = bot.heard
    assert (typing["type"], typing["actions"][0]["value"]) == ("block_actions", "watch db3")
    assert typing["view"]["state"]["values"]["told"]["it"]["value"] == "watch db3"
    expect(told).to_have_value("watch db3")

    told.fill("watch db3 and db4")
    ada.page.keyboard.press("Escape")

    expect(ada.modal).to_be_hidden()
    assert [each["type"] for each in bot.heard[1:]] == ["block_actions", "view_closed"]
    assert bot.heard[1]["actions"][0]["value"] == "watch db3 and db4"


def test_while_the_app_thinks_the_button_says_so_and_takes_no_second_click(ada: Window, bot: App) -> None:
    bot.waits = threading.Event()
    ada.modal.get_by_label("Summary").fill("All is well")
    send = ada.modal.get_by_role("button", name="Send")
    send.click()
    expect(send).to_have_attribute("aria-busy", "true")
    send.click(force=True)
    ada.page.keyboard.press("Control+Enter")
    bot.waits.set()

    expect(ada.modal).to_be_hidden()
    assert [each["type"] for each in bot.heard] == ["view_submission"]


def test_an_app_that_does_not_answer_leaves_the_words_where_they_are(ada: Window, bot: App, world: SlackWorld) -> None:
    world.bot_url = "http://127.0.0.1:9"
    ada.modal.get_by_label("Summary").fill("All is well")
    ada.modal.get_by_role("button", name="Send").click()

    expect(ada.modal.get_by_role("alert")).to_have_text("We had some trouble connecting. Try again?")
    expect(ada.modal.get_by_label("Summary")).to_have_value("All is well")


def test_a_view_is_pushed_updated_and_gone_back_from(ada: Window, bot: App) -> None:
    bot.answers = [
        {"response_action": "push", "view": second("Second")},
        {"response_action": "update", "view": second("Changed")},
    ]
    ada.modal.get_by_label("Summary").fill("All is well")
    ada.modal.get_by_role("button", name="Send").click()
    expect(ada.modal.get_by_role("heading", name="Second")).to_be_visible()
    ada.modal.get_by_role("button", name="On", exact=True).click()
    expect(ada.modal).to_contain_text("This is Changed")

    ada.modal.get_by_role("button", name="Back").click()

    expect(ada.modal.get_by_role("heading", name="A form")).to_be_visible()
    expect(ada.modal.get_by_label("Summary")).to_have_value("All is well")


def test_clear_takes_every_view_away(ada: Window, bot: App) -> None:
    bot.answers = [{"response_action": "push", "view": second("Second")}, {"response_action": "clear"}]
    ada.modal.get_by_label("Summary").fill("All is well")
    ada.modal.get_by_role("button", name="Send").click()
    ada.modal.get_by_role("button", name="On", exact=True).click()

    expect(ada.modal).to_be_hidden()


@pytest.mark.parametrize("way", ["Escape", "Not now", "Close"])
def test_the_app_hears_that_its_modal_was_closed(ada: Window, bot: App, way: str) -> None:
    if way == "Escape":
        ada.page.keyboard.press("Escape")
    else:
        ada.modal.get_by_role("button", name=way, exact=True).click()

    expect(ada.modal).to_be_hidden()
    expect(ada.field).to_be_focused()
    assert [each["type"] for each in bot.heard] == ["view_closed"]


def test_a_dangerous_button_asks_first(ada: Window, bot: App) -> None:
    question = ada.page.get_by_role("dialog", name="Are you sure?")
    throw = ada.page.get_by_role("dialog", name="A form").get_by_role("button", name="Throw away")
    throw.click()
    question.get_by_role("button", name="Keep it").click()
    assert not bot.heard

    throw.click()
    question.get_by_role("button", name="Throw it away").click()

    expect(question).to_be_hidden()
    assert bot.world.wait_for(lambda: bool(bot.heard))
    assert bot.heard[0]["actions"][0]["action_id"] == "throw"


def test_typed_words_survive_a_view_that_the_app_changes_meanwhile(ada: Window, bot: App, world: SlackWorld) -> None:
    ada.modal.get_by_label("Notes").press_sequentially("Half a sen")
    (view,) = world.stacks["U1"]
    changed = FORM | {"title": plain("Another form"), "blocks": [second("x")["blocks"][0], *FORM["blocks"]]}
    views.update_view(world, changed, view_id=view.id, external_id="", version="")
    expect(ada.modal.get_by_role("heading", name="Another form")).to_be_visible()

    expect(ada.modal.get_by_label("Notes")).to_be_focused()
    ada.page.keyboard.type("tence")
    expect(ada.modal.get_by_label("Notes")).to_have_value("Half a sentence")


def test_the_focus_stays_inside_the_modal(ada: Window) -> None:
    inside = "document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"
    for _ in range(45):
        ada.page.keyboard.press("Tab")
        assert ada.page.evaluate(inside)


def test_the_column_beside_stays_in_reach_while_a_modal_is_open(ada: Window) -> None:
    ada.modal.get_by_label("Notes").fill("Half a thought")
    ada.weather("gitlab", "down")
    expect(ada.page.get_by_role("group", name="GitLab").get_by_role("radio", name="Down")).to_be_checked()

    ada.page.keyboard.press("F6")
    expect(ada.modal.get_by_role("heading", name="A form")).to_be_focused()
    ada.page.keyboard.press("F6")
    expect(ada.page.get_by_role("tab", name="Weather")).to_be_focused()

    expect(ada.modal.get_by_label("Notes")).to_have_value("Half a thought")
    expect(ada.page.get_by_role("main")).to_have_attribute("inert", "")
    ada.page.keyboard.press("Escape")
    expect(ada.modal).to_be_hidden()


def test_on_a_phone_a_modal_waits_while_another_pane_is_looked_at(ada: Window) -> None:
    ada.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    panes = ada.page.get_by_role("navigation", name="Panes")
    ada.modal.get_by_label("Notes").fill("Half a thought")

    panes.get_by_role("button", name="Weather").click()
    expect(ada.page.get_by_role("group", name="GitLab")).to_be_visible()
    expect(ada.modal).to_be_hidden()
    ada.page.keyboard.press("Escape")
    panes.get_by_role("button", name="Talk").click()

    expect(ada.modal.get_by_label("Notes")).to_have_value("Half a thought")


def test_a_form_can_be_used_by_everybody(ada: Window) -> None:
    ada.modal.get_by_role("button", name="Send").click()
    expect(ada.modal.get_by_label("Summary")).to_be_focused()

    assert not ada.faults_of_access("#stage")
