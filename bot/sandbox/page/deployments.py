"""Deployments of an application project, by hand: begun, and ended well or badly. GitLab's hooks tell of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.sandbox.gitlab import shapes
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.page.answers import Json, RefusedError

PROJECT: Final = "acme/website"
ENVIRONMENT: Final = "production"
ENDS: Final = ("success", "failed", "canceled")
MOST_SHOWN: Final = 3
_CHANGES: Final = (
    ("Cache avatars for an hour", "9fceb02d0ae598e95dc970b74767f19372d61af8"),
    ("Retry searches that time out", "5c1f0a7be24d39d8f6ab01c7e9d2834b6f17a0ce"),
    ("Read replicas only below a minute of lag", "e83c5163316f89bfbde7d9ab23ca2e25604af290"),
    ("Let pushes wait for a free worker", "b04d2f7719ac5be86e0f3a2d915c748de1f6a35b"),
)


@dataclass
class _Deployment:
    id: int
    title: str
    sha: str
    state: str
    by: str
    at: datetime


class Deployments:
    """Which there are, and what becomes of them; for the pane, which holds no more of an application than this."""

    def __init__(self, world: GitlabWorld) -> None:
        self._world = world
        self._all: list[_Deployment] = []

    def shown(self) -> Json:
        """The project and its last deployments, the newest first."""
        newest = self._all[: -MOST_SHOWN - 1 : -1]
        return {"project": PROJECT, "environment": ENVIRONMENT, "last": [self._shown(each) for each in newest]}

    def begins(self, by: str) -> Json:
        """Somebody deploys the next change."""
        title, sha = _CHANGES[len(self._all) % len(_CHANGES)]
        with self._world.lock:
            id_ = self._tells("running", title, sha, by)
            self._all.append(_Deployment(id_, title, sha, "running", by, self._world.state.now()))
        return {"id": id_}

    def ends(self, by: str, number: object, state: object) -> Json:
        """It went well, or not, or somebody cancels it; what has ended stays so."""
        found = next((each for each in self._all if each.id == number), None)
        if found is None or state not in ENDS:
            raise RefusedError("There is no such deployment.")
        with self._world.lock:
            if found.state != "running":
                raise RefusedError("This deployment has ended.")
            found.state, found.by, found.at = str(state), by, self._world.state.now()
            self._tells(found.state, found.title, found.sha, by, found.id)
        return {"id": found.id}

    def _tells(self, state: str, title: str, sha: str, by: str, number: int | None = None) -> int:
        return self._world.deploys(ENVIRONMENT, state, sha, project=PROJECT, by=by, title=title, deployment_id=number)

    def _shown(self, one: _Deployment) -> Json:
        names = {each.username: each.name for each in self._world.state.users.values()}
        return {
            "id": one.id,
            "title": one.title,
            "sha": one.sha[:8],
            "state": one.state,
            "by": names.get(one.by, one.by),
            "at": shapes.instant(one.at),
        }
