"""Which outages go on, as GitLab has it: the open issues with the label, and what became of those that are known.

What passes from shift to shift comes with it: issues about data loss, too, and how urgent the project's labels are.
https://docs.gitlab.com/api/issues/ and https://docs.gitlab.com/api/resource_label_events/
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from bot.domain.errors import Rejected
from bot.domain.questions import OutageQuestion
from bot.domain.team import Labels
from bot.domain.tracker import LabelEvent, OngoingIssue, OutageFacts, OutageIssue
from bot.gitlab import rows
from bot.gitlab.calls import Calls, Row, each_of, together
from bot.gitlab.marks import marker_of
from bot.gitlab.user import OwnUser


class _Seen(NamedTuple):
    issue: OutageIssue
    author: int | None
    unlabelled: bool
    ongoing: OngoingIssue | None


class Outages:
    """Reads the outages of one project."""

    def __init__(self, calls: Calls, project: str, labels: Labels, user: OwnUser) -> None:
        self._calls, self._project, self._labels, self._user = calls, project, labels, user

    async def read(self, question: OutageQuestion, at: datetime) -> OutageFacts:
        """Answer a question about outages; raises Unavailable or Rejected."""
        found_here: list[Any] = await together(
            self._read_labelled(self._labels.outage), self._read_labelled(self._labels.data_loss), self._read_ranks()
        )
        listed: list[_Seen] = found_here[0]
        about_data_loss: list[_Seen] = found_here[1]
        # pages may overlap while people work, and a name may mean more to GitLab than this one label
        seen = {one.issue.iid: one for one in listed if one.issue.open}
        others = [iid for iid in dict.fromkeys(question.known) if iid not in seen]
        found = dict(zip(others, await each_of(others, self._look_at), strict=True))
        seen |= {iid: one for iid, one in found.items() if one is not None}
        gone = tuple(iid for iid, one in found.items() if one is None)
        if gone and not await self._has_issues():
            gone = ()
        ongoing = {one.issue.iid: one.ongoing for one in (*seen.values(), *about_data_loss) if one.ongoing}
        return OutageFacts(
            at,
            await self._without_copied_markers(list(seen.values())),
            gone,
            ongoing=tuple(ongoing.values()),
            label_ranks=found_here[2],
        )

    async def _read_labelled(self, label: str) -> list[_Seen]:
        return await self._calls.rows(
            f"{self._project}/issues",
            self._seen,
            labels=label,
            state="opened",
            scope="all",
            order_by="created_at",
            sort="asc",
        )

    async def _read_ranks(self) -> dict[str, int | None]:
        try:
            return dict(await self._calls.rows(f"{self._project}/labels", rows.label_rank))
        except Rejected:
            return {}  # then the handbook's own order will do

    def _seen(self, row: Row) -> _Seen:
        as_issue = rows.issue(row, "issue")
        open_and_labelled = as_issue.open and self._labels.outage in as_issue.labels
        author = row.get("author") or {}
        issue = OutageIssue(
            iid=as_issue.iid,
            title=as_issue.title,
            url=as_issue.url,
            open=open_and_labelled,
            began_at=rows.moment(row["created_at"]),
            by=author.get("username") or "",
            confidential=as_issue.confidential,
            data_loss=self._labels.data_loss in as_issue.labels,
            marker=marker_of(row.get("description") or ""),
        )
        if not open_and_labelled:
            closed = None if as_issue.open else row.get("closed_at")
            by = None if as_issue.open else row.get("closed_by")
            ended_at = rows.moment(closed or row.get("updated_at") or row["created_at"])
            issue = replace(issue, ended_at=ended_at, ended_by=(by or {}).get("username") or "")
        passes_on = as_issue.open and not {self._labels.outage, self._labels.data_loss}.isdisjoint(as_issue.labels)
        return _Seen(
            issue,
            author.get("id"),
            unlabelled=as_issue.open and not open_and_labelled,
            ongoing=rows.ongoing(row) if passes_on else None,
        )

    async def _look_at(self, iid: int) -> _Seen | None:
        """Read an issue that is known; None where GitLab does not show it (any more)."""
        path = f"{self._project}/issues/{iid}"
        try:
            seen = await self._calls.row("get", path, self._seen)
        except Rejected as refusal:
            if refusal.gone:
                return None
            raise
        taken_off = await self._taken_off(path) if seen.unlabelled else None
        if taken_off is None:
            return seen
        return seen._replace(issue=replace(seen.issue, ended_at=taken_off.at, ended_by=taken_off.by))

    async def _taken_off(self, path: str) -> LabelEvent | None:
        """Find out when somebody took the label off; None where GitLab does not tell."""
        try:
            events = await self._calls.rows(f"{path}/resource_label_events", rows.label_event)
        except Rejected:
            return None
        removed = [one for one in events if one is not None and one.label == self._labels.outage and not one.added]
        return max(removed, key=lambda one: one.at, default=None)

    async def _has_issues(self) -> bool:
        """Tell whether issues are on: switched off, all of them look deleted."""
        return (await self._calls.row("get", self._project, rows.project)).has_issues

    async def _without_copied_markers(self, seen: list[_Seen]) -> tuple[OutageIssue, ...]:
        """Take a marker for ours only where our own user wrote it: whoever copies an issue copies its marker."""
        if not any(one.issue.marker for one in seen):
            return tuple(one.issue for one in seen)
        try:
            own = (await self._user.read()).id
        except Rejected:
            return tuple(one.issue for one in seen)
        return tuple(one.issue if one.author == own else replace(one.issue, marker="") for one in seen)
