"""The GitLab edge: performs operations, answers questions. The one room that knows GitLab's URLs, fields and codes.

https://docs.gitlab.com/api/rest/
"""

from bot.gitlab.edge import Gitlab

__all__ = ["Gitlab"]
