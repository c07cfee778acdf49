"""Escapes text for Markdown, so that it formats nothing, links nothing and mentions nobody.

GitHub and GitLab look for mentions, issues and links in what Markdown has made of a text, so that escapes of Markdown
and HTML don't hide them there. A space without width after the sign does.
"""

from __future__ import annotations

import re
from typing import Final

from pioneer_build.escaping import visible

_PARTED: Final = "&#8203;"
_ESCAPES: Final = str.maketrans(
    {char: f"\\{char}" for char in "\\`*_[]|~"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": f"@{_PARTED}", "#": f"\\#{_PARTED}"}
)
#: `http://`, `www.`, `GH-12` (an issue), `:shipit:` (a picture), a commit, and GitLab's `!12`, `%4`, `~5` and `&3`.
_LINKS: Final = re.compile(
    r":(?=//|[\w+-]+:)|www(?=\.)|GH-(?=\d)|(?:[!%]|\\~|&amp;)(?=\d)"
    r"|(?<![0-9a-z])[0-9a-f]{7}(?=[0-9a-f]{33}(?![0-9a-z]))",
    re.IGNORECASE,
)


def cell(text: str) -> str:
    """`text` on one line, for a table cell or within a sentence."""
    shown = _LINKS.sub(rf"\g<0>{_PARTED}", visible(text).translate(_ESCAPES))
    # two of them on a line, perhaps of two texts, are a formula, which can be drawn over anything
    return shown.replace("$", "<span>$</span>")


def list_item(text: str) -> str:
    """`text` as a list item, where a sign or number at its start would begin a nested list."""
    return re.sub(r"^(\s*)(?:([-+])|(\d+)([.)]))", r"\1\3\\\2\4", cell(text))


def code(text: str) -> str:
    """`text` as code on one line, also in a table cell.

    A backtick would end a code span, and a bar the cell with the code in it, whatever is before it; text with one of
    them is escaped in an element instead.
    """
    if not set("`|\\").isdisjoint(text):
        return f"<code>{cell(text)}</code>"
    return f"`{visible(text).strip() or ' '}`"
