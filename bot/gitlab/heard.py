"""What came back from GitLab: an answer, or one of the two errors after which it is worth reading again."""

import json
from typing import Any

from bot.domain.errors import Unavailable


class StumbledError(Unavailable):
    """GitLab answered, with an error of its own; the next answer may well be good."""


class BrokenError(Unavailable):
    """The connection broke instead of bringing an answer."""


class TokenRefusedError(Unavailable):
    """GitLab does not take the token; `why` is "expired" or "revoked" where it says so."""

    def __init__(self, why: str = "") -> None:
        said = {"expired": "it has expired", "revoked": "it was revoked"}.get(why, "it may have expired")
        super().__init__(f"GitLab refuses my token (401); {said}", token_refused=True)
        self.why = why


class Heard:
    """GitLab's answer, as python-gitlab expects it from a backend: it is the response, and the response in it."""

    history = ()
    reason = ""

    def __init__(self, status: int, headers: Any, content: bytes) -> None:  # noqa: ANN401 - urllib3's mapping
        self.status_code, self.headers, self.content = status, headers, content

    @property
    def response(self) -> "Heard":
        """Give python-gitlab what it hands on."""
        return self

    def json(self) -> Any:  # noqa: ANN401 - JSON is of any shape
        """Read the body."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            message = "what answers is not GitLab's API"
            raise Unavailable(message) from error
