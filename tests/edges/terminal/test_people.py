"""Who may do what at a terminal, and how somebody who may not is told so."""

from bot import terminal
from tests.edges.terminal.shell import Shell
from tests.stories.world import World


def test_a_lead_may_act_from_a_terminal_and_is_named(world: World, shell: Shell) -> None:
    world.seeds_small_week()

    code, said = shell.rolls_over("U1")

    assert code == terminal.DONE
    assert "rolled over by @alice" in said


def test_who_may_not_turn_the_week_in_slack_may_not_here(world: World, shell: Shell) -> None:
    world.seeds_small_week()

    code, said = shell.rolls_over("U2")

    assert code == terminal.REFUSED
    assert "Only @U1 may roll over or undo a week" in said
    assert not world.gitlab.writes
    assert shell.audit() == [("U2", "/wow rollover", "refused", "terminal")]


def test_somebody_whom_slack_cannot_describe_is_told_so(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    world.slack.goes_down()

    code, said = shell.rolls_over("U1")

    assert code == terminal.REFUSED
    assert "Slack does not answer" in said
    assert "Without --as you act as this machine's user" in said
    assert not world.gitlab.writes


def test_somebody_whom_slack_has_described_before_may_act_while_it_is_down(world: World, shell: Shell) -> None:
    world.seeds_small_week()
    shell.rolls_over("U1", dry_run=True)
    world.slack.goes_down()

    code, _ = shell.rolls_over("U1")

    assert code == terminal.DONE
    assert "WoW ending 2026-11-24" in world.gitlab.milestones("closed")


def test_somebody_slack_does_not_know_is_told_so(world: World, shell: Shell) -> None:
    world.forgives_slack = True

    code, said = shell.rolls_over("U404")

    assert code == terminal.REFUSED
    assert "Slack knows nobody with the id U404" in said
