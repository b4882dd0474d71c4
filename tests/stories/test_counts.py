"""How many requests GitLab gets: what must be written, what must be read, and little more, on every machine."""

from bot.sandbox.server import Exchange
from tests.stories.test_sizes import fill
from tests.stories.world import Gitlab, World

ISSUES = 120
MOST_OTHERS = 12
"""Requests of a rollover beside its writes on issues and the pages it reads."""
MOST_OF_A_PREVIEW = 12
"""Requests of a preview once it is known which issues came late: a page or two of each list, and what the token may do."""


def is_write(call: Exchange) -> bool:
    return call.method == "PUT" and "/issues/" in call.path


def is_page(call: Exchange) -> bool:
    return call.method == "GET" and "per_page=100" in call.query


def test_a_rollover_writes_once_an_issue_and_asks_little_beside_its_pages(world: World, gitlab: Gitlab) -> None:
    fill(gitlab, ISSUES)
    world.opens_rollover()
    gitlab.server.exchanges.clear()

    world.alice.submits()
    world.report()
    world.is_idle()

    calls = gitlab.calls()
    assert len([one for one in calls if is_write(one)]) == ISSUES
    assert len([one for one in calls if not is_write(one) and not is_page(one)]) <= MOST_OTHERS, calls


def test_a_preview_asks_for_no_issue_by_itself_once_they_were_judged(world: World, gitlab: Gitlab) -> None:
    fill(gitlab, ISSUES)
    world.opens_rollover()
    world.alice.closes()
    gitlab.server.exchanges.clear()

    world.opens_rollover()

    calls = [one.path + "?" + one.query for one in gitlab.calls()]
    assert len(calls) <= MOST_OF_A_PREVIEW, calls
