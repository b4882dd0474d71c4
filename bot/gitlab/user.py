"""Whose the token is."""

from dataclasses import dataclass

from bot.gitlab.calls import Calls, Row


@dataclass(frozen=True)
class User:
    """A user of GitLab; `name` is their user name."""

    id: int
    name: str
    admin: bool = False


class OwnUser:
    """The user the token belongs to: asked for where it matters, once, for a token does not change hands."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: User | None = None

    async def read(self) -> User:
        """Tell who it is; raises Unavailable or Rejected."""
        if self._known is None:
            self._known = await self._calls.row("get", "/user", user)
        return self._known


def user(row: Row) -> User:
    """Read a user: https://docs.gitlab.com/api/users/."""
    return User(int(row["id"]), row["username"], admin=bool(row.get("is_admin")))
