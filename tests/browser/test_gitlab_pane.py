"""A colleague's hand in GitLab, in the browser: everybody sees it at once, Baton too, and a keyboard is enough."""

import re

from playwright.sync_api import Locator, Route, expect

from tests.browser.driving import Held, Window, Windows


def pane(window: Window) -> Locator:
    """The GitLab pane, brought to the front."""
    window.page.get_by_role("tab", name="GitLab").click()
    return window.page.get_by_role("tabpanel", name="GitLab")


def makes_issue(window: Window, title: str, week: str = "WoW") -> None:
    """Makes an issue, in the current week if no other is asked for."""
    pane(window).get_by_role("button", name="New issue").click()
    window.modal.get_by_role("textbox", name="Title").fill(title)
    window.modal.get_by_label("Milestone").select_option(label=week)
    window.modal.get_by_role("button", name="Create issue").click()
    expect(window.modal).to_be_hidden()


def row(gitlab: Locator, title: str) -> Locator:
    """An issue in the list."""
    return gitlab.get_by_role("button", name=title)


def milestone(gitlab: Locator, title: str) -> Locator:
    """A milestone with what is in it."""
    return gitlab.get_by_role("region", name=title, exact=True)


def test_what_one_changes_by_hand_everybody_sees_without_asking(windows: Windows) -> None:
    ben, alice = windows.open("U0BEN"), windows.open("U0ALICE")
    seen, gitlab = pane(alice), pane(ben)

    makes_issue(ben, "The disk is <b>full</b>")
    expect(row(milestone(seen, "WoW"), "The disk is <b>full</b>")).to_be_visible()

    row(gitlab, "The disk is").click()
    gitlab.get_by_role("button", name="Edit the title").click()
    gitlab.get_by_role("textbox", name="Title").fill("The disk is nearly full")
    gitlab.get_by_role("button", name="Save").click()
    gitlab.get_by_label("Milestone", exact=True).select_option(label="Next WoW")
    gitlab.get_by_label("Assignee").select_option(label="Chen Lihua")
    gitlab.get_by_text("Change labels").click()
    gitlab.get_by_role("checkbox", name="toil").check()
    gitlab.get_by_label("Add a note as Ben Okafor").fill("Ten percent left.")
    gitlab.get_by_role("button", name="Comment").click()
    expect(gitlab.get_by_role("listitem").filter(has_text="Ten percent left.")).to_be_visible()

    moved = row(milestone(seen, "Next WoW"), "The disk is nearly full")
    expect(moved).to_contain_text(re.compile("toil.*1 note.*assigned to Chen Lihua", re.DOTALL))
    gitlab.get_by_role("button", name="Close", exact=True).click()
    expect(moved).to_be_hidden()
    milestone(seen, "Next WoW").get_by_text("1 closed").click()
    expect(moved).to_be_visible()


def test_a_milestone_is_retitled_and_closed_and_a_title_that_is_taken_is_refused(windows: Windows) -> None:
    chen = windows.open("U0CHEN")
    gitlab = pane(chen)
    gitlab.get_by_role("button", name="New milestone").click()
    chen.modal.get_by_role("textbox", name="Title").fill("Some day")
    chen.modal.get_by_role("button", name="Create milestone").click()

    gitlab.get_by_role("button", name="Edit milestone Some day").click()
    chen.modal.get_by_role("textbox", name="Title").fill("WoW")
    chen.modal.get_by_role("button", name="Save").click()
    expect(chen.modal.get_by_role("alert")).to_have_text("Title has already been taken.")

    chen.modal.get_by_role("textbox", name="Title").fill("One day")
    chen.modal.get_by_role("button", name="Save").click()
    gitlab.get_by_role("button", name="Edit milestone One day").click()
    chen.modal.get_by_role("button", name="Close milestone").click()
    expect(chen.modal).to_be_hidden()
    fold = milestone(gitlab, "One day").get_by_role("button", name="One day", exact=True)
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(gitlab.locator(".gl-milestone.closed").filter(has_text="One day")).to_be_visible()


def test_a_keyboard_is_enough_and_the_focus_comes_back_to_where_it_was(windows: Windows) -> None:
    ben = windows.open("U0BEN")
    keyboard, gitlab = ben.page.keyboard, pane(ben)
    ben.page.get_by_role("tab", name="GitLab").focus()

    gitlab.get_by_role("button", name="New issue").focus()
    keyboard.press("Enter")
    keyboard.type("Written without a mouse")
    keyboard.press("Enter")
    expect(ben.modal).to_be_hidden()
    expect(gitlab.get_by_role("button", name="New issue")).to_be_focused()

    written = row(gitlab, "Written without a mouse")
    written.focus()
    keyboard.press("Enter")
    expect(gitlab.get_by_role("button", name="All issues")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    keyboard.type("Written with ten fingers")
    keyboard.press("Enter")
    expect(gitlab.get_by_role("heading", name="Written with ten fingers")).to_be_visible()
    expect(gitlab.get_by_role("button", name="Edit the title")).to_be_focused()
    gitlab.get_by_role("button", name="All issues").focus()
    keyboard.press("Enter")
    expect(row(gitlab, "Written with ten fingers")).to_be_focused()

    keyboard.press("Escape")
    fold = gitlab.get_by_role("button", name="Next WoW", exact=True)
    fold.focus()
    keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(fold).to_be_focused()


def test_a_screen_reader_hears_what_changed(windows: Windows) -> None:
    ben, alice = windows.open("U0BEN"), windows.open("U0ALICE")

    makes_issue(ben, "Heard by everybody", week="Next WoW")

    expect(alice.page.get_by_role("status").first).to_have_text(re.compile("is new: Heard by everybody"))


def test_an_issue_that_came_late_gets_its_label_before_everybodys_eyes(windows: Windows) -> None:
    ben = windows.open("U0BEN")
    makes_issue(ben, "Came in late")
    late = row(pane(ben), "Came in late")
    expect(late).to_be_visible()

    expect(late).to_contain_text("unscheduled")
    ben.page.get_by_role("tab", name="What to try").click()
    expect(ben.page.get_by_role("listitem").filter(has_text="Add an issue late")).to_contain_text("Done")


def retitles(window: Window, title: str, new: str) -> None:
    """Opens an issue, and calls it something else."""
    gitlab = pane(window)
    row(gitlab, title).click()
    gitlab.get_by_role("button", name="Edit the title").click()
    gitlab.get_by_role("textbox", name="Title").fill(new)
    gitlab.get_by_role("button", name="Save").click()
    expect(gitlab.get_by_role("heading", name=new)).to_be_visible()


def test_an_answer_that_is_late_undoes_nothing_that_a_later_one_showed(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN"), windows.open("U0CHEN")
    makes_issue(ben, "Answered late", week="Next WoW")
    held = Held(ben.page, "**/page/gitlab/issue/*")
    row(pane(ben), "Answered late").click()
    held.comes()

    retitles(chen, "Answered late", "Answered in time")
    held.goes_on()

    expect(pane(ben).get_by_role("heading", name="Answered in time")).to_be_visible()


def test_an_issue_that_cannot_be_reached_at_once_is_asked_for_again(windows: Windows) -> None:
    ben = windows.open("U0BEN")
    makes_issue(ben, "Out of reach")

    def cuts(route: Route) -> None:
        route.abort()

    ben.page.route("**/page/gitlab/issue/*", cuts, times=1)
    row(pane(ben), "Out of reach").click()

    expect(pane(ben).get_by_role("heading", name="Out of reach")).to_be_visible()
    expect(ben.page.get_by_text("not there any more")).to_have_count(0)


def test_a_click_is_not_lost_when_the_issue_changes_under_it(windows: Windows) -> None:
    ben, chen = windows.open("U0BEN"), windows.open("U0CHEN")
    makes_issue(ben, "Changes under it")
    row(pane(ben), "Changes under it").hover()

    ben.page.mouse.down()
    with ben.page.expect_response(lambda answer: "/page/gitlab" in answer.url and "Has changed" in answer.text()):
        retitles(chen, "Changes under it", "Has changed")
    ben.page.mouse.up()

    expect(pane(ben).get_by_role("heading", name="Has changed")).to_be_visible()


def test_what_was_unfolded_stays_so_when_the_issue_changes_before_the_browser_tells_of_it(windows: Windows) -> None:
    ben = windows.open("U0BEN")
    makes_issue(ben, "Changes at once")
    gitlab = pane(ben)
    row(gitlab, "Changes at once").click()
    ben.page.evaluate("addEventListener('toggle', event => event.stopPropagation(), { capture: true })")

    gitlab.get_by_text("Change labels").click()
    gitlab.get_by_label("Assignee").select_option(label="Chen Lihua")

    expect(gitlab.get_by_role("listitem").filter(has_text="assigned")).to_be_visible()
    expect(gitlab.get_by_role("checkbox", name="toil")).to_be_visible()


MARKDOWN = {
    "\\*stays\\* \\#\u206012 \\<b>": "<p>*stays* #\u206012 &lt;b&gt;</p>",
    "**bold** *slanted* ~~gone~~ `*code*` snake_case": (
        "<p><strong>bold</strong> <em>slanted</em> <s>gone</s> <code>*code*</code> snake_case</p>"
    ),
    "one\ntwo  \nthree": "<p>one two<br>three</p>",
    "> said\n> twice\n\n\\> typed": "<blockquote><p>said twice</p></blockquote><p>&gt; typed</p>",
    "- a  \n  b\n- [ ] c": (
        '<ul class="md-list"><li><span>a<br>b</span></li><li class="md-has-task">'
        '<span class="md-task" role="img" aria-label="to do"></span><span>c</span></li></ul>'
    ),
    "# Top #\n\n2. two\n3. three": (
        '<div class="md-heading is-1" role="heading" aria-level="3">Top</div>'
        '<ol class="md-list" start="2"><li><span>two</span></li><li><span>three</span></li></ol>'
    ),
    "seen <!-- hidden\n--> by all": "<p>seen  by all</p>",
    "```\n#12 <b>\n```": "<pre><code>#12 &lt;b&gt;</code></pre>",
    "[x](javascript:alert(1)) <img src=x>": "<p>[x](javascript:alert(1)) &lt;img src=x&gt;</p>",
    "#12 ~goal @ben, not a@ben or #999": "<p><i>#12</i> <i>~goal</i> <i>@ben</i>, not a@ben or #999</p>",
}
DRAW = """
async (text) => {
  const { gitlabMarkdown } = await import("/page/static/gitlab_markdown.js");
  const [place, known] = [document.createElement("div"), ["#12", "~goal", "@ben"]];
  const told = (sigil) => (name) => known.includes(sigil + name) && Object.assign(document.createElement("i"), { textContent: sigil + name });
  place.append(...gitlabMarkdown(text, { issue: told("#"), label: told("~"), person: told("@") }));
  return place.innerHTML;
}
"""


def test_notes_are_drawn_as_gitlab_draws_them(windows: Windows) -> None:
    page = windows.open().page

    assert {text: page.evaluate(DRAW, text) for text in MARKDOWN} == MARKDOWN
