"""What came back from GitLab: an answer, or one of the two errors after which it is worth reading again."""

import json
from typing import Any

from bot.domain.errors import Unavailable


class StumbledError(Unavailable):
    """GitLab answered, with an error of its own; the next answer may well be good."""


class BrokenError(Unavailable):
    """The connection broke instead of bringing an answer."""


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
