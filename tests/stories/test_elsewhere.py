"""Where the week is told: in the team's channel, in the private one it was asked for in, or to the person alone."""

from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.state import Channel
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, World

TOLD_HERE = "I am not a member of"


class Named(Channel):
    """A private channel that Slack names by its name, as it may, and whose id tells nothing."""

    @property
    def spoken_name(self) -> str:
        return self.name


@side_by_side
def test_a_team_channel_without_the_bot_is_named_to_whoever_is_told_instead(world: World, alice: Persona) -> None:
    world.seeds_small_week()
    world.forgives_slack = True
    channel = world.slack.channels[CHANNEL]
    channel.members.remove(world.slack.bot_user)
    alice.types("/wow rollover", CHANNEL)
    world.modal(alice, "Roll over")

    alice.submits()

    direct = world.slack.direct("U1").id
    report = world.report(channel=direct)
    world.said("is rolled over", direct)
    world.is_idle()
    for said in (report, world.messages("is rolled over. The report", direct)[0]):
        assert f"{TOLD_HERE} #production, so I tell you here. Invite @baton there" in said.text
    warnings = [line for line in world.bot.whole_log.splitlines() if "slack.not_in_channel" in line]
    assert len(warnings) == 1
    assert CHANNEL in warnings[0]


@side_by_side
def test_once_the_bot_is_invited_the_channel_hears_it_and_nobody_is_told_of_it(world: World, alice: Persona) -> None:
    world.seeds_small_week()

    report = world.rolls_over(alice)

    assert TOLD_HERE not in report.text


@side_by_side
def test_a_channel_that_is_archived_is_said_to_be(world: World, alice: Persona) -> None:
    world.seeds_small_week()
    world.forgives_slack = True
    world.slack.add_channel("C9", "elsewhere", members=["U1"])
    alice.types("/wow rollover", "C9")
    world.modal(alice, "Roll over")
    world.slack.channels[CHANNEL].is_archived = True

    alice.submits()

    report = world.report(channel=world.slack.direct("U1").id)
    assert "#production is archived, so I tell you here." in report.text


@side_by_side
def test_from_a_direct_message_with_baton_the_team_s_channel_hears_of_the_week(world: World, alice: Persona) -> None:
    is_told_in_the_team_s_channel(world, alice, world.slack.direct("U1").id)


@side_by_side
def test_from_a_direct_message_of_two_people_the_team_s_channel_hears_of_the_week(world: World, alice: Persona) -> None:
    world.slack.add_channel("D9", "", members=["U1", "U2"], bot_member=False, direct=True)

    is_told_in_the_team_s_channel(world, alice, "D9")


def is_told_in_the_team_s_channel(world: World, alice: Persona, where: str) -> None:
    """Somebody rolls over from a direct message."""
    world.seeds_small_week()
    alice.types("/wow rollover", where)
    world.modal(alice, "Roll over")
    alice.submits()
    world.report()
    assert not [each for each in world.slack.messages(where) if "is closed, rolled over" in each.text]


@side_by_side
def test_a_private_channel_is_known_by_whatever_name_slack_sends(world: World, alice: Persona) -> None:
    world.seeds_small_week()
    world.slack.channels["C9"] = Named("C9", "leads", "group", ["U1", world.slack.bot_user])
    alice.types("/wow rollover", "C9")
    world.modal(alice, "Roll over")

    alice.submits()

    world.report(channel="C9")
    assert not world.slack.messages(CHANNEL)


@side_by_side
def test_a_private_channel_that_slack_does_not_show_to_the_bot_is_one(world: World, alice: Persona) -> None:
    world.seeds_small_week()
    world.forgives_slack = True
    world.slack.channels["C9"] = Named("C9", "leads", "group", ["U1"])
    alice.types("/wow rollover", "C9")
    world.modal(alice, "Roll over")

    alice.submits()

    world.report(channel=world.slack.direct("U1").id)
    assert not world.slack.messages(CHANNEL)


@side_by_side
def test_from_another_public_channel_the_team_s_channel_hears_of_the_week(world: World, alice: Persona) -> None:
    world.slack.add_channel("C9", "elsewhere", members=["U1"], bot_member=False)

    is_told_in_the_team_s_channel(world, alice, "C9")


@side_by_side
def test_a_private_channel_that_the_bot_was_invited_to_is_known_after_a_restart_too(
    world: World, alice: Persona
) -> None:
    world.seeds_small_week()
    world.slack.channels["C9"] = Named("C9", "leads", "group", ["U1", world.slack.bot_user])
    world.slack.subscriptions.add("message.groups")
    alice.says("Is it Wednesday?", "C9")
    world.until(lambda: world.bot.has_said("channels.private"), "it is known")
    world.bot.is_killed()
    world.bot.starts()

    alice.types("/wow check", "C9")

    world.said("labelled", "C9")
    assert not world.slack.messages(CHANNEL)
