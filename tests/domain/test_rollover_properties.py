"""Whatever the week looks like: a rollover ends in the same state, and its undo leads back."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import rollover
from bot.domain.late import Verdict
from bot.domain.rollover import Choice
from bot.domain.tracker import Issue, Milestone, Noun
from tests.builders import TEAM, TUESDAY, Run, Tracker, decided

LABELS = ("goal", "outage", "unscheduled", "moved 1", "moved 3", "toil")
CHOICES: tuple[Choice, ...] = ("carry", "carry", "leave", "next")
NOUNS: tuple[Noun, ...] = ("issue", "merge_request")


@dataclass
class World:
    """A tracker before a rollover, and what was chosen and judged."""

    tracker: Tracker
    choices: dict[str, Choice]
    verdicts: dict[str, Verdict]

    def copy(self) -> "World":
        tracker = self.tracker
        return World(
            Tracker(dict(tracker.milestones), dict(tracker.issues), tracker.next_id), self.choices, self.verdicts
        )

    def run(self) -> Run:
        turn = decided(self.tracker, choices=self.choices, verdicts=self.verdicts)
        return Run(self.tracker, turn, self.verdicts)


def _dates(draw: st.DrawFn, first: date) -> tuple[date | None, date | None]:
    """Dates as GitLab allows them: either may be missing, and the due date is the later one."""
    start = draw(st.none() | st.just(first) | st.just(first - timedelta(days=7)))
    due = draw(st.none() | st.just(first + timedelta(days=6)) | st.just(first + timedelta(days=9)))
    return start, due


@st.composite
def worlds(draw: st.DrawFn) -> World:
    tracker = Tracker()
    wow = tracker.has(draw(st.sampled_from(["WoW", "WoW", "wow"])), *_dates(draw, TUESDAY - timedelta(days=6)))
    following = None
    if draw(st.booleans()):
        title = draw(st.sampled_from(["Next WoW", "Next WoW", "next wow"]))
        following = tracker.has(title, *_dates(draw, TUESDAY + timedelta(days=1)))
    backlog = tracker.has("Backlog")
    tracker.has("WoW ending 2026-11-17", active=False)
    places: list[Milestone | None] = [wow, wow, wow, backlog, None, *([following] if following else [])]
    choices: dict[str, Choice] = {}
    verdicts: dict[str, Verdict] = {}
    for iid in range(1, draw(st.integers(0, 6)) + 1):
        issue = _issue(draw, tracker, iid, places)
        choices[issue.key] = draw(st.sampled_from(CHOICES))
        if draw(st.booleans()):
            verdicts[issue.key] = Verdict(draw(st.booleans()), "", labelled="unscheduled" in issue.labels)
    return World(tracker, choices, verdicts)


def _issue(draw: st.DrawFn, tracker: Tracker, iid: int, places: list[Milestone | None]) -> Issue:
    labels = draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=4))
    return tracker.holds(
        iid,
        draw(st.sampled_from(places)),
        *labels,
        noun=draw(st.sampled_from(NOUNS)),
        open=draw(st.integers(0, 3)) > 0,
    )


steps = st.integers(0, 16)
rolls = st.randoms(use_true_random=False)


@given(worlds(), steps, rolls, st.booleans())
def test_a_crash_anywhere_and_any_order_within_a_stage_end_in_the_same_state(
    world: World, count: int, roll: random.Random, lost: bool
) -> None:
    plain = world.copy().run().carry_out()

    run = world.run().shuffle(roll).carry_out(count)
    if lost:
        run.lose_the_answer()
    run.shuffle(roll).carry_out()

    assert run.tracker.state() == plain.tracker.state()


@given(worlds(), st.integers(2, 3))
def test_each_operation_may_be_repeated(world: World, each: int) -> None:
    plain = world.copy().run().carry_out()

    run = world.run().carry_out(each=each)

    assert run.tracker.state() == plain.tracker.state()


@given(worlds(), steps, st.booleans())
def test_planning_again_after_any_step_reaches_the_same_end_until_the_week_has_its_new_title(
    world: World, count: int, lost: bool
) -> None:
    plain = world.copy().run().carry_out()
    run = world.run().carry_out(count)
    if lost:
        run.lose_the_answer()

    facts = world.tracker.facts()
    refused = rollover.refusal(facts, rollover.find_weeks(facts, TEAM), TUESDAY, TEAM)
    if refused:
        assert refused.closed is not None
        assert {"rename week"} <= {*run.names, *run.attempted}
        run.carry_out()
    else:
        world.run().carry_out()

    assert world.tracker.state() == plain.tracker.state()


@given(worlds())
def test_a_rollover_leaves_two_open_weeks_and_nothing_open_that_was_not_left_on_purpose(world: World) -> None:
    before = world.copy().tracker
    run = world.run().carry_out()
    tracker = run.tracker

    closed, wow, following = (tracker.titled(title) for title in ("WoW ending 2026-11-24", "WoW", "Next WoW"))
    assert closed
    assert wow
    assert following
    assert (closed.active, wow.active, following.active) == (False, True, True)
    assert (wow.start, wow.due) == (date(2026, 11, 25), date(2026, 12, 1))
    assert (following.start, following.due) == (date(2026, 12, 2), date(2026, 12, 8))
    assert closed.start == before.milestones[closed.id].start
    for key, issue in before.issues.items():
        place = {"carry": wow.id, "next": following.id, "leave": closed.id}[world.choices[key]]
        moves = issue.open and issue.milestone == closed.id
        assert tracker.issues[key].milestone == (place if moves else issue.milestone)
        assert moves or tracker.issues[key] == issue


@given(worlds(), steps, rolls, st.booleans(), st.integers(1, 3))
def test_undo_after_any_part_of_a_rollover_with_nothing_changed_between_is_the_identity(
    world: World, count: int, roll: random.Random, lost: bool, each: int
) -> None:
    before = world.copy().tracker.state()
    run = world.run().shuffle(roll).carry_out(count)
    if lost:
        run.lose_the_answer()

    found = run.take_back(each=each)

    assert world.tracker.state() == before
    assert found.kept == ()


@given(worlds(), steps, steps)
def test_an_undo_that_was_interrupted_is_finished_by_another_one(world: World, count: int, undone: int) -> None:
    before = world.copy().tracker.state()
    run = world.run().carry_out(count)
    for _, operation in [named for stage in run.way_back().stages for named in stage][:undone]:
        world.tracker.perform(operation)

    run.take_back()

    assert world.tracker.state() == before


# What people do after a rollover, and what must be left of it after the undo

Check = Callable[[Tracker, tuple[str, ...]], bool]


def _same_issue(issue: Issue) -> Check:
    return lambda tracker, _: tracker.issues[issue.key] == issue


def _moves_an_issue(tracker: Tracker, key: str) -> Check:
    backlog = tracker.titled("Backlog")
    assert backlog
    return _same_issue(tracker.change(key, milestone=backlog.id))


def _takes_it_out_of_all(tracker: Tracker, key: str) -> Check:
    return _same_issue(tracker.change(key, milestone=None))


def _deletes_it(tracker: Tracker, key: str) -> Check:
    del tracker.issues[key]
    return lambda tracker, _: key not in tracker.issues


def _closes_it(tracker: Tracker, key: str) -> Check:
    tracker.change(key, open=False)
    return lambda tracker, _: not tracker.issues[key].open


def _labels_it(tracker: Tracker, key: str) -> Check:
    tracker.change(key, labels=(*tracker.issues[key].labels, "seen"))
    return lambda tracker, _: "seen" in tracker.issues[key].labels


def _strips_it(tracker: Tracker, key: str) -> Check:
    """Takes off all that counts; nothing of it may come back."""
    counted = [label for label in tracker.issues[key].labels if label.startswith(("moved", "unscheduled"))]
    tracker.change(key, labels=tuple(label for label in tracker.issues[key].labels if label not in counted))
    return lambda tracker, _: (
        not counted or not any(label.startswith(("moved", "unscheduled")) for label in tracker.issues[key].labels)
    )


ON_ISSUES = (_moves_an_issue, _takes_it_out_of_all, _deletes_it, _closes_it, _labels_it, _strips_it)


def _renames(title: str) -> Callable[[Tracker], Check]:
    def rename(tracker: Tracker) -> Check:
        milestone = tracker.titled(title)
        assert milestone
        new = tracker.edit(milestone.id, title=f"My {title}")
        return lambda tracker, kept: (
            tracker.milestones[new.id].title == new.title and any(new.title in line for line in kept)
        )

    return rename


def _dates_anew(title: str) -> Callable[[Tracker], Check]:
    def date_anew(tracker: Tracker) -> Check:
        milestone = tracker.titled(title)
        assert milestone
        assert milestone.due
        new = tracker.edit(milestone.id, due=milestone.due + timedelta(days=4))
        return lambda tracker, kept: tracker.milestones[new.id].due == new.due and any("Dates" in line for line in kept)

    return date_anew


def _fills_the_new_next(tracker: Tracker) -> Check:
    milestone = tracker.titled("Next WoW")
    assert milestone
    issue = tracker.holds(900, milestone, open=False)

    def still_there(tracker: Tracker, _: tuple[str, ...]) -> bool:
        kept = tracker.titled(f"Next WoW (kept {TUESDAY})")
        return tracker.issues[issue.key] == issue and kept is not None and kept.id == milestone.id

    return still_there


def _deletes_the_new_next(tracker: Tracker) -> Check:
    milestone = tracker.titled("Next WoW")
    assert milestone
    for issue in tracker.inside(milestone.id):
        tracker.change(issue.key, milestone=None)
    del tracker.milestones[milestone.id]
    return lambda tracker, _: milestone.id not in tracker.milestones


def _does_nothing(_: Tracker) -> Check:
    return lambda _tracker, _kept: True


ON_THE_CLOSED = (_does_nothing, _renames("WoW ending 2026-11-24"), _dates_anew("WoW ending 2026-11-24"))
ON_THE_CURRENT = (_does_nothing, _renames("WoW"))
ON_THE_NEW = (_does_nothing, _renames("Next WoW"), _fills_the_new_next, _deletes_the_new_next)


@given(worlds(), st.data())
def test_undo_leaves_what_a_person_changed(world: World, data: st.DataObject) -> None:
    tracker = world.tracker
    run = world.run().carry_out()
    touched = [key for key in sorted(tracker.issues) if data.draw(st.booleans())]
    checks = [data.draw(st.sampled_from(edits))(tracker) for edits in (ON_THE_CLOSED, ON_THE_CURRENT, ON_THE_NEW)]
    checks += [data.draw(st.sampled_from(ON_ISSUES))(tracker, key) for key in touched]

    found = run.take_back()

    kept = tuple(f"{one.what}: {one.why}" for one in found.kept)
    for check in checks:
        assert check(tracker, kept)


@given(worlds())
def test_undo_leaves_dates_that_a_person_gave_to_the_current_week(world: World) -> None:
    if not any(one.title.casefold() == "next wow" for one in world.tracker.milestones.values()):
        return  # the current week is then one that the rollover made, and goes as a whole
    run = world.run().carry_out()
    check = _dates_anew("WoW")(world.tracker)

    found = run.take_back()

    assert check(world.tracker, tuple(one.what for one in found.kept))


@given(worlds())
def test_a_week_that_was_taken_back_can_be_rolled_over_again_with_the_same_end(world: World) -> None:
    world.run().carry_out().take_back()
    once = world.copy().run().carry_out()

    twice = world.run()
    twice.carry_out()

    assert twice.tracker.state() == once.tracker.state()
    assert {line.key for line in twice.turn.lines} == {line.key for line in once.turn.lines}


@given(worlds())
def test_an_issue_that_comes_into_the_week_while_it_is_rolled_over_is_carried_over(world: World) -> None:
    wow = next(one for one in world.tracker.milestones.values() if one.title.casefold() == "wow")
    run = world.run()
    while run.todo and run.todo[0][0][0] != "read again":
        run.step()
    late = world.tracker.holds(901, wow, "goal")

    run.carry_out()

    current = world.tracker.titled("WoW")
    assert current
    assert world.tracker.issues[late.key] == replace(late, milestone=current.id, labels=("goal", "moved 1"))
    assert [line.key for line in run.turn.lines if line.appeared] == [late.key]
