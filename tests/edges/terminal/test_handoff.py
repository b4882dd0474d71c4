"""The pager passes from a terminal, whatever Slack and GitLab do."""

from pathlib import Path

import pytest

from bot import terminal
from tests.edges.terminal.shell import OPS, Shell
from tests.stories.pager import DATA_LOSS, assignees, notes_under, reports
from tests.stories.world import CHANNEL, World


@pytest.fixture
def lost(world: World) -> int:
    """The number of an issue about lost data, in a project whose members are those of Slack."""
    world.gitlab.add_user("alice")
    world.gitlab.add_user("bob")
    return world.gitlab.add_issue("Avatars are missing", [DATA_LOSS])


def test_the_pager_passes_with_its_notes_and_gitlab_and_slack_are_told_from_here(
    world: World, shell: Shell, lost: int
) -> None:
    shell.takes("U1")
    shell.declares("Database is down", "U1")
    down = max(world.gitlab.state.issues)

    offered = shell.offers(
        "U2", "U1", [(f"#{lost}", "half are back"), ("o1", "failover at six")], summary="It is quieter <!channel>"
    )
    waiting = shell.passes(lambda twin: twin.status())
    accepted = shell.accepts("U2")

    assert (offered[0], waiting[0], accepted[0]) == (terminal.DONE,) * 3
    assert f"#{lost} Avatars are missing" in offered[1]
    assert f"Note on #{lost}: half are back" in offered[1]
    assert f"Note on #{down} (O1): failover at six Summary: It is quieter <!channel>" in offered[1]
    assert "The hand-off is offered to @bob, in the channel and in a direct message. You stay on call" in offered[1]
    assert "From a terminal, they accept it by • .venv/bin/python -m bot handoff accept --as U2" in offered[1]
    assert "On call: @alice since 2026-11-25 09:0" in waiting[1]
    assert "• .venv/bin/python -m bot handoff decline --as U2" in waiting[1]
    assert "You are on call now. @alice is told." in accepted[1]
    assert f"Report: #{reports(world.gitlab)[-1]}" in accepted[1]
    assert [assignees(world.gitlab, iid) for iid in (lost, down)] == [["bob"], ["bob"]]
    assert "half are back" in notes_under(world.gitlab, lost)[-1]
    assert "failover at six" in notes_under(world.gitlab, down)[-1]
    assert world.messages("@bob is on call")[-1].buttons == []
    assert world.messages("@bob accepted and is on call now", channel=None)
    assert ("U2", "handoff.accept", "done", "terminal") in shell.audit()


def test_whoever_takes_the_pager_here_is_in_the_group_and_the_topic(
    world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.slack.add_usergroup("S1", "oncall", ["U1"])
    monkeypatch.setenv("ONCALL_USERGROUP", "S1")
    monkeypatch.setenv("ONCALL_TOPIC", "true")

    code, said = shell.takes("U2", "Alice is ill")

    assert code == terminal.DONE
    assert "You are on call now." in said
    assert "Alice is ill" in world.messages("took the pager")[-1].text
    assert world.slack.usergroups["S1"].users == ["U2"]
    assert world.slack.channels[CHANNEL].topic == "On call: bob"


@pytest.mark.parametrize("person", ["U2", "@U2", "<@U2|bob>", "@bob", "bob"])
def test_a_person_is_named_by_id_or_name(person: str, world: World, shell: Shell) -> None:
    shell.takes("U1")
    shell.passes(lambda twin: twin.note("watch db3"), "U2")  # Slack has described him since

    code, said = shell.offers(person, "U1", quiet="yes", summary="")

    assert code == terminal.DONE
    assert "Added for the hand-off: • watch db3 · @bob" in said
    assert "Quiet shift The hand-off is offered to @bob" in said


def test_somebody_named_for_the_first_time_is_described_by_slack_also_without_as(world: World, shell: Shell) -> None:
    code, said = shell.offers("U2", quiet="yes", summary="")

    assert code == terminal.DONE
    assert "Nobody is on call until they accept." in said


@pytest.mark.parametrize(
    ("person", "code", "complaint"),
    [
        ("nobody", terminal.REFUSED, "nobody called “nobody”. Please give their Slack id."),
        ("U1", terminal.REFUSED, "cannot hand off to yourself. Please name somebody else: .venv/bin/python -m bot"),
        ("?", terminal.WRONG, "I do not know"),
        ("@channel", terminal.WRONG, "not to a group"),
        ("next", terminal.REFUSED, "There is no rota that I can read. Please name who is next."),
    ],
)
def test_to_whom_it_cannot_go_is_said(person: str, code: int, complaint: str, world: World, shell: Shell) -> None:
    shell.takes("U1")

    ended, said = shell.offers(person, "U1", quiet="yes", summary="")

    assert ended == code
    assert complaint in said.replace("`", "")
    assert "No hand-off is offered" in shell.passes(lambda twin: twin.cancel(wait=True))[1]


ROTA = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART:20261125T170000Z
DTEND:20261126T010000Z
SUMMARY:bob
END:VEVENT
END:VCALENDAR
"""


def test_the_next_person_of_the_rota_is_read_there_and_then(
    world: World, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rota.ics").write_text(ROTA)
    monkeypatch.setenv("ROTA", str(tmp_path / "rota.ics"))
    shell.takes("U1")
    shell.passes(lambda twin: twin.note("watch db3"), "U2")

    code, said = shell.offers("next", "U1", quiet="yes", summary="")

    assert code == terminal.DONE
    assert "By the rota, their shift begins 2026-11-25 17:00 UTC." in said
    assert "The hand-off is offered to @bob" in said


def test_without_a_summary_it_shows_what_goes_on_and_says_what_is_missing_and_keeps_what_was_typed(
    world: World, shell: Shell, lost: int
) -> None:
    shell.takes("U1")

    missing = shell.offers("U2", "U1", [(f"#{lost}", "half are back"), ("others", "are fine")])
    offered = shell.offers("U2", "U1", summary="See the note")

    assert missing[0] == terminal.WRONG
    assert f"#{lost} Avatars are missing" in missing[1]
    assert "say how things are with --summary TEXT, or --quiet." in missing[1]
    assert offered[0] == terminal.DONE
    assert f"Note on #{lost}: half are back Note on the others: are fine Summary: See the note" in offered[1]
    assert "half are back" in world.messages("Hand-off offered")[-1].text


def test_a_note_on_what_does_not_go_on_lists_what_does(world: World, shell: Shell, lost: int) -> None:
    shell.takes("U1")

    wrong = shell.offers("U2", "U1", [("#99", "half are back")], summary="Quieter")
    long = shell.offers("U2", "U1", [(f"#{lost}", "x" * 2001)], summary="Quieter")

    assert wrong[0] == terminal.WRONG
    assert wrong[1].endswith(f"“#99” is not ongoing. Ongoing: #{lost}; and `others` is for all the rest.")
    assert long[0] == terminal.WRONG
    assert long[1].endswith(f"Note on #{lost} takes at most 2,000 characters, and yours has 2,001.")
    assert not world.messages("Hand-off offered")


def test_more_than_a_modal_has_room_for_can_have_notes_here(world: World, shell: Shell) -> None:
    for number in range(42):
        world.gitlab.add_issue(f"Table {number} is empty", [DATA_LOSS])
    shell.takes("U1", wait=False)

    code, said = shell.offers("U2", "U1", [("42", "restored"), ("others", "wait for Ann")], summary="Much")

    assert code == terminal.DONE
    assert "… and 2 more; all are listed below." in said
    assert "- #42 Table 41 is empty" in said
    assert "Note on #42: restored Note on the others: wait for Ann Summary: Much" in said
    shown = shell.passes(lambda twin: twin.show(None))[1]
    assert "#42 Table 41 is empty > restored" in shown
    assert "Note on the others: > wait for Ann" in shown


def test_only_the_one_it_is_for_answers(world: World, shell: Shell) -> None:
    shell.takes("U1")
    shell.offers("U2", "U1", summary="Quieter")

    answers = [
        shell.accepts("U1"),
        shell.passes(lambda twin: twin.ask(wait=True), "U1"),
        shell.passes(lambda twin: twin.decline("", wait=True)),
    ]

    assert answers == [(terminal.REFUSED, "This hand-off is for @bob, so only they can answer it.")] * 3


def test_an_offer_is_asked_about_and_declined_with_a_reason_and_the_way_is_free(world: World, shell: Shell) -> None:
    shell.takes("U1")
    shell.offers("U2", "U1", summary="Quieter")

    asked = shell.passes(lambda twin: twin.ask(wait=True), "U2")
    declined = shell.passes(lambda twin: twin.decline("on a train", wait=True), "U2")
    again = shell.accepts("U2")
    offered = shell.offers("U2", "U1")

    assert asked[0] == terminal.DONE
    assert "in the thread under the offer in the channel: I have called @alice there." in asked[1]
    assert world.messages("has a question about this hand-off")
    assert declined[0] == terminal.DONE
    assert "@bob declined the hand-off from @alice 2026-11-25 09:0" in declined[1]
    assert declined[1].endswith("@alice stays on call. > on a train")
    assert world.messages("declined the hand-off: on a train", channel=None)
    assert again[0] == terminal.REFUSED
    assert "was declined by @bob" in again[1]
    assert offered[0] == terminal.DONE
    assert "Summary: Quieter" in offered[1]


def test_an_offer_is_taken_back_and_history_tells_of_all(world: World, shell: Shell) -> None:
    shell.takes("U1")
    shell.offers("U2", "U1", summary="Quieter")

    cancelled = shell.passes(lambda twin: twin.cancel(wait=True), "U1")
    past = shell.passes(lambda twin: twin.looks("history 5"))
    wrong = shell.passes(lambda twin: twin.looks("history 51"))

    assert cancelled == (terminal.DONE, "The hand-off to @bob is cancelled. @alice stays on call.")
    assert world.messages("was cancelled by @alice")
    assert "nobody → @alice: taken" in past[1]
    assert "@alice → @bob: cancelled" in past[1]
    assert wrong[0] == terminal.WRONG


def test_with_nothing_offered_there_is_nothing_to_answer(world: World, shell: Shell) -> None:
    never = shell.accepts("U2")
    shown = shell.passes(lambda twin: twin.show(None))
    shell.takes("U1")
    taken = shell.passes(lambda twin: twin.decline("", wait=True), "U2")

    assert never == taken
    assert never[0] == terminal.REFUSED
    assert "No hand-off is offered. .venv/bin/python -m bot handoff status" in never[1].replace("`", "")
    assert "There was no hand-off yet. .venv/bin/python -m bot handoff @person offers one." in shown[1].replace("`", "")


def test_nobody_but_somebody_of_slack_can_be_on_call(world: World, shell: Shell) -> None:
    code, said = shell.takes(OPS)

    assert code == terminal.REFUSED
    assert "Only somebody in Slack can be on call: say who with --as." in said.replace("`", "")


def test_with_slack_down_the_pager_passes_and_the_channel_hears_of_it_later(
    world: World, shell: Shell, lost: int
) -> None:
    shell.takes("U1")
    shell.passes(lambda twin: twin.note("watch db3"), "U2")
    world.slack.goes_down()

    offered = shell.offers("bob", "U1", summary="Slack is down")
    accepted = shell.accepts("U2")

    assert (offered[0], accepted[0]) == (terminal.DONE, terminal.DONE)
    assert "Slack does not answer: the channel hears of it as soon as serve reaches Slack." in offered[1].replace(
        "`", ""
    )
    assert "@bob is on call, handed off by @alice" in accepted[1]
    assert assignees(world.gitlab, lost) == ["bob"]
    world.slack.comes_back()
    world.bot.starts()
    world.said("@bob is on call")


def test_with_gitlab_down_the_last_list_passes_with_its_age_and_serve_tells_gitlab_when_it_is_back(
    world: World, shell: Shell, lost: int
) -> None:
    shell.takes("U1")
    world.gitlab.goes_down()

    offered = shell.offers("U2", "U1", [(f"#{lost}", "half are back")], summary="GitLab is down")
    accepted = shell.accepts("U2")

    assert (offered[0], accepted[0]) == (terminal.DONE, terminal.DONE)
    assert "the list is as of 09:0" in offered[1]
    assert "GitLab has not taken it yet: a running `serve` continues with it." in accepted[1]
    world.gitlab.comes_back()
    world.bot.starts()
    world.until(lambda: len(reports(world.gitlab)) == 2, "the report is there")
    world.is_idle()
    assert assignees(world.gitlab, lost) == ["bob"]
    assert sum("half are back" in one for one in notes_under(world.gitlab, lost)) == 1


def test_without_waiting_everything_is_left_to_serve(world: World, shell: Shell, lost: int) -> None:
    shell.takes("U1", wait=False)
    shell.offers("U2", "U1", summary="Quieter", wait=False)

    code, said = shell.accepts("U2", wait=False)

    assert code == terminal.DONE
    assert "`serve` does it as soon as it runs" in said
    assert not world.messages()
    assert not world.gitlab.writes
    world.bot.starts()
    world.said("@bob is on call")
    world.until(lambda: len(reports(world.gitlab)) == 2, "both reports are there")
    world.is_idle()


def test_what_gitlab_refuses_is_said_has_a_code_of_its_own_and_can_be_tried_again(
    world: World, shell: Shell, lost: int
) -> None:
    world.gitlab.weather.fails(403, match="^POST .*/issues$")

    refused = shell.takes("U1")
    world.gitlab.comes_back()
    again = shell.passes(lambda twin: twin.retry(wait=True))
    nothing = shell.passes(lambda twin: twin.retry(wait=True))

    assert refused[0] == terminal.STOPPED
    assert "GitLab refused: • the report: " in refused[1]
    assert "• Retry: .venv/bin/python -m bot handoff retry" in refused[1]
    assert again[0] == terminal.DONE
    assert f"Report: #{reports(world.gitlab)[0]}" in again[1]
    assert nothing == (terminal.DONE, "There is nothing to try again: everything is done or on its way.")
