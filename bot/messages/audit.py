"""What is said of the audit, at a terminal."""

from collections.abc import Mapping
from typing import Final

NOTHING_FOUND: Final = "No line of the audit is like that."


def nobody_is(who: str) -> str:
    """Say that the audit knows nobody of that name."""
    return f"--by: the audit has no line by “{who}”. Give a Slack id, a name as Slack shows it, or terminal:name."


def newest(shown: int, found: int) -> str:
    """Say that there are more lines."""
    return f"The newest {shown:,} of {found:,} lines; -n 0 shows all."


def line(written: Mapping[str, str]) -> str:
    """Write one line of the audit."""
    who = f"{written['name']} ({written['who']})" if written["name"] else written["who"]
    detail = f": {_flat(written['detail'])}" if written["detail"] else ""
    where = f", {written['channel']}" if written["channel"] else ""
    at = f"{written['at'][:10]} {written['at'][11:19]}Z"
    return f"{at}  {written['outcome']:<7}  {_flat(who)}  {_flat(written['command'])}{detail}  [{written['source']}{where}]"


def _flat(text: str) -> str:
    return " ".join(text.split())
