"""Slack's markup, undone: what somebody typed, from what Slack makes of it.

https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

NOBODY: Mapping[str, str] = MappingProxyType({})
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ENTITY = re.compile("&(?:amp|lt|gt);")
_TOKEN = re.compile(r"<(?P<sign>[@#!]?)(?P<target>[^<>|\n]+)(?:\|(?P<label>[^<>\n]*))?>|&(?:amp|lt|gt);")
_ID = re.compile("[A-Z][A-Z0-9]*")
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://)?(?P<rest>\S+)")
_EVERYBODY = frozenset({"here", "channel", "everyone", "group"})
_SPOKEN = frozenset({"mailto", "tel"})
"""Addresses that people write without their scheme."""


def as_typed(text: str, names: Mapping[str, str] = NOBODY) -> str:
    """Write Slack's tokens as people type them: `<@U2|bob>` is `@bob`, `&lt;` is `<`.

    `names` holds names by id, for tokens that have none. What looks like a token and is none stays as it is.
    """
    return _TOKEN.sub(lambda found: _ENTITIES.get(found[0]) or _typed(found, names), text)


def linked(address: str, label: str) -> str:
    """Write a link as people do: its address alone, where its label says no more than that."""
    found = _ADDRESS.fullmatch(address)
    bare = found["rest"] if found else address
    spoken = bare if found and found["scheme"].casefold() in _SPOKEN else address
    return spoken if label.rstrip("/") in {"", address.rstrip("/"), bare.rstrip("/")} else f"{label} ({spoken})"


def _typed(token: re.Match[str], names: Mapping[str, str]) -> str:
    sign, target, label = token["sign"], token["target"], without_entities(token["label"] or "").strip()
    if sign in {"@", "#"} and _ID.fullmatch(target):
        return sign + (label.removeprefix(sign) or names.get(target) or target)
    if sign == "!" and (said := _called(target, label, names)):
        return said
    address = without_entities(target)
    if not sign and _ADDRESS.fullmatch(address):
        return linked(address, label)
    return without_entities(token[0])


def _called(target: str, label: str, names: Mapping[str, str]) -> str:
    """Write what stands behind an exclamation mark: everybody here, a group, a date; of others, their label."""
    group = target.removeprefix("subteam^")
    if target in _EVERYBODY:
        return f"@{target}"
    if group != target and _ID.fullmatch(group):
        return "@" + (label.removeprefix("@") or names.get(group) or group)
    return label


def without_entities(text: str) -> str:
    """Write what Slack escapes as people type it, and leave its tokens as they are."""
    return _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)
