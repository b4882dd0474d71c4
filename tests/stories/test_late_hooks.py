"""Late additions are labelled at once when GitLab tells of them, and by the sweep when it does not."""

import base64
from datetime import UTC, datetime, timedelta

from bot.sandbox.slack.persona import Persona
from tests.stories.side_by_side import side_by_side
from tests.stories.world import DAY, Gitlab, World

SIGNING_TOKEN = "whsec_" + base64.b64encode(b"thirty-two bytes of a signing key").decode()


def is_labelled(world: World, iid: int) -> None:
    world.until(lambda: "unscheduled" in world.gitlab.labels_of(iid), f"#{iid} is labelled")


def is_settled(world: World) -> None:
    """Waits until every hook was answered, and all that followed from it is done."""
    assert world.gitlab.hooks_arrived(20)
    world.is_idle()


def label_changes(gitlab: Gitlab, iid: int) -> list[str]:
    """How `unscheduled` came and went."""
    return [one["action"] for one in gitlab.label_events(iid) if one["label"]["name"] == "unscheduled"]


@side_by_side
def test_an_issue_added_late_is_labelled_at_once_but_an_outage_and_what_was_planned_are_not(
    world: World, gitlab: Gitlab
) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks()

    outage = gitlab.add_issue("Database is down", ["outage"], week.wow)
    moved = gitlab.add_issue("Was in the backlog")
    gitlab.edit_issue(moved, milestone=week.wow)
    planned_next = gitlab.add_issue("For next week", [], week.following)
    request = gitlab.add_merge_request("Late too", [], week.wow)

    is_labelled(world, moved)
    is_settled(world)
    assert gitlab.labels_of(week.late) == ["SL1", "unscheduled"]
    assert gitlab.labels_of(outage) == ["outage"]
    assert gitlab.labels_of(week.planned) == gitlab.labels_of(planned_next) == []
    assert gitlab.merge_request(request)["labels"] == ["unscheduled"]
    assert not world.messages(), "nobody is bothered with it"


@side_by_side
def test_a_hook_that_comes_again_or_late_or_out_of_order_changes_nothing_more(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks()
    gitlab.hold_hooks()
    first = gitlab.add_issue("Late", [], week.wow)
    gone = gitlab.add_issue("Late, and taken out again", [], week.wow)
    gitlab.edit_issue(gone, milestone=None)
    gitlab.edit_issue(first, add_labels=["SL1"])
    gitlab.release_hooks(order=[3, 2, 1, 0])

    is_labelled(world, first)
    is_settled(world)
    answers = [gitlab.redeliver(index) for index in range(4)]
    is_settled(world)

    assert answers == [200] * 4
    assert label_changes(gitlab, first) == ["add"]
    assert label_changes(gitlab, gone) == []


@side_by_side
def test_what_a_person_took_off_stays_off_whatever_hooks_tell(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks()
    iid = gitlab.add_issue("Late", [], week.wow)
    is_labelled(world, iid)

    gitlab.edit_issue(iid, remove_labels=["unscheduled"])
    gitlab.add_issue("Another one", ["outage"], week.wow)
    gitlab.edit_issue(iid, milestone=None)
    gitlab.edit_issue(iid, milestone=week.wow)
    is_settled(world)
    world.alice.types("/wow check", "C1")
    world.said("taken off by hand")

    assert label_changes(gitlab, iid) == ["add", "remove"]


@side_by_side
def test_a_hook_that_nobody_sent_is_refused(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks("a wrong secret")
    iid = gitlab.add_issue("Late", [], week.wow)
    assert gitlab.hooks_arrived()

    forged = gitlab.redeliver(0, headers={"X-Gitlab-Token": ""})
    broken = gitlab.redeliver(0, headers={"X-Gitlab-Token": "a-secret-for-hooks"}, body=b"{nonsense")

    assert gitlab.hooks_sent[0].statuses[0] == 401
    assert (forged, broken) == (401, 400)
    world.is_idle()
    assert gitlab.labels_of(iid) == []
    world.becomes(GITLAB_WEBHOOK_SECRET="")
    gitlab.add_hook(f"{world.bot.url}/gitlab/hooks", "a-secret-for-hooks")
    gitlab.add_issue("Late", [], week.wow)
    assert gitlab.hooks_arrived()
    assert gitlab.hooks_sent[-1].statuses[0] == 403


@side_by_side
def test_a_signed_hook_is_taken_and_an_old_or_altered_one_is_not(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.becomes(GITLAB_WEBHOOK_SECRET="", GITLAB_WEBHOOK_SIGNING_TOKEN=SIGNING_TOKEN)
    world.is_told_by_hooks("", SIGNING_TOKEN)
    iid = gitlab.add_issue("Late", [], week.wow)
    is_labelled(world, iid)
    is_settled(world)
    stamp = int(gitlab.hooks_sent[0].headers["webhook-timestamp"])

    altered = gitlab.redeliver(0, body=gitlab.hooks_sent[0].body + b" ")
    old = gitlab.redeliver(0, headers={"webhook-timestamp": str(stamp - 3600)})
    unsigned = gitlab.redeliver(0, headers={"webhook-signature": "v1,"})

    assert (altered, old, unsigned) == (401, 401, 401)
    assert gitlab.redeliver(0) == 200


@side_by_side
def test_a_hook_of_another_project_does_nothing(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks()
    gitlab.hold_hooks()
    iid = gitlab.add_issue("Late", [], week.wow)
    path = gitlab.state.project.full_path.encode()
    other = gitlab.hooks_sent[0].body.replace(path, b"acme/else").replace(b'"project_id": 1', b'"project_id": 77')
    elsewhere = other.replace(f'"id": {gitlab.state.project.id}, "name"'.encode(), b'"id": 77, "name"')

    assert gitlab.redeliver(0, headers={"Idempotency-Key": "of another project"}, body=elsewhere) == 200
    world.is_idle()

    assert gitlab.labels_of(iid) == []


@side_by_side
def test_a_hook_while_the_api_is_away_is_answered_at_once_and_acted_on_later_also_after_a_kill(
    world: World, gitlab: Gitlab
) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks()
    gitlab.weather.goes_down()

    iid = gitlab.add_issue("Late", [], week.wow)
    assert gitlab.hooks_arrived(2), "it is answered at once"
    assert gitlab.hooks_sent[0].statuses == [200]
    world.bot.is_killed()
    gitlab.comes_back()
    assert gitlab.labels_of(iid) == []
    world.bot_returns()

    is_labelled(world, iid)


@side_by_side
def test_our_own_carry_over_is_no_late_addition_also_when_its_hooks_come_back(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    planned_next = gitlab.add_issue("Planned for next week", [], week.following)
    world.is_told_by_hooks()

    world.rolls_over()
    is_settled(world)
    late = gitlab.add_issue("Came on Thursday", [], week.following)
    is_labelled(world, late)
    is_settled(world)
    for index in range(len(gitlab.hooks_sent)):
        assert gitlab.redeliver(index, headers={"Idempotency-Key": f"again {index}"}) == 200
    is_settled(world)

    assert gitlab.labels_of(week.goal) == ["goal", "moved 1"]
    assert gitlab.labels_of(week.planned) == gitlab.labels_of(planned_next) == []
    assert gitlab.labels_of(week.late) == ["SL1", "unscheduled"]


@side_by_side
def test_what_no_hook_told_of_is_found_by_the_sweep(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    world.clock.moves(seconds=(55 - world.clock().second) % 60)
    world.becomes(LATE_SWEEP="1")

    is_labelled(world, week.late)

    world.is_idle()
    assert gitlab.labels_of(week.planned) == []


@side_by_side
def test_the_week_begins_in_the_teams_zone_on_both_sides_of_the_date_line(world: World, gitlab: Gitlab) -> None:
    week = world.seeds_small_week()
    tuesday_noon = datetime(2026, 11, 17, 12, tzinfo=UTC)
    in_between = gitlab.add_issue("Added on Tuesday noon, UTC", [], week.wow, added_at=tuesday_noon)
    wednesday = gitlab.add_issue("Added on Wednesday", [], week.wow, added_at=tuesday_noon + DAY)
    early = gitlab.add_issue("Added an hour before", [], week.wow, added_at=tuesday_noon - timedelta(hours=2))

    world.becomes(TEAM_TIMEZONE="America/Los_Angeles")
    world.alice.types("/wow check", "C1")
    is_labelled(world, wednesday)
    world.is_idle()
    assert gitlab.labels_of(in_between) == gitlab.labels_of(early) == []

    elsewhere = f"sqlite:///{world._folder / 'auckland.db'}"
    world.becomes(TEAM_TIMEZONE="Pacific/Auckland", DATABASE_URL=elsewhere)
    world.alice.types("/wow check", "C1")
    is_labelled(world, in_between)
    world.is_idle()
    assert gitlab.labels_of(early) == []


@side_by_side
def test_a_burst_of_hooks_costs_a_handful_of_requests(world: World, gitlab: Gitlab, alice: Persona) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks()
    before = len(gitlab.calls("GET"))

    for number in range(40):
        gitlab.add_issue(f"Late {number}", [], week.wow)
    is_settled(world)
    world.until(lambda: world.bot.is_idle and all_labelled(gitlab, week.wow), "all of them are labelled")

    histories = len([one for one in gitlab.calls("GET") if "events" in one.path])
    assert len(gitlab.calls("GET")) - before - histories <= 40
    assert alice.sees("C1") == []


def all_labelled(gitlab: Gitlab, wow: int) -> bool:
    late = [iid for iid in gitlab.issues_of(wow) if gitlab.issue(iid)["title"].startswith("Late ")]
    return len(late) == 40 and all("unscheduled" in gitlab.labels_of(iid) for iid in late)


@side_by_side
def test_a_label_that_arrived_without_an_answer_and_was_taken_off_is_not_set_again(
    world: World, gitlab: Gitlab
) -> None:
    week = world.seeds_small_week()
    world.is_told_by_hooks()
    gitlab.weather.drops_after(times=1, match="PUT .*/issues/")
    gitlab.weather.at_call(2, lambda _: gitlab.goes_down(), match="PUT .*/issues/")

    iid = gitlab.add_issue("Late", ["unscheduled"], week.wow)
    gitlab.edit_issue(iid, remove_labels=["unscheduled"])
    world.until(lambda: label_changes(gitlab, week.late) == ["add"], "the first attempt arrives")
    gitlab.edit_issue(week.late, remove_labels=["unscheduled"])
    is_settled(world)

    assert label_changes(gitlab, week.late) == ["add", "remove"]
    assert label_changes(gitlab, iid) == ["add", "remove"]
