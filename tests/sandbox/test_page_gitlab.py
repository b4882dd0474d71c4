"""The GitLab pane of the page, as a browser asks for it: what it shows, and what a colleague does there by hand."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.page import Controls, application
from bot.sandbox.page.colours import contrast, ink_on
from bot.sandbox.seed import LABELS
from bot.sandbox.server import Server
from bot.sandbox.slack.world import SlackWorld
from bot.sandbox.weather import Weather

Json = dict[str, Any]


class Browser:
    """Somebody who looks at the page of a GitLab with one week in it."""

    def __init__(self) -> None:
        self.gitlab = GitlabWorld()
        self.gitlab.add_user("ben", "Ben Okafor")
        self.gitlab.add_user("chen", "Chen Lihua")
        self.gitlab.add_label("goal", color="#0b5cad")
        self.week = self.gitlab.add_milestone("WoW", "2026-11-18", "2026-11-24")
        self.following = self.gitlab.add_milestone("Next WoW")
        self.controls = Controls(slack=Weather(), gitlab=Weather())
        self.server = Server(application(SlackWorld(), self.gitlab, self.controls))

    def sees(self, path: str = "/page/gitlab") -> Json:
        status, body = self._asks("GET", path)
        assert status == 200, body
        return body

    def does(self, what: str, **wanted: object) -> Json:
        status, body = self._asks("POST", f"/page/gitlab/{what}", {"by": "ben", **wanted})
        assert status == 200, body
        return body

    def is_refused(self, what: str, **wanted: object) -> str:
        status, body = self._asks("POST", f"/page/gitlab/{what}", {"by": "ben", **wanted})
        assert (status, body["ok"]) == (409, False)
        return str(body["error"])

    def sees_milestone(self, title: str) -> Json:
        [found] = [each for each in self.sees()["milestones"] if each["title"] == title]
        return dict(found)

    def _asks(self, method: str, path: str, wanted: Json | None = None) -> tuple[int, Json]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
        try:
            connection.request(
                method, path, json.dumps(wanted) if wanted else None, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    with browser.server:
        yield browser
    browser.gitlab.close()


def test_a_milestone_is_shown_with_its_dates_its_counts_and_what_is_in_it(browser: Browser) -> None:
    slow = browser.gitlab.add_issue("Slow", ["goal"], browser.week, assignees=["chen"], confidential=True)
    browser.gitlab.add_issue("Done", milestone=browser.week, state="closed")
    browser.gitlab.add_merge_request("Faster", milestone=browser.week)
    browser.gitlab.add_issue("Homeless")
    browser.gitlab.comment(slow, "Hm.", "chen")

    week = browser.sees_milestone("WoW")

    assert (week["start"], week["due"], week["open"], week["done"]) == ("2026-11-18", "2026-11-24", 2, 1)
    assert [each["title"] for each in week["items"]] == ["Slow", "Faster", "Done"]
    first, second, _ = week["items"]
    assert (first["labels"], first["assignees"], first["notes"]) == (["goal"], ["chen"], 1)
    assert first["confidential"]
    assert (second["kind"], second["reference"]) == ("merge_request", "!1")
    assert [each["title"] for each in browser.sees()["elsewhere"]] == ["Homeless"]


def test_open_milestones_come_first_and_of_the_closed_ones_the_latest(browser: Browser) -> None:
    for day in ("03", "10"):
        browser.gitlab.add_milestone(f"WoW ending 2026-11-{day}", None, f"2026-11-{day}", "closed")

    titles = [each["title"] for each in browser.sees()["milestones"]]

    assert titles == ["WoW", "Next WoW", "WoW ending 2026-11-10", "WoW ending 2026-11-03"]


def test_an_issue_in_full_tells_what_happened_to_it_and_by_whom(browser: Browser) -> None:
    number = browser.gitlab.add_issue("Slow", milestone=browser.week, by="chen")
    browser.gitlab.edit_issue(number, by="ben", title="Very slow", add_labels=["goal"])
    browser.gitlab.comment(number, "Not for everybody.", "ben", internal=True)

    shown = browser.sees(f"/page/gitlab/issue/{number}")

    told = [f"{each['by']} {each['text']}" for each in shown["activity"]]
    assert told[0] == "Chen Lihua put it into “WoW”"
    assert "Ben Okafor changed title from “Slow” to “Very slow”" in told
    assert "Ben Okafor added the label “goal”" in told
    assert [(each["text"], each["internal"]) for each in shown["activity"] if each["note"]] == [
        ("Not for everybody.", True)
    ]


def test_an_issue_made_by_hand_is_an_addition_of_that_colleague_with_its_hook(browser: Browser) -> None:
    browser.gitlab.add_hook("http://127.0.0.1:1/", "secret")

    made = browser.does("create", title="Late", milestone=browser.week, assignee="chen", labels=["goal"])

    [event] = browser.gitlab.milestone_events(made["number"])
    assert (event["action"], event["user"]["username"], event["milestone"]["title"]) == ("add", "ben", "WoW")
    [hook] = browser.gitlab.hooks_sent
    assert (hook.event, hook.headers["X-Gitlab-Token"]) == ("Issue Hook", "secret")
    assert hook.payload["object_attributes"]["milestone_id"] == browser.week
    assert hook.payload["user"]["username"] == "ben"


def test_everything_about_an_issue_can_be_changed_by_hand(browser: Browser) -> None:
    number = browser.gitlab.add_issue("Slow", ["goal"], browser.week)
    browser.gitlab.add_hook("http://127.0.0.1:1/")

    changes: list[Json] = [
        {"title": "Very slow"},
        {"milestone": browser.following},
        {"add_labels": ["outage"], "remove_labels": ["goal"]},
        {"assignee": "chen"},
        {"confidential": True},
        {"state": "closed"},
    ]
    for change in changes:
        browser.does("edit", kind="issue", number=number, **change)

    issue = browser.gitlab.issue(number)
    assert (issue["title"], issue["milestone"]["title"], issue["labels"]) == ("Very slow", "Next WoW", ["outage"])
    assert (issue["assignee"]["username"], issue["confidential"], issue["state"]) == ("chen", True, "closed")
    assert len(browser.gitlab.hooks_sent) == len(changes)


def test_what_is_not_named_stays_and_what_is_taken_away_is_gone(browser: Browser) -> None:
    number = browser.gitlab.add_issue("Slow", ["goal"], browser.week, assignees=["chen"])

    browser.does("edit", kind="issue", number=number, milestone=None, assignee="")

    issue = browser.gitlab.issue(number)
    assert (issue["milestone"], issue["assignees"], issue["labels"]) == (None, [], ["goal"])


def test_a_note_is_written_and_one_of_quick_actions_only_is_carried_out(browser: Browser) -> None:
    number = browser.gitlab.add_issue("Slow")

    browser.does("note", kind="issue", number=number, body="Seen.", internal=True)
    applied = browser.does("note", kind="issue", number=number, body="/close")

    [note] = browser.gitlab.notes(number)
    assert (note["body"], note["internal"], note["author"]["username"]) == ("Seen.", True, "ben")
    assert applied["said"] == "Applied close command."
    assert browser.gitlab.issue(number)["state"] == "closed"


def test_a_milestone_is_retitled_dated_closed_and_made_by_hand(browser: Browser) -> None:
    browser.does("milestone", id=browser.week, title="WoW ending 2026-11-24", due_date="2026-11-23")
    browser.does("milestone", id=browser.week, state="closed")
    browser.does("new_milestone", title="Some day", start_date="", due_date="2026-12-31")

    closed = browser.gitlab.milestone("WoW ending 2026-11-24")
    assert (closed["state"], closed["due_date"]) == ("closed", "2026-11-23")
    assert browser.gitlab.milestone("Some day")["due_date"] == "2026-12-31"


def test_an_application_is_deployed_by_hand_and_hooks_tell_how_it_went(browser: Browser) -> None:
    browser.gitlab.add_hook("http://127.0.0.1:1/", "secret")

    first = browser.does("deploy")["id"]
    browser.does("deployed", by="chen", id=first, state="failed")
    browser.does("deploy", by="chen")

    shown = browser.sees()["deployments"]
    assert (shown["project"], shown["environment"]) == ("acme/website", "production")
    assert [(each["state"], each["by"]) for each in shown["last"]] == [
        ("running", "Chen Lihua"),
        ("failed", "Chen Lihua"),
    ]
    told = [each.payload for each in browser.gitlab.hooks_sent if each.event == "Deployment Hook"]
    assert [(each["deployment_id"], each["status"]) for each in told[:2]] == [(first, "running"), (first, "failed")]
    assert told[0]["commit_title"] == told[1]["commit_title"] != told[2]["commit_title"]
    assert browser.is_refused("deployed", id=first, state="success") == "This deployment has ended."


@pytest.mark.parametrize(
    ("what", "wanted", "words"),
    [
        ("milestone", {"title": "Next WoW"}, "Title has already been taken."),
        ("milestone", {"title": "x", "due_date": "2026-11-01"}, "Due date must be greater than start date."),
        ("create", {"title": " "}, "Title can't be blank."),
        ("create", {"title": "x", "milestone": 99}, "That milestone is not there any more."),
        ("create", {"title": "x", "by": "mallory"}, "Choose a colleague to act as."),
        ("create", {"title": "x", "by": "baton"}, "Choose a colleague to act as."),
        ("edit", {"kind": "issue", "number": 99}, "That is not there any more."),
        ("edit", {"kind": "issue", "number": 1, "state": "gone"}, "“state” is none of opened, closed."),
        ("edit", {"kind": "issue", "number": 1, "title": 7}, "“title” is not a text."),
        ("deployed", {"id": 99, "state": "failed"}, "There is no such deployment."),
        ("burn", {}, "There is no “burn” here."),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(
    browser: Browser, what: str, wanted: Json, words: str
) -> None:
    browser.gitlab.add_issue("Slow")
    before = browser.gitlab.snapshot()

    assert browser.is_refused(what, **{"id": browser.week, **wanted}) == words
    assert browser.gitlab.snapshot() == before


def test_letters_can_be_read_on_every_label() -> None:
    colours = [colour for _, _, colour in LABELS] + [f"#{value:06x}" for value in range(0, 0x1000000, 0x030509)]

    assert min(contrast(ink_on(colour), colour) for colour in colours) >= 4.5
