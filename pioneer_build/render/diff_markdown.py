"""What changed between two states of the lock, as Markdown for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import Lines, lines_text
from pioneer_build.render.diff import (
    CHANGE_SYMBOLS,
    change_facts,
    dataset_title,
    diff_summary,
    several_backends,
    state_notes,
)
from pioneer_build.render.markdown import cell, code, list_item
from pioneer_build.render.markdown_limit import RESERVED, fitting, folded, rows_left_out, size_of

if TYPE_CHECKING:
    from pioneer_build.diff.locks import DatasetDiff
    from pioneer_build.results.diff import DiffResult

_COMMAND = "pioneer-build diff"


def diff_markdown(result: DiffResult) -> Lines:
    """The differences for a pull request: a table and collapsed details, below `MARKDOWN_LIMIT` characters."""
    diff = result.changes
    between = f"{cell(result.old.title)} → {cell(result.new.title)}"
    head = ["### pioneer-build diff", "", f"{between}: {cell(diff_summary(diff))}", ""]
    if noted := [f"- {cell(note)}" for note in state_notes(result)]:
        head += [*noted, ""]
    if not diff.datasets:
        return lines_text(head)
    head += ["| | dataset | change | rows | added | removed | relabelled |", "|---|---|---|---:|---:|---:|---:|"]
    with_backend = several_backends(diff)
    table = [[_row(item, with_backend=with_backend)] for item in diff.datasets]
    rows, lacking = fitting(table, size_of(head) + RESERVED)
    parts = [*head, *rows, *rows_left_out(lacking, _COMMAND)]
    details = [_details(item, with_backend=with_backend) for item in diff.datasets[: len(rows)]]
    lines, lacking = fitting(details, size_of(parts) + RESERVED)
    return lines_text([*parts, *folded(lines, lacking, _COMMAND)], end="\n")


def _row(item: DatasetDiff, *, with_backend: bool) -> str:
    old, new = item.examples
    rows = f"{new:,}" if old == new else f"{old:,} → {new:,}"
    if item.rows is not None:
        counts = [f"{item.rows.added:,}", f"{item.rows.removed:,}", f"{item.rows.relabelled:,}"]
    else:
        counts = ["?"] * 3 if item.content_changed else ["0"] * 3
    cells = [CHANGE_SYMBOLS[item.kind], cell(dataset_title(item, with_backend=with_backend)), item.kind, rows, *counts]
    return f"| {' | '.join(cells)} |"


def _details(item: DatasetDiff, *, with_backend: bool) -> list[str]:
    lines = [f"**{cell(dataset_title(item, with_backend=with_backend))}** {item.kind}", ""]
    # sample rows are a nested list
    lines += [
        f"  - {code(fact.strip())}" if fact.startswith("  ") else f"- {list_item(fact)}" for fact in change_facts(item)
    ]
    return [*lines, ""]
