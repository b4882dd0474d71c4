"""The GitLab edge: it brings about what an operation names, once, and overrules nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from bot.domain.errors import Rejected, Unavailable, Unsent
from bot.domain.journal import Delivery
from bot.domain.operations import READ_ONLY, CreateMilestone, Operation, RemoveMilestone, SetIssue, SetMilestone
from bot.domain.questions import WeekQuestion
from bot.domain.team import Team
from bot.domain.tracker import LabelEvent, MilestoneEvent, WeekFacts
from bot.gitlab import Gitlab
from bot.gitlab.crew import AT_ONCE
from bot.sandbox.gitlab.http import application
from bot.sandbox.gitlab.world import GitlabWorld
from bot.sandbox.server import Server
from bot.sandbox.weather import Weather

T = TypeVar("T")
WEEK = WeekQuestion("week", wow=True, following=True, late=True, ending=datetime(2026, 11, 24, tzinfo=UTC).date())
NEXT = CreateMilestone("Next WoW", "2026-12-02", "2026-12-08")


class Tracker:
    """An emulated GitLab with its weather, and the edge that speaks to it."""

    def __init__(self, world: GitlabWorld, weather: Weather, server: Server) -> None:
        self.world, self.weather, self.server = world, weather, server
        self.wow = world.add_milestone("WoW", "2026-11-18", "2026-11-24")
        self.following = world.add_milestone("Next WoW")

    def performs(self, operation: Operation, *, attempts: int = 0, age: timedelta = timedelta()) -> dict[str, Any]:
        """Performs an operation, which may have been tried before, or have waited for a while."""
        at = datetime.now(UTC)
        delivery = Delivery(1, "b", "n", operation, "leased", attempts, added_at=at - age)
        gitlab = self.edge()
        try:
            return gitlab.perform(delivery)
        finally:
            gitlab.close()

    def is_asked(self, question: WeekQuestion = WEEK, project: str = "acme/production") -> WeekFacts:
        """Answers a question."""
        return asyncio.run(self._with_edge(lambda gitlab: gitlab.read(question), project))

    async def _with_edge(self, work: Callable[[Gitlab], Awaitable[T]], project: str = "acme/production") -> T:
        gitlab = self.edge(project)
        try:
            async with asyncio.timeout(20):
                return await work(gitlab)
        finally:
            gitlab.close()

    def edge(self, project: str = "acme/production") -> Gitlab:
        """The edge, inside a running loop."""
        return Gitlab(self.server.url, self.world.token, project, Team("C1"), lambda: datetime.now(UTC))

    def requests(self, method: str = "") -> list[str]:
        """The paths that were asked for."""
        return [each.path for each in self.server.recorded() if method in each.method]

    def milestone_of(self, iid: int) -> int | None:
        """Where an issue stands."""
        found = self.world.issue(iid)["milestone"]
        return found["id"] if found else None


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    world, weather = GitlabWorld(), Weather()
    with Server(application(world, weather), changes=world.changes) as server:
        yield Tracker(world, weather, server)
    world.close()


# Issues


def test_an_issue_is_moved_and_labelled_by_one_request(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Disk", ["goal", "moved 1"], tracker.wow)

    tracker.performs(SetIssue("issue", iid, tracker.wow, tracker.following, ("unscheduled", "moved 2"), ("moved 1",)))

    assert tracker.milestone_of(iid) == tracker.following
    assert sorted(tracker.world.issue(iid)["labels"]) == ["goal", "moved 2", "unscheduled"]
    assert len(tracker.requests()) == 1


def test_what_may_have_arrived_is_looked_at_and_not_written_again(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Disk", ["unscheduled"], tracker.following)
    operation = SetIssue("issue", iid, tracker.wow, tracker.following, ("unscheduled",))

    assert tracker.performs(operation, attempts=1) == {}
    assert tracker.requests("PUT") == []


@pytest.mark.parametrize("tried", [{"attempts": 1}, {"age": timedelta(minutes=6)}])
def test_an_issue_that_a_person_moved_meanwhile_stays_there(tracker: Tracker, tried: dict[str, Any]) -> None:
    elsewhere = tracker.world.add_milestone("Elsewhere")
    iid = tracker.world.add_issue("Disk", [], elsewhere)

    result = tracker.performs(SetIssue("issue", iid, tracker.wow, tracker.following), **tried)

    assert result == {"kept": "somebody moved it meanwhile"}
    assert tracker.milestone_of(iid) == elsewhere


def test_an_issue_that_was_closed_meanwhile_stays_in_its_week(tracker: Tracker) -> None:
    iid = tracker.world.add_issue("Disk", [], tracker.wow, "closed")

    result = tracker.performs(SetIssue("issue", iid, tracker.wow, tracker.following), attempts=1)

    assert result == {"kept": "it was closed meanwhile"}
    assert tracker.milestone_of(iid) == tracker.wow


def test_a_deleted_issue_is_refused_as_gone(tracker: Tracker) -> None:
    with pytest.raises(Rejected) as refused:
        tracker.performs(SetIssue("issue", 99, tracker.wow, tracker.following))

    assert refused.value.gone


# Milestones


def test_a_milestone_that_an_earlier_attempt_made_is_found(tracker: Tracker) -> None:
    tracker.world.retitle_milestone(tracker.following, "WoW 2")
    tracker.weather.drops_after(match="POST")
    with pytest.raises(Unavailable):
        tracker.performs(NEXT)

    made = tracker.performs(NEXT, attempts=1)

    assert list(made) == ["id"]
    assert tracker.requests("POST") == tracker.requests("POST")[:1]


def test_a_milestone_that_somebody_else_made_is_adopted(tracker: Tracker) -> None:
    assert tracker.performs(NEXT) == {"id": tracker.following, "adopted": True}
    assert tracker.performs(NEXT, attempts=1) == {"id": tracker.following, "adopted": True}


def test_a_closed_milestone_of_the_same_title_is_no_next_week(tracker: Tracker) -> None:
    tracker.world.close_milestone(tracker.following)

    for attempts in (0, 1):
        with pytest.raises(Rejected, match="title"):
            tracker.performs(NEXT, attempts=attempts)


@pytest.mark.parametrize("tried", [{"attempts": 1}, {"age": timedelta(hours=1)}])
def test_a_milestone_that_somebody_renamed_meanwhile_is_left_alone(tracker: Tracker, tried: dict[str, Any]) -> None:
    tracker.world.retitle_milestone(tracker.wow, "Sprint 12")

    with pytest.raises(Rejected, match="Sprint 12"):
        tracker.performs(SetMilestone(tracker.wow, "WoW", title="WoW ending 2026-11-24"), **tried)


def test_an_empty_milestone_is_removed_and_one_with_anything_in_it_is_kept_under_another_title(
    tracker: Tracker,
) -> None:
    remove = RemoveMilestone(tracker.following, "Next WoW", "Next WoW (kept 2026-11-25)")
    tracker.world.add_merge_request("An old one", [], tracker.following, "merged")
    assert tracker.performs(remove) == {"kept_title": "Next WoW (kept 2026-11-25)"}
    empty = tracker.world.add_milestone("Next WoW")

    assert tracker.performs(RemoveMilestone(empty, "Next WoW", "x")) == {"removed": True}
    assert tracker.performs(RemoveMilestone(empty, "Next WoW", "x"), attempts=1) == {"removed": True}


# Answers that are none


@pytest.mark.parametrize(
    ("status", "body", "later"),
    [
        (400, {"message": {"title": ["has already been taken"]}}, False),
        (403, {"message": "403 Forbidden"}, False),
        (404, {"message": "404 Not found"}, False),
        (422, {"error": "x"}, False),
        (401, {"message": "401 Unauthorized"}, True),
        (409, {"message": "409 Conflict"}, True),
        (500, {"message": "500"}, True),
        (502, "<html>Bad gateway</html>", True),
        (503, None, True),
        (403, "<html>who are you</html>", True),
        (404, "not here", True),
        (200, "<html>Sign in</html>", True),
        (200, "[1, 2", True),
        (200, "[]", True),
        (200, '{"iid": "x"', True),
        (200, '{"labels": 3}', True),
        (200, '"yes"', True),
        (301, "", True),
    ],
)
def test_only_what_gitlab_understood_and_refused_is_a_refusal(
    tracker: Tracker, status: int, body: str | dict[str, str] | None, later: bool
) -> None:
    tracker.weather.fails(status, body=body)

    with pytest.raises(Unavailable if later else Rejected):
        tracker.performs(SetIssue("issue", 1, tracker.wow, tracker.following))


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "{}", "[3]", '[{"id": 1}]', "[", "null"])
def test_a_list_that_is_none_is_no_empty_week(tracker: Tracker, body: str) -> None:
    tracker.weather.fails(200, match="/milestones", body=body)

    with pytest.raises(Unavailable, match="not GitLab's API"):
        tracker.is_asked()


@pytest.mark.parametrize("as_date", [False, True])
def test_how_long_gitlab_wants_to_be_left_alone_is_heard_in_both_forms(tracker: Tracker, as_date: bool) -> None:
    tracker.weather.rate_limits(30, as_date=as_date)

    with pytest.raises(Unavailable) as limited:
        tracker.performs(SetIssue("issue", 1, tracker.wow, tracker.following))

    assert 27 <= (limited.value.retry_after or 0) <= 30
    assert not limited.value.world_is_down
    assert len(tracker.requests()) == 1, "nothing repeats it by itself"


def test_a_server_error_is_not_repeated_by_itself(tracker: Tracker) -> None:
    tracker.weather.fails(503, match="PUT")

    with pytest.raises(Unavailable):
        tracker.performs(SetIssue("issue", 1, tracker.wow, tracker.following))

    assert len(tracker.requests()) == 1


def test_a_call_that_hangs_ends_within_an_operation_s_deadline_and_says_why_in_words(tracker: Tracker) -> None:
    tracker.weather.hangs()
    began = datetime.now(UTC)

    with pytest.raises(Unavailable, match=r"it is too slow$"):
        tracker.performs(SetIssue("issue", 1, tracker.wow, tracker.following))

    assert datetime.now(UTC) - began < timedelta(seconds=7)
    tracker.weather.clears()


def test_reading_survives_one_connection_that_broke(tracker: Tracker) -> None:
    tracker.weather.drops_before(match="GET /api/v4/projects/acme%2Fproduction/milestones")

    assert {one.title for one in tracker.is_asked().milestones} == {"WoW", "Next WoW"}


# Reading


def test_a_project_is_known_by_its_number_too(tracker: Tracker) -> None:
    assert tracker.is_asked(project="42").project.path == "acme/production"


def test_lists_are_read_to_their_last_page(tracker: Tracker) -> None:
    for number in range(230):
        tracker.world.add_issue(f"Issue {number}", [], tracker.wow)

    facts = tracker.is_asked(WeekQuestion("week", wow=True))

    assert len(facts.issues[tracker.wow]) == 230


def test_milestones_of_the_group_are_read_and_known_as_such(tracker: Tracker) -> None:
    above = tracker.world.add_group_milestone("WoW ending 2026-11-24")

    assert [one.id for one in tracker.is_asked().milestones if one.group] == [above]


def test_when_and_by_whom_issues_came_into_the_week_is_read(tracker: Tracker) -> None:
    added = datetime(2026, 11, 20, 12, tzinfo=UTC)
    iid = tracker.world.add_issue("Late", [], tracker.wow, added_at=added)

    assert tracker.is_asked().events[f"issue:{iid}"] == (MilestoneEvent(tracker.wow, added=True, at=added, by="user"),)


def test_labels_are_looked_at_only_on_what_came_late_and_has_none(tracker: Tracker) -> None:
    early, late = (datetime(2026, 11, day, 12, tzinfo=UTC) for day in (17, 20))
    world = tracker.world
    world.add_issue("Planned", [], tracker.wow, added_at=early)
    world.add_issue("Labelled", ["unscheduled"], tracker.wow, added_at=late)
    world.add_issue("Outage", ["outage"], tracker.wow, added_at=late)
    iid = world.add_issue("Late", ["unscheduled", "goal"], tracker.wow, added_at=late)
    request = world.add_merge_request("Late too", [], tracker.wow, added_at=late)
    world.edit_issue(iid, by="ben", remove_labels=["unscheduled"])

    facts = tracker.is_asked()

    looked_at = {path.partition("production/")[2] for path in tracker.requests() if "label_events" in path}
    assert looked_at == {f"issues/{iid}/resource_label_events", f"merge_requests/{request}/resource_label_events"}
    labels = [one for one in facts.events[f"issue:{iid}"] if isinstance(one, LabelEvent)]
    assert [(one.label, one.added, one.by) for one in labels][-1] == ("unscheduled", False, "ben")
    assert facts.own_user == "baton"


def test_whose_the_token_is_is_asked_only_where_it_matters_and_once(tracker: Tracker) -> None:
    world, early = tracker.world, datetime(2026, 11, 17, 12, tzinfo=UTC)
    iid = world.add_issue("Planned", [], tracker.wow, added_at=early)
    tracker.is_asked()
    assert not [path for path in tracker.requests() if path.endswith("/user")]
    for milestone in (tracker.following, tracker.wow):
        world.edit_issue(iid, milestone=milestone)

    async def twice(gitlab: Gitlab) -> list[str]:
        return [(await gitlab.read(WEEK)).own_user for _ in range(2)]

    assert asyncio.run(tracker._with_edge(twice)) == ["baton", "baton"]
    assert len([path for path in tracker.requests() if path.endswith("/user")]) == 1


@pytest.mark.parametrize("match", ["label_events", "/user$"])
def test_what_depends_on_something_that_cannot_be_read_now_is_left_for_later(tracker: Tracker, match: str) -> None:
    late = datetime(2026, 11, 20, 12, tzinfo=UTC)
    iid = tracker.world.add_issue("Late", ["unscheduled"], tracker.wow, added_at=late)
    tracker.world.edit_issue(iid, remove_labels=["unscheduled"])
    other = tracker.world.add_issue("Labelled", ["unscheduled"], tracker.wow, added_at=late)
    tracker.weather.fails(503, match=match)

    facts = tracker.is_asked()

    assert facts.unread == frozenset({f"issue:{iid}"})
    assert list(facts.events) == [f"issue:{other}"]
    assert facts.put_off is not None


@pytest.mark.parametrize(("access", "by_group"), [(20, False), (40, True), (10, False)])
def test_what_the_token_may_do_is_read_also_where_the_project_does_not_say(
    tracker: Tracker, access: int, by_group: bool
) -> None:
    tracker.world.token_access, tracker.world.token_by_group = access, by_group

    assert tracker.is_asked().project.access_level == access


def test_whether_the_project_may_be_written_to_is_read(tracker: Tracker) -> None:
    tracker.world.archive_project()
    tracker.world.switch_issues(on=False)

    project = tracker.is_asked().project

    assert (project.archived, project.has_issues) == (True, False)


def test_a_token_that_may_only_read_is_told_from_other_refusals(tracker: Tracker) -> None:
    tracker.world.token_read_only = True
    iid = tracker.world.add_issue("Disk", [], tracker.wow)

    for operation in (SetIssue("issue", iid, tracker.wow, tracker.following), NEXT):
        tracker.world.retitle_milestone(tracker.following, "Another")
        with pytest.raises(Rejected) as refused:
            tracker.performs(operation)
        assert refused.value.reason == READ_ONLY


@pytest.mark.parametrize(("admin", "level"), [(False, 0), (True, None)])
def test_a_user_who_is_no_member_may_nothing_unless_it_is_an_administrator(
    tracker: Tracker, admin: bool, level: int | None
) -> None:
    nobody = {"project_access": None, "group_access": None}
    shown = {"id": 1, "path_with_namespace": "acme/production", "permissions": nobody}
    tracker.weather.fails(200, match="/projects/acme%2Fproduction$", body=shown)
    tracker.weather.fails(404, match="/members/all/")
    if admin:
        tracker.weather.fails(200, match="/user$", body={"id": 1, "username": "root", "is_admin": True})

    assert tracker.is_asked().project.access_level == level


def test_never_more_than_sixteen_calls_are_on_their_way_and_operations_go_before_questions(tracker: Tracker) -> None:
    for number in range(40):
        tracker.world.add_issue(f"Issue {number}", [], tracker.wow)
    slow = 0.1
    tracker.weather.goes_slow(slow)

    async def run() -> list[str]:
        gitlab, loop = tracker.edge(), asyncio.get_running_loop()
        ended: list[str] = []
        over = asyncio.Event()

        def landed(delivery: Delivery, result: object) -> None:
            ended.append(f"{delivery.name} {result}")
            loop.call_soon_threadsafe(lambda: over.set() if len(ended) == 40 else None)

        try:
            reading = asyncio.create_task(gitlab.read(WEEK))
            await asyncio.to_thread(
                tracker.server.wait_until,
                lambda: any("resource_milestone_events" in path for path in tracker.requests()),
            )
            for iid in range(1, 41):
                operation = SetIssue("issue", iid, tracker.wow, tracker.following)
                gitlab.carry(Delivery(iid, None, f"#{iid}", operation, "leased", 0), lambda _: True, landed)
            await over.wait()
            assert not reading.done()
            await reading
        finally:
            gitlab.close()
        return ended

    ended = asyncio.run(run())

    assert sorted(ended) == sorted(f"#{iid} {{}}" for iid in range(1, 41))
    answered = [each.at for each in tracker.server.recorded()]
    assert max(sum(at <= other < at + slow for other in answered) for at in answered) == AT_ONCE


def test_what_no_thread_has_begun_can_be_taken_back_and_what_may_not_leave_is_not_sent(tracker: Tracker) -> None:
    tracker.weather.goes_slow(0.2)
    landed: dict[int, object] = {}
    gitlab = tracker.edge()
    try:
        for number in range(1, 41):
            operation = SetIssue("issue", number, tracker.wow, tracker.following)
            delivery = Delivery(number, None, "n", operation, "leased", 0)
            gitlab.carry(delivery, lambda one: one.id > 2, lambda one, result: landed.update({one.id: result}))
        recalled = {delivery.id for delivery in gitlab.recall()}
        tracker.server.wait_until(lambda: len(landed) + len(recalled) == 40)
    finally:
        gitlab.close()

    assert len(recalled) >= 40 - AT_ONCE - 2
    assert not recalled & set(landed)
    assert [type(landed[number]) for number in (1, 2)] == [Unsent, Unsent]
    assert not [path for path in tracker.requests() if path.endswith(("/issues/1", "/issues/2"))]
