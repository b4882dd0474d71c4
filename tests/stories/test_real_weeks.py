"""The weeks of GitLab's own production team in 2017, rolled over by their dates and sizes."""

from collections.abc import Iterator
from datetime import date

import pytest

from tests.stories.world import DAY, World, at_midnight

# first day, last day, issues, and what is unusual about it. Where no number is known, ten are taken.
WEEKS = [
    ("2017-05-03", "2017-05-10", 18, ["is a Wednesday", "has 8 days"]),
    ("2017-05-10", "2017-05-17", 10, ["is a Wednesday", "has 8 days", "overlaps the week before"]),
    ("2017-05-17", "2017-05-23", 19, ["overlaps the week before"]),
    ("2017-05-24", "2017-05-30", 10, []),
    ("2017-05-30", "2017-06-06", 13, ["has 8 days", "overlaps the week before"]),
    ("2017-06-06", "2017-06-13", 30, ["has 8 days", "overlaps the week before"]),
    ("2017-06-13", "2017-06-20", 46, ["has 8 days", "overlaps the week before"]),
    ("2017-06-20", "2017-06-27", 27, ["has 8 days", "overlaps the week before"]),
    ("2017-06-28", "2017-07-04", 23, []),
    ("2017-07-04", "2017-07-11", 30, ["has 8 days", "overlaps the week before"]),
    ("2017-07-12", "2017-07-18", 27, []),
    ("2017-07-19", "2017-07-25", 36, []),
    ("2017-07-26", "2017-08-01", 36, []),
    ("2017-08-02", "2017-08-08", 32, []),
    ("2017-08-09", "2017-08-15", 29, []),
    ("2017-08-16", "2017-08-22", 37, []),
    ("2017-08-23", "2017-08-29", 37, []),
    ("2017-09-06", "2017-09-12", 42, []),
    ("2017-09-13", "2017-09-19", 38, []),
    ("2017-09-20", "2017-09-26", 12, []),
    ("2017-10-04", "2017-10-10", 30, []),
    ("2017-10-11", "2017-10-17", 21, []),
    ("2017-10-18", "2017-10-24", 3, []),
    ("2017-11-22", "2017-12-05", 50, ["has 14 days"]),
]
UNUSUAL = ["is a Wednesday", "has 8 days", "has 14 days", "overlaps the week before"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One project through half a year: what is left open of a week is tidied away before the next is seeded."""
    with World(tmp_path_factory.mktemp("2017"), "2017-12-06T09:00Z") as world:
        world.bot.starts()
        yield world


@pytest.mark.parametrize(("first", "last", "issues", "unusual"), WEEKS, ids=[last for _, last, _, _ in WEEKS])
def test_a_real_week_is_rolled_over(world: World, first: str, last: str, issues: int, unusual: list[str]) -> None:
    gitlab, ending = world.gitlab, date.fromisoformat(last)
    for title in ("WoW", "Next WoW"):
        if title in gitlab.milestones():
            gitlab.delete_milestone(gitlab.milestones()[title])
    wow, following = gitlab.add_milestone("WoW", first, last), gitlab.add_milestone("Next WoW")
    planned = at_midnight(date.fromisoformat(first)) - DAY
    for number in range(issues):
        state = "closed" if number % 3 == 0 else "opened"
        gitlab.add_issue(f"Issue {number}", [], wow, state, created_at=planned, added_at=planned)  # type: ignore[arg-type]
    still_open, done = gitlab.issues_of(wow, "opened"), gitlab.issues_of(wow, "closed")

    shown = world.opens_rollover(ending=ending)
    assert [words for words in UNUSUAL if words in shown.text] == unusual
    world.alice.submits()

    report = world.report(ending)
    assert f"{len(done)} done · {len(still_open)} carried over" in report.text
    closed = gitlab.milestone(f"WoW ending {last}")
    assert (closed["id"], closed["state"], closed["start_date"], closed["due_date"]) == (wow, "closed", first, last)
    assert (gitlab.issues_of(wow), gitlab.issues_of(following)) == (done, still_open)
    dates = {title: (gitlab.milestone(title)["start_date"], gitlab.milestone(title)["due_date"]) for title in OPEN}
    assert dates == {title: (str(ending + a * DAY), str(ending + b * DAY)) for title, (a, b) in OPEN.items()}


OPEN = {"WoW": (1, 7), "Next WoW": (8, 14)}
"""Days from the last day of the closed week to the first and last one of those that are open."""


def test_the_history_tells_of_the_newest_weeks_first(world: World) -> None:
    closed = sorted(world.gitlab.milestones("closed"), reverse=True)[:3]

    world.alice.types(f"/wow history {len(closed)}")

    told = world.said("The last ").text if closed else ""
    assert [line.partition("* · ")[0] for line in told.splitlines()[1:]] == [f"*{title}" for title in closed]
