"""Three people in three windows at once: what one does, the others see, each with their own unread marks and clock."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.driving import NARROW, Held, Windows


def test_three_people_talk_in_three_windows(windows: Windows) -> None:
    alice, ben, chen = (windows.open(each) for each in ("U0ALICE", "U0BEN", "U0CHEN"))

    alice.types("Is anybody awake? @ben perhaps")
    expect(ben.message("Is anybody awake?")).to_contain_text("@ben")
    ben.does(ben.message("Is anybody awake?"), "Add a reaction")
    ben.page.get_by_role("menuitem", name="eyes").click()
    expect(alice.message("Is anybody awake?").get_by_role("button", name="eyes, 1: Ben Okafor")).to_be_visible()
    chen.does(chen.message("Is anybody awake?"), "Reply in thread")
    chen.thread.get_by_role("textbox").fill("It is five in the afternoon here.")
    chen.thread.get_by_role("textbox").press("Enter")

    replies = alice.message("Is anybody awake?").get_by_role("button", name="1 reply")
    replies.click()
    expect(alice.thread.get_by_role("article").last).to_contain_text("It is five in the afternoon here.")


def test_the_time_beside_a_message_is_the_reader_s(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN"), windows.open("U0CHEN")

    expect(ben.message("Quiet night over here").locator("time")).to_have_text("02:25")
    expect(chen.message("Quiet night over here").locator("time")).to_have_text("15:25")


def test_what_is_new_is_marked_until_it_was_looked_at(windows: Windows) -> None:
    alice, ben = windows.open("U0ALICE", "C0ALERTS"), windows.open("U0BEN", "C0ALERTS")
    there = alice.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="Ben Okafor")
    expect(there).to_contain_text("1")

    ben.types("Nobody has to look at this one.")
    expect(alice.message("Nobody has to look at this one.")).to_be_visible()
    there.click()
    expect(alice.message("Can you take my Thursday evening?")).to_be_visible()
    expect(there).to_have_text("BOBen Okafor")
    expect(alice.page.get_by_role("heading", level=1)).to_have_text("Ben Okafor")


def test_what_comes_before_somebodys_eyes_is_not_marked_as_new(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN", "C0ALERTS"), windows.open("U0CHEN", "C0ALERTS")
    here = chen.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="alerts")
    expect(here).not_to_contain_text("unread")
    chen.page.reload()
    expect(chen.field).to_be_visible()
    said = "Chen reads along."

    ben.types(said)

    expect(chen.message(said)).to_be_visible()
    expect(chen.talk.get_by_text("New", exact=True)).to_have_count(0)


def test_a_message_higher_than_the_screen_is_shown_from_its_beginning(windows: Windows) -> None:
    chen = windows.open("U0CHEN")

    chen.types("/wow")
    expect(chen.message("most urgent first").get_by_text("ended 1 day ago")).to_be_in_viewport()
    chen.types("Anything left to do?")

    expect(chen.message("Anything left to do?")).to_be_in_viewport()


def test_two_people_talk_where_the_bot_is_not(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN"), windows.open("U0CHEN")

    ben.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="Chen Lihua").click()
    expect(ben.page.get_by_role("heading", level=1)).to_have_text("Chen Lihua")
    ben.types("Only between us.")

    to_ben = chen.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="Ben Okafor")
    expect(to_ben).to_contain_text("1")
    to_ben.click()
    expect(chen.message("Only between us.")).to_be_visible()


def test_who_goes_on_before_a_talk_has_opened_stays_where_they_went(windows: Windows) -> None:
    ben = windows.open("U0BEN")
    held = Held(ben.page, "**/page/slack/talk-to")
    ben.goes_to("Chen Lihua")
    held.comes()

    ben.goes_to("alerts")
    held.goes_on()

    expect(ben.page.get_by_role("heading", level=1)).to_have_text("alerts")
    expect(ben.field).to_be_focused()


def test_a_place_that_opens_late_takes_nobody_out_of_what_they_do_meanwhile(windows: Windows) -> None:
    ben = windows.open("U0BEN")
    tab = ben.page.get_by_role("tab", name="GitLab")
    held = Held(ben.page, "**/page/slack?*")
    ben.goes_to("alerts")
    held.comes()

    tab.click()
    held.goes_on()

    expect(ben.page.get_by_role("heading", level=1)).to_have_text("alerts")
    expect(tab).to_be_focused()


def test_people_and_commands_are_completed_while_one_types(windows: Windows) -> None:
    alice = windows.open()
    options = alice.page.get_by_role("option")

    alice.field.press_sequentially("/")
    expect(options).to_have_count(3)
    expect(options.first).to_contain_text("[status | rollover | undo")
    alice.field.fill("/wow ")
    expect(options.filter(has_text="/wow rollover")).to_be_visible()
    alice.field.fill("Ask ")
    alice.field.press_sequentially("@ch")
    expect(options).to_have_text(["Chen Lihua@chen"])
    alice.field.press("Enter")
    expect(alice.field).to_have_value("Ask @chen ")
    alice.field.fill("")


def test_the_answer_to_a_look_up_is_seen_by_who_asked_only(windows: Windows) -> None:
    alice, ben = windows.open("U0ALICE"), windows.open("U0BEN")

    alice.types("/wow next")

    expect(alice.talk.get_by_role("article").last).to_contain_text("Only visible to you")
    alice.types("All of you see this.")
    expect(ben.message("All of you see this.")).to_be_visible()
    expect(ben.talk).not_to_contain_text("Only visible to you")


def test_text_from_gitlab_and_from_people_stays_text(windows: Windows) -> None:
    alice = windows.open()

    alice.types("<img src=x onerror=alert(1)> & <!channel> *not bold*")
    expect(alice.message("<img src=x onerror=alert(1)> & <!channel> *not bold*")).to_be_visible()
    alice.types("/wow status")
    expect(alice.message("Alerts that quote <!channel> wake up everybody")).to_be_visible()
    expect(alice.talk.locator("img")).to_have_count(0)


def test_one_s_own_message_can_be_changed_and_taken_away(windows: Windows) -> None:
    alice, ben = windows.open("U0ALICE"), windows.open("U0BEN")
    alice.types("A word with a tpyo")
    alice.does(alice.message("A word with a tpyo"), "More actions")
    alice.page.get_by_role("menuitem", name="Edit message").click()
    expect(alice.field).to_have_value("A word with a tpyo")
    alice.types("A word without a typo")
    expect(ben.message("A word without a typo")).to_contain_text("(edited)")

    alice.does(alice.message("A word without a typo"), "More actions")
    alice.page.get_by_role("menuitem", name="Delete message").click()
    alice.page.get_by_role("dialog", name="Delete this message?").get_by_role("button", name="Delete").click()
    expect(ben.talk).not_to_contain_text("A word without a typo")


def test_the_focus_stays_where_it_is_when_something_above_is_taken_away(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN"), windows.open("U0CHEN")
    chen.types("Stands here for a moment")
    expect(ben.message("Stands here for a moment")).to_be_visible()
    ben.types("Stands below it")
    ben.walks_to(ben.message("Stands below it"))

    chen.uses(chen.message("Stands here for a moment"), "Delete message")
    chen.page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(ben.message("Stands here for a moment")).to_have_count(0)
    expect(ben.message("Stands below it")).to_be_focused()


def test_a_reply_is_changed_where_it_stands_on_a_phone_too(windows: Windows) -> None:
    ben = windows.open("U0BEN", size=NARROW)
    ben.talk.get_by_role("button", name="3 replies").click()
    field = ben.thread.get_by_role("textbox")
    field.fill("One momnet")
    field.press("Enter")
    reply = ben.thread.get_by_role("article").last
    expect(reply).to_contain_text("One momnet")

    ben.uses(reply, "Edit message")
    expect(field).to_have_value("One momnet")
    field.press("Escape")
    expect(field).to_have_value("")
    ben.uses(reply, "Edit message")
    field.fill("One moment")
    field.press("Enter")
    expect(reply).to_contain_text("One moment(edited)")


def test_the_menu_of_a_message_offers_the_shortcuts_of_the_manifest_where_the_bot_is_no_member_too(
    windows: Windows,
) -> None:
    ben = windows.open("U0BEN", "C0ALERTS")

    ben.does(ben.message("Error rate of the API fleet above 2 %"), "More actions")
    expect(ben.page.get_by_role("menuitem")).to_contain_text(["Log as event", "Open outage issue", "Add to hand-off"])
    ben.page.get_by_role("menuitem", name="Log as event").click()
    expect(ben.message("Only visible to you")).to_contain_text("Baton")


def test_files_and_pictures_are_shown_to_who_may_see_them(windows: Windows, tmp_path: Path) -> None:
    alice, ben = windows.open("U0ALICE", "G0REVIEW"), windows.open("U0BEN", "G0REVIEW")
    (tmp_path / "notes.md").write_text("# Notes")
    picture = alice.page.screenshot(path=tmp_path / "graph.png")
    assert picture

    alice.page.locator("#talk input[type=file]").set_input_files([tmp_path / "notes.md", tmp_path / "graph.png"])
    expect(alice.page.get_by_role("button", name="Remove graph.png")).to_be_visible()
    alice.types("The draft, and its graph")

    said = ben.message("The draft, and its graph")
    expect(said.get_by_role("link", name="notes.md")).to_be_visible()
    shown = said.get_by_role("img", name="graph.png")
    expect(shown).to_be_visible()
    assert shown.evaluate("each => each.decode().then(() => each.naturalWidth)") == 1280
    address = shown.get_attribute("src") or ""
    others = ben.page.request.get(windows.address + address.replace("U0BEN", "U0CHEN"))
    assert others.status == 404


@pytest.mark.parametrize("person", ["U0ALICE", "U0BEN"])
def test_a_phone_shows_one_pane_at_a_time(windows: Windows, person: str) -> None:
    window = windows.open(person, size=NARROW)
    panes = window.page.get_by_role("navigation", name="Panes")

    panes.get_by_role("button", name="Chats").click()
    expect(window.field).to_be_hidden()
    window.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="alerts").click()
    expect(window.page.get_by_role("heading", name="alerts")).to_be_visible()
    panes.get_by_role("button", name="GitLab").click()
    expect(window.page.locator("#gitlab")).to_be_visible()
    expect(window.field).to_be_hidden()
    panes.get_by_role("button", name="Talk").click()
    expect(window.field).to_be_visible()
    wide = window.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW[0]


def test_the_page_catches_up_by_itself_after_it_was_cut_off(windows: Windows) -> None:
    alice, ben = windows.open("U0ALICE"), windows.open("U0BEN")
    alice.page.context.set_offline(True)
    ben.types("Said while Alice was away")
    expect(ben.message("Said while Alice was away")).to_be_visible()

    alice.page.context.set_offline(False)

    expect(alice.message("Said while Alice was away")).to_be_visible()


def test_the_threads_one_takes_part_in_stand_together(windows: Windows) -> None:
    ben = windows.open("U0BEN")
    ben.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="Threads").click()
    thread = ben.page.get_by_role("button", name="The disk of db-03 is at 91 %")
    expect(thread).to_contain_text("#production2 new")
    assert not ben.faults_of_access("#talk")

    ben.page.reload()
    expect(ben.page.get_by_role("heading", level=1)).to_have_text("Threads")
    thread.click()

    expect(ben.thread.get_by_role("article").last).to_contain_text("Two weeks are enough")
    expect(thread).not_to_contain_text("new")


def test_a_thread_opens_also_while_the_page_looks_for_something_else(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN"), windows.open("U0CHEN")
    chen.types("Begins a thread")
    chen.does(chen.message("Begins a thread"), "Reply in thread")
    chen.thread.get_by_role("textbox").fill("And goes on with it")
    chen.thread.get_by_role("textbox").press("Enter")
    chen.goes_to("Threads")
    begun = chen.page.get_by_role("button", name="Begins a thread")
    expect(begun).to_be_visible()
    held = Held(chen.page, "**/page/slack?*")
    ben.types("Says something meanwhile")
    held.comes()

    begun.click()
    held.goes_on()

    expect(chen.thread).to_contain_text("And goes on with it")


def test_a_window_for_nobody_says_so(windows: Windows) -> None:
    page = windows.open().page

    page.goto(f"{windows.address}/?as=U0NOBODY")

    expect(page.get_by_role("alert")).to_have_text("Nobody here has the id U0NOBODY.")
