"""The GitLab edge: performs operations, answers questions. The one file that knows GitLab's URLs, fields and codes.

https://docs.gitlab.com/api/rest/ . python-gitlab does the talking, over one pooled session and at most 16 calls at a
time; lists are read as plain dictionaries, their pages side by side.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from bot.domain.errors import Rejected, Unavailable
from bot.domain.journal import Delivery
from bot.domain.operations import CreateMilestone, Made, RemoveMilestone, SetIssue, SetMilestone
from bot.domain.questions import WeekQuestion
from bot.domain.rollover import Weeks, find_weeks
from bot.domain.team import Team
from bot.domain.tracker import Issue, Milestone, MilestoneEvent, Noun, Project, WeekFacts, WhoAndWhen
from bot.telemetry import metrics

if TYPE_CHECKING:
    import gitlab

AT_ONCE = 16
CONNECT_SECONDS, READ_SECONDS = 3.0, 5.0
PER_PAGE = 100
MOST_PAGES = 1000
STALE = timedelta(minutes=5)
"""A plan older than this is checked against GitLab before an issue is touched: a person may have been faster."""
TOO_MANY_REQUESTS = 429
DEFAULT_RETRY_AFTER = 10.0
LONGEST_RETRY_AFTER = 120.0
SILENT = frozenset({408, 502, 503, 504, 520, 521, 522, 523, 524})
Row = dict[str, Any]
_PATHS: Mapping[Noun, str] = {"issue": "issues", "merge_request": "merge_requests"}


class Gitlab:
    """GitLab, for one project. Everything blocking runs in threads of its own."""

    def __init__(self, url: str, token: str, project: str, team: Team, clock: Callable[[], datetime]) -> None:
        self._url, self._token, self._team, self._clock = url, token, team, clock
        self._project = f"/projects/{quote(project, safe='')}"
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gitlab")
        self._lock = threading.Lock()
        self._client: gitlab.Gitlab | None = None

    def close(self) -> None:
        """Let go of the threads; a call that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    # operations

    async def perform(self, delivery: Delivery) -> dict[str, Any]:
        """Bring about the state that an operation names; give what is worth remembering.

        Raises Unavailable or Rejected.
        """
        operation = delivery.operation
        again = delivery.attempts > 0
        match operation:
            case SetIssue():
                stale = delivery.added_at is not None and self._clock() - delivery.added_at > STALE
                return await self._set_issue(operation, look=again or stale)
            case CreateMilestone():
                return await self._create_milestone(operation, look=again)
            case SetMilestone():
                return await self._set_milestone(operation, look=again)
            case RemoveMilestone():
                return await self._remove_milestone(operation)
        message = f"GitLab cannot do {type(operation).__name__}"
        raise Rejected(message)

    async def _set_issue(self, operation: SetIssue, *, look: bool) -> dict[str, Any]:
        path = f"{self._project}/{_PATHS[operation.noun]}/{operation.iid}"
        if look:
            issue = _issue(await self._call("get", path), operation.noun)
            if kept := _why_kept(operation, issue):
                return {"kept": kept}
            if _is_so(operation, issue):
                return {}
        body: Row = {}
        if operation.milestone is not None:
            body["milestone_id"] = _id(operation.milestone)
        if operation.add:
            body["add_labels"] = ",".join(operation.add)
        if operation.remove:
            body["remove_labels"] = ",".join(operation.remove)
        after = _issue(await self._call("put", path, body=body), operation.noun)
        if operation.milestone is not None and after.milestone != _id(operation.milestone):
            message = "GitLab accepted the request but did not move it"
            raise Rejected(message)
        return {}

    async def _create_milestone(self, operation: CreateMilestone, *, look: bool) -> dict[str, Any]:
        if look and (found := await self._titled(operation.title)):
            return {"id": found.id}
        body = {"title": operation.title, "start_date": operation.start, "due_date": operation.due}
        try:
            made = await self._call("post", f"{self._project}/milestones", body=body)
        except Rejected:
            # somebody was faster: theirs will do, and it is not ours to remove
            found = await self._titled(operation.title)
            if found is None or not found.active:
                raise
            return {"id": found.id, "adopted": True}
        return {"id": made["id"]}

    async def _titled(self, title: str) -> Milestone | None:
        rows = await self._list(f"{self._project}/milestones", title=title)
        found = [_milestone(row) for row in rows]
        return next((one for one in found if one.title == title and not one.group), None)

    async def _set_milestone(self, operation: SetMilestone, *, look: bool) -> dict[str, Any]:
        path = f"{self._project}/milestones/{_id(operation.id)}"
        if look:
            now = _milestone(await self._call("get", path))
            if now.title not in {operation.titled, operation.title}:
                message = f"somebody renamed the milestone to “{now.title}” meanwhile"
                raise Rejected(message)
            if _milestone_is_so(operation, now):
                return {}
        body: Row = {}
        if operation.title is not None:
            body["title"] = operation.title
        if operation.start is not None:
            body["start_date"] = operation.start
        if operation.due is not None:
            body["due_date"] = operation.due
        if operation.active is not None:
            body["state_event"] = "activate" if operation.active else "close"
        await self._call("put", path, body=body)
        return {}

    async def _remove_milestone(self, operation: RemoveMilestone) -> dict[str, Any]:
        path = f"{self._project}/milestones/{_id(operation.id)}"
        try:
            now = _milestone(await self._call("get", path))
        except Rejected as gone:
            if gone.gone:
                return {"removed": True}
            raise
        if now.title == operation.kept_title != operation.titled:
            return {"kept_title": operation.kept_title}
        if now.title != operation.titled:
            return {"kept": f"somebody renamed it to “{now.title}”"}
        inside = await asyncio.gather(
            self._call("get", f"{path}/issues", per_page=1), self._call("get", f"{path}/merge_requests", per_page=1)
        )
        if any(inside):
            await self._call("put", path, body={"title": operation.kept_title})
            return {"kept_title": operation.kept_title}
        await self._call("delete", path)
        return {"removed": True}

    # questions

    async def read(self, question: WeekQuestion) -> WeekFacts:
        """Answer a question about the weeks; raises Unavailable or Rejected."""
        at = self._clock()
        project, milestones, ranks = await asyncio.gather(
            self._read_project(), self._read_milestones(), self._read_ranks(wanted=question.ranks)
        )
        facts = WeekFacts(at=at, project=project, milestones=milestones, label_ranks=ranks)
        weeks = find_weeks(facts, self._team)
        wanted = _wanted(question, facts, weeks)
        above, *found = await asyncio.gather(
            self._read_group_milestones(project, wanted=question.ending is not None),
            *(self._read_issues(milestone) for milestone in wanted),
        )
        issues = {milestone.id: inside for milestone, inside in zip(wanted, found, strict=True)}
        known = {milestone.id for milestone in milestones}
        milestones += tuple(one for one in above if one.id not in known)
        events, unread = await self._read_events(question, weeks, issues)
        return WeekFacts(
            at=at,
            project=project,
            milestones=milestones,
            issues=issues,
            events=events,
            unread=unread,
            closed_by=await self._read_closed_by(question, weeks),
            label_ranks=ranks,
        )

    async def _read_project(self) -> Project:
        row = await self._call("get", self._project)
        namespace = row.get("namespace") or {}
        group = f"/groups/{namespace['id']}" if namespace.get("kind") == "group" else ""
        access = row.get("permissions") or {}
        levels = [part["access_level"] for part in access.values() if part and part.get("access_level") is not None]
        level = max(levels) if levels else await self._read_membership()
        return Project(row.get("path_with_namespace", ""), row.get("web_url", ""), level, group)

    async def _read_membership(self) -> int | None:
        """Ask for the token's own membership, where the project does not tell (None: GitLab does not say either)."""
        try:
            me = await self._call("get", "/user")
            member = await self._call("get", f"{self._project}/members/all/{me['id']}")
        except Rejected:
            return None
        level: int | None = member.get("access_level")
        return level

    async def _read_milestones(self) -> tuple[Milestone, ...]:
        rows = await self._list(f"{self._project}/milestones", include_ancestors=True)
        return tuple(_milestone(row) for row in rows)

    async def _read_group_milestones(self, project: Project, *, wanted: bool) -> tuple[Milestone, ...]:
        """Read the groups' milestones too: an older GitLab does not list them with the project's."""
        if not wanted or not project.group:
            return ()
        try:
            rows = await self._list(f"{project.group}/milestones", include_ancestors=True)
        except Rejected:
            return ()  # the token may belong to the project alone; a clash is then refused by GitLab itself
        return tuple(_milestone({"group_id": True, **row}) for row in rows)

    async def _read_ranks(self, *, wanted: bool) -> dict[str, int | None]:
        if not wanted:
            return {}
        return {row["name"]: row.get("priority") for row in await self._list(f"{self._project}/labels")}

    async def _read_issues(self, milestone: Milestone) -> tuple[Issue, ...]:
        nouns: tuple[Noun, ...] = ("issue", "merge_request")
        lists = await asyncio.gather(
            *(
                self._list(
                    f"{self._project}/{_PATHS[noun]}",
                    milestone=milestone.title,
                    state="all",
                    scope="all",
                    order_by="created_at",
                    sort="asc",
                )
                for noun in nouns
            )
        )
        found = (_issue(row, noun) for noun, rows in zip(nouns, lists, strict=True) for row in rows)
        # a group's milestone may carry the same title, and pages may overlap while people work
        return tuple({one.key: one for one in found if one.milestone == milestone.id}.values())

    async def _read_events(
        self, question: WeekQuestion, weeks: Weeks, issues: Mapping[int, tuple[Issue, ...]]
    ) -> tuple[dict[str, tuple[MilestoneEvent, ...]], frozenset[str]]:
        if not question.late or weeks.wow is None:
            return {}, frozenset()
        wow = weeks.wow.id
        unjudged = [one for one in issues.get(wow, ()) if one.open and (wow, one.key) not in question.judged]
        lists = await asyncio.gather(*(self._read_events_of(one) for one in unjudged))
        events = {one.key: found for one, found in zip(unjudged, lists, strict=True) if found is not None}
        return events, frozenset(one.key for one in unjudged if one.key not in events)

    async def _read_events_of(self, issue: Issue) -> tuple[MilestoneEvent, ...] | None:
        path = f"{self._project}/{_PATHS[issue.noun]}/{issue.iid}/resource_milestone_events"
        try:
            rows = await self._list(path)
        except Rejected:
            return None  # deleted a moment ago, or not shown to this token: nothing is said about it
        return tuple(
            MilestoneEvent(
                milestone=row["milestone"]["id"],
                added=row["action"] == "add",
                at=datetime.fromisoformat(row["created_at"]).astimezone(UTC),
                by=(row.get("user") or {}).get("username", ""),
            )
            for row in rows
            if row.get("milestone")
        )

    async def _read_closed_by(self, question: WeekQuestion, weeks: Weeks) -> dict[int, WhoAndWhen]:
        wanted = [weeks.closed[question.ending]] if question.ending in weeks.closed else []
        if question.closed_weeks:
            wanted += [weeks.closed[day] for day in sorted(weeks.closed, reverse=True)[: question.closed_weeks]]
        if not wanted:
            return {}
        ids = {milestone.id for milestone in wanted}
        try:
            rows = await self._call(
                "get", f"{self._project}/events", target_type="milestone", action="closed", per_page=PER_PAGE
            )
        except Rejected:
            return {}
        return {
            row["target_id"]: WhoAndWhen(
                (row.get("author") or {}).get("name") or row.get("author_username") or "somebody",
                datetime.fromisoformat(row["created_at"]).astimezone(UTC) if row.get("created_at") else None,
            )
            for row in reversed(rows)  # the newest comes first; let it win
            if row.get("target_id") in ids
        }

    # calls

    async def _list(self, path: str, **params: Any) -> list[Row]:  # noqa: ANN401 - query parameters
        """Read a list to its last page: the first tells how many there are, the others come side by side."""
        first = await self._response("get", path, per_page=PER_PAGE, page=1, **params)
        rows: list[Row] = _body(first)
        total = first.headers.get("X-Total-Pages", "")
        if total.isdigit():
            numbers = range(2, min(int(total), MOST_PAGES) + 1)
            pages = await asyncio.gather(
                *(self._call("get", path, per_page=PER_PAGE, page=number, **params) for number in numbers)
            )
            return [row for page in (rows, *pages) for row in page]
        following = first.headers.get("X-Next-Page", "")
        for _ in range(MOST_PAGES):
            if not following:
                break
            page = await self._response("get", path, per_page=PER_PAGE, page=int(following), **params)
            rows += _body(page)
            following = page.headers.get("X-Next-Page", "")
        return rows

    async def _call(self, method: str, path: str, *, body: Row | None = None, **params: Any) -> Any:  # noqa: ANN401
        return _body(await self._response(method, path, body=body, **params))

    async def _response(self, method: str, path: str, *, body: Row | None = None, **params: Any) -> requests.Response:  # noqa: ANN401
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._send, method, path, body, params)

    def _send(self, method: str, path: str, body: Row | None, params: Row) -> requests.Response:
        from gitlab.exceptions import GitlabError, GitlabHttpError  # noqa: PLC0415 - a fifth of a second, off the start

        outcome = "error"
        try:
            response = self._open().http_request(
                method,
                path,
                query_data=params,
                post_data=body,
                timeout=(CONNECT_SECONDS, READ_SECONDS),  # type: ignore[arg-type] # requests takes a pair
                obey_rate_limit=False,
                retry_transient_errors=False,
                max_retries=0,
            )
            outcome = "ok"
        except Unavailable:
            outcome = "limited"
            raise
        except GitlabHttpError as error:
            outcome = str(error.response_code)
            raise _meaning(error.response_code or 0, str(error.error_message)) from error
        except GitlabError as error:
            outcome = str(error.response_code or "error")
            raise _meaning(error.response_code or 0, str(error)) from error
        except requests.RequestException as error:
            outcome = "silent"
            message = f"GitLab does not answer ({type(error).__name__})"
            raise Unavailable(message) from error
        finally:
            metrics.calls.labels(method, outcome).inc()
        return response

    def _open(self) -> "gitlab.Gitlab":
        with self._lock:
            if self._client is None:
                import gitlab  # noqa: PLC0415 - a fifth of a second, off the start

                session = requests.Session()
                adapter = HTTPAdapter(pool_connections=2, pool_maxsize=AT_ONCE, max_retries=0)
                session.mount("http://", adapter)
                session.mount("https://", adapter)
                session.hooks["response"].append(_mind_the_limit)
                self._client = gitlab.Gitlab(self._url, private_token=self._token, session=session, keep_base_url=True)
            return self._client


def _mind_the_limit(response: requests.Response, **_: object) -> None:
    """Stop at a 429 while its headers are at hand; python-gitlab's error does not carry them."""
    if response.status_code == TOO_MANY_REQUESTS:
        message = "GitLab limits our rate"
        raise Unavailable(message, retry_after=_retry_after(response), world_is_down=False)


def _retry_after(response: requests.Response) -> float:
    try:
        seconds = Retry().parse_retry_after(response.headers.get("Retry-After", ""))
    except (InvalidHeader, ValueError, TypeError):
        seconds = DEFAULT_RETRY_AFTER
    return min(max(0.5, seconds), LONGEST_RETRY_AFTER)


def _meaning(status: int, said: str) -> Unavailable | Rejected:
    """Tell "later" from "never": only what GitLab has understood and refused is a refusal."""
    if status in SILENT:
        return Unavailable(f"GitLab does not answer ({status})")
    if status == requests.codes.unauthorized:
        return Unavailable("GitLab refuses the token (401); it may have expired")
    if status == requests.codes.conflict or status >= requests.codes.server_error:
        return Unavailable(f"GitLab answers with an error ({status})", world_is_down=False)
    if status == 0 or status < requests.codes.bad_request:
        return Unavailable("what answers is not GitLab's API", world_is_down=True)
    reason = said if str(status) in said else f"{said or 'refused'} ({status})"
    return Rejected(reason, gone=status == requests.codes.not_found)


def _body(response: requests.Response) -> Any:  # noqa: ANN401 - JSON is of any shape
    if response.status_code == requests.codes.no_content or not response.content:
        return {}
    try:
        return response.json()
    except ValueError as error:
        message = "what answers is not GitLab's API"
        raise Unavailable(message) from error


def _wanted(question: WeekQuestion, facts: WeekFacts, weeks: Weeks) -> list[Milestone]:
    by_id = {milestone.id: milestone for milestone in facts.milestones}
    wanted = [by_id[one] for one in question.milestones if one in by_id]
    if question.wow and weeks.wow:
        wanted.append(weeks.wow)
    if question.following and weeks.following:
        wanted.append(weeks.following)
    wanted += [weeks.closed[day] for day in sorted(weeks.closed, reverse=True)[: question.closed_weeks]]
    return list({milestone.id: milestone for milestone in wanted}.values())


def _id(milestone: int | Made) -> int:
    if isinstance(milestone, Made):
        message = f"the milestone “{milestone.key}” was not made"
        raise Rejected(message)
    return milestone


def _why_kept(operation: SetIssue, issue: Issue) -> str:
    """Say why an issue must be left alone: a person was faster."""
    expected = {_id(operation.source)} | ({_id(operation.milestone)} if operation.milestone is not None else set())
    if issue.milestone not in expected:
        return "somebody moved it meanwhile"
    moves = operation.milestone is not None and issue.milestone != _id(operation.milestone)
    if moves and not issue.open and not operation.closed_too:
        return "it was closed meanwhile"
    return ""


def _is_so(operation: SetIssue, issue: Issue) -> bool:
    moved = operation.milestone is None or issue.milestone == _id(operation.milestone)
    labelled = set(operation.add) <= set(issue.labels) and not set(operation.remove) & set(issue.labels)
    return moved and labelled


def _milestone_is_so(operation: SetMilestone, now: Milestone) -> bool:
    return all(
        wanted is None or wanted == is_now
        for wanted, is_now in (
            (operation.title, now.title),
            (operation.start, now.start.isoformat() if now.start else ""),
            (operation.due, now.due.isoformat() if now.due else ""),
            (operation.active, now.active),
        )
    )


def _milestone(row: Row) -> Milestone:
    return Milestone(
        id=row["id"],
        title=row["title"],
        active=row.get("state") != "closed",
        start=_date(row.get("start_date")),
        due=_date(row.get("due_date")),
        url=row.get("web_url") or "",
        group=bool(row.get("group_id")),
    )


def _issue(row: Row, noun: Noun) -> Issue:
    return Issue(
        iid=row["iid"],
        title=row.get("title") or "",
        labels=tuple(label if isinstance(label, str) else label["name"] for label in row.get("labels") or ()),
        milestone=(row.get("milestone") or {}).get("id"),
        open=row.get("state") in {"opened", "open", "reopened", "locked"},
        url=row.get("web_url") or "",
        noun=noun,
        confidential=bool(row.get("confidential")),
    )


def _date(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


