"""Text in Markdown that a forge shows as it is: it formats nothing, links nothing and mentions nobody."""

from __future__ import annotations

import re

_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
)


def cell(text: str) -> str:
    """`text` on one line, to stand in a table's cell or a sentence."""
    shown = _visible(text).translate(_ESCAPES).replace("://", ":\\//").replace("www.", "www\\.")
    return re.sub(r"^([-+])|^(\d+)([.)])", r"\2\\\1\3", shown)


def code(text: str) -> str:
    """`text` as code, on one line. Not for a table, where a bar would still end the cell."""
    shown = _visible(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
