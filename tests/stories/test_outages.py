"""Outages: several at once, made and ended by hand in GitLab, refused by it, and what is deployed meanwhile."""

import re

from bot.sandbox.slack.persona import Persona
from tests.stories.night import declares, echoes, exported, notes_of, only_outage, plain
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, World


@side_by_side
def test_with_several_ongoing_a_button_says_which_one_an_event_belongs_to_and_a_number_in_the_text_does_too(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    world.slack.add_channel("C9", "elsewhere", members=["U1", "U2"])
    declares(world, alice, "Database is down")
    world.said("(#1)")
    declares(world, alice, "Disk is full")
    world.said("(#2)")

    assert "Which outage" not in bob.types("/event log restarted it", CHANNEL).text
    bob.types("/event log tried it elsewhere", "C9")
    world.said("Which outage does it belong to?", "C9", to=bob)
    world.until(lambda: echoes(world, "restarted it"), "the echo")
    (echo,) = [one for one in world.messages("restarted it") if not one.ephemeral]
    assert echo.buttons[:2] == ["O1 (#1) Database is down", "O2 (#2) Disk is full"]
    bob.clicks(echo, "O1 (#1) Database is down")
    world.until(lambda: any("in O1" in one for one in echoes(world, "restarted it")), "it is moved")
    (echo,) = [one for one in world.messages("restarted it") if not one.ephemeral]
    bob.clicks(echo, "Edit")
    world.modal(bob, "Save")
    bob.chooses("Outage", "O2 (#2) Disk is full")
    assert bob.submits().ok
    world.until(lambda: any("in O2" in one for one in echoes(world, "restarted it")), "it is moved")
    bob.types("/event log #1 replication runs", CHANNEL)
    bob.types("/event log o2 has room again", CHANNEL)
    world.is_idle()

    assert [len(notes_of(gitlab, iid)) for iid in (1, 2)] == [3, 3]
    assert "restarted it" in notes_of(gitlab, 2)[1]
    assert "~~restarted it~~" in plain(notes_of(gitlab, 1)[1])
    assert "belongs to O2" in notes_of(gitlab, 1)[1]
    assert "Which one is over?" in bob.types("/event resolve", CHANNEL).text
    bob.clicks(world.said("Which one is over?", to=bob), "O1 (#1) Database is down")
    world.said("post-mortem is due")
    bob.types("/event resolve #2", CHANNEL)
    world.until(lambda: gitlab.issue(2)["state"] == "closed", "both are closed")
    assert gitlab.issue(1)["state"] == "closed"
    assert "No outage is ongoing" in bob.types("/event resolve", CHANNEL).text


@side_by_side
def test_an_outage_made_by_hand_in_gitlab_is_as_known_as_one_made_here(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    world.is_told_by_hooks()
    iid = gitlab.add_issue("Mail is late", [])
    gitlab.edit_issue(iid, add_labels=["outage"])
    world.until(lambda: "Timeline of O1" in alice.types(f"/event timeline #{iid}", CHANNEL).text, "it is known")
    alice.types("/event log queue grows", CHANNEL)
    world.said("It belongs to O1")
    world.is_idle()
    assert any("queue grows" in note for note in notes_of(gitlab, iid))

    gitlab.edit_issue(iid, state="closed")
    world.said("A blameless post-mortem is due", within=30)
    gitlab.edit_issue(iid, state="opened")
    world.said("is ongoing again")
    gitlab.edit_issue(iid, remove_labels=["outage"])
    world.until(lambda: not world.messages("is ongoing again"), "it is over")
    assert "No outage is ongoing" in alice.types("/event resolve", CHANNEL).text
    assert len([one for one in exported(world, alice) if one["source"] == "outage"]) == 0


@side_by_side
def test_outages_made_while_the_bot_was_away_are_known_when_it_is_back_and_baton_s_own_stay_one(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    declares(world, alice, "Database is down")
    world.said("(#1)")
    world.bot.is_killed()
    iid = gitlab.add_issue("Mail is late", ["outage"])
    world.bot_returns()

    world.until(lambda: "Timeline of O2" in alice.types(f"/event timeline #{iid}", CHANNEL).text, "it is known")
    alice.types("/event resolve", CHANNEL)
    assert "O1 (#1) Database is down" in world.said("2 outages are ongoing").buttons


@side_by_side
def test_what_gitlab_refuses_is_said_and_tried_again_with_all_its_notes(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    gitlab.weather.fails(403, match="^POST .*/issues$")
    declares(world, alice, "Database is down")
    bob.types("/event log disk is full", CHANNEL)
    world.until(
        lambda: any("Retry" in one.buttons for one in world.messages("Outage O1")[:1]),
        "the announcement offers to try again",
    )
    world.said("GitLab refused it")
    gitlab.comes_back()
    alice.clicks(world.messages("Outage O1")[0], "Retry")
    world.said("(#1)")
    world.is_idle()

    assert len(notes_of(gitlab, only_outage(gitlab))) == 2


@side_by_side
def test_deployments_record_themselves_once_each_and_only_failures_are_told_during_an_outage(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    world.is_told_by_hooks()
    world.until(gitlab.calls, "GitLab knows its own address")
    number = gitlab.deploys("production", "running")
    world.said("is running")
    gitlab.deploys("production", "success", deployment_id=number)
    told = world.said("succeeded")
    assert "acme/website 279484c0 “Add new file” to production succeeded" in told.text
    assert re.search(r"<http://\S+/acme/website/-/jobs/\d+\|job>", told.raw)
    gitlab.deploys("production", "canceled")
    world.said("to production was canceled")
    gitlab.deploys("production", "running", deployment_id=number)
    gitlab.deploys("staging", "success", tier="staging")
    declares(world, alice, "Database is down")
    world.said("(#1)")
    gitlab.deploys("production", "success", sha="aaaaaaaaaaaa")
    gitlab.deploys("production", "failed", sha="bbbbbbbbbbbb")
    world.said("failed")
    world.is_idle()

    assert len(echoes(world, "succeeded")) == 1, "and it did not go back to running"
    deployed = [one for one in exported(world, alice) if one["source"] == "deploy"]
    assert [one["kind"] for one in deployed] == ["change"] * 4
    assert all("/acme/website/-/jobs/" in one["permalink"] for one in deployed)
    assert not any("staging" in one["text"] for one in deployed)


@side_by_side
def test_an_event_becomes_a_toil_issue_once(world: World, gitlab: Gitlab, alice: Persona, bob: Persona) -> None:
    alice.types("/event log restarted redis by hand", CHANNEL)
    world.until(lambda: echoes(world, "restarted redis"), "the echo")
    (echo,) = [one for one in world.messages("restarted redis") if not one.ephemeral]
    alice.clicks(echo, "Make toil issue")
    bob.clicks(echo, "Make toil issue")
    world.said("Toil issue: #1")
    world.is_idle()

    (iid,) = gitlab.state.issues
    assert gitlab.labels_of(iid) == ["toil"]
    assert "restarted redis by hand" in gitlab.issue(iid)["title"]
