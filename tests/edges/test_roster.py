"""Slack is asked who somebody is once, off the way of every request, and what it says is kept in step."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.world import CHANNEL, World

ROLL_OVER = "/wow rollover"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        world.seeds_small_week()
        world.bot.starts()
        yield world


def newcomer(world: World, name: str = "zoe", **account: Any) -> Persona:  # noqa: ANN401 - fields of an account
    """Somebody whom the bot has never heard of."""
    who = "U9" if name == "zoe" else f"U9{name.upper()}"
    somebody = world.slack.add_person(who, name, **account)
    world.slack.channel(CHANNEL).members.append(who)
    return somebody


def asked_who(world: World, who: str) -> int:
    """How often Slack was asked about somebody."""
    calls = [each for each in world.slack.server.recorded() if each.path == "/api/users.info"]
    return sum(who.encode() in each.request_body or f"user={who}" in each.query for each in calls)


def test_who_may_not_write_is_told_so_and_may_look(world: World) -> None:
    strangers: dict[str, tuple[dict[str, Any], str]] = {
        "guest": ({"is_restricted": True}, "Guests can look"),
        "narrow": ({"is_ultra_restricted": True}, "Guests can look"),
        "gone": ({"deleted": True}, "deactivated"),
        "robot": ({"is_bot": True}, "Apps and bots"),
        "neighbour": ({"team_id": "T0ELSEWHERE"}, "another workspace"),
    }
    for name, (account, because) in strangers.items():
        stranger = newcomer(world, name, **account)

        assert "One moment" in stranger.types(ROLL_OVER, CHANNEL).body["text"]
        world.said(because, to=stranger)
        assert because in stranger.types(ROLL_OVER, CHANNEL).body["text"], "known now, and answered at once"
        assert stranger.types("/wow status", CHANNEL).ok
        world.said("Rotate the keys", to=stranger)
    assert not world.gitlab.writes


def test_a_person_slack_does_not_show_may_look(world: World) -> None:
    world.forgives_slack = True
    world.slack.weather.fails(200, match="users.info", body={"ok": False, "error": "user_not_found"})
    stranger = newcomer(world)

    stranger.types(ROLL_OVER, CHANNEL)

    world.said("Guests can look", to=stranger)


def test_looking_needs_no_word_from_slack_about_the_person(world: World) -> None:
    world.slack.weather.fails(500, match="users.info")

    newcomer(world).types("/wow status", CHANNEL)

    world.said("Rotate the keys", to=world.slack.person("U9"))
    assert asked_who(world, "U9") == 0


def test_a_command_is_kept_while_slack_hangs_and_answered_once_when_it_speaks(world: World) -> None:
    world.slack.weather.hangs()
    somebody = newcomer(world)
    ack = somebody.types(ROLL_OVER, CHANNEL)
    assert ack.seconds < 1.0
    assert "One moment" in ack.body["text"]

    world.slack.weather.clears()

    world.until(lambda: somebody.modal or world.messages("Press *Open*", to=somebody), "the preview, or a button")


def opened(world: World, somebody: Persona) -> None:
    """Presses Open, if the trigger was too old, and waits for the preview."""
    world.until(lambda: somebody.modal or world.messages("Press *Open*", to=somebody), "the preview, or a button")
    if somebody.modal is None:
        (offer,) = world.messages("Press *Open*", to=somebody)
        assert somebody.clicks(offer, "Open").ok
    world.modal(somebody, "Roll over")


def test_a_kept_command_survives_a_kill(world: World) -> None:
    world.slack.weather.fails(500, match="users.info")
    somebody = newcomer(world)
    assert somebody.types(ROLL_OVER, CHANNEL).ok
    world.until(lambda: asked_who(world, "U9"), "Slack is asked")
    world.bot.is_killed()
    world.slack.weather.clears()
    world.clock.moves(seconds=20)
    world.forgives_slack = True  # the trigger is too old by then

    world.bot.starts()

    opened(world, somebody)
    assert len(world.messages("Press *Open*", to=somebody)) <= 1


def test_of_two_processes_one_answers_a_kept_command(world: World) -> None:
    world.another_bot().starts()
    world.slack.weather.fails(500, match="users.info")
    somebody = newcomer(world)
    assert somebody.types("/handoff take", CHANNEL).ok
    world.until(lambda: asked_who(world, "U9"), "Slack is asked")
    world.slack.weather.clears()

    world.said("You are on call now", to=somebody)
    world.is_idle()
    assert len(world.messages("You are on call now", to=somebody)) == 1
    assert len(world.messages("took the pager")) == 1


def leads(tmp_path: Path, *leads: str) -> World:
    return World(tmp_path, WOW_LEADS=",".join(leads))


def test_a_lead_by_user_group_is_asked_for_after_the_person_is_known(tmp_path: Path) -> None:
    with leads(tmp_path, "S1") as world:
        world.seeds_small_week()
        world.slack.add_usergroup("S1", "leads", ["U1"])
        world.bot.starts()
        world.alice.types(ROLL_OVER, CHANNEL)
        opened(world, world.alice)

        world.bob.types(ROLL_OVER, CHANNEL)

        world.said("may roll over or undo a week", to=world.bob)


def becomes(world: World, change: Callable[[], object], somebody: Persona, words: str) -> None:
    """Waits until a change has reached the bot; who asks so often opens one modal over the other."""
    world.forgives_slack = True
    change()
    world.until(lambda: words in str(somebody.types(ROLL_OVER, CHANNEL).body), f"the bot says {words!r}")


def test_who_leaves_the_leads_leads_no_more(tmp_path: Path) -> None:
    with leads(tmp_path, "S1") as world:
        world.seeds_small_week()
        world.slack.add_usergroup("S1", "leads", ["U1"])
        world.bot.starts()
        world.alice.types(ROLL_OVER, CHANNEL)
        opened(world, world.alice)

        becomes(world, lambda: world.slack.change_usergroup("S1", ["U2"]), world.alice, "may roll over or undo a week")


def test_who_is_deactivated_may_write_no_more(world: World) -> None:
    world.alice.types(ROLL_OVER, CHANNEL)
    opened(world, world.alice)

    becomes(world, lambda: world.slack.change_person("U1", deleted=True), world.alice, "deactivated")


def test_a_change_of_somebody_nobody_needs_is_not_asked_about(world: World) -> None:
    world.slack.add_person("U9", "zoe", tz="Europe/Paris")
    assert all(ack.ok for ack in world.slack.change_person("U9", tz="Asia/Tokyo"))
    world.alice.types(ROLL_OVER, CHANNEL)
    opened(world, world.alice)

    assert asked_who(world, "U9") == 0


def test_what_is_known_is_asked_for_again_after_a_day(world: World) -> None:
    world.alice.types(ROLL_OVER, CHANNEL)
    opened(world, world.alice)
    world.bot.stops()
    world.slack.members["U1"].is_restricted = True
    world.clock.moves(hours=25)

    world.bot.starts()

    becomes(world, lambda: None, world.alice, "Guests can look")


def test_rights_are_asked_again_when_a_preview_is_confirmed(world: World) -> None:
    screen = world.opens_rollover()
    world.slack.change_person("U1", is_restricted=True)
    world.until(lambda: "Guests" in str(world.alice.types("/wow undo", CHANNEL).body), "it is known")
    assert world.alice.modal is not None
    assert world.alice.modal.title == screen.title

    world.alice.submits()

    assert "Guests can look" in world.alice.modal.text
    assert not world.gitlab.writes


def refuses(world: World, method: str, error: str = "missing_scope") -> None:
    world.forgives_slack = True
    world.slack.weather.fails(200, match=method, body={"ok": False, "error": error})


def test_a_lead_whose_group_slack_does_not_show_is_told_so_and_goes_on_when_it_does(tmp_path: Path) -> None:
    with leads(tmp_path, "S1") as world:
        world.seeds_small_week()
        world.slack.add_usergroup("S1", "leads", ["U1"])
        refuses(world, "usergroups.users.list")
        world.bot.starts()

        world.alice.types(ROLL_OVER, CHANNEL)

        said = world.said("could not check whether you may do this").text
        assert "@leads (missing_scope)" in said
        assert "Your command is kept" in said
        world.slack.weather.clears()
        opened(world, world.alice)
        assert len(world.messages("could not check")) == 1


def test_a_person_our_rights_do_not_show_is_no_guest_for_that(world: World) -> None:
    refuses(world, "users.info")
    somebody = newcomer(world)

    somebody.types(ROLL_OVER, CHANNEL)

    world.said("could not check whether you may do this", to=somebody)
    world.slack.weather.clears()
    opened(world, somebody)


def test_what_was_known_of_a_group_holds_while_slack_refuses_to_tell_more(tmp_path: Path) -> None:
    with leads(tmp_path, "S1") as world:
        world.seeds_small_week()
        world.slack.add_usergroup("S1", "leads", ["U1"])
        world.bot.starts()
        world.alice.types(ROLL_OVER, CHANNEL)
        opened(world, world.alice)
        world.bot.stops()
        refuses(world, "usergroups.users.list")
        world.clock.moves(hours=25)

        world.bot.starts()
        world.until(lambda: world.bot.has_said("roster.group_not_read"), "the group is asked for again")

        world.opens_rollover(world.alice)


@pytest.mark.parametrize(("teams", "may"), [(["T0ELSEWHERE", "T0SANDBOX"], True), (["T0ELSEWHERE"], False)])
def test_whoever_of_the_enterprise_is_a_member_of_our_workspace_too_is_one_of_us(
    world: World, teams: list[str], may: bool
) -> None:
    of_enterprise = {"id": "U9", "enterprise_id": "E1", "enterprise_name": "Acme", "teams": teams}
    user = {"id": "U9", "team_id": "T0ELSEWHERE", "name": "zoe", "tz": "UTC", "enterprise_user": of_enterprise}
    world.slack.weather.fails(200, match="users.info", body={"ok": True, "user": user})
    somebody = newcomer(world)

    somebody.types(ROLL_OVER, CHANNEL)

    if may:
        opened(world, somebody)
    else:
        world.said("You belong to another workspace", to=somebody)
