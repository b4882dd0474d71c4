"""A shell completes the words behind `baton`."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stories.process import ROOT, environment

GIVEN = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}


def bot(folder: Path, *words: str, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        env={**environment({}), "HOME": str(folder), **more},
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "begins"), [("bash", "complete -o default"), ("zsh", "compdef"), ("fish", "complete")]
)
def test_each_shell_gets_a_script_for_the_command(shell: str, begins: str, tmp_path: Path) -> None:
    script = bot(tmp_path, "--show-completion", shell, **GIVEN)

    assert begins in script
    assert "_BATON_COMPLETE=complete_" in script
    assert "python" not in script


def test_bash_completes_commands_sub_commands_and_values(tmp_path: Path) -> None:
    """Bash itself is asked, with a command `baton` on its path."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("left out: there is no bash")
    command = tmp_path / "baton"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom bot.__main__ import main\nmain()\n"
    )
    command.chmod(0o755)
    script = tmp_path / "completion.sh"
    script.write_text(bot(tmp_path, "--show-completion", "bash", **GIVEN))
    asked = f"""
        export PATH={tmp_path}:$PATH
        source {script}
        ask() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _baton_completion baton; echo "${{COMPREPLY[*]}}"; }}
        ask baton re; ask baton event ti; ask baton audit --outcome ref; ask baton nosuch x
    """

    done = subprocess.run([bash, "-c", asked], env=environment({}), capture_output=True, text=True, check=False)

    assert (done.stdout.split("\n"), done.stderr) == (["restore", "timeline", "refused", "", ""], "")


def test_it_is_installed_where_bash_looks(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").touch()

    said = bot(tmp_path, "--install-completion", "bash", **GIVEN)

    assert "bash completion installed in " in said
    assert "_BATON_COMPLETE" in (tmp_path / ".bash_completions" / "baton.sh").read_text()
    assert "baton.sh" in (tmp_path / ".bashrc").read_text()
