"""What is new to somebody, who is called, and how far each person has read."""

import pytest

from bot.sandbox.seed import ALICE, BEN, CHANNEL, CHEN, seed_slack
from bot.sandbox.seed_talk import ALERTS, REVIEW, seed_talk
from bot.sandbox.slack import SlackWorld
from bot.sandbox.slack.payloads import moment
from bot.sandbox.slack.reading import Unread, follows, unread_in_thread
from bot.sandbox.slack.state import Message


@pytest.fixture
def world() -> SlackWorld:
    world = SlackWorld()
    for id_, name in (("U1", "ada"), ("U2", "bo"), ("U3", "cy")):
        world.add_person(id_, name)
    world.add_channel("C1", "room", members=["U1", "U2", "U3"])
    return world


def test_what_others_say_is_new_until_it_was_read_and_ones_own_never_is(world: SlackWorld) -> None:
    ada, bo = world.person("U1"), world.person("U2")
    ada.says("one", "C1")
    two = ada.says("two, <@U2>", "C1")

    assert (ada.unread("C1"), bo.unread("C1")) == (Unread(0, 0), Unread(2, 1))
    bo.reads_up_to(two)
    assert bo.unread("C1") == Unread(0, 0)
    ada.says("three <!here>", "C1")
    assert bo.unread("C1") == Unread(1, 1)
    assert world.person("U3").unread("C1") == Unread(3, 1)


def test_reading_goes_forward_only(world: SlackWorld) -> None:
    ada, bo = world.person("U1"), world.person("U2")
    one, two = ada.says("one", "C1"), ada.says("two", "C1")

    bo.reads_up_to(two)
    bo.reads_up_to(one)

    assert bo.unread("C1").messages == 0


def test_a_thread_is_read_apart_from_its_channel(world: SlackWorld) -> None:
    ada, bo, cy = (world.person(each) for each in ("U1", "U2", "U3"))
    first = ada.says("who?", "C1")
    reply = bo.says("me", "C1", thread_ts=first.ts)

    assert ada.unread("C1") == Unread(0, 0)
    assert unread_in_thread(world, "U1", first) == 1
    assert (follows(world, "U1", first), follows(world, "U2", first), follows(world, "U3", first)) == (
        True,
        True,
        False,
    )
    bo.says("and <@U3>", "C1", thread_ts=first.ts)
    assert follows(world, "U3", first)
    ada.reads_up_to(reply)
    assert unread_in_thread(world, "U1", first) == 1
    assert cy.unread("C1") == Unread(1, 0)


def test_in_a_talk_of_two_every_word_is_for_the_other(world: SlackWorld) -> None:
    talk = world.between("U1", "U2")
    world.person("U1").says("hello", talk.id)

    assert world.person("U2").unread(talk.id) == Unread(1, 1)
    assert world.between("U2", "U1") is talk
    assert world.bot_user not in talk.members
    assert world.between("U1", world.bot_user) is world.direct("U1")


def test_what_only_one_person_sees_is_new_to_nobody(world: SlackWorld) -> None:
    world.post(Message("C1", world.next_ts(), world.bot_user, "psst", only_for="U1"))

    assert world.person("U1").unread("C1") == Unread(0, 0)


def test_the_demos_workspace_has_something_new_in_it_and_rooms_without_the_bot() -> None:
    world = SlackWorld()
    seed_slack(world)
    seed_talk(world, moment(1_790_000_000))

    assert world.person(ALICE).unread(CHANNEL) == Unread(1, 0)
    assert world.person(CHEN).unread(CHANNEL) == Unread(1, 1)
    assert world.person(BEN).unread(ALERTS).messages == 2
    assert world.bot_user not in world.channel(ALERTS).members
    assert CHEN not in world.channels[REVIEW].members
    assert max(each.ts for channel in world.channels.values() for each in channel.messages) < "1790000000"
