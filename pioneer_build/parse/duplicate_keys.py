"""A key that occurs twice in one mapping: an error, as readers of YAML differ in which of the two values they take.

The value of the first one is used for everything else that is checked, and that of the second is checked as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yaml.nodes import Node, ScalarNode

    from pioneer_build.parse.source_text import Source


def report_duplicate_key(key: ScalarNode, first: Node, source: Source) -> None:
    """Reports `key`, and the line of the first one.

    Args:
        key: the second one, or a later one.
        first: the first one.
        source: the file that they are in.
    """
    line, _ = source.place(first.start_mark)
    source.problem_at(
        key.start_mark,
        key.end_mark,
        f"duplicate key {key.value!r}",
        hint=f"first used on line {line}",
        code="duplicate-key",
    )
