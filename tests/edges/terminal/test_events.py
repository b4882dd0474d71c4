"""The log is kept and read from a terminal."""

import pytest

from bot import terminal
from bot.terminal.event import EventTwin
from tests.edges.terminal.shell import OPS, Shell
from tests.stories.world import World


def test_what_is_logged_is_listed_found_and_echoed_in_the_channel(world: World, shell: Shell) -> None:
    code, said = shell.logs("incident 08:05 db1 stopped <!channel>")
    shell.logs("-10m restarted redis")
    _, listed = shell.looks("list")
    _, found = shell.looks("find redis")

    assert code == terminal.DONE
    assert said == "Logged as event 1: incident · 2026-11-25 08:05 UTC db1 stopped <!channel>"
    assert "2 events, newest last • 2026-11-25 08:05 UTC incident · db1 stopped <!channel> · ops (terminal)" in listed
    assert "2026-11-25 08:51 UTC change · restarted redis" in listed
    assert "1 event, newest last • 2026-11-25 08:51 UTC change · restarted redis · ops (terminal)" in found
    assert "by ops (terminal)" in world.said("db1 stopped <!channel>").text
    assert shell.audit()[0] == (OPS, "/event log incident 08:05 db1 stopped <!channel>", "done", "terminal")


def test_times_are_those_of_the_team_and_shown_in_utc(
    world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_TIMEZONE", "Asia/Kolkata")

    _, local = shell.logs("14:05 db1 stopped")
    _, universal = shell.logs("08:35Z db1 started")

    assert "2026-11-25 08:35 UTC db1 stopped" in local
    assert "2026-11-25 08:35 UTC db1 started" in universal


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("25:00 db1 stopped", "“25:00” is not a time of day."),
        ("yesterday", "At which time?"),
        ("", "What happened? Please add it in a few words: .venv/bin/python -m bot event log incident 14:05"),
        ("x" * 3001, "at most 3,000 characters, and yours has 3,001; nothing was logged."),
    ],
)
def test_what_cannot_be_logged_is_refused_with_a_line_that_works_here(
    words: str, complaint: str, world: World, shell: Shell
) -> None:
    code, said = shell.logs(words)

    assert code == terminal.WRONG
    assert complaint in said
    assert ".venv/bin/python -m bot event log " in said
    assert "The log is empty." in shell.looks("list")[1]


def test_an_event_is_edited_struck_through_restored_and_switched(world: World, shell: Shell) -> None:
    shell.logs("08:30Z restarted redis")

    edited = shell.does(lambda twin: twin.edit(1, {"text": "restarted redis2", "when": "-1h"}, wait=True))
    switched = shell.does(lambda twin: twin.switch(1, wait=True))
    retracted = shell.does(lambda twin: twin.retract(1, wait=True))
    restored = shell.does(lambda twin: twin.restore(1, wait=True))

    assert edited == (terminal.DONE, "Event 1 now says: change · 2026-11-25 08:01 UTC restarted redis2")
    assert switched == (terminal.DONE, "Event 1 now says: incident · 2026-11-25 08:01 UTC restarted redis2")
    assert retracted[1].endswith("(retracted)")
    assert restored == switched
    assert "restored by ops (terminal)" in world.said("restarted redis2").text


def test_an_event_becomes_a_toil_issue_once(world: World, shell: Shell) -> None:
    shell.logs("restarted redis by hand")

    made = shell.does(lambda twin: twin.toil(1, wait=True))
    again = shell.does(lambda twin: twin.toil(1, wait=True))

    assert made[0] == terminal.DONE
    assert f"Its issue is #1: {world.gitlab.server.url}/acme/production/-/issues/1" in made[1]
    assert world.gitlab.labels_of(1) == ["toil"]
    assert again == (terminal.REFUSED, "There is a toil issue for this already: #1.")


def test_a_toil_issue_waits_for_gitlab_like_all_else(world: World, shell: Shell) -> None:
    shell.logs("restarted redis by hand")
    world.gitlab.goes_down()

    silent = shell.does(lambda twin: twin.toil(1, wait=True))
    world.gitlab.comes_back()
    world.bot.starts()
    world.is_idle()

    assert silent[0] == terminal.DONE
    assert "GitLab has not taken it yet: a running `serve` continues with it." in silent[1]
    assert world.gitlab.labels_of(1) == ["toil"]


def test_an_edit_changes_only_what_was_given(world: World, shell: Shell) -> None:
    shell.logs("incident 08:30:07.5Z restarted redis")

    code, _ = shell.does(lambda twin: twin.edit(1, {"text": "restarted"}, wait=False))

    _, exported, _ = shell.prints(lambda bot: EventTwin(bot, OPS).export("json", None))
    assert code == terminal.DONE
    assert exported.count('"at": "2026-11-25T08:30:07.500000Z"') == 1
    assert exported.count('"kind": "incident"') == 3


def test_what_was_assumed_of_a_time_is_said(world: World, shell: Shell) -> None:
    shell.logs("08:30Z restarted redis", "U1")

    code, said = shell.does(lambda twin: twin.edit(1, {"when": "2026-10-25 02:30"}, wait=False), "U1")

    assert code == terminal.DONE
    assert "show 02:30 twice; I took the second time, 01:30 UTC." in said
    assert "Event 1 now says: change · 2026-10-25 01:30 UTC restarted redis" in said


def test_a_wrong_time_in_an_edit_changes_nothing(world: World, shell: Shell) -> None:
    shell.logs("08:30Z restarted redis")

    code, said = shell.does(lambda twin: twin.edit(1, {"text": "x", "when": "soon"}, wait=True))

    assert code == terminal.WRONG
    assert "I cannot read this time. Try 14:05" in said
    assert "restarted redis" in shell.looks("list")[1]


def test_an_event_that_is_not_there_is_said(world: World, shell: Shell) -> None:
    answers = [
        shell.does(lambda twin: twin.edit(7, {"text": "x"}, wait=True)),
        shell.does(lambda twin: twin.switch(7, wait=True)),
        shell.does(lambda twin: twin.retract(7, wait=True)),
        shell.does(lambda twin: twin.toil(7, wait=True)),
    ]

    assert answers == [(terminal.REFUSED, "There is no event 7 in the log.")] * 4


def test_slack_being_down_is_said_and_left_to_serve(world: World, shell: Shell) -> None:
    world.slack.goes_down()

    code, said = shell.logs("db1 stopped")

    assert code == terminal.DONE
    assert "Logged as event 1" in said
    assert "Slack does not answer: the channel hears of it as soon as serve reaches Slack." in said.replace("`", "")
    world.slack.comes_back()
    world.bot.starts()
    assert "db1 stopped" in world.said("by ops (terminal)").text


def test_without_waiting_everything_is_left_to_serve(world: World, shell: Shell) -> None:
    shell.declares("Database is down", wait=False)
    code, said = shell.logs("08:30Z db1 stopped", wait=False)

    assert code == terminal.DONE
    assert "`serve` does it as soon as it runs" in said
    assert not world.messages()
    assert not world.gitlab.writes
    world.bot.starts()
    world.is_idle()
    assert world.messages("db1 stopped")
    (iid,) = world.gitlab.state.issues
    assert len([note for note in world.gitlab.state.issues[iid].notes if not note.system]) == 2


def test_somebody_of_slack_logs_in_their_own_name_and_zone(world: World, shell: Shell) -> None:
    code, said = shell.logs("09:30 db1 stopped", "U1")

    assert code == terminal.DONE
    assert said == "Logged as event 1: change · 2026-11-25 08:30 UTC db1 stopped"
    assert "by @alice" in world.said("db1 stopped").text


def test_somebody_who_may_not_write_is_refused_here_too(world: World, shell: Shell) -> None:
    world.slack.add_person("U7", "guest", is_restricted=True)

    code, said = shell.logs("db1 stopped", "U7")

    assert code == terminal.REFUSED
    assert "guest" in said.casefold()
    assert "The log is empty." in shell.looks("list")[1]


def test_a_text_of_a_confidential_outage_is_for_this_machine_and_not_for_everybody(world: World, shell: Shell) -> None:
    shell.declares("Keys leaked", confidential="yes")
    shell.logs("key of bob leaked")

    here = shell.looks("list")[1]
    theirs = shell.looks("list", "U2")[1]
    file = shell.prints(lambda bot: EventTwin(bot, OPS).export("md", None))[1]
    their_file = shell.prints(lambda bot: EventTwin(bot, "U2").export("md", None))[1]

    assert "key of bob leaked" in here
    assert "key of bob leaked" in file
    assert "key of bob leaked" not in theirs
    assert "2 private events" in theirs
    assert "key of bob leaked" not in their_file


def test_who_is_in_a_private_channel_is_asked_before_its_events_are_shown(world: World, shell: Shell) -> None:
    world.slack.add_channel("G9", "secrets", private=True, members=["U1"])
    world.bot.starts()
    world.alice.types("/event log the key leaked", "G9")
    world.said("Logged as event 1", "G9")
    world.is_idle()
    world.bot.is_killed()

    alice, bob = (shell.looks("list", who)[1] for who in ("U1", "U2"))

    assert "the key leaked" in alice
    assert "the key leaked" not in bob
    assert "(private event)" in bob
