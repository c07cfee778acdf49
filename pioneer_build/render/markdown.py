"""Text in Markdown that a forge shows as it is: it formats nothing, links nothing and mentions nobody.

A comment of a pull request is bounded: `fitting` cuts a page by whole rows and whole datasets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pioneer_build.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Characters of a page: GitHub takes comments of up to 65,536, and the rest is room for what posts it.
MARKDOWN_LIMIT: Final = 60_000
#: Characters kept free for the sentences that say what is left out.
RESERVED: Final = 400

_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
)


def cell(text: str) -> str:
    """`text` on one line, to stand in a table's cell or within a sentence."""
    return visible(text).translate(_ESCAPES).replace("://", ":\\//").replace("www.", "www\\.")


def list_item(text: str) -> str:
    """`text` as all of a list's item, where a sign or number at its start would begin a list of its own."""
    return re.sub(r"^([-+])|^(\d+)([.)])", r"\2\\\1\3", cell(text))


def code(text: str) -> str:
    """`text` as code, on one line and without backticks; a bar is escaped, as a table would end at it."""
    return f"`{visible(text).replace('`', '').replace('|', chr(92) + '|') or ' '}`"


def fitting(blocks: Sequence[Sequence[str]], used: int) -> tuple[list[str], int]:
    """The lines of the first blocks that fit into a page, and how many blocks don't.

    Args:
        blocks: each the lines of one row, or of one dataset's details.
        used: how many characters stand on the page already.
    """
    kept: list[str] = []
    for number, block in enumerate(blocks):
        used += size_of(block)
        if used > MARKDOWN_LIMIT:
            return kept, len(blocks) - number
        kept += block
    return kept, 0


def size_of(lines: Sequence[str]) -> int:
    """How many characters lines take, with their line feeds."""
    return sum(len(line) + 1 for line in lines)


def rows_left_out(number: int, command: str) -> list[str]:
    """Lines that say how many datasets a table lacks, and the command that shows them; nothing for none."""
    return ["", f"… and {number:,} more datasets: run `{command}` to see them."] if number else []


def folded(lines: Sequence[str], left_out: int, command: str) -> list[str]:
    """Details that a reader unfolds, and what is said where some are left out.

    Args:
        lines: the details that fit.
        left_out: of how many datasets they don't.
        command: shows them.
    """
    parts = ["", "<details><summary>Details</summary>", "", *lines, "</details>"] if lines else []
    if left_out:
        parts += ["", f"… the details of {left_out:,} datasets are left out: run `{command}`."]
    return parts
