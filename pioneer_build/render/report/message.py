"""What is said of a report that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.wording import count

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.results.report import ReportContents


def report_text(contents: ReportContents, target: Path, size: int) -> str:
    """Where the report is, and how large.

    Args:
        contents: what it shows.
        target: its file.
        size: of the file, in bytes.
    """
    return f"wrote {target} ({size / 1_000_000:.1f} MB, {count(contents.datasets, 'dataset')})"
