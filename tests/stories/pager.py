"""What the stories about the pager share: to take it, to offer it, to answer; and what the log of reports looks like."""

from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.screen import Seen
from tests.stories.world import CHANNEL, Gitlab, World

DATA_LOSS = "(perceived) data loss"


def takes(world: World, who: Persona, reason: str = "") -> Seen:
    """Somebody takes the pager; gives what the channel is told."""
    assert who.types(f"/handoff take {reason}".strip(), CHANNEL).ok
    return world.said(f"@{who.member.name} is on call")


def opens_offer(world: World, who: Persona, to: str) -> None:
    """Somebody types the command, and sees the modal."""
    assert who.types(f"/handoff {to}", CHANNEL).ok
    world.modal(who, "Hand off")


def offers(world: World, who: Persona, to: Persona, summary: str = "", notes: dict[str, str] | None = None) -> Seen:
    """Somebody offers the pager, with a summary (or as a quiet shift); gives what the channel is told."""
    before = {each.message.ts for each in world.messages("Hand-off offered")}
    opens_offer(world, who, f"<@{to.id}>")
    for label, note in (notes or {}).items():
        who.fills(label, note)
    if summary:
        who.fills("Summary", summary)
    else:
        who.ticks("Quiet shift")
    assert who.submits().ok
    found: list[Seen] = []

    def is_there() -> bool:
        found[:] = [each for each in world.messages("Hand-off offered") if each.message.ts not in before]
        return bool(found)

    world.until(is_there, "the offer is in the channel")
    return found[-1]


def accepts(world: World, who: Persona, offer: Seen) -> None:
    """The person it is for accepts."""
    assert who.clicks(offer, "Accept").ok
    world.until(lambda: on_call(world, who) == who.member.name, f"{who.member.name} is on call")


def on_call(world: World, who: Persona | None = None) -> str:
    """Who is on call, as the status says; empty for nobody."""
    said = (who or world.alice).types("/handoff status", CHANNEL).text.partition("\n")[0]
    found = said.partition("On call: <@")[2].partition(">")[0]
    return world.slack.members[found].name if found else ""


def assignees(gitlab: Gitlab, iid: int) -> list[str]:
    """Who has an issue."""
    return [each["username"] for each in gitlab.issue(iid)["assignees"]] if gitlab.issue(iid)["assignees"] else []


def notes_under(gitlab: Gitlab, iid: int) -> list[str]:
    """What people and Baton wrote under an issue."""
    return [each.body for each in gitlab.state.issues[iid].notes if not each.system]


def reports(gitlab: Gitlab) -> list[int]:
    """The numbers of the on-call reports, oldest first."""
    return [iid for iid in sorted(gitlab.state.issues) if "oncall report" in gitlab.issue(iid)["labels"]]
