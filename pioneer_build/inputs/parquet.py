"""Parquet, with the extra `parquet`. The number of a row is used as its line number."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pioneer_build.disk.regular_files import open_regular
from pioneer_build.errors import MissingExtra
from pioneer_build.inputs.complaints import Mistake
from pioneer_build.inputs.open_file import MOST_TIMES_LARGER, most_unpacked
from pioneer_build.inputs.parquet_pages import BadHeaderError, Headers, columns_in_footer, pages
from pioneer_build.inputs.records import Block, BlockBuilder, Columns
from pioneer_build.inputs.wrong_contents import HEAD, foreign
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from pioneer_build.inputs.complaints import Complaints
    from pioneer_build.inputs.named_files import InputFile

_BLOCK = 4096
#: Bytes that a batch of rows may take when each of them repeats the largest value.
_MOST_IN_BATCH = 128 << 20
#: Bytes of a page when it is unpacked: one is unpacked at a time.
_MOST_IN_PAGE = 128 << 20
_MOST_PAGES = 100_000
#: The footer is read as a whole, and takes many times its size.
_MOST_IN_FOOTER = 4 << 20
_MOST_COLUMNS = 10_000
_TAIL = 8  # the length of the footer, and PAR1


class _TooLargeError(Exception):
    """The file would take more memory than one may, as the message says."""


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
    if not head.startswith(b"PAR1") and (other := foreign(head, "parquet")):
        rows.complain(other)
        return
    if file.compression:
        message = "a Parquet file is already compressed; Parquet files with .gz or .zst can't be read"
        rows.complain(Mistake(0, message, "unknown-format"))
        return
    try:
        # an extra, which may not be installed
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtra("a Parquet file", "parquet") from error
    row = 1
    try:
        for found in _batches(file, columns, rows):
            texts = found[0].to_pylist()
            ids: list[Any] = found[1].to_pylist() if columns.id is not None else [None] * len(texts)
            for text, key in zip(texts, ids, strict=True):
                rows.add(text, key, row)
                row += 1
            yield rows.take()
            if rows.given_up:
                return
    except _TooLargeError as error:
        rows.complain(Mistake(0, str(error), "too-large", hint="use JSONL, or write the file again in smaller parts"))
    except (pa.ArrowException, UnicodeDecodeError, BadHeaderError) as error:
        rows.complain(_damaged(row, error))
    except OSError as error:
        if error.errno is not None:  # of the system; others are the library's
            raise
        rows.complain(_damaged(row, error))


def _damaged(row: int, error: Exception) -> Mistake:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Mistake(row, f"not valid Parquet from here on: {first}", "damaged")


def _plain(column: Any) -> Any:
    """A column whose rows take what they take, not only places in a dictionary."""
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column


def _batches(file: InputFile, columns: Columns, rows: BlockBuilder) -> Iterator[list[Any]]:
    """The wanted columns, few enough rows at a time that they take little memory, whatever they repeat.

    Raises:
        _TooLargeError: the file is too large in some way when it is unpacked.
        BadHeaderError: the file is damaged.
    """
    import pyarrow.parquet  # an extra, which may not be installed

    wanted = [columns.field] if columns.id is None else [columns.field, columns.id]
    with open_regular(file.path) as raw:
        _check_footer(raw)
        raw.seek(0)
        with pyarrow.parquet.ParquetFile(raw, buffer_size=1 << 20, pre_buffer=False) as parquet:
            schema = parquet.schema_arrow
            if not _has(list(schema.names), wanted, rows) or not _flat(schema, pyarrow.types, wanted, rows):
                return
            most = most_unpacked(os.fstat(raw.fileno()).st_size)
            packed, taken = _Unpacked(most), _Unpacked(most)
            for group in range(parquet.metadata.num_row_groups):
                largest = _largest_repeated(file, parquet.metadata.row_group(group), wanted, packed)
                size = max(1, min(_BLOCK, _MOST_IN_BATCH // max(1, largest)))
                for batch in parquet.iter_batches(batch_size=size, columns=wanted, row_groups=[group]):
                    found = [_plain(batch.column(batch.schema.get_field_index(name))) for name in wanted]
                    taken.add(sum(column.nbytes for column in found))
                    yield found


class _Unpacked:
    """Counts bytes up to `most`."""

    def __init__(self, most: int) -> None:
        self._left = most
        self.pages = 0
        self.headers = Headers()

    def add(self, size: int) -> None:
        """Counts `size` more; raises `_TooLargeError` if these are too many."""
        self._left -= size
        if self._left < 0:
            raise _TooLargeError(f"unpacked, the file is more than {MOST_TIMES_LARGER} times as large")


def _check_footer(raw: BinaryIO) -> None:
    size = raw.seek(0, os.SEEK_END)
    raw.seek(max(0, size - _TAIL))
    length = int.from_bytes(raw.read(_TAIL)[:4], "little")
    if length > size:
        return  # the library says what is wrong
    if length > _MOST_IN_FOOTER:
        raise _TooLargeError(f"the footer of the file has more than {_MOST_IN_FOOTER >> 20} MiB")
    raw.seek(max(0, size - _TAIL - length))
    if columns_in_footer(raw.read(length)) > _MOST_COLUMNS:
        raise _TooLargeError(f"the file has more than {_MOST_COLUMNS} columns")


def _largest_repeated(file: InputFile, group: Any, wanted: list[str], packed: _Unpacked) -> int:
    """The bytes of the largest page whose values rows may repeat, in the wanted columns of a row group.

    Args:
        file: the file.
        group: what the footer says of the row group.
        wanted: the names of columns.
        packed: counts the pages.
    """
    largest = 0
    with open_regular(file.path) as raw:
        for column in (group.column(place) for place in range(group.num_columns)):
            if column.path_in_schema not in wanted:
                continue
            starts = [one for one in (column.dictionary_page_offset, column.data_page_offset) if one]
            start = min(starts, default=0)
            for page in pages(raw, start, start + column.total_compressed_size, packed.headers):
                packed.pages += 1
                if page.size > _MOST_IN_PAGE:
                    raise _TooLargeError(f"unpacked, a page of the file has more than {_MOST_IN_PAGE >> 20} MiB")
                if packed.pages > _MOST_PAGES:
                    raise _TooLargeError(f"the file has more than {_MOST_PAGES} pages")
                packed.add(page.size)
                largest = max(largest, page.size if page.repeats else 0)
    return largest


def _flat(schema: Any, types: Any, wanted: list[str], rows: BlockBuilder) -> bool:
    """Whether no wanted column has lists or objects, of which one row may have any number."""
    good = True
    for name in wanted:
        kind = schema.field(name).type
        if types.is_nested(kind) or types.is_fixed_size_binary(kind):
            good = False
            rows.complain(Mistake(0, f"the values of the column '{name}' are of the type {kind}", "not-text"))
    return good


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
