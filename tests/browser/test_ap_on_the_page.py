"""The AP label on the page: both sides of the matrix, the label before it is set, by keyboard and on a phone."""

from playwright.sync_api import expect

from tests.browser.driving import AXE, NARROW, Windows

PLANNED = "Decide on the new load balancers"


def number_of(windows: Windows) -> str:
    """The number of an issue of the demo's week, as the status tells it."""
    alice = windows.open()
    alice.types("/wow status")
    row = alice.message("Open issues").get_by_role("listitem").filter(has_text=PLANNED)
    return row.get_by_role("link").inner_text()


def test_the_label_is_seen_before_it_is_set(windows: Windows) -> None:
    number = number_of(windows)
    alice = windows.open()

    alice.types(f"/wow ap {number}")
    expect(alice.modal).to_contain_text(PLANNED)
    expect(alice.modal).to_contain_text("Choose both, and I show which label they give")
    alice.modal.get_by_role("radio", name="U2: an outage is likely within three months").check()
    expect(alice.modal).to_contain_text("U2 gives AP1 with I1, AP2 with I2, AP3 with I3.")
    alice.modal.get_by_role("radio", name="I2: an outage of 5 to 25 minutes").check()
    expect(alice.modal).to_contain_text("U2 × I2 gives AP2.")
    if AXE.exists():
        assert alice.faults_of_access() == []
    alice.modal.get_by_role("button", name="Set label").click()

    expect(alice.modal).to_be_hidden()
    expect(alice.message("set AP2 (U2 × I2) on")).to_contain_text(PLANNED)


def test_on_a_phone_the_whole_modal_is_read_and_chosen_in(windows: Windows) -> None:
    number = number_of(windows)
    alice = windows.open(size=NARROW)

    alice.types(f"/wow ap {number}")
    first = alice.modal.get_by_role("radio", name="U1: an outage is likely within a month")
    first.focus()
    alice.page.keyboard.press("Space")
    expect(alice.modal).to_contain_text("U1 gives AP1 with I1")
    expect(first).to_be_checked()

    assert alice.modal.evaluate("each => each.scrollWidth <= each.clientWidth")
