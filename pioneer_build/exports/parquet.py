"""`parquet`: columns, nested like the rows: `entities` is a list of structs, `labels` a list of strings.

There is a column for every value that a row of the task can have; values that a row doesn't have are null.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pioneer_build.exports.base import binary, in_groups
from pioneer_build.exports.losses import Ledger, Loss, id_text, ledger

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.exports.base import RowStream
    from pioneer_build.rows import Row
    from pioneer_build.spec.model import TaskType

#: Rows of one row group: a few megabytes of ordinary text.
GROUP = 10_000

_ENTITY = pa.struct(
    [
        ("text", pa.string()),
        ("label", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("score", pa.float64()),
        ("ambiguous", pa.bool_()),
    ]
)
_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`."""
    out, count = binary(target), 0
    lost: Counter[Loss] = Counter()
    schema = _schema(source.task_type)
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for group in in_groups(source.rows, GROUP):
            count += len(group)
            table = pa.Table.from_pylist([_record(row, lost) for row in group], schema=schema)
            writer.write_table(table)
    return ledger(count, lost)


def _schema(task_type: TaskType) -> Any:
    if task_type == "decoder":
        return pa.schema([("messages", pa.list_(_MESSAGE))])
    fields: list[tuple[str, Any]] = [("id", pa.string()), ("text", pa.string())]
    if task_type == "ner":
        return pa.schema([*fields, ("entities", pa.list_(_ENTITY))])
    return pa.schema([*fields, ("label", pa.string()), ("labels", pa.list_(pa.string())), ("score", pa.float64())])


def _record(row: Row, lost: Counter[Loss]) -> dict[str, Any]:
    return {**row, "id": id_text(row, lost)} if "id" in row else row
