"""The demo is played as a person would start it: from any folder, with nothing set."""

import os
import re
import signal
import subprocess
import sys
import time
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
    assert re.search(r"The message in the\W+channel\W+tells\W+how\W+it\W+goes", said)
    assert re.search(r"WoW ending [\d-]+ is closed, rolled over by @alice", said)
    assert "16 changes, none of them twice" in said
    assert "Alerts that quote <!channel> wake up everybody" in said
    assert re.search(r"The rollover of the week ending [\d-]+ is taken back by @alice", said)
    assert "\x1b" not in played.stdout
    assert "http://" not in said, "addresses that are dead when they can be read"
    assert "<svg" in (tmp_path / "demo.svg").read_text(encoding="utf-8")[:100]
    assert [each.name for each in tmp_path.iterdir()] == ["demo.svg"], "nothing else is left behind"


def test_a_terminal_that_knows_only_ascii_reads_well_too(tmp_path: Path) -> None:
    plain = surroundings(tmp_path, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    with subprocess.Popen(DEMO, env=plain, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as demo:
        said = reads_until(demo, "GitLab is cut off")
        demo.terminate()

    assert '3. Rename "WoW" to "WoW ending ' in said
    assert "x GitLab is cut off" in said
    assert "?" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_demo_and_its_child_at_any_moment(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        DEMO, env=surroundings(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        reads_until(demo, "The week is over")
        demo.send_signal(number)
        rest = demo.stdout.read()

        assert demo.wait(15) == 0
    assert "Ended; nothing is left behind." in rest
    assert not list(tmp_path.iterdir())
    assert not processes_in(tmp_path)


def test_a_killed_demo_leaves_neither_its_child_nor_its_folder(tmp_path: Path) -> None:
    with subprocess.Popen(DEMO, env=surroundings(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, text=True) as demo:
        reads_until(demo, "/wow rollover")
        demo.kill()

    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and (processes_in(tmp_path) or any(tmp_path.iterdir())):
        time.sleep(0.1)
    assert not processes_in(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_demo_that_stays_up_gives_a_line_with_which_its_own_world_is_looked_at(tmp_path: Path) -> None:
    with subprocess.Popen(DEMO, env=surroundings(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        said = reads_until(demo, "Ctrl-C ends it")
        block = said[said.index("SLACK_BOT_TOKEN=") : said.rindex("wow status")] + "wow status"
        typed = block.replace(".venv/bin/python", sys.executable)
        looked = subprocess.run(
            ["/bin/sh", "-c", typed],
            env=surroundings(tmp_path),
            cwd=CODE,
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
        demo.send_signal(signal.SIGINT)
        demo.stdout.read()

    assert (looked.returncode, looked.stderr) == (0, ""), block
    assert "most urgent first" in looked.stdout
    assert "/api/\n" not in said.split("Have a look")[1].split("In another terminal")[0]


def test_a_picture_that_cannot_be_saved_is_said_before_anything_is_played(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = subprocess.run(
        [*DEMO, "--once", "--picture", "file/demo.svg"],
        env=surroundings(tmp_path),
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "--picture: nothing can be saved as file/demo.svg" in done.stderr


def reads_until(demo: "subprocess.Popen[str]", words: str) -> str:
    """What the demo prints, up to the line with these words."""
    assert demo.stdout is not None
    said = ""
    while words not in said:
        line = demo.stdout.readline()
        assert line, f"the demo ended without “{words}”\n{said}"
        said += line
    return said


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
