"""The examples in `docs/` are true: played in the world of the demo, one page after the other, they end as they say."""

from pathlib import Path

import pytest

from bot.demo.worlds import Worlds
from tests.stories.examples import Stage, lines_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md") if list(lines_of(path)))


def test_each_command_has_a_page_with_examples() -> None:
    assert {"wow.md", "event.md", "handoff.md", "shortcuts.md"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_go_as_they_are_written(page: str) -> None:
    with Worlds() as worlds:
        stage = Stage(worlds)
        for line in lines_of(DOCS / page):
            stage.plays(line)
