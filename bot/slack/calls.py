"""Calls to Slack's Web API, each with a timeout, its errors told apart: later (Unavailable) or never (Rejected).

https://docs.slack.dev/reference/methods
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import Rejected, Unavailable
from bot.domain.people import Person
from bot.messages import View, Words
from bot.slack.errors import (
    NO_PERMISSION,
    SERVER_ERROR,
    TOO_MANY_REQUESTS,
    NotThereError,
    answer_to,
    lacks_the_right,
    may_have_arrived,
)
from bot.telemetry import log

SECONDS = 6.0
MODAL_SECONDS = 2.0
CLOCKS_DIFFER = timedelta(minutes=5)
LOOKS_FOR_A_FILE, LOOK_AGAIN_SECONDS = 3, 1.0
LONGEST_ALTERNATIVE = 1000
MOST_VIEWS = 1000
MARKER = "baton_message"
MOST_PAGES = 50
A_FEW = 15
WRONG_BLOCKS = ("invalid_blocks", "msg_blocks_too_long", "block_mismatch")


@dataclass(frozen=True)
class Identity:
    """Who Baton is in its workspace; `url` is the workspace's own address."""

    workspace: str
    user: str
    bot: str
    url: str = ""

    @property
    def ids(self) -> frozenset[str]:
        """Baton's own ids, as they stand in messages."""
        return frozenset(filter(None, (self.user, self.bot)))


class SlackCalls:
    """Slack's Web API, as far as Baton needs it."""

    def __init__(self, token: str, url: str, session: aiohttp.ClientSession, clock: Callable[[], datetime]) -> None:
        self.client = _Client(token=token, base_url=url, session=session, timeout=int(SECONDS), retry_handlers=[])
        self.session = session
        # the SDK's own look at the environment knows no exceptions (NO_PROXY)
        self.proxy = self.client.proxy = _proxy_for(url)
        self.clock = clock
        self.reached_at: datetime | None = None
        self._views: dict[str, str] = {}
        self.trouble = ""
        """Why the last call was not answered; empty when it was."""

    # modals and answers

    async def open_modal(self, trigger: str, view: View) -> None:
        """Open a modal; the trigger lives three seconds and works once."""
        opened = await self._called(self.client.views_open(trigger_id=trigger, view=view), MODAL_SECONDS)
        if (external := view.get("external_id")) and (view_id := (opened.get("view") or {}).get("id")):
            self._views[external] = view_id
            while len(self._views) > MOST_VIEWS:
                del self._views[next(iter(self._views))]

    async def update_modal(self, external: str, view: View) -> None:
        """Fill in a modal that was opened with this external id; Slack's own id of it is used where it is known."""
        known = self._views.get(external)
        place = {"view_id": known} if known else {"external_id": external}
        await self._called(self.client.views_update(**place, view=view))

    async def publish_home(self, who: str, view: View) -> None:
        """Let somebody's Home tab show this.

        https://docs.slack.dev/reference/methods/views.publish
        """
        await self._called(self.client.views_publish(user_id=who, view=view))

    async def renew_modal(self, view_id: str, view: View) -> None:
        """Let a modal show something else."""
        await self._called(self.client.views_update(view_id=view_id, view=view), MODAL_SECONDS)

    async def respond(self, url: str, said: Words) -> None:
        """Answer by a response URL, to the person alone."""
        body: dict[str, Any] = {"response_type": "ephemeral", "replace_original": False, **_body(said)}
        try:
            async with (
                asyncio.timeout(SECONDS),
                self.session.post(url, json=body, proxy=self.proxy) as response,
            ):
                if response.status >= SERVER_ERROR or response.status == TOO_MANY_REQUESTS:
                    message = f"Slack answers {response.status}"
                    raise Unavailable(message, world_is_down=False)
                if response.status != 200:
                    message = f"the response URL answers {response.status}"
                    raise Rejected(message, gone=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            message = "Slack does not answer"
            raise Unavailable(message) from error

    async def whisper(self, channel: str, who: str, said: Words) -> None:
        """Say something to one person in a channel."""
        await self._say(lambda body: self.client.chat_postEphemeral(channel=channel, user=who, **body), said)

    async def direct(self, who: str, said: Words) -> None:
        """Say something to one person, as a direct message."""
        channel = await self.direct_channel(who)
        await self._say(lambda body: self.client.chat_postMessage(channel=channel, **body), said)

    async def send_file(
        self, who: str, name: str, content: str | bytes, comment: str, alternative: str = "", *, title: str = ""
    ) -> bool:
        """Send a file to one person, as a direct message; tells whether it is known to have arrived.

        `alternative` is what a screen reader says of a picture. False stands for not knowing: whoever sent it again
        might show it twice. Unavailable and Rejected are raised when it did not arrive for certain.
        https://docs.slack.dev/messaging/working-with-files
        """
        channel, since = await self.direct_channel(who), self.clock() - CLOCKS_DIFFER
        file = await self._upload(name, content.encode() if isinstance(content, str) else content, alternative)
        try:
            await self._called(
                self.client.files_completeUploadExternal(
                    files=[{"id": file, "title": title or name}], channel_id=channel, initial_comment=comment
                )
            )
        except Unavailable as silence:
            if not may_have_arrived(silence):
                raise
            log.info("slack.file_unsure", reason=silence.reason)
            return await self._has_file(channel, file, since.timestamp())
        return True

    async def add_file(
        self, channel: str, thread: str, name: str, content: bytes, *, comment: str, alternative: str
    ) -> None:
        """Put a file into a thread. After Unavailable it may be there all the same: `has_file_named` tells."""
        file = await self._upload(name, content, alternative)
        await self._called(
            self.client.files_completeUploadExternal(
                files=[{"id": file, "title": name}], channel_id=channel, thread_ts=thread, initial_comment=comment
            )
        )

    async def has_file_named(self, channel: str, thread: str, name: str) -> bool:
        """Look whether a file of this name stands in a thread; a few times, for Slack may need a moment to show it."""
        for attempt in range(LOOKS_FOR_A_FILE):
            if attempt:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            async for one in self._replies(channel, thread, limit=200):
                if any(file.get("name") == name for file in one.get("files") or ()):
                    return True
        return False

    async def _upload(self, name: str, content: bytes, alternative: str) -> str:
        """Bring a file to Slack, where nobody sees it yet; gives its id."""
        place = await self._called(
            self.client.files_getUploadURLExternal(
                filename=name, length=len(content), alt_txt=alternative[:LONGEST_ALTERNATIVE] or None
            )
        )
        try:
            async with (
                asyncio.timeout(2 * SECONDS),
                self.session.post(str(place["upload_url"]), data=content, proxy=self.proxy) as response,
            ):
                if response.status != 200:
                    message = f"Slack answers {response.status} to an upload"
                    raise Unavailable(message, world_is_down=False)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            message = f"Slack does not take an upload ({type(error).__name__})"
            raise Unavailable(message) from error
        return str(place["file_id"])

    async def _has_file(self, channel: str, file: str, since: float) -> bool:
        """Look a few times whether a channel shows a file: Slack may need a moment for that."""
        for attempt in range(LOOKS_FOR_A_FILE):
            if attempt:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                page = await self._called(
                    self.client.conversations_history(channel=channel, oldest=f"{since:.6f}", limit=200)
                )
            except (Unavailable, Rejected) as error:
                log.info("slack.file_not_looked_for", reason=error.reason)
                continue
            if any(one.get("id") == file for said in page.get("messages") or () for one in said.get("files") or ()):
                return True
        return False

    async def direct_channel(self, who: str) -> str:
        """Find the channel of direct messages with somebody."""
        opened = await self._called(self.client.conversations_open(users=who))
        return str(opened["channel"]["id"])

    # messages that stay

    async def post(self, channel: str, said: Words, key: str, thread: str = "") -> tuple[str, str]:
        """Post a message that carries the hidden marker `key`; gives its channel and its `ts`."""
        marker = {"event_type": MARKER, "event_payload": {"key": key}}
        extra: dict[str, Any] = {"thread_ts": thread} if thread else {}
        sent = await self._say(
            lambda body: self.client.chat_postMessage(
                channel=channel, metadata=marker, unfurl_links=False, unfurl_media=False, **extra, **body
            ),
            said,
        )
        return str(sent["channel"]), str(sent["ts"])

    async def update(self, channel: str, ts: str, said: Words) -> None:
        """Let a message of ours say something else."""
        await self._say(lambda body: self.client.chat_update(channel=channel, ts=ts, **body), said)

    async def find_posted(self, channel: str, key: str, since: float, thread: str = "") -> tuple[str, str] | None:
        """Look for a message of ours that carries the marker `key`, posted after `since` (epoch seconds)."""
        place = await self.direct_channel(channel) if channel[:1] in {"U", "W"} else channel
        cursor = ""
        for _ in range(MOST_PAGES):
            asked: dict[str, Any] = {
                "channel": place,
                "oldest": f"{since:.6f}",
                "limit": 200,
                "include_all_metadata": True,
                **({"cursor": cursor} if cursor else {}),
            }
            if thread:
                page = await self._called(self.client.conversations_replies(ts=thread, **asked))
            else:
                page = await self._called(self.client.conversations_history(**asked))
            for message in page.get("messages") or ():
                if ((message.get("metadata") or {}).get("event_payload") or {}).get("key") == key:
                    return place, str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
        return None

    # what others said

    async def message(self, channel: str, ts: str) -> dict[str, Any] | None:
        """Read the message with exactly this `ts`, a reply in a thread too; None where there is none.

        https://docs.slack.dev/reference/methods/conversations.replies
        """
        async for one in self._replies(channel, ts, oldest=ts, latest=ts, inclusive=True, limit=A_FEW):
            if one.get("ts") == ts:
                return one
        return None

    async def reactions(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """Read the reactions on a message.

        https://docs.slack.dev/reference/methods/reactions.get
        """
        found = await self._called(self.client.reactions_get(channel=channel, timestamp=ts, full=True))
        return list((found.get("message") or {}).get("reactions") or ())

    async def thread(self, channel: str, ts: str, most: int) -> list[dict[str, Any]]:
        """Read a thread by its first message's `ts`, from that on, in order, `most` messages at most."""
        found: list[dict[str, Any]] = []
        async for one in self._replies(channel, ts, limit=200):
            if len(found) == most:
                break
            found.append(one)
        return found

    async def _replies(self, channel: str, ts: str, **asked: Any) -> AsyncIterator[dict[str, Any]]:  # noqa: ANN401
        cursor = ""
        for _ in range(MOST_PAGES):
            place = {**asked, "cursor": cursor} if cursor else asked
            page = await self._called(self.client.conversations_replies(channel=channel, ts=ts, **place))
            for one in page.get("messages") or ():
                yield one
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def permalink(self, channel: str, ts: str) -> str:
        """Ask for a message's address."""
        answer = await self._called(self.client.chat_getPermalink(channel=channel, message_ts=ts))
        return str(answer["permalink"])

    # people

    async def identity(self) -> Identity:
        """Ask who Baton is."""
        me = await self._called(self.client.auth_test())
        return Identity(_home(me), str(me.get("user_id", "")), str(me.get("bot_id") or ""), str(me.get("url") or ""))

    async def describe(self, who: str, home: str) -> Person:
        """Ask Slack about somebody; raises Rejected when Slack knows nobody of this id.

        `home` is Baton's own workspace: whoever is a member there is one of it, whichever other workspaces of the
        enterprise they belong to as well.
        """
        user = (await self._called(self.client.users_info(user=who)))["user"]
        profile = user.get("profile") or {}
        shown, *others = _names(user, profile) or [who]
        return Person(
            id=who,
            name=shown,
            others=tuple(others),
            handle=str(user.get("name") or ""),
            zone=str(user.get("tz") or "UTC"),
            email=str(profile.get("email") or ""),
            bot=bool(user.get("is_bot")) or who == "USLACKBOT",
            deactivated=bool(user.get("deleted")),
            guest=any(user.get(flag) for flag in ("is_restricted", "is_ultra_restricted", "is_stranger")),
            team=home if home and home in _teams(user) else str(user.get("team_id") or ""),
        )

    async def members(self, group: str) -> frozenset[str]:
        """Ask who is in a user group."""
        found = await self._called(self.client.usergroups_users_list(usergroup=group))
        return frozenset(str(one) for one in found.get("users") or ())

    async def channel_members(self, channel: str) -> frozenset[str]:
        """Ask who is in a channel; raises NotThereError where Baton may not know."""
        found: set[str] = set()
        cursor = ""
        for _ in range(MOST_PAGES):
            page = await self._called(
                self.client.conversations_members(channel=channel, limit=1000, cursor=cursor or None)
            )
            found.update(str(one) for one in page.get("members") or ())
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return frozenset(found)

    async def is_private(self, channel: str) -> bool:
        """Ask whether a channel is private; Slack hides those in which Baton is no member, and shows public ones."""
        try:
            shown = (await self._called(self.client.conversations_info(channel=channel)))["channel"]
        except NotThereError:
            return True
        return bool(shown.get("is_private"))

    # who is on call

    async def set_members(self, group: str, who: str) -> None:
        """Let a user group hold one person, and nobody else."""
        await self._set(self.client.usergroups_users_update(usergroup=group, users=[who]))

    async def topic(self, channel: str) -> str:
        """Ask for a channel's topic, as Slack gives it: escaped."""
        shown = (await self._called(self.client.conversations_info(channel=channel)))["channel"]
        return str((shown.get("topic") or {}).get("value") or "")

    async def set_topic(self, channel: str, topic: str) -> None:
        """Give a channel a topic, as people read it: Slack escapes it."""
        await self._set(self.client.conversations_setTopic(channel=channel, topic=topic))

    async def socket_address(self, app_token: str) -> str:
        """Ask where a WebSocket may be opened, once."""
        return str((await self._called(self.client.apps_connections_open(app_token=app_token)))["url"])

    async def _say(self, call: Callable[[dict[str, Any]], Awaitable[Any]], said: Words) -> dict[str, Any]:
        """Say something; if Slack does not take its blocks, better plain than silent."""
        try:
            return await self._called(call(_body(said)))
        except Rejected as refusal:
            if not said.blocks or not refusal.reason.startswith(WRONG_BLOCKS):
                raise
            log.warning("slack.blocks_refused", reason=refusal.reason[:200])
            return await self._called(call(_body(Words(said.text))))

    async def _set(self, call: Awaitable[Any]) -> None:
        """Set what is not everybody's to set: that Baton lacks the right is an answer, and no trouble with its token."""
        try:
            await self._called(call)
        except Unavailable as trouble:
            if not lacks_the_right(trouble):
                raise
            self._heard()
            raise Rejected(NO_PERMISSION) from trouble

    async def _called(self, call: Awaitable[Any], seconds: float = SECONDS) -> dict[str, Any]:
        """Wait for a call, tell later from never, and remember whether Slack was there."""
        try:
            answer = await answer_to(call, seconds)
        except Rejected:
            self._heard()
            raise
        except Unavailable as silence:
            self.trouble = silence.reason if silence.world_is_down else ""
            raise
        self._heard()
        return answer

    def _heard(self) -> None:
        self.reached_at, self.trouble = self.clock(), ""


def _home(me: Mapping[str, Any]) -> str:
    """Name the workspace that the app is installed in, or the enterprise where it is installed in all of it."""
    whole = me.get("is_enterprise_install") and me.get("enterprise_id")
    return str(whole or me.get("team_id") or "")


def _names(user: Mapping[str, Any], profile: Mapping[str, Any]) -> list[str]:
    """List what somebody is called: the name that is shown, the real one, the user name.

    https://docs.slack.dev/reference/objects/user-object
    """
    called = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    return list(dict.fromkeys(str(name) for name in called if name))


def _teams(user: Mapping[str, Any]) -> set[str]:
    """List where somebody is a member: an enterprise tells it of its own people, and of nobody else.

    https://docs.slack.dev/reference/objects/user-object
    """
    enterprise = user.get("enterprise_user") or {}
    return {
        str(one) for one in (user.get("team_id"), enterprise.get("enterprise_id"), *(enterprise.get("teams") or ()))
    }


def _proxy_for(url: str) -> str | None:
    """Find the proxy that the environment names for this address, once for all calls."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


class _Client(AsyncWebClient):
    """Slack's client, which trips over an answer in plain text, such as a 429 may have."""

    async def _request(self, *, http_verb: str, api_url: str, req_args: dict[str, Any]) -> dict[str, Any]:
        answer = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        return answer if isinstance(answer["data"], dict) else {**answer, "data": {}}


def _body(said: Words) -> dict[str, Any]:
    return {"text": said.text, "blocks": list(said.blocks)} if said.blocks else {"text": said.text}
