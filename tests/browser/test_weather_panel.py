"""The weather, the clock and the bot in the browser's hand: what waits outlives a kill, and the list ticks itself off."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.driving import Window, Windows


def panel(window: Window, name: str = "Weather") -> Locator:
    """A panel beside the conversation, brought to the front."""
    window.page.get_by_role("tab", name=name).click()
    return window.page.get_by_role("tabpanel", name=name)


def step(window: Window, title: str) -> Locator:
    """A step of the guided list."""
    return panel(window, "What to try").get_by_role("listitem").filter(has_text=title)


def test_the_weather_is_the_same_in_every_window_and_a_keyboard_changes_it(windows: Windows) -> None:
    ben, alice = windows.open("U0BEN"), windows.open("U0ALICE")
    seen = panel(alice)

    panel(ben).get_by_role("group", name="Chat API").get_by_role("radio", name="Fine").focus()
    ben.page.keyboard.press("ArrowRight")

    slack = seen.get_by_role("group", name="Chat API")
    expect(slack.get_by_role("radio", name="Slow")).to_be_checked()
    expect(slack).to_contain_text("takes two seconds for each answer")
    expect(alice.page.get_by_role("status").first).to_have_text("Chat API takes two seconds for each answer.")
    ben.page.keyboard.press("ArrowLeft")
    expect(slack.get_by_role("radio", name="Fine")).to_be_checked()


def test_what_waits_is_shown_and_outlives_a_kill(windows: Windows) -> None:
    alice = windows.open()
    alice.types("/wow rollover")
    expect(alice.modal.get_by_role("button", name="Roll over")).to_be_visible()
    ben = windows.open("U0BEN")
    ben.weather("gitlab", "down")
    alice.modal.get_by_role("button", name="Roll over").click()

    weather = panel(ben)
    # one, unless Baton was about to look which outages go on
    some = re.compile(r"(?<!\d)[12] for GitLab")
    expect(weather).to_contain_text(some)
    expect(weather).to_contain_text("Read the week, and plan the rollover")
    expect(weather).to_contain_text(re.compile("GitLab does not answer"))
    expect(alice.message(re.compile(r"GitLab does not answer; [12] operations? waits?"))).to_be_visible()
    weather.get_by_role("button", name="Kill -9 and restart").click()
    expect(weather).to_contain_text("Starts again")
    expect(weather).to_contain_text("Runs.")
    expect(weather).to_contain_text(some)

    ben.weather("gitlab", "fine")
    expect(weather).to_contain_text("Nothing waits.")
    expect(alice.message("is closed, rolled over by @alice")).to_be_visible()
    for title in ("Preview the rollover", "Cut GitLab off", "Kill the bot", "Bring GitLab back"):
        expect(step(ben, title)).to_contain_text("Done")
    expect(step(ben, "Take it all back")).not_to_contain_text("Done")


def test_everybodys_clock_moves_and_the_next_week_can_be_rolled_over(windows: Windows) -> None:
    chen = windows.open("U0CHEN")
    weather = panel(chen)

    weather.get_by_role("button", name="Next shift").click()
    expect(weather.locator(".w-clock").first).to_contain_text("17:0")
    expect(weather).to_contain_text("Runs.")
    weather.get_by_role("button", name="Next Wednesday").click()
    expect(weather.locator(".w-clock").first).to_contain_text("10:0")
    expect(weather).to_contain_text("Runs.")

    reminder = chen.message("is over and not rolled over yet")
    reminder.get_by_role("button", name="Roll over").click()
    expect(chen.modal.get_by_role("button", name="Roll over")).to_be_visible()
    expect(step(chen, "Travel a week")).to_contain_text("Done")
