"""What GitLab tells of its own accord, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hook:
    """One hook. `id` is ours; `key` is GitLab's and the same when it is sent again, empty where it has none.

    `own` tells that it is about the project Baton looks after, `came_in` that an issue or a merge request may have come
    into a milestone.
    """

    id: str
    kind: str
    key: str = ""
    own: bool = False
    came_in: bool = False
