"""The emulated workspace: who is there, what was said, what stands on whose screen. HTTP is only its mouth.

Everything is plain data under one lock. What people do that the bot must hear of goes out through `world.line`;
no lock is held while the bot is spoken to, for it may ask back at once.
"""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.server import Changes
from bot.sandbox.slack import events, payloads
from bot.sandbox.slack.forms import settled
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.requests import Ack, Line
from bot.sandbox.slack.screen import story
from bot.sandbox.slack.state import (
    Channel,
    File,
    Json,
    Member,
    Message,
    ResponseUrl,
    SlackError,
    Trigger,
    Usage,
    Usergroup,
    View,
)

BOT_USER = "U0BATON"
BOT_ID = "B0BATON"
APP_ID = "A0BATON"

# What an app needs that does everything the emulated Web API offers.
ALL_SCOPES = frozenset(
    [
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:manage",
        "channels:read",
        "channels:write.topic",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "groups:write",
        "groups:write.topic",
        "im:history",
        "im:read",
        "im:write",
        "im:write.topic",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "reactions:write",
        "usergroups:read",
        "usergroups:write",
        "users:read",
        "users:read.email",
    ]
)
ALL_EVENTS = frozenset(
    [
        "app_home_opened",
        "app_mention",
        "channel_archive",
        "channel_rename",
        "member_joined_channel",
        "member_left_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "reaction_added",
        "reaction_removed",
        "subteam_updated",
        "user_change",
    ]
)


class SlackWorld:
    """One workspace with one app, Baton, installed in it."""

    def __init__(
        self,
        team_id: str = "T0SANDBOX",
        bot_token: str = "xoxb-sandbox",
        app_token: str = "xapp-sandbox",
        signing_secret: str = "sandbox-signing-secret",
        *,
        clock: Callable[[], float] = time.time,
        changes: Changes | None = None,
    ) -> None:
        self.team_id = team_id
        self.bot_token = bot_token
        self.app_token = app_token
        self.signing_secret = signing_secret
        self.clock = clock
        self.changes = changes or Changes()
        self.lock = threading.RLock()
        self.bot_user = BOT_USER
        self.bot_id = BOT_ID
        self.app_id = APP_ID

        self.url = ""
        """Where this Slack answers; its HTTP mouth fills it in at the first request, unless it was given before."""
        self.bot_url = ""
        """Where the bot listens for HTTP; unused while a Socket Mode connection is open."""
        self.scopes: set[str] = set(ALL_SCOPES)
        self.app_token_connects = True
        """Whether the app-level token has `connections:write`."""
        self.subscriptions: set[str] = set(ALL_EVENTS)
        self.shortcuts: dict[str, str] = {}
        """Name as people read it, and the callback id the bot hears."""
        self.commands: dict[str, bool] | None = None
        """Known slash commands and whether their text is escaped; None: every command, escaped."""
        self.usages: list[Usage] = []
        """What is said of the commands, and of the shortcuts for messages, while somebody looks for them."""
        self.takes_words = True
        """Whether people may say something in their talk with the bot, or it only speaks to them there."""
        self.paces_posts = False
        self.forbids_usergroup_changes = False
        """Whether the workspace lets only administrators change who is in a user group."""
        self.trigger_seconds = 3.0
        self.response_url_seconds = 1800.0
        self.response_url_uses = 5

        self.members: dict[str, Member] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.files: dict[str, File] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.last_posts: dict[str, float] = {}
        self.last_read: dict[tuple[str, str], str] = {}
        """By person and place (see `reading`), the `ts` as far as everything there was read."""
        self.line = Line(self)

        self._numbers = itertools.count(1)
        self._random = random.Random(team_id)
        self._last_ts = 0
        bot = Member(BOT_USER, "baton", "Baton", team_id, is_bot=True, bot_id=BOT_ID, app_id=APP_ID)
        self.members[bot.id] = bot

    # -- seeding ------------------------------------------------------------------------------------------------

    def install(self, manifest: Mapping[str, Any]) -> None:
        """Takes shortcuts, commands, scopes and event subscriptions from an app manifest.

        https://docs.slack.dev/reference/app-manifest
        """
        features = manifest.get("features", {})
        shortcuts, commands = features.get("shortcuts", []), features.get("slash_commands", [])
        self.shortcuts = {each["name"]: each["callback_id"] for each in shortcuts}
        self.commands = {each["command"]: bool(each.get("should_escape", False)) for each in commands}
        self.usages = [
            *(Usage(each["command"], each.get("description", ""), each.get("usage_hint", "")) for each in commands),
            *(Usage(each["name"], each.get("description", "")) for each in shortcuts if each.get("type") != "global"),
        ]
        self.takes_words = not features.get("app_home", {}).get("messages_tab_read_only_enabled", False)
        self.scopes = set(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))
        settings = manifest.get("settings", {})
        self.subscriptions = set(settings.get("event_subscriptions", {}).get("bot_events", []))

    def add_person(
        self,
        id: str,
        name: str,
        real_name: str = "",
        tz: str = "UTC",
        email: str | None = None,
        **account: Any,  # noqa: ANN401 - the other fields of Member
    ) -> Persona:
        """Somebody with an account; `is_bot`, `deleted`, `is_restricted`, `is_ultra_restricted`, `team_id` … by name."""
        account.setdefault("team_id", self.team_id)
        address = f"{name}@example.com" if email is None else email
        member = Member(id, name, real_name or name.title(), tz=tz, email=address, **account)
        if member.is_bot:
            member.bot_id = member.bot_id or f"B{id[1:]}"
            member.app_id = member.app_id or f"A{id[1:]}"
        with self.lock:
            self.members[id] = member
        return self.person(id)

    def add_channel(
        self,
        id: str,
        name: str,
        *,
        private: bool = False,
        members: Iterable[str] = (),
        bot_member: bool = True,
        direct: bool = False,
    ) -> Channel:
        """A channel, or with `direct` a conversation between two people."""
        inside = [*members, *([self.bot_user] if bot_member else [])]
        kind = payloads.kind_of(private=private, direct=direct)
        channel = Channel(id, name, kind, inside, created=int(self.clock()))
        with self.lock:
            self.channels[id] = channel
        return channel

    def add_usergroup(self, id: str, handle: str, users: Iterable[str] = (), name: str = "") -> Usergroup:
        """A user group."""
        group = Usergroup(id, handle, name or handle, list(users))
        with self.lock:
            self.usergroups[id] = group
        return group

    # -- looking ------------------------------------------------------------------------------------------------

    def person(self, id: str) -> Persona:
        """The eyes and hands of somebody."""
        if id not in self.members:
            raise KeyError(id)
        return Persona(self, id)

    def channel(self, id_or_name: str) -> Channel:
        """A channel by its id or name."""
        with self.lock:
            found = self.channels.get(id_or_name) or next(
                (each for each in self.channels.values() if each.name == id_or_name.lstrip("#") and each.kind != "im"),
                None,
            )
        if found is None:
            raise SlackError("channel_not_found")
        return found

    def messages(self, channel: str) -> list[Message]:
        """What everybody in a channel sees, thread replies too, oldest first; the messages stay alive to edits."""
        with self.lock:
            return [each for each in self.channel(channel).messages if each.only_for is None]

    def direct(self, user: str) -> Channel:
        """The conversation between the bot and somebody, opened on demand."""
        with self.lock:
            id_ = f"D{user[1:]}"
            if id_ not in self.channels:
                self.channels[id_] = Channel(id_, user, "im", [user, self.bot_user], created=int(self.clock()))
            return self.channels[id_]

    def between(self, one: str, other: str) -> Channel:
        """The conversation between two people, opened on demand; the bot is not in it."""
        if self.bot_user in {one, other}:
            return self.direct(one if other == self.bot_user else other)
        with self.lock:
            for each in self.channels.values():
                if each.kind == "im" and set(each.members) == {one, other}:
                    return each
            return self.add_channel(self.next_id("D"), other, members=(one, other), bot_member=False, direct=True)

    def wait_for(self, predicate: Callable[[], bool], timeout: float = 5.0) -> bool:
        """Whether it became true in time; asked again after every change of this world."""
        return self.changes.wait_until(predicate, timeout)

    def story(self) -> str:
        """Everything that stands on anybody's screen, for a test that failed: `assert …, world.story()`."""
        with self.lock:
            return story(self)

    def tz_offset(self, member: Member) -> int:
        """Seconds east of UTC, now."""
        offset = payloads.moment(self.clock()).astimezone(ZoneInfo(member.tz)).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    # -- ids ----------------------------------------------------------------------------------------------------

    def next_id(self, prefix: str) -> str:
        """A fresh id in Slack's manner."""
        return f"{prefix}{next(self._numbers):09d}"

    def next_ts(self) -> str:
        """A fresh `ts`: the time, and never the same twice."""
        with self.lock:
            self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_hash(self) -> str:
        """A fresh version of a view."""
        return f"{int(self.clock())}.{self._random.getrandbits(40):010x}"

    def new_trigger(self, user: str, view: str | None = None) -> str:
        """A right to open a view, for a moment."""
        trigger = Trigger(f"{self.next_id('')}.{self.team_id}.{self.next_hash()}", user, self.clock(), view=view)
        with self.lock:
            self.triggers[trigger.id] = trigger
        return trigger.id

    def new_response_url(self, user: str, channel: str, message: Message | None = None) -> str:
        """An address where the bot may answer."""
        if not self.url:
            complaint = "set world.url to the sandbox's address before people do something"
            raise RuntimeError(complaint)
        entry = ResponseUrl(self.next_id("R"), user, channel, self.clock(), message)
        with self.lock:
            self.response_urls[entry.id] = entry
        return f"{self.url}/response/{entry.id}"

    # -- what happens -------------------------------------------------------------------------------------------

    def post(self, message: Message, *, announce: bool = True) -> list[Ack]:
        """Puts a message where it belongs; the bot hears of it if it may."""
        with self.lock:
            self.channels[message.channel].messages.append(message)
        self.changes.happened()
        if not announce or message.only_for is not None:
            return []
        return self.line.tell(events.posted(self, message), background=message.user == self.bot_user)

    def post_as(
        self,
        person: str | Persona,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        *,
        files: Mapping[str, bytes] | None = None,
        attachments: Iterable[Json] = (),
        blocks: Iterable[Json] = (),
        legacy: bool = False,
    ) -> Message:
        """A person or an alert bot says something; `legacy` as an incoming webhook does, without a user."""
        member = self.members[person if isinstance(person, str) else person.id]
        where = self.channel(channel)
        message = Message(where.id, self.next_ts(), member.id, text, thread_ts=thread_ts)
        message.blocks = settled(blocks)
        message.attachments = [
            {"id": number, "fallback": "", **each, **({"blocks": settled(each["blocks"])} if "blocks" in each else {})}
            for number, each in enumerate(attachments, 1)
        ]
        message.files = [self.new_file(name, content, member.id) for name, content in (files or {}).items()]
        message.subtype = "bot_message" if legacy else "file_share" if message.files else ""
        if member.is_bot:
            message.bot_id, message.app_id = member.bot_id, member.app_id
            message.username = member.real_name if legacy else ""
        else:
            message.client_msg_id = self.next_id("client-")
            message.blocks = message.blocks or payloads.rich_text(text)
        self.post(message)
        return message

    def edit(self, message: Message, text: str, by: str | None = None, **changed: Any) -> list[Ack]:  # noqa: ANN401
        """Changes what a message says; the bot hears `message_changed` if it may."""
        with self.lock:
            before = payloads.message_payload(self, message)
            message.revisions.append(message.text)
            message.text = text
            for key, value in changed.items():
                setattr(message, key, value)
            if "blocks" not in changed and message.client_msg_id:
                message.blocks = payloads.rich_text(text)
            message.edited = {"user": by or message.user, "ts": self.next_ts()}
        self.changes.happened()
        return self.line.tell(events.changed(self, message, before), background=by == self.bot_user)

    def delete(self, message: Message, by: str | None = None) -> list[Ack]:
        """Takes a message away; the bot hears `message_deleted` if it may."""
        with self.lock:
            before = payloads.message_payload(self, message)
            self.channels[message.channel].messages.remove(message)
        self.changes.happened()
        return self.line.tell(events.deleted(self, message, before), background=by == self.bot_user)

    def react(self, user: str, message: Message, name: str) -> list[Ack]:
        """Puts a reaction on a message."""
        with self.lock:
            users = message.reactions.setdefault(name, [])
            if user in users:
                raise SlackError("already_reacted")
            users.append(user)
        self.changes.happened()
        event = events.reaction(self, "reaction_added", user, message, name)
        return self.line.tell(event, background=user == self.bot_user)

    def unreact(self, user: str, message: Message, name: str) -> list[Ack]:
        """Takes a reaction off."""
        with self.lock:
            users = message.reactions.get(name, [])
            if user not in users:
                raise SlackError("no_reaction")
            users.remove(user)
            if not users:
                del message.reactions[name]
        self.changes.happened()
        event = events.reaction(self, "reaction_removed", user, message, name)
        return self.line.tell(event, background=user == self.bot_user)

    def change_person(self, id: str, **account: Any) -> list[Ack]:  # noqa: ANN401
        """Changes an account (zone, name, deactivated …); the bot hears `user_change`."""
        with self.lock:
            member = self.members[id]
            for key, value in account.items():
                setattr(member, key, value)
            member.updated = int(self.clock())
        self.changes.happened()
        return self.line.tell(events.user_change(self, member), background=False)

    def change_usergroup(self, id: str, users: Iterable[str], by: str = "") -> list[Ack]:
        """Replaces who is in a group; the bot hears `subteam_updated`."""
        with self.lock:
            group = self.usergroups[id]
            group.users = list(users)
            group.updated = int(self.clock())
        self.changes.happened()
        return self.line.tell(events.subteam_updated(self, group), background=by == self.bot_user)

    def set_topic(self, user: str, channel: str, topic: str) -> list[Ack]:
        """Somebody (or the bot) gives a channel a topic; Slack says so there, and escapes it."""
        kept = payloads.escaped(topic)
        with self.lock:
            where = self.channel(channel)
            if where.topic == kept:
                return []
            where.topic = kept
        said = f"set the channel topic: {kept}" if kept else "cleared the channel topic"
        message = Message(where.id, self.next_ts(), user, f"<@{user}> {said}", subtype="channel_topic", topic=kept)
        return self.post(message)

    def archives(self, channel: str, *, archived: bool = True) -> None:
        """Somebody archives a channel, or takes it back."""
        with self.lock:
            self.channel(channel).is_archived = archived
        self.changes.happened()

    def joins(self, user: str, channel: str) -> list[Ack]:
        """Somebody (or the bot) becomes a member of a channel."""
        with self.lock:
            where = self.channel(channel)
            if user in where.members:
                return []
            where.members.append(user)
        self.changes.happened()
        event = events.membership(self, "member_joined_channel", user, where)
        return self.line.tell(event, background=user == self.bot_user)

    def leaves(self, user: str, channel: str) -> list[Ack]:
        """Somebody (or the bot) leaves a channel."""
        with self.lock:
            where = self.channel(channel)
            where.members.remove(user)
        self.changes.happened()
        return self.line.tell(events.membership(self, "member_left_channel", user, where), background=False)

    def new_file(self, name: str, content: bytes | None, user: str, size: int | None = None) -> File:
        """A file, or with no content the promise of one."""
        length = size if content is None else len(content)
        file = File(self.next_id("F"), PurePath(name).name, length or 0, user, title=name, content=content)
        file.created = int(self.clock())
        file.completed = content is not None
        with self.lock:
            self.files[file.id] = file
        return file

    # -- for tests that look behind the wire --------------------------------------------------------------------

    def redeliver(self, ack: Ack, *, retry: tuple[int, str] | None = None, bot_url: str | None = None) -> Ack:
        """Sends the identical request once more, as `retry` (number, reason) if given, to another bot if given."""
        return self.line.redeliver(ack, retry=retry, bot_url=bot_url)

    def cuts_sockets(self) -> int:
        """Aborts every Socket Mode connection without a farewell; how many there were."""
        return self.line.sockets.cut()
