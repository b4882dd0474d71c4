"""What GitLab tells a check-up: of the token, the project's webhooks and its time; and what a check-up may mend there.

https://docs.gitlab.com/api/personal_access_tokens/ and https://docs.gitlab.com/api/project_webhooks/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from bot.domain.errors import Rejected
from bot.gitlab.calls import Calls, Row, each_of
from bot.gitlab.heard import Heard
from bot.gitlab.paths import project_path

OUR_PATH: Final = "/gitlab/hooks"
EVENTS: Final[Mapping[str, str]] = {
    "issues_events": "Issues events",
    "confidential_issues_events": "Confidential issues events",
    "merge_requests_events": "Merge request events",
    "deployment_events": "Deployment events",
}
"""What Baton listens to, by GitLab's field, and as its page names it."""
LATEST = 20
"""How many deliveries of a webhook are looked at; GitLab shows no more at once."""


@dataclass(frozen=True)
class Token:
    """What a token may do, and its last day, on which it is refused already (None: it has none)."""

    scopes: frozenset[str]
    ends: date | None


@dataclass(frozen=True)
class Webhook:
    """A webhook that leads to Baton: whether GitLab still uses it, which events it lacks, how its last delivery ended.

    `state` is `executable`, `temporarily_disabled` or `disabled`; `last` a status of HTTP, `internal error` where nobody
    was reached, and empty where nothing was sent lately, or GitLab does not tell.
    """

    id: int
    url: str
    state: str
    lacks: tuple[str, ...]
    last: str


class Examination:
    """Asks about one project with one token; raises Unavailable or Rejected."""

    def __init__(self, calls: Calls, project: str) -> None:
        self._calls, self._project = calls, project_path(project)

    async def time(self) -> datetime | None:
        """Ask for the version, which every token may know, and give GitLab's time, to the second."""
        return await self._calls.call(_time, "get", "/version", None, {})

    async def token(self) -> Token | None:
        """Ask about the token itself; None where GitLab does not tell, as of one that is no access token."""
        try:
            return await self._calls.row("get", "/personal_access_tokens/self", _token)
        except Rejected:
            return None

    async def webhooks(self) -> list[Webhook] | None:
        """List the webhooks that lead to Baton; None where the token may not see any."""
        try:
            found = await self._calls.rows(f"{self._project}/hooks", lambda row: row)
        except Rejected:
            return None
        ours = [row for row in found if str(row.get("url") or "").rstrip("/").endswith(OUR_PATH)]
        return await each_of(ours, self._webhook)

    async def _webhook(self, row: Row) -> Webhook:
        path = f"{self._project}/hooks/{row['id']}/events"
        try:
            events = await self._calls.some(path, lambda event: str(event.get("response_status")), per_page=LATEST)
        except Rejected:
            events = []  # GitLab tells of them since version 17.3
        return Webhook(
            int(row["id"]),
            str(row["url"]),
            str(row.get("alert_status") or "executable"),
            tuple(said for name, said in EVENTS.items() if not row.get(name)),
            events[0] if events else "",
        )

    # mending

    async def create_label(self, name: str, colour: str, description: str) -> None:
        """Create a label of the project; one that somebody created meanwhile will do."""
        body: Row = {"name": name, "color": colour, "description": description}
        try:
            await self._calls.row("post", f"{self._project}/labels", lambda row: row, body=body)
        except Rejected:
            known = await self._calls.rows(f"{self._project}/labels", lambda row: str(row["name"]))
            if name not in known:
                raise

    async def create_milestone(self, title: str, start: date, due: date) -> None:
        """Create a milestone of the project; an open one that somebody created meanwhile will do."""
        body: Row = {"title": title, "start_date": start.isoformat(), "due_date": due.isoformat()}
        place = f"{self._project}/milestones"
        try:
            await self._calls.row("post", place, lambda row: row, body=body)
        except Rejected:
            if not await self._calls.rows(place, lambda row: row["id"], title=title, state="active"):
                raise


def _time(heard: Heard) -> datetime | None:
    try:
        return parsedate_to_datetime(heard.headers.get("Date", ""))
    except ValueError:
        return None


def _token(row: Row) -> Token:
    ends = row.get("expires_at")
    return Token(frozenset(row.get("scopes") or ()), date.fromisoformat(ends[:10]) if ends else None)
