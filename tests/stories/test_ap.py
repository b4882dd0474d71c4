"""An issue gets its AP label: urgency and impact are chosen, the label is seen before it is set, nobody is overruled."""

from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.screen import Seen
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, Slack, World

WITHIN_A_MONTH = "U1: an outage is likely within a month"
THREE_MONTHS = "U2: an outage is likely within three months"
LONG, MIDDLE, SHORT = (
    "I1: an outage of 25 minutes or more",
    "I2: an outage of 5 to 25 minutes",
    "I3: an outage of less than 5 minutes",
)


def plain(text: str) -> str:
    return text.replace("*", "")


def opens(world: World, named: object) -> None:
    assert world.alice.types(f"/wow ap {named}", CHANNEL).ok
    world.modal(world.alice, "Set label")


def shows(world: World, words: str) -> None:
    """The modal says so by itself, before anything is submitted."""
    world.until(
        lambda: (screen := world.alice.modal) is not None and words in plain(screen.text), f"the modal says {words!r}"
    )


def set_label(world: World, urgency: str, impact: str, words: str) -> Seen:
    world.alice.chooses("Urgency", urgency)
    world.alice.chooses("Impact", impact)
    shows(world, " × ")
    world.alice.submits()
    return world.said(words)


@side_by_side
def test_the_label_is_seen_before_it_is_set_and_takes_the_place_of_the_one_before(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    iid = gitlab.add_issue("Disk of <db3> is full", ["AP3", "SL1"])

    opens(world, f"#{iid}")
    shows(world, f"#{iid} Disk of <db3> is full")
    shows(world, "It has AP3.")
    shows(world, "Choose both")
    alice.chooses("Urgency", THREE_MONTHS)
    shows(world, "U2 gives AP1 with I1, AP2 with I2, AP3 with I3.")
    alice.chooses("Impact", MIDDLE)
    shows(world, "U2 × I2 gives AP2. It takes the place of AP3.")
    alice.chooses("Impact", LONG)
    shows(world, "U2 × I1 gives AP1. It takes the place of AP3.")
    assert gitlab.labels_of(iid) == ["AP3", "SL1"]
    alice.submits()

    told = world.said("in place of AP3.")
    world.is_idle()
    assert f"@alice set AP1 (U2 × I1) on #{iid} Disk of <db3> is full, in place of AP3." in told.text
    assert gitlab.labels_of(iid) == ["AP1", "SL1"]
    assert len(gitlab.calls("PUT")) == 1
    assert len([one for one in world.messages() if not one.ephemeral]) == 1, "one message, which edited itself"


@side_by_side
def test_what_has_the_label_already_stays_as_it_is(world: World, gitlab: Gitlab, alice: Persona) -> None:
    iid = gitlab.add_issue("Disk", ["AP1"])

    world.until(lambda: gitlab.state.web_url, "GitLab knows its own address")
    opens(world, gitlab.issue(iid)["web_url"])
    alice.chooses("Urgency", WITHIN_A_MONTH)
    alice.chooses("Impact", LONG)
    shows(world, "The issue has it already, so nothing changes.")
    alice.submits()

    world.said("has AP1 (U1 × I1) already")
    assert gitlab.calls("PUT") == []


@side_by_side
def test_a_label_that_somebody_set_meanwhile_stays_and_that_is_said(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    iid = gitlab.add_issue("Disk", ["AP3"])
    opens(world, f"#{iid}")
    gitlab.edit_issue(iid, add_labels=["AP2"], remove_labels=["AP3"])

    told = set_label(world, WITHIN_A_MONTH, LONG, "I left")

    assert "somebody changed its AP label meanwhile: now it has AP2." in told.text
    assert f"/wow ap #{iid}" in told.text
    world.is_idle()
    assert gitlab.labels_of(iid) == ["AP2"]


@side_by_side
def test_what_gets_no_label_is_said_with_the_reason(world: World, slack: Slack, gitlab: Gitlab, alice: Persona) -> None:
    guest = slack.add_person("U9", "guest", is_restricted=True)
    slack.channel(CHANNEL).members.append("U9")
    iid = gitlab.add_issue("Disk")

    assert "`/wow ap #12`" in alice.types("/wow ap", CHANNEL).text
    assert "`/wow ap #12`" in alice.types("/wow ap disk", CHANNEL).text
    assert "not for merge requests" in alice.types("/wow ap !1", CHANNEL).text
    alice.types("/wow ap 4711", CHANNEL)
    shows(world, "There is no issue #4711 in acme/production")
    alice.closes()
    alice.types("/wow ap https://gitlab.example/other/project/-/issues/1", CHANNEL)
    shows(world, "belongs to another project")
    alice.closes()
    guest.types(f"/wow ap #{iid}", CHANNEL)
    world.said("Guests can look but not change anything.", to=guest)
    assert guest.modal is None
    opens(world, f"#{iid}")
    alice.chooses("Urgency", WITHIN_A_MONTH)
    alice.submits()
    shows(world, "U1 gives AP1 with I1")
    assert gitlab.calls("PUT") == []


@side_by_side
def test_with_gitlab_down_the_label_is_chosen_all_the_same_and_set_when_it_is_back_also_after_a_kill(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    iid = gitlab.add_issue("Disk", ["AP3"])
    gitlab.goes_down()

    opens(world, f"#{iid}")
    shows(world, "so I cannot show its title and its AP label")
    alice.chooses("Urgency", WITHIN_A_MONTH)
    alice.chooses("Impact", SHORT)
    shows(world, "U1 × I3 gives AP2. It takes the place of any other AP label.")
    alice.submits()
    world.said("GitLab does not answer; 1 operation waits.")
    world.bot.is_killed()
    gitlab.comes_back()
    world.bot_returns()

    world.said("@alice set AP2 (U1 × I3) on")
    world.is_idle()
    assert gitlab.labels_of(iid) == ["AP2"]
    assert len(gitlab.calls("PUT")) == 1


@side_by_side
def test_with_gitlab_down_a_label_that_somebody_sets_after_the_choice_stays(
    world: World, gitlab: Gitlab, alice: Persona
) -> None:
    iid = gitlab.add_issue("Disk", ["AP3"])
    gitlab.goes_down()
    opens(world, f"#{iid}")
    set_label(world, WITHIN_A_MONTH, LONG, "GitLab does not answer; 1 operation waits.")
    world.clock.moves(minutes=1)
    gitlab.edit_issue(iid, add_labels=["AP2"], remove_labels=["AP3"])

    gitlab.comes_back()

    world.said("now it has AP2")
    world.is_idle()
    assert gitlab.labels_of(iid) == ["AP2"]
