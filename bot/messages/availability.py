"""What we say of AP labels: the modal with both sides of the matrix, and what came of it.

https://docs.slack.dev/reference/block-kit/block-elements/radio-button-group-element
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.domain import priority
from bot.domain.errands import Told
from bot.messages import Page, View, Words, escape, link, person, shorten, silence
from bot.messages.late import how_far, sentence

TITLE = "AP label"
CHOSEN = "wow.ap.choose"
"""Name of what a choice in the modal tells."""
LONGEST_TITLE = 255
URGENCIES: Mapping[int, str] = {
    1: "an outage is likely within a month",
    2: "an outage is likely within three months",
    3: "an outage is not likely within three months",
}
IMPACTS: Mapping[int, str] = {
    1: "an outage of 25 minutes or more",
    2: "an outage of 5 to 25 minutes",
    3: "an outage of less than 5 minutes",
}
_SIDES = {"urgency": ("Urgency", "U", URGENCIES), "impact": ("Impact", "I", IMPACTS)}


@dataclass(frozen=True)
class Asked:
    """What the modal is about, as it carries it along. `shown` are the AP labels it has, None where GitLab is silent."""

    iid: int
    project: str = ""
    channel: str = ""
    title: str = ""
    url: str = ""
    shown: tuple[str, ...] | None = None
    reason: str = ""

    @property
    def reference(self) -> str:
        """Write it as people do."""
        return f"#{self.iid}"

    def written(self) -> str:
        """Write it down for the modal."""
        return json.dumps({**asdict(self), "title": shorten(self.title, LONGEST_TITLE)}, ensure_ascii=False)


def read_asked(metadata: str) -> Asked:
    """Read what a modal is about."""
    body = json.loads(metadata)
    return Asked(**{**body, "shown": None if body["shown"] is None else tuple(body["shown"])})


def modal(asked: Asked, urgency: int = 0, impact: int = 0) -> View:
    """Ask for urgency and impact (0: not chosen yet), and show which label they give before it is set."""
    page = Page().say(_standing(asked))
    for side, chosen in (("urgency", urgency), ("impact", impact)):
        page.block(_side(side, chosen))
    page.say(cell(asked, urgency, impact))
    page.small("AP labels tell product managers how urgent availability and performance are, by urgency and impact.")
    return {
        "type": "modal",
        "callback_id": "wow.ap",
        "private_metadata": asked.written(),
        "title": {"type": "plain_text", "text": TITLE},
        "submit": {"type": "plain_text", "text": "Set label"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": page.blocks,
    }


def _standing(asked: Asked) -> str:
    if asked.shown is None:
        return (
            f"*{asked.reference}* · {silence(asked.reason)}, so I cannot show its title and its AP label. I set the "
            "label as soon as GitLab is back, in place of any other; if somebody sets one meanwhile, that one stays."
        )
    has = f"It has {_listed(asked.shown)}." if asked.shown else "It has no AP label yet."
    return f"*{link(asked.url, asked.reference)}* {escape(asked.title)}\n{has}"


def _listed(labels: Sequence[str]) -> str:
    return " and ".join(f"*{label}*" for label in labels)


def _side(side: str, chosen: int) -> dict[str, Any]:
    label, letter, meanings = _SIDES[side]
    options = [
        {"text": {"type": "plain_text", "text": f"{letter}{number}: {words}"}, "value": f"{letter}{number}"}
        for number, words in meanings.items()
    ]
    element: dict[str, Any] = {"type": "radio_buttons", "action_id": f"{CHOSEN}#{side}", "options": options}
    if chosen:
        element["initial_option"] = options[chosen - 1]
    return {
        "type": "input",
        "block_id": side,
        "dispatch_action": True,
        "label": {"type": "plain_text", "text": label},
        "element": element,
    }


def cell(asked: Asked, urgency: int, impact: int) -> str:
    """Say which cell of the matrix is chosen, or what is still open."""
    if urgency and impact:
        label = priority.ap_label(urgency, impact)
        return f":label: U{urgency} × I{impact} gives *{label}*. {_change(asked, label)}"
    if urgency:
        row = ", ".join(f"*{priority.ap_label(urgency, one)}* with I{one}" for one in priority.IMPACTS)
        return f"U{urgency} gives {row}."
    if impact:
        column = ", ".join(f"*{priority.ap_label(one, impact)}* with U{one}" for one in priority.URGENCIES)
        return f"I{impact} gives {column}."
    return "Choose both, and I show which label they give. Nothing is set before you confirm."


def _change(asked: Asked, label: str) -> str:
    if asked.shown is None:
        return "It takes the place of any other AP label."
    others = tuple(one for one in asked.shown if one != label)
    if label in asked.shown:
        return f"It stays, and {_listed(others)} goes." if others else "The issue has it already, so nothing changes."
    return f"It takes the place of {_listed(others)}." if others else "The issue gets its first AP label."


def errand(told: Told) -> Words:
    """Say how far it is, and at its end what was done."""
    page, one = Page(), told.errand
    cell_of = f"U{one.urgency} × I{one.impact}"
    if not told.over:
        doing = f"{person(one.by)} sets {one.label} ({cell_of}) on #{one.iid}"
        waiting = how_far(told) if told.gitlab_silent or not one.decided else "setting the label."
        return page.say(f":hourglass_flowing_sand: {doing}: {waiting}").words()
    name = f"{link(one.issue.url, one.issue.reference)} {escape(one.issue.spoken)}" if one.issue else f"#{one.iid}"
    if one.problem:
        left = f"I left {name} as it is: " if one.issue else f"#{one.iid}: "
        said = f":information_source: {person(one.by)}, {left}{escape(sentence(one.problem))}"
        return page.say(said if one.issue else f"{said} Nothing was changed.").words()
    if one.was_there:
        return page.say(f":information_source: {person(one.by)}, {name} has {one.label} ({cell_of}) already.").words()
    if told.refused:
        why = escape(sentence(told.refused[0][1]))
        return page.say(f":warning: {person(one.by)}, GitLab refused to set {one.label} on {name}: {why}").words()
    if told.kept:
        why = escape(sentence(told.kept[0][1]))
        again = f"`/wow ap #{one.iid}` sets it again."
        return page.say(f":information_source: {person(one.by)}, I left {name} as it is: {why} {again}").words()
    place = f", in place of {' and '.join(one.replaced)}" if one.replaced else ""
    return page.say(f":label: {person(one.by)} set {one.label} ({cell_of}) on {name}{place}.").words()
