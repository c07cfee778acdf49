"""Parquet, with the extra `parquet`. The number of a row is used as its line number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.disk.regular_files import open_regular
from pioneer_build.errors import MissingExtra
from pioneer_build.inputs.complaints import Mistake
from pioneer_build.inputs.records import Block, BlockBuilder, Columns
from pioneer_build.inputs.wrong_contents import HEAD, foreign
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.inputs.complaints import Complaints
    from pioneer_build.inputs.named_files import InputFile

_BLOCK = 4096


def read_blocks(file: InputFile, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    """The rows of a file, a few thousand at a time.

    Args:
        file: not compressed in addition.
        columns: the requested columns.
        complaints: receives the mistakes.

    Raises:
        MissingExtra: pyarrow isn't installed.
    """
    rows = BlockBuilder(file.name, columns, complaints)
    with open_regular(file.path) as raw:
        head = raw.read(HEAD)
    if not head.startswith(b"PAR1") and (found := foreign(head, "parquet")):
        rows.complain(found)
        return
    if file.compression:
        message = "a Parquet file is already compressed; Parquet files with .gz or .zst can't be read"
        rows.complain(Mistake(0, message, "unknown-format"))
        return
    try:
        # an extra
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtra("a Parquet file", "parquet") from error
    row = 1
    try:
        with pq.ParquetFile(file.path, buffer_size=1 << 20, pre_buffer=False) as parquet:
            wanted = [columns.field] if columns.id is None else [columns.field, columns.id]
            if not _has(list(parquet.schema_arrow.names), wanted, rows):
                return
            for batch in parquet.iter_batches(batch_size=_BLOCK, columns=wanted):
                texts = batch.column(batch.schema.get_field_index(columns.field)).to_pylist()
                ids: list[Any] = [None] * len(texts)
                if columns.id is not None:
                    ids = batch.column(batch.schema.get_field_index(columns.id)).to_pylist()
                for text, key in zip(texts, ids, strict=True):
                    rows.add(text, key, row)
                    row += 1
                yield rows.take()
    except (pa.ArrowException, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        rows.complain(Mistake(row, f"not valid Parquet from here on: {first}", "damaged"))


def _has(names: list[str], wanted: list[str], rows: BlockBuilder) -> bool:
    good = True
    for field in wanted:
        if names.count(field) == 1:
            continue
        good = False
        near = nearest(field, names)
        hint = f"did you mean {near}?" if near else f"its columns: {', '.join(names[:8])}"
        what = f"two columns are named '{field}'" if field in names else f"there is no column '{field}'"
        rows.complain(Mistake(0, what, "missing-field", hint=f"{hint} (set `field:` and `id:` to choose the columns)"))
    return good
