"""What lies in `deploy/` fits the program: paths, verbs, exit codes, settings; and the locks hold what they should."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.__main__ import cli
from bot.app import STOP_SECONDS
from bot.settings import Settings
from bot.terminal import WRONG

ROOT: Final = Path(__file__).parent.parent
DEPLOY: Final = ROOT / "deploy"
SERVICES: Final = ("baton.service", "baton-backup.service")
UNITS: Final = (*SERVICES, "baton-backup.timer")
LOCKS: Final = ("requirements.lock", "deploy/requirements.lock", "deploy/build.lock", "requirements-explore.lock")
PYTHON: Final = "/opt/baton/bin/python"
DATABASE: Final = "sqlite:////var/lib/baton/baton.db"
EXPOSED_AT_MOST: Final = 2.5
"""What systemd says of a service that may do little; 10 is one that may do everything."""


def options(unit: str) -> dict[str, list[str]]:
    """What a unit sets, by name."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", (DEPLOY / unit).read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def verbs() -> set[str]:
    """What `python -m bot` knows."""
    return {one.name or one.callback.__name__ for one in cli.registered_commands if one.callback}


# systemd


@pytest.mark.parametrize("unit", SERVICES)
def test_a_unit_starts_a_verb_of_the_program_where_it_is_installed(unit: str) -> None:
    [command] = options(unit)["ExecStart"]
    python, *words = command.split()

    assert (python, words[:2]) == (PYTHON, ["-m", "bot"])
    assert words[2] in verbs()


@pytest.mark.parametrize("unit", SERVICES)
def test_a_unit_may_write_to_the_folder_of_the_database_alone(unit: str) -> None:
    set_to = options(unit)

    assert set_to["ProtectSystem"] == ["strict"]
    assert set_to["NoNewPrivileges"] == ["yes"]
    assert set_to["CapabilityBoundingSet"] == [""]
    assert set_to["User"] == ["baton"]
    assert set_to["StateDirectory"][0].split()[0] == "baton"
    assert "ReadWritePaths" not in set_to


def test_the_service_gives_baton_time_to_end_and_leaves_wrong_settings_to_somebody() -> None:
    set_to = options("baton.service")

    assert int(set_to["TimeoutStopSec"][0]) >= STOP_SECONDS + 2
    assert set_to["Restart"] == ["on-failure"]
    assert set_to["RestartPreventExitStatus"] == [str(WRONG)]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="left out: there is no systemd-analyze")
def test_systemd_understands_every_unit_and_finds_little_exposed(tmp_path: Path) -> None:
    for name in UNITS:
        (tmp_path / name).write_text((DEPLOY / name).read_text().replace(PYTHON, sys.executable))
    verified = subprocess.run(
        ["systemd-analyze", "verify", *UNITS], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if "baton" in line]) == (0, [])

    for name in SERVICES:
        judged = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if exposure := re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout):
            assert float(exposure[1]) <= EXPOSED_AT_MOST, judged.stdout


# The container


def test_the_container_is_made_of_what_is_there_by_the_steps_that_install_baton_anywhere() -> None:
    said = (DEPLOY / "Containerfile").read_text()
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.+)$", said, re.MULTILINE)]
    ignored = (ROOT / ".dockerignore").read_text()

    assert all((ROOT / name).exists() for names in copied for name in names)
    assert all(f"!{name}\n" in ignored for names in copied for name in names)
    assert f"RUN deploy/install {PYTHON.removesuffix('/bin/python')}" in said
    assert (DEPLOY / "install").stat().st_mode & 0o111
    assert all("." not in image.partition(":")[0] for image in re.findall(r"^FROM (\S+)", said, re.MULTILINE))


def test_the_container_serves_as_nobody_in_particular_and_is_asked_how_it_is() -> None:
    said = (DEPLOY / "Containerfile").read_text()
    variables = dict(re.findall(r"^(?:ENV |    )([A-Z_]+)=(\S+)", said, re.MULTILINE))

    assert variables == {"DATABASE_URL": DATABASE, "HOST": "0.0.0.0", "PORT": "3000"}
    assert {name.lower() for name in variables} <= set(Settings.model_fields)
    assert re.search(r"^USER [1-9]\d*$", said, re.MULTILINE)
    assert "VOLUME /var/lib/baton" in said
    assert "'/healthz'" in said
    assert f'ENTRYPOINT ["{PYTHON}", "-I", "-m", "bot"]\nCMD ["serve"]' in said


def test_the_compose_file_gives_the_container_its_volume_and_nothing_else_to_write_to() -> None:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    baton = read["services"]["baton"]

    assert (DEPLOY / baton["build"]["context"]).resolve() == ROOT
    assert (ROOT / baton["build"]["dockerfile"]).exists()
    assert baton["environment"]["DATABASE_URL"] == DATABASE
    assert baton["volumes"] == ["baton:/var/lib/baton"]
    assert baton["read_only"]
    assert baton["tmpfs"] == ["/tmp"]
    assert baton["cap_drop"] == ["ALL"]
    assert int(baton["stop_grace_period"].removesuffix("s")) >= STOP_SECONDS + 2


# The locks


def pins(lock: str) -> dict[str, str]:
    """The version of each package that is locked."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_everything_and_no_address(lock: str) -> None:
    said = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=\S)", said.strip())

    assert "://" not in said
    assert "--index-url" not in said
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, groups = project["project"]["dependencies"], project["dependency-groups"]
    dev = [one for one in groups["dev"] if isinstance(one, str)]
    explore = project["project"]["optional-dependencies"]["explore"]

    asked_of = ([*run, *dev, *groups["build"]], run, groups["build"], [*run, *explore])
    for lock, asked in zip(LOCKS, asked_of, strict=True):
        locked = pins(lock)
        for requirement in map(Requirement, asked):
            assert requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "none")), requirement


def test_what_runs_in_production_is_what_was_tested_and_nothing_that_only_tests_need() -> None:
    tested = pins("requirements.lock")

    for lock in LOCKS[1:3]:
        assert pins(lock).items() <= tested.items()
    more = pins("requirements-explore.lock")
    assert {name: more[name] for name in more.keys() & tested} == {name: tested[name] for name in more.keys() & tested}
    assert not {"pytest", "mypy", "ruff", "playwright", "hypothesis", "uv"} & pins("deploy/requirements.lock").keys()
