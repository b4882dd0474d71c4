"""`/wow` understands what was typed, asks who may, and begins a week's turn once."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import handlers
from bot.dialogue import Answer, Ask, Closed, Modal, Outcome, Reply, Request
from bot.domain.people import Person
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, Project, WeekFacts
from bot.slack.edge import Answered, Edge
from bot.store import Store, open_store

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
TEAM = Team("C1", leads=frozenset({"U1"}))
WOW = Milestone(
    1, "WoW", start=datetime(2026, 11, 18, tzinfo=UTC).date(), due=datetime(2026, 11, 24, tzinfo=UTC).date()
)
FACTS = WeekFacts(
    at=AT,
    project=Project("acme/production", access_level=40),
    milestones=(WOW, Milestone(2, "Next WoW")),
    issues={1: (Issue(7, "Disk", milestone=1), Issue(8, "Keys", ("goal",), milestone=1))},
)


class Desk:
    """The handlers at a store that knows two people; `U1` leads."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._ids = count(1)
        self.edge = Edge(store, TEAM, handlers.REQUESTS, lambda: AT, lambda: "r")
        for who in ("U1", "U2"):
            store.write_now(lambda tx, who=who: tx.keep_person(Person(who, who, team="T1"), AT))  # type: ignore[misc]

    def types(self, text: str, who: str = "U1", **more: Any) -> Answered:  # noqa: ANN401 - fields of a request
        """Types `/wow …`."""
        return self.asks(Request(f"r{next(self._ids)}", "command", "wow", who, AT, text=text, channel="C1", **more))

    def asks(self, request: Request) -> Answered:
        """Asks for anything."""
        return asyncio.run(self.edge.answer(request))

    def sees(self, answered: Answered, request: Request, answer: Answer) -> Outcome:
        """What the person sees when GitLab has answered."""
        outcome = answered.outcome
        ask = outcome.ask if isinstance(outcome, Modal) else outcome
        assert isinstance(ask, Ask)
        return self.store.write_now(lambda tx: handlers.ANSWERS[ask.show](tx, TEAM, request, ask.about, answer))

    def confirms(self, about: str, who: str = "U1", **values: str) -> Answered:
        """Sends a rollover's modal."""
        sent = Request(f"r{next(self._ids)}", "submission", "wow.rollover", who, AT, about=about, values=values)
        return self.asks(sent)

    def previews(self, **more: Any) -> str:  # noqa: ANN401 - fields of a request
        """Looks at a preview; gives its id."""
        request = Request(f"r{next(self._ids)}", "command", "wow", "U1", AT, text="rollover", channel="C1", **more)
        view = self.sees(self.asks(request), request, Answer(FACTS))
        assert isinstance(view, Modal)
        return str(view.view["private_metadata"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = open_store(f"sqlite:///{tmp_path}/baton.db")
    yield Desk(store)
    store.close()


def said(answered: Answered) -> str:
    assert isinstance(answered.outcome, Reply)
    return answered.outcome.words.text


@pytest.mark.parametrize("text", ["rollover", "ROLLOVER", "  rollover  ", "rollover ending 2026-11-24"])
def test_a_rollover_begins_with_a_modal_that_is_filled_in_later(desk: Desk, text: str) -> None:
    outcome = desk.types(text).outcome

    assert isinstance(outcome, Modal)
    assert outcome.ask is not None
    assert "submit" not in outcome.view


@pytest.mark.parametrize("text", ["", "status", "next", "history 3"])
def test_looking_asks_gitlab_and_changes_nothing(desk: Desk, text: str) -> None:
    assert isinstance(desk.types(text, who="a stranger").outcome, Ask)


@pytest.mark.parametrize("text", ["rolover", "<!channel>", "rollover ending soon", "history 0", "status now", "\x00"])
def test_what_is_not_understood_is_answered_with_what_could_be_meant(desk: Desk, text: str) -> None:
    words = said(desk.types(text))

    assert "/wow" in words
    assert "<!" not in words


def test_who_does_not_lead_is_told_who_does_at_the_command_the_button_and_the_modal(desk: Desk) -> None:
    about = desk.previews()
    button = Request("b1", "button", "wow.retry", "U2", AT, about="x")

    for answered in (
        desk.types("rollover", "U2"),
        desk.types("undo", "U2"),
        desk.asks(button),
        desk.confirms(about, "U2"),
    ):
        assert "Only <@U1> may" in said(answered)


def test_a_confirmed_preview_begins_one_rollover_and_the_second_is_told_by_whom(desk: Desk) -> None:
    first, second = desk.previews(), desk.previews()

    assert desk.confirms(first).outcome == Closed()
    assert "<@U1>" in said(desk.confirms(second))
    assert "<@U1>" in said(desk.confirms(first))


def test_a_preview_that_nobody_remembers_is_refused_in_words(desk: Desk) -> None:
    assert "type the command again" in said(desk.confirms("unheard-of"))


def test_choices_are_read_by_issue_and_what_is_no_choice_is_carried_over(desk: Desk) -> None:
    about = desk.previews()

    desk.confirms(about, **{"choice:issue:7": "leave", "choice:issue:8": "explode", "other": "leave"})

    found = asyncio.run(desk.store.read(lambda tx: tx.last_rollover()))
    assert found is not None
    assert found.choices.chosen == {"issue:7": "leave", "issue:8": "carry"}
    assert found.choices.previewed == frozenset({"issue:7", "issue:8"})


@pytest.mark.parametrize(("private", "told"), [(True, "C9"), (False, "C1")])
def test_a_rollover_is_told_in_the_team_s_channel_or_in_the_private_one_it_was_asked_for_in(
    desk: Desk, private: bool, told: str
) -> None:
    request = Request("p1", "command", "wow", "U1", AT, text="rollover", channel="C9", private=private)
    view = desk.sees(desk.asks(request), request, Answer(FACTS))
    assert isinstance(view, Modal)

    desk.confirms(str(view.view["private_metadata"]))

    found = asyncio.run(desk.store.read(lambda tx: tx.last_rollover()))
    assert found is not None
    assert found.channel == told


def test_a_silent_gitlab_shows_what_it_said_last_with_its_age(desk: Desk) -> None:
    request = Request("s1", "command", "wow", "U2", AT, text="status")
    ask = desk.asks(request)
    desk.sees(ask, request, Answer(FACTS))

    later = replace(request, at=AT.replace(minute=12))
    shown = desk.sees(ask, later, Answer(None, "no answer"))

    assert isinstance(shown, Reply)
    assert "as of 09:00 UTC (12 min ago)" in shown.words.text
    assert "Disk" in shown.words.text


def test_what_gitlab_said_days_ago_is_shown_with_its_day(desk: Desk) -> None:
    request = Request("s1", "command", "wow", "U2", AT, text="status")
    ask = desk.asks(request)
    desk.sees(ask, request, Answer(FACTS))

    shown = desk.sees(ask, replace(request, at=AT + timedelta(days=2, hours=3)), Answer(None, "no answer"))

    assert isinstance(shown, Reply)
    assert f"as of {AT:%Y-%m-%d} 09:00 UTC (2 d 3 h ago)" in shown.words.text


def test_a_refusing_gitlab_is_no_silent_one(desk: Desk) -> None:
    request = Request("s1", "command", "wow", "U2", AT, text="status")

    shown = desk.sees(desk.asks(request), request, Answer(None, "Not Found (404)", refused=True))

    assert isinstance(shown, Reply)
    assert "Not Found (404)" in shown.words.text


def names_in(part: object) -> set[tuple[str, str]]:
    """The buttons and modals that words and views name."""
    if isinstance(part, dict):
        own = {("button", str(part["action_id"]))} if part.get("type") == "button" else set()
        own |= {("submission", str(part["callback_id"]))} if part.get("callback_id") else set()
        return own.union(*(names_in(each) for each in part.values()))
    return set().union(*(names_in(each) for each in part)) if isinstance(part, list | tuple) else set()


def test_every_button_and_modal_that_is_shown_has_somebody_who_answers(desk: Desk) -> None:
    about = desk.previews()
    desk.confirms(about)
    request = Request("u1", "command", "wow", "U1", AT, text="undo")
    shown = [
        desk.sees(desk.types("rollover"), request, Answer(FACTS)),
        desk.sees(desk.types("rollover"), request, Answer(None, "x")),
        desk.sees(desk.asks(request), request, Answer(FACTS)),
        desk.sees(desk.asks(replace(request, id="u2")), request, Answer(None, "x")),
    ]
    named = set().union(*(names_in(each.view) for each in shown if isinstance(each, Modal)))

    assert named
    assert named <= set(handlers.REQUESTS)
