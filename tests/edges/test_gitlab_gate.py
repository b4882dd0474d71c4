"""What GitLab's hooks tell: of issues and their labels, and of deployments in any project, odd ones too."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.hooks import Deployed, Hook
from bot.gitlab.hooks import Gate, RefusedHookError
from bot.sandbox.gitlab.world import GitlabWorld

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GATE = Gate("secret", "", "acme/production", lambda: NOON)
DEPLOYMENT: dict[str, Any] = {
    "object_kind": "deployment",
    "status": "success",
    "status_changed_at": "2026-11-21 12:50:00 +0200",
    "deployment_id": 15,
    "deployable_url": "https://gitlab.example/acme/website/-/jobs/796",
    "environment": "gprd",
    "environment_tier": "production",
    "project": {"id": 30, "path_with_namespace": "acme/website"},
    "short_sha": "279484c0",
    "user": {"username": "chen", "name": "Chen Lihua"},
    "commit_url": "https://gitlab.example/acme/website/-/commit/279484c0",
    "commit_title": "Add new file",
    "ref": "main",
}


@pytest.fixture
def world() -> Iterator[GitlabWorld]:
    world = GitlabWorld(clock=lambda: NOON)
    world.add_hook("http://127.0.0.1:9/hooks", "secret")
    world.hold_hooks()
    yield world
    world.close()


def read(payload: object) -> Hook:
    return GATE.read({"x-gitlab-token": "secret", "idempotency-key": "k"}, json.dumps(payload).encode(), "h")


def told(world: GitlabWorld) -> Hook:
    """What the world told last."""
    return read(world.hooks_sent[-1].payload)


def deployed(**changed: object) -> Deployed | None:
    return read(DEPLOYMENT | changed).deployed


# Issues


def test_a_hook_of_an_issue_names_it_and_all_labels_it_has_or_had_before(world: GitlabWorld) -> None:
    iid = world.add_issue("Slow", ["outage", "goal"])
    opened = told(world)
    world.edit_issue(iid, remove_labels=["outage"], add_labels=["critical"])
    edited = told(world)
    world.edit_issue(iid, state="closed")

    assert (opened.own, opened.iid, sorted(opened.labels)) == (True, iid, ["goal", "outage"])
    assert sorted(edited.labels) == ["critical", "goal", "outage"]
    assert sorted(told(world).labels) == ["critical", "goal"]


def test_a_confidential_issue_is_told_of_like_any_other(world: GitlabWorld) -> None:
    iid = world.add_issue("Leak", ["outage"], confidential=True)

    assert (told(world).kind, told(world).iid, told(world).labels) == ("issue", iid, ("outage",))


def test_a_merge_request_is_no_issue(world: GitlabWorld) -> None:
    world.add_merge_request("Faster", ["outage"])

    assert (told(world).iid, told(world).labels) == (0, ())


@pytest.mark.parametrize("odd", [None, [], "x", 3, {"labels": {"previous": None, "current": ["x", {"title": 3}]}}])
def test_an_odd_hook_of_an_issue_is_read_as_far_as_it_goes(odd: object) -> None:
    for name in ("labels", "changes", "object_attributes", "project"):
        hook = read({"object_kind": "issue", "labels": [{"title": "outage"}], name: odd})

        assert (hook.kind, hook.iid) == ("issue", 0)


@pytest.mark.parametrize("body", [[], "x", {}, 3])
def test_what_names_no_kind_is_no_hook(body: object) -> None:
    with pytest.raises(RefusedHookError):
        read(body)


# Deployments


def test_a_deployment_is_read_with_all_there_is_to_know() -> None:
    assert deployed() == Deployed(
        key="deployment:30:15",
        state="success",
        environment="gprd",
        tier="production",
        project="acme/website",
        sha="279484c0",
        title="Add new file",
        by="chen",
        at=NOON - timedelta(minutes=70),
        url="https://gitlab.example/acme/website/-/jobs/796",
        ref="main",
    )


def test_a_deployment_of_any_project_is_told_of_under_one_key(world: GitlabWorld) -> None:
    number = world.deploys("gprd", "running", project="acme/website", by="chen")
    running = told(world)
    world.deploys("gprd", "failed", project="acme/website", by="ben", deployment_id=number)
    failed = told(world)
    world.deploys("gprd", "failed", project="acme/other", deployment_id=number)
    other = told(world)

    assert running.deployed
    assert failed.deployed
    assert other.deployed
    assert (running.own, running.iid, running.labels) == (False, 0, ())
    assert running.deployed.key == failed.deployed.key != other.deployed.key
    assert (failed.deployed.state, failed.deployed.by, failed.deployed.at) == ("failed", "ben", NOON)


@pytest.mark.parametrize("state", ["running", "success", "failed", "canceled"])
def test_each_state_that_says_something_is_told(state: str) -> None:
    found = deployed(status=state)

    assert found
    assert found.state == state


@pytest.mark.parametrize(
    "odd",
    [
        {"status": "created"},
        {"status": "blocked"},
        {"status": None},
        {"status": ["success"]},
        {"deployment_id": None},
        {"deployment_id": "15"},
        {"deployment_id": True},
        {"project": None},
        {"project": []},
    ],
)
def test_a_deployment_that_cannot_be_told_from_others_or_says_nothing_is_left_out(odd: dict[str, object]) -> None:
    hook = read(DEPLOYMENT | odd)

    assert (hook.kind, hook.deployed) == ("deployment", None)


@pytest.mark.parametrize("odd", [None, 3, True, [], {}, {"x": []}, ""])
def test_whatever_else_is_missing_or_odd_is_left_out(odd: object) -> None:
    for name in set(DEPLOYMENT) - {"object_kind", "status", "deployment_id", "project"}:
        assert deployed(**{name: odd})

    bare = read({"object_kind": "deployment", "status": "failed", "deployment_id": 15, "project": {"id": 30}}).deployed
    assert bare == Deployed("deployment:30:15", "failed", "", "", "", "", "", "", NOON)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-11-21 12:50:00 +0200", NOON - timedelta(minutes=70)),
        ("2026-11-21 12:50:00 -0530", NOON + timedelta(minutes=380)),
        ("2026-11-21 10:50:00 UTC", NOON - timedelta(minutes=70)),
        ("2026-11-21T12:50:00.123+02:00", NOON - timedelta(minutes=70) + timedelta(milliseconds=123)),
        ("2026-11-21T10:50:00Z", NOON - timedelta(minutes=70)),
        ("2026-11-21 10:50:00", NOON - timedelta(minutes=70)),
        ("0001-01-01 00:00:00 +0200", NOON),
        ("yesterday", NOON),
        (1763722200, NOON),
    ],
)
def test_moments_are_read_in_all_forms_and_else_it_is_now(written: object, at: datetime) -> None:
    found = deployed(status_changed_at=written)

    assert found
    assert found.at == at


@pytest.mark.parametrize(
    ("job", "commit", "url"),
    [
        ("https://a.example/1", "https://a.example/2", "https://a.example/1"),
        (None, "http://a.example/2", "http://a.example/2"),
        ("javascript:alert(1)", "https://a.example/2", "https://a.example/2"),
        ("https://a.example/|x>", "ftp://a.example/2", ""),
        ("https://a.example/ x", None, ""),
        ("https://", "", ""),
    ],
)
def test_a_link_leads_to_the_job_else_to_the_commit_and_only_to_the_web(job: object, commit: object, url: str) -> None:
    found = deployed(deployable_url=job, commit_url=commit)

    assert found
    assert found.url == url


def test_texts_of_a_deployment_are_one_line_that_can_be_written_down() -> None:
    found = deployed(commit_title=" Fix\n\n/close \ud800\0 it ", user={"username": None, "name": "Chen  Lihua"})

    assert found
    assert (found.title, found.by) == ("Fix /close it", "Chen Lihua")
