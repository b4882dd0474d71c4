"""What the stories about the log share: how somebody declares an outage, and what then stands in GitLab and in files."""

import json
from typing import Any

from bot.sandbox.slack.persona import Persona
from tests.stories.world import CHANNEL, Gitlab, World


def declares(world: World, person: Persona, title: str, *ticks: str, channel: str = CHANNEL) -> None:
    """Somebody declares an outage by the command."""
    assert person.types(f"/event outage {title}", channel).ok
    world.modal(person, "Open issue")
    for label in ticks:
        person.ticks(label)
    assert person.submits().ok


def notes_of(gitlab: Gitlab, iid: int) -> list[str]:
    """The texts of the notes under an issue that people wrote, or Baton did, in their order."""
    notes = gitlab.state.issues[iid].notes
    return [each.body for each in sorted(notes, key=lambda one: one.id) if not each.system]


def only_outage(gitlab: Gitlab) -> int:
    """The number of the only issue with the label."""
    (found,) = [iid for iid in gitlab.state.issues if "outage" in gitlab.labels_of(iid)]
    return found


def exported(world: World, person: Persona, what: str = "json") -> list[dict[str, Any]]:
    """The events of an export, from the file that somebody gets."""
    before = set(world.slack.files)
    assert person.types(f"/event export {what}", CHANNEL).ok
    file = file_sent(world, before, ".json")
    events: list[dict[str, Any]] = json.loads(file)["events"]
    return events


def file_sent(world: World, before: set[str], ending: str) -> bytes:
    """The content of the file that came since, as soon as it is there."""

    def found() -> list[bytes]:
        new = [world.slack.files[each] for each in set(world.slack.files) - before]
        return [each.content or b"" for each in new if each.completed and each.name.endswith(ending)]

    world.until(found, f"a file {ending}")
    (content,) = found()
    return content


def echoes(world: World, words: str, channel: str = CHANNEL) -> list[str]:
    """What everybody in a channel sees of Baton's with these words."""
    return [one.text for one in world.messages(words, channel) if not one.ephemeral]


def plain(text: str) -> str:
    """A text as it is read, without what makes it harmless."""
    return "".join(sign for sign in text if sign not in "\\\u2060`")
