"""What is brought up by itself: offers that nobody answers, outages without an update, and shifts that begin by the rota."""

from pathlib import Path

from bot.sandbox.slack.persona import Persona
from tests.stories.pager import accepts, offers, on_call, takes
from tests.stories.side_by_side import side_by_side
from tests.stories.test_handoff import declares
from tests.stories.world import CHANNEL, Gitlab, World

ROTA = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//a team//its rota//EN
BEGIN:VEVENT
UID:1
SUMMARY:On call: alice
DTSTART:20261125T010000Z
DTEND:20261125T120000Z
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:On call
ATTENDEE:mailto:bob@example.com
DTSTART:20261125T120000Z
DTEND:20261125T200000Z
END:VEVENT
END:VCALENDAR
"""


def passes(world: World, **by: float) -> None:
    """Time goes by."""
    world.bot.is_killed()
    world.clock.moves(**by)
    world.bot.starts()


@side_by_side
def test_an_offer_that_nobody_answers_is_repeated_to_both_and_then_told_to_the_channel_once_each(
    world: World, alice: Persona, bob: Persona
) -> None:
    takes(world, alice)
    offer = offers(world, alice, bob)

    passes(world, minutes=11)
    reminder = world.said("offered you the pager", channel=None, to=bob)
    assert reminder.buttons == ["Accept", "Ask", "Decline"]
    world.said("has not answered your hand-off", channel=None)
    assert not world.messages("has not answered the hand-off")

    passes(world, minutes=20)
    world.said("@bob has not answered the hand-off from @alice")
    passes(world, minutes=60)
    world.is_idle()
    assert len(world.messages("has not answered the hand-off")) == 1
    assert len(world.messages("offered you the pager", channel=None, to=bob)) == 1

    accepts(world, bob, offer)
    world.until(
        lambda: not world.messages("has not answered the hand-off"), "what was brought up says what is true now"
    )


@side_by_side
def test_after_an_answer_nobody_is_reminded(world: World, alice: Persona, bob: Persona) -> None:
    takes(world, alice)
    accepts(world, bob, offers(world, alice, bob))

    passes(world, minutes=90)

    world.until(lambda: world.bot.has_said("app.ready"), "it looks")
    world.is_idle()
    assert not world.messages("offered you the pager", channel=None, to=bob)
    assert not world.messages("has not answered the hand-off")


@side_by_side
def test_an_outage_without_an_update_is_brought_up_to_whoever_is_on_call_once_per_period(
    world: World, alice: Persona, bob: Persona
) -> None:
    takes(world, bob)
    declares(world, alice, "Database is down")
    world.is_idle()

    passes(world, hours=4.1)
    reminder = world.said("nothing was logged for it since", channel=None, to=bob)
    assert reminder.buttons == ["Resolve"]
    passes(world, hours=1)
    alice.types("/event log failover is done", CHANNEL)
    world.is_idle()
    passes(world, hours=3.5)
    world.is_idle()
    assert len(world.messages("nothing was logged for it since", channel=None, to=bob)) == 1
    passes(world, hours=0.6)
    world.until(
        lambda: len(world.messages("nothing was logged for it since", channel=None, to=bob)) == 2,
        "once more, a period later",
    )
    assert not world.messages("nothing was logged for it since")


@side_by_side
def test_by_the_rota_both_hear_of_it_an_hour_before_and_the_channel_when_nothing_was_begun(tmp_path: Path) -> None:
    rota = tmp_path / "rota.ics"
    rota.write_text(ROTA.replace("\n", "\r\n"))
    with World(tmp_path, "2026-11-25T10:30Z", ROTA=str(rota)) as world:
        world.bot.starts()
        takes(world, world.alice)
        world.until(lambda: world.bot.has_said("rota.read"), "the rota is read")
        assert "Next by the rota: <@U2>" in world.alice.types("/handoff status", CHANNEL).text
        assert not world.messages("is on call from", channel=None, to=world.bob)

        passes(world, minutes=40)
        for each in (world.alice, world.bob):
            world.said("By the rota, @bob is on call from", channel=None, to=each)
        assert not world.messages("no hand-off has begun")

        passes(world, minutes=55)
        world.said("but no hand-off has begun: @alice is still on call")
        world.alice.types("/handoff next", CHANNEL)
        modal = world.modal(world.alice, "Hand off")
        assert "To @bob" in modal.text
        world.alice.ticks("Quiet shift")
        world.alice.submits()
        accepts(world, world.bob, world.said("Hand-off offered"))
        passes(world, minutes=30)
        world.is_idle()
        assert on_call(world) == "bob"
        assert not world.messages("no hand-off has begun"), "what was brought up says what is true now"


@side_by_side
def test_without_a_rota_the_modal_asks_for_the_person_and_refuses_at_the_field(
    world: World, alice: Persona, bob: Persona
) -> None:
    takes(world, alice)
    alice.types("/handoff @next", CHANNEL)
    modal = world.modal(alice, "Hand off")
    assert "no rota" in modal.text
    alice.chooses("Next person", "alice")
    alice.submits()
    assert alice.modal is not None
    assert any("yourself" in error or "on call" in error for error in alice.modal.errors.values())
    alice.chooses("Next person", "bob")
    alice.submits()
    assert alice.modal.errors, "neither a summary nor a quiet shift"
    alice.ticks("Quiet shift")
    alice.submits()

    accepts(world, bob, world.said("Hand-off offered"))


@side_by_side
def test_the_user_group_and_the_topic_follow_and_a_missing_right_is_said_once(
    tmp_path: Path,
) -> None:
    with World(tmp_path, ONCALL_USERGROUP="S1", ONCALL_TOPIC="true") as world:
        world.slack.add_usergroup("S1", "oncall", ["U2"])
        world.slack.channel(CHANNEL).topic = "What keeps the fleet running"
        world.forgives_slack = True
        world.bot.starts()
        alice, bob = world.alice, world.bob

        takes(world, alice)
        world.until(lambda: world.slack.usergroups["S1"].users == ["U1"], "the group holds her alone")
        world.until(
            lambda: world.slack.channel(CHANNEL).topic == "On call: alice | What keeps the fleet running", "the topic"
        )
        world.slack.forbids_usergroup_changes = True
        accepts(world, bob, offers(world, alice, bob))
        world.said("I cannot put who is on call into the user group")
        accepts(world, alice, offers(world, bob, alice))
        world.is_idle()

        assert len(world.messages("I cannot put who is on call into the user group")) == 1
        assert world.slack.usergroups["S1"].users == ["U1"]
        assert world.slack.channel(CHANNEL).topic == "On call: alice | What keeps the fleet running"


@side_by_side
def test_several_outages_without_an_update_are_brought_up_in_one_message(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    takes(world, bob)
    _, slow, _ = [
        gitlab.add_issue(title, ["outage"]) for title in ("Mail is late", "Search is slow", "Pages are empty")
    ]

    passes(world, hours=4.1)

    reminder = world.said("3 outages are ongoing, and nothing was logged for them", channel=None, to=bob)
    assert reminder.buttons == ["Resolve O1", "Resolve O2", "Resolve O3"]
    bob.clicks(reminder, "Resolve O2")
    world.until(lambda: gitlab.issue(slow)["state"] == "closed", "the one is over")
    world.is_idle()
    assert len(world.messages("nothing was logged for", channel=None, to=bob)) == 1
