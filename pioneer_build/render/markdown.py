"""Text in Markdown that a forge shows as it is: it formats nothing, links nothing and mentions nobody."""

from __future__ import annotations

import re

_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
)


def cell(text: str) -> str:
    """`text` on one line, to stand in a table's cell or within a sentence."""
    return _visible(text).translate(_ESCAPES).replace("://", ":\\//").replace("www.", "www\\.")


def list_item(text: str) -> str:
    """`text` as all of a list's item, where a sign or number at its start would begin a list of its own."""
    return re.sub(r"^([-+])|^(\d+)([.)])", r"\2\\\1\3", cell(text))


def code(text: str) -> str:
    """`text` as code, on one line and without backticks; a bar is escaped, as a table would end at it."""
    return f"`{_visible(text).replace('`', '').replace('|', chr(92) + '|') or ' '}`"


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
