"""`pioneer`: rows that the service accepts as an upload (the API document, "Rows").

Spans have no offsets: a span that occurs once, or is mentioned as often as it occurs, keeps its position; `offsets`
counts the others. Scores and ids are not represented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.exports.base import binary
from pioneer_build.exports.losses import CountedRows, Ledger, unplaced
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.exports.base import RowStream


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`."""
    out, rows = binary(target), CountedRows(source.rows)
    for row in rows:
        said = {key: value for key, value in row.items() if key not in ("id", "score")}
        if source.task_type == "ner":
            said["entities"] = [[entity["text"], entity["label"]] for entity in row["entities"]]
            rows.lost["offsets"] += unplaced(row, said["entities"])
        out.write(row_line(said))
    return rows.ledger()
