"""What is written in place of a sign that a terminal's encoding cannot carry."""

import codecs
import io
from collections.abc import Mapping
from typing import TextIO

STAND_INS: Mapping[str, str] = {
    "·": "-", "•": "*", "…": "...", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "⚠": "!", "✓": "+",
    "⚑": "#", "◷": "~", "↩": "<", "ℹ": "i", "■": "x", "✗": "x", "▾": "v", "▏": "|", "→": ">",
}  # fmt: skip
"""Of one cell each where a table may hold them; what is not listed becomes a question mark."""


def stand_in(stream: TextIO) -> None:
    """Let a stream write stand-ins where its encoding lacks a sign."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_NAME)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(STAND_INS.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


_NAME = "baton-stand-ins"
codecs.register_error(_NAME, _stand_in)
