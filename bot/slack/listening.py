"""Reads messages and threads in Slack, for questions and plans that depend on them."""

from collections.abc import Iterable, Mapping

from bot.domain.errors import Rejected
from bot.domain.questions import MessageQuestion
from bot.domain.talk import Talk
from bot.slack.calls import SlackCalls
from bot.slack.markup import NOBODY
from bot.slack.said import Message, mentioned
from bot.store import Store, StoreError


async def names_in(store: Store, messages: Iterable[Message]) -> Mapping[str, str]:
    """Find the names of the people whom messages mention, by id, as far as they are remembered."""
    people = {who for message in messages for who in mentioned(message)}
    if not people:
        return NOBODY
    try:
        known = await store.read(lambda tx: tx.people(people))
    except StoreError:  # whoever answers the request says so
        return NOBODY
    return {who: person.name for who, person in known.items()}


class Listening:
    """Reads what was said."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    async def read(self, question: MessageQuestion) -> Talk:
        """Answer a question about a message; raises Unavailable or Rejected."""
        message = f"{question.channel} cannot be read"
        raise Rejected(message)
