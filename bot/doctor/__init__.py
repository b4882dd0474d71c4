"""The check-up: looks at everything Baton stands on, a file for each of them, and tells for each thing how to mend it.

All is looked at side by side, each call with a deadline and all of it with one, so that it ends within seconds while
Slack and GitLab hang. Nothing is written, but for what `--fix` creates in GitLab after asking; and the one way to learn
whether a user group may be edited is to set its members to those it has.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import aiohttp

from bot.app import team_of
from bot.doctor import clock, gitlab, machine, rota, slack, store
from bot.doctor.patient import Notes, Patient
from bot.domain.checkup import Finding, Lacking
from bot.domain.week import Week
from bot.gitlab import Gitlab
from bot.messages import doctor as say
from bot.settings import Partly

DEADLINE = 12.0
"""Seconds after which what is still being looked at is given up."""
SETTINGS, SLACK, GITLAB, DATABASE, ROTA = "settings", "Slack", "GitLab", "database", "rota"
ADDRESS, PICTURES, CLOCK = "address", "pictures", "clock"
ALL = (SETTINGS, SLACK, GITLAB, DATABASE, ADDRESS, ROTA, PICTURES, CLOCK)
"""The parts, in the order in which they are told; the clock is judged by what Slack and GitLab say on the way."""
Tell = Callable[[Sequence[Finding]], None]
_EXAMINES: Mapping[str, Callable[[Patient, Notes], Awaitable[None]]] = {
    SLACK: slack.examine,
    GITLAB: gitlab.examine,
    DATABASE: store.examine,
    ADDRESS: machine.address,
    ROTA: rota.examine,
    PICTURES: machine.pictures,
}


class CheckUp:
    """One check-up, with the settings as far as they are right; use it as a context."""

    def __init__(self, found: Partly, env_file: Path | None, now: Callable[[], datetime]) -> None:
        self._found, self._env_file, self._now = found, env_file, now
        self.lacking = Lacking()
        """What GitLab lacks and can be created."""

    async def __aenter__(self) -> Self:
        """Open what is needed to ask."""
        settings, team = self._found.settings, team_of(self._found.settings)
        self._session = aiohttp.ClientSession()
        token = settings.gitlab_token.get_secret_value()
        tracker = Gitlab(settings.gitlab_url, token, settings.gitlab_project, team, self._now)
        self._patient = Patient(settings, self._found.wrong, team, self._session, tracker, self._now)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of it."""
        self._patient.gitlab.close()
        await self._session.close()

    async def examine(self, tell: Tell, parts: Sequence[str] = ALL) -> list[Finding]:
        """Look at all parts at once, tell of them in order as soon as each is known, and give what was found."""
        differences: dict[str, timedelta] = {}
        notes = {part: Notes(differences) for part in parts if part != CLOCK}
        tasks = {part: asyncio.create_task(self._examined(part, notes[part])) for part in notes}
        told: list[Finding] = []
        for part, task in tasks.items():
            await task
            told += notes[part].findings
            tell(notes[part].findings)
        if GITLAB in notes:
            self.lacking = notes[GITLAB].lacking
        if CLOCK in parts:
            apart = clock.findings(differences)
            told += apart
            tell(apart)
        return told

    async def create_label(self, label: str) -> None:
        """Create a label that is lacking; raises Unavailable or Rejected."""
        await gitlab.create_label(self._patient, label)

    async def create_week(self, title: str, week: Week) -> None:
        """Create a milestone that is lacking; raises Unavailable or Rejected."""
        await gitlab.create_week(self._patient, title, week)

    async def _examined(self, part: str, notes: Notes) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                await self._look_at(part, notes)
        except TimeoutError:
            notes.add(say.TOO_LONG, part, what=part)
        except Exception as error:  # noqa: BLE001 - a check that breaks is one more thing to tell, and ends no other
            notes.add(say.BROKE, part, what=part, error=type(error).__name__)

    async def _look_at(self, part: str, notes: Notes) -> None:
        if part == SETTINGS:
            machine.settings(self._patient, notes, self._found, self._env_file)
        else:
            await _EXAMINES[part](self._patient, notes)
