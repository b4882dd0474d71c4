"""The week's report and the AP label from a terminal."""

from pathlib import Path

from bot import terminal
from bot.terminal import wow
from tests.edges.terminal.shell import OPS, Shell
from tests.stories.world import TUESDAY, World


def test_a_report_is_printed_and_drawn_into_a_file(world: World, shell: Shell, tmp_path: Path) -> None:
    world.seeds_small_week()
    picture = tmp_path / "week.png"

    code, said = shell.runs(lambda bot: wow.report(bot, OPS, "", picture))

    assert code == terminal.DONE
    assert "1 of 4 delivered · 3 open" in said
    assert "direct messages" not in said
    assert said.endswith(f"Written to {picture}.")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_day_without_a_week_and_words_that_are_no_day_are_told_apart(world: World, shell: Shell) -> None:
    world.seeds_small_week()

    unknown, said = shell.runs(lambda bot: wow.report(bot, OPS, "2020-01-07", None))
    wrong, _ = shell.runs(lambda bot: wow.report(bot, OPS, "yesterday", None))

    assert unknown == terminal.REFUSED
    assert "There is no week with 2020-01-07 in it." in said
    assert wrong == terminal.WRONG


def test_after_a_rollover_here_the_closed_week_is_reported(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    shell.rolls_over()

    code, said = shell.runs(lambda bot: wow.report(bot, OPS, str(TUESDAY), None))

    assert code == terminal.DONE
    assert "rolled over by ops (terminal)" in said
    assert "1 of 4 delivered · 3 carried over" in said


def test_an_ap_label_is_set_and_said_here_and_in_the_channel(world: World, shell: Shell) -> None:
    iid = world.gitlab.add_issue("Disk", ["AP3"])

    code, said = shell.runs(lambda bot: wow.ap(bot, OPS, f"#{iid}", "U1", "I2", wait=True))

    assert code == terminal.DONE
    assert f"ops (terminal) set AP1 (U1 × I2) on #{iid} Disk, in place of AP3." in said
    assert world.gitlab.labels_of(iid) == ["AP1"]
    world.said("set AP1 (U1 × I2)")


def test_an_issue_that_is_not_there_gets_no_label(world: World, shell: Shell) -> None:
    code, said = shell.runs(lambda bot: wow.ap(bot, OPS, "4711", "U1", "I2", wait=True))

    assert code == terminal.REFUSED
    assert "There is no issue #4711" in said
