"""The emulated GitLab's webhooks: what they say, how they are signed, and when they are given up."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.sandbox.gitlab.sender import signature
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Server


class Receiver:
    """Somebody who registered a webhook, and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        app = web.Application()
        app.router.add_post("/hooks", self._take)
        self.server = Server(app)

    async def _take(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.status)

    @property
    def received(self) -> list[dict[str, Any]]:
        return [json.loads(each.request_body) for each in self.server.recorded()]


@pytest.fixture
def world() -> Iterator[GitlabWorld]:
    world = GitlabWorld()
    yield world
    world.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with receiver.server:
        yield receiver


def test_hooks_tell_what_changed_and_carry_their_secrets(world: GitlabWorld, receiver: Receiver) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    world.add_hook(f"{receiver.server.url}/hooks", "token", secret)
    week = world.add_milestone("WoW")
    iid = world.add_issue("Slow", ["goal"])
    world.edit_issue(iid, milestone=week, add_labels=["outage"], by="alice")
    world.deploys("gprd", "failed", tier="production")
    assert world.hooks_arrived()

    kinds = [each["object_kind"] for each in receiver.received]
    assert kinds == ["milestone", "issue", "issue", "deployment"]
    edited, deployment = receiver.received[2:]
    assert (edited["object_attributes"]["action"], edited["object_attributes"]["milestone_id"]) == ("update", week)
    assert edited["changes"]["milestone_id"] == {"previous": None, "current": week}
    assert [each["title"] for each in edited["changes"]["labels"]["current"]] == ["goal", "outage"]
    assert (edited["user"]["username"], edited["project"]["path_with_namespace"]) == ("alice", "acme/production")
    assert (deployment["status"], deployment["environment_tier"]) == ("failed", "production")
    [*_, last] = receiver.server.recorded()
    assert (last.request_headers["X-Gitlab-Event"], last.request_headers["X-Gitlab-Token"]) == (
        "Deployment Hook",
        "token",
    )
    identity, stamp = last.request_headers["webhook-id"], last.request_headers["webhook-timestamp"]
    assert last.request_headers["webhook-signature"] == signature(secret, identity, stamp, last.request_body)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    body = b'{"test": 2432232314}'

    signed = signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_hook_is_tried_again_and_given_up_for_a_minute_after_four_failures(
    world: GitlabWorld, receiver: Receiver
) -> None:
    now = world.state.now()
    world.sender.retry_seconds = 0
    world.add_hook(f"{receiver.server.url}/hooks", issues_events=True)
    receiver.status = 500
    for n in range(5):
        world.add_issue(f"Issue {n}")
    assert world.hooks_arrived()

    assert [each.statuses for each in world.hooks_sent] == [[500] * 3] * 4 + [[]]
    keys = {each.request_headers["Idempotency-Key"] for each in receiver.server.recorded()}
    assert len(keys) == 4
    receiver.status = 200
    world.state.clock = lambda: now + timedelta(minutes=2)
    world.add_issue("Back")
    assert world.hooks_arrived()
    assert world.hooks_sent[-1].statuses == [200]


def test_hooks_can_be_reordered_repeated_and_forged(world: GitlabWorld, receiver: Receiver) -> None:
    world.add_hook(f"{receiver.server.url}/hooks", "right", issues_events=True)
    world.hold_hooks()
    first, second = world.add_issue("First"), world.add_issue("Second")
    world.release_hooks([1, 0])
    assert world.hooks_arrived()
    assert world.redeliver(0) == 200
    world.redeliver(0, {"X-Gitlab-Token": "wrong"}, b"{}")

    numbers = [each.get("object_attributes", {}).get("iid") for each in receiver.received]
    assert numbers == [second, first, first, None]
    sent = receiver.server.recorded()
    assert sent[1].request_headers["X-Gitlab-Event-UUID"] == sent[2].request_headers["X-Gitlab-Event-UUID"]
    assert sent[3].request_headers["X-Gitlab-Token"] == "wrong"


def test_confidential_issues_go_only_to_hooks_that_want_them(world: GitlabWorld, receiver: Receiver) -> None:
    world.add_hook(f"{receiver.server.url}/hooks", issues_events=True)
    world.add_issue("Secret", confidential=True)

    assert world.hooks_sent == []
