"""Putting an issue into the week, and looking for late ones, from a terminal."""

from bot import terminal
from bot.terminal import wow
from tests.edges.terminal.shell import OPS, Shell
from tests.stories.world import World


def test_an_issue_is_put_into_the_week_and_the_channel_hears_who_did_it(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()
    iid = world.gitlab.add_issue("Certificate expires")

    code, said = shell.runs(lambda bot: wow.add(bot, OPS, f"#{iid}", wait=True))

    assert code == terminal.DONE
    assert "Certificate expires into “WoW”. It came after the week had started" in " ".join(said.split())
    assert world.gitlab.issue(iid)["milestone"]["id"] == week.wow
    assert world.gitlab.labels_of(iid) == ["unscheduled"]
    assert [one for one in world.messages() if "Certificate expires" in one.text]


def test_what_names_no_issue_and_an_issue_that_is_not_there_are_refused_in_words(world: World, shell: Shell) -> None:
    world.seeds_small_week()

    nonsense = shell.runs(lambda bot: wow.add(bot, OPS, "the disk", wait=True))
    unknown = shell.runs(lambda bot: wow.add(bot, OPS, "4711", wait=True))

    assert nonsense[0] == terminal.WRONG
    assert "Please name one issue" in nonsense[1]
    assert unknown[0] == terminal.REFUSED
    assert "There is no issue #4711" in unknown[1]


def test_late_additions_are_labelled_and_listed(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()

    code, said = shell.runs(lambda bot: wow.check(bot, OPS, wait=True))

    assert code == terminal.DONE
    assert "1 issue labelled." in said
    assert f"#{week.late} Disk of db3 is full" in said
    assert world.gitlab.labels_of(week.late) == ["SL1", "unscheduled"]


def test_without_waiting_it_is_left_to_serve(world: World, shell: Shell) -> None:
    week = world.seeds_small_week()

    code, said = shell.runs(lambda bot: wow.check(bot, OPS, wait=False))

    assert code == terminal.DONE
    assert "`serve` does it as soon as it runs" in said
    assert world.gitlab.labels_of(week.late) == ["SL1"]
