"""What Slack tells a check-up of Baton's tokens, the team's channel, its people and groups. Nothing is said or posted.

https://docs.slack.dev/reference/methods
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.domain.errors import Rejected, Unavailable
from bot.slack.calls import SlackCalls
from bot.slack.errors import NotThereError, answer_to, code_of, response_to

SECONDS = 5.0
_NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


@dataclass(frozen=True)
class Admission:
    """As whom Slack lets the bot token in, and what that may do; `scopes` is None where Slack does not say.

    `at` is Slack's time, to the second.
    """

    user: str
    workspace: str
    scopes: frozenset[str] | None
    at: datetime | None


@dataclass(frozen=True)
class Place:
    """A channel as Baton sees it."""

    name: str
    is_member: bool
    is_archived: bool


@dataclass(frozen=True)
class Group:
    """A user group and the ids of who is in it."""

    handle: str
    is_enabled: bool
    users: tuple[str, ...]


class Examination:
    """Asks Slack; raises Unavailable or Rejected, whose cause tells Slack's name of the error (`code_of`)."""

    def __init__(self, calls: SlackCalls) -> None:
        self._client = calls.client

    async def admission(self) -> Admission:
        """Ask as whom Baton is let in."""
        response = await response_to(self._client.auth_test(), SECONDS)
        headers = {str(name).lower(): value for name, value in response.headers.items()}
        scopes = headers.get("x-oauth-scopes")
        return Admission(
            user=str(response.data.get("user") or "Baton"),
            workspace=str(response.data.get("team") or "the workspace"),
            scopes=None if scopes is None else frozenset(one.strip() for one in scopes.split(",") if one.strip()),
            at=_time(headers),
        )

    async def connects(self, app_token: str) -> None:
        """Ask where a WebSocket could be opened, and open none."""
        await self._asked(self._client.apps_connections_open(app_token=app_token))

    async def place(self, channel: str) -> Place | None:
        """Ask about a channel; None where there is none of this id that Baton may see."""
        try:
            shown = (await self._asked(self._client.conversations_info(channel=channel)))["channel"]
        except NotThereError:
            return None
        return Place(str(shown.get("name") or channel), bool(shown.get("is_member")), bool(shown.get("is_archived")))

    async def groups(self) -> Mapping[str, Group]:
        """List the workspace's user groups by id, the switched off ones too."""
        found = await self._asked(self._client.usergroups_list(include_users=True, include_disabled=True))
        return {
            str(one["id"]): Group(
                str(one.get("handle") or ""), not one.get("date_delete"), tuple(one.get("users") or ())
            )
            for one in found.get("usergroups") or ()
        }

    async def may_set(self, group: str, users: tuple[str, ...]) -> bool:
        """Find out whether Baton may say who is in a group, in the only way there is: by saying what is so already."""
        try:
            await self._asked(self._client.usergroups_users_update(usergroup=group, users=list(users)))
        except (Rejected, Unavailable) as refusal:
            if code_of(refusal) in {"permission_denied", "no_permission", "not_allowed", "restricted_action"}:
                return False
            raise
        return True

    async def is_somebody(self, who: str) -> bool:
        """Tell whether there is such a person, who is not deactivated."""
        try:
            user = (await self._asked(self._client.users_info(user=who)))["user"]
        except Rejected as refusal:
            if code_of(refusal) in _NOBODY:
                return False
            raise
        return not user.get("deleted")

    @staticmethod
    async def _asked(call: Awaitable[Any]) -> dict[str, Any]:
        return await answer_to(call, SECONDS)


def _time(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
