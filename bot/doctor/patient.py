"""Who is examined, and where what is found is noted down."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import aiohttp

from bot.domain.checkup import Finding, Lacking
from bot.domain.team import Team
from bot.gitlab import Gitlab
from bot.messages.doctor import NOT_SEEN, Saying, left_out
from bot.settings import Settings


@dataclass(frozen=True)
class Patient:
    """Baton as it would serve: its settings but for those that are `wrong`, and what it would speak through."""

    settings: Settings
    wrong: frozenset[str]
    team: Team
    session: aiohttp.ClientSession
    gitlab: Gitlab
    now: Callable[[], datetime]

    def lacks(self, *variables: str) -> str:
        """Name the first of these variables that is wrong; empty where none is."""
        return next((name for name in variables if name in self.wrong), "")


@dataclass
class Notes:
    """What was found at one place. `differences` collects by how much this machine's clock is ahead of whose."""

    differences: dict[str, timedelta]
    findings: list[Finding] = field(default_factory=list)
    lacking: Lacking = field(default_factory=Lacking)

    def add(self, saying: Saying, check: str = "", **values: object) -> None:
        """Note down a saying, of a check that it does not name itself if need be."""
        found = saying.of(**values)
        self.findings.append(replace(found, check=check) if check else found)

    def leave_out(self, why: str, *checks: str) -> None:
        """Note down that these were not looked at, because of something that is told already."""
        self.findings.append(left_out(why, *checks))

    def not_seen(self, why: str, *checks: str) -> None:
        """Note down that these were looked at in vain: nobody knows whether they are well."""
        self.add(NOT_SEEN, ", ".join(checks), why=why)

    def heard(self, whose: str, at: datetime | None, asked: datetime, answered: datetime) -> None:
        """Compare a clock that was told in an answer, to the second, with this machine's."""
        if at is not None:
            self.differences[whose] = asked + (answered - asked) / 2 - at
