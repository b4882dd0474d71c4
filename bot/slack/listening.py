"""Reads messages and threads in Slack, for questions and plans that depend on them."""

from bot.domain.errors import Rejected
from bot.domain.questions import MessageQuestion
from bot.domain.talk import Talk
from bot.slack.calls import SlackCalls


class Listening:
    """Reads what was said."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    async def read(self, question: MessageQuestion) -> Talk:
        """Answer a question about a message; raises Unavailable or Rejected."""
        message = f"{question.channel} cannot be read"
        raise Rejected(message)
