"""A week in numbers: shares, labels and days agree with what stood in it, whatever that is."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.priority import DEFAULT_ORDER, IMPACTS, URGENCIES, ap_label, ap_labels
from bot.domain.report import Fate, Numbers, Share, Stood, came_on, choose, weeks_carried
from bot.domain.team import Labels
from bot.domain.tracker import Milestone
from tests.builders import TEAM

START, ENDING = date(2026, 11, 18), date(2026, 11, 24)
FATES: tuple[Fate, ...] = ("delivered", "carry", "next", "left")
days = st.none() | st.dates(START - timedelta(9), ENDING + timedelta(9))
labels = st.lists(st.sampled_from(["toil", "goal", "outage", "SL1", "SL2", "odd"]), unique=True).map(tuple)
stood = st.builds(
    Stood,
    iid=st.integers(1, 99),
    title=st.just("x"),
    fate=st.sampled_from(FATES),
    labels=labels,
    unplanned=st.booleans(),
    came=days,
    closed=days,
)
weeks = st.lists(stood, max_size=30).map(
    lambda found: Numbers("WoW", START, ENDING, ENDING, tuple(found), Labels(), closed=True, turned=True)
)


@given(weeks)
def test_everything_that_stood_in_a_week_became_one_thing(week: Numbers) -> None:
    assert sum(len(week.fated(fate)) for fate in FATES) == len(week.issues)
    assert week.totals.delivered + len(week.carried) + len(week.fated("left")) == week.totals.issues


@given(weeks)
def test_what_is_neither_toil_nor_unscheduled_is_planned(week: Numbers) -> None:
    both = sum(one.unplanned and "toil" in one.labels for one in week.issues)

    assert week.planned.part + week.toil.part + week.unscheduled.part - both == len(week.issues)
    assert all(0 <= (share.percent or 0) <= 100 for share in (week.planned, week.toil, week.unscheduled))


@given(weeks)
def test_both_lines_only_rise_and_end_with_what_the_week_had(week: Numbers) -> None:
    shown = week.days()

    assert [each.day for each in shown] == [START + timedelta(number) for number in range(7)]
    assert [each.issues for each in shown] == sorted(each.issues for each in shown)
    assert [each.delivered for each in shown] == sorted(each.delivered for each in shown)
    assert (shown[-1].issues, shown[-1].delivered) == (week.totals.issues, week.totals.delivered)


@given(weeks)
def test_labels_stand_in_their_order_and_every_issue_is_counted(week: Numbers) -> None:
    found = week.by_label(DEFAULT_ORDER)

    ranks = [DEFAULT_ORDER.get(label, 99) for label, _ in found]
    assert ranks == sorted(ranks)
    assert sum(share.whole for _, share in found) >= len(week.issues)
    assert all(share.part <= share.whole for _, share in found)


def test_a_share_is_rounded_half_up_and_nothing_has_none() -> None:
    assert [Share(1, 8).percent, Share(1, 3).percent, Share(2, 3).percent, Share(0, 5).percent] == [13, 33, 67, 0]
    assert Share(0, 0).percent is None


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 12), st.booleans())
def test_weeks_in_a_row_end_at_the_first_gap_and_a_goal_remembers_more(
    carried: list[bool], moved: int, goes_on: bool
) -> None:
    earlier = [frozenset({"issue:1"}) if one else frozenset[str]() for one in carried]
    in_a_row = (*carried, False).index(False)
    on_it = (f"moved {moved}",) if moved else ()

    assert weeks_carried(on_it, "issue:1", earlier, goes_on=goes_on) == max(in_a_row, moved) + goes_on


def closed(*endings: str) -> dict[date, Milestone]:
    return {
        (day := date.fromisoformat(one)): Milestone(number, f"WoW ending {one}", start=day - timedelta(6))
        for number, one in enumerate(endings, 1)
    }


def test_a_day_belongs_to_the_week_that_ends_on_it_before_all_others() -> None:
    overlapping = closed("2026-11-18", "2026-11-24")

    assert choose(overlapping, None, date(2026, 11, 18), ENDING) == date(2026, 11, 18)
    assert choose(overlapping, None, date(2026, 11, 19), ENDING) == ENDING
    assert choose(overlapping, None, date(2026, 11, 25), ENDING) is None


def test_a_day_of_the_current_week_is_in_it_also_when_that_is_over_or_has_no_dates() -> None:
    today = date(2026, 12, 3)
    dated = Milestone(9, "WoW", start=date(2026, 11, 25), due=date(2026, 12, 1))

    assert choose(closed("2026-11-24"), dated, today, today) == date(2026, 12, 1)
    assert choose(closed("2026-11-24"), Milestone(9, "WoW"), date(2026, 11, 26), today) == date(2026, 12, 1)
    assert choose(closed("2026-11-24"), dated, date(2026, 12, 10), today) is None


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_every_day_of_a_closed_week_finds_it_and_no_other_day_does(day: date) -> None:
    found = choose(closed("2026-11-24", "2026-11-10"), None, day, day)

    assert (found == ENDING) == (START <= day <= ENDING)


def test_what_was_made_before_the_week_was_there_from_its_start() -> None:
    assert came_on("2026-11-17T23:00:00Z", START, TEAM) is None
    assert came_on("2026-11-18T23:00:00Z", START, TEAM) is None
    assert came_on("2026-11-19T23:00:00Z", START, TEAM) == date(2026, 11, 19)
    assert came_on("", START, TEAM) is None
    assert came_on("soon", START, TEAM) is None


@given(st.sampled_from(URGENCIES), st.sampled_from(IMPACTS))
def test_more_urgency_or_more_impact_never_gives_a_lesser_label(urgency: int, impact: int) -> None:
    worse = [ap_label(max(1, urgency - 1), impact), ap_label(urgency, max(1, impact - 1))]

    assert all(label <= ap_label(urgency, impact) for label in worse)


def test_ap_labels_are_found_among_others_in_their_order() -> None:
    assert ap_labels(["goal", "AP3", "AP10", "AP1"]) == ("AP1", "AP3")
