"""Text for a terminal: wraps lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.render.colours import COLOUR_CODE
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    for gap, word in _WORDS.findall(text):
        size = len(COLOUR_CODE.sub("", word))
        if line and indent + used + len(gap) + size > width:
            lines.append(" " * indent + line)
            line, indent, used = word, rest, size
        else:
            line += gap + word
            used += len(gap) + size
    return [*lines, (" " * indent + line).rstrip()]


def rows_of_wanted(value: Mapping[str, Any]) -> str:
    """The rows of a dataset as `operations.dataset_status` describes it: `60 rows`; `53 of 60 rows` if some lack.

    If the dataset isn't built as its spec says, the size of the spec is no matter of missing rows.
    """
    wanted = value["num_examples"]
    built = value["state"] == "ready" and wanted is not None and 0 < value["examples"] < wanted
    return f"{value['examples']:,} of {count(wanted, 'row')}" if built else count(value["examples"], "row")
