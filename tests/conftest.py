"""What holds for all tests, and the word at the end if those in the browser had to be left out."""

import gc
import signal

import pytest
from hypothesis import HealthCheck, settings

# Where the tests are run in the background, a shell has Ctrl-C ignored, and every program that they start would inherit
# that and never end.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples every time: a test that fails, fails again; and a busy machine is no failure.
settings.register_profile(
    "baton", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("baton")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where nobody can miss it; it stands here because what collects the tests may be another process."""
    skipped = terminalreporter.getreports("skipped")
    if any(each.nodeid.startswith("tests/browser/") for each in skipped):
        from tests.browser.driving import left_out

        terminalreporter.write_sep("!", "browser tests left out", yellow=True)
        terminalreporter.write_line(f"The page was not looked at in a browser: {left_out()}.")


def pytest_collection_finish() -> None:
    """What was collected stays until the end; who looks for garbage need not go through it again and again."""
    gc.collect()
    gc.freeze()
