"""The grammar of what people type: text in, a frozen command out. Nothing here has heard of Slack.

One file for each command; here is what they share. Case and extra blanks do not matter. There are three answers: the
command; a help for a word that is no sub-command (it names the nearest one); and UserError, with a line that works,
for a sub-command with something wrong behind it.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice

from bot.domain.errors import UserError


@dataclass(frozen=True)
class Usage:
    """A line of the help text: how a command is written, an example that works, and what it does."""

    command: str
    example: str
    what: str


LONGEST_QUOTE = 40
REFERENCE = re.compile(r"#?([0-9]{1,9})")
"""An issue by its number."""
ADDRESS = re.compile(
    r"<?(https?://[^\s<>|?#]+?)/(?:-/)?(?:issues|work_items)/(?:incident/)?([0-9]{1,9})(?!\w)(?:[/?#|][^\s<>]*)?>?",
    re.IGNORECASE,
)
"""An issue by the address of its page: that of its project, and its number."""
_BLANK = r"\s\u061c\u180e\u200b-\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069"
_BLANKS = re.compile(f"[{_BLANK}]+")
_WORD = re.compile(f"[^{_BLANK}]+")
# what joins letters or turns their direction belongs to the text, at its edges too
_EDGES = "".join(one for one in map(chr, range(0x3001)) if one.isspace()) + "\u180e\u200b\u2060\ufeff"
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")


def words(text: str) -> list[str]:
    """Split at blanks of any kind, visible or not; phones and word processors write other dashes into dates."""
    return [word for word in _BLANKS.split(undashed(text)) if word]


def undashed(typed: str) -> str:
    """Write every dash as the one of the keyboard."""
    return _DASHES.sub("-", typed)


def behind(text: str, count: int) -> str:
    """Give what stands behind the first `count` words, exactly as typed but for the blanks around it."""
    start = 0
    for word in islice(_WORD.finditer(text), count):
        start = word.end()
    return text[start:].strip(_EDGES)


def from_first_word(text: str) -> str:
    """Leave out the blanks of any kind, visible or not, before the first word."""
    first = _WORD.search(text)
    return text[first.start() :] if first else ""


def can_be_seen(text: str) -> bool:
    """Tell whether anything in a text can be seen."""
    kinds = (unicodedata.category(one) for one in text if one not in _FILLERS)
    return any(kind[0] not in "ZM" and kind not in {"Cc", "Cf", "Cs"} for kind in kinds)


def references(typed: Sequence[str]) -> list[str]:
    """Take off what people copy along with a reference: signs, the word beside it, the label behind an address."""
    plain = re.sub(r"\|[^<>|]*>", ">", " ".join(typed)).split()
    return [word.strip("`*_,.;:()") for word in plain if word.casefold() not in {"issue", "outage"}]


def quotable(typed: str) -> str:
    """Make what somebody typed short and harmless enough to repeat it to them."""
    plain = re.sub(r"[<>&`*_~]", "", typed)
    return plain if len(plain) <= LONGEST_QUOTE else f"{plain[: LONGEST_QUOTE - 1]}…"


def nearest(name: str, names: Collection[str]) -> str:
    """Find the one of `names` that was probably meant; empty if none is near."""
    found = get_close_matches(name[:LONGEST_QUOTE], names, n=1, cutoff=0.5)
    return found[0] if found else ""


def expect_nothing(command: str, arguments: Sequence[str]) -> None:
    """Refuse words behind a command that takes none."""
    if arguments:
        raise UserError(
            f"`{command}` takes nothing more, and I do not know what to do with “{quotable(arguments[0])}”. "
            f"Please type `{command}` alone."
        )
