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


def on_top(text: str, marker: str, present: str, instead_of: str = "") -> tuple[str, bool]:
    """Put a text on top of what is present, in place of an earlier one with the same marker that nobody touched since.

    It stands in place of `instead_of`, too, where that is there word for word. What somebody touched, or wrote around
    it, stays, below ours, and so do the marks of others. Tells also whether this very text was put there before and edited:
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
    parts = (text, f"<!-- baton:{marker} {seal} -->", _without(rest, instead_of))
    return "\n\n".join(part for part in parts if part), False


def _without(present: str, ours: str) -> str:
    """Take whole lines out, with the empty ones below them, whatever ends they have by now."""
    lines = (re.escape(line.rstrip()) for line in _plain(ours).split("\n"))
    whole = r"[ \t]*\r?\n".join(lines)
    return re.sub(rf"^{whole}[ \t\r]*$(?:\s*\n)?", "", present, count=1, flags=re.MULTILINE) if whole else present


def _seal(text: str) -> str:
    """Make a short digest, by which it shows whether somebody changed the text."""
    return sha256(_plain(text).encode()).hexdigest()[:16]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
