"""What was said in the emulated workspace before somebody looks: a morning's talk, an alarm, a private room, a question.

Times follow `morning`; everybody has read the team's channel up to the last few words.
"""

from datetime import datetime, timedelta
from typing import Final

from bot.sandbox.seed import ALICE, BEN, CHANNEL, CHEN, LEFT_BEHIND
from bot.sandbox.slack.payloads import rich_text
from bot.sandbox.slack.reading import mark_read
from bot.sandbox.slack.state import Json, Message
from bot.sandbox.slack.world import SlackWorld

ALERTS: Final = "C0ALERTS"
REVIEW: Final = "G0REVIEW"
ALARM: Final = "U0ALARM"


def seed_talk(world: SlackWorld, morning: datetime) -> None:
    """Rooms that the bot is no member of, and a few words everywhere."""
    everybody = (ALICE, BEN, CHEN)
    world.add_person(ALARM, "alarm", "Alarm", is_bot=True)
    world.add_channel(ALERTS, "alerts", members=(*everybody, ALARM), bot_member=False)
    world.add_channel(REVIEW, "postmortems", private=True, members=(ALICE, BEN), bot_member=False)
    world.channel(CHANNEL).topic = "What keeps the fleet running"
    world.channel(ALERTS).topic = "Alarms of the monitoring. Baton is not in here."
    talk = _Talk(world, morning)

    disk = talk.says(
        BEN, CHANNEL, "The disk of db-03 is at 91 %. I took the oldest backups off, it holds for the night.", 690
    )
    talk.says(CHEN, CHANNEL, "Thanks! I look at the retention first thing.", 681, thread=disk)
    talk.says(CHEN, CHANNEL, "Two weeks are enough. It is down to 62 % now :tada:", 372, thread=disk)
    disk.reactions["eyes"] = [CHEN]
    disk.reactions["white_check_mark"] = [ALICE, CHEN]
    read = talk.says(CHEN, CHANNEL, "Quiet night over here. Nothing to hand over but the kernel upgrade.", 95)
    for each in everybody:
        mark_read(world, each, CHANNEL, read.ts)
    talk.says(
        ALICE, CHANNEL, f"Morning! The week is over, I roll it over in a moment. <@{CHEN}>, what must not move on?", 12
    )
    talk.says(CHEN, CHANNEL, f"“{LEFT_BEHIND}”. We still wait for the offer.", 8)

    talk.alarms("danger", "Error rate of the API fleet above 2 %", "Since 06:12 UTC, on 3 of 24 hosts", 168)
    talk.alarms("good", "Error rate of the API fleet is normal again", "After 9 minutes", 159)
    talk.says(BEN, ALERTS, "That was the deploy. I write it down.", 155)

    talk.says(ALICE, REVIEW, "The draft on the search outage is ready to be read. Roles only, no names, please.", 1400)
    talk.says(BEN, world.between(ALICE, BEN).id, "Can you take my Thursday evening? I would take your Sunday.", 45)


class _Talk:
    """Puts words at minutes before the morning."""

    def __init__(self, world: SlackWorld, morning: datetime) -> None:
        self._world = world
        self._morning = morning

    def says(self, by: str, channel: str, text: str, ago: int, *, thread: Message | None = None) -> Message:
        """Somebody said something; the bot hears nothing of it."""
        message = self._message(by, channel, text, ago)
        message.blocks = rich_text(text)
        message.client_msg_id = self._world.next_id("client-")
        if thread is not None:
            thread.thread_ts = thread.ts
            message.thread_ts = thread.ts
        self._world.post(message, announce=False)
        return message

    def alarms(self, color: str, title: str, text: str, ago: int) -> None:
        """The alert bot reported something, with its words in an attachment, as such bots do."""
        message = self._message(ALARM, ALERTS, "", ago)
        attachment: Json = {"id": 1, "color": color, "title": title, "text": text, "fallback": title}
        message.attachments = [attachment]
        message.bot_id = self._world.members[ALARM].bot_id
        self._world.post(message, announce=False)

    def _message(self, by: str, channel: str, text: str, ago: int) -> Message:
        at = self._morning - timedelta(minutes=ago)
        # The last digits tell two messages of one minute apart, as a real `ts` does.
        return Message(
            channel, f"{int(at.timestamp())}.{len(self._world.channels[channel].messages) + 1:06d}", by, text
        )
