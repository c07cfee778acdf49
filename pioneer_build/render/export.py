"""The result of `export` as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import Lines, lines_text
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.results.export import ExportResult


def export_text(result: ExportResult) -> Lines:
    """The files with their number of rows, and what the format can't represent; empty if there is nothing to say."""
    if result.parts:
        lines = [f"{name}: {count(rows, 'row')}" for name, rows in result.parts]
    else:
        lines = [f"wrote {count(result.rows, 'row')} to {result.target}"] if result.target is not None else []
    return lines_text([*lines, *result.losses])
