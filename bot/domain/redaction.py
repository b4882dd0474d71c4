"""Names of people become roles (`team-member-1`): a post-mortem is public and blameless, and says what was done.

Names are not what people are called everywhere, so a draft is read before it is published; what is known is replaced.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

ROLE: Final = "team-member"
EVERYBODY: Final = frozenset({"all", "channel", "everyone", "group", "here"})
"""What is mentioned like a person, and is nobody in particular."""
SOME_MAILBOX: Final = "(e-mail address)"
"""What stands for the address of somebody who is not known."""
_PAGE: Final = r"(?<![\w+.-])(?:[a-z][a-z0-9+.-]*://|www\.)\S+"
_MACHINE: Final = r"(?<![\w.@-])(?:[a-z0-9-]+\.){2,}[a-z]{2,}(?![\w-])"
_LOCAL: Final = r"(?:[\w+.-]|%(?!40))++"
_MAILBOX: Final = rf"(?<![\w+.-]){_LOCAL}(?:['’]{_LOCAL})*+(?:@|%40)[\w-]+(?:\.[\w-]+)+"
"""In the address of a page an at sign may stand as %40."""
_MENTION: Final = r"(?<![\w@/])@(?P<handle>\w(?:[\w.-]*\w)?)(?![\w/])"
_MAILBOXES: Final = re.compile(_MAILBOX, re.IGNORECASE)
_TAKEN: Final = re.compile(rf"{ROLE}-(\d+)", re.IGNORECASE)
_WITHOUT_BLANKS: Final = (("\u0e00", "\u0eff"), ("\u3040", "\u30ff"), ("\u3400", "\u9fff"), ("\uac00", "\ud7af"))
"""Thai, Lao, kana, Han and Hangul: words there begin and end without a blank, or with something added."""
_WORD: Final = r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?"
_FULL_NAME: Final = re.compile(rf"{_WORD}(?: {_WORD}){{1,4}}")
_SHORTEST: Final = 3
"""Letters of a part of a name that is looked for alone."""


class Roles:
    """Who plays which role in one document; roles are counted in the order in which they are first asked for.

    `names` says how people are called, by id (`U2`, `terminal:bob`, `gitlab:bob`): what is shown of them first, then
    whatever else they are known by, addresses of mailboxes too. Ids of which the same is shown are one person.
    Roles that the `texts` speak of already are given to nobody.
    """

    def __init__(self, names: Mapping[str, Iterable[str]], texts: Iterable[str] = ()) -> None:
        called = {who: [name for each in all_of if (name := _readable(each).strip())] for who, all_of in names.items()}
        self._names = {who: all_of for who, all_of in called.items() if all_of}
        self._taken = {int(number) for text in texts for number in _TAKEN.findall(text)}
        self._roles: dict[str, str] = {}
        self._meant = self._ways_to_say()
        self._spelled: dict[str, set[str]] = {name: {name} for name in self._meant}
        for _, name in self._said_of():
            self._spelled.setdefault(_folded(name), {_folded(name)}).add(name)
        self._handles = self._ways_to_mention()
        self._parts = self._ways_to_call()

    def role(self, who: str) -> str:
        """Give the role of somebody, by id."""
        shown = self._names.get(who) or [_bare(who)]
        return self._role_of(shown[0])

    def redact(self, text: str) -> str:
        """Put roles in place of names, mentions and mailboxes; other addresses and words that contain a name stay."""
        readable = _readable(text)
        folded, straight = _folded(readable), _straight(readable)
        # Of the many people that there are, few are spoken of here.
        names = {spelled for name, spellings in self._spelled.items() if name in folded for spelled in spellings}
        parts = [part for part in self._parts if part in straight]
        return _everything_to_find(frozenset(names), frozenset(parts)).sub(self._replaced, readable)

    def _role_of(self, name: str) -> str:
        return self._role(self._meant.get(_folded(name), _folded(name)))

    def _role(self, name: str) -> str:
        if name not in self._roles:
            number = next(number for number in range(1, len(self._taken) + 2) if number not in self._taken)
            self._taken.add(number)
            self._roles[name] = f"{ROLE}-{number}"
        return self._roles[name]

    def _replaced(self, found: re.Match[str]) -> str:
        if found["page"]:
            return _MAILBOXES.sub(lambda mailbox: self._if_known(mailbox.group(), SOME_MAILBOX), found.group())
        if found["mailbox"]:
            return self._if_known(found.group(), SOME_MAILBOX)
        if found["machine"]:  # or jan.de.vries
            return self._if_known(found.group(), found.group())
        if (name := found["name"] or found["mentioned"]) is not None:
            return self._role_of(name)
        if (part := found["part"]) is not None:
            return self._role(self._parts[_straight(part)])
        handle = _folded(found["handle"])
        return found.group() if handle in EVERYBODY else self._role(self._handles.get(handle, handle))

    def _if_known(self, address: str, otherwise: str) -> str:
        known = _folded(unquote(address)).strip("_-")
        return self._role_of(known) if known in self._spelled else otherwise

    def _said_of(self) -> Iterator[tuple[str, str]]:
        """Go through all names, each with the one that is shown of the same person and stands for them."""
        for shown, *others in self._names.values():
            yield from ((_folded(shown), name) for name in (shown, *others))

    def _ways_to_say(self) -> dict[str, str]:
        """List by which words one person is meant, with the name that stands for them: names, and Slack's ids.

        Who shows a name is meant by it, whoever else has it too.
        """
        ids = {_folded(who): _folded(names[0]) for who, names in self._names.items() if ":" not in who}
        shown = {person: person for person, _ in self._said_of()}
        return _of_one((_folded(name), person) for person, name in self._said_of()) | ids | shown

    def _ways_to_mention(self) -> dict[str, str]:
        """List by which handles one person alone may be meant."""
        bare = [(_folded(_bare(who)), _folded(names[0])) for who, names in self._names.items()]
        return _of_one([*bare, *((handle, person) for person, name in self._said_of() for handle in _handles(name))])

    def _ways_to_call(self) -> dict[str, str]:
        """List first names and surnames, written as in the full ones: “Will” is somebody, “will” is not."""
        parts = {_straight(part) for _, name in self._said_of() for part in _parts(name)}
        return {part: self._handles.get(_folded(part), _folded(part)) for part in parts}


def _of_one(meant: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keep those of the words that mean one person, and no other."""
    people: dict[str, set[str]] = {}
    for word, person in meant:
        people.setdefault(word, set()).add(person)
    return {word: min(found) for word, found in people.items() if len(found) == 1}


def _handles(name: str) -> set[str]:
    words = _folded(name).split()
    return {*words, *(sign.join(words) for sign in ("", ".", "-", "_"))}


def _parts(name: str) -> list[str]:
    """Part a full name into first names and surnames; of a bot's name, and particles, nobody is called alone."""
    if not _FULL_NAME.fullmatch(name) or name.islower() or name.casefold().endswith("bot"):
        return []
    first, *others = name.split()
    called = [first, *(part for part in others if not part.islower())]
    return [part for part in called if len(part.rstrip(".")) >= _SHORTEST]


@lru_cache(64)
def _everything_to_find(names: frozenset[str], parts: frozenset[str]) -> re.Pattern[str]:
    alone = [name for name in names if len(name) > 1 and any(sign.isalpha() for sign in name)]
    return re.compile(
        rf"(?P<page>{_PAGE})|(?P<mailbox>{_MAILBOX})|(?P<machine>{_MACHINE})"
        rf"|(?<![\w@/])@(?P<mentioned>{_any(names)})"
        rf"|{_MENTION}"
        rf"|(?P<name>{_any(alone)})"
        rf"|(?-i:(?P<part>{_any(parts)}))",
        re.IGNORECASE,
    )


def _any(names: Iterable[str]) -> str:
    """Write a pattern for any of these, the longest first."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(dict.fromkeys(_whole(name) for name in longest_first)) or r"(?!)"


def _whole(name: str) -> str:
    """Write a pattern for a name as a whole word."""
    words = r"\s+".join(re.escape(_straight(word)).replace("'", "['’]") for word in name.split())
    return f"{_edge(name[0], before=True)}{words}{_edge(name[-1], before=False)}"


def _edge(sign: str, *, before: bool) -> str:
    if not (sign.isalnum() or sign == "_") or any(low <= sign <= high for low, high in _WITHOUT_BLANKS):
        return ""
    return r"(?<!\w)" if before else r"(?!\w)"


def _bare(who: str) -> str:
    return who.rpartition(":")[2] or who


def _folded(name: str) -> str:
    return " ".join(_straight(name).casefold().split())


def _straight(text: str) -> str:
    """Write an apostrophe in the one way of the two."""
    return text.replace("’", "'")


def _readable(text: str) -> str:
    """Take out what nobody sees, lest it hide a name; what joins emoji stays."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFC", text):
        joins = sign == "\u200d" and kept and unicodedata.category(kept[-1]) in {"So", "Sk", "Mn"}
        if joins or sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs"}:
            kept.append(sign)
    return "".join(kept)
