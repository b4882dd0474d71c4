"""Reads messages and threads in Slack, for questions and plans that depend on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.errors import Rejected, Unavailable
from bot.domain.questions import MessageQuestion
from bot.domain.talk import Said, Talk
from bot.slack.calls import Identity, SlackCalls
from bot.slack.markup import NOBODY
from bot.slack.said import Message, Reader, mentioned
from bot.store import Store, StoreError
from bot.telemetry import log

MOST_REPLIES = 1000
MOST_STRANGERS = 10


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
    """Reads what was said, with the names of people whom `store` remembers."""

    def __init__(self, calls: SlackCalls, store: Store | None = None) -> None:
        self._calls, self._store = calls, store
        self._me: Identity | None = None

    async def read(self, question: MessageQuestion) -> Talk:
        """Answer a question about a message; raises Unavailable or Rejected.

        The thread is all that stands in it but for the message itself and for what Baton said.
        """
        me = self._me = self._me or await self._calls.identity()
        try:
            found = await self._calls.message(question.channel, question.ts)
            if found and question.reactions and not found.get("reactions"):
                # Slack leaves them out where there are none; nobody's pin may be overlooked, or taken for gone
                found = {**found, "reactions": await self._calls.reactions(question.channel, question.ts)}
            thread = await self._thread(question.channel, found) if found and question.thread else []
        except Rejected as refusal:
            if not refusal.gone:
                raise
            return Talk(None)
        reader = Reader(me.ids, await self._names([found or {}, *thread], me.workspace), me.url)
        message = reader.read(found or {}, question.channel)
        if message is None:
            return Talk(None)
        others = (reader.read(one, question.channel) for one in thread if one.get("ts") != message.ts)
        told = tuple(one for one in others if one is not None and not one.own)
        return Talk(replace(message, permalink=await self._permalink(message)), told)

    async def _thread(self, channel: str, message: Message) -> list[dict[str, Any]]:
        if not message.get("thread_ts"):
            return []
        return await self._calls.thread(channel, str(message["thread_ts"]), MOST_REPLIES + 1)

    async def _names(self, messages: Sequence[Message], home: str) -> Mapping[str, str]:
        """Find the names of people whom messages mention; some whom nobody knows yet, authors too, are asked for."""
        if self._store is None:
            return NOBODY
        known = await names_in(self._store, messages)
        met = {who for message in messages for who in mentioned(message)} | {_author(message) for message in messages}
        strangers = met - (await self._store.read(lambda tx: tx.people(met))).keys() - {""}
        for who in sorted(strangers)[:MOST_STRANGERS]:
            try:
                await self._meet(self._store, who, home)
            except Rejected:
                continue
            except (Unavailable, StoreError):
                break  # an id can be read too
        return await names_in(self._store, messages) if strangers else known

    async def _meet(self, store: Store, who: str, home: str) -> None:
        person, at = await self._calls.describe(who, home), self._calls.clock()
        await store.write(lambda tx: tx.keep_person(person, at))

    async def _permalink(self, message: Said) -> str:
        """Prefer the address that Slack gives to the one that was made like it."""
        try:
            return await self._calls.permalink(message.channel, message.ts)
        except (Rejected, Unavailable) as error:
            log.info("listening.permalink_made", reason=error.reason)
            return message.permalink


def _author(message: Message) -> str:
    """Tell whose words they are; empty for a bot's."""
    return "" if message.get("bot_id") else str(message.get("user") or "")
