"""The Web API's `files.*`: a promise, an upload, and the message that shows the file.

https://docs.slack.dev/messaging/working-with-files
"""

from typing import TYPE_CHECKING

from bot.sandbox.slack.calls import Call, method
from bot.sandbox.slack.chat import speakable
from bot.sandbox.slack.payloads import file_payload
from bot.sandbox.slack.speech import drafted
from bot.sandbox.slack.state import File, Json, SlackError

if TYPE_CHECKING:
    from bot.sandbox.slack.world import SlackWorld

_MOST_ALTERNATIVE_CHARACTERS = 1000


def uploaded(world: "SlackWorld", id_: str, content: bytes) -> None:
    """The bytes of a file that was promised have come."""
    file = world.files.get(id_)
    if file is None or file.completed:
        raise SlackError("file_not_found", status=404)
    with world.lock:
        file.content, file.size = content, len(content)
    world.changes.happened()


def _upload_url(call: Call) -> Json:
    length = call.number("length", 0)
    if length <= 0:
        raise SlackError("invalid_arguments")
    if len(call.text("alt_txt")) > _MOST_ALTERNATIVE_CHARACTERS:
        raise SlackError("alt_txt_too_large")
    file = call.world.new_file(call.text("filename"), None, call.world.bot_user, length)
    file.alternative = call.text("alt_txt")
    return {"upload_url": f"{call.origin}/upload/{file.id}", "file_id": file.id}


def _complete(call: Call) -> Json:
    world = call.world
    wanted = call.json("files")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    with world.lock:
        found = [_promised(world, each) for each in wanted]
        target = call.text("channel_id") or ",".join(call.names("channels"))
        channel = speakable(world, target) if target else None
        for file, each in zip(found, wanted, strict=True):
            file.completed = True
            file.title = str(each.get("title") or file.name)
    if channel is not None:
        said = {"text": call.text("initial_comment"), "thread_ts": call.text("thread_ts")}
        message = drafted(world, channel.id, said, found)
        for file in found:
            file.channels.append(channel.id)
        world.post(message)
    return {"files": [file_payload(world, each) for each in found]}


def _promised(world: "SlackWorld", wanted: object) -> File:
    file = world.files.get(str(wanted.get("id"))) if isinstance(wanted, dict) else None
    if file is None or file.content is None:
        raise SlackError("file_not_found")
    return file


def _info(call: Call) -> Json:
    file = call.world.files.get(call.text("file"))
    if file is None or not file.completed:
        raise SlackError("file_not_found")
    return {"file": file_payload(call.world, file), "comments": [], "response_metadata": {"next_cursor": ""}}


METHODS = {
    "files.getUploadURLExternal": method(_upload_url, "filename length", "files:write"),
    "files.completeUploadExternal": method(_complete, "files", "files:write"),
    "files.info": method(_info, "file", "files:read"),
}
