"""What axe-core finds on the page, in its usual states: wide and narrow, light and dark. Nothing serious may be found."""

import pytest
from playwright.sync_api import expect

from tests.browser.driving import NARROW, WIDE, Windows

LOOKS = [(size, scheme) for size in (WIDE, NARROW) for scheme in ("light", "dark")]
looks = pytest.mark.parametrize(("size", "scheme"), LOOKS, ids=[f"{size[0]}-{scheme}" for size, scheme in LOOKS])


@looks
def test_a_conversation_with_its_thread_can_be_read_by_everybody(
    windows: Windows, size: tuple[int, int], scheme: str
) -> None:
    alice = windows.open(size=size, color_scheme=scheme)
    alice.types("/wow status")
    expect(alice.message("Only visible to you")).to_be_visible()
    assert not alice.faults_of_access()

    alice.talk.get_by_role("button", name="2 replies").click()
    expect(alice.thread).to_be_visible()
    assert not alice.faults_of_access()


@looks
def test_a_modal_can_be_used_by_everybody(windows: Windows, size: tuple[int, int], scheme: str) -> None:
    alice = windows.open(size=size, color_scheme=scheme)
    alice.types("/wow rollover")
    expect(alice.modal.get_by_role("button", name="Roll over")).to_be_visible()

    assert not alice.faults_of_access()
    alice.page.keyboard.press("Escape")
    expect(alice.modal).to_be_hidden()


@looks
def test_menus_lists_and_the_other_panes_can_be_used_by_everybody(
    windows: Windows, size: tuple[int, int], scheme: str
) -> None:
    ben = windows.open("U0BEN", "C0ALERTS", size=size, color_scheme=scheme)
    ben.field.press_sequentially("/")
    expect(ben.page.get_by_role("option").first).to_be_visible()
    assert not ben.faults_of_access()
    ben.field.fill("")
    ben.does(ben.message("is normal again"), "More actions")
    expect(ben.page.get_by_role("menuitem").first).to_be_visible()
    assert not ben.faults_of_access()
    ben.page.keyboard.press("Escape")

    for pane in ("Chats", "GitLab", "Weather", "Try") if size == NARROW else ("GitLab", "Weather", "What to try"):
        role = ben.page.get_by_role("navigation", name="Panes") if size == NARROW else ben.page.get_by_role("tablist")
        role.get_by_text(pane, exact=True).click()
        assert not ben.faults_of_access(), pane
