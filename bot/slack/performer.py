"""Performs what the outbox has for Slack: posts and edits, worded when they are sent, pictures, and who is on call."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot import charts
from bot.dialogue import File
from bot.domain.errors import Rejected
from bot.domain.journal import Delivery, Message
from bot.domain.operations import Post, Refresh, SetTopic, SetUsergroup, ShowPicture
from bot.domain.team import Team
from bot.messages import Words, general
from bot.slack.calls import SlackCalls
from bot.slack.errors import NotThereError
from bot.slack.markup import without_entities
from bot.slack.roster import BOT_USER
from bot.slack.sparing import Sparing
from bot.slack.topics import renewed
from bot.store import Store, Tx

Rendering = Callable[[Tx, Team, str], Words]
"""Words a message about a record (its id) from what is stored now."""
Describe = Callable[[Tx, Team, str], File | None]
"""Describes a picture of a record (its id); None where there is nothing to draw."""
CLOCKS_DIFFER = timedelta(minutes=5)
AN_HOUR = 3600.0
MISSED = "instead of a channel: "
"""Begins the name of a fact: the channel that a message of Baton's was meant for, and why it is not there."""
MEND = "Invite Baton to the channel, or check TEAM_CHANNEL."


class SlackPerformer:
    """Posts and edits messages, and shows who is on call; `renderings` and `pictures` by the name that an operation gives."""

    def __init__(
        self,
        calls: SlackCalls,
        store: Store,
        team: Team,
        renderings: Mapping[str, Rendering],
        pictures: Mapping[str, Describe],
        clock: Callable[[], datetime],
    ) -> None:
        self.calls, self.store, self.team, self.renderings, self.clock = calls, store, team, renderings, clock
        self.pictures = pictures
        self._drawings: dict[int, asyncio.Task[bytes]] = {}
        self._not_there = Sparing("slack.not_in_channel", AN_HOUR)

    async def __call__(self, delivery: Delivery) -> dict[str, Any]:
        """Post, edit or set; a post that may have arrived earlier is looked for first."""
        match delivery.operation:
            case Post() as post:
                return await self._post(delivery, post)
            case Refresh() as refresh:
                return await self._refresh(refresh)
            case ShowPicture() as picture:
                return await self._show_picture(delivery, picture)
            case SetUsergroup(group, who):
                return await self._set_usergroup(group, who)
            case SetTopic(channel, text):
                return await self._set_topic(channel, text)
        message = f"Slack cannot do {type(delivery.operation).__name__}"
        raise Rejected(message)

    async def _post(self, delivery: Delivery, post: Post) -> dict[str, Any]:
        said = await self._words(post.show, post.about)
        try:
            channel, ts = await self._post_once(delivery, post, post.channel, said)
        except NotThereError as refusal:
            self._not_there.warn(refusal.reason, channel=post.channel, fix=MEND)
            if not post.otherwise:
                raise
            missed = f"{post.channel} {refusal.code}"
            channel, ts = await self._post_once(delivery, post, post.otherwise, await self._noted(said, missed))
            await self._keep(Message(post.message, channel, ts, post.show, post.about, self.clock()), missed)
        else:
            await self._keep(Message(post.message, channel, ts, post.show, post.about, self.clock()))
        return {"channel": channel, "ts": ts}

    async def _post_once(self, delivery: Delivery, post: Post, place: str, said: Words) -> tuple[str, str]:
        if delivery.attempts > 0 and delivery.first_attempt_at is not None:
            since = (delivery.first_attempt_at - CLOCKS_DIFFER).timestamp()
            found = await self.calls.find_posted(place, post.message, since, post.thread)
            if found:
                return found
        return await self.calls.post(place, said, post.message, post.thread)

    async def _refresh(self, refresh: Refresh) -> dict[str, Any]:
        shown = await self.store.read(lambda tx: tx.message(refresh.message))
        if shown is None:
            return {}  # it could not be posted, so there is nothing to edit
        said = await self._words(shown.show, shown.about)
        if missed := await self.store.read(lambda tx: tx.fact(MISSED + shown.key)):
            said = await self._noted(said, missed)
        await self.calls.update(shown.channel, shown.ts, said)
        await self._keep(replace(shown, shown_at=self.clock()))
        return {}

    async def _show_picture(self, delivery: Delivery, operation: ShowPicture) -> dict[str, Any]:
        """Draw a picture, and put it under its message, unless an earlier attempt did."""
        message = await self.store.read(lambda tx: tx.message(operation.message))
        file = await self.store.read(lambda tx: self.pictures[operation.show](tx, self.team, operation.about))
        if message is None or file is None or isinstance(file.content, str):
            return {}
        if delivery.attempts and await self.calls.has_file_named(message.channel, message.ts, file.name):
            return {}
        # drawing may take longer than an attempt has: the next one goes on with it
        drawing = self._drawings.get(delivery.id) or asyncio.create_task(charts.draw(file.content))
        self._drawings[delivery.id] = drawing
        try:
            png = await asyncio.shield(drawing)
            await self.calls.add_file(
                message.channel, message.ts, file.name, png, comment=file.comment, alternative=file.alternative
            )
        finally:
            if drawing.done() and (drawing.cancelled() or drawing.exception()):
                del self._drawings[delivery.id]
        self._drawings.pop(delivery.id, None)
        return {}

    async def _set_usergroup(self, group: str, who: str) -> dict[str, Any]:
        if who:  # Slack lets nobody empty a group
            await self.calls.set_members(group, who)
        return {}

    async def _set_topic(self, channel: str, text: str) -> dict[str, Any]:
        if not text:
            return {}
        topic = await self.calls.topic(channel)
        new = renewed(topic, text)
        if new != without_entities(topic):  # Slack tells the whole channel of every change
            await self.calls.set_topic(channel, new)
        return {}

    async def _keep(self, message: Message, missed: str = "") -> None:
        def keep(tx: Tx) -> None:
            tx.keep_message(message)
            if missed:
                tx.keep_fact(MISSED + message.key, missed, message.shown_at)

        await self.store.write(keep)

    async def _noted(self, said: Words, missed: str) -> Words:
        """Add why this person is told, and not the channel."""
        channel, _, code = missed.partition(" ")
        return general.told_here(said, channel, code, await self.store.read(lambda tx: tx.fact(BOT_USER)))

    async def _words(self, show: str, about: str) -> Words:
        return await self.store.read(lambda tx: self.renderings[show](tx, self.team, about))
