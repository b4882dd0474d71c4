"""Looking at the week from a terminal."""

from bot import terminal
from bot.terminal import wow
from tests.edges.terminal.shell import OPS, Shell
from tests.stories.world import World


def test_looking_needs_no_right_and_tells_what_slack_would(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()

    code, said = shell.runs(lambda bot: wow.status(bot, OPS))
    _, ahead = shell.runs(lambda bot: wow.following(bot, OPS))
    _, past = shell.runs(lambda bot: wow.history(bot, OPS, 3))

    assert code == terminal.DONE
    assert f"• #{week.goal} Two data centres (goal)" in said
    assert "Next WoW" in ahead
    assert "No week is closed yet" in past


def test_looking_at_a_silent_gitlab_gives_what_it_said_last(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    shell.runs(lambda bot: wow.status(bot, OPS))
    world.gitlab.goes_down()

    code, said = shell.runs(lambda bot: wow.status(bot, OPS))

    assert code == terminal.SILENT
    assert "as of 09:01 UTC" in said
