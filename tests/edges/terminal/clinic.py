"""A world in which all is well, the doctor who looks at it, and what a process does that looks at its database."""

import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.doctor import ALL, DATABASE, CheckUp
from bot.domain.checkup import Finding, labels_of
from bot.domain.priority import AP_LABELS
from bot.domain.team import Team
from bot.settings import read_partly
from bot.store import open_store
from bot.terminal import checkup
from tests.stories.world import HOOK_SECRET, World

OUR_EVENTS = ("issues_events", "confidential_issues_events", "merge_requests_events", "deployment_events")
GROUP = "S0ONCALL"


class Clinic:
    """A world in which all is well, and the doctor."""

    def __init__(self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.gitlab, self.slack, self.folder = world, world.gitlab, world.slack, folder
        self.ahead = timedelta()
        """How far this machine's clock is ahead of everybody else's."""
        self._monkeypatch = monkeypatch
        for label in (*labels_of(Team("")), *AP_LABELS):
            self.gitlab.add_label(label)
        self.wow = self.gitlab.add_milestone("WoW", "2026-11-25", "2026-12-01")
        self.gitlab.add_milestone("Next WoW", "2026-12-02", "2026-12-08")
        self.hook = self.add_hook()
        self.slack.add_usergroup(GROUP, "oncall", ["U1"])
        self.database = folder / "baton.db"
        open_store(f"sqlite:///{self.database}").close()
        self.sets(ONCALL_USERGROUP=GROUP)

    def add_hook(self, url: str = "http://127.0.0.1:9/gitlab/hooks") -> int:
        return self.gitlab.add_hook(url, HOOK_SECRET, "", **dict.fromkeys(OUR_EVENTS, True))

    def sets(self, **settings: str) -> None:
        """Somebody changes the settings; an empty value is none."""
        for name, value in settings.items():
            self._monkeypatch.setenv(name, value)

    def now(self) -> datetime:
        return self.world.clock() + self.ahead

    def examines(self, *parts: str) -> list[Finding]:
        """Looks at some parts, or all of them but the pictures."""
        told: list[Finding] = []

        async def look() -> list[Finding]:
            async with CheckUp(read_partly(None), None, self.now) as check_up:
                return await check_up.examine(told.extend, parts or [part for part in ALL if part != "pictures"])

        found = asyncio.run(look())
        assert found == told
        return found

    def prints(self) -> int:
        """Looks at everything as the command does; gives the exit code."""
        return asyncio.run(checkup.run(read_partly(None), None, self.now, fix=False, yes=False))


def wrong_with(findings: Sequence[Finding]) -> list[str]:
    return [f"{one.check}: {one.said} {one.mend}" for one in findings if one.level in {"warning", "problem"}]


def only(findings: Sequence[Finding]) -> Finding:
    """The one thing that is wrong."""
    found = [one for one in findings if one.level in {"warning", "problem"}]
    assert len(found) == 1, found
    return found[0]


def has_run(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def _looks_at_the_database() -> None:
    """Prints what the doctor finds of the database."""

    async def look() -> list[Finding]:
        async with CheckUp(read_partly(None), None, lambda: datetime.now().astimezone()) as check_up:
            return await check_up.examine(lambda _: None, [DATABASE])

    found = asyncio.run(look())[0]
    sys.stdout.write(f"{found.level} {found.said} {found.mend}\n")


if __name__ == "__main__":
    _looks_at_the_database()
