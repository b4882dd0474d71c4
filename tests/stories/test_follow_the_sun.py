"""A week around the world: 21 hand-offs by the rota between three people, and all that can go wrong on the way.

Europe sets its clocks back at its beginning, America at its end. One hand-off is declined, one is late, one happens with
GitLab down, one with the bot killed between offer and acceptance, one is accepted by a double click that reaches two
processes. At every instant exactly one person is on call, and what goes on reaches each of them with its notes.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.screen import Seen
from tests.stories.pager import DATA_LOSS, accepts, assignees, notes_under, on_call, reports, takes
from tests.stories.side_by_side import side_by_side
from tests.stories.test_once import at_once
from tests.stories.world import CHANNEL, World

BEGINS = "2026-10-24T20:30Z"
"""Saturday evening in Amsterdam: an hour before clocks are set back there, and a week before they are in Los Angeles."""
HAND_OFFS = 21
DECLINED, LATE, DOWN, KILLED, TWICE = 4, 7, 10, 13, 16
"""The hand-offs in which something goes wrong."""
RESOLVED = 12

ROTA = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//a team//its rota//EN
BEGIN:VEVENT
UID:1
SUMMARY:dave
DTSTART;TZID=Pacific/Auckland:20261018T080000
DURATION:PT8H
RRULE:FREQ=DAILY
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:On call: alice
DTSTART;TZID=Europe/Amsterdam:20261018T050000
DURATION:PT10H
RRULE:FREQ=DAILY
END:VEVENT
BEGIN:VEVENT
UID:3
SUMMARY:carol
DTSTART;TZID=America/Los_Angeles:20261018T080000
DURATION:PT5H
RRULE:FREQ=DAILY
END:VEVENT
END:VCALENDAR
"""


@dataclass
class Week:
    """The week as it is lived: who has the pager, what goes on, and what was written of it."""

    world: World
    people: dict[str, Persona]
    order: list[str] = field(default_factory=list)
    notes: dict[int, list[str]] = field(default_factory=dict)

    def has_it(self) -> str:
        """Who is on call, of whom everybody is told the same."""
        said = {on_call(self.world, each) for each in self.people.values()}
        assert len(said) == 1, said
        return said.pop()

    def passes(self, hours: float) -> None:
        """Time goes by; the bot is restarted meanwhile, as such a bot is."""
        self.world.bot.is_killed()
        self.world.clock.moves(hours=hours)
        self.world.bot.starts()

    def offers(self, number: int) -> tuple[Persona, Seen]:
        """Whoever is on call offers the pager to the next one by the rota, with a note on each thing that goes on."""
        world, outgoing = self.world, self.people[self.has_it()]
        before = {each.message.ts for each in world.messages("Hand-off offered")}
        outgoing.types("/handoff @next", CHANNEL)
        modal = world.modal(outgoing, "Hand off")
        for iid in self.notes:
            outgoing.fills(f"#{iid}", f"note {number} on {iid}")
        outgoing.fills("Summary", f"summary {number}")
        incoming = next(each for name, each in self.people.items() if f"To @{name}" in modal.text)
        assert incoming is not outgoing
        assert outgoing.submits().ok
        world.until(
            lambda: {each.message.ts for each in world.messages("Hand-off offered")} - before, f"offer {number} is made"
        )
        assert self.has_it() == outgoing.member.name, "until it is accepted"
        return incoming, world.messages("Hand-off offered")[-1]

    def is_accepted(self, number: int, incoming: Persona, offer: Seen) -> None:
        """The pager moves, and what goes on with it."""
        accepts(self.world, incoming, offer)
        self.has_moved(number, incoming)

    def has_moved(self, number: int, incoming: Persona) -> None:
        """Whoever accepted is the next in order, and each thing that goes on has a note more."""
        self.order.append(incoming.member.name)
        for iid, notes in self.notes.items():
            notes.append(f"note {number} on {iid}")

    def stands_in_gitlab(self) -> None:
        """GitLab agrees: everything is assigned to whoever is on call, each note stands once, reports form a chain."""
        world = self.world
        world.until(lambda: len(reports(world.gitlab)) == len(self.order), "every shift has its report")
        world.is_idle()
        for iid, notes in self.notes.items():
            assert assignees(world.gitlab, iid) == [self.has_it()]
            written = [one for one in notes_under(world.gitlab, iid) if "> note " in one]
            assert [one.split("> ")[1].split("\n")[0] for one in written] == notes
        chain = reports(world.gitlab)
        for earlier, later in pairwise(chain):
            assert f"#{earlier}" in world.gitlab.issue(later)["description"]


@side_by_side
def test_a_week_around_the_world_leaves_nobody_without_the_pager_and_nothing_behind(tmp_path: Path) -> None:
    rota = tmp_path / "rota.ics"
    rota.write_text(ROTA.replace("\n", "\r\n"))
    with World(tmp_path, BEGINS, ROTA=str(rota), OUTAGE_REMINDER="100000") as world:
        world.slack.add_person("U3", "carol", tz="America/Los_Angeles")
        world.slack.add_person("U4", "dave", tz="Pacific/Auckland")
        for each in ("U3", "U4"):
            world.slack.joins(each, CHANNEL)
        people = {"alice": world.alice, "carol": world.slack.person("U3"), "dave": world.slack.person("U4")}
        for name in people:
            world.gitlab.add_user(name)
        world.bot.starts()
        world.until(lambda: world.bot.has_said("rota.read"), "the rota is read")
        week = Week(world, people)
        takes(world, people["carol"])
        week.order.append("carol")
        lost = world.gitlab.add_issue("Avatars are missing", [DATA_LOSS])
        down = world.gitlab.add_issue("Database is down", ["outage"])
        week.notes = {lost: [], down: []}

        for number in range(1, HAND_OFFS + 1):
            _one_shift(week, number, down)

        week.stands_in_gitlab()
        _no_gap(tmp_path / "baton.db", week.order)
        assert {"alice", "carol", "dave"} == set(week.order)


def _one_shift(week: Week, number: int, down: int) -> None:
    world = week.world
    week.passes(hours=8 if number > 1 else 0.1)
    if number == LATE:
        week.passes(hours=1.5)
    if number == RESOLVED:
        week.people[week.has_it()].types(f"/event resolve #{down}", CHANNEL)
        world.until(lambda: world.gitlab.issue(down)["state"] == "closed", "the outage is over")
        del week.notes[down]
    if number == DOWN:
        world.gitlab.goes_down()
    incoming, offer = week.offers(number)
    if number == DECLINED:
        incoming.clicks(offer, "Decline")
        world.modal(incoming, "Decline")
        incoming.fills("Reason", "I am on a train")
        incoming.submits()
        world.said("declined the hand-off")
        incoming, offer = week.offers(number)
    if number == KILLED:
        world.bot.is_killed()
        world.bot.starts()
    if number == TWICE:
        _accepts_twice(week, incoming, offer)
        week.has_moved(number, incoming)
    else:
        week.is_accepted(number, incoming, offer)
    if number == DOWN:
        world.said("GitLab does not answer")
        world.gitlab.comes_back()
    if number in {DOWN, KILLED, TWICE, RESOLVED}:
        week.stands_in_gitlab()


def _accepts_twice(week: Week, incoming: Persona, offer: Seen) -> None:
    first, other = week.world.bot.url, week.world.another_bot()
    other.starts()

    def at(url: str) -> object:
        week.world.slack.bot_url = url
        return incoming.clicks(offer, "Accept")

    at_once(lambda: at(first), lambda: at(other.url))  # type: ignore[arg-type, return-value]
    other.is_killed()
    week.world.slack.bot_url = first
    assert week.has_it() == incoming.member.name


def _no_gap(database: Path, order: list[str]) -> None:
    """Each shift begins where the one before ends: whoever asks at whatever instant is told one person."""
    with closing(sqlite3.connect(database)) as store:
        rows = store.execute("SELECT who, since FROM shifts ORDER BY number").fetchall()
        names = dict(store.execute("SELECT id, handle FROM people").fetchall())
    assert [names[who] for who, _ in rows] == order
    begun = [datetime.fromisoformat(since) for _, since in rows]
    assert all(later > earlier for earlier, later in pairwise(begun))
    assert begun[-1] - begun[0] > timedelta(days=6)
