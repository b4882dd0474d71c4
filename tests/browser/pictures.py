"""Takes the pictures of the page that stand in the README: `python -m tests.browser.pictures docs`."""

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from bot.sandbox.seed_talk import BACKUP_STOPPED, LAG
from tests.browser.driving import ARGUMENTS, NARROW, Windows, chromium, demo

SHARP = 1.5


def main(folder: Path) -> None:
    """Every scene in a demo of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for scene in (rollover, log):
            _plays(scene, browser, folder)


def _plays(scene: Callable[[Windows, Path], None], browser: Browser, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place, demo(Path(place)) as address:
        scene(Windows(browser, address), folder)


def rollover(windows: Windows, folder: Path) -> None:
    """A rollover that waits for GitLab, wide and light; its preview on a phone, dark."""
    phone = windows.open("U0CHEN", size=NARROW, color_scheme="dark", device_scale_factor=SHARP)
    phone.types("/wow rollover")
    expect(phone.modal.get_by_role("button", name="Roll over")).to_be_visible()
    phone.page.screenshot(path=folder / "page-phone.png")
    phone.page.keyboard.press("Escape")

    alice = windows.open("U0ALICE", color_scheme="light", device_scale_factor=SHARP)
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


def log(windows: Windows, folder: Path) -> None:
    """An outage in the channel as Chen sees it, and beside it the same in GitLab."""
    chen = windows.open("U0CHEN", color_scheme="light", device_scale_factor=SHARP)
    alice = windows.open("U0ALICE")
    alice.uses(alice.message(LAG), "Open outage issue")
    alice.modal.get_by_role("button", name="Open issue").click()
    issue = chen.message("declared by @alice").get_by_role("link", name="#")
    expect(issue).to_be_visible()
    alice.talk.get_by_role("button", name="4 replies").click()
    alice.reacts(alice.thread.get_by_role("article").filter(has_text=BACKUP_STOPPED), "pushpin")
    alice.message("logged by @alice").get_by_role("button", name=LAG).click()
    ben, line = windows.open("U0BEN"), "moved the reads from db-02 to db-03"
    ben.types(f"/event log change 08:53Z {line}")
    ben.message(re.compile(f"by @ben.*{line}", re.DOTALL)).get_by_role("button", name=LAG).click()
    expect(chen.message(line)).to_contain_text("moved by @ben")

    issue.click()
    gitlab = chen.page.get_by_role("tabpanel", name="GitLab")
    expect(gitlab.get_by_role("listitem").filter(has_text=line)).to_be_visible()
    gitlab.get_by_role("heading", name="What happened").evaluate("each => each.scrollIntoView()")
    gitlab.evaluate("each => each.scrollBy(0, -60)")
    chen.talk.evaluate("each => each.scrollTo(0, each.scrollHeight)")
    chen.page.mouse.move(0, 0)
    chen.page.screenshot(path=folder / "page-log.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
