"""Texts in which there is nothing to see: empty, white space, or characters that are not shown.

Such a text looks empty to people, but not to a service, which would be paid for it.
"""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: First and last characters that show nothing, besides white space: control characters (Cc), what Unicode calls
#: Default_Ignorable_Code_Point (zero-width characters, directions, variation selectors, fillers, tags), the marks of
#: interlinear annotations, and the blank Braille pattern.
_INVISIBLE: Final = (
    (0x0000, 0x001F), (0x007F, 0x009F), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160),
    (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
#: White space (`str.isspace`) beyond the control characters.
_SPACES: Final = (
    "\x20\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

_first = itemgetter(0)


@cache
def _characters() -> frozenset[str]:
    return frozenset(_SPACES).union(*(map(chr, range(first, last + 1)) for first, last in _INVISIBLE))


def is_blank(text: str) -> bool:
    """Whether nothing of `text` can be seen. An empty text is blank."""
    return _characters().issuperset(text)


def any_blank(texts: Sequence[str]) -> bool:
    """Whether one of `texts` is blank. Looks at the first character of each, which nearly always decides."""
    if not all(texts):
        return True
    return not _characters().isdisjoint(map(_first, texts)) and any(map(is_blank, texts))


def what_is_blank(text: str) -> str:
    """What is wrong with a blank text, in words: it is empty, or which character it has that can't be seen."""
    if not text or text.isspace():
        return "is empty"
    one = next(char for char in text if not char.isspace())
    return f"is empty but for characters that can't be seen (U+{ord(one):04X})"
