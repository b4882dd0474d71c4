"""A backup is put in place of the database while GitLab and Slack have moved on: what arrived meanwhile comes no second time."""

from pathlib import Path

from tests.stories.night import declares, notes_of, only_outage
from tests.stories.process import run_to_its_end
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, TUESDAY, Gitlab, World


def keeps(world: World, *words: str) -> None:
    """Somebody runs `python -m bot backup` or `restore`."""
    folder = Path(world.bot.settings["DATABASE_URL"].removeprefix("sqlite:///")).parent
    done = run_to_its_end(words, world.bot.settings, folder)
    assert done.returncode == 0, done


def is_restored(world: World) -> None:
    """The bot stops, the backup takes the place of the database, and the bot serves with it a while later."""
    assert world.bot.stops() == 0
    keeps(world, "restore", "kept.db", "--yes")
    world.clock.moves(minutes=10)
    world.bot.starts()
    world.is_idle()


def told(world: World) -> list[str]:
    return [each.text.partition("\n")[0] for each in world.messages() if not each.ephemeral]


@side_by_side
def test_what_waited_in_the_backup_and_arrived_since_arrives_once(world: World, gitlab: Gitlab) -> None:
    world.forgives_slack = True
    world.alice.types("/handoff", CHANNEL)
    gitlab.goes_down()
    world.slack.weather.fails(503, match=r"chat\.postMessage")
    declares(world, world.alice, "Database is down")
    world.alice.types("/event log restarted db1", CHANNEL)
    world.alice.types("/handoff take Bob is ill", CHANNEL)
    keeps(world, "backup", "kept.db")
    gitlab.comes_back()
    world.slack.comes_back()
    world.is_idle()
    iid = only_outage(gitlab)
    notes, issues, messages = notes_of(gitlab, iid), set(gitlab.state.issues), told(world)
    assert len(notes) == 3
    assert len(issues) == 2, "the outage, and the report of the shift"

    is_restored(world)

    assert notes_of(gitlab, iid) == notes
    assert set(gitlab.state.issues) == issues
    assert told(world) == messages


@side_by_side
def test_a_rollover_that_waited_in_the_backup_and_was_done_since_is_done_once(world: World) -> None:
    world.seeds_small_week()
    world.opens_rollover()
    world.gitlab.goes_down()
    world.alice.submits()
    world.said("rolls over the week")
    keeps(world, "backup", "kept.db")
    world.gitlab.comes_back()
    world.report(TUESDAY)
    world.is_idle()
    before = world.outcome

    is_restored(world)

    assert world.outcome == before
