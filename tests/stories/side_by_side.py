"""Stories that mostly wait are played side by side, behind the others of their file, each in a world of its own.

A story is a function of a world in which the bot serves, and of who is in it (`gitlab`, `alice` …), or of a folder
(`tmp_path`) in which it makes its own; the decorator makes a test of it, which asks how it ended.
"""

import inspect
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.stories.world import World

Story = Callable[..., None]
AT_ONCE = 8


class Stage:
    """Where the stories of a file are played, from its first test on."""

    def __init__(self, tests: Iterable[Any], folder: Path) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stage")
        stories = {test.story: folder / test.__name__ for test in tests if hasattr(test, "story")}
        self._played: dict[Story, Future[None]] = {
            story: self._pool.submit(_play, story, folder) for story, folder in stories.items()
        }

    def __enter__(self) -> Self:
        """Lets the play begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets no more stories begin."""
        self._pool.shutdown(cancel_futures=True)

    def ends(self, story: Story) -> None:
        """Waits for the end of a story; raises what went wrong in it."""
        self._played[story].result()


def side_by_side(story: Story) -> Callable[[Stage], None]:
    """Makes a test of a story."""

    def test(stage: Stage) -> None:
        stage.ends(story)

    test.__name__, test.__doc__, test.__module__ = story.__name__, story.__doc__, story.__module__
    test.story = story  # type: ignore[attr-defined] # read by the stage
    return test


def _play(story: Story, folder: Path) -> None:
    folder.mkdir()
    if "tmp_path" in inspect.signature(story).parameters:
        story(tmp_path=folder)
        return
    with World(folder) as world:
        world.bot.starts()
        story(
            **{name: world if name == "world" else getattr(world, name) for name in inspect.signature(story).parameters}
        )
