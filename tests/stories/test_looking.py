"""What a person is told who only looks: the week, the next one, those that are closed, and what there is to type."""

from datetime import date, timedelta

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.process import Bot
from tests.stories.world import CHANNEL, TUESDAY, Gitlab, SmallWeek, World

THIS_TUESDAY = date(2026, 12, 1)
SUB_COMMANDS = ["status", "rollover", "undo", "next", "history", "help"]


def answer(world: World, text: str, words: str) -> str:
    """What Alice alone is told."""
    assert world.alice.types(text, CHANNEL).ok
    seen = world.said(words)
    assert seen.ephemeral
    return seen.text


def test_the_status_tells_dates_counts_goals_and_the_most_urgent_first(world: World, gitlab: Gitlab) -> None:
    week = SmallWeek(gitlab, THIS_TUESDAY)
    gitlab.edit_issue(week.late, add_labels=["unscheduled"])
    down = gitlab.add_issue("Site is down", ["outage", "AP1"], week.wow)
    lost = gitlab.add_issue("Rows are gone", ["(perceived) data loss"], week.wow)

    told = answer(world, "/wow status", "Goals")

    assert "*WoW* · 2026-11-25 to 2026-12-01 · 7 days left" in told
    assert "1 done · 5 open · 2 unscheduled" in told
    assert "AP1: 1 · AP2: 0 · AP3: 0" in told
    assert "Priority order (the default; the project gives its labels no priorities): (perceived) data loss ›" in told
    assert "› SL1 = SL2 › unblocks others › outage › goal › blocked › oncall" in told
    assert "*Goals* (0 of 1 done)" in told
    order = [line.split()[0] for line in told.partition("most urgent first")[2].splitlines()[1:]]
    assert order == [f"#{iid}" for iid in (lost, week.late, down, week.goal, week.planned)]


def test_a_projects_own_order_of_labels_wins(world: World, gitlab: Gitlab) -> None:
    week = SmallWeek(gitlab, THIS_TUESDAY)
    first = gitlab.add_issue("For the auditors", ["compliance"], week.wow)
    gitlab.add_issue("Site is down", ["outage"], week.wow)
    gitlab.add_label("audit first", priority=2)
    gitlab.edit_issue(first, add_labels=["audit first"])

    told = answer(world, "/wow status", "most urgent first")

    assert "Priority order (the project's own): audit first" in told
    assert told.partition("most urgent first")[2].splitlines()[1].startswith(f"#{first} ")


def test_wow_alone_shows_the_status_and_below_it_what_one_can_type(world: World, gitlab: Gitlab) -> None:
    SmallWeek(gitlab, THIS_TUESDAY)

    told = answer(world, "/wow", "days left")

    status, _, usage = told.partition("`/wow status`")
    assert "1 done · 3 open" in status
    for each in SUB_COMMANDS[1:]:
        assert f"`/wow {each}" in usage


def test_the_next_week_is_shown(world: World, gitlab: Gitlab) -> None:
    week = SmallWeek(gitlab, THIS_TUESDAY)
    gitlab.add_issue("Upgrade the database", [], week.following)

    told = answer(world, "/wow next", "Next WoW")

    assert "0 done · 1 open" in told
    assert "Upgrade the database" in told
    assert "Rotate the keys" not in told


def test_the_history_tells_who_rolled_over_in_slack_and_who_in_gitlab(world: World, gitlab: Gitlab) -> None:
    gitlab.add_user("carol", "Carol Danvers")
    for ending in (date(2026, 11, 3), date(2026, 11, 10), date(2026, 11, 17)):
        closed = gitlab.add_milestone(f"WoW ending {ending}", ending - timedelta(days=6), ending)
        gitlab.add_issue(f"Done by {ending}", [], closed, "closed")
        gitlab.close_milestone(closed, by="carol")
    world.seeds_small_week()
    world.rolls_over()

    told = answer(world, "/wow history 3", "The last 3 closed weeks")

    weeks = told.splitlines()[1:]
    assert [line.partition("*")[2].partition("*")[0] for line in weeks] == [
        "WoW ending 2026-11-24",
        "WoW ending 2026-11-17",
        "WoW ending 2026-11-10",
    ]
    assert "1 done · 3 carried over · 1 unscheduled · rolled over by @alice" in weeks[0]
    assert "closed by Carol Danvers in GitLab" in weeks[1]


def test_after_a_rollover_the_status_tells_what_was_carried_over(world: World) -> None:
    world.seeds_small_week()
    world.rolls_over()

    told = answer(world, "/wow status", "days left")

    assert "*WoW* · 2026-11-25 to 2026-12-01" in told
    assert "0 done · 3 open · 1 unscheduled · 3 carried over" in told


@pytest.mark.parametrize("text", ["/wow help", "/wow  HELP ", "/wow Help"])
def test_help_shows_every_sub_command_with_an_example(world: World, text: str) -> None:
    told = answer(world, text, "Example")

    for each in SUB_COMMANDS:
        assert f"`/wow {each}" in told
    assert told.count("Example: `/wow ") >= len(SUB_COMMANDS)


@pytest.mark.parametrize(("typed", "nearest"), [("nxt", "next"), ("rolover", "rollover"), ("stauts", "status")])
def test_an_unknown_sub_command_names_the_nearest_one(world: World, typed: str, nearest: str) -> None:
    told = answer(world, f"/wow {typed}", "I do not know")

    assert f"I do not know `/wow {typed}`. Did you mean `/wow {nearest}`?" in told
    assert "`/wow status`" in told


def test_what_somebody_types_calls_nobody(world: World, alice: Persona) -> None:
    alice.types("/wow <!channel> @bob <!everyone>", CHANNEL)

    seen = world.said("I do not know")
    assert not seen.pings


def test_while_gitlab_is_silent_the_last_known_is_shown_with_its_age(world: World, gitlab: Gitlab, bot: Bot) -> None:
    week = SmallWeek(gitlab, THIS_TUESDAY)
    gitlab.add_issue("Upgrade the database", [], week.following)
    gitlab.add_milestone(f"WoW ending {TUESDAY}", TUESDAY - timedelta(days=6), TUESDAY, "closed")
    looks = {
        "/wow status": "1 done · 3 open",
        "/wow next": "Upgrade the database",
        "/wow history 3": f"ending {TUESDAY}",
    }
    for command, words in looks.items():
        answer(world, command, words)
    read_at = world.clock()
    assert bot.stops() == 0
    world.clock.moves(minutes=12)
    bot.starts()
    gitlab.goes_down()

    for command, words in looks.items():
        before = len(world.messages("as of"))
        world.alice.types(command, CHANNEL)
        world.until(lambda count=before: len(world.messages("as of")) > count, "the last known")  # type: ignore[misc]
        told = world.messages("as of")[-1].text
        assert f"as of {read_at:%H:%M} UTC (12 min ago)" in told
        assert words in told


def test_while_gitlab_is_silent_and_nothing_is_known_that_is_said(world: World, gitlab: Gitlab) -> None:
    gitlab.goes_down()

    assert "I have no earlier copy to show" in answer(world, "/wow status", "GitLab does not answer")


@pytest.mark.parametrize("other", [{"GITLAB_URL": "http://127.0.0.1:9"}, {"GITLAB_PROJECT": "acme/website"}])
def test_what_another_gitlab_or_another_project_said_is_not_shown(
    world: World, gitlab: Gitlab, other: dict[str, str]
) -> None:
    gitlab.add_milestone("WoW", TUESDAY - timedelta(days=6), TUESDAY)
    answer(world, "/wow status", "WoW")
    world.bot.is_killed()
    gitlab.goes_down()
    world.bot.starts()
    assert "min ago" in answer(world, "/wow status", "as of")
    world.bot.is_killed()
    world.bot = world.another_bot(**other)
    world.bot.starts()

    assert "I have no earlier copy to show" in answer(world, "/wow status", "no earlier copy")


def test_a_running_rollover_shows_in_the_status(world: World, gitlab: Gitlab, alice: Persona) -> None:
    world.seeds_small_week()
    world.opens_rollover()
    gitlab.weather.fails(403, times=1, match="PUT .*/milestones/")
    alice.submits()
    asked = world.said("GitLab refused a step")

    told = answer(world, "/wow status", "rolls over the week ending 2026-11-24: 4 of 8 done. It stopped")

    assert "ended 1 day ago" in told
    alice.clicks(asked, "Retry")
    world.report()
