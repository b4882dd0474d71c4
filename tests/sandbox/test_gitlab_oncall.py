"""The emulated GitLab's notes, states and creations, as whoever mirrors a log to it meets them."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import gitlab
import pytest
from gitlab.v4.objects import Project, ProjectIssue

from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.records import GUEST, PLANNER
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Server

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.at = NOON

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
def project(world: GitlabWorld) -> Iterator[Project]:
    with Server(application(world), changes=world.changes) as server:
        yield gitlab.Gitlab(server.url, private_token="glpat-sandbox", timeout=10).projects.get(42, lazy=True)


def issue(project: Project, iid: int) -> ProjectIssue:
    return project.issues.get(iid, lazy=True)


def refused(call: Callable[[], object]) -> tuple[int, Any]:
    """The status and the message of a refusal."""
    with pytest.raises(gitlab.GitlabError) as refusal:
        call()
    assert refusal.value.response_code is not None
    assert refusal.value.response_body is not None
    return refusal.value.response_code, json.loads(refusal.value.response_body)


# Issues


def test_what_was_created_since_a_moment_is_listed_confidential_or_not_open_or_not(
    world: GitlabWorld, project: Project, clock: Clock
) -> None:
    world.add_issue("Before")
    clock.moves(minutes=1)
    world.add_issue("At that moment", confidential=True)
    clock.moves(minutes=1)
    world.add_issue("After", state="closed")

    listed = project.issues.list(created_after="2026-11-21T12:01:00Z", scope="all", sort="asc", get_all=True)

    assert [each.title for each in listed] == ["At that moment", "After"]


def test_an_issue_is_confidential_from_the_moment_of_its_creation(world: GitlabWorld, project: Project) -> None:
    world.add_hook("http://127.0.0.1:9/hooks")
    world.hold_hooks()

    made = project.issues.create({"title": "Leak", "confidential": True, "labels": "outage"})

    assert made.confidential
    assert [each.event for each in world.hooks_sent] == ["Confidential Issue Hook"]
    world.token_access = GUEST
    assert project.issues.get(made.iid).title == "Leak", "its author may see it"
    world.add_issue("Another", confidential=True)
    assert refused(lambda: project.issues.get(made.iid + 1))[0] == 404


def test_who_closed_an_issue_when_and_who_opened_it_again_is_told(
    world: GitlabWorld, project: Project, clock: Clock
) -> None:
    iid = world.add_issue("Slow")
    clock.moves(minutes=1)
    project.issues.update(iid, {"state_event": "close"})
    closed = project.issues.get(iid)
    clock.moves(minutes=1)
    world.edit_issue(iid, state="opened", by="alice")
    opened = project.issues.get(iid)

    by = closed.attributes["closed_by"]["username"]
    assert (closed.closed_at, by) == ("2026-11-21T12:01:00.000Z", "baton")
    assert (opened.closed_at, opened.attributes["closed_by"]) == (None, None)
    events = issue(project, iid).resourcestateevents.list(get_all=True)
    assert [(each.state, each.user["username"], each.created_at) for each in events] == [
        ("closed", "baton", "2026-11-21T12:01:00.000Z"),
        ("reopened", "alice", "2026-11-21T12:02:00.000Z"),
    ]


# Notes


def test_notes_are_listed_newest_first_page_by_page(world: GitlabWorld, project: Project, clock: Clock) -> None:
    iid = world.add_issue("Slow")
    for number in range(5):
        world.comment(iid, f"Note {number}")
        clock.moves(seconds=number % 2)  # some of them in the same moment

    pages = [
        [each.body for each in issue(project, iid).notes.list(per_page=2, page=number, get_all=False)]
        for number in (1, 2, 3)
    ]

    assert pages == [["Note 4", "Note 3"], ["Note 2", "Note 1"], ["Note 0"]]


def test_internal_notes_are_hidden_below_planner_and_their_page_is_short(world: GitlabWorld, project: Project) -> None:
    iid = world.add_issue("Slow")
    for number in range(4):
        world.comment(iid, f"Note {number}", internal=number > 1)
    secret = world.notes(iid)[-1]["id"]
    notes = issue(project, iid).notes
    assert notes.create({"body": "Not for everybody", "internal": True}).internal

    for access, seen in ((PLANNER, 5), (GUEST, 2)):
        world.token_access = access
        assert len(notes.list(get_all=True)) == seen
    assert notes.list(per_page=2, page=1, get_all=False) == []
    assert [each.body for each in notes.list(per_page=2, page=3, get_all=False)] == ["Note 0"]
    assert refused(lambda: notes.get(secret)) == (404, {"message": "404 Note Not Found"})
    assert refused(lambda: notes.create({"body": "x", "internal": True}))[0] == 403


def test_an_edited_note_is_read_for_quick_actions_again(world: GitlabWorld, project: Project) -> None:
    iid = world.add_issue("Slow")
    note = world.comment(iid, "Seen", by="baton")

    issue(project, iid).notes.update(note, {"body": "Seen twice\n/close"})

    assert [each["body"] for each in world.notes(iid)] == ["Seen twice"]
    assert (world.issue(iid)["state"], [each.text for each in world.quick_actions]) == ("closed", ["/close"])
    issue(project, iid).notes.update(note, {"body": "/reopen"})
    assert (world.issue(iid)["state"], world.notes(iid)) == ("opened", [])


def test_a_note_that_somebody_deleted_cannot_be_changed(world: GitlabWorld, project: Project) -> None:
    iid = world.add_issue("Slow")
    note = world.comment(iid, "Seen", by="baton")
    world.delete_note(iid, note)

    assert refused(lambda: issue(project, iid).notes.update(note, {"body": "x"})) == (
        404,
        {"message": "404 Note Not Found"},
    )


def test_hooks_tell_of_notes_written_and_changed_and_keep_internal_ones_apart(world: GitlabWorld) -> None:
    iid = world.add_issue("Slow")
    secret = world.add_issue("Leak", confidential=True)
    world.add_hook("http://127.0.0.1:9/hooks")
    world.hold_hooks()
    note = world.comment(iid, "Seen")
    world.edit_note(iid, note, "Seen twice")
    world.edit_note(iid, note, "Seen twice")
    world.comment(iid, "Between us", internal=True)
    world.comment(secret, "Hm")

    told = [(each.event, each.payload["object_attributes"]["action"]) for each in world.hooks_sent]

    assert told == [
        ("Note Hook", "create"),
        ("Note Hook", "update"),
        ("Confidential Note Hook", "create"),
        ("Confidential Note Hook", "create"),
    ]
    assert [each.payload["event_type"] for each in world.hooks_sent][2:] == ["confidential_note"] * 2


# Deployments


def test_a_deployment_is_told_of_under_one_number_from_its_start_to_its_end(world: GitlabWorld, clock: Clock) -> None:
    world.add_user("chen", "Chen Lihua")
    world.add_hook("http://127.0.0.1:9/hooks", deployment_events=True)
    world.hold_hooks()

    number = world.deploys("gprd", "running", by="chen")
    clock.moves(minutes=3)
    world.deploys("gprd", "success", by="chen", deployment_id=number)
    world.deploys(job=False, title=None)

    running, success, by_api = (each.payload for each in world.hooks_sent)
    assert running["deployment_id"] == success["deployment_id"] != by_api["deployment_id"]
    assert [each["status"] for each in (running, success)] == ["running", "success"]
    assert success["status_changed_at"] == "2026-11-21 12:03:00 +0000"
    assert (success["user"]["username"], success["project"]["path_with_namespace"]) == ("chen", "acme/website")
    assert success["deployable_url"].startswith(success["project"]["web_url"])
    assert (by_api["deployable_id"], by_api["deployable_url"], by_api["commit_title"]) == (None, None, None)
