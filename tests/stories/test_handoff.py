"""The pager passes by being accepted: offered with all that goes on, answered by the one it is for, and told to GitLab."""

import re

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.pager import DATA_LOSS, accepts, assignees, notes_under, offers, on_call, opens_offer, reports, takes
from tests.stories.side_by_side import side_by_side
from tests.stories.test_once import at_once
from tests.stories.world import CHANNEL, Gitlab, Slack, World


def declares(world: World, who: Persona, title: str) -> None:
    who.types(f"/event outage {title}", CHANNEL)
    world.modal(who, "Open issue")
    who.submits()
    world.said(f"“{title}”")


def with_colleagues(gitlab: Gitlab) -> None:
    """The same people as in Slack are members of the project."""
    gitlab.add_user("alice")
    gitlab.add_user("bob")


@side_by_side
def test_a_hand_off_passes_what_goes_on_with_its_notes_when_it_is_accepted_and_not_before(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    with_colleagues(gitlab)
    lost = gitlab.add_issue("Avatars are missing", [DATA_LOSS])
    gitlab.add_issue("Tidy the runbook", ["toil"])
    takes(world, alice)
    world.is_idle()
    declares(world, alice, "Database is down")
    world.said("O1 (#")
    down = next(iid for iid in gitlab.state.issues if "outage" in gitlab.issue(iid)["labels"])
    world.is_idle()

    offer = offers(
        world, alice, bob, "It is quieter now", {f"#{lost}": "half of them are back", f"#{down}": "failover at six"}
    )

    assert offer.buttons == ["Accept", "Ask", "Decline"]
    assert "It is quieter now" in offer.text
    assert "half of them are back" in offer.text
    assert "Tidy the runbook" not in offer.text
    assert re.search(r"10:0\d on 25 Nov for @alice \(Amsterdam\)", offer.text)
    assert re.search(r"04:0\d on 25 Nov for @bob \(New York\)", offer.text)
    direct = world.said("Hand-off offered", channel=None, to=bob)
    assert direct.buttons == ["Accept", "Ask", "Decline"]
    assert on_call(world) == "alice"
    assert assignees(gitlab, down) == []

    assert bob.clicks(direct, "Accept").ok

    world.said("@bob is on call", to=bob)
    assert on_call(world) == "bob"
    world.said("You are on call now", channel=None, to=bob)
    world.said("@bob accepted and is on call now", channel=None)
    world.until(lambda: len(reports(gitlab)) == 2, "the report")
    world.is_idle()
    assert [assignees(gitlab, iid) for iid in (lost, down)] == [["bob"], ["bob"]]
    assert [sum("handed off by alice to bob" in one for one in notes_under(gitlab, iid)) for iid in (lost, down)] == [
        1,
        1,
    ]
    assert "failover at six" in notes_under(gitlab, down)[-1]
    first, second = reports(gitlab)
    report = gitlab.issue(second)["description"]
    assert f"#{first}" in report
    assert "It is quieter now" in report
    assert "failover at six" in report
    for message in (world.said("@bob is on call", to=bob), world.said("@bob is on call", channel=None, to=bob)):
        assert message.buttons == []
        assert f"Report: #{second}" in message.text


@side_by_side
def test_nobody_else_can_answer_and_with_the_answer_the_buttons_are_gone(
    world: World, alice: Persona, bob: Persona
) -> None:
    takes(world, alice)
    offer = offers(world, alice, bob)

    for label in ("Accept", "Ask", "Decline"):
        alice.clicks(offer, label)
    world.until(lambda: len(world.messages("so only they can answer it")) == 3, "she is told three times")
    assert on_call(world) == "alice"
    accepts(world, bob, offer)

    assert world.said("@bob is on call").message.ts == offer.message.ts
    assert world.said("@bob is on call").buttons == []


@side_by_side
def test_a_declined_offer_frees_the_way_and_the_reason_and_what_was_typed_are_there(
    world: World, alice: Persona, bob: Persona, slack: Slack
) -> None:
    takes(world, alice)
    offer = offers(world, alice, bob, "Keep an eye on db3")

    bob.clicks(offer, "Decline")
    world.modal(bob, "Decline")
    bob.fills("Reason", "I am on a train")
    assert bob.submits().ok

    world.said("@bob declined the hand-off from @alice")
    world.said("declined the hand-off: I am on a train", channel=None)
    assert on_call(world) == "alice"
    opens_offer(world, alice, f"<@{bob.id}>")
    assert alice.modal is not None
    assert "Keep an eye on db3" in alice.modal.text


@side_by_side
def test_a_summary_in_which_nothing_can_be_seen_is_refused_at_its_field(world: World, alice: Persona) -> None:
    takes(world, alice)
    opens_offer(world, alice, "<@U2>")
    alice.fills("Summary", " \u200b\n")

    assert "Please say in a few words how things are" in alice.submits().text


@side_by_side
def test_who_cancels_an_offer_may_offer_again_and_the_buttons_of_the_first_are_gone(
    world: World, alice: Persona, bob: Persona
) -> None:
    takes(world, alice)
    offer = offers(world, alice, bob)
    assert "is offered already" in alice.types(f"/handoff <@{bob.id}>", CHANNEL).text

    assert "is cancelled" in alice.types("/handoff cancel", CHANNEL).text
    assert world.said("was cancelled by @alice").message.ts == offer.message.ts
    assert world.said("was cancelled by @alice", channel=None, to=bob).buttons == []

    assert on_call(world) == "alice"
    accepts(world, bob, offers(world, alice, bob))


@side_by_side
def test_who_asks_opens_a_thread_under_the_offer_that_calls_both(
    world: World, alice: Persona, bob: Persona, slack: Slack
) -> None:
    takes(world, alice)
    offer = offers(world, alice, bob)

    bob.clicks(offer, "Ask")

    question = world.said("@bob has a question about this hand-off, @alice")
    assert question.message.thread_ts == offer.message.ts
    assert on_call(world) == "alice"

    bob.clicks(offer, "Ask")
    world.until(lambda: len(world.messages("Please ask in the thread", to=bob)) == 2, "he is answered again")
    world.is_idle()
    assert len(world.messages("has a question about this hand-off")) == 1


@side_by_side
def test_whoever_takes_the_pager_has_it_at_once_and_an_open_offer_is_over(
    world: World, alice: Persona, bob: Persona
) -> None:
    takes(world, alice)
    offer = offers(world, alice, bob, "Watch db3")

    takes(world, bob, "her train leaves")

    assert on_call(world) == "bob"
    world.said("took the pager from you: her train leaves", channel=None)
    assert world.said("is over: @bob took the pager").message.ts == offer.message.ts
    assert "Watch db3" in world.said("took the pager from @alice").text
    assert "You are on call already" in bob.types("/handoff take", CHANNEL).text


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("<@U1>", "You cannot hand off to yourself"),
        ("<@UBOT>", "is a bot"),
        ("<@UGONE>", "is deactivated"),
        ("<@UGUEST>", "is a guest"),
        ("<@U2> <@U3>", "you named two"),
        ("<!subteam^S1|@oncall>", "not to a group"),
        ("@nobody", "nobody called"),
        ("bob", "/handoff @bob"),
    ],
)
def test_a_hand_off_to_whom_it_cannot_go_is_refused_with_the_reason(
    world: World, alice: Persona, slack: Slack, typed: str, refusal: str
) -> None:
    slack.add_person("UBOT", "robot", is_bot=True)
    slack.add_person("UGONE", "gone", deleted=True)
    slack.add_person("UGUEST", "guest", is_restricted=True)

    alice.types(f"/handoff {typed}", CHANNEL)

    world.said(refusal)
    assert alice.modal is None


@side_by_side
def test_only_the_one_on_call_hands_off_and_a_lead_for_them(world: World, alice: Persona, bob: Persona) -> None:
    carol = world.slack.add_person("U3", "carol", tz="Asia/Singapore")
    world.slack.joins("U3", CHANNEL)
    world.becomes(WOW_LEADS="U3")
    takes(world, alice)
    bob.types(f"/handoff <@{carol.id}>", CHANNEL)
    world.said("is on call, so only they can hand off", to=bob)

    offer = offers(world, carol, bob)

    assert "offered by @carol" in offer.text
    accepts(world, bob, offer)
    assert on_call(world) == "bob"


@side_by_side
def test_with_gitlab_down_the_last_list_passes_with_its_age_and_all_is_told_once_when_it_is_back(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    with_colleagues(gitlab)
    lost = gitlab.add_issue("Avatars are missing", [DATA_LOSS])
    takes(world, alice)
    world.is_idle()
    gitlab.goes_down()
    alice.types(f"/handoff <@{bob.id}>", CHANNEL)
    modal = world.modal(alice, "Hand off")
    assert "the list is as of 09:0" in modal.text
    assert "min ago)" in modal.text
    alice.fills(f"#{lost}", "half of them are back")
    alice.fills("Summary", "GitLab is down, too")
    alice.submits()
    offer = world.said("Hand-off offered")
    assert "as of 09:0" in offer.text

    accepts(world, bob, offer)

    world.said("GitLab does not answer", to=bob)
    gitlab.comes_back()
    world.until(lambda: len(reports(gitlab)) == 2, "the report is there")
    world.is_idle()
    assert assignees(gitlab, lost) == ["bob"]
    assert sum("half of them are back" in one for one in notes_under(gitlab, lost)) == 1


@side_by_side
def test_whom_somebody_assigned_between_offer_and_acceptance_is_left_and_that_is_said(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    with_colleagues(gitlab)
    gitlab.add_user("chen")
    lost = gitlab.add_issue("Avatars are missing", [DATA_LOSS], assignees=["alice"])
    takes(world, alice)
    world.is_idle()
    offer = offers(world, alice, bob)
    gitlab.edit_issue(lost, assignees=["chen"])

    accepts(world, bob, offer)

    world.said("somebody assigned chen meanwhile", to=bob)
    world.is_idle()
    assert assignees(gitlab, lost) == ["chen"]


@side_by_side
def test_what_data_loss_ended_in_a_shift_is_told_in_its_report_and_not_in_the_next(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    lost = gitlab.add_issue("Avatars are missing", [DATA_LOSS])
    takes(world, alice)
    world.is_idle()
    gitlab.edit_issue(lost, state="closed")

    accepts(world, bob, offers(world, alice, bob))
    world.until(lambda: len(reports(gitlab)) == 2, "the report")
    accepts(world, alice, offers(world, bob, alice))
    world.until(lambda: len(reports(gitlab)) == 3, "the next report")

    _, first, second = (gitlab.issue(one)["description"] for one in reports(gitlab))
    assert f"### Resolved in this shift\n\n- #{lost} Avatars are missing\n" in first
    assert "Resolved" not in second


@side_by_side
def test_what_ended_before_the_offer_was_accepted_is_told_as_over_and_its_note_is_not_lost(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    lost = gitlab.add_issue("Avatars are missing", [DATA_LOSS])
    takes(world, alice)
    declares(world, alice, "Database is down")
    world.said("O1 (#")
    world.is_idle()
    offer = offers(world, alice, bob, "", {f"#{lost}": "half of them are back", "(O1)": "failover at six"})
    gitlab.edit_issue(lost, state="closed")
    alice.types("/event resolve O1", CHANNEL)
    world.said("is over")
    world.is_idle()

    accepts(world, bob, offer)

    world.until(lambda: len(reports(gitlab)) == 2, "the report")
    report = gitlab.issue(reports(gitlab)[-1])["description"]
    going, _, ended = report.partition("### Resolved in this shift")
    assert "Nothing: no outage" in going
    for words in ("Avatars are missing", "half of them are back", "Database is down", "failover at six"):
        assert words in ended.partition("### Incidents")[0]
        assert words not in going
    assert ended.partition("### Incidents")[0].count("Database is down") == 1
    said = world.said("Nothing is ongoing").text
    assert "failover at six" in said.partition("Over by now")[2]


@side_by_side
def test_a_bot_that_is_killed_between_offer_and_answer_has_lost_nothing(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    with_colleagues(gitlab)
    lost = gitlab.add_issue("Avatars are missing", [DATA_LOSS])
    takes(world, alice)
    offer = offers(world, alice, bob, "Nothing else", {f"#{lost}": "half are back"})
    world.bot.is_killed()
    world.bot_returns()

    accepts(world, bob, offer)
    world.bot.is_killed()
    world.bot_returns()

    world.until(lambda: len(reports(gitlab)) == 2, "the report is there")
    world.is_idle()
    assert on_call(world) == "bob"
    assert assignees(gitlab, lost) == ["bob"]
    assert sum("half are back" in one for one in notes_under(gitlab, lost)) == 1


@side_by_side
def test_a_double_click_that_reaches_two_processes_accepts_once(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    takes(world, alice)
    offer = offers(world, alice, bob)
    first = world.bot.url
    other = world.another_bot()
    other.starts()

    def at(url: str) -> object:
        world.slack.bot_url = url
        return bob.clicks(offer, "Accept")

    at_once(lambda: at(first), lambda: at(other.url))  # type: ignore[arg-type, return-value]

    world.until(lambda: len(reports(gitlab)) == 2, "the report is there")
    world.is_idle()
    assert on_call(world) == "bob"
    assert len(reports(gitlab)) == 2


@side_by_side
def test_what_was_typed_is_there_again_also_where_what_was_told_of_two_fields_overtook_each_other(
    world: World, gitlab: Gitlab, slack: Slack, alice: Persona, bob: Persona
) -> None:
    lost = gitlab.add_issue("Avatars are missing", [DATA_LOSS])
    takes(world, alice)
    opens_offer(world, alice, f"<@{bob.id}>")
    told = alice.fills(f"#{lost}", "half of them are back")
    assert told is not None
    assert told.outgoing is not None
    assert alice.fills("Summary", "Watch db3")

    late = {**told.outgoing.payload, "trigger_id": "late"}
    assert slack.line.ask(told.outgoing._replace(payload=late)).ok
    alice.closes()

    opens_offer(world, alice, f"<@{bob.id}>")
    assert alice.modal is not None
    assert alice.modal.field("Summary").value == "Watch db3"
    assert alice.modal.field(f"#{lost}").value == "half of them are back"
