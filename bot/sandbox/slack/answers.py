"""What becomes of the bot's answers: the body of an acknowledgement, and what it posts to a response URL.

https://docs.slack.dev/interactivity/handling-user-interaction and https://docs.slack.dev/surfaces/modals
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.sandbox.slack import views
from bot.sandbox.slack.payloads import rich_text
from bot.sandbox.slack.requests import Ack
from bot.sandbox.slack.speech import drafted, judged
from bot.sandbox.slack.state import Json, Message, ResponseUrl, SlackError, View

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

SLACKBOT = "USLACKBOT"
TROUBLE = "We had some trouble connecting. Try again?"


def command_answered(world: "SlackWorld", user: str, channel: str, typed: str, ack: Ack) -> None:
    """Shows the person what the bot answered to a slash command, or that it did not."""
    command = typed.split(maxsplit=1)[0]
    if not ack.ok:
        whisper(world, user, channel, f'{command} failed with the error "{ack.error}"')
        return
    if not ack.text.strip():
        return
    body = ack.body
    said: Mapping[str, Any] = body if isinstance(body, dict) else {"text": ack.text}
    if said.get("response_type") == "in_channel":
        world.post(Message(channel, world.next_ts(), user, typed, blocks=rich_text(typed)), announce=False)
    try:
        _say(world, user, channel, said)
    except SlackError as error:
        if error.code != "no_text":
            whisper(world, user, channel, f'{command} failed with the error "invalid_command_response"')


def submission_answered(world: "SlackWorld", view: View, ack: Ack) -> list[View]:
    """Does to the modal what the bot answered; which views were taken off the screen."""
    body = ack.body if ack.ok else None
    if body is None or not isinstance(body or {}, dict):
        return _trouble(world, view)
    action = (body or {}).get("response_action", "")
    try:
        return _act(world, view, action, body or {})
    except SlackError as error:
        ack.error = error.code
        ack.text += f"\n{error.body}"
        return _trouble(world, view)


def _act(world: "SlackWorld", view: View, action: str, body: Json) -> list[View]:
    if action == "errors":
        return _show_errors(world, view, body.get("errors"))
    if action == "clear":
        return views.close_all(world, view.user)
    if action in {"update", "push"}:
        given = views.judged(body.get("view"), "modal")
        with world.lock:
            if action == "update":
                views.renew(world, view, given)
            else:
                views.push_for(world, view.user, given)
        world.changes.happened()
        return []
    if action:
        raise SlackError("invalid_response_action")
    if world.stacks.get(view.user, [])[-1:] == [view]:
        views.close_top(world, view.user)
    return []


def _show_errors(world: "SlackWorld", view: View, errors: object) -> list[View]:
    inputs = {each["block_id"] for each in view.blocks if each["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("invalid_errors")
    with world.lock:
        view.errors = {str(key): str(value) for key, value in errors.items()}
    world.changes.happened()
    return []


def _trouble(world: "SlackWorld", view: View) -> list[View]:
    view.trouble = TROUBLE
    world.changes.happened()
    return []


def responded(world: "SlackWorld", id_: str, body: Mapping[str, Any]) -> None:
    """What the bot posts to a response URL."""
    with world.lock:
        entry = world.response_urls.get(id_)
        if entry is None:
            raise SlackError("invalid_url", status=404)
        if world.clock() - entry.at > world.response_url_seconds:
            raise SlackError("expired_url", status=404)
        if entry.uses >= world.response_url_uses:
            raise SlackError("used_url", status=404)
        entry.uses += 1
    if _is_true(body.get("delete_original")):
        _take_away(world, entry)
    elif _is_true(body.get("replace_original")) and entry.message is not None:
        _replace(world, entry.message, body)
    else:
        _say(world, entry.user, entry.channel, body)


def _take_away(world: "SlackWorld", entry: ResponseUrl) -> None:
    if entry.message is None or entry.message.bot_id != world.bot_id:
        raise SlackError("cant_delete_message", status=404)
    if entry.message in world.channels[entry.channel].messages:
        world.delete(entry.message, by=world.bot_user)


def _replace(world: "SlackWorld", message: Message, body: Mapping[str, Any]) -> None:
    if message.bot_id != world.bot_id:
        raise SlackError("cant_update_message", status=404)
    content = judged(body)
    text = content.pop("text")
    if message.only_for is None:
        world.edit(message, text, by=world.bot_user, **content)
        return
    with world.lock:
        message.text, message.blocks, message.attachments = text, content["blocks"], content["attachments"]
    world.changes.happened()


def _say(world: "SlackWorld", user: str, channel: str, body: Mapping[str, Any]) -> Message:
    message = drafted(world, channel, body)
    if body.get("response_type") != "in_channel":
        message.only_for = user
    world.post(message)
    return message


def whisper(world: "SlackWorld", user: str, channel: str, text: str) -> None:
    """Slack itself says something that only this person sees."""
    world.post(Message(channel, world.next_ts(), SLACKBOT, text, username="Slackbot", only_for=user))


def _is_true(value: object) -> bool:
    return value is True or str(value).casefold() == "true"
