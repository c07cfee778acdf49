"""Text on lines of a terminal's width."""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def wrapped(text: str, width: int, *, first: int = 0, rest: int = 0) -> list[str]:
    """`text` on lines of at most `width` columns, colours not counted; a word is never cut.

    Args:
        text: without line feeds.
        width: of the terminal.
        first: how far the first line is moved in.
        rest: how far all others are.
    """
    lines: list[str] = []
    line, room = " " * first, width - first
    empty = True
    for word in text.split(" "):
        size = len(_COLOUR.sub("", word))
        if not empty and size + 1 > room:
            lines.append(line)
            line, room, empty = " " * rest, width - rest, True
        line += word if empty else f" {word}"
        room -= size if empty else size + 1
        empty = False
    return [*lines, line.rstrip()]
