"""The demo is played as a person would start it: from any folder, with nothing set."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

CODE = Path(__file__).parents[2]
DEMO = [sys.executable, "-m", "bot", "demo"]


def surroundings(folder: Path, **more: str) -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(CODE), "TMPDIR": str(folder), **more}


def test_the_demo_plays_a_rollover_its_report_and_the_way_back_and_ends_by_itself(tmp_path: Path) -> None:
    played = subprocess.run(
        [*DEMO, "--once", "--picture", "demo.svg"],
        env=surroundings(tmp_path),
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=90,
    )

    said = " ".join(played.stdout.split())
    assert (played.returncode, played.stderr) == (0, ""), played.stdout
    assert re.search(r"Carry 12 open issues and 1 merge request over to “Next WoW”", said)
    assert re.search(r"#\d+ Decide on the new load balancers +Leave in closed week", said)
    assert re.search(r"5 of 16 done\. GitLab does not answer; 11 operations wait", said)
    assert re.search(r"is being rolled over by @alice right now", said)
    assert re.search(r"WoW ending [\d-]+ is closed, rolled over by @alice", said)
    assert "16 changes, none of them twice" in said
    assert "Alerts that quote <!channel> wake up everybody" in said
    assert re.search(r"The rollover of the week ending [\d-]+ is taken back by @alice", said)
    assert "\x1b" not in played.stdout
    assert "<svg" in (tmp_path / "demo.svg").read_text(encoding="utf-8")[:100]
    assert [each.name for each in tmp_path.iterdir()] == ["demo.svg"], "nothing else is left behind"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_demo_and_its_child_at_any_moment(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        DEMO, env=surroundings(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        while "The week is over" not in demo.stdout.readline():
            pass
        demo.send_signal(number)
        rest = demo.stdout.read()

        assert demo.wait(15) == 0
    assert "Ended; nothing is left behind." in rest
    assert not list(tmp_path.iterdir())
    assert not processes_in(tmp_path)


def processes_in(folder: Path) -> list[str]:
    """What still runs with a working directory in `folder`, where the system tells."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if place.startswith(str(folder)):
            found.append((process / "cmdline").read_text())
    return found


def test_the_picture_in_the_readme_comes_from_the_demo_and_asks_nobody_for_a_font() -> None:
    picture = (CODE / "docs" / "demo.svg").read_text(encoding="utf-8")

    assert "](docs/demo.svg)" in (CODE / "README.md").read_text(encoding="utf-8")
    assert "GitLab is cut off" in picture.replace("&#160;", " ")
    assert "url(" not in picture.replace("url(#", "")
