"""The audit at a terminal: listed, chosen from, and given as a file."""

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from bot.terminal import DONE, WRONG
from tests.edges.terminal.remembered import SECRET, remember
from tests.stories.process import run_to_its_end


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("audit")
    remember(made / "baton.db")
    return made


def audit(folder: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return run_to_its_end(["audit", *words], {"DATABASE_URL": f"sqlite:///{folder / 'baton.db'}", **more}, folder)


def test_lines_are_listed_the_newest_last(folder: Path) -> None:
    done = audit(folder)

    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.splitlines() == [
        "2017-01-31 22:00:00Z  done     Alice (U1)  /wow rollover  [slack, C1]",
        "2017-01-31 22:01:00Z  refused  Bob (U2)  /wow rollover: Only leads may roll over.  [slack, C1]",
        f"2017-01-31 22:02:00Z  done     Alice (U1)  /event log {SECRET}  [slack, C1]",
        "2017-01-31 22:03:00Z  done     terminal:ops  =1+1: +2  [slack, C1]",
    ]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["-n", "2"], [3, 4]),
        (["--by", "ALICE"], [1, 3]),
        (["--by", "U2"], [2]),
        (["--by", "terminal:ops"], [4]),
        (["--command", "/EVENT"], [3]),
        (["--outcome", "refused"], [2]),
        (["--since", "2017-01-31 22:02Z"], [3, 4]),
        (["--until", "2017-01-31 22:02Z"], [1, 2]),
        (["--since", "2017-01-31", "--until", "2017-01-31"], [1, 2, 3, 4]),
        (["--since", "2017-02-01"], []),
        (["--by", "Alice", "--command", "/wow", "-n", "1"], [1]),
    ],
)
def test_lines_are_chosen_by_who_what_how_and_when(words: list[str], ids: list[int], folder: Path) -> None:
    done = audit(folder, *words, "--format", "json")

    assert (done.returncode, done.stderr) == (DONE, "")
    assert [one["id"] for one in json.loads(done.stdout)["audit"]] == ids


def test_times_without_a_zone_are_those_of_the_team(folder: Path) -> None:
    done = audit(folder, "--since", "2017-01-31 23:02", TEAM_TIMEZONE="Europe/Amsterdam")

    assert len(done.stdout.splitlines()) == 2


def test_a_longer_list_says_so(folder: Path) -> None:
    assert "The newest 1 of 4 lines; -n 0 shows all.\n" in audit(folder, "-n", "1").stdout
    assert audit(folder, "--since", "2017-02-01").stdout == "No line of the audit is like that.\n"


def test_no_cell_is_computed_by_a_spreadsheet(folder: Path) -> None:
    done = audit(folder, "--format", "csv")

    found = list(csv.DictReader(io.StringIO(done.stdout)))
    assert (found[-1]["command"], found[-1]["detail"]) == ("'=1+1", "'+2")
    assert found[1]["detail"] == "Only leads may roll over."
    assert len(found) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "nobody"], "--by: the audit has no line by “nobody”."),
        (["--since", "soon"], "“soon” is not a time that I can read."),
        (["--outcome", "perhaps"], "perhaps"),
        (["-n", "-1"], "greater than or equal to 0"),
    ],
)
def test_what_can_not_be_chosen_by_is_said(words: list[str], said: str, folder: Path) -> None:
    done = audit(folder, *words)

    assert (done.returncode, done.stdout) == (WRONG, "")
    assert said in done.stderr
