"""The same with the keyboard alone: nothing is clicked, and at every moment it can be told where one is."""

from playwright.sync_api import expect

from tests.browser.driving import Windows


def test_a_week_is_rolled_over_and_taken_back_without_a_mouse(windows: Windows) -> None:
    alice = windows.open()
    keys = alice.page.keyboard

    keys.press("Tab")
    expect(alice.page.get_by_role("link", name="Skip to the message field")).to_be_focused()
    keys.press("Enter")
    expect(alice.field).to_be_focused()
    keys.type("/wo")
    expect(alice.page.get_by_role("option", name="/wow")).to_have_attribute("aria-selected", "true")
    keys.press("Enter")
    expect(alice.field).to_have_value("/wow ")
    keys.type("ro")
    keys.press("Tab")
    expect(alice.field).to_have_value("/wow rollover")
    keys.press("Enter")

    expect(alice.modal.get_by_role("button", name="Roll over")).to_be_visible()
    first = alice.modal.get_by_role("combobox").first
    alice.tabs_to(first, most=4)
    keys.type("Le")
    expect(first).to_have_value("leave")
    alice.tabs_to(alice.modal.get_by_role("button", name="Roll over"))
    keys.press("Enter")

    expect(alice.message("is closed, rolled over by @alice")).to_contain_text("1 left in the closed week")
    expect(alice.modal).to_be_hidden()
    expect(alice.field).to_be_focused()
    keys.type("/wow undo")
    keys.press("Enter")
    expect(alice.modal.get_by_role("button", name="Undo")).to_be_visible()
    keys.press("Control+Enter")
    expect(alice.message("is taken back by @alice")).to_be_visible()


def test_escape_closes_a_modal_and_gives_the_focus_back(windows: Windows) -> None:
    alice = windows.open()
    keys = alice.page.keyboard
    alice.types("/wow rollover")
    expect(alice.modal.get_by_role("button", name="Roll over")).to_be_visible()

    keys.press("Escape")

    expect(alice.modal).to_be_hidden()
    expect(alice.field).to_be_focused()


def test_the_keys_reach_every_message_and_what_can_be_done_with_it(windows: Windows) -> None:
    chen = windows.open("U0CHEN")
    keys = chen.page.keyboard
    chen.types("A word to react to")
    said = chen.message("A word to react to")
    expect(said).to_be_visible()

    chen.talk.focus()
    keys.press("ArrowUp")
    expect(said).to_be_focused()
    keys.press("Tab")
    expect(said.get_by_role("button", name="Add a reaction")).to_be_focused()
    keys.press("Enter")
    expect(chen.page.get_by_role("menuitem", name="pushpin")).to_be_focused()
    keys.press("ArrowRight")
    keys.press("Enter")
    expect(said.get_by_role("button", name="+1, 1: Chen Lihua")).to_have_attribute("aria-pressed", "true")

    expect(said.get_by_role("button", name="Add a reaction")).to_be_focused()
    more = said.get_by_role("button", name="More actions")
    chen.tabs_to(more, most=2)
    keys.press("Enter")
    expect(chen.page.get_by_role("menuitem", name="Log as event")).to_be_focused()
    keys.press("Escape")
    expect(said.get_by_role("button", name="More actions")).to_be_focused()
