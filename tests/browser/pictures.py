"""Takes the pictures of the page that stand in the README: `python -m tests.browser.pictures docs`."""

import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from playwright.sync_api import ViewportSize, expect

from bot.sandbox.seed_talk import BACKUP_STOPPED, LAG
from tests.browser.driving import NARROW, Browsers, Window, Windows, demo

SHARP = 1.5
TALL: Final[ViewportSize] = {"width": 1280, "height": 1140}
"""So that all of the Home tab is seen."""


def main(folder: Path) -> None:
    """Every scene in a demo of its own."""
    with closing(Browsers()) as browsers:
        for scene in (rollover, log, handoff, home):
            _plays(scene, browsers, folder)


def _plays(scene: Callable[[Windows, Path], None], browsers: Browsers, folder: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as place,
        demo(Path(place)) as address,
        closing(Windows(browsers, address)) as windows,
    ):
        scene(windows, folder)


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


def handoff(windows: Windows, folder: Path) -> None:
    """An offer with its notes as Ben reads it in his messages, and what the hand-off before it has left in GitLab."""
    chen, alice = windows.open("U0CHEN"), windows.open("U0ALICE")
    chen.types("/handoff take")
    expect(chen.message("took the pager")).to_contain_text("Report: #")
    _offers(chen, "/handoff @alice", "A quiet night, apart from the avatars.", {"#144": "The copy is at 40 %."})
    alice.message("Hand-off offered").get_by_role("button", name="Accept").click()
    expect(alice.message("is on call, handed off by")).to_contain_text("Report: #")
    alice.uses(alice.message(LAG), "Open outage issue")
    alice.modal.get_by_role("button", name="Open issue").click()
    expect(alice.message("declared by @alice").get_by_role("link", name="#")).to_be_visible()
    alice.types("/handoff note The certificate of the mail relay runs out on Friday")
    notes = {
        "#144": "Half of them are back. The copy goes on, and ends at six.",
        "(O2)": "Writes are throttled.\nTake that back when db-02 has caught up.",
    }
    _offers(alice, "/handoff @next", "db-02 catches up, slowly. Search is quiet since eight.", notes)

    ben = windows.open("U0BEN", color_scheme="light", device_scale_factor=SHARP)
    ben.message("Hand-off offered").get_by_role("link", name="#144").click()
    gitlab = ben.page.get_by_role("tabpanel", name="GitLab")
    expect(gitlab.get_by_text("who accepted")).to_be_visible()
    gitlab.get_by_role("heading", name="What happened").evaluate("each => each.scrollIntoView()")
    gitlab.evaluate("each => each.scrollBy(0, -60)")
    ben.goes_to("Baton")
    ben.page.get_by_role("button", name="Messages", exact=True).click()
    expect(ben.message("Hand-off offered").get_by_role("button", name="Accept")).to_be_visible()
    ben.page.mouse.move(0, 0)
    ben.page.screenshot(path=folder / "page-handoff.png")


def home(windows: Windows, folder: Path) -> None:
    """The Home tab, as Ben finds it in his morning: what Chen has, what goes on, and what happened."""
    chen, alice = windows.open("U0CHEN"), windows.open("U0ALICE")
    chen.types("/handoff take")
    expect(chen.message("took the pager")).to_contain_text("Report: #")
    alice.uses(alice.message(LAG), "Open outage issue")
    alice.modal.get_by_role("button", name="Open issue").click()
    expect(alice.message("declared by @alice").get_by_role("link", name="#")).to_be_visible()
    alice.types("/event log change 08:47Z O2 stopped the backup of db-02")
    expect(alice.message("stopped the backup of db-02").last).to_be_visible()
    alice.types("/wow status")
    expect(alice.message("most urgent first")).to_be_visible()
    _offers(chen, "/handoff @ben", "db-02 catches up, slowly.", {"#144": "Half of them are back."})

    ben = windows.open("U0BEN", color_scheme="light", device_scale_factor=SHARP)
    ben.goes_to("Baton")
    ben.page.get_by_role("button", name="Home", exact=True).click()
    expect(ben.page.get_by_role("heading", name="Waiting for GitLab")).to_be_attached()
    expect(ben.page.get_by_role("button", name="Accept").first).to_be_visible()
    ben.page.set_viewport_size(TALL)
    ben.page.mouse.move(0, 0)
    ben.page.screenshot(path=folder / "page-home.png")


def _offers(window: Window, command: str, summary: str, notes: Mapping[str, str]) -> None:
    """Fills in the window in which the pager is offered, and sends it."""
    window.types(command)
    for label, note in notes.items():
        window.modal.get_by_label(f"{label} (optional)").fill(note)
    window.modal.get_by_label("Summary").fill(summary)
    window.modal.get_by_role("button", name="Hand off").click()
    expect(window.message("Hand-off offered")).to_be_visible()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
