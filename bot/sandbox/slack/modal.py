"""A view with a person's eyes: its title, its fields by label, its errors.

A field is found by its label; what stands in it is changed through `bot.sandbox.slack.persona`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.slack import forms
from bot.sandbox.slack.payloads import unescaped
from bot.sandbox.slack.screen import Line, Reader, buttons_of, view_lines
from bot.sandbox.slack.state import Json, View

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld


@dataclass(frozen=True)
class Field:
    """Something a person can fill in or choose."""

    label: str
    part: forms.Part
    state: Json
    error: str

    @property
    def type(self) -> str:
        """Slack's name of the element."""
        return str(self.part.element["type"])

    @property
    def options(self) -> list[str]:
        """What one can choose from."""
        return forms.option_texts(self.part.element)

    @property
    def value(self) -> str:
        """What stands in it."""
        return forms.shown(self.state)

    @property
    def optional(self) -> bool:
        """Whether the form can be sent without it."""
        return bool(self.part.block.get("optional")) or not self.part.is_input

    @property
    def dispatches(self) -> bool:
        """Whether a change is told to the bot at once."""
        return not self.part.is_input or bool(self.part.block.get("dispatch_action"))

    @property
    def tells_while_typing(self) -> bool:
        """Whether a change is told without the Enter key; `on_enter_pressed` alone is what Slack presumes of texts.

        https://docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object
        """
        config = self.part.element.get("dispatch_action_config") or {}
        return self.type not in forms.TYPED or "on_character_entered" in config.get("trigger_actions_on", ())


class Screen:
    """A modal or Home tab as it stands on the screen now; it follows the view's changes."""

    def __init__(self, world: "SlackWorld", view: View) -> None:
        self.view = view
        self._world = world

    @property
    def title(self) -> str:
        """The title."""
        return self._word("title")

    @property
    def submit(self) -> str:
        """The label of the button that sends the form; empty if there is none."""
        return self._word("submit")

    @property
    def close(self) -> str:
        """The label of the button that closes it."""
        return self._word("close")

    @property
    def fields(self) -> dict[str, Field]:
        """What can be filled in, by label, in order; a second field with the same label is called `label (2)`."""
        found: dict[str, Field] = {}
        with self._world.lock:
            for part in forms.parts_of(self.view.blocks):
                state = self.view.values.get(part.block_id, {}).get(part.action_id)
                if state is not None:
                    name = _free(found, _field_label(part))
                    found[name] = Field(name, part, state, self.view.errors.get(part.block_id, ""))
        return found

    @property
    def errors(self) -> dict[str, str]:
        """The errors beside the fields, by label."""
        return {label: field.error for label, field in self.fields.items() if field.error}

    @property
    def trouble(self) -> str:
        """What Slack says above the form when the bot did not answer as it should."""
        return self.view.trouble

    @property
    def buttons(self) -> list[str]:
        """The buttons inside the view."""
        return buttons_of(self.view.blocks)

    @property
    def text(self) -> str:
        """Everything that can be read."""
        reader = Reader(self._world, self.view.user)
        return "\n".join(reader.read(each) for each in self._lines())

    @property
    def raw(self) -> str:
        """The same as it was sent."""
        return "\n".join(each.text for each in self._lines())

    def field(self, label: str) -> Field:
        """The field with this label, else the one whose label contains it."""
        fields = self.fields
        if label in fields:
            return fields[label]
        found = [each for name, each in fields.items() if label.casefold() in name.casefold()]
        if len(found) != 1:
            complaint = f"{len(found)} fields match {label!r} of {list(fields)}"
            raise LookupError(complaint)
        return found[0]

    def _lines(self) -> list[Line]:
        with self._world.lock:
            return list(view_lines(self.view))

    def _word(self, key: str) -> str:
        return unescaped(str((self.view.given.get(key) or {}).get("text", "")))


def _field_label(part: forms.Part) -> str:
    text = part.block.get("label") or part.block.get("text") or part.element.get("placeholder") or {}
    return unescaped(str(text.get("text", ""))) or part.action_id


def _free(taken: dict[str, Field], label: str) -> str:
    name, number = label, 2
    while name in taken:
        name, number = f"{label} ({number})", number + 1
    return name
