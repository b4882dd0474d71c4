"""Which letters can be read on a label: https://www.w3.org/TR/WCAG22/#contrast-minimum."""

import re
from typing import Final

_DARK: Final = "#000000"
_LIGHT: Final = "#ffffff"


def ink_on(colour: str) -> str:
    """The colour of letters that stands out most on a label of this colour (`#rrggbb`)."""
    return max((_LIGHT, _DARK), key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, from 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        return 1.0
    shares = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
