"""Text for a terminal: wraps lines."""

from __future__ import annotations

import re
from typing import Final

from pioneer_build.render.colours import COLOUR_CODE

_WORDS: Final = re.compile(r"( *)([^ ]+)")


def wrapped(text: str, width: int, *, first: int = 0, rest: int = 0) -> list[str]:
    """`text` on lines of at most `width` columns, not counting colour codes; a word is never cut.

    Args:
        text: without line feeds. Spaces at a break are dropped.
        width: of the terminal, in columns.
        first: indent of the first line, in columns.
        rest: indent of all other lines, in columns.
    """
    lines: list[str] = []
    line, indent, used = "", first, 0
    for gap, word in _WORDS.findall(text.rstrip(" ")):
        size = len(COLOUR_CODE.sub("", word))
        if line and indent + used + len(gap) + size > width:
            lines.append(" " * indent + line)
            line, indent, used = word, rest, size
        else:
            line += gap + word
            used += len(gap) + size
    return [*lines, (" " * indent + line).rstrip()]
