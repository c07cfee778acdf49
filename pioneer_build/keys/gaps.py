"""Takes out of a text what may stand between the characters of a spelled key, and knows where the rest was.

What is left is searched with patterns that have no gaps. A pattern with gaps would read a long one again from each
place in it at which a key may begin: `\\t` ends in a letter of base32.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

#: White space, control characters, and characters that have no width.
_SEEN_AS_SPACE: Final = (
    "\\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\U000e0000-\U000e0fff"
)
_HEX: Final = "[0-9a-fA-F]"
#: Their escapes, after the backslash.
_ESCAPED: Final = (
    rf"u(?:00(?:[01]{_HEX}|20|7[fF]|[aA][0dD])|20[0-6]{_HEX}|[fF][eE]{_HEX}{{2}}|[dD][89a-fA-F]{_HEX}{{2}})"
)


def _gap(escaped: str) -> re.Pattern[str]:
    """A pattern for as many of them as there are. A backslash in front of nothing of the kind is one, too."""
    one = rf"[\\{_SEEN_AS_SPACE}](?:(?<=\\)(?:{escaped}))?+"
    return re.compile(f"{one}(?:{one})*+")


#: A backslash and one of these letters is read in two ways: both are between two characters of the key, or only the
#: backslash is, because there is one before each of them.
_LETTER: Final = re.compile(r"\\[nrtbfv]")
_GAP: Final = _gap(f"[nrtbfv]|{_ESCAPED}")
_ESCAPED_GAP: Final = _gap(_ESCAPED)


class Squeezed:
    """A text without gaps.

    Args:
        original: with them.
        gap: what is taken out.
    """

    __slots__ = ("_gap", "_original", "_places", "_taken", "text")

    def __init__(self, original: str, gap: re.Pattern[str]) -> None:
        self._original, self._gap = original, gap
        self.text = gap.sub("", original)
        # where a gap was in `text`, and how many characters were taken out up to there; made when they are needed
        self._places: list[int] | None = None
        self._taken = [0]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original the characters of `text` from `start` up to `end` are, from the first to the last."""
        if self._places is None:
            self._places = []
            for found in self._gap.finditer(self._original):
                self._places.append(found.start() - self._taken[-1])
                self._taken.append(self._taken[-1] + found.end() - found.start())
        places, last = self._places, end - 1
        return start + self._taken[bisect_right(places, start)], last + self._taken[bisect_right(places, last)] + 1


def squeezed(text: str) -> list[Squeezed]:
    """`text` without its gaps, in one or both of the ways in which they can be read."""
    either = Squeezed(text, _GAP)
    return [either] if _LETTER.search(text) is None else [either, Squeezed(text, _ESCAPED_GAP)]
