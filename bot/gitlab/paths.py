"""Where things are in GitLab's API: https://docs.gitlab.com/api/rest/ ."""

from collections.abc import Mapping
from urllib.parse import quote

from bot.domain.tracker import Noun

PATHS: Mapping[Noun, str] = {"issue": "issues", "merge_request": "merge_requests"}
NOUNS: tuple[Noun, ...] = ("issue", "merge_request")


def project_path(project: str) -> str:
    """Write the path for a project given by its path or its number."""
    return f"/projects/{quote(project, safe='')}"
