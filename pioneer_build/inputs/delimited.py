"""CSV and TSV: the first row names the columns; cells may be quoted, and can then contain separators and line ends.

TSV has no quoting (IANA, text/tab-separated-values), but spreadsheets and libraries write it with the quotes of CSV,
and a text may also just begin with a quote. A quoted cell of one line can only be meant. One that goes on over lines
may be a quote without its partner, with all the rows up to the next quote: it is accepted only where it can't be that.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.inputs.complaints import Mistake
from pioneer_build.inputs.open_file import BOM, CONFLICT, Conflicts, bad_byte, stray_mark, stray_nul
from pioneer_build.inputs.records import MAX_RECORD, Block, BlockBuilder, Columns
from pioneer_build.inputs.wrong_contents import HEAD, foreign
from pioneer_build.wording import count, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from types import ModuleType

    from pioneer_build.inputs.complaints import Complaints

_BLOCK = 1000
_READ = 1 << 20
_BLANK_LINES = re.compile(rb"[\r\n]*\n")
_SEPARATORS = ",;\t|"
#: What Excel takes as an instruction, and writes before the names of the columns.
_SEP_ROW = re.compile(r'"?sep=(?:[^\r\n"]|"")"?[,;\t|]*[\r\n]*', re.IGNORECASE)


class _Lines:
    """The decoded lines of a stream, counted; `bad` says that a line since the last check wasn't UTF-8."""

    def __init__(self, stream: BinaryIO, rows: BlockBuilder) -> None:
        self._stream = stream
        self._rows = rows
        self.count = 0
        self.bad = False
        #: Where the record that is being read began.
        self.start = 1
        self._head = b""
        self._conflicts = Conflicts()

    def __iter__(self) -> Iterator[str]:
        for line in _raw_lines(self._stream):
            if self.count and not line.strip(b"\r\n"):  # one blank line or many; the first line may have no names
                is_between_rows = self.count + 1 == self.start
                self.count += line.count(b"\n") or 1
                yield "\n" if is_between_rows else line.decode()
                continue
            self.count += 1
            if len(line) > MAX_RECORD:
                message = f"the line is longer than {MAX_RECORD >> 20} MiB; the rest is not read"
                self._rows.complain(Mistake(self.count, message, "too-long"))
                return
            if self.count == 1:
                line = line.removeprefix(BOM)
                self._head = BOM + line.rstrip()
            try:
                text = line.decode()
            except UnicodeDecodeError:
                self._rows.complain(bad_byte(line, self.count))
                self.bad = True
                yield line.decode(errors="replace")
                continue
            if (mistake := self._stray(line, text)) is not None:
                self._rows.complain(mistake)
                self.bad = True
            yield text

    def _stray(self, line: bytes, text: str) -> Mistake | None:
        """What shows that a line is no line of a table."""
        # inside a cell it may belong to a text; before a record, or before another header, it can only be a file's
        if BOM in line and ((line.startswith(BOM) and self.count == self.start) or self._head in line):
            return stray_mark(self.count, text.find("\ufeff") + 1, text)
        if b"\0" in line:
            return stray_nul(self.count, text.find("\0") + 1, text)
        if line.startswith(CONFLICT) and self.count == self.start:  # inside a cell it belongs to a text
            return self._conflicts.mistake(self.count, text)
        return None


def _raw_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Each line, with its end; blank ones that follow each other at once, because a file may have nothing else.

    In a quoted cell, `csv` takes several line ends for what they are.
    """
    held = b""  # of a line whose end wasn't read yet
    while block := stream.read(_READ):
        at = block.find(b"\n") + 1 if held else 0
        if held:
            if not at:
                held += block
                if len(held) > MAX_RECORD:
                    break
                continue
            yield held + block[:at]
            held = b""
        while at < len(block):
            run = _BLANK_LINES.match(block, at)
            end = run.end() if run is not None else block.find(b"\n", at) + 1
            if not end:
                held = block[at:]
                break
            yield block[at:end]
            at = end
    if held:
        yield held


def read_blocks(
    stream: BufferedReader, name: str, columns: Columns, complaints: Complaints, separator: str | None = None
) -> Iterator[Block]:
    """The rows of a file, in order.

    Args:
        stream: the file's bytes, decompressed.
        name: of the file, relative to the project.
        columns: the requested fields.
        complaints: receives the mistakes.
        separator: between cells; if it is None, the one of `, ; TAB |` that fits the first line best.
    """
    rows = BlockBuilder(name, columns, complaints)
    if found := foreign(stream.peek(HEAD), "csv"):
        rows.complain(found)
        return
    is_tsv = separator == "\t"
    lines = _Lines(stream, rows)
    decoded = iter(lines)
    first = next(decoded, "")
    if (nameless := _no_header(first, is_empty=not lines.count)) is not None:
        rows.complain(nameless)
        return
    separator = separator or _guess(first, columns)
    csv = _own_csv()
    reader = csv.reader(_chain(first, decoded), delimiter=separator, strict=True)
    header: list[str] | None = None
    text_at, id_at = 0, -1
    while not rows.given_up:
        start = lines.start = lines.count + 1 if header is not None else 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            rows.complain(_unreadable(start, str(error), is_tsv=is_tsv))
            if header is None:
                return
            lines.bad = False
            continue
        if cells is None:
            break
        bad, lines.bad = lines.bad, False
        if is_tsv and not bad and lines.count > start and _may_be_rows(cells):
            rows.complain(_unpaired_quote(start, lines.count))
            bad = True
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
            rows.complain(_other_count(start, cells, header, separator))
        else:
            rows.add(cells[text_at], cells[id_at] if id_at >= 0 else None, start)
            if len(rows) >= _BLOCK:
                yield rows.take()
    yield rows.take()


def _no_header(first: str, *, is_empty: bool) -> Mistake | None:
    """What is wrong with the first line of a file, if it can't name the columns."""
    if is_empty:
        return Mistake(1, "the file is empty: its first line must name the columns", "missing-field")
    if _SEP_ROW.fullmatch(first) is None:
        return None
    message = f"the first row is Excel's `{first.strip().strip(chr(34))}`, not the names of the columns"
    return Mistake(1, message, "missing-field", hint="remove that row: tail -n +2 FILE > NEW", source=first)


def _other_count(start: int, cells: list[str], header: list[str], separator: str) -> Mistake:
    hint = "quote cells that contain the separator or a quote" if len(cells) > len(header) else None
    message = f"{count(len(cells), 'cell')}, but the header has {len(header)}"
    return Mistake(start, message, "columns", hint=hint, source=separator.join(cells))


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


def _has(header: list[str], wanted: list[str], rows: BlockBuilder, source: str) -> bool:
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


def _may_be_rows(cells: list[str]) -> bool:
    """Whether a cell of some cells that go on over lines may be several rows of a TSV.

    A quote without its partner ends at the next quote, in a later row. The number of cells fits only if both quotes are
    in the same column, and then the cell has the separators between them: as many as there are further columns.
    """
    return any("\n" in cell and (len(cells) == 1 or "\t" in cell) for cell in cells)


def _unpaired_quote(start: int, end: int) -> Mistake:
    message = f"a cell begins with a quote whose partner is only on line {end}: these may be several rows"
    hint = 'double the quotes of a text and quote it ("""so"" it begins"); or save the file as CSV or JSONL'
    return Mistake(start, message, "unpaired-quote", hint=hint)


def _unreadable(start: int, message: str, *, is_tsv: bool) -> Mistake:
    """What is wrong with a row that `csv` refuses with `message`."""
    hint = None
    if "expected after" in message:
        hint = 'a cell that begins with a quote must end with one, and quotes in it are doubled: """so"" it begins"'
    elif "unexpected end of data" in message or "field larger" in message:
        hint = "the quote that is opened here is never closed"
    elif "new-line character" in message:
        hint = "lines must end with \\n or \\r\\n, not with only \\r"
    return Mistake(start, f"not {'TSV' if is_tsv else 'CSV'}: {message}", "csv", hint=hint)
