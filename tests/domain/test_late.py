"""Which issue came too late to be planned."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.late import Verdict, judge, week_started
from bot.domain.team import Team
from bot.domain.tracker import History, Issue, LabelEvent, Milestone, MilestoneEvent

WOW, NEXT = 7, 8
TEAM = Team(channel="C1", zone=ZoneInfo("America/Los_Angeles"))
STARTED = datetime(2026, 11, 18, 8, tzinfo=UTC)
SOON = timedelta(minutes=1)


def issue(*labels: str) -> Issue:
    return Issue(1, "Disk is full", labels, WOW)


def added(at: datetime, milestone: int = WOW, by: str = "ben") -> MilestoneEvent:
    return MilestoneEvent(milestone, added=True, at=at, by=by)


def taken_out(at: datetime, milestone: int = WOW) -> MilestoneEvent:
    return MilestoneEvent(milestone, added=False, at=at)


def label_put_on(at: datetime, label: str = "unscheduled", by: str = "ben") -> LabelEvent:
    return LabelEvent(label, added=True, at=at, by=by)


def label_taken_off(at: datetime, label: str = "unscheduled", by: str = "ben") -> LabelEvent:
    return LabelEvent(label, added=False, at=at, by=by)


def is_late(
    *events: MilestoneEvent | LabelEvent, labels: tuple[str, ...] = (), started: datetime | None = STARTED
) -> bool:
    return judge(issue(*labels), events, WOW, started, TEAM, own="baton").late


def test_what_came_after_the_start_is_late_and_what_was_there_is_planned() -> None:
    assert is_late(added(STARTED + SOON))
    assert not is_late(added(STARTED))
    assert not is_late(added(STARTED - SOON))
    assert not is_late()


def test_an_outage_is_never_late() -> None:
    assert not is_late(added(STARTED + SOON), labels=("outage",))
    assert is_late(added(STARTED + SOON), labels=("Outage report",))


def test_the_milestone_s_id_counts_so_an_issue_planned_into_next_wow_is_planned() -> None:
    planned = added(STARTED - SOON)

    assert not is_late(planned, added(STARTED + SOON, milestone=NEXT))


def test_who_takes_an_issue_out_and_puts_it_back_has_added_it_then() -> None:
    assert is_late(added(STARTED - SOON), taken_out(STARTED + SOON), added(STARTED + 2 * SOON))
    assert not is_late(added(STARTED - 2 * SOON), taken_out(STARTED + SOON))


def test_the_order_in_which_events_are_listed_does_not_matter() -> None:
    assert is_late(added(STARTED + SOON), added(STARTED - SOON))


def test_without_a_start_nothing_is_late() -> None:
    assert not is_late(added(STARTED + SOON), started=None)


def test_a_late_addition_that_has_the_label_is_marked_as_labelled() -> None:
    events = (added(STARTED + SOON),)

    assert judge(issue("unscheduled"), events, WOW, STARTED, TEAM).labelled
    assert judge(issue(), events, WOW, STARTED, TEAM) == Verdict(
        late=True, why="added after the week had started", added=(STARTED + SOON).isoformat()
    )


# what Baton itself did


def test_what_baton_carried_over_from_a_closed_week_was_added_by_nobody() -> None:
    closed_week = 77

    def comes(*events: MilestoneEvent, by: str) -> bool:
        history = (*events, added(STARTED + SOON, by=by))
        return judge(issue(), history, WOW, STARTED, TEAM, own="baton", closed={closed_week}).late

    planned = added(STARTED - 9 * SOON, closed_week)
    assert not comes(planned, by="baton")
    assert not comes(planned, MilestoneEvent(closed_week, added=False, at=STARTED + SOON), by="baton")
    assert comes(planned, by="ben"), "a person did it"
    assert comes(added(STARTED - SOON, NEXT), by="baton"), "it was not in a closed week"
    assert comes(planned, MilestoneEvent(closed_week, added=False, at=STARTED - SOON), by="baton"), "nor was this"


def test_what_baton_put_back_was_added_when_it_was_added_before() -> None:
    planned = [added(STARTED - SOON), added(STARTED - SOON, NEXT)]

    assert not is_late(*planned, added(STARTED + SOON, by="baton"), added(STARTED + 2 * SOON, by="baton"))
    assert is_late(added(STARTED + SOON), added(STARTED + 2 * SOON, by="baton"))
    assert is_late(*planned, added(STARTED + SOON, by="baton"), added(STARTED + 2 * SOON))


def test_what_baton_s_user_alone_added_was_added_then() -> None:
    assert is_late(added(STARTED + SOON, by="baton"))


def test_without_a_name_nobody_is_taken_for_baton() -> None:
    events = (added(STARTED - SOON, by=""), added(STARTED + SOON, by=""))

    assert judge(issue(), events, WOW, STARTED, TEAM).late
    taken_off = (*events, label_taken_off(STARTED + 2 * SOON, by=""))
    assert judge(issue(), taken_off, WOW, STARTED, TEAM).why == "taken off by hand"


# the label, taken off by hand


def test_a_label_that_a_person_took_off_since_the_addition_stays_off() -> None:
    late = added(STARTED + SOON)

    verdict = judge(
        issue(), (late, label_put_on(STARTED + SOON), label_taken_off(STARTED + 2 * SOON)), WOW, STARTED, TEAM
    )

    assert verdict == Verdict(late=False, why="taken off by hand", added=(STARTED + SOON).isoformat())
    assert not is_late(late, label_taken_off(STARTED + SOON))


def test_a_label_that_was_taken_off_before_the_addition_says_nothing_about_it() -> None:
    assert is_late(label_put_on(STARTED - 2 * SOON), label_taken_off(STARTED - SOON), added(STARTED + SOON))


def test_what_happened_last_to_the_label_counts() -> None:
    late = added(STARTED + SOON)

    assert is_late(label_taken_off(STARTED + 2 * SOON), late, label_put_on(STARTED + 3 * SOON))
    assert is_late(late, label_taken_off(STARTED + 2 * SOON, "goal"))


def test_of_one_instant_what_is_listed_last_happened_last() -> None:
    late, then = added(STARTED + SOON), STARTED + 2 * SOON

    assert not is_late(late, label_put_on(then), label_taken_off(then))
    assert is_late(late, label_taken_off(then), label_put_on(then))


def test_a_label_that_baton_took_back_in_an_undo_was_not_taken_off_by_hand() -> None:
    late = added(STARTED + SOON)

    assert is_late(late, label_put_on(STARTED + 2 * SOON, by="baton"), label_taken_off(STARTED + 3 * SOON, by="baton"))


MOMENTS = some.integers(min_value=-3, max_value=9).map(lambda minutes: STARTED + minutes * SOON)
PEOPLE = some.sampled_from(["ben", "eva", "baton"])
HISTORIES = some.lists(
    some.builds(MilestoneEvent, some.sampled_from([WOW, NEXT]), some.booleans(), MOMENTS, PEOPLE)
    | some.builds(LabelEvent, some.sampled_from(["unscheduled", "goal"]), some.booleans(), MOMENTS, PEOPLE),
    max_size=8,
    unique_by=lambda event: (type(event), event.at),
).map(tuple)
LATER = STARTED + timedelta(hours=1)


def verdict_on(events: History) -> Verdict:
    return judge(issue(), events, WOW, STARTED, TEAM, own="baton")


@given(HISTORIES)
def test_an_order_of_events_is_only_an_order(events: History) -> None:
    assert verdict_on(events) == verdict_on(tuple(reversed(events)))


@given(HISTORIES.filter(lambda events: any(isinstance(one, MilestoneEvent) and one.added for one in events)))
def test_a_rollover_and_its_undo_leave_a_verdict_as_it_was(events: History) -> None:
    events = (added(STARTED - 9 * SOON), *events)
    verdict = verdict_on(events)
    # a label is set only by a verdict that asks for it
    label = (label_put_on(LATER, by="baton"), label_taken_off(LATER + SOON, by="baton")) if verdict.late else ()

    assert verdict_on((*events, added(LATER, NEXT, by="baton"), added(LATER + SOON, by="baton"), *label)) == verdict


@given(HISTORIES)
def test_what_a_person_took_off_last_is_never_late(events: History) -> None:
    assert not verdict_on((*events, label_taken_off(LATER, by="ben"))).late


# when the week started


def started(start: date | None, due: date | None, became: datetime | None = None, zone: str = "UTC") -> datetime | None:
    return week_started(Milestone(WOW, "WoW", start=start, due=due), became, Team(channel="C1", zone=ZoneInfo(zone)))


WEDNESDAY, TUESDAY = date(2026, 11, 18), date(2026, 11, 24)


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("UTC", "2026-11-18T00:00"),
        ("America/Los_Angeles", "2026-11-18T08:00"),
        ("Pacific/Auckland", "2026-11-17T11:00"),
        ("Pacific/Kiritimati", "2026-11-17T10:00"),
        ("Etc/GMT+12", "2026-11-18T12:00"),
    ],
)
def test_the_week_starts_with_its_first_day_in_the_team_s_zone(zone: str, first: str) -> None:
    assert started(WEDNESDAY, TUESDAY, zone=zone) == datetime.fromisoformat(first).replace(tzinfo=UTC)


def test_the_moment_at_which_baton_made_it_the_current_week_comes_first() -> None:
    became = datetime(2026, 11, 18, 15, 4, tzinfo=UTC)

    assert started(WEDNESDAY, TUESDAY, became) == became


def test_without_a_start_date_the_due_date_tells_the_first_day() -> None:
    assert started(None, TUESDAY) == datetime(2026, 11, 18, tzinfo=UTC)


def test_without_any_date_the_day_that_somebody_named_as_the_last_tells_it() -> None:
    team = Team(channel="C1", zone=ZoneInfo("UTC"))

    assert week_started(Milestone(WOW, "WoW"), None, team, TUESDAY) == datetime(2026, 11, 18, tzinfo=UTC)


def test_without_any_date_nobody_knows_when_it_started() -> None:
    assert started(None, None) is None
