"""Whatever is wrong with what Baton stands on, the doctor names it, and what it says mends it."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web

from bot.doctor import ALL, CLOCK, DATABASE, GITLAB, ROTA, SETTINGS, SLACK, CheckUp
from bot.doctor.machine import encoding, zones
from bot.doctor.patient import Patient
from bot.domain.checkup import Finding, labels_of, worst
from bot.domain.priority import AP_LABELS
from bot.domain.team import Team
from bot.messages.scopes import WITHOUT
from bot.sandbox.server import Server
from bot.settings import read_partly
from bot.store import open_store
from bot.terminal import checkup
from tests.edges.terminal.shell import runs
from tests.stories.process import environment, run_to_its_end
from tests.stories.world import CHANNEL, HOOK_SECRET, World

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
        return self.gitlab.add_hook(url, HOOK_SECRET, **dict.fromkeys(OUR_EVENTS, True))

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


@pytest.fixture
def clinic(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    world.forgives_slack = True
    return Clinic(world, tmp_path, monkeypatch)


def wrong_with(findings: Sequence[Finding]) -> list[str]:
    return [f"{one.check}: {one.said} {one.mend}" for one in findings if one.level in {"warning", "problem"}]


def only(findings: Sequence[Finding]) -> Finding:
    """The one thing that is wrong."""
    found = [one for one in findings if one.level in {"warning", "problem"}]
    assert len(found) == 1, found
    return found[0]


def test_where_all_is_well_the_command_says_so_and_ends_with_zero(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    code = clinic.prints()

    lines = capsys.readouterr().out.splitlines()
    assert (code, lines[-1]) == (0, "All is well.")
    assert all(line.startswith(("ok ", "note ")) for line in lines[:-2])
    checks = ["settings", "Slack token", "scopes", "team channel", "GitLab token", "project", "milestones", "labels"]
    checks += ["webhook", "clock", "database", "time zones", "user group", "leads", "rota", "pictures", "locale"]
    for check in checks:
        assert any(line[8:].startswith(f"{check}: ") for line in lines), check


@dataclass(frozen=True)
class Fault:
    """Something that is wrong: how it comes about, what is said of it, and what somebody does who follows that."""

    part: str
    level: str
    said: tuple[str, ...]
    breaks: Callable[[Clinic], object]
    mends: Callable[[Clinic], object]


def scope_is(missing: str) -> Callable[[Clinic], None]:
    return lambda clinic: clinic.slack.scopes.discard(missing)


def scope_is_back(clinic: Clinic) -> None:
    clinic.slack.scopes |= set(WITHOUT)


def token_of_gitlab(**is_so: object) -> Callable[[Clinic], None]:
    def change(clinic: Clinic) -> None:
        for name, value in is_so.items():
            setattr(clinic.gitlab, name, value)

    return change


def expired(clinic: Clinic, days: int) -> None:
    clinic.gitlab.token_expires_on = (clinic.now() + timedelta(days=days)).date()


def loses(label: str) -> Callable[[Clinic], None]:
    def lose(clinic: Clinic) -> None:
        state = clinic.gitlab.state
        state.labels = {number: one for number, one in state.labels.items() if one.name != label}

    return lose


def creates(clinic: Clinic) -> None:
    """Does what `doctor --fix` does after a yes."""

    async def create() -> None:
        async with CheckUp(read_partly(None), None, clinic.now) as check_up:
            await check_up.examine(lambda _: None, [GITLAB])
            await checkup.create(check_up, checkup.Paper(()))

    asyncio.run(create())


def another_group_milestone(title: str) -> Callable[[Clinic], None]:
    """A milestone of the group, from before GitLab held titles to be unique."""

    def add(clinic: Clinic) -> None:
        number = clinic.gitlab.add_group_milestone("not yet")
        clinic.gitlab.state.milestones[number].title = title

    return add


def renames_group_milestone(clinic: Clinic) -> None:
    for one in clinic.gitlab.state.milestones.values():
        if one.of_group:
            one.title = "Quarter"


def only_of_the_group(clinic: Clinic) -> None:
    clinic.gitlab.retitle_milestone(clinic.wow, "Something else")
    another_group_milestone("WoW")(clinic)


def leaves_the_group_alone(clinic: Clinic) -> None:
    renames_group_milestone(clinic)
    creates(clinic)


def has_run(path: Path, statement: str) -> bool:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    return True


def tears(clinic: Clinic) -> None:
    """Overwrites a page in the middle of the file, as a bad disk would."""
    shutil.copy(clinic.database, clinic.folder / "backup.db")
    with sqlite3.connect(clinic.database) as connection:
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'deliveries'").fetchone()
    connection.close()
    with clinic.database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def restores(clinic: Clinic) -> None:
    shutil.copy(clinic.folder / "backup.db", clinic.database)


FAULTS = {
    # Slack
    "bot token wrong": Fault(
        SLACK,
        "problem",
        ("SLACK_BOT_TOKEN", "invalid_auth", "OAuth & Permissions"),
        lambda clinic: clinic.sets(SLACK_BOT_TOKEN="xoxb-of-old"),
        lambda clinic: clinic.sets(SLACK_BOT_TOKEN=clinic.slack.bot_token),
    ),
    **{
        f"scope {scope} missing": Fault(
            SLACK, level, ("SLACK_BOT_TOKEN", f"lacks the scope {scope}", "Reinstall"), scope_is(scope), scope_is_back
        )
        for scope, level in (("chat:write", "problem"), ("reactions:read", "warning"), ("files:write", "warning"))
    },
    "bot not in the channel": Fault(
        SLACK,
        "problem",
        ("TEAM_CHANNEL", "no member of the channel #production", "/invite @baton"),
        lambda clinic: clinic.slack.leaves(clinic.slack.bot_user, CHANNEL),
        lambda clinic: clinic.slack.joins(clinic.slack.bot_user, CHANNEL),
    ),
    "channel archived": Fault(
        SLACK,
        "problem",
        ("TEAM_CHANNEL", "#production is archived", "Unarchive it"),
        lambda clinic: clinic.slack.archives(CHANNEL),
        lambda clinic: clinic.slack.archives(CHANNEL, archived=False),
    ),
    "channel unknown": Fault(
        SLACK,
        "problem",
        ("TEAM_CHANNEL", "no channel C0ELSEWHERE", "Copy the channel's id"),
        lambda clinic: clinic.sets(TEAM_CHANNEL="C0ELSEWHERE"),
        lambda clinic: clinic.sets(TEAM_CHANNEL=CHANNEL),
    ),
    "app token of another kind": Fault(
        SLACK,
        "problem",
        ("SLACK_APP_TOKEN", "invalid_auth", "connections:write"),
        lambda clinic: clinic.sets(SLACK_APP_TOKEN="xapp-of-old"),
        lambda clinic: clinic.sets(SLACK_APP_TOKEN=clinic.slack.app_token),
    ),
    "app token without its scope": Fault(
        SLACK,
        "problem",
        ("SLACK_APP_TOKEN lacks the scope connections:write",),
        lambda clinic: (
            setattr(clinic.slack, "app_token_connects", False),
            clinic.sets(SLACK_APP_TOKEN=clinic.slack.app_token),
        ),
        lambda clinic: setattr(clinic.slack, "app_token_connects", True),
    ),
    "lead unknown": Fault(
        SLACK,
        "warning",
        ("WOW_LEADS names U0GONE",),
        lambda clinic: clinic.sets(WOW_LEADS=f"U1,U0GONE,{GROUP}"),
        lambda clinic: clinic.sets(WOW_LEADS=f"U1,{GROUP}"),
    ),
    "user group not editable": Fault(
        SLACK,
        "warning",
        ("ONCALL_USERGROUP", "may not edit the user group @oncall", "let everybody create and edit user groups"),
        lambda clinic: setattr(clinic.slack, "forbids_usergroup_changes", True),
        lambda clinic: setattr(clinic.slack, "forbids_usergroup_changes", False),
    ),
    "user group unknown": Fault(
        SLACK,
        "warning",
        ("ONCALL_USERGROUP", "no user group S0OTHER"),
        lambda clinic: clinic.sets(ONCALL_USERGROUP="S0OTHER"),
        lambda clinic: clinic.sets(ONCALL_USERGROUP=GROUP),
    ),
    # GitLab
    "token wrong": Fault(
        GITLAB,
        "problem",
        ("GitLab refuses GITLAB_TOKEN", "scope api"),
        lambda clinic: clinic.sets(GITLAB_TOKEN="glpat-of-old"),
        lambda clinic: clinic.sets(GITLAB_TOKEN=clinic.gitlab.token),
    ),
    "token expired": Fault(
        GITLAB,
        "problem",
        ("GITLAB_TOKEN: it has expired", "scope api"),
        lambda clinic: expired(clinic, days=-1),
        lambda clinic: expired(clinic, days=300),
    ),
    "token soon to expire": Fault(
        GITLAB,
        "warning",
        ("GITLAB_TOKEN expires on 2026-11-28, in 3 days",),
        lambda clinic: expired(clinic, days=3),
        lambda clinic: expired(clinic, days=300),
    ),
    "token read-only": Fault(
        GITLAB,
        "problem",
        ("GITLAB_TOKEN may not write", "lacks the scope api (it has: read_api)"),
        token_of_gitlab(token_read_only=True),
        token_of_gitlab(token_read_only=False),
    ),
    "role too low": Fault(
        GITLAB,
        "problem",
        ("GITLAB_TOKEN may not edit milestones", "role Developer"),
        token_of_gitlab(token_access=10),
        token_of_gitlab(token_access=30),
    ),
    "role below developer": Fault(
        GITLAB,
        "warning",
        ("GITLAB_TOKEN may not move merge requests",),
        token_of_gitlab(token_access=20),
        token_of_gitlab(token_access=30),
    ),
    "project wrong": Fault(
        GITLAB,
        "problem",
        ("GITLAB_PROJECT", "no project acme/elsewhere"),
        lambda clinic: clinic.sets(GITLAB_PROJECT="acme/elsewhere"),
        lambda clinic: clinic.sets(GITLAB_PROJECT="acme/production"),
    ),
    "project archived": Fault(
        GITLAB,
        "problem",
        ("GITLAB_PROJECT", "acme/production is archived", "Unarchive it"),
        lambda clinic: clinic.gitlab.archive_project(),
        lambda clinic: clinic.gitlab.archive_project(archived=False),
    ),
    "WoW missing": Fault(
        GITLAB,
        "problem",
        ("milestone “WoW” (WOW_TITLE) is missing", "doctor --fix"),
        lambda clinic: clinic.gitlab.delete_milestone(clinic.wow),
        creates,
    ),
    "WoW of the group": Fault(
        GITLAB,
        "problem",
        ("milestone “WoW” (WOW_TITLE) belongs to a group", "Rename the group's", "doctor --fix"),
        only_of_the_group,
        leaves_the_group_alone,
    ),
    "WoW closed": Fault(
        GITLAB,
        "problem",
        ("milestone “WoW” (WOW_TITLE)", "is closed", "Reopen it"),
        lambda clinic: clinic.gitlab.close_milestone(clinic.wow),
        lambda clinic: clinic.gitlab.reopen_milestone(clinic.wow),
    ),
    "clash with the group": Fault(
        GITLAB,
        "problem",
        ("group above acme/production is titled “WoW ending 2026-12-01”", "a clash", "Rename the group's milestone"),
        another_group_milestone("WoW ending 2026-12-01"),
        renames_group_milestone,
    ),
    **{
        f"label {label} missing": Fault(
            GITLAB, "warning", (f"label “{label}” ({variable}) is missing", "doctor --fix"), loses(label), creates
        )
        for label, variable in labels_of(Team("")).items()
    },
    "label called otherwise": Fault(
        GITLAB,
        "warning",
        ("label “ziel” (LABEL_GOAL) is missing", "put its name into LABEL_GOAL"),
        lambda clinic: clinic.sets(LABEL_GOAL="ziel"),
        lambda clinic: clinic.sets(LABEL_GOAL="goal"),
    ),
    "hook missing": Fault(
        GITLAB,
        "warning",
        ("webhook is missing", "/gitlab/hooks", "GITLAB_WEBHOOK_SECRET"),
        lambda clinic: clinic.gitlab.state.hooks.clear(),
        lambda clinic: clinic.add_hook(),
    ),
    # The database, and the rest
    "database not one": Fault(
        DATABASE,
        "problem",
        ("DATABASE_URL", "cannot be read as a database", "Name another file, or restore a backup"),
        lambda clinic: clinic.database.write_text("These are words, and many of them. " * 400),
        lambda clinic: clinic.sets(DATABASE_URL=f"sqlite:///{clinic.folder / 'another.db'}"),
    ),
    "database of another program": Fault(
        DATABASE,
        "problem",
        ("DATABASE_URL", "is the database of another program"),
        lambda clinic: has_run(clinic.folder / "theirs.db", "CREATE TABLE theirs (x)")
        and clinic.sets(DATABASE_URL=f"sqlite:///{clinic.folder / 'theirs.db'}"),
        lambda clinic: clinic.sets(DATABASE_URL=f"sqlite:///{clinic.database}"),
    ),
    "database from a newer version": Fault(
        DATABASE,
        "problem",
        ("DATABASE_URL", "was written by a newer Baton", "Start that version, or restore a backup"),
        lambda clinic: has_run(
            clinic.database, "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('baton', 'from_tomorrow')"
        ),
        lambda clinic: has_run(clinic.database, "DELETE FROM _sqlite_migrations WHERE name = 'from_tomorrow'"),
    ),
    "database damaged": Fault(
        DATABASE, "problem", ("DATABASE_URL", "is damaged", "last backup"), tears, restores
    ),
    "folder missing": Fault(
        DATABASE,
        "problem",
        ("DATABASE_URL: the folder", "does not exist", "Create it"),
        lambda clinic: clinic.sets(DATABASE_URL=f"sqlite:///{clinic.folder / 'deep' / 'baton.db'}"),
        lambda clinic: (clinic.folder / "deep").mkdir(),
    ),
    "unknown timezone": Fault(
        SETTINGS,
        "problem",
        ("TEAM_TIMEZONE is not a timezone's IANA name", "Did you mean Europe/Amsterdam?"),
        lambda clinic: clinic.sets(TEAM_TIMEZONE="europe/amsterdam"),
        lambda clinic: clinic.sets(TEAM_TIMEZONE="Europe/Amsterdam"),
    ),
    "rota not a calendar": Fault(
        ROTA,
        "warning",
        ("ROTA cannot be read", "no calendar"),
        lambda clinic: (clinic.folder / "rota.ics").write_text("words")
        and clinic.sets(ROTA=str(clinic.folder / "rota.ics")),
        lambda clinic: clinic.sets(ROTA=""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_what_is_said_mends_it(clinic: Clinic, name: str) -> None:
    fault = FAULTS[name]
    fault.breaks(clinic)

    found = only(clinic.examines(fault.part))

    assert found.level == fault.level
    for words in fault.said:
        assert words in f"{found.said} {found.mend}"
    fault.mends(clinic)
    assert worst(clinic.examines(fault.part)) in {"ok", "note"}


# Hooks


class Door:
    """Something that hooks come to, and that answers as it is told."""

    def __init__(self) -> None:
        self.status = 200
        application = web.Application()
        application.router.add_post("/gitlab/hooks", self._answer)
        self.server = Server(application)

    async def _answer(self, _: web.Request) -> web.Response:
        return web.Response(status=self.status)


@pytest.fixture
def door(clinic: Clinic) -> Iterator[Door]:
    door = Door()
    with door.server as server:
        clinic.gitlab.state.hooks[clinic.hook].url = f"{server.url}/gitlab/hooks"
        yield door


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "was answered 403 the last time"),
        (401, "was answered 401: its secret is not that of GITLAB_WEBHOOK_SECRET"),
        (502, "was answered 502"),
    ],
)
def test_a_hook_that_is_refused_is_named_until_a_test_of_it_is_taken(
    clinic: Clinic, door: Door, status: int, said: str
) -> None:
    door.status = status
    clinic.gitlab.tests_hook(clinic.hook)

    found = only(clinic.examines(GITLAB))

    assert (found.check, said in found.said, "press Test, Issues events" in found.mend) == ("webhook", True, True)
    door.status = 200
    clinic.gitlab.tests_hook(clinic.hook)
    assert "answered 200" in next(one.said for one in clinic.examines(GITLAB) if one.check == "webhook")


def test_a_hook_without_a_secret_here_is_answered_403_by_baton_itself_and_so_it_is_said(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.sets(GITLAB_WEBHOOK_SECRET="")
    clinic.world.becomes(GITLAB_WEBHOOK_SECRET="")
    clinic.gitlab.state.hooks[clinic.hook].url = f"{clinic.world.bot.url}/gitlab/hooks"
    assert clinic.gitlab.tests_hook(clinic.hook) == 403

    found = only(clinic.examines(GITLAB))

    assert "is answered 403: neither GITLAB_WEBHOOK_SECRET nor GITLAB_WEBHOOK_SIGNING_TOKEN is set" in found.said
    clinic.sets(GITLAB_WEBHOOK_SECRET=HOOK_SECRET)
    clinic.world.becomes()
    clinic.gitlab.state.hooks[clinic.hook].url = f"{clinic.world.bot.url}/gitlab/hooks"
    assert clinic.gitlab.tests_hook(clinic.hook) == 200
    assert wrong_with(clinic.examines(GITLAB)) == []


def test_a_hook_that_gitlab_gave_up_is_named_and_its_test_puts_it_into_use_again(clinic: Clinic, door: Door) -> None:
    clinic.gitlab.state.hooks[clinic.hook].given_up = True

    found = only(clinic.examines(GITLAB))

    assert "GitLab has disabled the webhook" in found.said
    assert clinic.gitlab.tests_hook(clinic.hook) == 200
    assert wrong_with(clinic.examines(GITLAB)) == []


def test_what_a_hook_does_not_tell_of_is_named(clinic: Clinic) -> None:
    clinic.gitlab.state.hooks[clinic.hook].events["deployment_events"] = False

    assert "does not tell of: Deployment events." in only(clinic.examines(GITLAB)).said


def test_where_the_token_may_not_see_hooks_that_is_said_and_no_fault(clinic: Clinic) -> None:
    clinic.gitlab.token_access = 30

    findings = clinic.examines(GITLAB)

    assert wrong_with(findings) == []
    assert "Maintainers only" in next(one.said for one in findings if one.check == "webhook")


# The clock


@pytest.mark.parametrize(
    ("ahead", "level", "way"), [(10, "problem", "ahead of"), (-10, "problem", "behind"), (2, "warning", "ahead of")]
)
def test_a_clock_that_is_off_is_named_by_how_much_and_which_way(
    clinic: Clinic, ahead: int, level: str, way: str
) -> None:
    clinic.ahead = timedelta(minutes=ahead)

    found = [one for one in clinic.examines(SLACK, GITLAB, CLOCK) if one.level in {"warning", "problem"}]

    assert {(one.check, one.level) for one in found} == {("clock", level)}
    assert {one.said.partition("that of ")[2][:6].strip(",;so ") for one in found} == {"Slack", "GitLab"}
    for one in found:
        assert f"This machine's clock is {abs(ahead)} min {way}" in one.said
        assert "timedatectl set-ntp true" in one.mend
    clinic.ahead = timedelta()
    assert wrong_with(clinic.examines(SLACK, GITLAB, CLOCK)) == []


# The database


@contextmanager
def nobody_special() -> Iterator[None]:
    """Acts as somebody without root's rights, whom permissions hold."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that everybody may reach."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_database_that_is_read_only_is_named_until_it_can_be_written(
    clinic: Clinic, shared_folder: Path, what: str
) -> None:
    database = shared_folder / "baton.db"
    open_store(f"sqlite:///{database}").close()
    database.chmod(0o666)
    clinic.sets(DATABASE_URL=f"sqlite:///{database}")
    place, before = (database, 0o666) if what == "file" else (shared_folder, 0o777)
    place.chmod(before & 0o555)

    with nobody_special():
        found = only(clinic.examines(DATABASE))

    assert found.level == "problem"
    assert f"DATABASE_URL: {database} is read-only, or its folder is" in found.said
    assert "chmod u+w" in found.mend
    place.chmod(before)
    with nobody_special():
        assert wrong_with(clinic.examines(DATABASE)) == []


SMALL_DISK = """
set -e
mount -t tmpfs -o size=4m tmpfs "$1"
"$2" -c 'import sys; from bot.store import open_store; open_store(sys.argv[1]).close()' "$DATABASE_URL"
cat /dev/zero > "$1/filler" 2>/dev/null || true
"$2" -m tests.edges.terminal.test_doctor
rm "$1/filler"
"$2" -m tests.edges.terminal.test_doctor
"""


def test_a_disk_that_is_full_is_named_until_there_is_room(clinic: Clinic, tmp_path: Path) -> None:
    """The disk is a real one, which only this test's processes see, where the machine lets them have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    clinic.sets(DATABASE_URL=f"sqlite:///{disk / 'baton.db'}")
    told = environment({**clinic.world.bot.settings, "DATABASE_URL": f"sqlite:///{disk / 'baton.db'}"})

    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh", str(disk), sys.executable],
        env=told, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"left out: no disk of our own here ({done.stderr.strip()})")
    full, tight = done.stdout.splitlines()
    assert full.startswith(f"problem DATABASE_URL: the disk of {disk / 'baton.db'} is full")
    assert "Make room on that disk" in full
    assert tight.startswith("warning DATABASE_URL: only "), done.stderr


def test_the_database_stays_as_it_is_and_one_that_is_not_there_is_not_made(clinic: Clinic) -> None:
    before = clinic.database.read_bytes(), sorted(clinic.folder.iterdir())
    clinic.examines(DATABASE)
    assert (clinic.database.read_bytes(), sorted(clinic.folder.iterdir())) == before

    clinic.sets(DATABASE_URL=f"sqlite:///{clinic.folder / 'new.db'}")
    found = clinic.examines(DATABASE)

    assert [(one.level, "is not there yet: `serve` creates it" in one.said) for one in found] == [("ok", True)]
    assert not (clinic.folder / "new.db").exists()


def test_a_database_of_an_older_version_is_said_to_be_so_and_left(clinic: Clinic) -> None:
    has_run(clinic.database, "DELETE FROM _sqlite_migrations WHERE name = 'backlogs'")
    before = clinic.database.read_bytes()

    findings = clinic.examines(DATABASE)

    assert wrong_with(findings) == []
    assert any("the next start brings it up to date (1 steps)" in one.said for one in findings)
    assert clinic.database.read_bytes() == before


# This machine


def test_missing_time_zone_data_and_a_narrow_locale_are_named(clinic: Clinic) -> None:
    patient = Patient(read_partly(None).settings, frozenset(), Team(CHANNEL), None, None, clinic.now)  # type: ignore[arg-type] # nobody is asked

    assert "Time zone data is missing" in only(zones(patient, ["UTC"])).said
    assert "ISO-8859-15" in only([encoding("ISO-8859-15")]).said
    assert encoding("utf-8").level == "ok"


# All of it


def test_all_wrong_settings_are_named_at_once_and_the_rest_is_looked_at(
    clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.sets(GITLAB_TOKEN="", TEAM_TIMEZONE="Mars/Olympus", LABEL_GOAL="outage", SLACK_BOT_TOKEN="hush-hush")

    code = clinic.prints()

    out = capsys.readouterr().out
    assert code == 2
    for name in ("GITLAB_TOKEN is not set", "TEAM_TIMEZONE is not", "LABEL_GOAL is the same", "SLACK_BOT_TOKEN does"):
        assert f"problem settings: {name}" in out
    assert "Not looked at: GITLAB_TOKEN comes first." in out
    assert "ok      database: " in out
    assert "hush-hush" not in out


def test_it_ends_in_time_while_slack_and_gitlab_hang_and_says_so_without_a_secret(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.slack.weather.hangs()
    clinic.gitlab.weather.hangs()

    done = run_to_its_end(["doctor"], clinic.world.bot.settings, tmp_path)

    assert (done.returncode, done.stderr) == (1, "")
    assert "warning Slack token: Slack cannot be asked at http://127.0.0.1" in done.stdout
    assert "warning GitLab token: GitLab cannot be asked at http://127.0.0.1" in done.stdout
    assert "it does not answer in time" in done.stdout
    assert "Baton can serve, but not all is well." in done.stdout
    for secret in (clinic.slack.bot_token, clinic.gitlab.token, clinic.slack.signing_secret, HOOK_SECRET):
        assert secret not in done.stdout


def test_what_is_lacking_is_created_only_with_fix_and_after_a_yes(clinic: Clinic, tmp_path: Path) -> None:
    clinic.world.clock.runs_with_the_machine()
    clinic.gitlab.delete_milestone(clinic.wow)
    for one in list(clinic.gitlab.state.milestones):
        clinic.gitlab.delete_milestone(one)
    clinic.gitlab.state.labels.clear()

    plain = run_to_its_end(["doctor"], clinic.world.bot.settings, tmp_path)
    asked = run_to_its_end(["doctor", "--fix"], clinic.world.bot.settings, tmp_path)
    assert (plain.returncode, asked.returncode) == (2, 2)
    assert "nobody is here to say yes. Add --yes" in asked.stdout
    assert not clinic.gitlab.writes

    fixed = run_to_its_end(["doctor", "--fix", "--yes"], clinic.world.bot.settings, tmp_path)

    assert (fixed.returncode, fixed.stdout.splitlines()[-1]) == (0, "All is well.")
    assert {one.name for one in clinic.gitlab.state.labels.values()} == {*labels_of(Team("")), *AP_LABELS}
    wow, following = (clinic.gitlab.milestone(title) for title in ("WoW", "Next WoW"))
    start, due = (datetime.fromisoformat(wow[day]).date() for day in ("start_date", "due_date"))
    assert (start.weekday(), due - start) == (2, timedelta(days=6))
    assert start <= clinic.now().date() <= due
    assert following["start_date"] == str(due + timedelta(days=1))
    assert len(clinic.gitlab.writes) == 11


def test_nothing_but_that_is_written_anywhere(clinic: Clinic) -> None:
    clinic.examines()

    assert not clinic.gitlab.writes
    asked = {each.path.removeprefix("/api/") for each in clinic.slack.server.recorded()}
    assert asked == {"auth.test", "conversations.info", "users.info", "usergroups.list", "usergroups.users.update"}
    assert clinic.slack.usergroups[GROUP].users == ["U1"]


def test_a_terminal_gets_colours_and_folded_lines(clinic: Clinic, tmp_path: Path) -> None:
    clinic.gitlab.state.hooks.clear()

    done = runs(clinic.world, tmp_path, noun="doctor", tty=True, TERM="xterm", COLUMNS="80")

    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert done.returncode in {1, 2}  # the world's clock is not the machine's
    assert any(line.startswith("warning  webhook") for line in lines)
    assert max(map(len, lines)) <= 80


def test_yes_alone_is_refused(clinic: Clinic, tmp_path: Path) -> None:
    done = run_to_its_end(["doctor", "--yes"], clinic.world.bot.settings, tmp_path)

    assert (done.returncode, done.stderr) == (2, "--yes answers what --fix asks: give both.\n")


def _on_a_small_disk() -> None:
    """What a process on a disk of its own does: prints what the doctor finds of the database."""

    async def look() -> list[Finding]:
        async with CheckUp(read_partly(None), None, lambda: datetime.now().astimezone()) as check_up:
            return await check_up.examine(lambda _: None, [DATABASE])

    found = asyncio.run(look())[0]
    sys.stdout.write(f"{found.level} {found.said} {found.mend}\n")


if __name__ == "__main__":
    _on_a_small_disk()
