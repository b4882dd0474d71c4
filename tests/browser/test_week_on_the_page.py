"""The week on the page, by mouse: the AP label before it is set, also on a phone, and a rollover while GitLab goes and comes back."""

import re

from playwright.sync_api import expect

from tests.browser.driving import NARROW, Window, Windows

PLANNED = "Decide on the new load balancers"


def number_of(alice: Window) -> str:
    """The number of an issue of the demo's week, as the status tells it."""
    alice.types("/wow status")
    row = alice.message("Open issues").get_by_role("listitem").filter(has_text=PLANNED)
    return row.get_by_role("link").inner_text()


def test_the_label_is_seen_before_it_is_set(windows: Windows) -> None:
    alice = windows.open()
    number = number_of(alice)

    alice.types(f"/wow ap {number}")
    expect(alice.modal).to_contain_text(PLANNED)
    expect(alice.modal).to_contain_text("Choose both, and I show which label they give")
    alice.modal.get_by_role("radio", name="U2: an outage is likely within three months").check()
    expect(alice.modal).to_contain_text("U2 gives AP1 with I1, AP2 with I2, AP3 with I3.")
    alice.modal.get_by_role("radio", name="I2: an outage of 5 to 25 minutes").check()
    expect(alice.modal).to_contain_text("U2 × I2 gives AP2.")
    assert not alice.faults_of_access("#stage")
    alice.modal.get_by_role("button", name="Set label").click()

    expect(alice.modal).to_be_hidden()
    expect(alice.message("set AP2 (U2 × I2) on")).to_contain_text(PLANNED)


def test_on_a_phone_the_whole_modal_is_read_and_chosen_in(windows: Windows) -> None:
    alice = windows.open(size=NARROW)
    number = number_of(alice)

    alice.types(f"/wow ap {number}")
    first = alice.modal.get_by_role("radio", name="U1: an outage is likely within a month")
    first.focus()
    alice.page.keyboard.press("Space")
    expect(alice.modal).to_contain_text("U1 gives AP1 with I1")
    expect(first).to_be_checked()

    assert alice.modal.evaluate("each => each.scrollWidth <= each.clientWidth")
    alice.page.keyboard.press("Escape")
    expect(alice.modal).to_be_hidden()


def test_a_week_is_rolled_over_through_an_outage_and_taken_back(windows: Windows) -> None:
    alice = windows.open()

    alice.types("/wow rollover")
    left = alice.modal.get_by_label("Decide on the new load balancers")
    left.select_option("Leave in closed week")
    expect(left).to_have_value("leave")
    ben = windows.open("U0BEN")
    ben.weather("gitlab", "slow")
    alice.modal.get_by_role("button", name="Roll over").click()
    expect(alice.modal).to_be_hidden()
    progress = alice.message("rolls over the week ending")
    expect(progress).to_be_visible()
    ben.weather("gitlab", "down")
    expect(progress).to_contain_text(re.compile(r"GitLab does not answer; \d+ operations? waits?"))

    ben.weather("gitlab", "fine")
    report = alice.message("is closed, rolled over by @alice")
    expect(report).to_contain_text("1 left in the closed week")
    expect(alice.talk).not_to_contain_text("does not answer")
    alice.page.get_by_role("tab", name="GitLab").click()
    expect(alice.page.locator("#gitlab")).to_contain_text("WoW ending")

    alice.types("/wow undo")
    expect(alice.modal).to_contain_text("Take back the rollover")
    alice.modal.get_by_role("button", name="Undo").click()
    expect(alice.message("is taken back by @alice")).to_be_visible()
