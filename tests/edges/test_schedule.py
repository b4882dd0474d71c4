"""What is due by the clock is done once, however many processes look, and made up for when nobody did."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger

from bot.schedule import Job, Schedule
from bot.store import Store, Tx, open_store

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MORNING = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
NINE = "09:00 in Amsterdam, which is 08:00 UTC in winter"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/baton.db")
    yield opened
    opened.close()


def daily(name: str = "remind", *, well_from: datetime | None = None, grace: timedelta = timedelta(hours=1)) -> Job:
    """A job at nine that notes when it ran; before `well_from` it breaks."""

    def run(tx: Tx, at: datetime) -> None:
        if well_from and at < well_from:
            message = "not today"
            raise ValueError(message)
        tx.keep_fact(name, f"{tx.fact(name)} {at:%d %H:%M}".strip(), at)

    return Job(name, CronTrigger(hour=9, minute=0, timezone=AMSTERDAM), run, grace)


class Team:
    """One process."""

    def __init__(self, store: Store, *jobs: Job) -> None:
        self.store = store
        self.schedule = Schedule(store, lambda: jobs, lambda: MORNING)

    def looks(self, at: datetime) -> list[str]:
        """Looks what is due; the names of what it ran."""
        return asyncio.run(self.schedule.run_due(at))

    def ran(self, name: str = "remind") -> str:
        """When it was run."""
        return asyncio.run(self.store.read(lambda tx: tx.fact(name)))


def test_a_job_runs_when_it_is_due_in_the_team_s_zone_and_not_before(store: Store) -> None:
    team = Team(store, daily())

    assert team.looks(MORNING - timedelta(seconds=1)) == []
    assert team.looks(MORNING) == ["remind"]
    assert team.looks(MORNING + timedelta(seconds=5)) == []
    assert team.looks(MORNING + timedelta(days=1, seconds=2)) == ["remind"]


def test_of_two_processes_one_runs_it(store: Store) -> None:
    first, second = Team(store, daily()), Team(store, daily())

    assert first.looks(MORNING) + second.looks(MORNING) == ["remind"]


def test_what_was_due_while_nobody_looked_is_made_up_for_once(store: Store) -> None:
    assert Team(store, daily()).looks(MORNING + timedelta(minutes=40)) == ["remind"]
    assert Team(store, daily()).looks(MORNING + timedelta(minutes=41)) == []


def test_what_is_too_late_is_left(store: Store) -> None:
    assert Team(store, daily()).looks(MORNING + timedelta(minutes=61)) == []


def test_of_several_missed_runs_only_the_last_is_made_up_for(store: Store) -> None:
    team = Team(store, daily(grace=timedelta(days=30)))

    assert team.looks(MORNING + timedelta(days=7, minutes=1)) == ["remind"]
    assert team.ran() == "02 08:01"


def test_a_job_that_fails_holds_up_no_other_and_is_tried_again(store: Store) -> None:
    team = Team(store, daily("broken", well_from=MORNING + timedelta(seconds=1)), daily())

    assert team.looks(MORNING) == ["remind"]
    assert team.looks(MORNING + timedelta(seconds=5)) == ["broken"]
    assert team.looks(MORNING + timedelta(seconds=10)) == []


@pytest.mark.parametrize("day", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)])
@pytest.mark.parametrize("every", [1, 45, 600])
def test_it_runs_once_on_the_days_on_which_clocks_change(store: Store, day: datetime, every: int) -> None:
    team = Team(store, Job("night", CronTrigger(hour=2, minute=30, timezone=AMSTERDAM), lambda *_: None))

    looks = range(-60, 6 * 60, every)
    ran = [name for minute in looks for name in team.looks(day + timedelta(minutes=minute))]

    assert ran == (["night"] if every < 600 else [])


def test_a_clock_that_is_set_back_repeats_nothing(store: Store) -> None:
    team = Team(store, daily())
    team.looks(MORNING)

    assert team.looks(MORNING - timedelta(minutes=5)) == []
    assert team.looks(MORNING + timedelta(seconds=1)) == []
