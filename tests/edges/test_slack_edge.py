"""A request is answered once, in one transaction, and always in words."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from bot.dialogue import Ask, Closed, FieldErrors, Modal, Outcome, Reply, Request, read_request
from bot.domain.errors import NotKnownYetError, UserError
from bot.domain.people import Person
from bot.domain.questions import WeekQuestion
from bot.domain.team import Team
from bot.messages import Words
from bot.slack.edge import Answered, Edge, Handler
from bot.store import Store, Tx, open_store

T = TypeVar("T")
AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
COMMAND = Request("r1", "command", "do", "U1", AT, key="trigger:1", text="it", channel="C1")
MODAL = Request("r2", "submission", "form", "U1", AT, key="trigger:2")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/baton.db")
    yield opened
    opened.close()


@pytest.fixture
def numbers() -> Iterator[int]:
    return count(1)


def edge(store: Store, handler: Handler) -> Edge:
    """An edge with one handler for everything."""
    handlers: Mapping[tuple[str, str], Handler] = {(kind, "*"): handler for kind in ("command", "submission", "button")}
    return Edge(store, Team("C1"), handlers, lambda: AT, lambda: "new")


def says(words: str, made: Callable[[Tx], None] = lambda _: None) -> Handler:
    """A handler that says something, after it has written something."""

    def handle(tx: Tx, _: Team, __: Request) -> Outcome:
        made(tx)
        return Reply(Words(words))

    return handle


def raises(error: Exception) -> Handler:
    """A handler that writes something and then goes wrong."""

    def handle(tx: Tx, _: Team, __: Request) -> Outcome:
        tx.keep_fact("written", "yes", AT)
        raise error

    return handle


def answer(store: Store, handler: Handler, request: Request = COMMAND) -> Answered:
    return asyncio.run(edge(store, handler).answer(request))


def take_up(store: Store, handler: Handler) -> Answered:
    """Answers what was kept, as the roster does."""

    async def run() -> Answered:
        ((_, __, written),) = await store.read(lambda tx: tx.kept_requests())
        return await edge(store, handler).answer_kept(read_request(written))

    return asyncio.run(run())


def read(store: Store, fn: Callable[[Tx], T]) -> T:
    return asyncio.run(store.read(fn))


def audit(store: Store) -> list[tuple[str, str]]:
    return [(line["command"], line["outcome"]) for line in read(store, lambda tx: tx.audit_lines())]


def test_the_first_answer_is_given_again_and_nothing_is_done_twice(store: Store, numbers: Iterator[int]) -> None:
    handler = says("hello", lambda tx: tx.keep_fact("times", str(next(numbers)), AT))

    first, second = answer(store, handler), answer(store, handler, replace(COMMAND, id="r9"))

    assert first.ack == second.ack == {"response_type": "ephemeral", "text": "hello"}
    assert (first.repeated, second.repeated) == (False, True)
    assert second.outcome is None
    assert read(store, lambda tx: tx.fact("times")) == "1"
    assert audit(store) == [("/do it", "done")]


def test_what_only_shows_something_is_not_kept_but_looked_up_again_and_audited_once(
    store: Store, numbers: Iterator[int]
) -> None:
    def handler(*_: object) -> Outcome:
        return Reply(Words(f"look {next(numbers)}"), looked_up=True)

    first, second = answer(store, handler), answer(store, handler, replace(COMMAND, id="r9"))

    assert (first.ack["text"], second.ack["text"]) == ("look 1", "look 2")
    assert (first.repeated, second.repeated, second.outcome) == (False, True, None)
    assert "look" not in (read(store, lambda tx: tx.answer_to(COMMAND.key)) or "")
    assert audit(store) == [("/do it", "done")]


def test_deliveries_of_one_request_at_the_same_moment_are_one(store: Store, numbers: Iterator[int]) -> None:
    handler = says("hello", lambda tx: tx.keep_fact("times", str(next(numbers)), AT))

    async def run() -> list[Answered]:
        here = edge(store, handler)
        return await asyncio.gather(*(here.answer(replace(COMMAND, id=f"r{number}")) for number in range(20)))

    answers = asyncio.run(run())

    assert sum(not one.repeated for one in answers) == 1
    assert len({str(one.ack) for one in answers}) == 1
    assert read(store, lambda tx: tx.fact("times")) == "1"


def test_a_refusal_is_an_answer_too_is_given_again_and_leaves_nothing_behind(store: Store) -> None:
    first = answer(store, raises(UserError("Not today.")))
    second = answer(store, says("anything else"))

    assert first.ack["text"] == second.ack["text"] == "Not today."
    assert read(store, lambda tx: tx.fact("written")) == ""
    assert audit(store) == [("/do it", "refused")]


def test_refusals_of_one_request_at_the_same_moment_are_one_line_of_the_audit(store: Store) -> None:
    async def run() -> None:
        here = edge(store, raises(UserError("Not today.")))
        await asyncio.gather(*(here.answer(COMMAND) for _ in range(20)))

    asyncio.run(run())

    assert audit(store) == [("/do it", "refused")]


@pytest.mark.parametrize("error", [ValueError("secret text"), KeyError("x"), RecursionError()])
def test_a_defect_is_apologised_for_with_an_id_and_may_be_tried_again(store: Store, error: Exception) -> None:
    first = answer(store, raises(error))

    assert "`r1`" in first.ack["text"]
    assert "secret text" not in first.ack["text"]
    assert read(store, lambda tx: tx.fact("written")) == ""
    assert audit(store) == [("/do it", "failed")]
    assert answer(store, says("now it works")).ack["text"] == "now it works"


def test_a_store_that_is_closed_is_apologised_for_too(store: Store) -> None:
    store.close()

    assert "went wrong" in answer(store, says("hello")).ack["text"]


def test_a_modal_with_mistakes_may_be_sent_again(store: Store) -> None:
    wrong = answer(store, lambda *_: FieldErrors({"title": "is missing"}), MODAL)
    again = answer(store, lambda *_: FieldErrors({"title": "is still missing"}), MODAL)
    right = answer(store, lambda *_: Closed(), MODAL)
    repeated = answer(store, lambda *_: FieldErrors({"title": "never"}), MODAL)

    assert wrong.ack == {"response_action": "errors", "errors": {"title": "is missing"}}
    assert again.ack["errors"] == {"title": "is still missing"}
    assert (right.ack, right.repeated) == ({}, False)
    assert (repeated.ack, repeated.repeated) == ({}, True)


def test_what_is_wrong_in_a_modal_is_told_in_plain_text(store: Store) -> None:
    ack = answer(store, lambda *_: FieldErrors({"when": "Please write it like `14:05`."}), MODAL).ack

    assert ack["errors"] == {"when": "Please write it like 14:05."}


def test_words_for_a_submission_take_the_place_of_the_modal(store: Store) -> None:
    ack = answer(store, says("Somebody was faster."), MODAL).ack

    assert ack["response_action"] == "update"
    assert "Somebody was faster." in str(ack["view"])


def test_what_waits_for_gitlab_is_acknowledged_with_nothing(store: Store) -> None:
    assert answer(store, lambda *_: Ask(WeekQuestion("week"), "x")).ack == {}


# Kept until Slack has described somebody


def needs(*people: str) -> Handler:
    """A handler that must know these people, and then writes and says how often it did."""

    def handle(tx: Tx, _: Team, __: Request) -> Outcome:
        for who in people:
            if who not in tx.people([who]):
                raise NotKnownYetError(who)
        times = int(tx.fact("times") or 0) + 1
        tx.keep_fact("times", str(times), AT)
        return Reply(Words(f"done {times}"))

    return handle


def describe(store: Store, who: str) -> None:
    store.write_now(lambda tx: tx.keep_person(Person(who, who), AT))


def test_a_request_of_somebody_unknown_is_kept_and_answered_when_they_are_known(store: Store) -> None:
    kept = answer(store, needs("U1"))
    assert (kept.kept_for, kept.outcome) == ("U1", None)
    assert "One moment" in kept.ack["text"]

    describe(store, "U1")

    assert take_up(store, needs("U1")).outcome == Reply(Words("done 1"))


def test_a_kept_request_that_then_needs_somebody_else_is_kept_on(store: Store) -> None:
    answer(store, needs("U1", "U2"))
    describe(store, "U1")
    assert take_up(store, needs("U1", "U2")).kept_for == "U2"
    describe(store, "U2")

    assert take_up(store, needs("U1", "U2")).outcome == Reply(Words("done 1"))


def test_what_was_decided_before_a_crash_is_shown_after_it_and_not_decided_again(store: Store) -> None:
    answer(store, needs("U1"))
    describe(store, "U1")
    take_up(store, needs("U1"))

    again = take_up(store, needs("U1"))

    assert again.outcome == Reply(Words("done 1"))
    assert read(store, lambda tx: tx.fact("times")) == "1"


@pytest.mark.parametrize("outcome", [Modal({"type": "modal"}), Ask(WeekQuestion("week"), "x")])
def test_what_only_shows_something_is_worked_out_once_more_after_a_crash(store: Store, outcome: Outcome) -> None:
    answer(store, needs("U1"))
    take_up(store, lambda *_: outcome)

    assert take_up(store, lambda *_: outcome).outcome == outcome


def test_a_redelivery_of_a_kept_command_is_told_the_same_and_kept_once(store: Store) -> None:
    first, second = answer(store, needs("U1")), answer(store, needs("U1"), replace(COMMAND, id="r7"))

    assert first.ack == second.ack
    assert len(read(store, lambda tx: tx.kept_requests())) == 1


def test_a_request_is_read_back_as_it_was_written() -> None:
    request = replace(COMMAND, values={"a": "b"}, private=True, text="é <&>")

    assert read_request(request.written()) == request
    assert len(request.without_loans().written()) < 250
