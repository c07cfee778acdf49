"""Takes out of a text what may stand between the characters of a spelled key, and knows where the rest was.

What is left is searched with patterns that have no gaps. A pattern with gaps would read a long one again from each
place in it at which a key may begin: `\\t` ends in a letter of base32.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

#: White space, control characters, and characters that have no width.
_ASCII_SPACE: Final = "\x00-\x20\x7f"
_WIDE_SPACE: Final = (
    "\x80-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\U000e0000-\U000e0fff"
)
_HEX: Final = "[0-9a-fA-F]"
#: Their escapes, after the backslash.
ESCAPED_SPACE: Final = (
    rf"u(?:00(?:[0189]{_HEX}|20|7[fF]|[aA][0dD])|034[fF]|061[cC]|115[fF]|1160|1680|17[bB][45]|180[b-fB-F]|20[0-6]{_HEX}"
    rf"|3000|3164|[fF](?:[eE]{_HEX}{{2}}|[fF](?:[aA]0|[fF][0-9a-dA-D]))|[dD][89a-fA-F]{_HEX}{{2}})"
)
#: A backslash and one of these letters is read in two ways: both are between two characters of the key, or only the
#: backslash is, because there is one before each of them.
_LETTERS: Final = "[nrtbfv]"


def _gap(escaped: str) -> re.Pattern[str]:
    """A pattern for as many of them as there are. A backslash in front of nothing of the kind is one, too."""
    one = rf"[\\{_ASCII_SPACE}{_WIDE_SPACE}](?:(?<=\\)(?:{escaped}))?+"
    return re.compile(f"{one}(?:{one})*+")


_LETTER: Final = re.compile(rf"\\{_LETTERS}")
_GAP: Final = _gap(f"{_LETTERS}|{ESCAPED_SPACE}")
_ESCAPED_GAP: Final = _gap(ESCAPED_SPACE)

# The same for bytes, which are mostly ASCII: their gaps are taken out by a table.
_IN_BYTES: Final = re.compile(rf"\\(?:{_LETTERS}|{ESCAPED_SPACE})".encode("ascii"))
_LETTER_IN_BYTES: Final = re.compile(_LETTER.pattern.encode("ascii"))
_ESCAPED_IN_BYTES: Final = re.compile(rf"\\{ESCAPED_SPACE}".encode("ascii"))
_WIDE_GAPS: Final = re.compile(f"[{_WIDE_SPACE}]")
_ASCII: Final = bytes(range(0x80))
_ASCII_GAPS: Final = bytes(code for code in range(0x80) if re.match(rf"[\\{_ASCII_SPACE}]", chr(code)))


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


def squeezed_bytes(body: bytes) -> list[bytes]:
    """The same as `squeezed` for UTF-8, only without the places. Bytes that aren't UTF-8 are gaps, too.

    That takes a few ms for a megabyte.
    """
    body = _as_utf_8(body)  # or bytes around an escape would become a character
    if b"\\" not in body:
        return [_without_single(body)]
    either = _without_single(_IN_BYTES.sub(b"", body))
    both = _LETTER_IN_BYTES.search(body) is not None
    return [either, _without_single(_ESCAPED_IN_BYTES.sub(b"", body))] if both else [either]


def _without_single(body: bytes) -> bytes:
    return without_wide(body).translate(None, _ASCII_GAPS)


def without_escaped_space(body: bytes) -> bytes:
    """Without escapes of white space and the like."""
    return _ESCAPED_IN_BYTES.sub(b"", body) if b"\\u" in body else body


def without_wide(body: bytes) -> bytes:
    """UTF-8 without the gaps that aren't ASCII, and without bytes that aren't UTF-8."""
    if body.isascii():
        return body
    body = _as_utf_8(body)
    for char in set(_WIDE_GAPS.findall(body.translate(None, _ASCII).decode("utf-8"))):
        body = body.replace(char.encode("utf-8"), b"")
    return body


def _as_utf_8(body: bytes) -> bytes:
    """With a character that is a gap in place of bytes that aren't UTF-8."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace").encode("utf-8")
    return body
