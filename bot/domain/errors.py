"""The ways in which something can go wrong, named by what the caller can do about it."""


class UserError(Exception):
    """The person can mend it: the message is spoken to them as it is, and nothing was changed."""


class NotKnownYetError(Exception):
    """A right depends on somebody (or a group) that Slack has not described yet: keep the request, ask, try again."""

    def __init__(self, who: str) -> None:
        super().__init__(who)
        self.who = who


class Unavailable(Exception):  # noqa: N818 - it names a state of the world, not a defect
    """The other side cannot do it now and may do it later.

    `world_is_down` tells a world that does not answer at all (try one thing at a time) from one call that failed.
    `retry_after` is in seconds, when the other side named a time. `token_refused`: somebody has to mend our token.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_after: float | None = None,
        world_is_down: bool = True,
        token_refused: bool = False,
    ) -> None:
        super().__init__(reason)
        self.token_refused = token_refused
        self.reason = reason
        self.retry_after = retry_after
        self.world_is_down = world_is_down


class Rejected(Exception):  # noqa: N818 - it names an answer, not a defect
    """The other side understood and refused; asking again the same way would be refused again.

    `gone` tells that the thing it was about does not exist (any more).
    """

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.gone = gone


class Unsent(Exception):  # noqa: N818 - no error: it waits for another turn
    """It was not sent after all: there was no time left for it, or nobody wants it now."""
