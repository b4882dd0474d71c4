"""The seeded worlds belong together: whoever is in Slack is in GitLab, too, and somebody is on call."""

from datetime import date

from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.seed import ALICE, ONCALL, seed_gitlab, seed_slack
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
