"""`pioneer`: rows that the service accepts as an upload (the API document, "Rows").

Spans have no offsets: a span that occurs once, or is mentioned as often as it occurs, keeps its position; `offsets`
counts the others. Scores and ids are not represented.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.exports.base import binary
from pioneer_build.exports.losses import Ledger, Loss, count_id, count_scores, ledger, unplaced
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.exports.base import RowStream


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`."""
    out, count = binary(target), 0
    lost: Counter[Loss] = Counter()
    for row in source.rows:
        count += 1
        count_id(row, lost)
        count_scores(row, lost)
        said = {key: value for key, value in row.items() if key not in ("id", "score")}
        if "entities" in row:
            said["entities"] = [[entity["text"], entity["label"]] for entity in row["entities"]]
            lost["offsets"] += unplaced(row, said["entities"])
        out.write(row_line(said))
    return ledger(count, lost)
