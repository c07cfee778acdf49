"""`gliner2`: training rows for the gliner2 package, one `{"input", "output"}` per line.

Each row has every declared label, with an empty list if the text has no such entity: this is how GLiNER2 learns what a
text does not mention, and its reader refuses a row without labels. Spans have no offsets: a span that occurs once, or
is mentioned as often as it occurs, keeps its position; `offsets` counts the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from pioneer_build.exports.base import binary, only_for
from pioneer_build.exports.losses import CountedRows, Ledger, unplaced
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pioneer_build.exports.base import RowStream
    from pioneer_build.rows import Row

#: The name of the only classification task in each row; the service has no name for it.
TASK = "classification"


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`."""
    only_for(source.task_type, ("ner", "classification"), "gliner2")
    out, rows = binary(target), CountedRows(source.rows)
    for row in rows:
        if source.task_type == "ner":
            output = {"entities": _grouped(row, source.labels)}
            rows.lost["offsets"] += unplaced(row, output["entities"])
        else:
            output = {"classifications": [_classified(row, source.labels)]}
        out.write(row_line({"input": row["text"], "output": output}))
    return rows.ledger()


def _grouped(row: Row, labels: Sequence[str]) -> Any:
    groups: dict[str, list[str]] = {label: [] for label in labels}
    for entity in row["entities"]:
        groups.setdefault(entity["label"], []).append(entity["text"])
    return groups


def _classified(row: Row, labels: Sequence[str]) -> dict[str, Any]:
    true = row["labels"] if "labels" in row else [row["label"]]
    task: dict[str, Any] = {"task": TASK, "labels": list(labels) or true, "true_label": true}
    if "labels" in row:
        task["multi_label"] = True
    return task
