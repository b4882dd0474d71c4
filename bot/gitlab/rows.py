"""GitLab's rows, read into the tracker's values."""

from datetime import UTC, date, datetime

from bot.domain.tracker import Issue, LabelEvent, Milestone, MilestoneEvent, Noun, OngoingIssue, Project
from bot.gitlab.calls import Row


def project(row: Row) -> Project:
    """Read a project, with the highest role that it says the token has: https://docs.gitlab.com/api/projects/."""
    namespace = row.get("namespace") or {}
    access = (row.get("permissions") or {}).values()
    levels = [part["access_level"] for part in access if part and part.get("access_level") is not None]
    return Project(
        path=row.get("path_with_namespace", ""),
        url=row.get("web_url", ""),
        access_level=max(levels, default=None),
        group=f"/groups/{namespace['id']}" if namespace.get("kind") == "group" else "",
        archived=bool(row.get("archived")),
        has_issues=row.get("issues_enabled") is not False and row.get("issues_access_level") != "disabled",
    )


def milestone(row: Row) -> Milestone:
    """Read a milestone: https://docs.gitlab.com/api/milestones/."""
    return Milestone(
        id=row["id"],
        title=row["title"],
        active=row.get("state") != "closed",
        start=_date(row.get("start_date")),
        due=_date(row.get("due_date")),
        url=row.get("web_url") or "",
        group=bool(row.get("group_id")),
    )


def issue(row: Row, noun: Noun) -> Issue:
    """Read an issue or a merge request: https://docs.gitlab.com/api/issues/."""
    return Issue(
        iid=row["iid"],
        title=row.get("title") or "",
        labels=tuple(label if isinstance(label, str) else label["name"] for label in row.get("labels") or ()),
        milestone=(row.get("milestone") or {}).get("id"),
        open=row.get("state") in {"opened", "open", "reopened", "locked"},
        url=row.get("web_url") or "",
        noun=noun,
        confidential=bool(row.get("confidential")),
        changed=row.get("updated_at") or "",
        created=row.get("created_at") or "",
        closed=row.get("closed_at") or "",
    )


def ongoing(row: Row) -> OngoingIssue:
    """Read an issue as one that is being worked on around the clock."""
    as_issue = issue(row, "issue")
    return OngoingIssue(
        iid=as_issue.iid,
        title=as_issue.title,
        url=as_issue.url,
        created_at=moment(row["created_at"]),
        updated_at=moment(row.get("updated_at") or row["created_at"]),
        labels=as_issue.labels,
        assignees=tuple(each["username"] for each in row.get("assignees") or ()),
        confidential=as_issue.confidential,
    )


def label_rank(row: Row) -> tuple[str, int | None]:
    """Read a label's name, and its priority where the project gave it one: https://docs.gitlab.com/api/labels/."""
    return str(row["name"]), row.get("priority")


def milestone_event(row: Row) -> MilestoneEvent | None:
    """Read that somebody put an issue into a milestone or took it out; None when that milestone is deleted."""
    if not row.get("milestone"):
        return None
    return MilestoneEvent(
        milestone=row["milestone"]["id"],
        added=row["action"] == "add",
        at=moment(row["created_at"]),
        by=(row.get("user") or {}).get("username", ""),
    )


def label_event(row: Row) -> LabelEvent | None:
    """Read that somebody put a label on an issue or took it off; None when that label is deleted."""
    if not row.get("label"):
        return None
    return LabelEvent(
        label=row["label"]["name"],
        added=row["action"] == "add",
        at=moment(row["created_at"]),
        by=(row.get("user") or {}).get("username", ""),
    )


def moment(written: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(written).astimezone(UTC)


def _date(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
