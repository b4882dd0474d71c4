"""What the app says: drafts of its messages, judged as Slack judges them, from every place where it can speak.

https://docs.slack.dev/reference/methods/chat.postMessage
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.sandbox.slack.blocks import faults_in
from bot.sandbox.slack.forms import settled
from bot.sandbox.slack.state import File, Json, Message, SlackError

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

MOST_CHARACTERS = 40_000
# https://docs.slack.dev/reference/methods/chat.update
MOST_CHARACTERS_IN_UPDATE = 4_000
# Not documented, but measured by users of the SDKs: all texts of all blocks together.
MOST_CHARACTERS_IN_BLOCKS = 13_200
_MOST_ATTACHMENTS = 100
_MOST_METADATA_BYTES = 16_000


def drafted(world: "SlackWorld", channel: str, said: Mapping[str, Any], files: Sequence[File] = ()) -> Message:
    """A message of the app, not yet posted; the refusal if Slack would not take it."""
    content = judged(said)
    if not content["text"].strip() and not content["blocks"] and not content["attachments"] and not files:
        raise SlackError("no_text")
    return Message(
        channel,
        world.next_ts(),
        world.bot_user,
        content["text"],
        blocks=content["blocks"],
        attachments=content["attachments"],
        files=list(files),
        thread_ts=str(said.get("thread_ts") or "") or None,
        bot_id=world.bot_id,
        app_id=world.app_id,
        metadata=metadata_in(said),
    )


def judged(said: Mapping[str, Any], most: int = MOST_CHARACTERS) -> Json:
    """Text, blocks and attachments as Slack keeps them."""
    text = said.get("text") or said.get("markdown_text") or ""
    if not isinstance(text, str):
        raise SlackError("invalid_arguments")
    if len(text) > most:
        raise SlackError("msg_too_long")
    return {
        "text": text,
        "blocks": _blocks(said.get("blocks")),
        "attachments": _attachments(said.get("attachments")),
    }


def metadata_in(said: Mapping[str, Any]) -> Json | None:
    """The metadata that travels with a message (https://docs.slack.dev/messaging/message-metadata)."""
    given = parsed(said.get("metadata"), "invalid_metadata_format")
    if not given:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(given.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(given)) > _MOST_METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return given


def parsed(value: object, error: str) -> Any:  # noqa: ANN401 - JSON
    """An argument that is JSON, as an object or as text."""
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(error) from None


def _blocks(value: object) -> list[Json]:
    blocks = parsed(value, "invalid_blocks_format")
    if not blocks:
        return []
    _refuse(faults_in(blocks, "message"))
    if _characters(blocks) > MOST_CHARACTERS_IN_BLOCKS:
        raise SlackError("msg_blocks_too_long")
    return settled(blocks)


def _characters(part: object) -> int:
    """How much there is to read in blocks, however deep it stands."""
    if isinstance(part, list):
        return sum(_characters(each) for each in part)
    if not isinstance(part, dict):
        return 0
    return sum(
        len(each) if key == "text" and isinstance(each, str) else _characters(each) for key, each in part.items()
    )


def _attachments(value: object) -> list[Json]:
    attachments = parsed(value, "invalid_attachments")
    if not attachments:
        return []
    if not isinstance(attachments, list) or not all(isinstance(each, dict) for each in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > _MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    kept = []
    for number, each in enumerate(attachments):
        shown = {"id": number + 1, "fallback": "[no preview available]", **each}
        if each.get("blocks"):
            _refuse(faults_in(each["blocks"], "message", f"/attachments/{number}/blocks"))
            shown["blocks"] = settled(each["blocks"])
        kept.append(shown)
    return kept


def _refuse(faults: list[str]) -> None:
    if faults:
        messages = [f"[ERROR] {each}" for each in faults]
        raise SlackError("invalid_blocks", errors=faults, response_metadata={"messages": messages})
