"""What axe-core finds on the page, in its usual states: wide and narrow, dark and light. Nothing serious may be found.

Each size has one window for all of it: what judges the page takes longer to come in than to judge.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.driving import NARROW, WIDE, Browsers, Window, Windows

TALK = "#talk"


@pytest.fixture(scope="module", params=[WIDE, NARROW], ids=["wide", "narrow"])
def alice(browsers: Browsers, address: str, request: pytest.FixtureRequest) -> Iterator[Window]:
    with closing(Windows(browsers, address)) as opened:
        yield opened.open(size=request.param)
    assert not opened.faults


def is_narrow(window: Window) -> bool:
    return window.page.viewport_size == {"width": NARROW[0], "height": NARROW[1]}


def bring(window: Window, pane: str) -> None:
    """Brings a pane to the front."""
    panes = (
        window.page.get_by_role("navigation", name="Panes") if is_narrow(window) else window.page.get_by_role("tablist")
    )
    panes.get_by_text(pane, exact=True).click()


def test_the_whole_page_with_a_conversation_can_be_read_by_everybody(alice: Window) -> None:
    alice.types("/wow status")
    expect(alice.message("Only visible to you")).to_be_visible()

    assert not alice.faults_of_access()


def test_a_thread_can_be_read_by_everybody(alice: Window) -> None:
    alice.talk.get_by_role("button", name="2 replies").click()
    expect(alice.thread.get_by_role("article").last).to_be_visible()

    assert not alice.faults_of_access()
    alice.page.get_by_role("button", name="Close the thread").click()


def test_a_modal_can_be_used_by_everybody(alice: Window) -> None:
    alice.types("/wow rollover")
    expect(alice.modal.get_by_role("button", name="Roll over")).to_be_visible()

    assert not alice.faults_of_access()
    alice.page.keyboard.press("Escape")
    expect(alice.modal).to_be_hidden()


def test_menus_and_lists_can_be_used_by_everybody(alice: Window) -> None:
    alice.field.press_sequentially("/")
    expect(alice.page.get_by_role("option").first).to_be_visible()
    assert not alice.faults_of_access(TALK)
    alice.field.fill("")
    alice.does(alice.message("Quiet night over here"), "More actions")
    expect(alice.page.get_by_role("menuitem").first).to_be_visible()
    assert not alice.faults_of_access(TALK)
    assert not alice.faults_of_access(".menu")
    alice.page.keyboard.press("Escape")


def test_the_other_panes_can_be_used_by_everybody(alice: Window) -> None:
    for pane in ("Chats", "GitLab", "Weather", "Try") if is_narrow(alice) else ("GitLab", "Weather", "What to try"):
        bring(alice, pane)
        assert not alice.faults_of_access("#sidebar" if pane == "Chats" else "#beside"), pane
        assert alice.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), pane


def test_nothing_in_the_gitlab_pane_stands_in_anybodys_way(alice: Window) -> None:
    bring(alice, "GitLab")
    alice.page.locator("#gitlab .gl-issue").first.click()
    alice.page.get_by_text("Change labels").click()
    assert not alice.faults_of_access("#gitlab")

    alice.page.get_by_role("button", name="All issues").click()
    alice.page.get_by_role("button", name="New issue").click()
    expect(alice.modal).to_be_visible()
    assert not alice.faults_of_access("dialog[open]")
    alice.page.keyboard.press("Escape")
