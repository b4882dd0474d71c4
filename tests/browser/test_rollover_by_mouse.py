"""A lead rolls the week over in the browser while GitLab goes down and comes back, reads the report, and takes it back."""

import re

from playwright.sync_api import expect

from tests.browser.driving import Windows


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
