"""The pager on the page, from one person to the next: in two windows, by one person being another, with GitLab away, and late."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.driving import NARROW, Window, Windows

LOST = "Avatars missing after the storage migration"
OFFERED, MOVED = "Hand-off offered", "is on call, handed off"


def with_baton(window: Window) -> Window:
    """Goes to the talk with the app."""
    window.goes_to("Baton")
    window.page.get_by_role("button", name="Messages", exact=True).click()
    return window


def becomes(window: Window, name: str) -> None:
    """Is somebody else from now on, in the same window."""
    workspace = window.page.get_by_role("navigation", name="Workspace")
    workspace.get_by_role("link", name=re.compile(f"^{name}")).click()


def takes(window: Window) -> None:
    """Takes the pager."""
    window.types("/handoff take")
    expect(window.message("You are on call now")).to_be_visible()


def opens(window: Window) -> Locator:
    """Opens the window in which the pager is offered to the next person of the rota."""
    window.types("/handoff @next")
    expect(window.modal.get_by_label("Summary")).to_be_visible()
    return window.modal


def presses(message: Locator, label: str) -> None:
    """Presses a button under a message."""
    message.get_by_role("button", name=label, exact=True).click()


def collects(alice: Window) -> None:
    """Opens an outage from an alarm, and puts a message, and two notes, one of them private, on the list."""
    alice.uses(alice.message("11 min 40 s behind"), "Open outage issue")
    presses(alice.modal, "Open issue")
    expect(alice.message("declared by @alice").get_by_role("link", name="#")).to_be_visible()
    alice.uses(alice.message("Quiet night over here"), "Add to hand-off")
    expect(alice.message("Added to the next hand-off: “Quiet night")).to_be_visible()
    alice.types("/handoff note the mail certificate runs out <!channel>")
    expect(alice.message("Added to the next hand-off: “the mail certificate")).to_be_visible()
    alice.goes_to("security")
    alice.types("/handoff note the old key is still valid")
    expect(alice.message("It is private")).to_be_visible()
    alice.goes_to("production")


def fills_in(alice: Window) -> None:
    """Fills the window in, closes it by mistake, finds all of it there again, and sends it."""
    modal = opens(alice)
    presses(modal, "Hand off")
    expect(modal).to_contain_text("Please say in a few words how things are, or tick Quiet shift.")
    modal.get_by_label("Note on #144").fill("half of them are back\nthe rest by six")
    modal.get_by_label(re.compile(r"Note on #\d+ \(O2\)")).fill("writes are throttled. " * 40 + "The end")
    modal.get_by_role("checkbox").check()
    modal.get_by_label("Summary").fill("Quieter now")
    assert not alice.faults_of_access("#stage")
    presses(modal, "Cancel")
    modal = opens(alice)
    expect(modal.get_by_label("Summary")).to_have_value("Quieter now")
    expect(modal.get_by_label("Note on #144")).to_have_value("half of them are back\nthe rest by six")
    expect(modal.get_by_role("checkbox")).to_be_checked()
    modal.get_by_role("checkbox").uncheck()
    presses(modal, "Hand off")
    expect(modal).to_be_hidden()


def has_done(window: Window, *steps: str) -> None:
    """What was tried is ticked off."""
    window.page.get_by_role("tab", name="What to try").click()
    guide = window.page.get_by_role("tabpanel", name="What to try")
    for step in steps:
        expect(guide.get_by_role("listitem").filter(has_text=step)).to_contain_text("Done")


def reads_all(window: Window) -> str:
    """Presses the button that shows all of it, and closes that; gives what it said."""
    presses(window.message(OFFERED), "Show all")
    expect(window.modal).to_contain_text("The end")
    said = window.modal.inner_text()
    window.page.keyboard.press("Escape")
    expect(window.modal).to_be_hidden()
    return said


def test_the_pager_passes_with_its_notes_from_one_window_to_another_while_gitlab_is_away(windows: Windows) -> None:
    alice, ben = windows.open(), windows.open("U0BEN")
    takes(alice)
    collects(alice)
    fills_in(alice)

    offer = alice.message(OFFERED)
    expect(offer).to_contain_text(re.compile(r"\d\d:\d\d on \d+ \w{3} for @alice \(Amsterdam\)"))
    expect(offer).to_contain_text(re.compile(r"\d\d:\d\d on \d+ \w{3} for @ben \(New York\)"))
    expect(offer).to_contain_text("the rest by six")
    expect(offer).to_contain_text("the mail certificate runs out <!channel>")
    expect(offer).to_contain_text("1 private thing")
    presses(offer, "Accept")
    expect(alice.message("so only they can answer it")).to_be_visible()

    with_baton(ben)
    assert "the old key is still valid" in reads_all(ben)
    assert "the old key is still valid" not in reads_all(windows.open("U0CHEN"))
    presses(ben.message(OFFERED), "Ask")
    expect(ben.message("Please ask in the thread under the offer")).to_be_visible()
    offer.get_by_role("button", name="1 reply").click()
    expect(alice.thread).to_contain_text("@ben has a question about this hand-off, @alice")
    presses(alice.thread, "Close the thread")

    alice.weather("gitlab", "down")
    presses(ben.message(OFFERED), "Accept")
    moved = alice.message(MOVED)
    expect(moved).to_contain_text("@ben is on call, handed off by @alice")
    expect(moved).to_contain_text("GitLab does not answer")
    expect(moved.get_by_role("button", name="Accept")).to_have_count(0)
    expect(ben.message(MOVED).get_by_role("button", name="Accept")).to_have_count(0)
    expect(alice.page.get_by_text("On call: ben | What keeps the fleet running", exact=True)).to_be_visible()
    alice.weather("gitlab", "fine")

    moved.get_by_role("link", name="#144").click()
    issue = alice.page.get_by_role("tabpanel", name="GitLab")
    expect(issue.get_by_role("heading", name=LOST)).to_be_visible()
    expect(issue.get_by_label("Assignee")).to_have_value("ben")
    expect(issue.get_by_role("listitem").filter(has_text="handed off by alice to ben")).to_contain_text("half of them")
    expect(moved).to_contain_text("Report: #")
    moved.get_by_role("link", name="#").last.click()
    expect(issue.get_by_role("heading", name=re.compile("On-call report .*: alice to ben"))).to_be_visible()
    expect(issue).to_contain_text("Quieter now")
    expect(issue).not_to_contain_text("the old key")
    ben.goes_to("production")
    ben.types("Thanks! @oncall")
    group = ben.message("Thanks!").locator(".mention")
    group.hover()
    expect(group).to_have_attribute("title", "Ben Okafor")
    has_done(ben, "Take the pager", "Hand off to the next", "Be the other one", "Look at what has passed")


def test_one_window_is_enough_to_offer_decline_and_offer_again(windows: Windows) -> None:
    window = windows.open("U0ALICE")
    takes(window)
    modal = opens(window)
    modal.get_by_role("checkbox").check()
    presses(modal, "Hand off")
    expect(window.message(OFFERED)).to_contain_text("Quiet shift: nothing happened")

    becomes(window, "Ben Okafor")
    presses(window.message(OFFERED), "Decline")
    window.modal.get_by_label("Reason").fill("on a train until noon <!channel>")
    presses(window.modal, "Decline")
    expect(window.message("declined the hand-off")).to_contain_text(
        "@alice stays on call.on a train until noon <!channel>"
    )

    becomes(window, "Alice Vermeer")
    expect(with_baton(window).message("declined the hand-off: on a train")).to_contain_text("You stay on call")
    window.goes_to("production")
    modal = opens(window)
    expect(modal.get_by_role("checkbox")).to_be_checked()
    presses(modal, "Hand off")
    window.types("/handoff cancel")
    expect(window.message("was cancelled by @alice")).to_contain_text("@alice stays on call")
    window.types("/handoff history")
    expect(window.message("Hand-offs, newest last")).to_contain_text("declined (on a train until noon <!channel>)")


def test_a_hand_off_that_nobody_answers_is_brought_up_on_a_phone_and_in_the_channel(windows: Windows) -> None:
    chen, phone = windows.open("U0CHEN"), windows.open("U0BEN", size=NARROW)
    takes(chen)
    modal = opens(chen)
    modal.get_by_label("Summary").fill("Nothing new")
    presses(modal, "Hand off")
    expect(chen.message(OFFERED)).to_be_visible()
    chen.page.get_by_role("tab", name="Weather").click()
    chen.page.get_by_role("button", name="Next shift").click()

    late = chen.message("has not answered the hand-off")
    expect(late).to_contain_text("@chen stays on call")
    phone.page.get_by_role("navigation", name="Panes").get_by_role("button", name="Chats").click()
    reminder = with_baton(phone).message("@chen offered you the pager")
    assert not phone.faults_of_access("#talk")
    presses(reminder, "Accept")
    expect(chen.message(MOVED)).to_contain_text("handed off by @chen")
    expect(late).to_have_count(0)
    expect(reminder).to_have_count(0)
    has_done(chen, "Miss a hand-off")
