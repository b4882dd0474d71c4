"""Answers questions about the weeks: which milestones there are, what stands in them, and what the token may do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from bot.domain.errors import Rejected
from bot.domain.questions import WeekQuestion
from bot.domain.report import choose
from bot.domain.rollover import MAY_EDIT_MERGE_REQUESTS, NO_MEMBER, Weeks, find_weeks
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, Noun, Project, WeekFacts, WhoAndWhen
from bot.gitlab import rows
from bot.gitlab.calls import PER_PAGE, Calls, Row, together
from bot.gitlab.histories import Histories, read_histories
from bot.gitlab.paths import NOUNS, PATHS
from bot.gitlab.user import OwnUser

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


class Reading:
    """Reads one project."""

    def __init__(self, calls: Calls, project: str, team: Team, user: OwnUser, clock: Callable[[], datetime]) -> None:
        self._calls, self._project, self._team, self._user, self._clock = calls, project, team, user, clock
        self._group = ""

    async def read(self, question: WeekQuestion) -> WeekFacts:
        """Answer a question about the weeks; raises Unavailable or Rejected."""
        at = self._clock()
        titles = _usual_titles(question, self._team)
        (project, above), milestones, ranks, early = await _four(
            self._read_project_and_groups(rights=question.rights, groups=question.ending is not None),
            self._read_milestones(),
            self._read_ranks(wanted=question.ranks),
            together(*(self._read_titled(title) for title in titles)),
        )
        facts = WeekFacts(at=at, project=project, milestones=milestones, label_ranks=ranks)
        weeks = find_weeks(facts, self._team)
        wanted = _wanted(question, facts, weeks, self._team)
        known_early = dict(zip(titles, early, strict=True))
        found = await together(*(self._read_issues(milestone, known_early) for milestone in wanted))
        issues = {milestone.id: inside for milestone, inside in zip(wanted, found, strict=True)}
        known = {milestone.id for milestone in milestones}
        histories = await self._read_histories(question, weeks, issues)
        asked_for = await self._read_issue(question.issue)
        if asked_for and question.label_events:
            histories = await self._read_label_events(asked_for)
        return WeekFacts(
            at=at,
            project=project,
            milestones=milestones + tuple(one for one in above if one.id not in known),
            issues=issues,
            events=histories.events,
            own_user=histories.own_user,
            unread=histories.unread,
            put_off=histories.put_off,
            limited=histories.limited,
            closed_by=await self._read_closed_by(question, weeks),
            label_ranks=ranks,
            asked_for=asked_for,
        )

    async def _read_project_and_groups(self, *, rights: bool, groups: bool) -> tuple[Project, tuple[Milestone, ...]]:
        if not (rights or groups):
            return Project(""), ()
        if not groups:
            return await self._read_project(), ()
        # the group is known from the last time: it hardly ever changes, so both are asked for at once
        known = self._group
        both: list[Any] = await together(self._read_project(), self._read_group_milestones(known))
        project, above = both
        if project.group != known:
            above = await self._read_group_milestones(project.group)
        self._group = project.group
        return project, above

    async def _read_project(self) -> Project:
        project = await self._calls.row("get", self._project, rows.project)
        level = project.access_level
        if level is None or level < MAY_EDIT_MERGE_REQUESTS:
            # the project may hide it, or tell less than an invited group gives
            own = await self._read_membership()
            level = max((one for one in (level, own) if one is not None), default=None)
        return replace(project, access_level=level)

    async def _read_membership(self) -> int | None:
        """Ask for the token's own membership (None: GitLab does not say either, or its user is an administrator)."""
        me = None
        try:
            me = await self._user.read()
            path = f"{self._project}/members/all/{me.id}"
            return await self._calls.row("get", path, lambda row: row.get("access_level"))
        except Rejected as refusal:
            return None if not refusal.gone or me is None or me.admin else NO_MEMBER

    async def _read_milestones(self) -> tuple[Milestone, ...]:
        path = f"{self._project}/milestones"
        return tuple(await self._calls.rows(path, rows.milestone, include_ancestors="true"))

    async def _read_group_milestones(self, group: str) -> tuple[Milestone, ...]:
        """Read the groups' milestones too: an older GitLab does not list them with the project's."""
        if not group:
            return ()
        try:
            found = await self._calls.rows(
                f"{group}/milestones",
                lambda row: rows.milestone({"group_id": True, **row}),
                include_ancestors="true",
            )
        except Rejected:
            return ()  # the token may belong to the project alone; a clash is then refused by GitLab itself
        return tuple(found)

    async def _read_ranks(self, *, wanted: bool) -> dict[str, int | None]:
        if not wanted:
            return {}
        return dict(await self._calls.rows(f"{self._project}/labels", rows.label_rank))

    async def _read_issues(self, milestone: Milestone, early: Mapping[str, list[Issue]]) -> tuple[Issue, ...]:
        found = early[milestone.title] if milestone.title in early else await self._read_titled(milestone.title)
        # a group's milestone may carry the same title, and pages may overlap while people work
        return tuple({one.key: one for one in found if one.milestone == milestone.id}.values())

    async def _read_titled(self, title: str) -> list[Issue]:
        lists = await together(*(self._read_nouns(noun, title) for noun in NOUNS))
        return [one for found in lists for one in found]

    async def _read_nouns(self, noun: Noun, title: str) -> list[Issue]:
        return await self._calls.rows(
            f"{self._project}/{PATHS[noun]}",
            lambda row: rows.issue(row, noun),
            milestone=title,
            state="all",
            scope="all",
            order_by="created_at",
            sort="asc",
        )

    async def _read_issue(self, iid: int) -> Issue | None:
        if not iid:
            return None
        try:
            path = f"{self._project}/issues/{iid}"
            return await self._calls.row("get", path, lambda row: rows.issue(row, "issue"))
        except Rejected as refusal:
            if refusal.gone:
                return None
            raise

    async def _read_histories(
        self, question: WeekQuestion, weeks: Weeks, issues: Mapping[int, tuple[Issue, ...]]
    ) -> Histories:
        if not question.late or weeks.wow is None:
            return Histories()
        found = [*issues.get(weeks.wow.id, ())]
        return await read_histories(self._calls, self._project, self._user, self._team, question, weeks, found)

    async def _read_label_events(self, issue: Issue) -> Histories:
        path = f"{self._project}/issues/{issue.iid}/resource_label_events"
        found, me = await self._calls.rows(path, rows.label_event), await self._user.read()
        return Histories({issue.key: tuple(one for one in found if one)}, me.name)

    async def _read_closed_by(self, question: WeekQuestion, weeks: Weeks) -> dict[int, WhoAndWhen]:
        ending = question.ending
        wanted = [weeks.closed[ending]] if ending and ending in weeks.closed else []
        if question.closed_weeks:
            wanted += [weeks.closed[day] for day in sorted(weeks.closed, reverse=True)[: question.closed_weeks]]
        if not wanted:
            return {}
        ids = {milestone.id for milestone in wanted}
        try:
            found = await self._calls.some(
                f"{self._project}/events", _closed_by, target_type="milestone", action="closed", per_page=PER_PAGE
            )
        except Rejected:
            return {}
        # the newest comes first; let it win
        return {target: who for target, who in reversed(found) if target in ids}


def _closed_by(row: Row) -> tuple[int | None, WhoAndWhen]:
    name = (row.get("author") or {}).get("name") or row.get("author_username") or "somebody"
    at = rows.moment(row["created_at"]) if row.get("created_at") else None
    return row.get("target_id"), WhoAndWhen(name, at)


def _wanted(question: WeekQuestion, facts: WeekFacts, weeks: Weeks, team: Team) -> list[Milestone]:
    by_id = {milestone.id: milestone for milestone in facts.milestones}
    wanted = [by_id[one] for one in question.milestones if one in by_id]
    if question.wow and weeks.wow:
        wanted.append(weeks.wow)
    if question.following and weeks.following:
        wanted.append(weeks.following)
    wanted += [weeks.closed[day] for day in sorted(weeks.closed, reverse=True)[: question.closed_weeks]]
    chosen = choose(weeks.closed, weeks.wow, question.day, team.day(facts.at)) if question.day else None
    if chosen and chosen not in weeks.closed and weeks.wow:
        wanted.append(weeks.wow)
    known = question.told | (question.compared - {chosen})
    endings = [one for one in sorted(weeks.closed, reverse=True) if chosen is None or one <= chosen]
    wanted += [weeks.closed[one] for one in endings[: question.trend] if one not in known]
    return list({milestone.id: milestone for milestone in wanted}.values())


def _usual_titles(question: WeekQuestion, team: Team) -> list[str]:
    """Name the milestones to read before it is known how exactly they are written: the usual way, nearly always."""
    return [team.wow_title] * question.wow + [team.next_wow_title] * question.following


async def _four(one: Awaitable[A], two: Awaitable[B], three: Awaitable[C], four: Awaitable[D]) -> tuple[A, B, C, D]:
    """Wait for four different things side by side; when one fails, the others are not asked."""
    answers: list[Any] = await together(one, two, three, four)
    first, second, third, fourth = answers
    return first, second, third, fourth
