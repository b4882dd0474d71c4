"""What we say: domain values in, words and blocks out. Every sentence that Baton says of its own accord lives here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import Block

from bot.domain.commands import Usage
from bot.domain.duration import lasted
from bot.domain.logged import Waiting
from bot.domain.operations import NOTHING_TO_RETRY

View = dict[str, Any]
"""A modal as Slack wants it."""
LONGEST_SECTION = 3000
MOST_CHARACTERS = 12_000
"""In all blocks of a message together; Slack does not say how many it takes, but refuses about a thousand more."""
LONGEST_REMARK = 150
AS_SOON_AS_IT_IS_BACK = "I continue as soon as it is back."


@dataclass(frozen=True)
class Words:
    """A message: `text` is what a notification or a screen reader reads, `blocks` what the screen shows."""

    text: str
    blocks: tuple[dict[str, Any], ...] = ()


def escape(text: str) -> str:
    """Make text from GitLab or from a person harmless in Slack: it pings nobody, and stands as it was typed.

    Slack asks for exactly these three to be replaced: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def on_one_line(text: str) -> str:
    """Put the lines of a text behind each other, so that one can still see where each begins."""
    return " / ".join(filter(None, map(str.strip, text.split("\n"))))


def shorten(text: str, most: int) -> str:
    """Cut a text at `most` characters, and show that it was cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def shorten_mrkdwn(text: str, most: int) -> str:
    """Cut words in Slack's mrkdwn, but never through a link, a mention or an escaped sign."""
    if len(text) <= most:
        return text
    return f"{_UNFINISHED.sub('', text[: most - 1]).rstrip()}…"


_UNFINISHED = re.compile(r"(?:<[^<>]*|&[a-z]{0,4})$")


def link(url: str, text: str) -> str:
    """Link text; without a sound address it stands alone."""
    shown = escape(text)
    if not is_address(url):
        return shown
    return f"<{escape(url)}|{shown.replace('|', '¦')}>"


def is_address(url: str) -> bool:
    """Tell whether this may stand in a link."""
    return url.startswith(("https://", "http://")) and not any(sign in url for sign in "<>| \n")


def person(who: str) -> str:
    """Mention somebody by Slack id, or name somebody at a terminal or in GitLab."""
    if who.startswith("bot:"):
        return escape(who.removeprefix("bot:")) or "a bot"
    if who == "baton":
        return "Baton"
    if who.startswith("gitlab:"):
        name = who.removeprefix("gitlab:")
        return f"{escape(name)} (in GitLab)" if name else "somebody in GitLab"
    return escape(who.removeprefix("terminal:")) + " (terminal)" if who.startswith("terminal:") else f"<@{who}>"


def moment(at: datetime) -> str:
    """Write an instant in the reader's own zone, with UTC for those whose client cannot.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    day_and_time = at.strftime("%Y-%m-%d %H:%M")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{day_and_time} UTC> ({day_and_time[-5:]} UTC)"


def ago(at: datetime) -> str:
    """Write how long ago an instant was; Slack counts on while it stands there.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    return f"<!date^{int(at.timestamp())}^{{ago}}|on {at:%Y-%m-%d %H:%M} UTC>"


def count(number: int, one: str, many: str = "") -> str:
    """Count things in words: “1 issue”, “3 issues”."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def silence(reason: str) -> str:
    """Say that GitLab cannot be asked, and why, without a full stop; a refused token is for somebody to mend."""
    if reason.startswith("GitLab refuses"):
        return f"{escape(reason)}. Whoever runs me has to put a new one into `GITLAB_TOKEN`"
    detail = reason.removeprefix("GitLab does not answer").lstrip(" :")
    if detail.startswith("("):
        detail = detail[1:].removesuffix(")")
    if detail.startswith("GitLab "):
        detail = detail.replace("GitLab", "it", 1)
    return f"GitLab does not answer ({escape(detail)})" if detail else "GitLab does not answer"


def waits(reason: str, number: int, *, briefly: bool = False) -> str:
    """Say that GitLab cannot be asked and how much waits for it, without a full stop; `briefly` leaves out how it fails."""
    has_a_mend = reason.startswith("GitLab refuses")
    return f"{silence('' if briefly and not has_a_mend else reason)}; {operations_wait(number)}"


def operations_wait(number: int) -> str:
    """Count what waits for GitLab: “1 operation waits”, “3 operations wait”."""
    return f"{count(number, 'operation')} {'waits' if number == 1 else 'wait'}"


def trying_again(number: int) -> str:
    """Say how much of what was refused is tried again."""
    return f"Trying {count(number, 'operation')} again." if number else NOTHING_TO_RETRY


def only_members(number: int) -> str:
    """Say who can read private things, behind their number."""
    return "only members of its channel can read it" if number == 1 else "only members of their channels can read them"


def usage_lines(usage: Sequence[Usage]) -> str:
    """List what one may type."""
    return "\n".join(f"• `{escape(one.command)}`: {one.what}. Example: `{one.example}`" for one in usage)


def not_known(command: str, typed: str, nearest: str) -> str:
    """Say that a sub-command is not known, and name the nearest."""
    return f"I do not know `{command} {typed}`." + (f" Did you mean `{command} {nearest}`?" if nearest else "")


def age(at: datetime | None, now: datetime, reason: str) -> str:
    """Mark what is not fresh, with its age, and why."""
    if at is None:
        return ""
    return f" · {silence(reason)}; {as_of(at, now)}"


def as_of(at: datetime, now: datetime) -> str:
    """Write how old something is: “as of 14:05 UTC (12 min ago)”; older than an hour in two units, than a day with its date."""
    old = max(now - at, timedelta())
    ago = f"{old // timedelta(minutes=1)} min" if old < timedelta(hours=1) else lasted(at, now)
    day = f"{at:%Y-%m-%d} " if old >= timedelta(days=1) else ""
    return f"as of {day}{at:%H:%M} UTC ({ago} ago)"


def button(action: str, label: str, value: str, *, style: str = "") -> dict[str, Any]:
    """Make a button that carries `value`."""
    shown: dict[str, Any] = {
        "type": "button",
        "action_id": action,
        "value": value,
        "text": {"type": "plain_text", "text": label, "emoji": False},
    }
    return {**shown, "style": style} if style else shown


@dataclass(frozen=True)
class Row:
    """One line of a list: a reference that links, literal text, and a remark behind it."""

    reference: str
    text: str
    url: str = ""
    remark: str = ""

    @property
    def length(self) -> int:
        """Count what there is to read."""
        return len(self.reference) + len(self.text) + min(len(self.remark), LONGEST_REMARK) + 4

    def plain(self) -> str:
        """Write it for those who see no blocks."""
        remark = f" ({escape(shorten(self.remark, LONGEST_REMARK))})" if self.remark else ""
        reference = f"{link(self.url, self.reference)} " if self.reference else ""
        return f"• {reference}{escape(self.text)}{remark}"

    def element(self) -> dict[str, Any]:
        """Write it as rich text, in which nothing of a title is ever a mention or a style.

        https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
        """
        parts: list[dict[str, Any]] = []
        if self.reference and is_address(self.url):
            parts.append({"type": "link", "url": self.url, "text": self.reference})
        elif self.reference:
            parts.append({"type": "text", "text": self.reference})
        parts.append({"type": "text", "text": f" {self.text}" if parts else self.text or "—"})
        if self.remark:
            parts.append(
                {"type": "text", "text": f" ({shorten(self.remark, LONGEST_REMARK)})", "style": {"italic": True}}
            )
        return {"type": "rich_text_section", "elements": parts}


class Page:
    """A message or modal written from top to bottom; the same words stand in its blocks and in its plain text.

    `room` is for how many characters there is room.
    """

    def __init__(self, room: int = MOST_CHARACTERS) -> None:
        self.blocks: list[dict[str, Any]] = []
        self._plain: list[str] = []
        self._room = room

    def say(self, mrkdwn: str) -> "Page":
        """Add a paragraph in Slack's mrkdwn; what comes from people is escaped before."""
        for text in _pieces(mrkdwn):
            if len(text) > self._room:
                self.blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": "… and more"}})
                break
            self._room -= len(text)
            self.blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
        self._plain.append(mrkdwn)
        return self

    def small(self, mrkdwn: str) -> "Page":
        """Add a line in small print."""
        text = shorten_mrkdwn(mrkdwn, LONGEST_SECTION)
        self._room -= len(text)
        self.blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": text}]})
        self._plain.append(mrkdwn)
        return self

    def rows(self, rows: Sequence[Row], *, most: int = 20) -> "Page":
        """Add a list; beyond `most` rows, and where long ones leave no room, it says how many more there are."""
        if not rows:
            return self
        shown = self._fitting(rows[:most])
        elements = [row.element() for row in shown]
        plain = [row.plain() for row in shown]
        if len(rows) > len(shown):
            more = f"… and {len(rows) - len(shown)} more"
            elements.append({"type": "rich_text_section", "elements": [{"type": "text", "text": more}]})
            plain.append(f"• {more}")
        bullets = {"type": "rich_text_list", "style": "bullet", "elements": elements}
        self.blocks.append({"type": "rich_text", "elements": [bullets]})
        self._plain += plain
        return self

    def _fitting(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Take rows as long as they leave room for what comes below."""
        room = self._room * 2 // 5
        for number, row in enumerate(rows):
            room -= row.length
            if room < 0:
                rows = rows[:number]
                break
        self._room -= sum(row.length for row in rows) + 20
        return rows

    def block(self, block: Block | dict[str, Any]) -> "Page":
        """Add a block that has no words for the plain text, such as buttons or fields."""
        self.blocks.append(block if isinstance(block, dict) else block.to_dict())
        return self

    def words(self, text: str = "") -> Words:
        """Give the message; `text` overrides what a notification reads."""
        return Words(shorten_mrkdwn(text or "\n".join(self._plain), 3900), tuple(self.blocks))


def _pieces(text: str) -> list[str]:
    """Cut a long text at its lines, so that each piece fits a section."""
    pieces, current = [], ""
    for line in (shorten_mrkdwn(line, LONGEST_SECTION) for line in text.split("\n")):
        joined = f"{current}\n{line}" if current else line
        if len(joined) > LONGEST_SECTION:
            pieces.append(current)
            current = line
        else:
            current = joined
    return [*pieces, current] if current else pieces


def tell_waiting(page: Page, waiting: Waiting | None) -> None:
    """Say what waits for a GitLab that cannot be asked, if anything does."""
    if waiting is not None:
        page.small(f"{waits(waiting.reason, waiting.count)}. Nothing is lost.")
