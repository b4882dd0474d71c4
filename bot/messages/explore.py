"""What is said of the log in a browser, by us and on Datasette's pages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final


def not_installed() -> str:
    """Say how to install what shows the log in a browser."""
    return (
        "The log is shown by Datasette, which is not installed. `make explore` installs and starts it; by hand: "
        "`.venv/bin/python -m pip install --require-hashes -r requirements-explore.lock`."
    )


def port_taken(port: int) -> str:
    """Say that somebody else listens there."""
    return f"--port: another program listens on 127.0.0.1:{port}. Give another port, or 0 for a free one."


def gathering(done: int, total: int) -> str:
    """Say how far the log is gathered."""
    return f"Gathering the log: {done:,} of {many(total, 'event')} …"


def many(number: int, one: str) -> str:
    """Count many things: 1,203 events."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def as_of(at: datetime, events: int, left_out: int, *, with_private: bool) -> str:
    """Say what is shown, and as of when."""
    private = ", private ones among them" if with_private else ""
    out = f" {many(left_out, 'private event')} left out." if left_out else ""
    return f"The log as of {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {many(events, 'event')}{private}.{out}"


def open_here(url: str, *, with_private: bool) -> str:
    """Say where the log can be looked at."""
    once = "This address works once, and lets in only the browser that opens it.\n" if with_private else ""
    return f"Open {url}\n{once}What it shows stays as it is now: start again for what comes later. Ctrl-C ends it."


def did_not_start(said: str) -> str:
    """Say that Datasette ended at once."""
    return f"Datasette did not start. It said:\n{said.strip()}"


def waited(seconds: float) -> str:
    """Say how long nothing answered."""
    return f"Datasette does not answer after {seconds:.0f} seconds."


HEADLINE: Final = "The log of production"
TABLES: Final[Mapping[str, str]] = {
    "events": (
        "One line for each thing that happened, as it reads now; revisions counts how often it was written. Instants are "
        "in UTC: when it happened (at), and when it was logged. A week goes by its last day, in the team's zone."
    ),
    "outages": "Outages under Baton's own numbers: 7 is O7. Of confidential and private ones only when they were.",
    "shifts": "Who was on call, and since when; a shift ends where the next begins.",
    "weeks": "The weeks, Wednesday to Tuesday, and who rolled them over.",
}
QUESTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "this_shift": ("This shift", "What was logged since the present shift began, in the order of happening."),
    "this_outage": (
        "This outage",
        "The timeline of an outage, by number: O7, or 7. Left empty, it is the ongoing one, else the last.",
    ),
    "week_by_week": (
        "Week by week",
        "Outages and the minutes they lasted, incidents, changes, deployments, and the issues done and carried over.",
    ),
}
