"""Escapes text for Markdown, so that it formats nothing, links nothing and mentions nobody."""

from __future__ import annotations

import re

from pioneer_build.wording import visible

_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
)


def cell(text: str) -> str:
    """`text` on one line, for a table cell or within a sentence."""
    return visible(text).translate(_ESCAPES).replace("://", ":\\//").replace("www.", "www\\.")


def list_item(text: str) -> str:
    """`text` as a list item, where a sign or number at its start would begin a nested list."""
    return re.sub(r"^([-+])|^(\d+)([.)])", r"\2\\\1\3", cell(text))


def code(text: str) -> str:
    """`text` as code, on one line and without backticks; `|` is escaped, because it would end a table cell."""
    return f"`{visible(text).replace('`', '').replace('|', chr(92) + '|') or ' '}`"
