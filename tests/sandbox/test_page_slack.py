"""The Slack side of the page, as a browser asks for it: who sees what, and what a person's hands may do."""

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.page import Controls, application
from bot.sandbox.server import Server
from bot.sandbox.slack import SlackWorld, app
from bot.sandbox.slack.forms import settled
from bot.sandbox.slack.state import Message
from bot.sandbox.weather import Weather

Json = dict[str, Any]
CODE = Path(__file__).parents[2]
STATIC = CODE / "bot" / "sandbox" / "page" / "static"
MANIFEST: Json = {
    "features": {
        "app_home": {"messages_tab_read_only_enabled": True},
        "slash_commands": [
            {"command": "/wow", "description": "The week", "usage_hint": "[status | rollover]", "should_escape": True}
        ],
        "shortcuts": [
            {"name": "Log as event", "type": "message", "callback_id": "log", "description": "Into the log"},
            {"name": "Anywhere", "type": "global", "callback_id": "any", "description": "Not for a message"},
        ],
    }
}


class Browser:
    """A browser on the page of a workspace with three people, a room and a private one."""

    def __init__(self) -> None:
        self.slack = SlackWorld()
        self.slack.install(MANIFEST)
        for id_, name in (("U1", "ada"), ("U2", "bo"), ("U3", "cy")):
            self.slack.add_person(id_, name, tz="Asia/Tokyo")
        self.slack.add_channel("C1", "room", members=["U1", "U2", "U3"])
        self.slack.add_channel("G1", "closed", private=True, members=["U1", "U2"], bot_member=False)
        self.gitlab = GitlabWorld()
        self.server = Server(application(self.slack, self.gitlab, Controls(slack=Weather(), gitlab=Weather())))

    def sees(self, person: str = "U1", channel: str = "C1") -> Json:
        status, text, _ = self.asks("GET", f"/page/slack?as={person}&channel={channel}")
        assert status == 200, text
        return dict(json.loads(text))

    def does(self, act: str, person: str = "U1", **wanted: object) -> tuple[int, Json]:
        status, text, _ = self.asks("POST", f"/page/slack/{act}", json.dumps({"as": person, **wanted}))
        return status, dict(json.loads(text))

    def asks(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
        try:
            sent = {"Content-Type": "application/json"} | {key.replace("_", "-"): each for key, each in headers.items()}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace"), answer.headers
        finally:
            connection.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    with Server(app(browser.slack), changes=browser.slack.changes) as slack, browser.server:
        browser.slack.url = slack.url
        yield browser
    browser.gitlab.close()


def test_what_was_typed_is_a_message_with_its_mentions(browser: Browser) -> None:
    assert browser.does("type", channel="C1", text="<b> & @bo") == (200, {"ok": True})

    [said] = browser.sees("U2")["channel"]["messages"]
    assert (said["by"], said["text"]) == ("U1", "&lt;b&gt; &amp; <@U2|bo>")
    assert said["blocks"][0]["elements"][0]["elements"][1] == {"type": "user", "user_id": "U2"}


def test_the_page_knows_what_the_manifest_says_of_commands_and_shortcuts(browser: Browser) -> None:
    shown = browser.sees()

    assert shown["commands"] == [{"name": "/wow", "description": "The week", "hint": "[status | rollover]"}]
    assert [each["name"] for each in shown["shortcuts"]] == ["Log as event"]


def test_a_command_that_does_not_exist_and_one_in_a_thread_are_answered_in_words(browser: Browser) -> None:
    browser.does("type", channel="C1", text="/other")
    status, answer = browser.does("type", channel="C1", thread_ts="1.2", text="/wow status")

    assert browser.sees()["channel"]["messages"][0]["text"] == "/other is not a valid command."
    assert browser.sees("U2")["channel"]["messages"] == []
    assert (status, answer["error"]) == (409, "/wow does not work in threads.")


def test_the_app_takes_no_words_where_its_manifest_says_so(browser: Browser) -> None:
    _, answer = browser.does("talk-to", user=browser.slack.bot_user)
    status, refused = browser.does("type", channel=answer["channel"], text="hello")

    assert status == 409
    assert "turned off" in refused["error"]


def test_nobody_sees_or_touches_what_is_not_theirs(browser: Browser) -> None:
    browser.does("type", channel="G1", text="between us")
    browser.does("type", person="U3", channel="C1", text="mine")
    whispered = Message("C1", browser.slack.next_ts(), browser.slack.bot_user, "psst", only_for="U1")
    browser.slack.post(whispered)
    [mine, _] = browser.sees("U1")["channel"]["messages"]

    stranger = browser.sees("U3", "G1")
    assert stranger["channel"] is None
    assert "closed" not in json.dumps(stranger["places"])
    assert len(browser.sees("U3")["channel"]["messages"]) == 1
    assert browser.does("type", person="U3", channel="G1", text="let me in")[0] == 409
    assert browser.does("react", person="U3", channel="C1", ts=whispered.ts, name="eyes", on=True)[0] == 409
    assert browser.does("edit", person="U1", channel="C1", ts=mine["ts"], text="yours")[0] == 409
    assert browser.does("delete", person="U1", channel="C1", ts=mine["ts"])[0] == 409


def test_a_file_is_handed_to_those_who_see_its_message_and_never_as_a_page(browser: Browser) -> None:
    files = [{"name": "x.html", "content": "PHNjcmlwdD4="}]
    browser.does("type", channel="G1", text="look", files=files)
    [said] = browser.sees("U2", "G1")["channel"]["messages"]
    address = f"/page/slack/files/{said['files'][0]['id']}/x.html"

    status, text, headers = browser.asks("GET", f"{address}?as=U2")
    assert (status, text) == (200, "<script>")
    assert headers["Content-Type"].startswith("text/plain")
    assert headers["Content-Disposition"] == "attachment"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert browser.asks("GET", f"{address}?as=U3")[0] == 404


def test_reactions_are_put_on_and_taken_off(browser: Browser) -> None:
    browser.does("type", channel="C1", text="one")
    [said] = browser.sees()["channel"]["messages"]

    browser.does("react", person="U2", channel="C1", ts=said["ts"], name="eyes", on=True)
    assert browser.sees()["channel"]["messages"][0]["reactions"] == [{"name": "eyes", "users": ["U2"], "count": 1}]
    status, answer = browser.does("react", person="U2", channel="C1", ts=said["ts"], name="eyes", on=True)
    assert (status, answer["error"]) == (409, "This is refused: already_reacted.")
    browser.does("react", person="U2", channel="C1", ts=said["ts"], name="eyes", on=False)
    assert "reactions" not in browser.sees()["channel"]["messages"][0]


def test_a_shortcut_that_nobody_answers_says_so(browser: Browser) -> None:
    browser.does("type", channel="C1", text="one")
    [said] = browser.sees()["channel"]["messages"]

    _, answer = browser.does("shortcut", channel="C1", ts=said["ts"], name="Log as event")

    assert answer == {"ok": True, "trouble": "dispatch_failed"}


def test_a_button_is_found_when_the_app_has_edited_its_message_since_somebody_looked(browser: Browser) -> None:
    def buttons(action: str) -> list[Json]:
        label = {"type": "plain_text", "text": "Go"}
        return settled([{"type": "actions", "elements": [{"type": "button", "action_id": action, "text": label}]}])

    message = Message("C1", browser.slack.next_ts(), browser.slack.bot_user, "Go?", blocks=buttons("go"))
    browser.slack.post(message)
    pressed = {"channel": "C1", "ts": message.ts, "block_id": message.blocks[0]["block_id"], "action_id": "go"}

    browser.slack.edit(message, "Go now?", by=browser.slack.bot_user, blocks=buttons("go"))
    assert message.blocks[0]["block_id"] != pressed["block_id"]
    assert browser.does("press", **pressed)[1] == {"ok": True, "trouble": "dispatch_failed"}
    browser.slack.edit(message, "Gone.", by=browser.slack.bot_user, blocks=buttons("other"))
    assert browser.does("press", **pressed) == (409, {"ok": False, "error": "That is not there any more."})


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/page/slack?as=U9", {}, 404),
        ("GET", "/page/slack?as=U0BATON", {}, 404),
        ("POST", "/page/slack/fly", {}, 404),
        ("POST", "/page/slack/type", {"Content_Type": "text/plain"}, 415),
        ("POST", "/page/slack/type", {"Origin": "http://elsewhere.example"}, 403),
        ("GET", "/", {"Host": "elsewhere.example"}, 403),
        ("GET", "/page/static/../server.py", {}, 404),
        ("GET", "/page/static/page.js", {}, 200),
    ],
)
def test_only_the_page_itself_is_let_in(
    browser: Browser, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answered, _, said = browser.asks(method, path, '{"as": "U1"}' if method == "POST" else None, **headers)

    assert answered == status
    if status == 200:
        assert said["Content-Security-Policy"].startswith("default-src 'self'")


def test_what_the_page_is_made_of_is_kept_by_the_browser_under_an_address_of_this_version(browser: Browser) -> None:
    _, page, said = browser.asks("GET", "/")
    addresses = set(re.findall(r"/page/static/[^\"#]+", page))

    assert said["Cache-Control"] == "no-store"
    assert {re.sub(r"\d+/", "", each) for each in addresses} >= {"/page/static/page.js", "/page/static/icons.svg"}
    for address in addresses:
        status, _, said = browser.asks("GET", address)
        assert (status, said["Cache-Control"]) == (200, "max-age=31536000, immutable"), address
    script = next(each for each in addresses if each.endswith("page.js"))
    assert browser.asks("GET", script.replace("page.js", "nothing.js"))[0] == 404


def test_the_stream_names_the_world_that_changed(browser: Browser) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", browser.server.port, timeout=5)
    connection.request("GET", "/page/changes")
    stream = connection.getresponse()
    first = {stream.readline().decode().strip() for _ in range(6)}
    assert first == {"", *(f'data: {{"world": "{each}"}}' for each in ("slack", "gitlab", "weather"))}

    browser.slack.person("U1").says("hello", "C1")

    assert stream.readline().decode().strip() == 'data: {"world": "slack"}'
    connection.close()


def test_the_stream_ends_without_a_complaint_when_its_browser_has_left(browser: Browser) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", browser.server.port, timeout=5)
    connection.request("GET", "/page/changes")
    connection.getresponse().readline()
    connection.close()

    def ended() -> bool:
        return "/page/changes" in {each.path for each in browser.server.recorded()}

    for _ in range(100):
        browser.slack.changes.happened()
        if browser.server.wait_until(ended, timeout=0.05):
            break
    assert ended()


def test_every_emoji_of_the_bots_messages_has_a_drawing() -> None:
    said = "".join(each.read_text(encoding="utf-8") for each in (CODE / "bot" / "messages").glob("*.py"))
    drawings = (STATIC / "emoji.svg").read_text(encoding="utf-8")

    names = set(re.findall(r":([a-z_]{2,}):(?= |\w|\{|\")", said))

    assert "hourglass_flowing_sand" in names
    assert {each for each in names if f'id="{each}"' not in drawings} == set()


def test_an_emoji_is_told_from_a_clock_time(browser: Browser) -> None:
    browser.does("type", channel="C1", text="at 14:05:30 all was well :+1: :white_check_mark:")

    [said] = browser.sees()["channel"]["messages"]
    pieces = said["blocks"][0]["elements"][0]["elements"]
    assert [each.get("name") or each["text"] for each in pieces] == [
        "at 14:05:30 all was well ",
        "+1",
        " ",
        "white_check_mark",
    ]
    assert browser.slack.person("U2").reads("C1") == "ada: at 14:05:30 all was well :+1: :white_check_mark:"
