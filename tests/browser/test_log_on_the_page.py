"""An outage on the page, from the alarm to the post-mortem: by mouse, by keyboard, on a phone, with GitLab away meanwhile."""

import re

from playwright.sync_api import Locator, expect

from bot.sandbox.seed_talk import LAG as ALARM
from tests.browser.driving import NARROW, Window, Windows

SEEN = re.compile(
    r"Alarm, .*> Since: 08:24 UTC.*chen, .*file: replication\.txt .*ben, .*The lag still grows", re.DOTALL
)
PARTED = "\u2060?"
"""Nobody sees it, and GitLab takes nothing for a reference that has it inside."""
SECRET = "the old key was used at 08:12"


def pane(window: Window, name: str = "GitLab") -> Locator:
    """A panel beside the conversation, brought to the front."""
    window.page.get_by_role("tab", name=name).click()
    return window.page.get_by_role("tabpanel", name=name)


def reads_what_baton_sent(window: Window) -> None:
    """Goes to the talk with the app."""
    window.goes_to("Baton")
    window.page.get_by_role("button", name="Messages", exact=True).click()


def number_in(message: Locator) -> str:
    """Baton's own number of the outage that a message speaks of."""
    expect(message).to_contain_text(re.compile(r"\bO\d"))
    found = re.search(r"\bO\d+", message.inner_text())
    assert found
    return found[0]


def declares(alice: Window) -> Locator:
    """Opens an outage from the alarm while GitLab is away; gives the announcement."""
    alice.uses(alice.message(ALARM), "Open outage issue")
    expect(alice.modal.get_by_label("Title")).to_have_value(ALARM)
    expect(alice.modal.get_by_label("What is seen")).to_have_value(SEEN)
    alice.modal.get_by_role("checkbox", name="It cannot wait").check()
    alice.weather("gitlab", "down")
    assert not alice.faults_of_access()
    alice.modal.get_by_role("button", name="Open issue").click()
    announced = alice.message("declared by @alice")
    expect(announced).to_contain_text("Its issue in GitLab is on its way")
    return announced


def pins(alice: Window) -> None:
    """Puts the pushpin on a reply under the alarm, and says which outage that belongs to."""
    alice.talk.get_by_role("button", name="4 replies").click()
    expect(alice.thread.get_by_role("article").last).to_contain_text("From this message: outage O")
    alice.reacts(alice.thread.get_by_role("article").filter(has_text="I stopped the backup"), "pushpin")
    pinned = alice.message("logged by @alice")
    pinned.get_by_role("button", name=ALARM).click()
    expect(pinned).to_contain_text("moved by @alice")
    alice.page.get_by_role("button", name="Close the thread").click()


def draws(alice: Window, number: str) -> None:
    """Asks for the timeline, and looks at the picture."""
    alice.types(f"/event timeline {number}")
    expect(alice.message("A picture follows")).to_contain_text("throttled")
    reads_what_baton_sent(alice)
    picture = alice.talk.get_by_role("img", name=re.compile(rf"^Timeline of {number} {ALARM}, .*3 events"))
    expect(picture).to_be_visible()
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") > 600


def reads_the_draft(alice: Window, number: str) -> None:
    """Opens the file that came as a direct message."""
    reads_what_baton_sent(alice)
    alice.talk.get_by_role("button", name="Read all").click()
    draft = alice.page.get_by_role("dialog", name=f"{number}-postmortem.md")
    expect(draft.get_by_role("heading", name="Five whys")).to_be_visible()
    expect(draft).to_contain_text(re.compile(rf"08:52 · incident · team-member-\d: {number} throttled"))
    assert not alice.faults_of_access("dialog[open]")
    alice.page.keyboard.press("Escape")
    expect(draft).to_be_hidden()


def test_an_alarm_becomes_an_outage_with_its_log_its_picture_and_its_post_mortem(windows: Windows) -> None:
    alice = windows.open()
    announced = declares(alice)
    pins(alice)
    number = number_in(announced)
    alice.types(f"/event log 08:52Z {number} throttled *writes*, see #12 @ben")
    expect(alice.message("Logged as event")).to_contain_text("08:52 UTC")

    alice.weather("gitlab", "fine")
    announced.get_by_role("link", name="#").click()
    issue = alice.page.get_by_role("tabpanel", name="GitLab")
    expect(issue.get_by_role("heading", name=ALARM)).to_be_visible()
    expect(issue).to_contain_text("critical")
    note = issue.get_by_role("listitem").filter(has_text="throttled")
    expect(note).to_contain_text(re.compile(rf"\*{PARTED}writes\*, see #{PARTED}12 @{PARTED}ben"))
    expect(note.get_by_role("link")).to_have_count(0)
    issue.get_by_role("link", name="in Slack").first.click()
    expect(alice.talk.get_by_role("article", name="Alarm")).to_be_focused()

    draws(alice, number)
    alice.goes_to("production")
    announced.get_by_role("button", name="Resolve").click()
    alice.message("post-mortem is due").get_by_role("button", name="Draft post-mortem").click()
    put = alice.message("A draft for the post-mortem").get_by_role("button", name="Put it into the issue")
    expect(put).to_be_visible()
    reads_the_draft(alice, number)
    alice.goes_to("production")
    put.click()
    expect(issue.get_by_role("heading", name=f"Post-mortem: {ALARM}")).to_be_visible()
    expect(issue).to_contain_text("Closed")
    assert not alice.faults_of_access()

    guide = pane(alice, "What to try")
    for step in ("Open an outage", "Pin what matters", "Log a line", "Look at the timeline", "Resolve it", "Draft the"):
        expect(guide.get_by_role("listitem").filter(has_text=step)).to_contain_text("Done")


def test_a_keyboard_is_enough_for_an_outage_also_where_baton_is_not(windows: Windows) -> None:
    ben = windows.open("U0BEN", "C0ALERTS")
    keys = ben.page.keyboard
    ben.talk.focus()
    keys.press("Home")
    alarm = ben.message("Error rate of the API fleet above 2 %")
    expect(alarm).to_be_focused()
    ben.tabs_to(alarm.get_by_role("button", name="More actions"), most=3)
    keys.press("Enter")
    keys.press("ArrowDown")
    expect(ben.page.get_by_role("menuitem", name="Open outage issue")).to_be_focused()
    keys.press("Enter")
    expect(ben.modal.get_by_label("Title")).to_have_value("Error rate of the API fleet above 2 %")
    expect(ben.modal).to_contain_text("I am not a member of this channel")
    ben.tabs_to(ben.modal.get_by_label("Title"))
    keys.type("The API answers with errors")
    keys.press("Control+Enter")
    answer = ben.message("is declared, and began")
    number = number_in(answer)

    ben.tabs_to(ben.page.get_by_role("navigation", name="Workspace").get_by_role("button", name="production"))
    keys.press("Enter")
    expect(ben.field).to_be_focused()
    keys.type(f"/event log -20m {number} rolled the deploy back")
    keys.press("Enter")
    echo = ben.message(re.compile("by @ben.*rolled the deploy back", re.DOTALL))
    expect(echo).to_be_visible()
    ben.walks_to(echo)
    ben.tabs_to(echo.get_by_role("button", name="Switch to change"))
    keys.press("Enter")
    expect(echo).to_contain_text("switched by @ben")

    ben.field.focus()
    keys.type(f"/event resolve {number}")
    keys.press("Enter")
    expect(ben.message("post-mortem is due")).to_contain_text("“The API answers with errors”")


def test_a_deploy_that_fails_is_said_and_one_that_succeeds_is_only_noted(windows: Windows) -> None:
    chen = windows.open("U0CHEN")
    gitlab = pane(chen)

    for end, ended in (("Succeed", "succeeded"), ("Fail", "failed")):
        gitlab.get_by_role("button", name="Deploy", exact=True).click()
        gitlab.get_by_role("button", name=re.compile(f"^{end} ")).click()
        expect(gitlab.get_by_text(ended, exact=True)).to_be_visible()
    expect(chen.message("to production failed")).to_contain_text("acme/website")

    chen.types("/event list")
    listed = chen.message("The log · ")
    expect(listed).to_contain_text("to production succeeded")
    expect(chen.talk.get_by_role("article").filter(has_text="to production succeeded")).to_have_count(1)
    assert not chen.faults_of_access()


def test_a_click_is_not_lost_when_the_message_changes_under_it(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN"), windows.open("U0CHEN")
    line = re.compile("by @ben.*slow logins", re.DOTALL)
    ben.types("/event log slow logins")
    edit = ben.message(line).get_by_role("button", name="Edit")
    edit.hover()

    ben.page.mouse.down()
    with ben.page.expect_response(lambda answer: "/page/slack?" in answer.url and "switched by" in answer.text()):
        chen.message(line).get_by_role("button", name="Switch to change").click()
    ben.page.mouse.up()

    expect(ben.modal.get_by_label("What happened")).to_have_value("slow logins")
    ben.page.keyboard.press("Escape")
    expect(ben.modal).to_be_hidden()
    expect(ben.message(line)).to_contain_text("switched by @chen")


def test_what_is_said_privately_stands_nowhere_else(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN", "G0SECURITY"), windows.open("U0CHEN")
    ben.types(f"/event log 08:12Z {SECRET}")
    expect(ben.message("It is private")).to_contain_text(SECRET)

    chen.types("/event list")
    expect(chen.message("The log · ")).to_contain_text("(private event)")
    expect(chen.page.locator("body")).not_to_contain_text(SECRET)
    gitlab = pane(ben)
    gitlab.get_by_role("button", name="Search answers with errors").click()
    expect(gitlab.get_by_role("listitem").filter(has_text=SECRET)).to_contain_text("internal note")


def test_an_outage_can_be_kept_on_a_phone(windows: Windows) -> None:
    chen = windows.open("U0CHEN", size=NARROW)
    panes = chen.page.get_by_role("navigation", name="Panes")
    chen.types("/event outage Logins take half a minute")
    expect(chen.modal.get_by_label("Title")).to_have_value("Logins take half a minute")
    assert not chen.faults_of_access("#stage")
    chen.modal.get_by_label("What is seen").fill("Since 08:55\n* all zones")
    chen.modal.get_by_role("button", name="Open issue").click()
    link = chen.message("declared by @chen").get_by_role("link", name="#")
    expect(link).to_be_visible()

    chen.types("/event log -1m more sessions than ever")
    echo = chen.message(re.compile("by @chen.*more sessions than ever", re.DOTALL))
    expect(echo.get_by_role("button", name="Search answers")).to_be_visible()
    assert not chen.faults_of_access("#talk")
    assert chen.page.evaluate("document.querySelector('.messages').scrollWidth <= innerWidth")
    echo.get_by_role("button", name="Logins take").click()
    expect(echo).to_contain_text("moved by @chen")

    link.click()
    expect(panes.get_by_role("button", name="GitLab")).to_have_attribute("aria-current", "page")
    issue = chen.page.get_by_role("tabpanel", name="GitLab")
    expect(issue.get_by_role("listitem").filter(has_text="more sessions")).to_be_visible()
    assert not chen.faults_of_access("#gitlab")
