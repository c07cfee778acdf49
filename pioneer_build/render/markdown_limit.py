"""Keeps a Markdown page below the size of a comment: leaves out whole rows and whole datasets, and says how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence


#: Characters of a page: GitHub accepts comments of up to 65,536; the rest is for whatever posts the page.
MARKDOWN_LIMIT: Final = 60_000


#: Characters reserved for the sentences that say what is left out.
RESERVED: Final = 400


def fitting(blocks: Sequence[Sequence[str]], used: int) -> tuple[list[str], int]:
    """The lines of the first blocks that fit into a page, and how many blocks don't fit.

    Args:
        blocks: each has the lines of one table row, or of the details of one dataset.
        used: number of characters that are already on the page.
    """
    kept: list[str] = []
    for number, block in enumerate(blocks):
        used += size_of(block)
        if used > MARKDOWN_LIMIT:
            return kept, len(blocks) - number
        kept += block
    return kept, 0


def size_of(lines: Sequence[str]) -> int:
    """The number of characters of lines, including line feeds."""
    return sum(len(line) + 1 for line in lines)


def rows_left_out(number: int, command: str) -> list[str]:
    """Lines that say how many datasets are not in the table, and the command that shows them; none for 0."""
    them = "it" if number == 1 else "them"
    return ["", f"… and {count(number, 'more dataset')}: run `{command}` to see {them}."] if number else []


def folded(lines: Sequence[str], left_out: int, command: str) -> list[str]:
    """Collapsed details, and how many are left out.

    Args:
        lines: the details that fit.
        left_out: the number of datasets whose details don't fit.
        command: the command that shows them.
    """
    parts = ["", "<details><summary>Details</summary>", "", *lines, "</details>"] if lines else []
    if left_out:
        parts += ["", f"… the details of {count(left_out, 'dataset')} are left out: run `{command}`."]
    return parts
