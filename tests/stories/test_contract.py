"""Every story is held to GitLab's published document; this one shows that Baton's operations were all among it."""

from pathlib import Path

from tests.contract import needs_contract
from tests.stories.world import CHANNEL, World

OPERATIONS = {
    "deleteApiV4ProjectsIdMilestonesMilestoneId",
    "getApiV4GroupsIdMilestones",
    "getApiV4ProjectsId",
    "getApiV4ProjectsIdEvents",
    "getApiV4ProjectsIdIssues",
    "getApiV4ProjectsIdIssuesEventableIdResourceLabelEvents",
    "getApiV4ProjectsIdIssuesEventableIdResourceMilestoneEvents",
    "getApiV4ProjectsIdIssuesIssueIid",
    "getApiV4ProjectsIdLabels",
    "getApiV4ProjectsIdMembersAllUserId",
    "getApiV4ProjectsIdMergeRequests",
    "getApiV4ProjectsIdMergeRequestsEventableIdResourceMilestoneEvents",
    "getApiV4ProjectsIdMergeRequestsMergeRequestIid",
    "getApiV4ProjectsIdMilestones",
    "getApiV4ProjectsIdMilestonesMilestoneId",
    "getApiV4ProjectsIdMilestonesMilestoneIdIssues",
    "getApiV4ProjectsIdMilestonesMilestoneIdMergeRequests",
    "getApiV4User",
    "postApiV4ProjectsIdMilestones",
    "putApiV4ProjectsIdIssuesIssueIid",
    "putApiV4ProjectsIdMergeRequestsMergeRequestIid",
    "putApiV4ProjectsIdMilestonesMilestoneId",
}


@needs_contract
def test_every_operation_that_baton_uses_is_held_to_gitlabs_document(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.bot.starts()
        world.gitlab.token_access = 20  # too little for merge requests: Baton asks for more than the project tells
        week = world.seeds_small_week()
        world.opens_rollover()
        world.gitlab.token_access = 40
        world.alice.types("/wow status", CHANNEL)
        world.said("is due")
        # answers that are lost make Baton look before it repeats
        for change in ("PUT .*/issues/", "PUT .*/merge_requests/", "PUT .*/milestones/", "POST .*/milestones"):
            world.gitlab.weather.drops_after(times=1, match=change)
        world.rolls_over()
        world.alice.types("/wow history", CHANNEL)
        world.said("The last closed week")
        world.takes_back()
        assert world.gitlab.issues_of(week.wow, "opened") == week.open

    assert world.operations >= OPERATIONS
