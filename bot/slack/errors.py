"""What Slack's errors mean: later (Unavailable) or never (Rejected), and whether it may have been done all the same."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.errors import Rejected, Unavailable

LATER = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "ratelimited",
        "rate_limited",
        "accesslimited",
        "team_added_to_org",
    }
)
MAY_BE_DONE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Errors after which what was asked for may have been done all the same."""
NO_PERMISSION = "no_permission"
TOKEN_TROUBLE = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        NO_PERMISSION,
    }
)
APP_TOKEN_TROUBLE = frozenset({"missing_scope", "not_allowed_token_type"})
MENDS: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions on the app's page, and restart.",
    "SLACK_APP_TOKEN": "Generate an app-level token (xapp-…) with the scope connections:write, and restart.",
}
GONE = frozenset(
    {
        "not_found",
        "view_not_found",
        "invalid_trigger_id",
        "expired_trigger_id",
        "exchanged_trigger_id",
        "trigger_expired",
        "trigger_exchanged",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
        "no_such_subteam",
        "subteam_not_found",
        "message_not_found",
        "thread_not_found",
    }
)
"""What it was about is not there (any more): a modal that was closed, a trigger that lives no longer, a person."""
ELSEWHERE = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action"})
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500


class NotThereError(Rejected):
    """Baton is no member of the channel, or it does not exist (any more)."""

    @property
    def code(self) -> str:
        """Slack's name of the error."""
        return self.reason.partition(":")[0]


async def answer_to(call: Awaitable[Any], seconds: float) -> dict[str, Any]:
    """Wait for the answer to a call; raises Unavailable or Rejected."""
    data: dict[str, Any] = (await response_to(call, seconds)).data
    return data


async def response_to(call: Awaitable[Any], seconds: float) -> Any:  # noqa: ANN401 - the SDK's response
    """Wait for the answer to a call, headers and all; raises Unavailable or Rejected."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except SlackApiError as error:
        raise _meaning(error) from error
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError) as error:
        message = f"Slack does not answer ({type(error).__name__})"
        raise Unavailable(message) from error


def may_have_arrived(silence: Unavailable) -> bool:
    """Tell whether Slack may have done what it did not answer to."""
    cause = silence.__cause__
    if isinstance(cause, SlackApiError):
        status = getattr(cause.response, "status_code", 0)
        return bool(status >= SERVER_ERROR) or cause.response.get("error") in MAY_BE_DONE
    return not isinstance(cause, aiohttp.ClientConnectorError)


def lacks_the_right(trouble: Unavailable) -> bool:
    """Tell a missing right, where only the call in hand needs it, from trouble with the token."""
    cause = trouble.__cause__
    return isinstance(cause, SlackApiError) and cause.response.get("error") == NO_PERMISSION


def code_of(error: Unavailable | Rejected) -> str:
    """Give Slack's own name of an error; empty where Slack did not answer with one."""
    cause = error.__cause__
    return str(cause.response.get("error") or "") if isinstance(cause, SlackApiError) else ""


def refused_with(error: Unavailable | Rejected) -> str:
    """Give Slack's own name of a refusal; empty where it only cannot answer now."""
    code = code_of(error)
    return "" if code in LATER else code


def mended_by(error: Unavailable | Rejected, setting: str) -> dict[str, str]:
    """Name the setting to mend, and how, for the log, where the token of that setting is what is wrong."""
    is_trouble = code_of(error) in TOKEN_TROUBLE | APP_TOKEN_TROUBLE
    return {"setting": setting, "fix": MENDS[setting]} if is_trouble else {}


def _meaning(error: SlackApiError) -> Unavailable | Rejected:
    response = error.response
    status = getattr(response, "status_code", 0)
    data = getattr(response, "data", None) if not isinstance(response, dict) else response
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == TOO_MANY_REQUESTS or code in {"ratelimited", "rate_limited"}:
        headers = getattr(response, "headers", None) or {}
        seconds = str(headers.get("Retry-After") or headers.get("retry-after") or "")
        return Unavailable(
            "Slack limits our rate", retry_after=float(seconds) if seconds.isdigit() else 5.0, world_is_down=False
        )
    if status >= SERVER_ERROR or code in LATER:
        return Unavailable(f"Slack answers with an error ({code or status})")
    if code in TOKEN_TROUBLE:
        return Unavailable(f"Slack refuses the token ({code})")
    if not code:
        return Unavailable("what answers is not Slack's API")
    detail = "; ".join((data.get("response_metadata") or {}).get("messages") or ()) if isinstance(data, dict) else ""
    reason = f"{code}: {detail}" if detail else code
    return NotThereError(reason) if code in ELSEWHERE else Rejected(reason, gone=code in GONE)
