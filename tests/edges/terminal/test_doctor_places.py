"""The doctor on hooks, the clock and the database: what is wrong there shows only in what happened, or on real disks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web

from bot.doctor import ADDRESS, CLOCK, DATABASE, GITLAB, SLACK
from bot.doctor.clock import findings as judged
from bot.doctor.machine import encoding, zones
from bot.doctor.patient import Patient
from bot.domain.team import Team
from bot.sandbox.server import Server
from bot.settings import read_partly
from bot.store import open_store
from tests.edges.terminal.clinic import Clinic, has_run, only, wrong_with
from tests.stories.process import environment
from tests.stories.world import CHANNEL, HOOK_SECRET

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


def test_of_a_project_that_is_not_there_no_webhook_is_spoken(clinic: Clinic) -> None:
    clinic.sets(GITLAB_PROJECT="acme/elsewhere")

    findings = clinic.examines(GITLAB)

    assert "no project acme/elsewhere" in only(findings).said
    assert [(one.check, one.said) for one in findings[2:]] == [
        ("milestones, labels, webhook", "Not looked at: the project comes first.")
    ]


# The clock


def test_a_clock_that_is_off_from_one_alone_is_not_off_from_both() -> None:
    apart = judged({"Slack": timedelta(minutes=7), "GitLab": timedelta(seconds=3)})

    assert [one.said.partition(";")[0].partition(", so")[0] for one in apart] == [
        "This machine's clock is 7 min ahead of that of Slack"
    ]


@pytest.mark.parametrize(
    ("ahead", "level", "way"), [(10, "problem", "ahead of"), (-10, "problem", "behind"), (2, "warning", "ahead of")]
)
def test_a_clock_that_is_off_is_named_by_how_much_and_which_way(
    clinic: Clinic, ahead: int, level: str, way: str
) -> None:
    clinic.ahead = timedelta(minutes=ahead)

    found = only(clinic.examines(SLACK, GITLAB, CLOCK))

    assert (found.check, found.level) == ("clock", level)
    assert f"This machine's clock is {abs(ahead)} min {way} that of Slack and GitLab" in found.said
    assert "timedatectl set-ntp true" in found.mend
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
"$2" -m tests.edges.terminal.clinic
rm "$1/filler"
"$2" -m tests.edges.terminal.clinic
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


def test_a_port_that_another_program_has_is_named_and_one_that_baton_has_is_not(clinic: Clinic, door: Door) -> None:
    clinic.sets(PORT=str(door.server.port))

    assert f"PORT: another program listens on 127.0.0.1:{door.server.port}" in only(clinic.examines(ADDRESS)).said
    clinic.world.becomes()
    clinic.sets(PORT=clinic.world.bot.url.rpartition(":")[2])
    assert "Baton serves on 127.0.0.1" in clinic.examines(ADDRESS)[0].said
    clinic.sets(PORT="0")
    assert wrong_with(clinic.examines(ADDRESS)) == []


def test_an_address_of_another_machine_is_named(clinic: Clinic) -> None:
    clinic.sets(HOST="192.0.2.1")

    assert "HOST, PORT: Baton cannot listen on 192.0.2.1:" in only(clinic.examines(ADDRESS)).said


def test_missing_time_zone_data_and_a_narrow_locale_are_named(clinic: Clinic) -> None:
    patient = Patient(read_partly(None).settings, frozenset(), Team(CHANNEL), None, None, clinic.now)  # type: ignore[arg-type] # nobody is asked

    assert "Time zone data is missing" in only(zones(patient, ["UTC"])).said
    assert "ISO-8859-15" in only([encoding("ISO-8859-15")]).said
    assert encoding("utf-8").level == "ok"
