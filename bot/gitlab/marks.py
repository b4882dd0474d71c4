"""Hidden comments in what Baton writes in GitLab, by which it knows its own again, whatever stands around them.

They stand on a line of their own: in a reply that quotes one it is no mark any more.
"""

import re
from hashlib import sha256

_MARK = re.compile(r"^<!-- baton:(\S+) -->[ \t\r]*$", re.MULTILINE)


def marked(text: str, marker: str) -> str:
    """Hide `marker` at the end of a text."""
    return "\n\n".join(part for part in (text, f"<!-- baton:{marker} -->") if part)


def is_marked(text: str, marker: str) -> bool:
    """Tell whether a text carries `marker`."""
    return re.search(rf"^<!-- baton:{re.escape(marker)} -->[ \t\r]*$", text, re.MULTILINE) is not None


def marker_of(text: str) -> str:
    """Read what is hidden in a text, the last where there are several; empty where nothing is."""
    return next(iter(reversed(_MARK.findall(text))), "")


def is_same(one: str, other: str) -> bool:
    """Tell whether two texts say the same: GitLab may write the ends of lines in its own way, and cuts blanks off."""
    return _plain(one) == _plain(other)


def on_top(text: str, marker: str, present: str) -> tuple[str, bool]:
    """Put a text on top of what is present, in place of an earlier one with the same marker that nobody touched since.

    Where somebody did, theirs stays, below ours. Tells also whether this very text was put there before and edited:
    then it is left alone.
    """
    seal = _seal(text)
    earlier = re.search(rf"^<!-- baton:{re.escape(marker)} ([0-9a-f]{{16}}) -->[ \t\r]*\n*", present, re.MULTILINE)
    rest = present
    if earlier:
        ours, below = present[: earlier.start()], present[earlier.end() :]
        untouched = _seal(ours) == earlier[1]
        if earlier[1] == seal:
            return present, not untouched
        rest = below if untouched else "\n\n".join(part for part in (ours.rstrip(), below) if part)
    return "\n\n".join(part for part in (text, f"<!-- baton:{marker} {seal} -->", rest) if part), False


def _seal(text: str) -> str:
    """Make a short digest, by which it shows whether somebody changed the text."""
    return sha256(_plain(text).encode()).hexdigest()[:16]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
