"""Every endpoint of the emulated GitLab, driven by python-gitlab, keeps to GitLab's published document."""

from collections.abc import Iterator
from typing import Any

import gitlab
import openapi_spec_validator
import pytest

from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.routes import routes
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Exchange, Server
from tests.contract import BrokenContractError, check_exchanges, contract_folder, gitlab_document, needs_contract

pytestmark = needs_contract


@pytest.fixture
def world() -> Iterator[GitlabWorld]:
    world = GitlabWorld()
    yield world
    world.close()


@pytest.fixture
def server(world: GitlabWorld) -> Iterator[Server]:
    with Server(application(world), changes=world.changes) as server:
        yield server


@pytest.fixture
def client(server: Server) -> gitlab.Gitlab:
    return gitlab.Gitlab(server.url, private_token="glpat-sandbox", timeout=10)


def test_the_instance_its_people_and_its_project(client: gitlab.Gitlab, world: GitlabWorld, server: Server) -> None:
    alice = world.add_user("alice", "Alice", "alice@example.com", via_group=True)
    client.auth()
    client.version()
    client.http_get("/metadata")
    assert client.users.list(username="alice", get_all=True)[0].public_email == "alice@example.com"
    assert client.users.list(search="alice@example.com", get_all=True)[0].id == alice
    assert client.users.get(alice).name == "Alice"
    project = client.projects.get("acme/production")
    assert project.members.list(get_all=True) != project.members_all.list(get_all=True)
    assert project.members_all.get(alice).access_level == 40
    assert project.members.get(client.user.id).username == "baton"  # type: ignore[union-attr]
    group = client.groups.get("acme")
    assert [each.id for each in group.members.list(get_all=True)] == [alice]
    assert group.members_all.get(alice).username == "alice"
    assert group.members.get(alice).username == "alice"
    assert len(group.members_all.list(get_all=True)) == 2

    assert len(check_exchanges(server.recorded())) == 15


def test_milestones_from_birth_to_deletion(client: gitlab.Gitlab, world: GitlabWorld, server: Server) -> None:
    group_milestone = world.add_group_milestone("Quarter")
    project = client.projects.get("acme/production")
    made = project.milestones.create({"title": "WoW", "start_date": "2026-11-18", "due_date": "2026-11-24"})
    world.add_issue("Disk full", milestone=made.id)
    world.add_merge_request("Bigger disk", milestone=made.id)

    project.milestones.update(made.id, {"title": "WoW ending 2026-11-24", "due_date": "2026-11-25"})
    project.milestones.update(made.id, {"state_event": "close"})
    found = project.milestones.list(state="closed", title="WoW ending 2026-11-24", include_ancestors=True, get_all=True)
    assert [each.id for each in found] == [made.id]
    again = project.milestones.get(made.id)
    assert [each.title for each in again.issues()] == ["Disk full"]
    assert [each.title for each in again.merge_requests()] == ["Bigger disk"]
    group = client.groups.get("acme")
    assert group.milestones.list(include_ancestors=True, get_all=True)[0].id == group_milestone
    assert group.milestones.get(group_milestone).title == "Quarter"
    assert [each.action_name for each in project.events.list(target_type="milestone", get_all=True)] == [
        "closed",
        "opened",
    ]
    project.milestones.delete(made.id)

    assert len(check_exchanges(server.recorded())) == 12


@pytest.mark.parametrize("kind", ["issues", "mergerequests"])
def test_issues_and_merge_requests_with_notes_and_events(
    client: gitlab.Gitlab, world: GitlabWorld, server: Server, kind: str
) -> None:
    alice = world.add_user("alice")
    week = world.add_milestone("WoW")
    iid = world.add_issue("Slow") if kind == "issues" else world.add_merge_request("Faster")
    manager: Any = getattr(client.projects.get("acme/production"), kind)

    manager.update(iid, {"milestone_id": week, "add_labels": ["outage", "goal"], "assignee_ids": [alice]})
    manager.update(iid, {"state_event": "close", "remove_labels": "goal", "description": "It was slow."})
    [item] = manager.list(state="closed", milestone="WoW", labels=["outage"], order_by="updated_at", get_all=True)
    assert (item.title, item.assignees[0]["username"]) == (manager.get(iid).title, "alice")
    note = item.notes.create({"body": "Seen", "internal": True})
    assert item.notes.update(note.id, {"body": "Seen twice"})["body"] == "Seen twice"
    assert item.notes.get(note.id).internal
    assert len(item.notes.list(sort="asc", activity_filter="only_comments", get_all=True)) == 1
    item.notes.delete(note.id)
    assert [each.action for each in item.resourcemilestoneevents.list(get_all=True)] == ["add"]
    assert [each.action for each in item.resourcelabelevents.list(get_all=True)] == ["add", "add", "remove"]
    assert [each.state for each in item.resourcestateevents.list(get_all=True)] == ["closed"]

    assert len(check_exchanges(server.recorded())) == 12


def test_an_outage_from_its_declaration_to_its_post_mortem(
    client: gitlab.Gitlab, world: GitlabWorld, server: Server
) -> None:
    world.add_user("alice")
    project = client.projects.get("acme/production", lazy=True)
    marked = "Slow\n\n<!-- baton:1 -->"
    made = project.issues.create({"title": "Slow", "description": marked, "labels": "outage", "confidential": True})
    since = "2017-01-31T00:00:00Z"
    [listed] = project.issues.list(created_after=since, state="all", scope="all", sort="asc", get_all=True)
    assert listed.iid == made.iid
    world.comment(made.iid, "I look at it", by="alice", internal=True)
    written = made.notes.create({"body": "12:00 It is slow", "internal": True})
    made.notes.update(written.id, {"body": "12:01 It is slow"})
    newest = made.notes.list(order_by="created_at", sort="desc", activity_filter="only_comments", get_all=True)
    assert [each.author["username"] for each in newest] == ["baton", "alice"]
    world.delete_note(made.iid, newest[1].id)
    project.issues.update(made.iid, {"description": "Post-mortem", "state_event": "close"})
    world.edit_issue(made.iid, state="opened", by="alice")
    assert [each.state for each in made.resourcestateevents.list(get_all=True)] == ["closed", "reopened"]
    assert project.issues.list(labels="outage", state="opened", get_all=True)[0].description == "Post-mortem"

    assert len(check_exchanges(server.recorded())) == 7


def test_issues_are_created_listed_by_keyset_and_deleted(
    client: gitlab.Gitlab, world: GitlabWorld, server: Server
) -> None:
    world.token_access = 50
    project = client.projects.get(42)
    for n in range(5):
        project.issues.create({"title": f"Issue {n}", "confidential": n == 0, "labels": "outage,goal"})

    listed = project.issues.list(pagination="keyset", order_by="created_at", per_page=2, iterator=True)
    assert [each.title for each in listed] == [f"Issue {n}" for n in (4, 3, 2, 1, 0)]
    project.issues.delete(3)
    assert len(project.issues.list(iids=[1, 2, 3], confidential=False, scope="all", get_all=True)) == 1

    assert len(check_exchanges(server.recorded())) == 4


def test_labels_and_webhooks(client: gitlab.Gitlab, world: GitlabWorld, server: Server) -> None:
    project = client.projects.get("acme/production")
    label = project.labels.create({"name": "moved 1", "color": "#112233", "priority": 3})
    project.labels.update("moved 1", {"priority": 2})
    client.http_put("/projects/42/labels/moved%201", post_data={"description": "Once"})
    assert project.labels.get("moved 1").description == "Once"
    assert project.labels.list(with_counts=True, get_all=True)[0].open_issues_count == 0
    client.http_put("/projects/42/labels", post_data={"label_id": label.id, "new_name": "moved 2"})
    hook = project.hooks.create({"url": "http://127.0.0.1:9/hooks", "issues_events": True, "token": "secret"})
    project.hooks.update(hook.id, {"url": hook.url, "deployment_events": True})
    assert project.hooks.get(hook.id).deployment_events
    assert len(project.hooks.list(get_all=True)) == 1
    world.tests_hook(hook.id)
    [event] = client.http_list(f"/projects/42/hooks/{hook.id}/events", get_all=True)
    assert (event["trigger"], event["response_status"]) == ("issue_hooks", "internal error")
    project.hooks.delete(hook.id)

    assert len(check_exchanges(server.recorded())) == 12


def test_refusals_pass_and_only_their_address_is_checked(client: gitlab.Gitlab, server: Server) -> None:
    with pytest.raises(gitlab.GitlabCreateError):
        client.projects.get(42, lazy=True).milestones.create({"title": ""})

    assert len(check_exchanges(server.recorded())) == 1


def test_the_document_that_all_is_held_to_is_sound() -> None:
    folder = contract_folder()
    assert folder, "the contracts are not there"

    openapi_spec_validator.validate(gitlab_document(folder))


def test_a_field_that_gitlab_does_not_know_breaks_the_contract() -> None:
    wrong = Exchange(
        "PUT", "/api/v4/projects/42/issues/1", "", {"Content-Type": "application/json"}, b'{"milestone": {}, "x": 1}',
        200, {"Content-Type": "application/json"}, b"{}", 0.0,
    )  # fmt: skip

    with pytest.raises(BrokenContractError, match="x"):
        check_exchanges([wrong])


def test_an_answer_of_another_shape_breaks_the_contract() -> None:
    wrong = Exchange(
        "GET", "/api/v4/projects/42/issues/1", "", {}, b"", 200, {"Content-Type": "application/json"},
        b'{"iid": "one"}', 0.0,
    )  # fmt: skip

    with pytest.raises(BrokenContractError, match="one"):
        check_exchanges([wrong])


def test_every_endpoint_is_one_that_gitlab_has() -> None:
    known = [(method, f"/api/v4{path.replace('{', '').replace('}', '')}") for method, path, _ in routes()]
    asked = [Exchange(method, path, "", {}, b"", 404, {}, b"", 0.0) for method, path in known]

    assert len(known) == len(set(known))
    assert len(check_exchanges(asked)) == len(known) - 1  # the page of the token itself is missing in the document
