"""The play: a lead closes the week while GitLab fails, and takes it all back. Everything shown is on somebody's screen."""

import time
from collections import Counter
from dataclasses import dataclass, field
from shlex import quote

from bot.demo.process import DemoError
from bot.demo.stage import Stage
from bot.demo.worlds import Worlds
from bot.sandbox import seed
from bot.sandbox.slack.modal import Screen
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.screen import Seen

LATENCY = 0.2
"""Seconds that the emulated GitLab takes for each request."""
GET_THROUGH = 5
"""Changes that reach GitLab before it goes down."""


def introduce(stage: Stage, worlds: Worlds) -> None:
    """Say what there is to see, while it is being set up."""
    stage.opens(f"Wednesday, {worlds.morning:%Y-%m-%d}")
    stage.says(
        "An emulated Slack and an emulated GitLab run on this machine, and Baton between them as a process of its own. "
        "You look at the screen of Alice, who leads the team this week."
    )


def play(stage: Stage, worlds: Worlds) -> None:
    """Play all acts."""
    worlds.weather.goes_slow(LATENCY)
    alice, chen = (Seat(stage, worlds, worlds.slack.person(id_)) for id_ in (seed.ALICE, seed.CHEN))
    stage.pauses(1)
    _preview(stage, alice)
    _roll_over(stage, worlds, alice, chen)
    _status(stage, alice)
    _undo(stage, worlds, alice)
    worlds.weather.clears()


@dataclass
class Seat:
    """Somebody at a screen: what they do is done in Slack, what they see is shown on the stage."""

    stage: Stage
    worlds: Worlds
    person: Persona
    _read: dict[str, str] = field(default_factory=dict)

    def types(self, command: str) -> None:
        """Type a command in the team's channel."""
        self.stage.types(self.person, command, self.worlds.now())
        self.person.types(command, channel=seed.CHANNEL)

    def opens(self, command: str, words: str) -> Screen:
        """Type a command that opens a modal, and show it when it says these words, after what is whispered meanwhile."""

        def is_there() -> bool:
            modal = self.person.modal
            return modal is not None and words in modal.text

        self.types(command)
        self.worlds.waits_for(f"“{words}”", is_there)
        for seen in self._unread():
            if seen.ephemeral:
                self._shows(seen)
        modal = self.person.modal
        if modal is None:
            message = f"“{words}” was closed"
            raise DemoError(message)
        self.stage.modal(self.person, modal)
        return modal

    def presses(self, label: str) -> None:
        """Press the button that sends the modal."""
        self.stage.presses(self.person, label)
        self.person.submits()

    def sees(self, words: str) -> Seen:
        """Wait for a message that says these words, and show it."""
        seen = self._find(words)
        self._shows(seen)
        return seen

    def sees_edit(self, words: str, began: float) -> None:
        """Wait until the message that edits itself says these words, and show what it says on the way."""
        while True:
            seen = self._find("week ending", words)
            self.stage.edit(self.person, seen, time.monotonic() - began)
            self._read[seen.message.ts] = seen.raw
            if words in seen.text:
                return

    def _find(self, *wanted: str) -> Seen:
        """Wait for an unread message that says any of the words."""
        found: list[Seen] = []

        def is_there() -> bool:
            found[:] = [seen for seen in self._unread() if any(words in seen.text for words in wanted)]
            return bool(found)

        self.worlds.waits_for(f"“{wanted[-1]}”", is_there)
        return found[0]

    def _unread(self) -> list[Seen]:
        """The messages that are new, or say something else than when they were read."""
        return [seen for seen in self.person.sees(seed.CHANNEL) if self._read.get(seen.message.ts) != seen.raw]

    def _shows(self, seen: Seen) -> None:
        self.stage.message(self.person, seen)
        self._read[seen.message.ts] = seen.raw


def _preview(stage: Stage, alice: Seat) -> None:
    stage.opens("1 · The week is over")
    modal = alice.opens("/wow rollover", "Rename “WoW”")
    stage.pauses(5)
    stage.says("Nothing is written yet. One issue shall not move on:")
    alice.person.chooses(seed.LEFT_BEHIND, "Leave in closed week")
    stage.pauses(0.5)
    stage.field(modal.field(seed.LEFT_BEHIND))
    with stage.pictured(alone=True):
        stage.types(alice.person, "/wow rollover", alice.worlds.now())
        stage.modal(alice.person, modal)
    stage.pauses(1)


def _roll_over(stage: Stage, worlds: Worlds, alice: Seat, chen: Seat) -> None:
    _breaks_after(worlds, GET_THROUGH)
    alice.presses("Roll over")
    stage.opens("2 · GitLab goes down on the way")
    began = time.monotonic()
    with stage.pictured():
        alice.sees("rolls over the week")
        worlds.gitlab.wait_until(lambda: worlds.weather.down)
        stage.event("✗", "GitLab is cut off.", "red")
        alice.sees_edit("does not answer", began)
    stage.pauses(0.5)
    stage.says("In Singapore, Chen means well and types the same:")
    chen.opens("/wow rollover", "The message in the channel shows how far it is")
    chen.person.closes()
    stage.pauses(1)
    stage.says("Back to Alice:")
    with stage.pictured():
        stage.event("✓", "GitLab is back.", "green")
        worlds.weather.clears()
        worlds.weather.goes_slow(LATENCY)
        alice.sees_edit("is rolled over", began)
    with stage.pictured(alone=True):
        stage.shows("")
    alice.sees("is closed, rolled over")
    stage.says(f"GitLab has taken {len(worlds.gitlab.writes)} changes, {_twice(worlds) or 'none'} of them twice.")
    stage.pauses(3)


def _breaks_after(worlds: Worlds, changes: int) -> None:
    """Let GitLab fall silent after so many changes: the next one is cut, and all that comes behind it."""

    def cut(_: str) -> bool:
        worlds.weather.goes_down()
        return True

    for number in range(changes + 1, 100):
        worlds.weather.at_call(number, cut, match="^PUT ")


def _twice(worlds: Worlds) -> int:
    changes = Counter((write.method, write.path, str(write.body)) for write in worlds.gitlab.writes)
    return sum(number > 1 for number in changes.values())


def _status(stage: Stage, alice: Seat) -> None:
    stage.opens("3 · The new week")
    alice.types("/wow status")
    alice.sees("most urgent first")
    stage.pauses(2.5)


def _undo(stage: Stage, worlds: Worlds, alice: Seat) -> None:
    stage.opens("4 · The way back")
    [number] = worlds.gitlab.issue_titled(seed.TAKEN_AWAY)
    worlds.gitlab.edit_issue(number, by="ben", milestone=None)
    stage.says(f"In GitLab, Ben takes #{number} out of the week. Then Alice thinks better of the whole rollover.")
    stage.pauses(1)
    alice.opens("/wow undo", "Take back the rollover")
    stage.pauses(2.5)
    alice.presses("Undo")
    alice.sees("is taken back by")
    stage.pauses(1)


def invite(stage: Stage, worlds: Worlds, page: str) -> None:
    """Say what there is to look at and to try, while all of it is up."""
    stage.opens("Have a look")
    stage.shows("")
    project = worlds.gitlab.state.project.full_path
    for name, address in (
        ("All of it, as a page", page),
        ("GitLab, with pages", f"{worlds.gitlab_url}/{project}"),
        ("Baton's health", f"{worlds.bot_url}/healthz"),
        ("Baton's metrics", f"{worlds.bot_url}/metrics"),
    ):
        stage.shows(f"{name:<22}{address}")
    stage.says("In another terminal, in Baton's folder, the same from the command line; close that one afterwards:")
    stage.shows("")
    settings = [f"{name}={quote(value)}" for name, value in worlds.settings.items() if name != "PORT"]
    stage.copied("export " + " \\\n".join(settings))
    stage.copied(".venv/bin/python -m bot wow status")
