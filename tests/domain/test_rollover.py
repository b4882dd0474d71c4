"""What a rollover finds, refuses, warns of, decides and does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import rollover
from bot.domain.late import Verdict
from bot.domain.operations import CreateMilestone, Made, Plan, SetIssue, SetMilestone, Stages
from bot.domain.rollover import Choice, Line, Refusal, Turn
from bot.domain.tracker import Issue, Milestone, Project
from tests.builders import NOON, PROJECT, REPORT, TEAM, TUESDAY, WEEKS, Run, Tracker, decided, flat

LATE = Verdict(late=True, why="added after the week had started")
LATE_UNLESS = ("unscheduled", "outage")


@pytest.fixture
def tracker() -> Tracker:
    """A tracker on Wednesday morning, before the rollover."""
    tracker = Tracker()
    tracker.has("WoW ending 2026-11-17", date(2026, 11, 11), date(2026, 11, 17), active=False)
    tracker.has("WoW", date(2026, 11, 18), TUESDAY)
    tracker.has("Next WoW", date(2026, 11, 25), date(2026, 12, 1))
    return tracker


def the(tracker: Tracker, title: str) -> Milestone:
    found = tracker.titled(title)
    assert found, title
    return found


def refused(tracker: Tracker, ending: date = TUESDAY, *, level: int | None = 40, at: datetime = NOON) -> Refusal | None:
    facts = tracker.facts(at, Project("production/tracker", access_level=level))
    return rollover.refusal(facts, rollover.find_weeks(facts, TEAM), ending, TEAM)


def reason(tracker: Tracker, ending: date = TUESDAY, *, level: int | None = 40, at: datetime = NOON) -> str:
    found = refused(tracker, ending, level=level, at=at)
    assert found
    return found.reason


def test_a_token_whose_user_is_no_member_is_told_so(tracker: Tracker) -> None:
    assert "is not a member of production/tracker" in reason(tracker, level=0)


# which milestones


def test_the_weeks_are_found_by_exact_title_among_lookalikes(tracker: Tracker) -> None:
    tracker.has("wow")
    tracker.has("WoW 2")
    tracker.has("The Next WoW")

    weeks = rollover.find_weeks(tracker.facts(), TEAM)

    assert weeks.wow == the(tracker, "WoW")
    assert weeks.following == the(tracker, "Next WoW")
    assert weeks.closed == {date(2026, 11, 17): the(tracker, "WoW ending 2026-11-17")}
    assert weeks.remarks == ()


def test_another_spelling_of_case_is_taken_with_a_warning(tracker: Tracker) -> None:
    tracker.edit(the(tracker, "WoW").id, title="WOW")

    turn = decided(tracker)

    assert turn.wow.title == "WOW"
    assert turn.warnings == ("The milestone is written “WOW”; I use it as “WoW”.",)
    Run(tracker, turn).carry_out()
    assert the(tracker, "WoW ending 2026-11-24").id == turn.wow.id
    assert the(tracker, "WoW").id == turn.following.id if turn.following else False


def test_of_two_other_spellings_none_is_taken(tracker: Tracker) -> None:
    tracker.edit(the(tracker, "WoW").id, title="WOW")
    tracker.has("wow")

    assert "2 open milestones are written almost like “WoW”; I use none of them." in reason(tracker)


def test_a_group_s_milestones_are_not_taken(tracker: Tracker) -> None:
    tracker.edit(the(tracker, "WoW").id, group=True)

    assert rollover.find_weeks(tracker.facts(), TEAM).wow is None
    assert "belongs to a group. I roll over the weeks of one project, production/tracker" in reason(tracker)


# what stands against it


def test_nothing_stands_against_a_usual_week(tracker: Tracker) -> None:
    assert refused(tracker) is None


@pytest.mark.parametrize("title", ["WoW ending 2026-11-24", "wow Ending 2026-11-24"])
def test_a_week_that_was_rolled_over_already_is_not_rolled_over_again(tracker: Tracker, title: str) -> None:
    closed = tracker.has(title, active=False)

    found = refused(tracker)

    assert found == Refusal("The week ending 2026-11-24 was rolled over already", closed)


def test_a_rollover_by_hand_that_was_left_halfway_is_told_what_is_missing(tracker: Tracker) -> None:
    tracker.edit(the(tracker, "WoW").id, title="WoW ending 2026-11-24")

    found = refused(tracker)

    assert found
    assert "“WoW ending 2026-11-24” is still open: please close it" in found.advice
    assert "“Next WoW” is there; if it is the current week, rename it to “WoW”" in found.advice


def test_without_wow_it_says_so_and_that_next_wow_is_there(tracker: Tracker) -> None:
    del tracker.milestones[the(tracker, "WoW").id]

    assert reason(tracker).startswith("There is no open milestone “WoW” in production/tracker. “Next WoW” is there")


def test_a_closed_wow_is_told_from_a_missing_one(tracker: Tracker) -> None:
    tracker.edit(the(tracker, "WoW").id, active=False)

    assert reason(tracker).startswith("The milestone “WoW” is closed.")


@pytest.mark.parametrize("title", ["WoW ending 2026-11-24", "Next WoW"])
def test_a_title_that_the_group_has_too_is_refused_before_anything_is_written(tracker: Tracker, title: str) -> None:
    if there := tracker.titled(title):
        del tracker.milestones[there.id]
    tracker.has(title, group=True, active=False)

    assert f"A group above the project has a milestone “{title}” too" in reason(tracker)


def test_a_closed_next_wow_is_in_the_way_of_a_new_one(tracker: Tracker) -> None:
    tracker.edit(the(tracker, "Next WoW").id, active=False)

    assert reason(tracker).endswith("“Next WoW”, and GitLab allows a title only once. Please reopen or rename it.")


@pytest.mark.parametrize(("title", "lookalike"), [("WoW", "wow"), ("Next WoW", "NEXT WOW")])
def test_a_closed_milestone_of_the_exact_title_is_in_the_way_of_an_open_lookalike(
    tracker: Tracker, title: str, lookalike: str
) -> None:
    tracker.edit(the(tracker, title).id, title=lookalike)
    tracker.has(title, active=False)

    assert f"closed milestone “{title}”, and GitLab allows a title only once. Please rename it." in reason(tracker)


def test_a_week_cannot_end_before_or_on_its_first_day(tracker: Tracker) -> None:
    assert reason(tracker, date(2026, 11, 18)) == (
        "The current week started on 2026-11-18, so it cannot end on 2026-11-18. Its last day is 2026-11-24. "
        "To close it now: `/wow rollover ending 2026-11-24`."
    )


def test_a_week_far_ahead_is_not_offered_to_be_closed(tracker: Tracker) -> None:
    tracker.edit(the(tracker, "WoW").id, start=date(2026, 12, 9), due=None)

    assert reason(tracker).endswith("Its last day is 2026-12-15.")


@pytest.mark.parametrize(("level", "enough"), [(None, True), (10, False), (15, True), (20, True), (40, True)])
def test_the_token_s_rights_are_checked_beforehand(tracker: Tracker, level: int | None, enough: bool) -> None:
    assert (refused(tracker, level=level) is None) == enough


@pytest.mark.parametrize(
    ("project", "mend"),
    [
        (replace(PROJECT, archived=True), "Please unarchive it in GitLab"),
        (replace(PROJECT, has_issues=False), "Please switch them on in GitLab"),
    ],
)
def test_a_project_in_which_nothing_can_be_written_is_refused_before_all_else(
    tracker: Tracker, project: Project, mend: str
) -> None:
    del tracker.milestones[the(tracker, "WoW").id]
    facts = tracker.facts(project=project)

    found = rollover.refusal(facts, rollover.find_weeks(facts, TEAM), TUESDAY, TEAM)

    assert found is not None
    assert mend in found.reason
    assert rollover.forbidden(facts) == found


def test_every_refusal_is_a_sentence(tracker: Tracker) -> None:
    assert reason(tracker, level=10).endswith("the token the scope api.")


# what is decided


def test_open_issues_are_carried_over_unless_something_else_was_chosen(tracker: Tracker) -> None:
    wow = the(tracker, "WoW")
    keys = [tracker.holds(iid, wow).key for iid in (1, 2, 3)]
    tracker.holds(4, wow, open=False)
    tracker.holds(5, wow, open=False, noun="merge_request")
    tracker.holds(6, None)

    turn = decided(tracker, choices={keys[1]: "leave", keys[2]: "next"})

    assert [(line.key, line.choice) for line in turn.lines] == [
        ("issue:1", "carry"),
        ("issue:2", "leave"),
        ("issue:3", "next"),
    ]
    assert turn.done == 1


def test_an_issue_and_a_merge_request_of_the_same_number_are_told_apart(tracker: Tracker) -> None:
    wow = the(tracker, "WoW")
    tracker.holds(1, wow)
    tracker.holds(1, wow, noun="merge_request")

    turn = decided(tracker, choices={"merge_request:1": "leave"})

    assert [(line.reference, line.choice) for line in turn.lines] == [("#1", "carry"), ("!1", "leave")]


def test_one_choice_for_all_does_not_reach_what_appeared_after_the_preview(tracker: Tracker) -> None:
    wow = the(tracker, "WoW")
    tracker.holds(1, wow)
    tracker.holds(2, wow)
    tracker.holds(3, wow, open=False)

    turn = decided(tracker, default="leave", previewed=frozenset({"issue:1", "issue:3"}))

    assert [(line.key, line.choice, line.appeared) for line in turn.lines] == [
        ("issue:1", "leave", False),
        ("issue:2", "carry", True),
    ]
    assert turn.closed_since == ("#3",)


def test_without_a_preview_nothing_counts_as_new(tracker: Tracker) -> None:
    tracker.holds(1, the(tracker, "WoW"))
    tracker.holds(2, the(tracker, "WoW"), open=False)

    turn = decided(tracker, default="next")

    assert [(line.choice, line.appeared) for line in turn.lines] == [("next", False)]
    assert turn.closed_since == ()


def line(*labels: str, choice: Choice = "carry", verdict: Verdict | None = None) -> Line:
    return rollover.line_for(Issue(1, "Disk is full", labels), choice, verdict, TEAM)


@pytest.mark.parametrize(
    ("labels", "choice", "count"),
    [
        (("goal",), "carry", 1),
        (("goal",), "next", 1),
        (("goal",), "leave", 0),
        (("goal", "moved 1"), "carry", 2),
        (("goal", "moved 2", "moved 9"), "carry", 10),
        (("moved 1",), "carry", 0),
        (("goals",), "carry", 0),
    ],
)
def test_only_a_goal_that_moves_on_counts_one_more(labels: tuple[str, ...], choice: Choice, count: int) -> None:
    assert line(*labels, choice=choice).moved == count


@pytest.mark.parametrize(
    ("verdict", "labels", "late"),
    [
        (LATE, (), True),
        (LATE, ("unscheduled",), False),
        (LATE, ("outage",), False),  # it became one since it was judged
        (replace(LATE, labelled=True), (), False),  # somebody took the label off
        (replace(LATE, late=False), (), False),
        (None, (), False),
    ],
)
def test_a_late_addition_is_labelled_once_and_an_outage_never(
    verdict: Verdict | None, labels: tuple[str, ...], late: bool
) -> None:
    assert line(*labels, verdict=verdict).late == late


# what is warned of


def test_a_usual_week_has_no_warnings(tracker: Tracker) -> None:
    assert decided(tracker).warnings == ()


def test_a_missing_next_wow_is_created_on_the_way_and_said(tracker: Tracker) -> None:
    del tracker.milestones[the(tracker, "Next WoW").id]

    turn = decided(tracker)

    assert turn.following is None
    assert turn.warnings == ("There is no open milestone “Next WoW”: I create it on the way.",)


def test_merge_requests_that_the_token_may_not_move_are_warned_of_and_left_as_they_are(tracker: Tracker) -> None:
    wow = the(tracker, "WoW")
    issue, request = tracker.holds(1, wow), tracker.holds(1, wow, "goal", noun="merge_request")
    facts = tracker.facts(project=replace(PROJECT, access_level=20))
    late = {one.key: Verdict(late=True, why="added after the week had started") for one in (issue, request)}

    turn = rollover.decide(
        facts, rollover.find_weeks(facts, TEAM), TUESDAY, TEAM, choices={request.key: "next"}, verdicts=late
    )

    assert "may not move merge requests, so 1 will stay in the closed week" in turn.warnings[0]
    assert [(line.key, line.choice, line.late, line.moved) for line in turn.lines] == [
        (issue.key, "carry", True, 0),
        (request.key, "leave", False, 0),
    ]
    assert request.key not in names(rollover.stages(turn, TEAM, about="r1", report=REPORT))
    tracker.holds(2, wow, noun="merge_request")
    appeared = rollover.latecomers(turn, tracker.facts(), late, TEAM)
    assert [(line.key, line.choice) for line in appeared] == [("merge_request:2", "leave")]
    assert rollover.carry_over(turn, appeared, TEAM) == ()


def names(stages: Stages) -> set[str]:
    return {name for stage in stages for name, _ in stage}


def test_the_week_s_own_warnings_are_shown_too(tracker: Tracker) -> None:
    assert any("is a Wednesday" in said for said in decided(tracker, date(2026, 11, 25)).warnings)


# what is done


def test_the_steps_come_in_the_order_of_the_rule(tracker: Tracker) -> None:
    wow, following = the(tracker, "WoW"), the(tracker, "Next WoW")
    tracker.holds(1, wow, "goal", "moved 1")
    tracker.holds(2, wow)
    tracker.holds(3, wow)
    tracker.holds(4, wow, "goal")
    tracker.holds(5, wow)
    choices: dict[str, Choice] = {"issue:2": "leave", "issue:3": "leave", "issue:4": "next", "issue:5": "next"}
    turn = decided(tracker, choices=choices, verdicts={"issue:1": LATE, "issue:3": LATE, "issue:5": LATE})

    assert rollover.stages(turn, TEAM, about="r1", report=REPORT) == (
        (
            (
                "issue:1",
                SetIssue(
                    "issue", 1, wow.id, following.id, ("unscheduled", "moved 2"), ("moved 1",), unless=LATE_UNLESS
                ),
            ),
            ("issue:3", SetIssue("issue", 3, wow.id, None, ("unscheduled",), unless=LATE_UNLESS)),
        ),
        (("read again", Plan("latecomers", "r1")),),
        (("rename week", SetMilestone(wow.id, "WoW", title="WoW ending 2026-11-24", due="2026-11-24")),),
        (("close week", SetMilestone(wow.id, "WoW ending 2026-11-24", active=False)),),
        (
            (
                "rename next",
                SetMilestone(following.id, "Next WoW", title="WoW", start="2026-11-25", due="2026-12-01"),
            ),
        ),
        (("create new next", CreateMilestone("Next WoW", "2026-12-02", "2026-12-08")),),
        (
            ("issue:4", SetIssue("issue", 4, wow.id, Made("create new next"), ("moved 1",))),
            ("issue:5", SetIssue("issue", 5, wow.id, Made("create new next"), ("unscheduled",), unless=LATE_UNLESS)),
        ),
        (("report", REPORT),),
    )


def test_a_missing_next_wow_is_made_first_and_used(tracker: Tracker) -> None:
    del tracker.milestones[the(tracker, "Next WoW").id]
    wow = the(tracker, "WoW")
    tracker.holds(1, wow)

    operations = dict(flat(rollover.stages(decided(tracker), TEAM, about="r1", report=REPORT)))

    assert next(iter(operations)) == "create next"
    assert operations["create next"] == CreateMilestone("Next WoW", "2026-11-25", "2026-12-01")
    assert operations["issue:1"] == SetIssue("issue", 1, wow.id, Made("create next"))


def test_every_operation_of_a_rollover_has_a_name_of_its_own(tracker: Tracker) -> None:
    wow = the(tracker, "WoW")
    for iid in (1, 2, 3):
        tracker.holds(iid, wow)
        tracker.holds(iid, wow, noun="merge_request")

    run = Run(tracker, decided(tracker, choices={"issue:3": "next"})).carry_out()

    assert len(run.names) == len(set(run.names))


def test_one_request_is_made_for_each_issue_that_is_touched(tracker: Tracker) -> None:
    wow = the(tracker, "WoW")
    for iid in range(50):
        tracker.holds(iid, wow, "goal")

    run = Run(tracker, decided(tracker, verdicts={f"issue:{iid}": LATE for iid in range(0, 50, 2)})).carry_out()

    assert len([name for name in run.names if name.startswith("issue:")]) == 50
    assert len(run.names) <= 50 + 12


def test_titles_of_255_characters_are_left_as_they_are(tracker: Tracker) -> None:
    title = "🔥<!channel>`x`\u202e" + "x" * 240
    issue = tracker.holds(1, the(tracker, "WoW"))
    tracker.change(issue.key, title=title)

    turn = decided(tracker)

    assert turn.lines[0].title == title


# real weeks


@pytest.mark.parametrize(("title", "start", "due"), WEEKS)
def test_each_real_week_is_rolled_over_by_its_dates(title: str, start: date, due: date) -> None:
    tracker = Tracker()
    for earlier, first, last in WEEKS:
        if last < due:
            tracker.has(earlier, first, last, active=False)
    wow = tracker.has("WoW", start, due)
    tracker.has("Next WoW")
    before = tracker.state()

    run = Run(tracker, decided(tracker, due)).carry_out()

    assert the(tracker, f"WoW ending {due}") == replace(wow, title=f"WoW ending {due}", active=False)
    assert the(tracker, "WoW").start == due + timedelta(days=1)
    assert the(tracker, "WoW").due == due + timedelta(days=7)
    assert the(tracker, "Next WoW").start == due + timedelta(days=8)
    assert the(tracker, "Next WoW").due == due + timedelta(days=14)
    assert refused(tracker, due)
    run.take_back()
    assert tracker.state() == before


def test_year_after_year_weeks_follow_each_other_without_a_gap() -> None:
    tracker = Tracker()
    tracker.has("WoW", date(2026, 11, 18), TUESDAY)
    tracker.has("Next WoW")
    for number in range(120):
        ending = TUESDAY + timedelta(days=7 * number)
        at = datetime(ending.year, ending.month, ending.day, 12, tzinfo=UTC)
        assert refused(tracker, ending, at=at) is None
        turn: Turn = decided(tracker, ending)
        Run(tracker, turn).carry_out()
    closed = sorted((one.start, one.due) for one in tracker.milestones.values() if not one.active and one.start)

    assert [(start, due) for start, due in closed if due and (due - start).days != 6] == []
    assert len(closed) == 120
