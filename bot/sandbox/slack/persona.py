"""A robot person: the eyes and hands of somebody in the emulated workspace.

Each method does what that person would do with mouse and keyboard, tells the bot exactly what Slack would tell it,
and returns how the bot answered. All of it may be called from any thread but the server's own.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from bot.sandbox.slack import answers, events, forms, interactions, reading, views
from bot.sandbox.slack.modal import Field, Screen
from bot.sandbox.slack.requests import Ack, Outgoing
from bot.sandbox.slack.screen import Line, Reader, Seen, part_named
from bot.sandbox.slack.state import Json, Member, Message, View

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

Where: TypeAlias = Message | Seen | Screen

UNHEARD = "the bot is not told"
_REQUIRED = "Please complete this required field."
_PERSON_FIELDS = {"users_select", "multi_users_select"}
_PLACE_FIELDS = {"channels_select", "conversations_select", "multi_channels_select", "multi_conversations_select"}


class Persona:
    """One person; it has no memory of its own, so two of the same person are the same."""

    def __init__(self, world: "SlackWorld", id_: str) -> None:
        self.id = id_
        self._world = world

    @property
    def member(self) -> Member:
        """The account."""
        return self._world.members[self.id]

    # -- talking ------------------------------------------------------------------------------------------------

    def types(self, text: str, channel: str | None = None) -> Ack:
        """Types a slash command; without a channel, in the first one this person is in."""
        world = self._world
        where = world.channel(channel or self._first_channel())
        name, _, rest = text.strip().partition(" ")
        if world.commands is not None and name not in world.commands:
            answers.whisper(world, self.id, where.id, f"{name} is not a valid command.")
            return Ack(0, error="unknown_command")
        ack = world.line.ask(interactions.command(world, self.id, where, name, rest.strip()))
        answers.command_answered(world, self.id, where.id, text, ack)
        return ack

    def says(
        self,
        text: str,
        channel: str,
        thread_ts: str | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Message:
        """Says something in a channel."""
        return self._world.post_as(self.id, channel, text, thread_ts, files=files)

    def sets_topic(self, text: str, channel: str) -> Ack:
        """Gives a channel a topic."""
        return _first(self._world.set_topic(self.id, channel, text))

    def edits(self, message: Where, text: str) -> Ack:
        """Changes one's own message."""
        return _first(self._world.edit(_message(message), text, by=self.id))

    def deletes(self, message: Where) -> Ack:
        """Deletes one's own message."""
        return _first(self._world.delete(_message(message), by=self.id))

    def reacts(self, message: Where, name: str) -> Ack:
        """Puts a reaction on a message."""
        return _first(self._world.react(self.id, _message(message), name))

    def unreacts(self, message: Where, name: str) -> Ack:
        """Takes it off."""
        return _first(self._world.unreact(self.id, _message(message), name))

    def reads_up_to(self, message: Message) -> None:
        """Has read a channel as far as this message; or where it is a reply, the thread."""
        world = self._world
        first = world.channels[message.channel].find(message.thread_ts or "") if message.is_reply else None
        reading.mark_read(world, self.id, reading.thread_of(first) if first else message.channel, message.ts)

    def unread(self, channel: str) -> reading.Unread:
        """What is new to this person in a channel or direct talk."""
        return reading.unread_in_channel(self._world, self.id, self._world.channel(channel))

    # -- pressing -----------------------------------------------------------------------------------------------

    def clicks(self, where: Where, what: str, option: str | None = None) -> Ack:
        """Presses a button, found by `action_id` or label; for a menu of a message, chooses an option of it."""
        part = part_named(_blocks(where), what)
        return self._press(where, part, self._change(part.element, option))

    def presses(self, where: Where, block_id: str, action_id: str, *values: str) -> Ack:
        """The same on a page, which knows everything by its ids, and options by their values."""
        part = _part_with(_blocks(where), block_id, action_id)
        if part.element["type"] == "button":
            return self._press(where, part, {})
        return self._press(where, part, _without_type(forms.entry(part.element, forms.given(part.element, values))))

    def _press(self, where: Where, part: forms.Part, change: Json) -> Ack:
        world = self._world
        with world.lock:
            if isinstance(where, Screen):
                outgoing = interactions.pressed_in_view(world, where.view, part, change)
            else:
                outgoing = interactions.pressed_in_message(world, self.id, _message(where), part, change)
        return world.line.ask(outgoing)

    def opens_shortcut(self, message: Where | None, name: str) -> Ack:
        """Uses a shortcut by the name in the manifest: on a message, or with None a global one."""
        world = self._world
        callback_id = self._callback_of(name)
        with world.lock:
            if message is None:
                outgoing = interactions.global_shortcut(world, self.id, callback_id)
            else:
                outgoing = interactions.message_shortcut(world, self.id, _message(message), callback_id)
        return world.line.ask(outgoing)

    def opens_home(self) -> Ack:
        """Looks at the bot's Home tab."""
        world = self._world
        return _first(world.line.tell(events.home_opened(world, self.id), background=False))

    def opens_messages(self) -> Ack:
        """Looks at the bot's Messages tab."""
        world = self._world
        return _first(world.line.tell(events.home_opened(world, self.id, "messages"), background=False))

    # -- seeing -------------------------------------------------------------------------------------------------

    def sees(self, channel: str | None = None) -> list[Seen]:
        """The messages of a channel as they stand on this person's screen; without one, the talk with the bot."""
        world = self._world
        with world.lock:
            where = world.channel(channel) if channel else world.direct(self.id)
            if self.id not in where.members:
                return []
            reader = Reader(world, self.id)
            return [reader.seen(each) for each in where.messages if each.only_for in (None, self.id)]

    def reads(self, channel: str | None = None) -> str:
        """The same as one text."""
        return "\n".join(str(each) for each in self.sees(channel))

    def reads_markup(self, markup: str) -> str:
        """A piece of Slack's markup as this person sees it: names for ids, dates in the person's zone."""
        return Reader(self._world, self.id).read(Line(markup))

    @property
    def modal(self) -> Screen | None:
        """The modal in front of this person."""
        with self._world.lock:
            stack = self._world.stacks.get(self.id)
            return Screen(self._world, stack[-1]) if stack else None

    @property
    def home(self) -> Screen | None:
        """The bot's Home tab."""
        view = self._world.homes.get(self.id)
        return Screen(self._world, view) if view else None

    # -- filling in ---------------------------------------------------------------------------------------------

    def fills(self, label: str, text: str) -> Ack | None:
        """Types into a field, or sets a date or time; the answer where the bot wants to know at once."""
        field = self._field(label)
        value: object = text or None
        if field.type == "datetimepicker":
            value = int(text)
        return self._enter(self._open_modal(), field, value, tells=field.tells_while_typing)

    def chooses(self, label: str, *options: str) -> Ack | None:
        """Chooses one option, or exactly these where several are possible; people by id or name."""
        field = self._field(label)
        chosen = [self._chosen(field, each) for each in options]
        return self._enter(self._open_modal(), field, chosen if forms.many(field.part.element) else chosen[0])

    def ticks(self, label: str, *options: str) -> Ack | None:
        """Ticks boxes, the first one if none is named."""
        field = self._field(label)
        wanted = options or tuple(field.options[:1])
        kept = [each for each in field.state["selected_options"] if forms.label_of(each) not in wanted]
        added = [forms.option_named(field.part.element, each) for each in wanted]
        return self._enter(self._open_modal(), field, kept + [each for each in added if each not in kept])

    def unticks(self, label: str, *options: str) -> Ack | None:
        """Takes ticks away, all if none is named."""
        field = self._field(label)
        wanted = [forms.option_named(field.part.element, each)["value"] for each in options or field.options]
        screen, state = self._open_modal(), field.state
        return self._enter(screen, field, [each for each in state["selected_options"] if each["value"] not in wanted])

    def enters(self, screen: Screen, block_id: str, action_id: str, *values: str, tells: bool = True) -> Ack | None:
        """Fills in a field as a page does, by ids and values; without `tells`, not yet so far that the bot hears it."""
        found = [each for each in screen.fields.values() if _is_part(each.part, block_id, action_id)]
        if not found:
            raise LookupError(action_id)
        return self._enter(screen, found[0], forms.given(found[0].part.element, values), tells=tells)

    def submits(self) -> Ack:
        """Sends the modal; Slack itself refuses while something required is missing, and tells the bot nothing."""
        world = self._world
        screen = self._open_modal()
        view = screen.view
        if not screen.submit:
            complaint = f"there is no button to send {screen.title!r} with"
            raise LookupError(complaint)
        with world.lock:
            view.trouble = ""
            view.errors = _missing(screen)
            if view.errors:
                return Ack(0, error="required_fields")
            outgoing = interactions.submission(world, view)
        ack = world.line.ask(outgoing)
        cleared = answers.submission_answered(world, view, ack)
        self._tell_closed(cleared, cleared=True)
        return ack

    def closes(self, *, everything: bool = False) -> Ack | None:
        """Closes the modal in front, or the whole stack."""
        world = self._world
        screen = self._open_modal()
        if everything or screen.view.given.get("clear_on_close"):
            return self._tell_closed(views.close_all(world, self.id), cleared=True)
        return self._tell_closed([views.close_top(world, self.id)], cleared=False)

    # -- inside -------------------------------------------------------------------------------------------------

    def _callback_of(self, name: str) -> str:
        shortcuts = self._world.shortcuts
        if shortcuts and name not in shortcuts and name not in shortcuts.values():
            complaint = f"no shortcut is called {name!r}, only {list(shortcuts)}"
            raise LookupError(complaint)
        return shortcuts.get(name, name)

    def _tell_closed(self, closed: list[View], *, cleared: bool) -> Ack | None:
        told: list[Outgoing] = [
            interactions.closing(self._world, each, cleared=cleared)
            for each in closed
            if each.given.get("notify_on_close")
        ]
        acks = [self._world.line.ask(each) for each in told]
        return acks[0] if acks else None

    def _open_modal(self) -> Screen:
        modal = self.modal
        if modal is None:
            complaint = f"{self.member.name} has no modal in front"
            raise LookupError(complaint)
        return modal

    def _field(self, label: str) -> Field:
        return self._open_modal().field(label)

    def _enter(self, screen: Screen, field: Field, value: object, *, tells: bool = True) -> Ack | None:
        world = self._world
        state = forms.entry(field.part.element, value)
        with world.lock:
            screen.view.values[field.part.block_id][field.part.action_id] = state
            screen.view.errors.pop(field.part.block_id, None)
        world.changes.happened()
        if not (tells and field.dispatches):
            return None
        change = {key: each for key, each in state.items() if key != "type"}
        return world.line.ask(interactions.pressed_in_view(world, screen.view, field.part, change))

    def _chosen(self, field: Field, name: str) -> Json | str:
        if field.type in _PERSON_FIELDS:
            return self._person_named(name)
        if field.type in _PLACE_FIELDS:
            return self._world.channel(name).id
        return forms.option_named(field.part.element, name)

    def _person_named(self, name: str) -> str:
        members = self._world.members
        bare = name.lstrip("@")
        found = next((each.id for each in members.values() if bare in {each.id, each.name, each.real_name}), None)
        if found is None:
            raise LookupError(name)
        return found

    def _change(self, element: Json, option: str | None) -> Json:
        if element["type"] == "button":
            return {}
        if option is None:
            complaint = f"which option of {forms.option_texts(element)}?"
            raise ValueError(complaint)
        if element["type"] == "overflow":
            return {"selected_option": forms.option_named(element, option)}
        if element["type"] in _PERSON_FIELDS:
            return _without_type(forms.entry(element, self._person_named(option)))
        chosen = forms.option_named(element, option)
        return _without_type(forms.entry(element, [chosen] if forms.many(element) else chosen))

    def _first_channel(self) -> str:
        found = (each.id for each in self._world.channels.values() if self.id in each.members)
        return next(found, None) or self._world.direct(self.id).id


def _message(where: Where) -> Message:
    if isinstance(where, Seen):
        return where.message
    if isinstance(where, Screen):
        raise TypeError(where)
    return where


def _blocks(where: Where) -> list[Json]:
    return where.view.blocks if isinstance(where, Screen) else _message(where).blocks


def _is_part(part: forms.Part, block_id: str, action_id: str) -> bool:
    return (part.block_id, part.action_id) == (block_id, action_id)


def _part_with(blocks: list[Json], block_id: str, action_id: str) -> forms.Part:
    found = next((each for each in forms.parts_of(blocks) if _is_part(each, block_id, action_id)), None)
    if found is None:
        complaint = f"nothing is called {action_id!r} in {block_id!r}"
        raise LookupError(complaint)
    return found


def _first(acks: list[Ack]) -> Ack:
    return acks[0] if acks else Ack(0, error=UNHEARD)


def _without_type(state: Json) -> Json:
    return {key: each for key, each in state.items() if key != "type"}


def _missing(screen: Screen) -> dict[str, str]:
    """What Slack's own client says beside the fields before anything is sent."""
    said: dict[str, str] = {}
    for field in screen.fields.values():
        fault = _length_fault(field)
        if forms.is_empty(field.state):
            fault = "" if field.optional else _REQUIRED
        if fault:
            said[field.part.block_id] = fault
    return said


def _length_fault(field: Field) -> str:
    least, most = field.part.element.get("min_length", 0), field.part.element.get("max_length", 3000)
    if field.type not in forms.TYPED or least <= len(field.value) <= most:
        return ""
    return f"Please use between {least} and {most} characters."
