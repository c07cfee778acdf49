"""CSV and TSV: the first row names the columns; cells may be quoted, and can then contain separators and line ends."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, BinaryIO, cast

from pioneer_build.inputs.open_file import BOM, bad_byte, foreign
from pioneer_build.inputs.problems import Mistake
from pioneer_build.inputs.records import MAX_RECORD, Block, Columns, Rows
from pioneer_build.wording import count, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from types import ModuleType

    from pioneer_build.inputs.problems import Complaints

_BLOCK = 1000
_HEAD = 4096
_SEPARATORS = ",;\t|"


class _Lines:
    """The decoded lines of a stream, counted; `bad` says that a line since the last check wasn't UTF-8."""

    def __init__(self, stream: BinaryIO, rows: Rows) -> None:
        self._stream = stream
        self._rows = rows
        self.count = 0
        self.bad = False
        self.too_long = False

    def __iter__(self) -> Iterator[str]:
        while line := self._stream.readline(MAX_RECORD + 1):
            self.count += 1
            if len(line) > MAX_RECORD:
                self.too_long = True
                return
            if self.count == 1:
                line = line.removeprefix(BOM)
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self._rows.complain(bad_byte(line, self.count))
                self.bad = True
                yield line.decode(errors="replace")


def read_blocks(
    stream: BinaryIO, name: str, columns: Columns, complaints: Complaints, separator: str | None = None
) -> Iterator[Block]:
    """The rows of a file, in order.

    Args:
        stream: the file's bytes, decompressed.
        name: of the file, relative to the project.
        columns: the requested fields.
        complaints: receives the mistakes.
        separator: between cells; if it is None, the one of `, ; TAB |` that fits the first line best.
    """
    rows = Rows(name, columns, complaints)
    if found := foreign(cast("BufferedReader", stream).peek(_HEAD)[:_HEAD]):
        rows.complain(found)
        return
    lines = _Lines(stream, rows)
    decoded = iter(lines)
    first = next(decoded, "")
    separator = separator or _guess(first, columns)
    csv = _own_csv()
    reader = csv.reader(_chain(first, decoded), delimiter=separator, strict=True)
    header: list[str] | None = None
    text_at, id_at = 0, -1
    while True:
        start = lines.count + 1 if header is not None else 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            rows.complain(Mistake(start, f"not CSV: {error}", "csv", hint=_hint(str(error))))
            if header is None:
                return
            lines.bad = False
            continue
        if cells is None:
            break
        bad, lines.bad = lines.bad, False
        if header is None:
            header = [cell.strip() for cell in cells]
            wanted = [columns.field] if columns.id is None else [columns.field, columns.id]
            if bad or not _has(header, wanted, rows, first):
                return
            text_at = header.index(columns.field)
            id_at = header.index(columns.id) if columns.id is not None else -1
        elif bad or not cells:
            continue
        elif len(cells) != len(header):
            hint = "quote cells that contain the separator or a quote" if len(cells) > len(header) else None
            message = f"{count(len(cells), 'cell')}, but the header has {len(header)}"
            rows.complain(Mistake(start, message, "columns", hint=hint, source=separator.join(cells)))
        else:
            rows.add(cells[text_at], cells[id_at] if id_at >= 0 else None, start)
            if len(rows) >= _BLOCK:
                yield rows.take()
    if lines.too_long:
        message = f"the line is longer than {MAX_RECORD >> 20} MiB; the rest is not read"
        rows.complain(Mistake(lines.count, message, "too-long"))
    yield rows.take()


@cache
def _own_csv() -> ModuleType:
    """The reader of the standard library's `csv`, in a separate instance that accepts cells as long as a record.

    The maximum length of a cell is a setting of the whole process. It belongs to the program that imports this library,
    so it isn't changed: a second instance of the module has its own setting.
    """
    spec = find_spec("_csv")
    assert spec is not None, "part of Python"
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.field_size_limit(MAX_RECORD)
    return module


def _chain(first: str, others: Iterator[str]) -> Iterator[str]:
    yield first
    yield from others


def _guess(first: str, columns: Columns) -> str:
    """The separator that gives a column with the name of the text field; the comma if none does."""
    for separator in _SEPARATORS:
        if columns.field in [cell.strip(' "\r\n') for cell in first.split(separator)]:
            return separator
    return ","


def _has(header: list[str], wanted: list[str], rows: Rows, source: str) -> bool:
    """Whether the first row has each of `wanted` exactly once; complains if not."""
    good = True
    for field in wanted:
        if header.count(field) == 1:
            continue
        good = False
        if field in header:
            rows.complain(Mistake(1, f"two columns are named '{field}'", "duplicate-column", source=source))
            continue
        near = nearest(field, header)
        names = ", ".join(header[:8]) + (", …" if len(header) > 8 else "")
        hint = f"did you mean {near}?" if near else f"its columns: {names}"
        hint += " (set `field:` and `id:` to choose the columns)"
        rows.complain(Mistake(1, f"there is no column '{field}'", "missing-field", hint=hint, source=source))
    return good


def _hint(message: str) -> str | None:
    if "unexpected end of data" in message or "field larger" in message:
        return "the quote that is opened here is never closed"
    if "new-line character" in message:
        return "lines must end with \\n or \\r\\n, not with only \\r"
    return None
