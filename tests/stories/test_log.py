"""What happened in production is on record in one line, whoever types it, wherever, and whatever is down."""

import re

from bot.sandbox.slack.persona import Persona
from tests.stories.night import declares, exported, notes_of, only_outage
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, World


@side_by_side
def test_one_line_is_logged_echoed_in_the_channel_and_changed_by_its_buttons(
    world: World, alice: Persona, bob: Persona
) -> None:
    alice.types("/event log 08:30Z restarted <redis> & friends", CHANNEL)
    echo = world.said("restarted <redis> & friends")
    world.until(lambda: [one for one in world.messages("restarted") if not one.ephemeral], "the echo")
    (echo,) = [one for one in world.messages("restarted") if not one.ephemeral]

    assert echo.buttons == ["Edit", "Retract", "Make toil issue", "Switch to incident"]
    assert "change" in echo.text
    assert "08:30 UTC" in echo.text
    assert "@alice" in echo.text

    bob.clicks(echo, "Switch to incident")
    world.said("switched by @bob")
    alice.clicks(world.said("switched by @bob"), "Edit")
    world.modal(alice, "Save")
    alice.fills("What happened", "restarted redis")
    assert alice.submits().ok
    world.said("edited by @alice")
    alice.clicks(world.said("edited by @alice"), "Retract")
    assert world.said("retracted by @alice").buttons == ["Restore"]


@side_by_side
def test_what_is_wrong_in_the_modal_is_told_there_and_nowhere_else(world: World, alice: Persona) -> None:
    alice.types("/event log 08:30Z restarted redis", CHANNEL)
    world.until(lambda: [one for one in world.messages("restarted") if one.buttons], "the echo")
    (echo,) = [one for one in world.messages("restarted") if one.buttons]
    alice.clicks(echo, "Edit")
    modal = world.modal(alice, "Save")
    alice.fills("When", "25:00")
    alice.submits()

    assert "“25:00” is not a time of day. Please write it like 14:05," in modal.text
    alice.fills("When", "08:40Z")
    assert alice.submits().ok
    world.said("edited by @alice")
    world.is_idle()
    assert not world.messages("is not a time of day", channel=None)


@side_by_side
def test_an_outage_declared_logged_to_and_resolved_while_gitlab_is_away_becomes_one_closed_issue(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    gitlab.goes_down()
    declares(world, alice, "Database is down", "Data loss")
    world.said("Outage O1 “Database is down”")
    bob.types("/event log 08:50Z replication stopped", CHANNEL)
    alice.types("/event log 08:40Z disk full", CHANNEL)
    world.said("Nothing is lost")
    bob.types("/event resolve", CHANNEL)
    world.said("post-mortem is due")
    gitlab.comes_back()
    world.is_idle(within=60)

    iid = only_outage(gitlab)
    assert gitlab.labels_of(iid) == ["(perceived) data loss", "outage"]
    assert gitlab.issue(iid)["state"] == "closed"
    notes = notes_of(gitlab, iid)
    assert [
        next(word for word in ("declared", "replication", "disk", "resolved") if word in note) for note in notes
    ] == [
        "declared",
        "replication",
        "disk",
        "resolved",
    ]
    assert f"#{iid}" in world.said("is over, after").text


@side_by_side
def test_the_same_message_becomes_one_event_and_one_outage_whichever_way_it_is_asked_for(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    message = bob.says("Disk of db3 is full\nsecond line", CHANNEL)

    assert alice.opens_shortcut(message, "Log as event").ok
    world.said("Logged as event 1")
    alice.opens_shortcut(message, "Log as event")
    world.said("in the log already")
    alice.opens_shortcut(message, "Open outage issue")
    modal = world.modal(alice, "Open issue")
    assert modal.field("Title").value == "Disk of db3 is full"
    alice.submits()
    world.said("Outage O1 (#1)")
    world.is_idle()
    bob.opens_shortcut(message, "Open outage issue")
    world.said("is outage O1", to=bob)
    assert gitlab.issue(only_outage(gitlab))["title"] == "Disk of db3 is full"
    bob.reacts(message, "pushpin")
    world.is_idle()
    assert len([one for one in world.messages("Disk of db3") if "event 1" in one.text and not one.ephemeral]) == 1


@side_by_side
def test_a_pushpin_logs_and_the_last_one_taken_off_retracts(world: World, alice: Persona, bob: Persona) -> None:
    first = bob.says("What is it?", CHANNEL)
    reply = bob.says("Disk full", CHANNEL, thread_ts=first.ts)

    alice.reacts(reply, "pushpin")
    world.said("Disk full")
    world.until(lambda: [one for one in world.messages("Disk full") if one.buttons], "the echo")
    bob.reacts(reply, "pushpin")
    alice.unreacts(reply, "pushpin")
    world.is_idle()
    assert not world.messages("retracted")
    bob.unreacts(reply, "pushpin")
    world.said("retracted by @bob")
    alice.reacts(reply, "pushpin")
    world.said("restored by @alice")
    bob.edits(reply, "Disk was full")
    world.said("message edited by @bob")
    bob.deletes(reply)
    world.said("message deleted by @bob")


@side_by_side
def test_a_guest_who_pins_is_told_that_guests_only_look(world: World, bob: Persona) -> None:
    guest = world.slack.add_person("U9", "zoe", tz="Europe/Paris", is_restricted=True)
    world.slack.channels[CHANNEL].members.append("U9")
    message = bob.says("Disk full", CHANNEL)

    guest.reacts(message, "pushpin")

    world.said("Guests can look but not change anything", to=guest)
    assert not world.messages("event 1")
    another = bob.says("Disk is empty", CHANNEL)
    guest.reacts(another, "pushpin")
    world.until(lambda: len(world.messages("Guests can look", to=guest)) == 2, "the guest is told each time")


@side_by_side
def test_who_edits_after_somebody_else_changes_only_what_they_changed(
    world: World, alice: Persona, bob: Persona
) -> None:
    alice.types("/event log change disk full", CHANNEL)
    world.until(lambda: [one for one in world.messages("disk full") if one.buttons], "the echo")
    (echo,) = [one for one in world.messages("disk full") if one.buttons]
    for person in (alice, bob):
        person.clicks(echo, "Edit")
        world.modal(person, "Save")
    alice.chooses("Kind", "incident")
    alice.submits()
    bob.fills("What happened", "disk was full")
    bob.submits()

    assert "*incident*" in world.said("disk was full").raw


@side_by_side
def test_what_somebody_may_not_have_meant_is_said(world: World, alice: Persona) -> None:
    alice.types("/event log all is well", CHANNEL)
    world.said("Logged as event")  # and what is logged here waits for nothing in Slack from now on

    assert "This time is in the future." in alice.types("/event log tomorrow 08:00 switch the router", CHANNEL).text
    assert "I do not know outage O99." in alice.types("/event log O99 has room again", CHANNEL).text


@side_by_side
def test_what_was_assumed_of_a_time_is_said_where_an_event_is_edited_too(world: World, alice: Persona) -> None:
    alice.types("/event log change disk full", CHANNEL)
    world.until(lambda: [one for one in world.messages("disk full") if one.buttons], "the echo")
    (echo,) = [one for one in world.messages("disk full") if one.buttons]
    alice.clicks(echo, "Edit")
    world.modal(alice, "Save")
    alice.fills("When", "2026-10-25 02:30")

    assert alice.submits().ok
    assert "show 02:30 twice; I took the second time" in world.modal(alice, "").text
    world.said("01:30 UTC")


@side_by_side
def test_what_nobody_can_see_is_no_title_and_no_text_of_an_event(world: World, alice: Persona) -> None:
    unseen = "\u200b \u2060"
    alice.types("/event log change disk full", CHANNEL)
    world.until(lambda: [one for one in world.messages("disk full") if one.buttons], "the echo")
    (echo,) = [one for one in world.messages("disk full") if one.buttons]

    alice.clicks(echo, "Edit")
    world.modal(alice, "Save")
    alice.fills("What happened", unseen)
    assert "Please say what happened." in alice.submits().text
    alice.closes()
    alice.types("/event outage", CHANNEL)
    world.modal(alice, "Open issue")
    alice.fills("Title", unseen)
    assert "Please say in a few words what is wrong." in alice.submits().text
    alice.closes()
    alice.opens_shortcut(alice.says(unseen, CHANNEL), "Log as event")
    world.said("no words and no files")
    assert [one["text"] for one in exported(world, alice)] == ["disk full"]


@side_by_side
def test_a_file_says_how_many_events_it_has(world: World, alice: Persona) -> None:
    alice.types("/event log change disk full", CHANNEL)
    world.said("Logged as event 1")
    exported(world, alice)
    alice.types("/event log change disk has room", CHANNEL)
    exported(world, alice)

    said = [message.text for where in world.slack.channels.values() for message in where.messages]
    assert [text for text in said if "of the log" in text] == ["1 event of the log.", "2 events of the log."]


@side_by_side
def test_a_list_and_a_search_are_paged_back_to_their_first_event(world: World, alice: Persona, bob: Persona) -> None:
    for number in range(25):
        assert alice.types(f"/event log -{25 - number}m restarted node-{number:02}", CHANNEL).ok
    world.until(lambda: len(world.messages("Logged as event", to=alice)) == 25, "all is logged")
    world.is_idle()  # and said in the channel, so that the page is what comes last

    for asked, pages in (("list", [10, 10, 5]), ("find node*", [20, 5])):
        bob.types(f"/event {asked}", CHANNEL)
        shown = [number for size in pages for number in _page_of(world, bob, size)]
        assert sorted(shown) == [f"{number:02}" for number in range(25)], asked


def _page_of(world: World, person: Persona, size: int) -> list[str]:
    """The numbers on the page that came last, as soon as it has so many; and turns it."""
    page = world.said(f" {size} events", to=person)
    world.until(lambda: f" {size} events" in world.messages(to=person)[-1].text, "the page")
    page = world.messages(to=person)[-1]
    if "Older" in page.buttons:
        person.clicks(page, "Older")
        world.until(lambda: world.messages(to=person)[-1].message.ts != page.message.ts, "the next page")
    return re.findall(r"node\W*-(\d\d)", page.text)
