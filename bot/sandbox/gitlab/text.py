"""What GitLab makes of a text: mentions, references and quick actions outside code, and titles without HTML.

https://docs.gitlab.com/user/markdown/#gitlab-specific-references
https://docs.gitlab.com/user/project/quick_actions/
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

_FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})")
_INERT = re.compile(
    r"""
      \\[!-/:-@\[-`{-~]                                  # escaped punctuation
    | (?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)   # a code span
    | <!--.*?(?:-->|\Z)                                  # a comment
    | https?://[^\s<>]+                                  # an address: what stands in it is part of it
    """,
    re.VERBOSE | re.DOTALL,
)
_MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_](?:[\w.-]*\w)?")
_QUICK_ACTION = re.compile(r"^ {0,3}/(?P<name>[a-z_]+)(?:[ \t]+(?P<argument>\S.*?))?[ \t]*$", re.MULTILINE)
_QUICK_ACTIONS = re.compile(
    r"""assign|award|cc|clone|close|confidential|copy_metadata|create_merge_request|done|draft|due|duplicate|estimate
    |label|labels|link|lock|merge|milestone|move|promote_to|promote_to_incident|react|reassign|rebase|relabel|relate
    |remove_due_date|remove_estimate|remove_milestone|remove_time_spent|reopen|severity|shrug|spend|subscribe|tableflip
    |target_branch|title|todo|type|unassign|unlabel|unlink|unlock|unsubscribe|weight|zoom""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class QuickAction:
    """A line like `/label ~outage`, as name and argument."""

    name: str
    argument: str


@dataclass
class Reading:
    """What a text does beside being text, and what is left of it when its quick actions are gone."""

    text: str
    mentions: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    actions: list[QuickAction] = field(default_factory=list)


def read(text: str, project: str, *, may_act: bool = True) -> Reading:
    """Reads a description, note or title of a project; `may_act`: quick actions are run and taken out."""
    inert = _without_inert_parts(text)
    reading = Reading(text)
    if may_act:
        reading.actions, reading.text, inert = _take_actions(text, inert)
    reading.mentions = _MENTION.findall(inert)
    reading.references = [found.group().strip() for found in _references(project).finditer(inert)]
    return reading


def plain_title(title: str) -> str:
    """A milestone's title as GitLab keeps it: without tags, without blanks around it."""
    parser = _TextOnly()
    parser.feed(title)
    parser.close()
    return "".join(parser.pieces).strip()


def names(argument: str, sigil: str) -> list[str]:
    """The names in a quick action's argument: `~a ~"b c"`, `@alice @bob`, `%"Next WoW"`."""
    found = re.findall(rf'{re.escape(sigil)}(?:"([^"]+)"|(\S+))', argument)
    return [quoted or bare for quoted, bare in found]


@lru_cache
def _references(project: str) -> re.Pattern[str]:
    here = f"(?:{re.escape(project)}|{re.escape(project.rpartition('/')[2])})"
    return re.compile(
        rf"""
          (?<![\w/]){here}?[#!]\d+\b            # an issue or a merge request, also by way of the project
        | (?<![\w~])~(?:"[^"\n]+"|[\w?.&:-]+)   # a label
        | (?<![\w%])%(?:"[^"\n]+"|\w+)          # a milestone
        """,
        re.VERBOSE,
    )


def _without_inert_parts(text: str) -> str:
    """The text with blanks in place of everything that GitLab leaves alone; lines and columns stay."""
    return _INERT.sub(_blanks, _without_fences(text))


def _blanks(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found.group())


def _without_fences(text: str) -> str:
    kept: list[str] = []
    mark = ""
    for line in text.splitlines(keepends=True):
        fence = _FENCE.match(line)
        if mark:
            kept.append(re.sub(r"[^\r\n]", " ", line))
            if fence and fence["mark"].startswith(mark) and not line[fence.end() :].strip():
                mark = ""
        elif fence:
            mark = fence["mark"]
            kept.append(re.sub(r"[^\r\n]", " ", line))
        else:
            kept.append(line)
    return "".join(kept)


def _take_actions(text: str, inert: str) -> tuple[list[QuickAction], str, str]:
    actions: list[QuickAction] = []
    for found in reversed(list(_QUICK_ACTION.finditer(inert))):
        if not _QUICK_ACTIONS.fullmatch(found["name"]):
            continue
        # The argument is read from the text itself: an address in it was blanked above.
        argument = text[found.start() : found.end()].strip().partition(" ")[2].strip()
        actions.insert(0, QuickAction(found["name"], argument))
        text = text[: found.start()] + text[found.end() :]
        inert = inert[: found.start()] + inert[found.end() :]
    return actions, text.strip() if actions else text, inert


class _TextOnly(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
