"""Private stays private: what is said in a private channel, or of a confidential outage, is read by its members alone."""

from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.state import Channel
from tests.stories.night import declares, echoes, exported, file_sent, notes_of, only_outage, plain
from tests.stories.pager import accepts, reports, takes
from tests.stories.side_by_side import side_by_side
from tests.stories.test_handoff_watch import passes
from tests.stories.world import CHANNEL, Gitlab, World

SECRET = "hunter2-is-the-root-password"
WAR_ROOM = "C7"


class NamedOpenly(Channel):
    """A private channel that Slack names as it does a public one, which it does for some."""

    @property
    def spoken_name(self) -> str:
        return self.name


def opens_war_room(world: World) -> None:
    """A private channel with Alice and Baton in it, and not Bob."""
    world.slack.add_channel(WAR_ROOM, "war-room", members=["U1"], private=True)


def places_with(world: World, words: str, *, but: str = "") -> list[str]:
    """Where these words stand: everywhere in Slack where somebody else can see them, in files, in public GitLab."""
    found = [
        f"{where.name}: {message.text}"
        for where in world.slack.channels.values()
        for message in where.messages
        if words in f"{message.text} {message.blocks} {message.attachments}"
        and message.user == world.slack.bot_user
        and message.only_for != but
    ]
    found += [
        one.name
        for one in world.slack.files.values()
        if words in f"{one.name} {one.title} {one.alternative}" or words.encode() in (one.content or b"")
    ]
    found += [line for each in world.bots for line in each.whole_log.splitlines() if words in line]
    for issue in world.gitlab.state.issues.values():
        if words in f"{issue.title} {issue.description}" and not issue.confidential:
            found.append(f"issue #{issue.iid}")
        hidden = issue.confidential
        found += [f"note: {note.body}" for note in issue.notes if words in note.body and not (note.internal or hidden)]
    return found


def refused_in(world: World) -> int:
    """How often somebody who is not in the war room was told so."""
    return sum("This event is private" in one.text for one in world.slack.channels[WAR_ROOM].messages)


@side_by_side
def test_what_is_logged_in_a_private_channel_is_shown_to_its_members_alone(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    opens_war_room(world)
    declares(world, bob, "Database is down")
    world.said("(#1)")

    assert alice.types(f"/event log {SECRET}", WAR_ROOM).ok
    world.said("Private event", WAR_ROOM)
    assert any(SECRET in one.text for one in world.messages(SECRET, WAR_ROOM) if one.ephemeral)
    world.is_idle()

    alice.types("/event list", CHANNEL)
    assert world.said(SECRET).ephemeral
    bob.types("/event list", CHANNEL)
    assert "1 private event" in world.said("newest last", to=bob).text
    bob.types("/event find hunter2*", CHANNEL)
    world.said("Nothing in the log matches", to=bob)
    alice.types("/event find hunter2*", CHANNEL)
    assert world.said("Found", to=alice).ephemeral
    before = set(world.slack.files)
    bob.types("/event timeline", CHANNEL)
    assert "private event" in world.said("Timeline of", to=bob).text
    assert file_sent(world, before, ".png")
    echo = world.said("Private event", WAR_ROOM)
    for button in ("Edit", "Retract", "Make toil issue", "Switch to change"):
        bob.clicks(echo, button)
    world.until(lambda: refused_in(world) == 4, "Bob is refused")
    assert bob.modal is None
    alice.clicks(echo, "Make toil issue")
    world.said("Toil issue", WAR_ROOM)
    message = alice.says(f"{SECRET} was rotated", WAR_ROOM)
    alice.opens_shortcut(message, "Log as event")
    world.said("Private event 3", WAR_ROOM)
    alice.edits(message, f"{SECRET} was rotated twice")
    alice.reacts(alice.says(f"{SECRET} again", WAR_ROOM), "pushpin")
    world.said("Private event 4", WAR_ROOM)
    alice.opens_shortcut(alice.says(f"{SECRET} for tomorrow", WAR_ROOM), "Add to hand-off")
    world.is_idle()
    notes = [one for one in gitlab.state.issues[only_outage(gitlab)].notes if "hunter2" in one.body]
    assert [one.internal for one in notes] == [True] * 3
    for form in ("md", "csv", "json"):
        before = set(world.slack.files)
        assert alice.types(f"/event export {form}", CHANNEL).ok
        file_sent(world, before, f".{form}")
    before = set(world.slack.files)
    alice.types("/event postmortem", CHANNEL)
    assert b"3 private events" in file_sent(world, before, ".md")
    alice.clicks(world.said("A draft for"), "Put it into the issue")
    world.is_idle()
    assert "private event" in gitlab.state.issues[only_outage(gitlab)].description
    assert places_with(world, "root-password", but="U1") == []


@side_by_side
def test_a_confidential_outage_is_created_so_and_its_title_stays_with_it(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    declares(world, alice, f"Leak of {SECRET}", "Confidential")
    world.said("(confidential)")
    bob.types(f"/event log {SECRET} was rotated", CHANNEL)
    world.is_idle()

    (created,) = [each for each in gitlab.writes if each.path.endswith("/issues")]
    assert created.body["confidential"] is True
    assert any("rotated" in one for one in notes_of(gitlab, only_outage(gitlab)))
    alice.types("/event resolve", CHANNEL)
    world.said("post-mortem")
    world.is_idle()
    assert [one["text"] for one in exported(world, bob)] == ["(private)"] * 3
    shown = [one for one in places_with(world, "hunter2", but="U1") if "only" not in one]
    assert [one for one in shown if "Logged as event" not in one] == []


@side_by_side
def test_what_is_moved_into_a_confidential_outage_leaves_no_text_behind_under_the_public_issue(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    declares(world, alice, "Database is down")
    world.said("(#1)")
    declares(world, alice, "Somebody got in", "Confidential")
    world.said("(#2)")
    alice.types("/event log O1 restarted it", CHANNEL)
    world.until(lambda: echoes(world, "restarted it"), "the echo")
    (echo,) = [one for one in world.messages("restarted it") if not one.ephemeral]

    alice.clicks(echo, "Edit")
    world.modal(alice, "Save")
    alice.fills("What happened", f"rotated {SECRET}")
    alice.chooses("Outage", "O2 (#2) (confidential)")
    assert alice.submits().ok
    world.until(lambda: any(SECRET in plain(one) for one in notes_of(gitlab, 2)), "it is moved")
    world.is_idle()

    left = plain(notes_of(gitlab, 1)[1])
    assert "belongs to O2" in left
    assert "(private)" in left
    assert places_with(world, "root-password", but="U1") == []
    assert places_with(world, "restarted it", but="U1") == []


@side_by_side
def test_a_channel_that_slack_sends_under_its_own_name_is_asked_about_before_anything_is_said(
    world: World, alice: Persona, bob: Persona
) -> None:
    room = NamedOpenly(WAR_ROOM, "war-room", "group", ["U1", world.slack.bot_user])
    world.slack.channels[WAR_ROOM] = room

    alice.types(f"/event log {SECRET}", WAR_ROOM)
    world.said("Private event", WAR_ROOM)
    world.is_idle()
    assert places_with(world, "root-password", but="U1") == []


@side_by_side
def test_a_hand_off_tells_of_what_is_private_that_it_is_there_and_nothing_else(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    opens_war_room(world)
    takes(world, alice)
    alice.types(f"/event log {SECRET} was found", WAR_ROOM)
    alice.types(f"/handoff note rotate {SECRET}", WAR_ROOM)
    alice.types("/event outage", CHANNEL)
    world.modal(alice, "Open issue")
    alice.fills("Title", f"{SECRET} leaked")
    alice.ticks("Confidential")
    alice.submits()
    world.until(lambda: any(one.confidential for one in gitlab.state.issues.values()), "its issue is there")
    world.is_idle()

    alice.types(f"/handoff <@{bob.id}>", CHANNEL)
    modal = world.modal(alice, "Hand off")
    assert f"{SECRET} leaked" in modal.text
    assert f"{SECRET} was found" in modal.text
    assert f"rotate {SECRET}" in modal.text
    alice.fills("Note on", f"{SECRET} is changed at six")
    alice.fills("Summary", "one thing goes on")
    alice.submits()
    offer = world.said("Hand-off offered")
    assert "(confidential)" in offer.text
    assert "private event" in offer.text
    assert "1 private thing" in offer.text
    accepts(world, bob, offer)
    world.until(lambda: len(reports(gitlab)) == 2, "the report")
    bob.types("/handoff", CHANNEL)
    bob.types("/handoff history", CHANNEL)
    world.is_idle()

    assert places_with(world, "root-password", but="U1") == []
    (secret,) = [one for one in gitlab.state.issues.values() if one.confidential]
    assert any("is changed at six" in note.body for note in secret.notes)
    assert "private event" in gitlab.issue(reports(gitlab)[-1])["description"]


@side_by_side
def test_a_hand_off_from_a_private_channel_stays_there(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    opens_war_room(world)
    world.slack.joins("U2", WAR_ROOM)
    lost = gitlab.add_issue("Avatars are missing", ["(perceived) data loss"])
    takes(world, alice)
    world.is_idle()

    alice.types(f"/handoff <@{bob.id}>", WAR_ROOM)
    world.modal(alice, "Hand off")
    alice.fills(f"#{lost}", f"{SECRET} opens the vault")
    alice.fills("Summary", f"ask me for {SECRET}")
    alice.submits()
    accepts(world, bob, world.said("Hand-off offered", WAR_ROOM))
    world.until(lambda: len(reports(gitlab)) == 2, "the report")
    world.is_idle()

    assert not world.messages("root-password")
    assert gitlab.issue(reports(gitlab)[-1])["confidential"] is True
    (note,) = [one for one in gitlab.state.issues[lost].notes if "root-password" in one.body]
    assert note.internal


@side_by_side
def test_who_opens_a_hand_off_without_having_the_pager_reads_no_title_of_a_confidential_issue(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    opens_war_room(world)
    gitlab.add_issue(f"{SECRET} was lost", ["(perceived) data loss"], confidential=True)
    alice.types(f"/event outage {SECRET} leaked", WAR_ROOM)
    world.modal(alice, "Open issue")
    alice.submits()
    world.until(lambda: len(gitlab.state.issues) == 2, "its issue is there")
    world.is_idle()

    bob.types(f"/handoff <@{alice.id}>", CHANNEL)
    assert "root-password" not in world.modal(bob, "Hand off").text
    alice.types(f"/handoff <@{bob.id}>", CHANNEL)
    modal = world.modal(alice, "Hand off").text
    assert f"{SECRET} leaked" in modal
    assert f"{SECRET} was lost" not in modal

    bob.closes(everything=True)
    takes(world, bob)
    bob.types(f"/handoff <@{alice.id}>", CHANNEL)
    assert f"{SECRET} was lost" in world.modal(bob, "Hand off").text


@side_by_side
def test_a_reason_given_in_a_private_channel_is_told_there_and_nowhere_else(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    opens_war_room(world)
    lost = gitlab.add_issue("Avatars are missing", ["(perceived) data loss"])
    takes(world, bob)

    alice.types(f"/handoff take bob told everybody {SECRET}", WAR_ROOM)

    assert SECRET in world.said("@alice is on call", WAR_ROOM).text
    world.said("took the pager from you", channel=None, to=bob)
    world.until(lambda: len(reports(gitlab)) == 2, "the report")
    assert "a private reason" in bob.types("/handoff history", CHANNEL).text
    world.is_idle()
    assert [one for one in places_with(world, "root-password") if not one.startswith("war-room")] == []
    assert any("root-password" in note.body and note.internal for note in gitlab.state.issues[lost].notes)


@side_by_side
def test_what_was_offered_in_a_private_channel_stays_there_when_somebody_takes_the_pager_elsewhere(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    opens_war_room(world)
    world.slack.joins("U2", WAR_ROOM)
    lost = gitlab.add_issue("Avatars are missing", ["(perceived) data loss"])
    takes(world, alice)
    alice.types(f"/handoff <@{bob.id}>", WAR_ROOM)
    world.modal(alice, "Hand off")
    alice.fills(f"#{lost}", f"{SECRET} opens the vault")
    alice.fills("Summary", f"ask me for {SECRET}")
    alice.submits()
    world.said("Hand-off offered", WAR_ROOM)

    bob.types("/handoff take her train leaves", CHANNEL)

    assert "her train leaves" in world.said("@bob is on call").text
    assert f"{SECRET} opens the vault" in world.said("took the pager from @alice", WAR_ROOM).text
    world.until(lambda: len(reports(gitlab)) == 2, "the report")
    world.is_idle()
    assert not world.messages("root-password")


@side_by_side
def test_why_a_private_offer_was_declined_is_not_told_to_the_channel_that_heard_it_was_not_answered(
    world: World, alice: Persona, bob: Persona
) -> None:
    opens_war_room(world)
    world.slack.joins("U2", WAR_ROOM)
    takes(world, alice)
    alice.types(f"/handoff <@{bob.id}>", WAR_ROOM)
    world.modal(alice, "Hand off")
    alice.ticks("Quiet shift")
    alice.submits()
    offer = world.said("Hand-off offered", WAR_ROOM)
    passes(world, minutes=31)
    world.said("@bob has not answered the hand-off from")

    bob.clicks(offer, "Decline")
    world.modal(bob, "Decline")
    bob.fills("Reason", f"I lost {SECRET}")
    assert bob.submits().ok

    assert SECRET in world.said("@bob declined the hand-off", WAR_ROOM).text
    world.said("@bob declined the hand-off")
    world.is_idle()
    assert not world.messages("root-password")
