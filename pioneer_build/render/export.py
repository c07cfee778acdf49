"""What `export` wrote, as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioneer_build.results.export import ExportResult


def export_text(result: ExportResult) -> str:
    """Where how many rows went, and what the format could not hold; empty where nothing is to be said."""
    if result.parts:
        lines = [f"{name}: {rows:,} rows" for name, rows in result.parts]
    else:
        lines = [f"{result.rows:,} rows to {result.target}"] if result.target is not None else []
    return "\n".join([*lines, *result.losses])
