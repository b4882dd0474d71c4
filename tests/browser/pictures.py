"""Takes the pictures of the page that stand in the README: `python -m tests.browser.pictures docs`."""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser.driving import ARGUMENTS, NARROW, Windows, chromium, demo


def main(folder: Path) -> None:
    """A rollover that waits for GitLab, wide and light; its preview on a phone, dark."""
    with tempfile.TemporaryDirectory() as place, demo(Path(place)) as address, sync_playwright() as playwright:
        windows = Windows(playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS), address)
        phone = windows.open("U0CHEN", size=NARROW, color_scheme="dark", device_scale_factor=1.5)
        phone.types("/wow rollover")
        expect(phone.modal.get_by_role("button", name="Roll over")).to_be_visible()
        phone.page.screenshot(path=folder / "page-phone.png")
        phone.page.keyboard.press("Escape")

        alice = windows.open("U0ALICE", color_scheme="light", device_scale_factor=1.5)
        alice.types("/wow rollover")
        alice.modal.get_by_label("Decide on the new load balancers").select_option("Leave in closed week")
        windows.open("U0BEN").weather("gitlab", "slow")
        alice.modal.get_by_role("button", name="Roll over").click()
        expect(alice.message("rolls over the week ending")).to_contain_text(re.compile(r"\d+ of \d+"))
        alice.weather("gitlab", "down")
        expect(alice.message("GitLab does not answer")).to_be_visible()
        alice.field.focus()
        alice.page.mouse.move(0, 0)
        alice.page.screenshot(path=folder / "page.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
