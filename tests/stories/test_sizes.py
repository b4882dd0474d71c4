"""Weeks of no issue and of a thousand, and titles that try everything."""

import pytest

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import CHANNEL, TUESDAY, Gitlab, SmallWeek, World

WICKED = [
    "🔥" * 255,
    "א" * 120 + "\u202e" + "ב" * 100,
    "<!channel> <!here> <@U1> <!subteam^S1> `x` *b* _i_ ~s~ & < > " + "z" * 150,
    "``` <!everyone> ```",
    "<https://example.com|click me> #1 !2 @bob :fire:",
    "\u200b",
]


def fill(gitlab: Gitlab, issues: int) -> int:
    """A week with so many open issues; gives the id of the next one."""
    week = SmallWeek(gitlab)
    for iid in week.open:
        gitlab.edit_issue(iid, state="closed")
    gitlab.edit_issue(week.request, kind="merge_request", state="closed")
    for number in range(issues):
        gitlab.add_issue(f"Issue {number}", ["goal"] if number % 10 == 0 else [], week.wow, added_at=week.started)
    return week.following


@pytest.mark.parametrize("issues", [0, 1, 60])
def test_every_open_issue_has_a_field_of_its_own(world: World, gitlab: Gitlab, alice: Persona, issues: int) -> None:
    following = fill(gitlab, issues)

    shown = world.opens_rollover(alice)
    assert len(shown.fields) == issues
    alice.submits()

    report = world.report()
    assert f"4 done · {issues} carried over" in report.text
    assert len(gitlab.issues_of(following)) == issues


@side_by_side
def test_a_week_of_a_hundred_has_one_choice_for_all_and_a_file(world: World) -> None:
    has_one_choice_and_a_file(world, 100)


@side_by_side
def test_a_week_of_a_thousand_has_one_choice_for_all_and_a_file(world: World) -> None:
    has_one_choice_and_a_file(world, 1000)


def has_one_choice_and_a_file(world: World, issues: int) -> None:
    gitlab, alice = world.gitlab, world.alice
    following = fill(gitlab, issues)

    shown = world.opens_rollover(alice)
    assert list(shown.fields) == [f"All {issues} open issues"]
    file = world.said("[file:", world.slack.direct("U1").id).message.files[0]
    assert file.text.count("\n") == issues - 1
    assert "Issue 7" in file.text
    alice.submits()

    report = world.said(f"WoW ending {TUESDAY}", within=60)
    assert f"4 done · {issues} carried over" in report.text
    assert len(gitlab.issues_of(following)) == issues
    assert gitlab.labels_of(gitlab.issues_of(following)[0]) == ["goal", "moved 1"]


@side_by_side
def test_one_choice_for_all_holds_for_all(world: World) -> None:
    gitlab, alice = world.gitlab, world.alice
    following = fill(gitlab, 95)
    world.opens_rollover(alice)
    alice.chooses("All 95 open issues", "Leave in closed week")

    alice.submits()

    world.report()
    assert gitlab.issues_of(following) == []
    assert len(gitlab.issues_of(gitlab.milestones()["WoW ending 2026-11-24"], "opened")) == 95


@side_by_side
def test_titles_stand_literally_and_call_nobody(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = SmallWeek(gitlab)
    wicked = [gitlab.add_issue(title[:255], ["goal"], week.wow, added_at=week.started) for title in WICKED]

    shown = world.opens_rollover(alice)
    assert "<!channel> <!here> <@U1> <!subteam^S1> `x` *b* _i_ ~s~ & < > zzz" in shown.text
    alice.submits()
    world.report()
    alice.types("/wow status", CHANNEL)
    standing = world.said("Goals")
    world.takes_back(alice)
    world.is_idle()

    assert gitlab.issues_of(week.wow, "opened") == [*week.open, *wicked]
    assert "<!channel> <!here> <@U1> <!subteam^S1> `x` *b* _i_ ~s~ & < > zzz" in standing.text
    assert "🔥🔥🔥" in standing.text
    called = {ping for seen in world.messages() for ping in seen.pings}
    assert called <= {"@U1"}


@side_by_side
def test_a_large_week_is_turned_though_one_answer_in_thirty_is_an_error(world: World) -> None:
    gitlab = world.gitlab
    following = fill(gitlab, 150)
    gitlab.goes_down()
    world.alice.types("/wow rollover", CHANNEL)
    world.modal(world.alice, "Roll over later")
    gitlab.comes_back()
    for call in range(1, 1500, 30):
        gitlab.weather.at_call(call, lambda _: gitlab.weather.fails(502, times=1))

    world.alice.submits()

    world.report()
    assert len(gitlab.issues_of(following)) == 150
