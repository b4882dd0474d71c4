"""What axe-core finds on the page, in its usual states: wide and narrow, dark and light. Nothing serious may be found."""

import pytest
from playwright.sync_api import expect

from tests.browser.driving import NARROW, WIDE, Window, Windows


def bring(window: Window, pane: str, size: tuple[int, int]) -> None:
    """Brings a pane to the front."""
    panes = (
        window.page.get_by_role("navigation", name="Panes") if size == NARROW else window.page.get_by_role("tablist")
    )
    panes.get_by_text(pane, exact=True).click()


sizes = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])


@sizes
def test_a_conversation_with_its_thread_can_be_read_by_everybody(windows: Windows, size: tuple[int, int]) -> None:
    alice = windows.open(size=size)
    alice.types("/wow status")
    expect(alice.message("Only visible to you")).to_be_visible()
    assert not alice.faults_of_access()

    alice.talk.get_by_role("button", name="2 replies").click()
    expect(alice.thread).to_be_visible()
    assert not alice.faults_of_access()


@sizes
def test_a_modal_can_be_used_by_everybody(windows: Windows, size: tuple[int, int]) -> None:
    alice = windows.open(size=size)
    alice.types("/wow rollover")
    expect(alice.modal.get_by_role("button", name="Roll over")).to_be_visible()

    assert not alice.faults_of_access()
    alice.page.keyboard.press("Escape")
    expect(alice.modal).to_be_hidden()


@sizes
def test_menus_and_lists_can_be_used_by_everybody(windows: Windows, size: tuple[int, int]) -> None:
    ben = windows.open("U0BEN", "C0ALERTS", size=size)
    ben.field.press_sequentially("/")
    expect(ben.page.get_by_role("option").first).to_be_visible()
    assert not ben.faults_of_access()
    ben.field.fill("")
    ben.does(ben.message("is normal again"), "More actions")
    expect(ben.page.get_by_role("menuitem").first).to_be_visible()
    assert not ben.faults_of_access()


@sizes
def test_the_other_panes_can_be_used_by_everybody(windows: Windows, size: tuple[int, int]) -> None:
    ben = windows.open("U0BEN", "C0ALERTS", size=size)

    for pane in ("Chats", "GitLab", "Weather", "Try") if size == NARROW else ("GitLab", "Weather", "What to try"):
        bring(ben, pane, size)
        assert not ben.faults_of_access(), pane
        assert ben.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), pane


@sizes
def test_nothing_in_the_gitlab_pane_stands_in_anybodys_way(windows: Windows, size: tuple[int, int]) -> None:
    alice = windows.open(size=size)
    bring(alice, "GitLab", size)

    alice.page.locator("#gitlab .gl-issue").first.click()
    alice.page.get_by_text("Change labels").click()
    assert not alice.faults_of_access()

    alice.page.get_by_role("button", name="All issues").click()
    alice.page.get_by_role("button", name="New issue").click()
    expect(alice.modal).to_be_visible()
    assert not alice.faults_of_access()
