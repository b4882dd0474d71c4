"""Names of people become roles (`team-member-1`): a post-mortem is public and blameless, and says what was done.

Names are not what people are called everywhere, so a draft is read before it is published; what is known is replaced.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

ROLE: Final = "team-member"
EVERYBODY: Final = frozenset({"all", "channel", "everyone", "group", "here"})
"""What is mentioned like a person, and is nobody in particular."""
_ADDRESSES: Final = (
    r"(?<![\w+.-])(?:[a-z][a-z0-9+.-]*://|www\.)\S+"  # of a page
    r"|(?<![\w+.-])[\w+.-]+@[\w-]+(?:\.[\w-]+)+"  # of a mailbox
    r"|(?<![\w.@-])(?:[a-z0-9-]+\.){2,}[a-z]{2,}(?![\w-])"  # of a machine
)
_MENTION: Final = r"(?<![\w@/])@(?P<handle>\w(?:[\w.-]*\w)?)(?![\w/])"
_TAKEN: Final = re.compile(rf"{ROLE}-(\d+)", re.IGNORECASE)
_WITHOUT_BLANKS: Final = (("\u0e00", "\u0eff"), ("\u3040", "\u30ff"), ("\u3400", "\u9fff"), ("\uac00", "\ud7af"))
"""Thai, Lao, kana, Han and Hangul: words there begin and end without a blank, or with something added."""
_FULL_NAME: Final = re.compile(r"[^\W\d_]{3,}(?: [^\W\d_]+){1,2}")


class Roles:
    """Who plays which role in one document; roles are counted in the order in which they are first asked for.

    `names` says how people are called, by id (`U2`, `terminal:bob`, `gitlab:bob`); ids of one name are one person.
    Roles that the `texts` speak of already are given to nobody.
    """

    def __init__(self, names: Mapping[str, str], texts: Iterable[str] = ()) -> None:
        self._names = {who: _readable(name) for who, name in names.items() if _readable(name).strip()}
        self._taken = {int(number) for text in texts for number in _TAKEN.findall(text)}
        self._roles: dict[str, str] = {}
        self._meant = self._ways_to_say()
        self._spelled = {name: {name} for name in self._meant}
        for name in self._names.values():
            self._spelled[_folded(name)].add(name)
        self._handles = self._ways_to_mention()
        self._first_names = self._ways_to_call()

    def role(self, who: str) -> str:
        """Give the role of somebody, by id."""
        return self._role(_folded(self._names.get(who) or _bare(who)))

    def redact(self, text: str) -> str:
        """Put roles in place of names and mentions; addresses and words that merely contain a name stay."""
        readable = _readable(text)
        folded = _folded(readable)
        # Of the many people that there are, few are spoken of here.
        names = {spelled for name, spellings in self._spelled.items() if name in folded for spelled in spellings}
        first = [name for name in self._first_names if name in readable]
        return _everything_to_find(frozenset(names), frozenset(first)).sub(self._replaced, readable)

    def _role(self, name: str) -> str:
        if name not in self._roles:
            number = next(number for number in range(1, len(self._taken) + 2) if number not in self._taken)
            self._taken.add(number)
            self._roles[name] = f"{ROLE}-{number}"
        return self._roles[name]

    def _replaced(self, found: re.Match[str]) -> str:
        if found["address"]:
            return found.group()
        if (name := found["name"] or found["mentioned"]) is not None:
            return self._role(self._meant.get(_folded(name), _folded(name)))
        if (first := found["first"]) is not None:
            return self._role(self._first_names[first])
        handle = _folded(found["handle"])
        return found.group() if handle in EVERYBODY else self._role(self._handles.get(handle, handle))

    def _ways_to_say(self) -> dict[str, str]:
        """List by which words somebody is meant, each with the name that it stands for: names, and Slack's ids."""
        ids = {_folded(who): _folded(name) for who, name in self._names.items() if ":" not in who}
        return ids | {name: name for name in map(_folded, self._names.values())}

    def _ways_to_mention(self) -> dict[str, str]:
        """List by which handles one person alone may be meant."""
        handles: dict[str, set[str]] = {}
        for who, called in self._names.items():
            name = _folded(called)
            words = name.split()
            for handle in {_folded(_bare(who)), words[0], *(sign.join(words) for sign in ("", ".", "-", "_"))}:
                handles.setdefault(handle, set()).add(name)
        return {handle: min(meant) for handle, meant in handles.items() if len(meant) == 1}

    def _ways_to_call(self) -> dict[str, str]:
        """List the first words of full names, written as there: “Will” is somebody, “will” is not."""
        full = {name for name in self._names.values() if _FULL_NAME.fullmatch(name) and not name.islower()}
        first = {name.split()[0] for name in full if not name.casefold().endswith("bot")}
        return {word: self._handles.get(_folded(word), _folded(word)) for word in first}


@lru_cache(64)
def _everything_to_find(names: frozenset[str], first_names: frozenset[str]) -> re.Pattern[str]:
    alone = [name for name in names if len(name) > 1 and any(sign.isalpha() for sign in name)]
    return re.compile(
        rf"(?P<address>{_ADDRESSES})"
        rf"|(?<![\w@/])@(?P<mentioned>{_any(names)})"
        rf"|{_MENTION}"
        rf"|(?P<name>{_any(alone)})"
        rf"|(?-i:(?P<first>{_any(first_names)}))",
        re.IGNORECASE,
    )


def _any(names: Iterable[str]) -> str:
    """Write a pattern for any of these, the longest first."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(dict.fromkeys(_whole(name) for name in longest_first)) or r"(?!)"


def _whole(name: str) -> str:
    """Write a pattern for a name as a whole word."""
    words = r"\s+".join(re.escape(word) for word in name.split())
    return f"{_edge(name[0], before=True)}{words}{_edge(name[-1], before=False)}"


def _edge(sign: str, *, before: bool) -> str:
    if not (sign.isalnum() or sign == "_") or any(low <= sign <= high for low, high in _WITHOUT_BLANKS):
        return ""
    return r"(?<!\w)" if before else r"(?!\w)"


def _bare(who: str) -> str:
    return who.rpartition(":")[2] or who


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _readable(text: str) -> str:
    """Take out what nobody sees, lest it hide a name; what joins emoji stays."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFC", text):
        joins = sign == "\u200d" and kept and unicodedata.category(kept[-1]) in {"So", "Sk", "Mn"}
        if joins or sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs"}:
            kept.append(sign)
    return "".join(kept)
