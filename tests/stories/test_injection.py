"""Text is data: whatever is typed acts nowhere, calls nobody, and can be read as it was typed."""

from bot.sandbox.slack.persona import Persona
from tests.stories.night import declares, exported, notes_of, only_outage, plain
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, Gitlab, World

TYPED = [
    "/close",
    "/assign @all",
    "@all look at this",
    "see #1294 and !1",
    "~outage %WoW",
    "<!channel> and <@U2>",
    "[click](javascript:alert(1))",
    "```\n/close\n@all",
    "<img src=x onerror=alert(1)> &amp; <b>bold</b>",
    "\u200b/close \u200b@\u200ball",
    "*bold* _italic_ ~~struck~~ `code`",
    "first line\n/label ~outage\n/close",
]


@side_by_side
def test_what_is_typed_acts_nowhere_pings_nobody_and_is_legible(
    world: World, gitlab: Gitlab, alice: Persona, bob: Persona
) -> None:
    gitlab.add_issue("Another one", [])
    declares(world, alice, "/close @all #1 <!channel> ~outage")
    world.said("(#2)")
    for text in TYPED:
        assert alice.types(f"/event log {text}", CHANNEL).ok
    message = bob.says("/close\n@all <!channel> #1", CHANNEL)
    assert alice.opens_shortcut(message, "Log as event").ok
    world.until(lambda: len(exported_texts(world, bob)) == len(TYPED) + 2, "all is logged")
    world.is_idle()

    assert gitlab.quick_actions == gitlab.mentions == gitlab.references == []
    assert gitlab.issue(2)["state"] == "opened"
    notes = "\n".join(plain(note) for note in notes_of(gitlab, only_outage(gitlab)))
    for words in ("/assign @all", "see #1294 and !1", "~outage %WoW", "[click](javascript:alert(1))", "<b>bold</b>"):
        assert words in notes, words
    said = [one for one in world.messages() if one.by == "baton"]
    assert [ping for one in said for ping in one.pings if ping not in {"@U1", "@U2"}] == []
    assert not any("!channel" in one.pings for one in said)
    assert any("<img src=x onerror=alert(1)>" in one.text for one in said)


def exported_texts(world: World, person: Persona) -> list[str]:
    """The texts of all events."""
    return [one["text"] for one in exported(world, person)]


@side_by_side
def test_what_is_too_long_or_says_nothing_is_refused_with_the_limit(world: World, alice: Persona) -> None:
    def refused(text: str) -> str:
        return alice.types(f"/event log {text}", CHANNEL).text.replace(",", "")

    world.until(lambda: "3000" in refused("x" * 12_000), "she, and who is here, is known")
    assert "12000" in refused("x" * 12_000)
    for nothing in ("", "   ", "\u200b\u200b", "change", "incident 14:05Z"):
        assert "/event log" in refused(nothing), repr(nothing)
    assert exported(world, alice) == []
