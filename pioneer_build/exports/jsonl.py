"""`jsonl`: rows in normal form, one per line. Represents everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.exports.base import binary
from pioneer_build.exports.losses import Ledger
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.exports.base import RowStream


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`."""
    out, count = binary(target), 0
    for row in source.rows:
        out.write(row_line(row))
        count += 1
    return Ledger(count)
