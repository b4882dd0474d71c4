"""What we write into GitLab: text typed in Slack made harmless there, and the notes and descriptions of the log.

What GitLab would take for a mention, a reference, a label, a quick action or markup stands as it was typed. Most signs
need a backslash for that. But GitLab looks for references in the text that is left when backslashes are gone, and only
its newer versions remember which signs had one: so U+2060, which nobody sees, parts the sign from what it would refer
to. What may name a commit, and addresses of a GitLab, stand as code, so that they can be copied.

https://docs.gitlab.com/user/markdown/ · https://docs.gitlab.com/user/project/quick_actions/
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from itertools import groupby

from bot.domain.events import Event
from bot.domain.outages import Outage
from bot.messages import shorten

LONGEST_TITLE = 255
"""Characters that GitLab takes for an issue's title."""
LATE = timedelta(minutes=5)
"""What was logged later than this after it happened says so."""
_JOINER = "\u2060"
_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_GLUE = frozenset(map(chr, (0x200C, 0x200D, *range(0xE0020, 0xE0080))))
"""Invisible, but parts of emoji and of some scripts."""
_PIECES = re.compile(
    r"""
      (?P<address>
        (?<![\w+.-]) (?:https?://|www\.)
        (?: [^\s<>"'“”‘’`|\\()] | \([^\s<>"'“”‘’`|\\()]*\) )+
        (?<![.,;:!?*_~\]}])                               # what ends a sentence is no part of it
      )
    | (?P<word> /?\w(?:[\w./-]*\w)? )
    | (?P<before> (?<=\w)> )                              # group/project>
    | (?P<after>
        (?<=[\w+.-]):(?=//)                               # any scheme makes a link
      | (?:(?<=javascript)|(?<=vbscript)|(?<=data)):(?=\S)
      )
    | (?P<around>
        [@~](?=\S)
      | [#!%&$^*](?!\ufe0f|[.,;:!?)]{0,3}(?:\s|\Z))       # not “done!”, “100%.”, nor an emoji
      | [\[{<`](?=\S)                                     # [issue:1], [[page]], {+added+}, <tag>
      | \](?=[(\[:])
      )
    | (?P<markup> [\\`*{}\[\]|~] | \#(?=\ufe0f) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SIGN = re.compile(r"[@#!%&$^*~\[\]{]|:(?=\S)|(?<=\Awww)(?=\.)", re.IGNORECASE)
"""What an address is parted by in a title: from what it would refer to, and from its scheme."""
_STRUCTURE = re.compile(r"[-+=>#]|:(?=[-\s]|\Z)|;(?=;;)")
_NUMBER = re.compile(r"\d+(?=[.)](?:\s|\Z))")
_SLASH = re.compile(r"\A(?P<before>(?:\\[\W_]|`[^`]*`|(?:https?://|www\.)\S++|[^\w/`\\]|_)*)/", re.IGNORECASE)
"""The first one of a line, with no word before it; code and addresses are none, for whoever looks without them."""
_HEXADECIMAL = re.compile(r"(?P<whole>\b[0-9a-f]{7,}\b)|[0-9a-f]{7,}", re.IGNORECASE)
_SIX_OF_SEVEN = re.compile(r"[0-9a-f]{6}(?=[0-9a-f])", re.IGNORECASE)
_TICKET = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]*-(?=\d)")
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_PLAIN = re.compile(
    r"""
    (?:https?://|www\.) [a-z0-9.-]+ (?::\d+)?
    (?:
      (?=[/?#])
      (?: [a-z0-9./?=+,:-] | (?<=[a-z0-9])_+(?=[a-z0-9]) | %[0-9a-f]{2} | &(?=[a-z][\w.-]*=) | \#(?=[a-z]) )*
    )?
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_PLAIN_END = re.compile(r"""[.,;:!?)'"”’]*(?:\s|\Z)""")
_OF_GITLAB = re.compile(
    r"/-/|/(?:issues|work_items|incidents|merge_requests|epics|milestones|labels|snippets|commits?|compare)(?:[/?#]|\Z)",
    re.IGNORECASE,
)


def harmless(text: str, *, own: str = "") -> str:
    """Make text typed in Slack harmless in GitLab's Markdown, where it then stands as it was typed.

    `own` is the address of our GitLab: what lies below it would make references, too.
    """
    lines = [_line(line, own) for line in _readable(text).split("\n")]
    # two blanks at its end make a line break where it was typed
    kept = [f"{line}  " if line and below else line for line, below in zip(lines, [*lines[1:], ""], strict=True)]
    return "\n".join(kept).strip("\n")


def one_line(text: str, *, own: str = "") -> str:
    """Make it harmless, and one line."""
    return _line(_flat(text), own)


def title(text: str, most: int = LONGEST_TITLE, *, own: str = "") -> str:
    """Make it harmless as an issue's title, in which GitLab knows no Markdown, but references all the same."""
    said = _PIECES.sub(lambda found: _in_title(found, own), _flat(text))
    # GitLab takes a joiner away where a title begins, so another one follows the slash
    return shorten(_SLASH.sub(rf"\g<before>{_JOINER}/{_JOINER}", said), most) or "(untitled)"


def quoted(text: str, *, own: str = "") -> str:
    """Quote it, harmless."""
    said = harmless(text, own=own)
    return "\n".join(f"> {line}" if line else ">" for line in said.split("\n")) if said else ""


def note(event: Event, by: str, *, edited: bool = False, moved: str = "", own: str = "") -> str:
    """Say under an outage's issue what an event says; `by` names whose words they are, `edited` that they were others.

    `moved` names the outage that it belongs to by now, where that is another one.
    """
    head, text = _head(event, by), harmless(event.text, own=own)
    remarks = []
    if event.recorded_at - event.at > LATE:
        remarks.append(f"logged at {_logged(event)}")
    if event.retracted or moved:
        head, text = _struck(head), "\n".join(map(_struck, text.split("\n")))
        remarks.append(f"belongs to {moved}" if moved else "retracted")
    elif edited:
        remarks.append("edited")
    return _paragraphs(_parts(head, *remarks, _in_slack(event.permalink)), text)


def description(outage: Outage, by: str, *, own: str = "") -> str:
    """Describe an outage in its issue; lines of what was seen that begin with `> ` are quotes."""
    return _paragraphs(
        _with_quotes(outage.seen, own),
        _parts(
            f"Declared by {one_line(by)} at **{_moment(outage.began_at)}**",
            f"{outage.reference} in Baton",
            _in_slack(outage.permalink),
        ),
        "The notes below are Baton's log of this outage, in the order in which it was logged; "
        "each begins with the moment at which it happened.",
    )


def _with_quotes(text: str, own: str) -> str:
    """Write what was typed, harmless, with its quotes as quotes."""
    parts = []
    for is_quote, lines in groupby(text.split("\n"), key=lambda line: line.startswith("> ")):
        said = "\n".join(line.removeprefix("> ") if is_quote else line for line in lines).strip("\n")
        if said:
            parts.append(quoted(said, own=own) if is_quote else harmless(said, own=own))
    return _paragraphs(*parts)


def toil(event: Event, by: str, *, own: str = "") -> str:
    """Describe the toil that an event tells of; of a hidden event only a confidential issue may say this."""
    return _paragraphs(
        quoted(event.text, own=own),
        _parts(_head(event, by), _in_slack(event.permalink)),
        "This was work by hand in production. How long did it take, how often does it come, and what would spare it?",
    )


def _head(event: Event, by: str) -> str:
    return _parts(f"**{_moment(event.at)}**", event.kind, f"by {one_line(by)}" if by else "")


def _moment(at: datetime) -> str:
    here = at.astimezone(UTC)
    return f"{here:%Y-%m-%d %H:%M:%S} UTC" if here.second else f"{here:%Y-%m-%d %H:%M} UTC"


def _logged(event: Event) -> str:
    here = event.recorded_at.astimezone(UTC)
    same_day = here.date() == event.at.astimezone(UTC).date()
    return f"{here:%H:%M} UTC" if same_day else f"{here:%Y-%m-%d %H:%M} UTC"


def _in_slack(permalink: str) -> str:
    return f"[in Slack]({permalink})" if permalink.startswith("https://") and _PLAIN.fullmatch(permalink) else ""


def _struck(line: str) -> str:
    """Strike a line; joiners keep the tildes from a blank, which would leave them tildes."""
    text = line.rstrip(" ")
    return f"~~{_JOINER}{text}{_JOINER}~~{line[len(text) :]}" if text else line


def _parts(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _paragraphs(*paragraphs: str) -> str:
    return "\n\n".join(filter(None, paragraphs))


def _readable(text: str) -> str:
    """Take out what nobody sees and what could hide something: control characters, turns of the reading order."""
    kept: list[str] = []
    before = " "
    for sign in _BREAKS.sub("\n", text):
        glues = sign in _GLUE and not before.isascii() and not before.isspace()
        if glues or sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs"}:
            kept.append(sign)
            before = sign
    return "".join(kept)


def _flat(text: str) -> str:
    return " ".join(_readable(text).split())


def _line(text: str, own: str) -> str:
    said = text.strip()
    indent = text[: len(text) - len(text.lstrip())].expandtabs(4) if said else ""
    made = _PIECES.sub(lambda found: _in_markdown(found, own), said)
    if number := _NUMBER.match(made):
        made = f"{number.group()}\\{made[number.end() :]}"
    elif _STRUCTURE.match(made):
        made = f"\\{made}"
    return "\u00a0" * len(indent) + _SLASH.sub(rf"\g<before>{_JOINER}\\/{_JOINER}", made)


def _in_markdown(found: re.Match[str], own: str) -> str:
    piece = found.group()
    match found.lastgroup:
        case "address":
            return piece if _stays_link(found, own) else f"`{piece}`"
        case "word":
            return f"`{piece}`" if _names_commit(piece) else _EMPHASIS.sub(r"\\_", _without_ticket(piece))
        case "before":
            return f"{_JOINER}{piece}"
        case "after":
            return f"{piece}{_JOINER}"
        case "around":
            return f"\\{piece}{_JOINER}"
    return f"\\{piece}"


def _in_title(found: re.Match[str], own: str) -> str:
    piece = found.group()
    match found.lastgroup:
        case "address" if not _stays_link(found, own):
            return _SIGN.sub(rf"\g<0>{_JOINER}", _parted(piece))
        case "word":
            return _parted(piece)
        case "before":
            return f"{_JOINER}{piece}"
        case "after" | "around":
            return f"{piece}{_JOINER}"
    return piece


def _stays_link(found: re.Match[str], own: str) -> bool:
    """Tell whether GitLab makes this address a link just as it stands, and one that leads elsewhere."""
    address = found.group()
    whole = _PLAIN.fullmatch(address) and _PLAIN_END.match(found.string, found.end())
    return whole is not None and not _OF_GITLAB.search(address) and not _is_below(address, own)


def _is_below(address: str, own: str) -> bool:
    here, top = (one.casefold().rpartition("://")[2] for one in (address, own.rstrip("/")))
    return top != "" and here.startswith(top) and here[len(top) : len(top) + 1] in {"", "/", "?", "#", ":"}


def _names_commit(word: str) -> bool:
    """Tell whether a commit may be called so; GitLab finds its name inside of words, too."""
    return any(run["whole"] or not run.group().isalpha() for run in _HEXADECIMAL.finditer(word))


def _parted(word: str) -> str:
    """Part what may name a commit into pieces too short for that, and what may name a ticket."""
    return _without_ticket(_SIX_OF_SEVEN.sub(rf"\g<0>{_JOINER}", word) if _names_commit(word) else word)


def _without_ticket(word: str) -> str:
    """Part what another tracker would take for one of its issues: ABC-123."""
    return _TICKET.sub(rf"\g<0>{_JOINER}", word)
