"""What GitLab tells of its own accord, as data."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Deployed:
    """A deployment, as its hook tells of it. `state` is GitLab's word: running, success, failed or canceled.

    `key` is the same for all that is told of one deployment; `tier` is empty where GitLab tells none. `by` is a user
    name in GitLab, `at` when it came into this state, `url` where its job is shown.
    """

    key: str
    state: str
    environment: str
    tier: str
    project: str
    sha: str
    title: str
    by: str
    at: datetime
    url: str = ""
    ref: str = ""


@dataclass(frozen=True)
class Hook:
    """One hook. `id` is ours; `key` is GitLab's and the same when it is sent again, empty where it has none.

    `own` tells that it is about the project Baton looks after, `came_in` that an issue or a merge request may have come
    into a milestone. `labels` are those that an issue has now or had before (`iid` is its number), and `deployed` is what
    a deployment hook tells.
    """

    id: str
    kind: str
    key: str = ""
    own: bool = False
    came_in: bool = False
    iid: int = 0
    labels: tuple[str, ...] = ()
    deployed: Deployed | None = None
