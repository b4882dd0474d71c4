"""GitLab's hooks: who may send them, and what they say.

https://docs.gitlab.com/user/project/integrations/webhooks/ and https://www.standardwebhooks.com
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

from bot.domain.hooks import Hook
from bot.gitlab.deployments import deployed, part

TOLERANCE = timedelta(minutes=5)
"""How old, or how much ahead of our clock, a signed hook may be."""
OPENING = frozenset({"open", "reopen"})


class RefusedHookError(Exception):
    """A hook that is not taken; `status` is HTTP's, and the message is for whoever set the hook up."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Gate:
    """Lets hooks in that carry `secret` (`X-Gitlab-Token`) or are signed with `signing_token` (`whsec_…`)."""

    def __init__(self, secret: str, signing_token: str, project: str, clock: Callable[[], datetime]) -> None:
        self._secret, self._project, self._clock = secret, project, clock
        self._signing = Webhook(signing_token) if signing_token else None

    def read(self, headers: Mapping[str, str], body: bytes, hook_id: str) -> Hook:
        """Understand a hook; `headers` are named in lower case. Raises RefusedHookError."""
        self._must_be_gitlab(headers, body)
        try:
            payload = json.loads(body)
            return self._hook(payload, headers, hook_id)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            message = "This is no hook of GitLab's."
            raise RefusedHookError(400, message) from error

    def _must_be_gitlab(self, headers: Mapping[str, str], body: bytes) -> None:
        if not self._secret and self._signing is None:
            message = "Hooks are not taken: neither GITLAB_WEBHOOK_SECRET nor GITLAB_WEBHOOK_SIGNING_TOKEN is set."
            raise RefusedHookError(403, message)
        given = headers.get("x-gitlab-token", "")
        if self._secret and given and hmac.compare_digest(given.encode(), self._secret.encode()):
            return
        if self._signing is not None and self._is_signed(self._signing, headers, body):
            return
        message = "The secret of this hook is not the one that Baton was given."
        raise RefusedHookError(401, message)

    def _is_signed(self, signing: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
        identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not (identity and stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            return False
        at = datetime.fromtimestamp(int(stamp), UTC)
        if abs(self._clock() - at) > TOLERANCE:
            return False
        expected = signing.sign(identity, at, body.decode(errors="replace")).encode()
        given = headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(one.encode(), expected) for one in given)

    def _hook(self, payload: dict[str, Any], headers: Mapping[str, str], hook_id: str) -> Hook:
        kind = str(payload["object_kind"])
        key = headers.get("idempotency-key") or headers.get("webhook-id") or ""
        project, what, changes = (part(payload, name) for name in ("project", "object_attributes", "changes"))
        own = self._project.casefold() in {str(project.get("id")), str(project.get("path_with_namespace")).casefold()}
        moved = "milestone_id" in changes or what.get("action") in OPENING
        hook = Hook(hook_id, kind, key, own=own, came_in=what.get("milestone_id") is not None and moved)
        if kind == "issue":
            iid = what.get("iid")
            return replace(hook, iid=iid if isinstance(iid, int) else 0, labels=_labels(payload, what, changes))
        if kind == "deployment":
            return replace(hook, deployed=deployed(payload, self._clock()))
        return hook


def _labels(payload: dict[str, Any], what: dict[str, Any], changes: dict[str, Any]) -> tuple[str, ...]:
    """List the titles of all labels that an issue has now, or had before this change."""
    changed = part(changes, "labels")
    lists = (payload.get("labels"), what.get("labels"), changed.get("previous"), changed.get("current"))
    rows = (row for found in lists if isinstance(found, list) for row in found if isinstance(row, dict))
    titles = (row.get("title") for row in rows)
    return tuple(dict.fromkeys(title for title in titles if isinstance(title, str)))
