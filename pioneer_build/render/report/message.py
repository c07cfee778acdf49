"""The message about a report that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.wording import count

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.results.report import ReportContents


def report_text(contents: ReportContents, target: Path, size: int) -> str:
    """The path of the report and its size.

    Args:
        contents: the contents of the report.
        target: the file.
        size: of the file, in bytes.
    """
    return f"wrote {target} ({size / 1_000_000:.1f} MB, {count(contents.datasets, 'dataset')})"
