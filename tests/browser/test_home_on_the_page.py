"""The Home tab on the page: what it says, that it follows, its buttons, by mouse and keyboard, wide and on a phone."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driving import NARROW, WIDE, Window, Windows


def home(window: Window) -> Locator:
    """What stands on the tab."""
    return window.page.get_by_role("region", name="Contents")


def opens_home(window: Window, size: tuple[int, int] = WIDE) -> Locator:
    """Goes to the app, and there to its Home tab."""
    if size == NARROW:
        window.page.get_by_role("navigation", name="Panes").get_by_text("Chats", exact=True).click()
    window.goes_to("Baton")
    window.page.get_by_role("button", name="Home", exact=True).click()
    expect(home(window)).to_contain_text("On call now")
    return home(window)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_home_tab_can_be_read_by_everybody(windows: Windows, size: tuple[int, int]) -> None:
    chen = windows.open("U0CHEN", size=size)

    seen = opens_home(chen, size)

    for part in ("On call now", "Ongoing (2)", "This week", "Latest events", "Waiting for GitLab"):
        expect(seen.get_by_role("heading", name=part)).to_have_count(1)
    expect(seen).to_contain_text("Avatars missing")
    assert not chen.faults_of_access()
    assert chen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_follows_what_happens_and_each_person_has_their_own(windows: Windows) -> None:
    alice, ben = windows.open(), windows.open("U0BEN")
    opens_home(ben)
    expect(home(ben).get_by_role("button", name="Accept")).to_have_count(0)

    alice.types("/handoff take")
    alice.types("/handoff @ben")
    alice.modal.get_by_role("checkbox").check()
    alice.modal.get_by_role("button", name="Hand off").click()
    expect(alice.message("Hand-off offered")).to_be_visible()
    opens_home(alice)
    expect(home(alice)).to_contain_text("Offered to @ben by @alice")
    opens_home(ben)
    expect(home(ben)).to_contain_text("Offered to you by @alice just now")

    home(ben).get_by_role("button", name="Accept").click()
    expect(ben.modal).to_contain_text("You are on call")
    assert not ben.faults_of_access("#stage")
    ben.page.keyboard.press("Escape")
    expect(home(ben)).to_contain_text("On call: @ben since today")


def test_an_event_is_logged_there_by_the_keyboard(windows: Windows) -> None:
    chen = windows.open("U0CHEN")
    opens_home(chen)
    home(chen).focus()
    chen.tabs_to(home(chen).get_by_role("button", name="Log an event"))
    chen.page.keyboard.press("Enter")

    expect(chen.modal.get_by_label("What happened")).to_be_focused()
    assert not chen.faults_of_access("#stage")
    chen.page.keyboard.type("restarted redis on cache2")
    chen.page.keyboard.press("Control+Enter")
    expect(chen.modal).to_contain_text("Logged as event")
    chen.page.keyboard.press("Escape")

    expect(home(chen)).to_contain_text("restarted redis on cache2")
    chen.goes_to("production")
    expect(chen.message("restarted redis on cache2")).to_contain_text("by @chen")


def test_the_other_buttons_open_what_the_commands_open(windows: Windows) -> None:
    alice = windows.open()
    opens_home(alice)

    for button, shows in (
        ("Week status", "most urgent first"),
        ("Declare an outage", "What is seen"),
        ("Roll over", "Decide on the new load balancers"),
    ):
        home(alice).get_by_role("button", name=button).click()
        expect(alice.modal).to_contain_text(shows)
        alice.page.keyboard.press("Escape")
        expect(alice.modal).to_be_hidden()
        expect(home(alice).get_by_role("button", name=button)).to_be_focused()
    expect(home(alice)).to_contain_text("done (")
