"""The Home tab: all at a glance, kept up to date while somebody looks, and a way to begin what the commands do."""

from bot.sandbox.slack.persona import Persona
from tests.stories.night import declares
from tests.stories.pager import accepts, offers, on_call, takes
from tests.stories.side_by_side import side_by_side
from tests.stories.test_handoff_watch import passes
from tests.stories.test_private import SECRET, WAR_ROOM, opens_war_room
from tests.stories.world import CHANNEL, Gitlab, World


def home(who: Persona) -> str:
    """What stands on somebody's Home tab; empty before anything does."""
    return who.home.text if who.home else ""


def opens(world: World, who: Persona) -> str:
    """Somebody opens the tab, and reads it."""
    before = shown(world)
    assert who.opens_home().ok
    world.until(lambda: shown(world) > before, "the tab is shown")
    return home(who)


def settles(world: World) -> None:
    """The bot has looked around after its start, and nothing changes by that any more."""
    world.until(lambda: "Nothing is ongoing" in world.alice.types("/handoff", CHANNEL).text, "GitLab was asked")
    world.is_idle()


def shown(world: World) -> int:
    """How often a Home tab was shown to anybody."""
    return sum(each.path.endswith("views.publish") for each in world.slack.server.recorded())


def shows(world: World, who: Persona, words: str) -> None:
    """The tab comes to say this, without being opened again."""
    world.until(lambda: words in home(who), f"{words!r} on the Home tab of {who.member.name}")


@side_by_side
def test_the_week_is_read_where_nobody_has_asked_for_it_yet(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()

    opens(world, alice)

    shows(world, alice, "1 of 4 done")
    assert not gitlab.writes


@side_by_side
def test_it_tells_who_is_on_call_what_goes_on_how_the_week_stands_and_what_waits(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    empty = opens(world, bob)
    for words in ("nobody yet", "The log is empty", "I have not read “WoW”", "Nothing waits"):
        assert words in empty, words
    world.seeds_small_week()
    takes(world, alice)
    declares(world, alice, "Database is down")
    world.is_idle()
    alice.types("/event log restarted db1", CHANNEL)
    offers(world, alice, bob)
    alice.types("/wow status", CHANNEL)
    world.said("1 done · 3 open")
    world.is_idle()

    seen = opens(world, bob)

    assert "On call: @alice since" in seen
    assert "Offered to you by @alice" in seen
    assert "Ongoing (1)" in seen
    assert "(O1)* Database is down" in seen
    assert "restarted db1" in seen
    assert "1 of 4 done (25 %)" in seen
    assert "WoW" in seen
    assert "Nothing waits." in seen
    assert "Offered to @bob by @alice" in opens(world, alice)
    assert bob.home is not None
    assert bob.clicks(bob.home, "Accept").ok
    world.until(lambda: on_call(world) == "bob", "Bob has the pager")
    shows(world, bob, "On call: @bob")
    assert "Accept" not in home(bob)


@side_by_side
def test_it_changes_by_itself_but_only_once_a_minute(world: World, alice: Persona, bob: Persona) -> None:
    settles(world)
    opens(world, alice)
    bob.types("/event log the first one", CHANNEL)
    shows(world, alice, "the first one")
    world.until(lambda: shown(world) >= 2, "both are on record")
    assert shown(world) == 2

    bob.types("/event log the second one", CHANNEL)
    takes(world, bob)
    world.is_idle()
    assert "the second one" not in home(alice)
    assert "the second one" in opens(world, alice)

    offers(world, bob, alice)
    declares(world, bob, "Database is down")
    world.is_idle()
    passes(world, minutes=2)
    shows(world, alice, "Offered to you by @bob")
    shows(world, alice, "Database is down")

    passes(world, hours=25)
    bob.types("/event log a day later", CHANNEL)
    world.said("a day later")
    world.is_idle()
    assert "a day later" not in home(alice), "nobody has looked at it for a day"
    assert not home(bob)


@side_by_side
def test_it_counts_at_once_what_was_labelled_by_itself(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks()
    gitlab.add_issue("Late", [], week.wow)
    opens(world, alice)

    shows(world, alice, "2 unscheduled")


@side_by_side
def test_the_messages_tab_is_not_the_home_tab(world: World, alice: Persona) -> None:
    assert alice.opens_messages().ok
    opens(world, world.bob)

    assert alice.home is None


@side_by_side
def test_what_is_private_is_shown_to_members_alone(world: World, alice: Persona, bob: Persona) -> None:
    opens_war_room(world)
    alice.types(f"/event log {SECRET}", WAR_ROOM)
    world.said("Private event", WAR_ROOM)
    declares(world, alice, f"Leak of {SECRET}", "Confidential", channel=WAR_ROOM)
    world.is_idle()

    opens(world, alice)
    shows(world, alice, f"Leak of {SECRET}")
    shows(world, alice, "There is no open milestone")
    seen = opens(world, bob)
    assert "(private event)" in seen
    assert "(confidential)" in seen
    assert "private events: only members of their channels can read them" in seen
    assert SECRET not in seen
    world.slack.joins("U2", WAR_ROOM)
    shows(world, bob, SECRET)
    world.slack.leaves("U2", WAR_ROOM)
    passes(world, minutes=2)
    world.until(lambda: SECRET not in home(bob), "Bob is no member any more")


@side_by_side
def test_it_says_honestly_that_gitlab_is_away(world: World, gitlab: Gitlab, alice: Persona) -> None:
    alice.types("/wow status", CHANNEL)
    world.said("There is no open milestone")
    opens(world, alice)
    gitlab.goes_down()
    declares(world, alice, "Database is down")
    alice.types("/event log restarted db1", CHANNEL)
    world.until(lambda: "wait" in alice.types("/handoff status", CHANNEL).text, "it is known that GitLab is away")

    seen = opens(world, alice)
    assert "GitLab does not answer" in seen
    assert "Nothing is lost." in seen
    assert "*O1* Database is down" in seen
    assert "as of 09:0" in seen

    gitlab.comes_back()
    world.is_idle()
    assert "Nothing waits." in opens(world, alice)


@side_by_side
def test_its_buttons_do_what_the_commands_do(world: World, gitlab: Gitlab, alice: Persona, bob: Persona) -> None:
    world.seeds_small_week()
    opens(world, alice)
    screen = alice.home
    assert screen is not None

    alice.clicks(screen, "Log an event")
    world.modal(alice, "Log")
    alice.fills("When", "08:30Z")
    alice.chooses("Kind", "incident")
    alice.fills("What happened", "db1 stopped")
    alice.submits()
    assert alice.modal is not None
    assert "Logged as event 1: *incident*" in alice.modal.text
    assert "08:30 UTC" in world.said("db1 stopped").text
    alice.closes()

    alice.clicks(screen, "Week status")
    world.until(lambda: alice.modal and "1 done · 3 open" in alice.modal.text, "the week")
    alice.closes()

    alice.clicks(screen, "Roll over")
    world.modal(alice, "Roll over")
    alice.closes()

    alice.clicks(screen, "Declare an outage")
    world.modal(alice, "Open issue")
    alice.fills("Title", "Database is down")
    alice.submits()
    world.said("Database is down")
    shows(world, alice, "Database is down")

    declares(world, bob, "Mail is late")
    world.is_idle()
    alice.clicks(screen, "Log an event")
    modal = world.modal(alice, "Log")
    assert "incident, because an outage is ongoing" in modal.text
    alice.chooses("Outage", *[each for each in modal.field("Outage").options if "Mail" in each])
    alice.fills("What happened", "restarted the queue")
    alice.submits()
    assert alice.modal is not None
    assert "It belongs to O2" in alice.modal.text
    assert alice.modal.buttons == []
    alice.closes()

    takes(world, alice)
    alice.clicks(screen, "Hand off")
    world.modal(alice, "Hand off")
    alice.chooses("Next", "bob")
    alice.ticks("Quiet shift")
    alice.submits()
    accepts(world, bob, world.said("Hand-off offered"))


@side_by_side
def test_what_is_refused_is_said_in_front_of_whoever_pressed(world: World, alice: Persona, bob: Persona) -> None:
    takes(world, bob)
    opens(world, alice)
    assert alice.home is not None

    alice.clicks(alice.home, "Hand off")

    world.until(lambda: alice.modal and "only they can hand off" in alice.modal.text, "the reason")
    assert not world.messages(channel=None)


@side_by_side
def test_a_guest_looks_and_is_told_why_nothing_can_be_pressed(world: World, alice: Persona) -> None:
    guest = world.slack.add_person("U9", "gwen", is_restricted=True)
    alice.types("/event log restarted db1", CHANNEL)
    opens(world, guest)
    shows(world, guest, "Guests can look but not change anything")

    assert "restarted db1" in home(guest)
    assert "Log an event" not in home(guest)
    assert "Week status" in home(guest)


@side_by_side
def test_while_slack_does_not_take_it_nothing_else_waits_and_then_it_comes(world: World, alice: Persona) -> None:
    world.slack.weather.fails(503, times=3, match=r"views\.publish")

    assert alice.opens_home().ok
    assert alice.types("/event log restarted db1", CHANNEL).ok
    world.said("restarted db1")

    shows(world, alice, "restarted db1")
