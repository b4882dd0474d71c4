"""What GitLab's errors mean: later or never, and in which words.

https://docs.gitlab.com/api/rest/troubleshooting/ . Error bodies are text, dictionaries, lists, or what Ruby's `inspect`
makes of them; a page in HTML comes from something in front of GitLab, not from GitLab.
"""

import json
import re
import time
from typing import Any

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from bot.domain.errors import Rejected, Unavailable
from bot.domain.operations import READ_ONLY
from bot.gitlab.heard import Heard, StumbledError, TokenRefusedError

SILENT = frozenset({408, 502, 503, 504, 520, 521, 522, 523, 524})
USUAL_WAIT, LONGEST_WAIT = 10.0, 120.0
LONGEST_REASON = 300
_STATUS_FIRST = re.compile(r"^\(?[45]\d\d\)?[\s:]+(?:\(?bad request\)?)?[\s:–-]*", re.IGNORECASE)
_RUBY_PAIR = re.compile(r'(?::"?(\w+)"?\s*=>|"(\w+)"\s*=>|(\w+):)\s*(\[[^\]]*\]|"(?:[^"\\]|\\.)*")')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def meaning(heard: Heard) -> Unavailable | Rejected:
    """Tell "later" from "never": only what GitLab has understood and refused is a refusal."""
    status = heard.status_code
    if status == 429:
        return Unavailable("GitLab limits our rate", retry_after=_retry_after(heard) or USUAL_WAIT, world_is_down=False)
    if status in SILENT:
        wait = _retry_after(heard)
        kind = StumbledError if wait is None and status >= 500 else Unavailable
        return kind(f"GitLab does not answer ({status})", retry_after=wait)
    if status == 401:
        said = sentence(_body(heard) or "").casefold()
        return TokenRefusedError(next((why for why in ("expired", "revoked") if why in said), ""))
    if status == 409 or status >= 500:
        kind = StumbledError if status >= 500 else Unavailable
        return kind(f"GitLab answers with an error ({status})", world_is_down=False)
    body = _body(heard)
    if body is None:
        return Unavailable(f"what answers is not GitLab's API ({status})")
    if _lacks_scope(body):
        return Rejected(READ_ONLY)
    said = sentence(body)
    return Rejected(f"{said} ({status})" if said else f"{status}", gone=status == 404)


def _lacks_scope(body: object) -> bool:
    """Tell whether a token that may read is too little; where even that would need `read_api`, it may do nothing."""
    if not isinstance(body, dict) or body.get("error") != "insufficient_scope":
        return False
    return "read_api" not in str(body.get("scope", "")).split()


def sentence(body: object) -> str:
    """Make one short readable sentence of an error body, without a full stop."""
    if isinstance(body, dict):
        said = body.get("error_description") or body.get("message") or body.get("error") or ""
    else:
        said = body
    words = "; ".join(dict.fromkeys(part for part in _parts(said, "") if part))
    return words if len(words) <= LONGEST_REASON else words[: LONGEST_REASON - 1].rstrip() + "…"


def _parts(said: object, field: str) -> list[str]:
    if isinstance(said, dict):
        return [part for name, inner in said.items() for part in _parts(inner, " ".join(str(name).split()))]
    if isinstance(said, list):
        return [part for inner in said for part in _parts(inner, field)]
    text = " ".join(_STATUS_FIRST.sub("", str(said).strip()).split()).rstrip(".")
    if text.startswith("{") and (pairs := _RUBY_PAIR.findall(text)):
        return [
            part
            for one, two, three, value in pairs
            for inner in _QUOTED.findall(value)
            for part in _parts(inner, one or two or three)
        ]
    return [f"{field} {text}" if text and field and field != "base" else text]


def _body(heard: Heard) -> object:
    """Read an error's body; None where GitLab itself would not speak so."""
    try:
        found: Any = json.loads(heard.content)
    except ValueError:
        return None
    return found


def _retry_after(heard: Heard) -> float | None:
    """Read how long GitLab wants to be left alone: in seconds or as a date, else when its window ends."""
    try:
        seconds = Retry().parse_retry_after(heard.headers.get("Retry-After", ""))
    except (InvalidHeader, ValueError, TypeError, OverflowError):
        reset = heard.headers.get("RateLimit-Reset", "")
        if not reset.isdigit():
            return None
        seconds = int(reset) - time.time()
    return min(max(0.5, seconds), LONGEST_WAIT)
