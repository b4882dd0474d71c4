"""A demo as a process, and windows into it: what the browser tests stand on.

Chromium is the system's (or named by `$CHROMIUM`); axe-core is fetched by `make` with npm. Where they are missing, what
needs them is left out and says so; where `CI` is set, that is a failure.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import APIResponse, Browser, Error, Locator, Page, Route, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

CODE = Path(__file__).parents[2]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
_NOT_SEEN = (
    "InitialWebUI",
    "PreloadTopChromeWebUI",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
    "WebUIReloadButton",
)
"""Parts of a browser's own window that nobody sees here, in processes of their own: half of what a window costs."""
_NOT_WANTED = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""What Playwright leaves out by itself, in a list that ours replaces."""
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join((*_NOT_SEEN, *_NOT_WANTED))}",
)
WIDE, NARROW = (1280, 800), (390, 844)
PATIENCE = 60_000
"""Milliseconds for something that goes through the bot, on a busy machine; only a failure takes as long."""
MOVES_ON = 4_000
"""Milliseconds after which a message that was pointed at has moved, and its buttons with it."""
_LOOKS: tuple[tuple[Literal["dark", "light"], list[str] | None], ...] = (
    ("dark", ["color-contrast", "link-in-text-block"]),
    ("light", None),
)
"""What is judged in which colours: everything in the light ones, which are left on; what is about colours in both."""
_ASKED: Mapping[str, object] = {"resultTypes": ["violations"], "reporter": "no-passes", "preload": False}
"""Only what is wrong; and style sheets are not fetched again for rules that are not asked for."""

expect.set_options(timeout=PATIENCE)


def chromium() -> str | None:
    """Where the browser is, if there is one; who names one means no other."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def left_out() -> str:
    """Why the browser tests cannot run here; empty where they can."""
    if chromium() is None:
        named = os.environ.get("CHROMIUM")
        where = f"at {named}, which CHROMIUM names" if named else "on this machine (set CHROMIUM to its path)"
        return f"there is no Chromium {where}"
    return "" if AXE.exists() else "axe-core is not there (make fetches it, with npm)"


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """`python -m bot demo` as a person starts it; gives the page's address."""
    surroundings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CODE), "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0"],
        env=surroundings,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield _address(process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=60)  # reads what it still says, too: nobody may wait for a full pipe
            except subprocess.TimeoutExpired:
                process.kill()  # how it ends is another test's matter; here it must be gone
            process.communicate(timeout=30)


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    pytest.fail(f"The demo did not start:\n{said}")


class Browsers:
    """The system's browser, from the first window on, and its empty windows: a new one costs half of a page's loading."""

    def __init__(self) -> None:
        self._browser: Browser | None = None
        self._stack = ExitStack()
        self._empty: dict[str, list[Page]] = {}

    def close(self) -> None:
        """Ends the browser; the next window starts another one."""
        self._browser = None
        self._empty.clear()
        self._stack.close()

    def gives(self, size: tuple[int, int], more: Mapping[str, Any]) -> Page:
        """An empty window of this size, in a context that nothing else uses: what is not in front is drawn slowly."""
        kept = self._empty.get(_kind(more))
        page = kept.pop() if kept else self._new(more)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        return page

    def takes(self, page: Page, more: Mapping[str, Any]) -> None:
        """A window that is done with: what it remembers, and how it was changed, is forgotten."""
        if page.is_closed():
            return
        page.evaluate("sessionStorage.clear(); localStorage.clear()")
        page.context.set_offline(False)
        page.goto("about:blank")  # from here on, there is nothing that has to be drawn again
        page.emulate_media(color_scheme=more.get("color_scheme", "light"), reduced_motion="no-preference")
        page.mouse.up()
        page.mouse.move(0, 0)
        self._empty.setdefault(_kind(more), []).append(page)

    def _new(self, more: Mapping[str, Any]) -> Page:
        self._browser = self._browser or self._started()
        context = self._browser.new_context(**more)
        context.set_default_timeout(PATIENCE)
        return context.new_page()

    def _started(self) -> Browser:
        playwright = self._stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        self._stack.callback(browser.close)
        return browser


def _kind(more: Mapping[str, Any]) -> str:
    return str(sorted(more.items()))


class Windows:
    """Opens windows into a page, each with a memory of its own, and listens for what goes wrong inside them."""

    def __init__(self, browsers: Browsers, address: str) -> None:
        self._browsers = browsers
        self.address = address
        self.faults: list[str] = []
        self._opened: list[tuple[Page, Mapping[str, Any]]] = []

    def open(
        self,
        person: str = "U0ALICE",
        place: str = "C0PRODUCTION",
        size: tuple[int, int] = WIDE,
        **more: Any,  # noqa: ANN401 - what else a context of Playwright takes
    ) -> "Window":
        """A window for somebody, with a conversation in front."""
        page = self._browsers.gives(size, more)
        self._opened.append((page, more))
        page.on("pageerror", self._hears)
        page.goto(f"{self.address}/?as={person}&in={place}")
        window = Window(page)
        expect(window.field).to_be_visible()
        return window

    def close(self) -> None:
        """Everybody leaves."""
        while self._opened:
            page, more = self._opened.pop()
            self._browsers.takes(page, more)
            page.remove_listener("pageerror", self._hears)

    def _hears(self, error: Error) -> None:
        self.faults.append(str(error))


class Held:
    """The next answer to what a page asks at such an address: it is there, and comes in only when it may go on."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._held: list[tuple[Route, APIResponse]] = []
        page.route(address, self._holds, times=1)

    def comes(self) -> None:
        """Waits until the page has asked."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not self._held:
            assert time.monotonic() < deadline
            self._page.evaluate("0")  # Playwright hears of something only while it is asked for something

    def goes_on(self) -> None:
        """Lets the page have it, and do with it what it will."""
        [(route, answer)] = self._held
        with self._page.expect_event("requestfinished", lambda request: request == route.request):
            route.fulfill(response=answer)
        self._page.evaluate("new Promise(done => setTimeout(done))")

    def _holds(self, route: Route) -> None:
        self._held.append((route, route.fetch()))


class Window:
    """What somebody sees and does in one window."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def field(self) -> Locator:
        """Where messages are written."""
        return self.page.locator("#composer")

    @property
    def modal(self) -> Locator:
        """The modal in front."""
        return self.page.get_by_role("dialog")

    @property
    def talk(self) -> Locator:
        """The conversation."""
        return self.page.get_by_role("log", name="Messages")

    @property
    def thread(self) -> Locator:
        """The thread beside it."""
        return self.page.get_by_role("complementary", name="Thread")

    def types(self, text: str) -> None:
        """Writes something and sends it."""
        self.field.fill(text)
        self.field.press("Enter")

    def message(self, words: str | re.Pattern[str]) -> Locator:
        """The last message that says this."""
        return self.talk.get_by_role("article").filter(has_text=words).last

    def does(self, message: Locator, action: str) -> None:
        """Points at a message, and presses one of the buttons that appear; points again where the talk moved on."""
        button = message.get_by_role("button", name=action, exact=True)
        for _ in range(5):
            message.hover()
            try:
                button.click(timeout=MOVES_ON)
            except NotInTime:
                continue
            return
        button.click()

    def uses(self, message: Locator, shortcut: str) -> None:
        """Points at a message, and chooses something from its menu."""
        self.does(message, "More actions")
        self.page.get_by_role("menuitem", name=shortcut).click()

    def reacts(self, message: Locator, emoji: str) -> None:
        """Points at a message, and puts a reaction on it."""
        self.does(message, "Add a reaction")
        self.page.get_by_role("menuitem", name=emoji, exact=True).click()

    def goes_to(self, place: str) -> None:
        """Goes to a channel, to somebody, or to the app, by the list on the left."""
        self.page.get_by_role("navigation", name="Workspace").get_by_role("button", name=place).click()

    def weather(self, service: str, kind: str) -> None:
        """Lets a service have this weather, from the panel."""
        self.page.get_by_role("tab", name="Weather").click()
        self.page.locator(f"label[for=w-{service}-{kind}]").click()

    def walks_to(self, message: Locator) -> None:
        """Goes from the last message upwards, by the keyboard, to this one."""
        expect(message).to_be_attached()
        self.talk.focus()
        self.page.keyboard.press("End")
        for _ in range(5):
            if self._has_focus(message):
                return
            self.page.keyboard.press("ArrowUp")
        expect(message).to_be_focused()

    def _has_focus(self, goal: Locator) -> bool:
        """Asked in one breath: what is found first and asked afterwards may have been drawn anew in between."""
        return goal.and_(self.page.locator(":focus")).count() == 1

    def tabs_to(self, goal: Locator, most: int = 40) -> None:
        """Presses Tab until the focus is there."""
        expect(goal).to_be_attached()
        for _ in range(most):
            if self._has_focus(goal):
                return
            self.page.keyboard.press("Tab")
        expect(goal).to_be_focused()

    def faults_of_access(self, part: str = "html") -> list[str]:
        """What axe-core finds serious or critical in this part of the page, in its dark and in its light colours."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        return [fault for scheme, rules in _LOOKS for fault in self._faults_in(part, scheme, rules)]

    def _faults_in(self, part: str, scheme: Literal["dark", "light"], rules: list[str] | None) -> list[str]:
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        asked = {**_ASKED, **({"runOnly": rules} if rules else {})}
        found = self.page.evaluate("([part, asked]) => axe.run(part, asked)", [part, asked])
        return [
            f"{scheme}: {each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:4]]}"
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
        ]
