"""Plain text: one text per line.

The line end (`\\n` or `\\r\\n`) is not part of the text, everything else is. Blank lines are skipped.

A lone `\\r`, a byte order mark, a NUL byte and what git writes around a conflict are refused: such a file is not what
its author sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.inputs.complaints import Mistake
from pioneer_build.inputs.open_file import BOM, CONFLICT, Conflicts, bad_byte, lines_of, stray_mark, stray_nul
from pioneer_build.inputs.records import Block, BlockBuilder, Columns
from pioneer_build.spec.blank import any_blank, is_blank
from pioneer_build.spec.request_limits import LONGEST_TEXT

if TYPE_CHECKING:
    from pioneer_build.inputs.complaints import Complaints


def parse_lines(chunk: bytes, first_line: int, name: str, columns: Columns, complaints: Complaints) -> Block:
    """The texts of a chunk of whole lines.

    Args:
        chunk: whole lines; the last one may have no line end.
        first_line: the number of the first line, from 1.
        name: of the file, relative to the project.
        columns: the requested fields.
        complaints: receives the mistakes.
    """
    lines = lines_of(chunk)
    try:
        texts = [line.decode() for line in lines]
    except UnicodeDecodeError:
        return _slowly(lines, first_line, name, columns, complaints)
    if b"\r" in chunk:
        texts = [text.removesuffix("\r") for text in texts]
    stray = BOM in chunk or b"\0" in chunk or (b"\r" in chunk and any("\r" in text for text in texts))
    # only one very long line makes a chunk so long that a text of it may be too long as JSON
    if stray or len(chunk) > LONGEST_TEXT // 6 - 1 or any(mark in chunk for mark in CONFLICT):
        return _slowly(lines, first_line, name, columns, complaints)
    if not any_blank(texts):
        return Block(texts, None, range(first_line, first_line + len(texts)))
    kept = [(text, line) for line, text in enumerate(texts, first_line) if text and not text.isspace()]
    if any(is_blank(text) for text, _ in kept):
        return _slowly(lines, first_line, name, columns, complaints)
    return Block([text for text, _ in kept], None, [line for _, line in kept])


def _slowly(lines: list[bytes], first_line: int, name: str, columns: Columns, complaints: Complaints) -> Block:
    rows = BlockBuilder(name, columns, complaints)
    conflicts = Conflicts()
    for number, line in enumerate(lines, first_line):
        try:
            text = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            rows.complain(bad_byte(line, number))
            continue
        if not text or text.isspace():
            continue
        if (mistake := _mistake(text, number) or conflicts.mistake(number, text)) is not None:
            rows.complain(mistake)
        else:
            rows.add(text, None, number, text)
    return rows.take()


def _mistake(text: str, number: int) -> Mistake | None:
    """What shows that line `number` is not one text."""
    if (at := text.find("\ufeff")) >= 0:
        return stray_mark(number, at + 1, text)
    if (at := text.find("\0")) >= 0:
        return stray_nul(number, at + 1, text)
    if (at := text.find("\r")) >= 0:
        message = "a carriage return (CR) inside the line: lines must end with \\n or \\r\\n"
        convert = "tr -d '\\r'" if at == len(text.rstrip("\r")) else "tr '\\r' '\\n'"
        hint = f"convert the file: {convert} < FILE > NEW; if it belongs to the text, use JSONL"
        return Mistake(number, message, "line-end", at + 1, hint, text)
    return None
