"""A message becomes an outage, an event or a reminder in two clicks: with its thread, its files, and at its own time."""

from datetime import datetime

from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.state import Message
from tests.stories.night import exported, only_outage, plain
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, World

ELSEWHERE = "C5"


def sounds_alarm(world: World, title: str, channel: str = CHANNEL) -> Message:
    """An alert bot said something an hour ago, with its words in an attachment."""
    if "U8" not in world.slack.members:
        world.slack.add_person("U8", "alarm", "Alarm", is_bot=True)
    alarm = Message(channel, f"{float(world.slack.next_ts()) - 3600:.6f}", "U8", "")
    alarm.attachments = [{"id": 1, "title": title, "text": "db2 is 4 GB behind", "fallback": title}]
    alarm.bot_id = world.slack.members["U8"].bot_id
    world.slack.post(alarm, announce=False)
    return alarm


@side_by_side
def test_an_alarm_and_its_thread_become_an_issue_with_all_that_was_ticked(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    alarm = sounds_alarm(world, "Replication lags")
    bob.says("I look at it <!here>", CHANNEL, thread_ts=alarm.ts, files={"lag.txt": b"secret numbers"})
    reply = alice.says("db2 is full, see #12", CHANNEL, thread_ts=alarm.ts)

    alice.opens_shortcut(alarm, "Open outage issue")
    modal = world.modal(alice, "Open issue")
    assert modal.field("Title").value == "Replication lags"
    seen = str(modal.field("What is seen").value)
    places = [seen.index(words) for words in ("db2 is 4 GB behind", "I look at it", "lag.txt", "db2 is full")]
    assert places == sorted(places)
    assert (seen.count("2026-11-25 08:0"), seen.count("2026-11-25 09:0")) == (1, 2), "each has its time"
    for said in (alarm, reply):
        assert f"/archives/C1/p{said.ts.replace('.', '')}" in seen
    assert "Nobody is paged" in modal.text
    for label in ("Data loss", "Confidential", "Critical"):
        alice.ticks(label)
    alice.chooses("Availability and performance priority", "AP2")
    assert alice.submits().ok
    world.said("(#1)")
    world.is_idle()

    issue = gitlab.issue(only_outage(gitlab))
    assert issue["title"] == "Replication lags"
    assert sorted(issue["labels"]) == ["(perceived) data loss", "AP2", "critical", "outage"]
    assert issue["confidential"] is True
    for words in ("> db2 is 4 GB behind", "lag.txt", "> db2 is full, see #12", "/archives/C1/p"):
        assert words in plain(issue["description"]), words
    assert gitlab.references == gitlab.mentions == []
    assert not [one for one in world.slack.server.recorded() if "sharedPublicURL" in one.path]


@side_by_side
def test_from_a_reply_it_is_the_reply_that_counts_and_its_thread_is_quoted(
    world: World, alice: Persona, bob: Persona
) -> None:
    first = bob.says("What is it?", CHANNEL)
    reply = bob.says("Disk of db3 is full", CHANNEL, thread_ts=first.ts)
    bob.says("Another talk", CHANNEL)

    alice.opens_shortcut(reply, "Open outage issue")
    modal = world.modal(alice, "Open issue")

    assert modal.field("Title").value == "Disk of db3 is full"
    seen = str(modal.field("What is seen").value)
    assert seen.index("What is it?") < seen.index("Disk of db3")
    assert "Another talk" not in seen
    alice.submits()
    answer = world.said("From this message: outage O1")
    assert answer.message.thread_ts == first.ts
    (event,) = exported(world, alice)
    assert event["text"] == "Disk of db3 is full"


@side_by_side
def test_an_outage_that_looks_like_it_is_pointed_out(world: World, alice: Persona, bob: Persona) -> None:
    sent = bob.says("Database is down", CHANNEL)
    alice.opens_shortcut(sent, "Open outage issue")
    world.modal(alice, "Open issue")
    alice.submits()
    world.said("(#1)")

    bob.types("/event outage the database is down again", CHANNEL)
    assert "This looks like O1 (#1) “Database is down”" in world.modal(bob, "Open issue").text


@side_by_side
def test_from_a_private_channel_the_modal_says_what_becomes_of_it(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.slack.add_channel("C7", "war-room", members=["U1"], private=True)
    sent = alice.says("The root password leaked", "C7")

    alice.opens_shortcut(sent, "Open outage issue")
    modal = world.modal(alice, "Open issue")
    assert "internal notes" in modal.text
    assert modal.field("Confidential").value
    alice.submits()
    world.said("(#1)", "C7")
    world.is_idle()

    assert gitlab.issue(1)["confidential"] is True
    assert not [one for one in world.messages("leaked") if not one.ephemeral]


@side_by_side
def test_where_baton_is_no_member_a_shortcut_works_and_says_what_is_not_followed(
    world: World, alice: Persona, bob: Persona
) -> None:
    world.slack.add_channel(ELSEWHERE, "alerts", members=["U1", "U2"], bot_member=False)
    alarm = sounds_alarm(world, "Errors of the API", ELSEWHERE)
    bob.says("It was the deploy", ELSEWHERE, thread_ts=alarm.ts)

    alice.opens_shortcut(alarm, "Log as event")
    assert "after an invitation" in world.said("Logged as event 1", ELSEWHERE).text
    alice.opens_shortcut(alarm, "Open outage issue")
    modal = world.modal(alice, "Open issue")
    assert "The thread is left out" in modal.text
    assert "It was the deploy" not in str(modal.field("What is seen").value)
    alice.submits()
    assert "after an invitation" in world.said("began when the message was written", ELSEWHERE).text
    (event,) = exported(world, bob)
    assert f"/archives/{ELSEWHERE}/p{alarm.ts.replace('.', '')}" in event["permalink"]
    assert datetime.fromisoformat(event["at"]).timestamp() == float(alarm.ts) // 1, "not the moment of the click"
    world.forgives_slack = True  # it is asked, and says that Baton is no member


@side_by_side
def test_what_is_longer_than_an_event_says_so_and_keeps_its_files(world: World, alice: Persona, bob: Persona) -> None:
    sent = bob.says("x" * 12_000, CHANNEL, files={"trace.log": b"x"})

    alice.opens_shortcut(sent, "Log as event")
    world.said("Logged as event 1")
    (event,) = exported(world, alice)

    assert len(event["text"]) <= 3000
    assert "cut here" in event["text"]
    assert "trace.log" in event["text"]


@side_by_side
def test_a_message_is_put_on_the_list_for_the_hand_off_once(world: World, alice: Persona, bob: Persona) -> None:
    sent = bob.says("The kernel upgrade is still to do", CHANNEL)

    alice.opens_shortcut(sent, "Add to hand-off")
    world.said("Added to the next hand-off", to=alice)
    bob.opens_shortcut(sent, "Add to hand-off")
    world.said("on the list for the next hand-off already", to=bob)
    assert not world.messages("event 1")


@side_by_side
def test_a_guest_who_takes_the_last_pin_off_strikes_nothing_through(world: World, alice: Persona, bob: Persona) -> None:
    guest = world.slack.add_person("U9", "zoe", tz="Europe/Paris", is_restricted=True)
    world.slack.channels[CHANNEL].members.append("U9")
    sent = bob.says("Disk full", CHANNEL)
    alice.reacts(sent, "pushpin")
    world.said("event 1")
    guest.reacts(sent, "pushpin")
    world.said("Guests can look", to=guest)
    alice.unreacts(sent, "pushpin")
    world.is_idle()
    guest.unreacts(sent, "pushpin")
    world.until(lambda: len(world.messages("Guests can look", to=guest)) == 2, "the guest is told again")
    world.is_idle()

    assert not world.messages("retracted by")
