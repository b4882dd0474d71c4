"""What is due by the clock. APScheduler's cron triggers tell *when*, in the team's zone; the store tells *once*.

Whoever of several processes writes the row for a due run first does it. A run that was due while nobody was running is
made up for, unless it is older than its grace.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.store import Store, Tx
from bot.telemetry import log, metrics

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Job:
    """Something to do whenever `trigger` says so; `grace` is how late it may still be done."""

    name: str
    trigger: "BaseTrigger"
    run: Callable[[Tx, datetime], None]
    grace: timedelta = timedelta(hours=1)


class Schedule:
    """Runs jobs when they are due. `jobs` is called once, in a thread: APScheduler takes its time to load.

    `watch` is run at every look, in every process: it finds out by itself what is due, and writes down what it did.
    """

    def __init__(
        self,
        store: Store,
        jobs: Callable[[], Sequence[Job]],
        clock: Callable[[], datetime],
        watch: Callable[[Tx, datetime], None] = lambda _, __: None,
    ) -> None:
        self.store, self.clock, self.watch = store, clock, watch
        self._make_jobs = jobs
        self._jobs: Sequence[Job] | None = None
        self._following: dict[str, datetime | None] = {}

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            metrics.beat("schedule", self.clock())
            await self.look(self.clock())
            await self.run_due(self.clock())
            await sleep(LOOK_SECONDS)

    async def look(self, at: datetime) -> None:
        """Find out what is due although no clock says so."""
        try:
            await self.store.write(lambda tx: self.watch(tx, at))
        except Exception:  # noqa: BLE001 - logged; the next look tries again
            log.exception("schedule.watch_broke")

    async def run_due(self, at: datetime) -> list[str]:
        """Run what is due at `at` and was not run yet; the names of what was run here.

        A job that fails holds up no other, and is tried again at the next look, as long as its grace lasts.
        """
        if self._jobs is None:
            self._jobs = await asyncio.to_thread(self._make_jobs)
        done = []
        for job in self._jobs:
            try:
                if await self._run_if_due(job, at):
                    done.append(job.name)
            except Exception:  # noqa: BLE001 - logged; the others go on
                log.exception("schedule.broke", job=job.name)
        return done

    async def _run_if_due(self, job: Job, at: datetime) -> bool:
        due, following = self._due(job, at)
        ran = due is not None and await self.store.write(partial(_run_once, job=job, due=due, at=at))
        self._following[job.name] = following
        return ran

    def _due(self, job: Job, at: datetime) -> tuple[datetime | None, datetime | None]:
        """Find the newest moment at which the job was due and was not run here, within its grace, and the next one.

        What comes next is remembered: looking from the present, a time of day that a change of clocks leaves out would
        never come.
        """
        newest: datetime | None = None
        moment = self._following[job.name] if job.name in self._following else _next(job.trigger, at - job.grace)
        while moment is not None and moment <= at:
            newest = moment
            moment = _next(job.trigger, moment + timedelta(microseconds=1))
        if newest is None or newest < at - job.grace:
            return None, moment
        return _first_of_two(newest, job.trigger), moment


def _next(trigger: "BaseTrigger", since: datetime) -> datetime | None:
    """Find when it is due next, in UTC; in an hour that comes twice APScheduler may name a moment that is over."""
    for later in range(4):
        asked = since + timedelta(hours=later)
        found: datetime | None = trigger.get_next_fire_time(None, asked.astimezone(UTC))
        if found is None or found.astimezone(UTC) >= since:
            return found.astimezone(UTC) if found else None
    return None


def _first_of_two(due: datetime, trigger: "BaseTrigger") -> datetime:
    """Take a time of day that comes twice, when clocks are set back, for the one moment it came first."""
    zone = getattr(trigger, "timezone", UTC)
    return due.astimezone(zone).replace(fold=0).astimezone(UTC)


def _run_once(tx: Tx, *, job: Job, due: datetime, at: datetime) -> bool:
    if not tx.take_job(job.name, due, at):
        return False
    job.run(tx, at)
    return True
