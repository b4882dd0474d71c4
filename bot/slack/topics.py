"""A channel's topic, which Baton and people share: Baton's part begins it, and what people wrote stays.

Slack gives a topic with `&`, `<` and `>` escaped, and escapes what it is given.
https://docs.slack.dev/reference/methods/conversations.setTopic
"""

import re

from bot.slack.markup import without_entities

OURS = "On call: "
"""Begins Baton's part of a topic, by which it is found again."""
BETWEEN = " | "
LONGEST = 250
_NO_TOKEN = re.compile("&lt;(?=[@#!])")
_HALF_A_TOKEN = re.compile(r"<(?:[@#!]|\w+:)[^<>]*\Z")
_HARMLESS = str.maketrans({"|": "/", "<": "‹", ">": "›"})
"""A bar in somebody's name would end our part too early when it is looked for, and a name calls nobody."""


def renewed(topic: str, ours: str) -> str:
    """Begin a topic (escaped, as Slack gives it) with Baton's own part, in place of an earlier one; as Slack takes it."""
    parts = without_entities(_NO_TOKEN.sub("‹", topic)).split(BETWEEN)
    theirs = BETWEEN.join(part for part in parts if not part.strip().startswith(OURS)).strip()
    own = _cut(" ".join(ours.translate(_HARMLESS).split()), LONGEST)
    return BETWEEN.join(filter(None, (own, _cut(theirs, LONGEST - len(own) - len(BETWEEN)))))


def _cut(text: str, most: int) -> str:
    """Shorten a text, and leave no half of a mention or a link."""
    if len(text) <= most:
        return text
    shorter = _HALF_A_TOKEN.sub("", text[: max(0, most - 1)]).rstrip()
    return f"{shorter}…" if shorter else ""
