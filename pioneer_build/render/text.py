"""Text for a terminal: lines of its width, and colours."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Colour: TypeAlias = Literal["red", "green", "yellow", "magenta", "cyan"]

_ANSI: Final[dict[Colour, int]] = {"red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}
_WORDS: Final = re.compile(r"( *)([^ ]+)")
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")

#: The colours of the symbols that stand before a dataset: what comes is green, what goes is red.
SYMBOL_COLOURS: Final[dict[str, Colour]] = {
    "+": "green", "↑": "green", "±": "yellow", "~": "yellow", "↺": "cyan", "-": "red", "×": "red", "!": "red",
    "?": "magenta",
}  # fmt: skip


def coloured(text: str, colour: Colour | None, *, on: bool) -> str:
    """`text` in a colour (ANSI).

    Args:
        text: to be coloured.
        colour: `None` leaves it as it is.
        on: whether there are colours at all.
    """
    return f"\x1b[{_ANSI[colour]}m{text}\x1b[0m" if on and colour is not None else text


def wrapped(text: str, width: int, *, first: int = 0, rest: int = 0) -> list[str]:
    """`text` on lines of at most `width` columns, colours not counted; a word is never cut.

    Args:
        text: without line feeds. Spaces at a break are dropped.
        width: of the terminal, in columns.
        first: how far the first line is moved in, in columns.
        rest: how far all others are.
    """
    lines: list[str] = []
    line, indent, used = "", first, 0
    for gap, word in _WORDS.findall(text):
        size = len(_COLOUR.sub("", word))
        if line and indent + used + len(gap) + size > width:
            lines.append(" " * indent + line)
            line, indent, used = word, rest, size
        else:
            line += gap + word
            used += len(gap) + size
    return [*lines, (" " * indent + line).rstrip()]
