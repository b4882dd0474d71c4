"""Operations as data: they survive being written down, and wait longer and longer."""

import json
import random
from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.operations import (
    LONGEST_WAIT,
    AddNote,
    Assign,
    CloseIssue,
    CreateIssue,
    CreateMilestone,
    Made,
    Operation,
    Plan,
    PlanInLine,
    Post,
    Refresh,
    RemoveMilestone,
    SetDescription,
    SetIssue,
    SetMilestone,
    SetTopic,
    SetUsergroup,
    ShowPicture,
    SlackPlan,
    WriteNote,
    WriteReport,
    backoff,
    decode,
    encode,
    names_used,
    stops_batch,
)

texts = st.text(max_size=300)
numbers = st.integers(1, 2**63)
days = st.dates().map(date.isoformat)
ids = st.integers(1, 2**63) | st.builds(Made, texts)
labels = st.lists(texts, max_size=3).map(tuple)
nouns = st.sampled_from(["issue", "merge_request"])
maybe = st.none() | texts

KINDS: dict[type[Operation], st.SearchStrategy[Operation]] = {
    Plan: st.builds(Plan, texts, texts),
    SlackPlan: st.builds(SlackPlan, texts, texts),
    PlanInLine: st.builds(PlanInLine, texts, texts, texts),
    CreateMilestone: st.builds(CreateMilestone, texts, days, days),
    SetMilestone: st.builds(
        SetMilestone,
        ids,
        texts,
        title=maybe,
        start=st.none() | days | st.just(""),
        due=st.none() | days | st.just(""),
        active=st.none() | st.booleans(),
    ),
    RemoveMilestone: st.builds(RemoveMilestone, ids, texts, texts),
    SetIssue: st.builds(
        SetIssue, nouns, st.integers(1), ids, st.none() | ids, labels, labels, closed_too=st.booleans()
    ),
    CreateIssue: st.builds(CreateIssue, texts, texts, texts, labels, st.booleans(), texts),
    WriteNote: st.builds(
        WriteNote, numbers, numbers, st.none() | numbers, st.none() | numbers, texts, texts, st.booleans()
    ),
    CloseIssue: st.builds(CloseIssue, numbers, st.none() | numbers),
    SetDescription: st.builds(SetDescription, numbers, texts, texts, st.none() | numbers, texts),
    WriteReport: st.builds(
        WriteReport, texts, texts, texts, labels, st.booleans(), texts, handoff=st.integers(0, 2**63)
    ),
    # who is who is filled in when it is claimed, and never written down
    Assign: st.builds(Assign, numbers, texts, texts, st.none() | numbers, before=labels),
    AddNote: st.builds(AddNote, numbers, texts, texts, texts, st.none() | numbers, texts, st.booleans()),
    SetUsergroup: st.builds(SetUsergroup, texts, texts),
    SetTopic: st.builds(SetTopic, texts, texts),
    Post: st.builds(Post, texts, texts, texts, texts, otherwise=texts, thread=texts),
    Refresh: st.builds(Refresh, texts),
    ShowPicture: st.builds(ShowPicture, texts, texts, texts),
}
operations = st.one_of(*KINDS.values())


def test_every_kind_of_operation_is_tried_here() -> None:
    assert set(KINDS) == set(get_args(Operation))


@given(operations)
def test_what_is_written_down_is_read_back_as_it_was(operation: Operation) -> None:
    assert decode(encode(operation)) == operation


@given(operations)
def test_each_operation_is_one_line_of_json_that_names_its_kind_first(operation: Operation) -> None:
    written = encode(operation)

    assert "\n" not in written
    assert written.startswith(f'{{"kind":"{type(operation).__name__}"')
    assert json.loads(written)["kind"] == type(operation).__name__


@given(operations, st.integers(1, 2**63))
def test_ids_that_were_made_are_filled_in_where_they_are_known(operation: Operation, made: int) -> None:
    names = names_used(operation)

    filled = decode(encode(operation), dict.fromkeys(names, made))

    assert not names_used(filled)
    assert filled.target == operation.target or names
    assert decode(encode(operation), {"something else": made}) == operation or "something else" in names


@pytest.mark.parametrize(
    ("operation", "target"),
    [
        (Plan("rollover", "1"), None),
        (CreateMilestone("Next WoW", "2026-11-25", "2026-12-01"), "title:Next WoW"),
        (SetMilestone(7, "WoW", active=False), "milestone:7"),
        (SetMilestone(Made("create next"), "Next WoW"), None),
        (RemoveMilestone(7, "Next WoW", "Next WoW (kept)"), "milestone:7"),
        (SetIssue("issue", 3, 7, 8), "issue:3"),
        (SetIssue("merge_request", 3, 7, 8), "merge_request:3"),
        (Post("report:1", "C1", "wow.report", "1"), "message:report:1"),
        (Refresh("report:1"), "message:report:1"),
    ],
)
def test_an_operation_names_what_it_must_not_overtake(operation: Operation, target: str | None) -> None:
    assert operation.target == target


def test_a_milestone_s_refusal_stops_and_an_issue_s_does_not() -> None:
    assert stops_batch(CreateMilestone("WoW", "2026-11-18", "2026-11-24"))
    assert stops_batch(SetMilestone(1, "WoW"))
    assert stops_batch(RemoveMilestone(1, "WoW", "kept"))
    assert stops_batch(Plan("k", "a"))
    assert not stops_batch(SetIssue("issue", 1, 1))
    assert not stops_batch(Post("m", "C1", "s", "a"))
    assert not stops_batch(Refresh("m"))


@given(st.integers(-1, 10_000), st.randoms(use_true_random=False))
def test_pauses_grow_and_end_in_time_for_the_other_side_s_return(failures: int, roll: random.Random) -> None:
    wait = backoff(failures, None, roll)

    full = min(2.0 ** max(0, min(failures, 10) - 1), 30.0)
    assert 0.5 * full <= wait <= min(full, LONGEST_WAIT)


@given(st.integers(0, 100), st.floats(0, 3600), st.randoms(use_true_random=False))
def test_a_time_that_the_other_side_named_is_waited_for(failures: int, named: float, roll: random.Random) -> None:
    assert backoff(failures, named, roll) >= named
