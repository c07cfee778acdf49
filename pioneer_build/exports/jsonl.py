"""`jsonl`: rows in normal form, a line each. Holds everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.exports.base import Ledger, stream
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pioneer_build.rows import Row
    from pioneer_build.spec.model import TaskType


def write(rows: Iterable[Row], target: BinaryIO | Path, task_type: TaskType, labels: Sequence[str]) -> Ledger:  # noqa: ARG001
    """`Exporter.write`."""
    out, count = stream(target), 0
    for row in rows:
        out.write(row_line(row))
        count += 1
    return Ledger(count)
