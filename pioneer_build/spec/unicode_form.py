"""Unicode normal forms (UAX #15) in time that is proportional to the text, whatever is in it.

Python sorts a run of combining marks by inserting each, which takes minutes for some 100 kB of marks that are out of
order, and no signal ends it. So the marks of long runs are put in order first. That changes no normal form: texts that
differ in this order are equivalent by definition.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final
from unicodedata import combining, normalize

#: Shorter runs of marks are sorted at once by Python, too.
_LONG_RUN: Final = 64
#: Finds every long run of marks, and some of other characters.
_RUN: Final = rf"[^\w\s\x00-\x7f]{{{_LONG_RUN},}}"
#: Marks that `combining` calls none: they stand for two that are.
_DOUBLE_MARKS: Final = frozenset("\u0f73\u0f75\u0f81")


def nfc(text: str) -> str:
    """`text` in normal form C."""
    return text if text.isascii() else normalize("NFC", _with_sorted_marks(text))


def nfd(text: str) -> str:
    """`text` in normal form D."""
    return text if text.isascii() else normalize("NFD", _with_sorted_marks(text))


def is_mark(char: str) -> bool:
    """Whether `char` belongs to the character before it: never the first of a sequence that can be reordered."""
    return combining(char) != 0 or char in _DOUBLE_MARKS


def _with_sorted_marks(text: str) -> str:
    """A text of the same normal forms, in which long runs of marks are in canonical order."""
    if len(text) < _LONG_RUN:
        return text
    sample = text[_LONG_RUN - 1 :: _LONG_RUN]  # has a character of every long run
    if not any(map(combining, sample)) and _DOUBLE_MARKS.isdisjoint(sample):
        return text
    return re.sub(_RUN, _sorted_marks, text)


def _sorted_marks(run: re.Match[str]) -> str:
    parts = "".join(normalize("NFD", char) for char in run[0])  # one by one: together they would be sorted there
    return "".join(
        "".join(sorted(group, key=combining) if marks else group)
        for marks, group in groupby(parts, key=lambda char: combining(char) != 0)
    )
