"""Plays the examples of a page in `docs/`: what somebody does, and what Baton answers, in the world of `make demo`.

An example is a block of text, one line for each thing that happens:

    alice> /event log -10m restarted Redis          somebody types a command (in #production, else `alice in #security>`)
    alice> "Replication lags"                       … says something
    alice> [Accept]                                 … presses a button: of the window, else of the newest message with it
    alice> Summary: it is quieter now               … types into a field of the window, or chooses one of its options
    alice> [x] Data loss                            … ticks a box
    alice> :pushpin: on "Replication lags"          … puts a reaction on a message
    alice> Log as event, on "Replication lags"      … uses a shortcut
    alice> Home                                     … opens Baton's Home tab, whose buttons are pressed like others then
    Baton to alice alone>                           what Baton says to her; or `in #production`, `to alice in messages`,
      Logged.                                       `shows alice a window`, `shows alice Home`: the words, two blanks in
    GitLab shows #144>                              an issue, from its title to its notes
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.demo.worlds import Worlds
from bot.sandbox import seed
from bot.sandbox.slack.modal import Field
from bot.sandbox.slack.persona import Persona
from bot.sandbox.slack.screen import Seen

PATIENCE = 20.0
PEOPLE = {name: id_ for id_, name, *_ in seed.PEOPLE}
_BLOCK = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"(?P<who>\w+)(?: (?P<where>[^>]+))?>(?: (?P<what>.*))?")
_ANYTHING = "…"
# What differs from one day, or from one reader, to the next; the page says so.
_CHANGES = (
    r"\d{4}-\d\d-\d\d",
    r"\d\d:\d\d(?::\d\d)?Z?",
    r"\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
    r"\d+ (?:min|h|days?|hours?|minutes?)\b",
)
_CHANGING = re.compile("|".join(f"(?:{each})" for each in _CHANGES))


@dataclass(frozen=True)
class Line:
    """One thing that somebody does, or that Baton says."""

    who: str
    where: str
    what: str


def lines_of(page: Path) -> Iterator[Line]:
    """The examples of a page, in order."""
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        yield from _lines(block)


def _lines(block: str) -> Iterator[Line]:
    head: re.Match[str] | None = None
    said: list[str] = []
    for text in [*block.splitlines(), "end>"]:
        if text.startswith("  ") or not text:
            said.append(text.strip())
            continue
        if head is not None:
            yield Line(head["who"], head["where"] or "", "\n".join([head["what"] or "", *said]).strip())
        head = _HEAD.fullmatch(text)
        assert head is not None, f"no line of an example: {text!r}"
        said = []


class Stage:
    """The world of the demo, in which a page is played from its first example to its last."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._slack = worlds.slack

    def plays(self, line: Line) -> None:
        """Does what the line says, or looks for what Baton says in it."""
        if line.who in {"Baton", "GitLab"}:
            self._finds(line)
        else:
            self._does(self._slack.person(PEOPLE[line.who]), line)

    def _does(self, who: Persona, line: Line) -> None:
        what, channel = line.what, line.where.removeprefix("in #") or "production"
        if what.startswith("/"):
            assert who.types(self._with_ids(what), channel).ok
        elif what == "Home":
            assert who.opens_home().ok
        elif said := re.fullmatch('"(.+)"', what):
            who.says(said[1], channel)
        elif ticked := re.fullmatch(r"\[x\] (.+)", what):
            self._has_field(who, ticked[1])
            who.ticks(ticked[1])
        elif pressed := re.fullmatch(r"\[(.+)\]", what):
            self._presses(who, pressed[1])
        elif reaction := re.fullmatch(r':(\w+): on "(.+)"', what):
            who.reacts(self._message(who, reaction[2]), reaction[1])
        elif shortcut := re.fullmatch(r'(.+), on "(.+)"', what):
            assert who.opens_shortcut(self._message(who, shortcut[2]), shortcut[1]).ok
        else:
            self._fills(who, *what.split(": ", 1))

    def _has_field(self, who: Persona, label: str) -> Field:
        """Waits until somebody has a window with this field in front."""
        found: list[Field] = []

        def is_there() -> bool:
            window = who.modal
            found[:] = [each for name, each in window.fields.items() if label in name] if window else []
            return bool(found)

        self._until(is_there, f"a window with “{label}” in front of {who.member.name}")
        return found[0]

    def _presses(self, who: Persona, label: str) -> None:
        window = who.modal
        if window is not None and window.submit == label:
            ack = who.submits()
            assert ack.ok, ack
            return
        if window is not None and window.close == label:
            who.closes()
            return
        if who.home is not None and label in who.home.buttons:
            who.clicks(who.home, label)
            return
        found: list[Seen] = []

        def is_there() -> bool:
            found[:] = [one for place in ("production", None) for one in who.sees(place) if label in one.buttons]
            return bool(found)

        self._until(is_there, f"a message with [{label}]")
        who.clicks(max(found, key=lambda one: float(one.message.ts)), label)

    def _fills(self, who: Persona, label: str, value: str) -> None:
        if self._has_field(who, label).options:
            who.chooses(label, value)
        else:
            who.fills(label, value)

    def _finds(self, line: Line) -> None:
        pattern = _pattern(line.what)

        def is_there() -> bool:
            return any(pattern.fullmatch(_plain(each)) for each in self._standing(line.where))

        if not self._worlds.slack.wait_for(is_there, PATIENCE):
            found = "\n---\n".join(_plain(each) for each in self._standing(line.where)[-4:])
            pytest.fail(f"{line.who} {line.where} does not say\n\n{line.what}\n\nbut\n\n{found}", pytrace=False)

    def _standing(self, where: str) -> list[str]:
        """What stands at a place, oldest first."""
        if issue := re.fullmatch(r"shows #(\d+)", where):
            return [self._page_of(int(issue[1]))]
        if seen_by := re.fullmatch(r"to (\w+) alone", where):
            who = self._slack.person(PEOPLE[seen_by[1]])
            return [one.text for one in who.sees("production") if one.ephemeral]
        if seen_by := re.fullmatch(r"to (\w+) in messages", where):
            return [one.text for one in self._slack.person(PEOPLE[seen_by[1]]).sees()]
        if seen_by := re.fullmatch(r"shows (\w+) a window", where):
            window = self._slack.person(PEOPLE[seen_by[1]]).modal
            return [window.text] if window else []
        if seen_by := re.fullmatch(r"shows (\w+) Home", where):
            home = self._slack.person(PEOPLE[seen_by[1]]).home
            return [home.text] if home else []
        channel = re.fullmatch(r"in #(\w+)", where)
        assert channel, f"no place where Baton speaks: {where!r}"
        alice = self._slack.person(seed.ALICE)
        return [one.text for one in alice.sees(channel[1]) if not one.ephemeral and one.by == "baton"]

    def _page_of(self, iid: int) -> str:
        issue = self._worlds.gitlab.issue(iid)
        state = {"opened": "open"}.get(issue["state"], issue["state"])
        week = f" in {issue['milestone']['title']}" if issue["milestone"] else ""
        assignees = " ".join(each["username"] for each in issue["assignees"])
        first = f"{state}{week}: {', '.join(sorted(issue['labels'], key=str.casefold))}"
        notes = [each.body for each in self._worlds.gitlab.state.issues[iid].notes if not each.system]
        assigned = f" · assigned to {assignees}" if assignees else ""
        return "\n".join([issue["title"], first + assigned, issue["description"] or "", *notes]).strip()

    def _message(self, who: Persona, words: str) -> Seen:
        (found,) = [one for one in who.sees("production") if words in one.text and one.by != "baton"]
        return found

    def _with_ids(self, text: str) -> str:
        """What Slack makes of names in a command."""
        return re.sub(r"@(\w+)", lambda match: f"<@{PEOPLE[match[1]]}>" if match[1] in PEOPLE else match[0], text)

    def _until(self, happens: Callable[[], bool], what: str) -> None:
        assert self._slack.wait_for(happens, PATIENCE), f"waited in vain for {what}"


def _pattern(words: str) -> re.Pattern[str]:
    """What Baton says must hold all of these words, in this order; `…` stands for whatever is left out."""
    pieces = [_exactly(piece.strip()) for piece in _plain(words).split(_ANYTHING)]
    return re.compile(r"\s*" + r"\s*.*?\s*".join(pieces) + r"\s*", re.DOTALL)


def _exactly(piece: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _CHANGING.finditer(piece):
        parts += [_words(piece[end : found.start()]), f"(?:{_CHANGING.pattern})"]
        end = found.end()
    return "".join([*parts, _words(piece[end:])])


def _words(text: str) -> str:
    return r"\s+".join(re.escape(each) for each in re.split(r"\s+", text))


def _plain(text: str) -> str:
    """A text without the signs that Slack shows as a way of writing."""
    return re.sub(r"[*_`~]", "", text)
