"""The seeded worlds belong together: whoever is in Slack is in GitLab, too, and somebody is on call."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot.rota import read_calendar
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.page.weather_side import SHIFT
from bot.sandbox.seed import ALICE, ONCALL, PEOPLE, rota, seed_gitlab, seed_slack
from bot.sandbox.slack import SlackWorld


def test_people_have_the_same_names_and_addresses_on_both_sides() -> None:
    slack, gitlab = SlackWorld(), GitlabWorld()
    seed_slack(slack)
    seed_gitlab(gitlab, date(2026, 11, 24))

    there = {user.username: user.email for user in gitlab.state.users.values()}
    gitlab.close()
    people = {each.name: each.email for each in slack.members.values() if not each.is_bot}

    assert all(people.values())
    assert people.items() <= there.items()


def test_alice_is_the_one_on_call() -> None:
    slack = SlackWorld()
    seed_slack(slack)

    assert (slack.usergroups[ONCALL].handle, slack.usergroups[ONCALL].users) == ("oncall", [ALICE])


def test_whoever_travels_to_the_next_shift_comes_to_where_the_next_one_of_the_rota_begins() -> None:
    morning = datetime(2026, 11, 25, 9, tzinfo=UTC)

    shifts = read_calendar(rota(morning).encode(), ZoneInfo("UTC"), morning)

    assert [one.since for one in shifts[:4]] == [morning + number * SHIFT for number in range(1, 5)]
    assert all(one.until - one.since == SHIFT for one in shifts)
    names = [real_name for _, _, real_name, _ in PEOPLE]
    assert [one.words for one in shifts[:4]] == [f"On call: {names[number % 3]}" for number in range(1, 5)]
