"""Finds in GitLab whom Slack knows: by the name that the settings give, else by the same e-mail, else by the same name.

GitLab shows other people's e-mail addresses only where they are public, or to an administrator.
https://docs.gitlab.com/api/users/
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.operations import Colleague
from bot.gitlab.calls import Row, Straight
from bot.gitlab.user import User, user

REMEMBERED = timedelta(minutes=10)
"""How long somebody who was found is not asked for again; a hand-off asks for the same two once per issue."""


class _Shown(NamedTuple):
    user: User
    emails: frozenset[str]


class Colleagues:
    """Looks people up, and remembers for a while whom it found."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._known: dict[Colleague, tuple[User, datetime]] = {}

    def find(self, calls: Straight, who: Colleague) -> User | None:
        """Find somebody; None where nobody is known for them. Raises Unavailable or Rejected."""
        known = self._known.get(who)
        if known and self._clock() - known[1] < REMEMBERED:
            return known[0]
        found = _find(calls, who)
        if found:
            self._known[who] = (found, self._clock())
        return found


def why_unknown(who: Colleague) -> str:
    """Say why nobody was found, and what would help."""
    if who.username:
        return f"GitLab knows no user {who.username}, whom GITLAB_USERS names"
    return "no user in GitLab is known for them; GITLAB_USERS names one"


def _find(calls: Straight, who: Colleague) -> User | None:
    if who.username:
        return _with_name(calls, who.username)
    return _with_email(calls, who.email) or _with_name(calls, who.handle)


def _with_name(calls: Straight, name: str) -> User | None:
    found = calls.rows("/users", user, username=name) if name else []
    return next((one for one in found if one.name.casefold() == name.casefold()), None)


def _with_email(calls: Straight, email: str) -> User | None:
    # a search finds names, too, in which the text merely occurs
    found = calls.rows("/users", _shown, search=email) if email else []
    return next((one.user for one in found if email.casefold() in one.emails), None)


def _shown(row: Row) -> _Shown:
    shown = (row.get("email"), row.get("public_email"))
    return _Shown(user(row), frozenset(one.casefold() for one in shown if one))
