"""The browser, and a demo for each module. Where they have to be left out, `tests/conftest.py` says so at the end."""

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.browser.driving import Browsers, Windows, demo, left_out

_SHARED = Browsers()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these tests are left out; in CI they fail instead."""
    why = left_out()
    if not why or os.environ.get("CI"):
        return
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason=f"left out: {why}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None]:
    """Ends the browser before tests of another kind: while it is driven, this thread can run no other loop."""
    yield
    if nextitem is None or not nextitem.path.is_relative_to(Path(__file__).parent):
        _SHARED.close()


@pytest.fixture(scope="module")
def browsers() -> Browsers:
    """The system's Chromium, one for all files."""
    if why := left_out():
        pytest.fail(f"The browser tests cannot run: {why}.")
    return _SHARED


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo of its own for each module."""
    with demo(tmp_path_factory.mktemp("demo")) as address:
        yield address


@pytest.fixture
def windows(browsers: Browsers, address: str) -> Iterator[Windows]:
    """Windows into the demo, which are closed in the end; nothing may have gone wrong inside them."""
    with closing(Windows(browsers, address)) as opened:
        yield opened
    assert not opened.faults
