"""What a person waits for reaches them: in the modal, else as words, else by a button, whatever is slow or gone."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.stories.world import CHANNEL, World

OPEN = "Press *Open*"
ANSWERS = r"/response/|chat\.post|conversations\.open"
"""The ways in which somebody is answered, and no other calls."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        world.seeds_small_week()
        world.bot.starts()
        world.alice.types("/wow undo", CHANNEL)  # from here on Alice is known
        world.said("not rolled over a week")
        yield world


# Modals


def test_the_preview_stands_in_the_modal_as_soon_as_gitlab_has_answered(world: World) -> None:
    world.gitlab.weather.hangs()
    world.alice.types("/wow rollover", CHANNEL)
    world.until(lambda: world.alice.modal, "a modal")
    assert world.alice.modal is not None
    assert "one moment" in world.alice.modal.text

    world.gitlab.weather.clears()

    assert "Rotate the keys" in world.modal(world.alice, "Roll over").text


def test_a_trigger_that_has_expired_gives_a_button_that_opens_the_modal(world: World) -> None:
    world.forgives_slack = True
    world.slack.trigger_seconds = 0.0
    world.alice.types("/wow rollover", CHANNEL)
    offer = world.said(OPEN)
    world.slack.trigger_seconds = 3.0

    assert world.alice.clicks(offer, "Open").ok

    assert "Rotate the keys" in world.modal(world.alice, "Roll over").text
    world.alice.submits()
    world.report()


def test_an_answer_to_opening_that_got_lost_changes_nothing(world: World) -> None:
    world.slack.weather.drops_after(match=r"views\.open")

    world.alice.types("/wow rollover", CHANNEL)

    world.modal(world.alice, "Roll over")
    assert not world.messages(OPEN)


def test_a_modal_that_could_not_be_opened_gives_the_button(world: World) -> None:
    world.forgives_slack = True
    world.slack.weather.drops_before(match=r"views\.open")

    world.alice.types("/wow rollover", CHANNEL)

    world.said(OPEN)
    assert world.alice.modal is None


def test_filling_in_is_tried_again(world: World) -> None:
    world.slack.weather.fails(503, times=1, match=r"views\.update")

    world.alice.types("/wow rollover", CHANNEL)

    world.modal(world.alice, "Roll over")


def test_a_modal_that_was_closed_meanwhile_is_offered_again(world: World) -> None:
    world.forgives_slack = True
    world.gitlab.weather.hangs()
    world.alice.types("/wow rollover", CHANNEL)
    world.until(lambda: world.alice.modal, "a modal")
    world.alice.closes()

    world.gitlab.weather.clears()

    offer = world.said(OPEN)
    world.alice.clicks(offer, "Open")
    world.modal(world.alice, "Roll over")


def test_a_button_of_one_person_opens_for_whoever_presses_it_with_their_own_rights(world: World) -> None:
    world.forgives_slack = True
    world.slack.trigger_seconds = 0.0
    world.alice.types("/wow rollover", CHANNEL)
    offer = world.said(OPEN)
    world.slack.trigger_seconds = 3.0
    guest = world.slack.add_person("U9", "zoe", tz="Europe/Paris", is_restricted=True)
    world.slack.channels[CHANNEL].members.append("U9")

    guest.clicks(offer, "Open")

    world.said("Guests can look", to=guest)


# GitLab


def test_a_silent_gitlab_offers_to_roll_over_later(world: World) -> None:
    world.gitlab.goes_down()

    world.alice.types("/wow rollover", CHANNEL)

    assert "does not answer" in world.modal(world.alice, "Roll over later").text


def test_a_gitlab_that_hangs_is_silent_too(world: World) -> None:
    world.gitlab.weather.hangs()
    began = time.monotonic()

    world.alice.types("/wow rollover", CHANNEL)

    world.modal(world.alice, "Roll over later")
    assert time.monotonic() - began < 12


def test_a_gitlab_that_refuses_is_quoted_in_the_modal(world: World) -> None:
    world.gitlab.weather.fails(403)

    world.alice.types("/wow rollover", CHANNEL)

    world.until(lambda: world.alice.modal and "refused to answer" in world.alice.modal.text, "the refusal")


def test_the_whole_list_of_a_large_week_comes_as_a_direct_message(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        week = world.seeds_small_week()
        for number in range(90):
            world.gitlab.add_issue(f"Issue {number}", [], week.wow)
        world.bot.starts()
        world.opens_rollover()

        world.until(lambda: world.slack.direct("U1").messages, "a direct message")

        (file,) = [file for message in world.slack.direct("U1").messages for file in message.files]
        assert len(file.text.splitlines()) == 94
        assert "Issue 89" in file.text


@pytest.fixture
def large(tmp_path: Path) -> Iterator[World]:
    """A world with a week that is too large for one modal."""
    with World(tmp_path) as world:
        week = world.seeds_small_week()
        for number in range(90):
            world.gitlab.add_issue(f"Issue {number}", [], week.wow)
        world.bot.starts()
        yield world


def files_of(world: World) -> list[str]:
    return [file.name for message in world.slack.direct("U1").messages for file in message.files]


@pytest.mark.parametrize("at", ["files.getUploadURLExternal", "/upload/"])
def test_a_file_whose_upload_was_cut_off_is_sent_again(large: World, at: str) -> None:
    large.slack.weather.drops_after(match=re.escape(at))

    large.opens_rollover()

    large.until(lambda: files_of(large), "the file")
    assert not large.messages("Slack did not")


def test_a_file_that_arrived_although_the_answer_was_lost_is_there_once(large: World) -> None:
    large.slack.weather.drops_after(match="files.completeUploadExternal")

    large.opens_rollover()

    large.until(lambda: looked(large), "the direct message is looked at")
    large.alice.types("/wow history", CHANNEL)
    large.said("No week is closed yet")
    assert files_of(large) == ["WoW-2026-11-24.tsv"]
    assert not large.messages("do not know")
    assert shared(large) == 1


def test_a_file_of_which_nobody_knows_whether_it_arrived_is_not_sent_again(large: World) -> None:
    large.slack.weather.fails(500, match="files.completeUploadExternal")

    large.opens_rollover()

    said = large.said("I do not know whether the file")
    assert "WoW-2026-11-24.tsv" in said.text
    assert shared(large) == 1


def test_a_file_that_slack_had_no_time_for_is_sent_again(large: World) -> None:
    large.slack.weather.rate_limits(1, match="files.completeUploadExternal")

    large.opens_rollover()

    large.until(lambda: files_of(large), "the file")
    assert files_of(large) == ["WoW-2026-11-24.tsv"]


def looked(world: World) -> bool:
    return any("conversations.history" in one.path for one in world.slack.server.recorded())


def shared(world: World) -> int:
    """How often Slack was asked to show a file."""
    return len([one for one in world.slack.server.recorded() if "completeUploadExternal" in one.path])


# Words


def test_an_answer_that_the_response_url_does_not_take_is_whispered(world: World) -> None:
    world.forgives_slack = True
    world.slack.response_url_uses = 0

    world.alice.types("/wow status", CHANNEL)

    assert world.said("Rotate the keys").message.only_for == "U1"


def test_what_cannot_be_whispered_comes_as_a_direct_message(world: World) -> None:
    world.forgives_slack = True
    world.slack.response_url_uses = 0
    world.slack.add_channel("C2", "elsewhere", members=["U1"], bot_member=False)

    world.alice.types("/wow status", "C2")

    world.until(lambda: world.messages("Rotate the keys", None), "a direct message")


def test_what_slack_does_not_take_now_is_said_a_little_later(world: World) -> None:
    world.slack.weather.fails(503, times=3, match=ANSWERS)

    world.alice.types("/wow status", CHANNEL)

    world.said("Rotate the keys")


def test_a_slack_that_limits_the_rate_is_heeded_also_in_plain_text(world: World) -> None:
    world.slack.weather.rate_limits(1, times=3, match=ANSWERS)

    world.alice.types("/wow status", CHANNEL)

    world.said("Rotate the keys")


# The end


def test_who_still_waits_when_the_bot_stops_is_told_to_ask_again(world: World) -> None:
    world.gitlab.weather.hangs()
    world.alice.types("/wow rollover", CHANNEL)
    world.bob.types("/wow status", CHANNEL)
    world.until(lambda: world.alice.modal, "a modal")

    assert world.bot.stops() == 0

    assert world.alice.modal is not None
    assert "being restarted" in world.alice.modal.text
    assert world.messages("being restarted", to=world.bob)


def test_who_had_an_empty_modal_open_when_the_bot_was_killed_is_told_after_the_restart(world: World) -> None:
    world.gitlab.weather.hangs()
    world.alice.types("/wow rollover", CHANNEL)
    world.until(lambda: world.alice.modal, "a modal")
    world.bot.is_killed()
    world.gitlab.comes_back()
    world.bot_returns()

    world.until(lambda: world.alice.modal and "I was restarted" in world.alice.modal.text, "it is said")
    world.bot.stops()
    world.bot.starts()
    world.opens_rollover(world.bob)
    assert not world.messages("I was restarted")


@pytest.mark.parametrize("typed", ["/wow status", "/wow report", "/wow next", "/wow history 3"])
def test_who_waited_for_what_gitlab_says_when_the_bot_was_killed_is_told_after_the_restart(
    world: World, typed: str
) -> None:
    world.gitlab.weather.hangs()
    world.alice.types(typed, CHANNEL)
    world.bot.is_killed()
    world.gitlab.comes_back()
    world.bot_returns()

    assert world.said("I was restarted").ephemeral
    world.alice.types(typed, CHANNEL)
    world.until(lambda: "I was restarted" not in world.alice.sees(CHANNEL)[-1].text, "the answer")
    world.bot.stops()
    world.bot.starts()
    world.opens_rollover(world.bob)
    assert len(world.messages("I was restarted")) == 1


def test_who_was_promised_a_file_when_the_bot_was_killed_is_told_after_the_restart(world: World) -> None:
    world.slack.weather.hangs()
    assert "follows as a file" in world.alice.types("/event export json", CHANNEL).text
    world.bot.is_killed()
    world.slack.comes_back()

    world.bot_returns()

    assert world.said("I was restarted").ephemeral


def test_who_is_answered_slowly_is_not_told_by_another_process_that_no_answer_comes(
    world: World, tmp_path: Path
) -> None:
    world.gitlab.weather.goes_slow(3)
    world.alice.types("/wow rollover", CHANNEL)
    held = _held_until(tmp_path)
    other = world.another_bot()
    other.starts()

    world.until(lambda: _held_until(tmp_path) > held, "whoever is at it says so")

    world.gitlab.comes_back()
    assert "Rotate the keys" in world.modal(world.alice, "Roll over").text
    assert not world.messages("I was restarted")


def _held_until(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "baton.db")) as store:
        ((until,),) = store.execute("SELECT held_until FROM kept_requests").fetchall()
    return str(until)
