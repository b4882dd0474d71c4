"""What a deployment hook tells. It comes from projects of all kinds: what is missing or odd in one is left out.

https://docs.gitlab.com/user/project/integrations/webhook_events/#deployment-events
"""

import re
from datetime import UTC, datetime
from typing import Any

from bot.domain.hooks import Deployed

STATES = frozenset({"running", "success", "failed", "canceled"})
_ADDRESS = re.compile(r"https?://[^\s<>|\"]+")


def deployed(payload: dict[str, Any], came_at: datetime) -> Deployed | None:
    """Read a deployment; None where it cannot be told from others, or is in a state that says nothing."""
    project, user = part(payload, "project"), part(payload, "user")
    where, state = _id(project.get("id")) or _line(project.get("path_with_namespace")), _line(payload.get("status"))
    number = _id(payload.get("deployment_id"))
    if not (number and where) or state not in STATES:
        return None
    addresses = (_line(payload.get(name)) for name in ("deployable_url", "commit_url"))
    return Deployed(
        key=f"deployment:{where}:{number}",
        state=state,
        environment=_line(payload.get("environment")),
        tier=_line(payload.get("environment_tier")),
        project=_line(project.get("path_with_namespace")) or _line(project.get("name")),
        sha=_line(payload.get("short_sha")),
        title=_line(payload.get("commit_title")),
        by=_line(user.get("username")) or _line(user.get("name")),
        at=_moment(payload.get("status_changed_at")) or came_at,
        url=next((one for one in addresses if _ADDRESS.fullmatch(one)), ""),
        ref=_line(payload.get("ref")),
    )


def part(payload: dict[str, Any], name: str) -> dict[str, Any]:
    """Give a part of a hook; an empty one where it is missing, or something else."""
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def _line(value: object) -> str:
    """Read a text as one line; what is no text, or cannot be written down, is left out."""
    text = value if isinstance(value, str) else ""
    return " ".join(text.encode(errors="ignore").decode().replace("\0", "").split())


def _id(value: object) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _moment(value: object) -> datetime | None:
    """Read an instant, as `2021-04-28 21:50:00 +0200`, with `UTC`, or in ISO 8601."""
    written = re.sub(r"\s+(?=[+-]\d|Z)", "", _line(value).removesuffix(" UTC"))
    try:
        at = datetime.fromisoformat(written)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
