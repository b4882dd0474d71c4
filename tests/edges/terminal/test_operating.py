"""The examples of `docs/operating.md` are run, one after the other, as they stand there."""

import re
import shlex
from pathlib import Path

import pytest

from bot.terminal import DONE, REFUSED
from tests.edges.terminal.remembered import remember
from tests.stories.process import ROOT, run_to_its_end

PAGE = (ROOT / "docs" / "operating.md").read_text()
EXAMPLES = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("baton ") and "completion" not in line
]
ASKS_FIRST = "baton restore kept.db"


def test_every_example_does_what_the_page_says(tmp_path: Path) -> None:
    remember(tmp_path / "baton.db")
    ended = {}
    for example in EXAMPLES:
        words = shlex.split(example.partition(" > ")[0])[1:]
        done = run_to_its_end(words, {"DATABASE_URL": "sqlite:///baton.db"}, tmp_path)
        assert done.stderr == "", example
        ended[example] = done.returncode

    assert ended == {one: REFUSED if one == ASKS_FIRST else DONE for one in EXAMPLES}
    assert {one.split()[1] for one in EXAMPLES} == {"backup", "restore", "migrate", "audit"}


@pytest.mark.parametrize("verb", ["backup", "restore", "migrate", "audit", "explore"])
def test_the_help_tells_the_exit_codes_that_the_page_tells(verb: str, tmp_path: Path) -> None:
    told = " ".join(run_to_its_end([verb, "--help"], {}, tmp_path).stdout.split())

    for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE):
        assert re.search(rf"[ ;]{code} ", told.partition("Exit codes:")[2]), code
    assert verb in PAGE
