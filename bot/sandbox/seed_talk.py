"""What was said in the emulated workspace before somebody looks: a morning's talk, alarms, private rooms, a question.

Times follow `morning`; everybody has read the team's channel up to the last few words.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from bot.sandbox.seed import ALICE, BEN, CHANNEL, CHEN, LEFT_BEHIND
from bot.sandbox.slack.payloads import rich_text
from bot.sandbox.slack.reading import mark_read
from bot.sandbox.slack.state import Json, Message
from bot.sandbox.slack.world import SlackWorld

ALERTS: Final = "C0ALERTS"
REVIEW: Final = "G0REVIEW"
SECURITY: Final = "G0SECURITY"
ALARM: Final = "U0ALARM"
LAG: Final = "Replication lag of db-02 above 10 minutes"
"""The alarm in the team's channel that becomes an outage; its words stand in an attachment alone."""
BACKUP_STOPPED: Final = "I stopped the backup at 08:47 UTC. The lag still grows."
"""The reply under it that is worth a line in the log."""
NUMBERS: Final = b"""\
host   role     lag      disk busy  connections
db-01  primary  -        41 %       212
db-02  standby  11m 40s  98 %       37
db-03  standby  0.4s     22 %       35

backup of db-02: running since 08:10:02 UTC, 61 % done
"""


def seed_talk(world: SlackWorld, morning: datetime) -> None:
    """Rooms, some without the bot and some private, and a few words everywhere."""
    everybody = (ALICE, BEN, CHEN)
    world.add_person(ALARM, "alarm", "Alarm", is_bot=True)
    world.add_channel(ALERTS, "alerts", members=(*everybody, ALARM), bot_member=False)
    world.add_channel(REVIEW, "postmortems", private=True, members=(ALICE, BEN), bot_member=False)
    world.add_channel(SECURITY, "security", private=True, members=(ALICE, BEN))
    world.channel(CHANNEL).topic = "What keeps the fleet running"
    world.channel(CHANNEL).members.append(ALARM)
    world.channel(ALERTS).topic = "Alarms of the monitoring. Baton is not in here."
    world.channel(SECURITY).topic = "Private: Alice, Ben, and Baton"
    talk = _Talk(world, morning)

    disk = talk.says(
        BEN, CHANNEL, "The disk of db-03 is at 91 %. I took the oldest backups off, it holds for the night.", 690
    )
    talk.says(CHEN, CHANNEL, "Thanks! I look at the retention first thing.", 681, thread=disk)
    talk.says(CHEN, CHANNEL, "Two weeks are enough. It is down to 62 % now :tada:", 372, thread=disk)
    disk.reactions["eyes"] = [CHEN]
    disk.reactions["white_check_mark"] = [ALICE, CHEN]
    talk.says(CHEN, CHANNEL, "Quiet night over here. Nothing to hand over but the kernel upgrade.", 95)
    lag = _lag_grows(talk)
    for each in everybody:
        mark_read(world, each, CHANNEL, lag.ts)
    talk.says(
        ALICE, CHANNEL, f"Morning! The week is over, I roll it over in a moment. <@{CHEN}>, what must not move on?", 12
    )
    talk.says(CHEN, CHANNEL, f"“{LEFT_BEHIND}”. We still wait for the offer.", 8)

    talk.alarms(ALERTS, "danger", "Error rate of the API fleet above 2 %", "Since 06:12 UTC, on 3 of 24 hosts", 168)
    talk.alarms(ALERTS, "good", "Error rate of the API fleet is normal again", "After 9 minutes", 159)
    talk.says(BEN, ALERTS, "That was the deploy. I write it down.", 155)

    talk.says(ALICE, REVIEW, "The draft on the search outage is ready to be read. Roles only, no names, please.", 1400)
    talk.says(BEN, SECURITY, "The scan found an old key of the backup host. I take it away today.", 130)
    talk.says(BEN, world.between(ALICE, BEN).id, "Can you take my Thursday evening? I would take your Sunday.", 45)


def _lag_grows(talk: "_Talk") -> Message:
    """An alarm in the team's channel, and what two people make of it in its thread."""
    lag = talk.alarms(
        CHANNEL,
        "danger",
        LAG,
        "11 min 40 s behind db-01, and growing",
        24,
        fields=[
            {"title": "Since", "value": "08:24 UTC", "short": True},
            {"title": "Rule", "value": "replication-lag", "short": True},
        ],
    )
    talk.says(BEN, CHANNEL, "Dashboards are stale, and some pushes time out.", 21, thread=lag)
    numbers = {"replication.txt": NUMBERS}
    talk.says(CHEN, CHANNEL, "A backup runs since 08:10 and keeps its disk busy.", 17, thread=lag, files=numbers)
    talk.says(BEN, CHANNEL, BACKUP_STOPPED, 13, thread=lag)
    return lag


class _Talk:
    """Puts words at minutes before the morning."""

    def __init__(self, world: SlackWorld, morning: datetime) -> None:
        self._world = world
        self._morning = morning

    def says(
        self,
        by: str,
        channel: str,
        text: str,
        ago: int,
        *,
        thread: Message | None = None,
        files: dict[str, bytes] | None = None,
    ) -> Message:
        """Somebody said something; the bot hears nothing of it."""
        message = self._message(by, channel, text, ago)
        message.blocks = rich_text(text)
        message.client_msg_id = self._world.next_id("client-")
        message.files = [self._world.new_file(name, content, by) for name, content in (files or {}).items()]
        message.subtype = "file_share" if files else ""
        if thread is not None:
            thread.thread_ts = thread.ts
            message.thread_ts = thread.ts
        self._world.post(message, announce=False)
        return message

    def alarms(self, channel: str, color: str, title: str, text: str, ago: int, **more: Any) -> Message:  # noqa: ANN401
        """The alert bot reported something, with its words in an attachment, as such bots do."""
        message = self._message(ALARM, channel, "", ago)
        attachment: Json = {"id": 1, "color": color, "title": title, "text": text, "fallback": title, **more}
        message.attachments = [attachment]
        message.bot_id = self._world.members[ALARM].bot_id
        self._world.post(message, announce=False)
        return message

    def _message(self, by: str, channel: str, text: str, ago: int) -> Message:
        at = self._morning - timedelta(minutes=ago)
        # The last digits tell two messages of one minute apart, as a real `ts` does.
        return Message(
            channel, f"{int(at.timestamp())}.{len(self._world.channels[channel].messages) + 1:06d}", by, text
        )
