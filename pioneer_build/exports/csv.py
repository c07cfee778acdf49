"""`csv`: RFC 4180 in UTF-8, one header line, the same columns for every row of a task.

    ner             id, text, entities (a JSON array)
    classification  id, text, label, score;  or id, text, labels (a JSON array), score
    decoder         messages (a JSON array)

Text is never changed: a cell that begins with '=' keeps it, and a spreadsheet may interpret it as a formula.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

from pioneer_build.exports.base import binary
from pioneer_build.exports.losses import Ledger, Loss, id_text, ledger

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.exports.base import RowStream
    from pioneer_build.rows import Row
    from pioneer_build.spec.model import TaskType


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`."""
    out, count = binary(target), 0
    lost: Counter[Loss] = Counter()
    rest = iter(source.rows)
    first = next(rest, None)
    columns = _columns(source.task_type, first)
    # newline="": lines end as in RFC 4180, and a line feed in a text is kept
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    try:
        table = csv.writer(text)
        table.writerow(columns)
        for row in chain(() if first is None else (first,), rest):
            count += 1
            table.writerow([_cell(row, column, lost) for column in columns])
    finally:
        # the caller closes the stream
        text.detach()
    return ledger(count, lost)


def _columns(task_type: TaskType, first: Row | None) -> tuple[str, ...]:
    if task_type == "decoder":
        return ("messages",)
    if task_type == "ner":
        return ("id", "text", "entities")
    many = first is not None and "labels" in first
    return ("id", "text", "labels" if many else "label", "score")


def _cell(row: Row, column: str, lost: Counter[Loss]) -> Any:
    value = id_text(row, lost) if column == "id" else row.get(column)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
