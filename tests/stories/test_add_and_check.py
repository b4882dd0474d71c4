"""An issue is put into the week, late ones are looked for, and the lead is reminded of a week that is over."""

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, TUESDAY, Gitlab, Slack, World


@side_by_side
def test_an_issue_is_put_into_the_week_and_labelled_in_one_request_because_the_week_has_started(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    iid = gitlab.add_issue("Certificate <expires> & so on")

    alice.types(f"/wow add #{iid}", CHANNEL)
    told = world.said("It came after the week had started, so it is labelled “unscheduled”.")
    world.is_idle()

    assert f"@alice put #{iid} Certificate <expires> & so on into “WoW”." in told.text
    assert world.messages(f"I put #{iid} into “WoW”, and post the result.")
    assert gitlab.issue(iid)["milestone"]["id"] == week.wow
    assert gitlab.labels_of(iid) == ["unscheduled"]
    assert len(gitlab.calls("PUT")) == 1
    assert len(spoken(world)) == 1, "one message, which edited itself"


def spoken(world: World) -> list[str]:
    """What everybody in the channel sees of Baton's."""
    return [one.text for one in world.messages() if not one.ephemeral]


@side_by_side
def test_an_outage_is_put_into_the_week_without_the_label_and_an_address_names_an_issue_too(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    iid = gitlab.add_issue("Database is down", ["outage"], week.following)

    world.until(lambda: gitlab.state.web_url, "GitLab knows its own address")
    alice.types(f"/wow add {gitlab.issue(iid)['web_url']}", CHANNEL)
    world.said("Database is down into “WoW”.")
    world.is_idle()

    assert gitlab.issue(iid)["milestone"]["id"] == week.wow
    assert gitlab.labels_of(iid) == ["outage"]


@side_by_side
def test_what_cannot_be_put_into_the_week_is_said_with_the_reason(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()

    assert "`/wow add #12`" in alice.types("/wow add", CHANNEL).text
    assert "not merge requests" in alice.types("/wow add !1", CHANNEL).text
    alice.types("/wow add 4711", CHANNEL)
    world.said("There is no issue #4711 in acme/production")
    alice.types(f"/wow add #{week.planned}", CHANNEL)
    world.said("Rotate the keys is in “WoW” already")
    alice.types("/wow add https://gitlab.example/other/project/-/issues/1", CHANNEL)
    world.said("belongs to another project")
    gitlab.edit_milestone(week.wow, title="Something else")
    alice.types(f"/wow add #{week.done}", CHANNEL)
    world.said("There is no open milestone “WoW”")
    world.is_idle()
    assert gitlab.calls("PUT") == []


@side_by_side
def test_with_gitlab_down_an_addition_waits_and_is_done_once_also_after_a_kill(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    iid = gitlab.add_issue("Certificate expires")
    gitlab.goes_down()

    assert alice.types(f"/wow add #{iid}", CHANNEL).ok
    world.said("GitLab does not answer; 1 operation waits.")
    world.bot.is_killed()
    gitlab.comes_back()
    world.bot_returns()
    world.said("labelled “unscheduled”")
    world.is_idle()

    assert gitlab.issue(iid)["milestone"]["id"] == week.wow
    assert len(spoken(world)) == 1


@side_by_side
def test_a_check_labels_late_additions_and_lists_what_it_did(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    off = gitlab.add_issue("Label taken off", ["unscheduled"], week.wow)
    gitlab.edit_issue(off, remove_labels=["unscheduled"])
    known = gitlab.add_issue("Labelled by hand", ["unscheduled"], week.wow)
    secret = gitlab.add_issue("The password is hunter2", [], week.wow, confidential=True)

    alice.types("/wow check", CHANNEL)
    told = world.said("looked for late additions").text
    world.is_idle()

    assert "2 issues labelled." in told
    labelled, _, rest = told.partition("Had “unscheduled” already")
    assert f"#{week.late} Disk of db3 is full" in labelled
    assert f"#{secret} (confidential)" in labelled
    assert "hunter2" not in world.slack.story()
    assert f"#{known} Labelled by hand" in rest
    assert f"#{off} Label taken off" in rest.partition("was taken off by hand")[2]
    assert gitlab.labels_of(week.late) == ["SL1", "unscheduled"]
    assert gitlab.labels_of(off) == []

    alice.types("/wow check", CHANNEL)
    world.until(
        lambda: len(world.messages("looked for late additions. Nothing is left to label.")) == 1,
        "nothing is done twice",
    )


@side_by_side
def test_a_guest_may_look_but_puts_nothing_into_the_week(world: World, slack: Slack, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    guest = slack.add_person("U9", "gwen", is_restricted=True)
    slack.channels[CHANNEL].members.append("U9")

    guest.types(f"/wow add #{week.done}", CHANNEL)
    guest.types("/wow check", CHANNEL)

    world.until(
        lambda: len([one for one in guest.sees(CHANNEL) if "Guests can look" in one.text]) == 2, "it is refused"
    )
    world.is_idle()
    assert gitlab.calls("PUT") == []


@side_by_side
def test_the_lead_is_reminded_on_the_morning_after_and_the_button_opens_the_preview(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    week = world.seeds_small_week()
    world.clock.moves(minutes=65)
    world.becomes(WOW_LEADS="U1")

    reminder = world.said(f"week ending {TUESDAY} is over and not rolled over yet", within=60)
    assert reminder.pings == ["@U1"]
    alice.clicks(reminder.message, "Roll over")
    world.modal(alice, "Roll over")
    alice.submits()
    world.report()

    world.said(f"The week ending {TUESDAY} is over, and @alice rolled it over.")
    world.is_idle()
    assert gitlab.issues_of(week.following) == week.open
    assert not world.messages("not rolled over yet")


@side_by_side
def test_nobody_is_reminded_of_a_week_that_was_turned_by_hand_or_that_is_not_over(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    gitlab.edit_milestone(week.wow, title=f"WoW ending {TUESDAY}", state="closed")
    gitlab.edit_milestone(week.following, title="WoW")
    world.clock.moves(minutes=65)
    world.becomes()

    world.until(lambda: [one for one in gitlab.calls("GET", "/milestones") if one.status == 200], "it looks", within=60)
    world.is_idle()

    assert world.messages() == []


@side_by_side
def test_two_who_add_the_same_issue_at_once_add_it_once(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    week = world.seeds_small_week()
    iid = gitlab.add_issue("Certificate expires")
    gitlab.goes_down()
    alice.types(f"/wow add {iid}", CHANNEL)
    bob.types(f"/wow add {iid}", CHANNEL)
    world.until(lambda: len(spoken(world)) == 2, "both are told")
    gitlab.comes_back()

    world.said("is in “WoW” already")
    world.is_idle()

    assert gitlab.issue(iid)["milestone"]["id"] == week.wow
    assert len(gitlab.calls("PUT", f"/issues/{iid}")) == 1


@side_by_side
def test_a_reminder_says_what_became_of_the_week_also_by_hand_and_after_an_undo(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.clock.moves(minutes=65)
    world.becomes()
    world.said("not rolled over yet", within=60)

    world.rolls_over()
    world.said("is over, and @alice rolled it over")
    world.takes_back()
    world.said("is over and not rolled over yet")
    world.is_idle()
    gitlab.edit_milestone(week.wow, title=f"WoW ending {TUESDAY}", state="closed")
    gitlab.edit_milestone(gitlab.milestones()["Next WoW"], title="WoW")
    world.alice.types("/wow rollover", CHANNEL)

    world.said("was rolled over by hand in GitLab")
