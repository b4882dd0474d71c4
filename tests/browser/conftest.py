"""The browser, and a demo for each module. Where they have to be left out, `tests/conftest.py` says so at the end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.driving import ARGUMENTS, Windows, chromium, demo, left_out


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these tests are left out; in CI they fail instead."""
    why = left_out()
    if not why or os.environ.get("CI"):
        return
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason=f"left out: {why}"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    if why := left_out():
        pytest.fail(f"The browser tests cannot run: {why}.")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo of its own for each module."""
    with demo(tmp_path_factory.mktemp("demo")) as address:
        yield address


@pytest.fixture
def windows(browser: Browser, address: str) -> Iterator[Windows]:
    """Windows into the demo, which are closed in the end; nothing may have gone wrong inside them."""
    opened = Windows(browser, address)
    yield opened
    for context in browser.contexts:
        context.close()
    assert not opened.faults
