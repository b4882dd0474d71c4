"""The emulated GitLab has the manners of the real one."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import gitlab
import pytest
from gitlab.v4.objects import Project

from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Server
from bot.sandbox.weather import Weather

WEDNESDAY = datetime(2026, 11, 18, 9, tzinfo=UTC)


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.at = WEDNESDAY

    def __call__(self) -> datetime:
        return self.at

    def moves(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[GitlabWorld]:
    world = GitlabWorld(clock=clock)
    yield world
    world.close()


@pytest.fixture
def weather() -> Weather:
    return Weather()


@pytest.fixture
def server(world: GitlabWorld, weather: Weather) -> Iterator[Server]:
    with Server(application(world, weather), changes=world.changes) as server:
        yield server


@pytest.fixture
def client(server: Server) -> gitlab.Gitlab:
    return gitlab.Gitlab(server.url, private_token="glpat-sandbox", timeout=10)


@pytest.fixture
def project(client: gitlab.Gitlab) -> Project:
    return client.projects.get("acme/production", lazy=True)


def refused(call: Callable[[], object]) -> tuple[int, Any]:
    """The status and the message of a refusal."""
    with pytest.raises(gitlab.GitlabError) as refusal:
        call()
    assert refusal.value.response_code is not None
    assert refusal.value.response_body is not None
    return refusal.value.response_code, json.loads(refusal.value.response_body)


def test_titles_are_unique_over_open_and_closed_milestones(world: GitlabWorld, project: Project) -> None:
    world.add_milestone("WoW ending 2026-11-17", state="closed")

    status, body = refused(lambda: project.milestones.create({"title": " WoW ending 2026-11-17"}))
    assert (status, body) == (400, {"message": {"title": ["has already been taken"]}})


def test_a_title_of_the_group_is_taken_too(world: GitlabWorld, project: Project) -> None:
    world.add_group_milestone("WoW")

    status, body = refused(lambda: project.milestones.create({"title": "WoW"}))
    assert status == 400
    assert body["message"]["title"] == ["already being used for another group or project milestone."]


def test_a_due_date_must_be_later_than_the_start(world: GitlabWorld, project: Project) -> None:
    week = world.add_milestone("WoW", "2026-11-18", "2026-11-24")

    status, body = refused(lambda: project.milestones.update(week, {"due_date": "2026-11-18"}))
    assert (status, body) == (400, {"message": {"due_date": ["must be greater than start date"]}})
    assert world.milestone("WoW")["due_date"] == "2026-11-24"


def test_title_and_close_in_one_request_close_before_the_title_is_refused(world: GitlabWorld, project: Project) -> None:
    world.add_milestone("Taken")
    week = world.add_milestone("WoW")

    assert refused(lambda: project.milestones.update(week, {"title": "Taken", "state_event": "close"}))[0] == 400
    assert world.milestone("WoW")["state"] == "closed"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("  WoW ", "WoW"), ("<b>WoW</b> 1", "WoW 1"), ("a & b", "a & b"), ("i <3 u", "i <3 u"), ("<script>", None)],
)
def test_titles_of_milestones_lose_tags_and_blanks(project: Project, given: str, kept: str | None) -> None:
    if kept is None:
        assert refused(lambda: project.milestones.create({"title": given}))[0] == 400
    else:
        assert project.milestones.create({"title": given}).title == kept


def test_issues_follow_a_renamed_milestone_and_are_listed_by_its_title(world: GitlabWorld, project: Project) -> None:
    week = world.add_milestone("WoW")
    iid = world.add_issue("Slow", milestone=week)
    world.add_issue("Elsewhere")
    before = project.issues.list(milestone="WoW", get_all=True)
    world.retitle_milestone(week, "WoW ending 2026-11-24")

    assert [each.iid for each in before] == [iid]
    assert project.issues.list(milestone="WoW", get_all=True) == []
    [found] = project.issues.list(milestone="WoW ending 2026-11-24", get_all=True)
    assert (found.iid, found.milestone["title"]) == (iid, "WoW ending 2026-11-24")
    assert len(project.issues.list(milestone="None", get_all=True)) == 1


def test_moving_to_another_milestone_is_one_event_and_to_the_same_is_none(
    world: GitlabWorld, project: Project, clock: Clock
) -> None:
    week, coming = world.add_milestone("WoW"), world.add_milestone("Next WoW")
    iid = world.add_issue("Slow", milestone=week, created_at=WEDNESDAY - timedelta(days=3), added_at=WEDNESDAY)
    clock.moves(hours=1)
    project.issues.update(iid, {"milestone_id": week})
    assert world.issue(iid)["updated_at"] == "2026-11-18T09:00:00.000Z"
    project.issues.update(iid, {"milestone_id": coming})
    project.issues.update(iid, {"milestone_id": 0})

    events = [(each["action"], each["milestone"]["id"]) for each in world.milestone_events(iid)]
    assert events == [("add", week), ("add", coming), ("remove", coming)]
    assert world.milestone_events(iid)[0]["created_at"] == "2026-11-18T09:00:00.000Z"
    assert world.milestone_events(iid)[1]["user"]["username"] == "baton"
    assert world.issue(iid)["updated_at"] == "2026-11-18T10:00:00.000Z"


def test_one_request_changes_all_and_makes_unknown_labels(world: GitlabWorld, project: Project) -> None:
    coming = world.add_milestone("Next WoW")
    iid = world.add_issue("Goal", ["goal", "moved 1"])
    changes = {"milestone_id": coming, "add_labels": "moved 2, unscheduled", "remove_labels": ["moved 1"]}
    project.issues.update(iid, changes)

    assert world.issue(iid)["labels"] == ["goal", "moved 2", "unscheduled"]
    assert world.issues_of(coming, "opened") == [iid]
    assert [each["label"]["name"] for each in world.label_events(iid)] == [
        "goal",
        "moved 1",
        "moved 2",
        "unscheduled",
        "moved 1",
    ]


def test_an_unknown_milestone_takes_the_issue_out_of_its_own(world: GitlabWorld, project: Project) -> None:
    iid = world.add_issue("Slow", milestone=world.add_milestone("WoW"))
    project.issues.update(iid, {"milestone_id": 99999})

    assert world.issue(iid)["milestone"] is None


def test_only_one_person_is_assigned_and_who_cannot_be_is_dropped(world: GitlabWorld, project: Project) -> None:
    alice, bob, stranger = world.add_user("alice"), world.add_user("bob"), world.add_user("eve", access_level=0)
    iid = world.add_issue("Outage")

    project.issues.update(iid, {"assignee_ids": [alice, bob]})
    assert [each["username"] for each in world.issue(iid)["assignees"]] == ["alice"]
    project.issues.update(iid, {"assignee_ids": [stranger]})
    assert [each["username"] for each in world.issue(iid)["assignees"]] == ["alice"]
    world.state.many_assignees = True
    project.issues.update(iid, {"assignee_ids": [stranger, bob, alice]})
    assert [each["username"] for each in world.issue(iid)["assignees"]] == ["bob", "alice"]
    project.issues.update(iid, {"assignee_ids": []})
    assert world.issue(iid)["assignees"] == []


def test_who_may_not_see_a_confidential_issue_cannot_be_assigned_to_it(world: GitlabWorld, project: Project) -> None:
    guest, reporter = world.add_user("guest", access_level=10), world.add_user("reporter", access_level=20)
    secret, public = world.add_issue("Leak", confidential=True), world.add_issue("Slow")

    for iid in (secret, public):
        project.issues.update(iid, {"assignee_ids": [guest]})
    assert (world.issue(secret)["assignees"], len(world.issue(public)["assignees"])) == ([], 1)
    project.issues.update(secret, {"assignee_ids": [reporter]})
    assert world.issue(secret)["assignee"]["username"] == "reporter"


def test_a_line_under_an_issue_says_who_came_and_went(world: GitlabWorld, project: Project) -> None:
    people = [world.add_user(name) for name in ("alice", "bob", "chen", "dave")]
    world.state.many_assignees = True
    iid = world.add_issue("Slow")

    for wanted in (people[:3], people[2:], [], people[2:3]):
        project.issues.update(iid, {"assignee_ids": wanted})

    assert [each["body"] for each in world.notes(iid, system=True)] == [
        "assigned to @alice, @bob, and @chen",
        "assigned to @dave and unassigned @alice and @bob",
        "unassigned @chen and @dave",
        "assigned to @chen",
    ]


def test_people_are_found_by_an_address_as_far_as_the_token_is_shown_it(
    world: GitlabWorld, client: gitlab.Gitlab
) -> None:
    world.add_user("alice", email="alice@example.com")
    world.add_user("bob", email="bob@example.com", email_public=False)

    def found(search: str) -> list[tuple[str, str, object]]:
        people = client.users.list(search=search, get_all=True)
        return [(each.username, each.public_email, each.attributes.get("email")) for each in people]

    assert found("Alice@example.com") == [("alice", "alice@example.com", None)]
    assert [found(each) for each in ("alice@example", "bob@example.com")] == [[], []]
    assert found("bob") == [("bob", "", None)]
    world.token_admin = True
    assert found("bob@example.com") == [("bob", "", "bob@example.com")]


def test_texts_of_the_token_are_read_for_what_they_set_off(world: GitlabWorld, project: Project) -> None:
    world.add_user("alice")
    iid, other = world.add_issue("Outage"), world.add_issue("Cause")
    text = 'Hi @alice, see #2 and !7, ~"data loss" in %"Next WoW"\n/close\n/label ~outage'
    project.issues.get(iid).notes.create({"body": text})

    assert [each.text for each in world.mentions] == ["@alice"]
    assert [each.text for each in world.references] == ["#2", "!7", '~"data loss"', '%"Next WoW"']
    assert [each.text for each in world.quick_actions] == ["/close", "/label ~outage"]
    assert (world.issue(iid)["state"], world.issue(iid)["labels"]) == ("closed", ["outage"])
    assert "/close" not in world.notes(iid)[0]["body"]
    assert [each["body"] for each in world.notes(other, system=True)] == ["mentioned in issue #1"]


@pytest.mark.parametrize(
    "text",
    [
        "`@alice #2 !7 ~l %m`",
        "``a ` @alice`` and \\@alice \\#2 \\!7 \\~l \\%m",
        "```\n@alice #2\n/close\n```\nafter",
        "~~~ruby\n/close\n```\n@alice",
        "<!-- @alice #2 -->",
        "mail a@b.example, C#2x, 100% sure, ~~gone~~, https://gitlab.example/acme/production/-/issues/2#note_1",
        "@\u200balice #\u200b2 ~\u200bl %\u200bm",
        "do not /close this, \\/close\n\\/close\n/unknown thing",
    ],
)
def test_harmless_texts_set_nothing_off_and_stay_as_they_are(world: GitlabWorld, project: Project, text: str) -> None:
    iid = world.add_issue("Outage")
    project.issues.get(iid).notes.create({"body": text})

    assert (world.mentions, world.references, world.quick_actions) == ([], [], [])
    assert world.notes(iid)[0]["body"] == text


@pytest.mark.parametrize(
    "text", ["\\\\@alice", "production#2", "(acme/production#2)", "[#1294]", "`open @alice", "@all"]
)
def test_texts_that_only_look_harmless_are_noticed(world: GitlabWorld, project: Project, text: str) -> None:
    project.issues.create({"title": "Outage", "description": text})

    assert world.mentions + world.references != []


def test_a_title_may_mention_somebody_too(world: GitlabWorld, project: Project) -> None:
    project.issues.create({"title": "Ask @alice"})

    assert [each.text for each in world.mentions] == ["@alice"]


def test_a_note_of_quick_actions_alone_is_no_note(world: GitlabWorld, client: gitlab.Gitlab) -> None:
    iid = world.add_issue("Outage")
    answer = client.http_post(f"/projects/42/issues/{iid}/notes", post_data={"body": "/close"})

    assert answer["summary"] == ["Applied close command."]  # type: ignore[index]
    assert (world.notes(iid), world.issue(iid)["state"]) == ([], "closed")


def test_colleagues_do_not_count_as_the_token(world: GitlabWorld) -> None:
    iid = world.add_issue("Ask @bob", description="about #1")
    world.comment(iid, "@bob?", by="alice")

    assert (world.mentions, world.references) == ([], [])


def test_a_page_tells_of_the_others(world: GitlabWorld, server: Server) -> None:
    for n in range(5):
        world.add_issue(f"Issue {n}")
    headers = _asked(server, "/api/v4/projects/42/issues?per_page=2&page=2&state=opened")

    names = ("X-Total", "X-Total-Pages", "X-Page", "X-Per-Page", "X-Next-Page", "X-Prev-Page")
    assert [headers[name] for name in names] == ["5", "3", "2", "2", "3", "1"]
    assert 'page=3&per_page=2>; rel="next"' in headers["Link"]
    assert int(headers["RateLimit-Remaining"]) < int(headers["RateLimit-Limit"])


def test_a_page_holds_a_hundred_rows_at_most_and_huge_lists_have_no_total(world: GitlabWorld, server: Server) -> None:
    week = world.add_milestone("WoW")
    for n in range(10_001):
        world.add_issue(f"Issue {n}", milestone=week)
    first = _asked(server, "/api/v4/projects/42/issues?per_page=1000&milestone=WoW")

    assert (first["X-Per-Page"], first["X-Total"], first["X-Next-Page"]) == ("100", None, "2")
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda page: _listed(server, f"per_page=100&page={page}&milestone=WoW"), range(1, 102)))
    assert len({each["iid"] for page in pages for each in page}) == 10_001


def test_a_wrong_token_is_nobody(server: Server) -> None:
    stranger = gitlab.Gitlab(server.url, private_token="wrong")

    assert refused(lambda: stranger.projects.get(42)) == (401, {"message": "401 Unauthorized"})
    assert gitlab.Gitlab(server.url, oauth_token="glpat-sandbox").projects.get(42).id == 42


def test_a_role_that_is_too_low_may_read_only(world: GitlabWorld, client: gitlab.Gitlab, project: Project) -> None:
    world.token_access = 10
    week, iid = world.add_milestone("WoW"), world.add_issue("Slow")
    secret = world.add_issue("Secret", confidential=True)

    assert client.projects.get(42).permissions["project_access"]["access_level"] == 10
    assert refused(lambda: project.milestones.update(week, {"title": "x"})) == (403, {"message": "403 Forbidden"})
    assert refused(lambda: project.issues.update(iid, {"add_labels": "x"}))[0] == 403
    assert refused(lambda: project.issues.get(secret))[0] == 404
    assert [each.iid for each in project.issues.list(get_all=True)] == [iid]
    assert project.issues.create({"title": "Mine", "labels": "outage", "milestone_id": week}).labels == []


def test_a_read_only_token_may_not_write(world: GitlabWorld, project: Project) -> None:
    world.token_read_only = True

    status, body = refused(lambda: project.issues.create({"title": "x"}))
    assert (status, body["error"]) == (403, "insufficient_scope")
    assert [(each.method, each.status) for each in world.writes] == [("POST", 403)]


def test_in_an_archived_project_nobody_may_write(world: GitlabWorld, client: gitlab.Gitlab, project: Project) -> None:
    week, iid = world.add_milestone("WoW"), world.add_issue("Slow")
    world.archive_project()

    assert client.projects.get(42).archived
    assert refused(lambda: project.milestones.update(week, {"title": "x"}))[0] == 403
    assert refused(lambda: project.issues.update(iid, {"add_labels": "x"}))[0] == 403


def test_where_issues_are_switched_off_there_are_none(
    world: GitlabWorld, client: gitlab.Gitlab, project: Project
) -> None:
    iid, request = world.add_issue("Slow"), world.add_merge_request("Faster")
    world.switch_issues(on=False)

    assert client.projects.get(42).issues_access_level == "disabled"
    assert project.issues.list(get_all=True) == []
    assert refused(lambda: project.issues.get(iid))[0] == 404
    assert project.mergerequests.get(request).title == "Faster"


def test_what_is_not_there_is_said_by_name(world: GitlabWorld, client: gitlab.Gitlab, project: Project) -> None:
    gone = world.add_issue("Gone")
    world.delete_issue(gone)

    assert refused(lambda: client.projects.get("acme/other")) == (404, {"message": "404 Project Not Found"})
    assert refused(lambda: project.issues.get(gone)) == (404, {"message": "404 Not found"})
    assert refused(lambda: project.labels.get("x")) == (404, {"message": "404 Label Not Found"})
    assert refused(lambda: client.http_get("/nothing")) == (404, {"error": "404 Not Found"})


def test_a_rate_limit_refuses_in_plain_text_until_the_minute_is_over(
    world: GitlabWorld, server: Server, clock: Clock
) -> None:
    world.rate_limit = 2
    asked = [_status(server) for _ in range(3)]
    clock.moves(minutes=1)

    assert [*asked, _status(server)] == [200, 200, 429, 200]


def test_a_project_of_a_person_has_no_group() -> None:
    world = GitlabWorld("alice/production", namespace_kind="user")
    with Server(application(world)) as server:
        client = gitlab.Gitlab(server.url, private_token="glpat-sandbox")
        assert client.projects.get("alice/production").namespace["kind"] == "user"
        assert refused(lambda: client.groups.get("alice"))[0] == 404


def test_the_snapshot_knows_no_times_and_comes_back_after_undoing(world: GitlabWorld, clock: Clock) -> None:
    week, coming = world.add_milestone("WoW"), world.add_milestone("Next WoW")
    iid = world.add_issue("Slow", ["goal"], week)
    before = world.snapshot()
    clock.moves(days=1)
    world.edit_issue(iid, milestone=coming, add_labels=["goal"], state="closed")
    assert world.snapshot() != before
    world.edit_issue(iid, milestone=week, state="opened")

    assert world.snapshot() == before


def test_deleting_a_milestone_leaves_its_issues_without_one(world: GitlabWorld) -> None:
    week = world.add_milestone("WoW")
    iid = world.add_issue("Slow", milestone=week)
    world.delete_milestone(week)

    assert (world.issue(iid)["milestone"], world.milestone_events(iid)) == (None, [])


def test_who_closed_a_milestone_stands_in_the_activity(world: GitlabWorld, project: Project) -> None:
    world.add_user("alice", "Alice Doe")
    week = world.add_milestone("WoW")
    world.retitle_milestone(week, "WoW ending 2026-11-24", by="alice")
    world.close_milestone(week, by="alice")

    [event] = project.events.list(target_type="milestone", action="closed", get_all=True)
    assert (event.target_id, event.target_title) == (week, "WoW ending 2026-11-24")
    assert (event.author["name"], event.author_username) == ("Alice Doe", "alice")


def test_a_lost_answer_leaves_the_change_behind(world: GitlabWorld, weather: Weather, project: Project) -> None:
    weather.drops_after(match="^POST .*/issues$")

    with pytest.raises(Exception, match="onnection"):
        project.issues.create({"title": "Once"})
    assert world.issue_titled("Once") == [1]


def test_waiting_for_the_world_ends_with_the_change(world: GitlabWorld, project: Project) -> None:
    iid = world.add_issue("Slow")
    threading.Thread(target=lambda: project.issues.update(iid, {"add_labels": "outage"})).start()

    assert world.wait_until(lambda: world.issue(iid)["labels"] == ["outage"])


def test_the_addresses_in_answers_lead_to_pages_where_text_is_text(world: GitlabWorld, server: Server) -> None:
    week = world.add_milestone("WoW", "2026-11-18", "2026-11-24")
    iid = world.add_issue("<b>Slow</b>", ["outage"], week, description="<script>")
    merge_request = world.add_merge_request("Faster", milestone=week)
    world.comment(iid, "a & b")
    world.edit_issue(iid, add_labels=["goal"])
    _ask(server, "/api/v4/version")

    shown = {
        address: _ask(server, address.removeprefix(server.url))[2].decode()
        for address in (
            f"{server.url}/acme/production",
            world.milestone("WoW")["web_url"],
            world.issue(iid)["web_url"],
            world.merge_request(merge_request)["web_url"],
        )
    }
    assert all("WoW" in page for page in shown.values())
    assert "&lt;script&gt;" in shown[world.issue(iid)["web_url"]]
    assert "&lt;b&gt;Slow&lt;/b&gt;" in shown[world.milestone("WoW")["web_url"]]
    assert _ask(server, "/acme/production/-/issues/99")[0] == 404


def test_the_root_leads_to_the_project_and_that_to_a_list_of_its_issues(world: GitlabWorld, server: Server) -> None:
    iid = world.add_issue("<b>Slow</b>", ["outage"])
    _ask(server, "/api/v4/version")

    status, headers, _ = _ask(server, "/")

    assert (status, headers["Location"]) == (302, "/acme/production")
    assert 'href="issues"' in _ask(server, "/acme/production")[2].decode()
    listed = _ask(server, "/acme/production/-/issues")[2].decode()
    assert f'<a href="issues/{iid}">&lt;b&gt;Slow&lt;/b&gt;</a>' in listed


def _asked(server: Server, address: str) -> http.client.HTTPMessage:
    return _ask(server, address)[1]


def _listed(server: Server, query: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(_ask(server, f"/api/v4/projects/42/issues?{query}")[2])
    return listed


def _status(server: Server) -> int:
    return _ask(server, "/api/v4/version")[0]


def _ask(server: Server, address: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", address, headers={"PRIVATE-TOKEN": "glpat-sandbox"})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()
