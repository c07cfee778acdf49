"""Plain text: one text per line.

The line end (`\\n` or `\\r\\n`) is not part of the text, everything else is. Blank lines are skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.inputs.open_file import bad_byte
from pioneer_build.inputs.records import Block, Columns, Rows

if TYPE_CHECKING:
    from pioneer_build.inputs.problems import Complaints


def parse_lines(chunk: bytes, first_line: int, name: str, columns: Columns, complaints: Complaints) -> Block:
    """The texts of a chunk of whole lines.

    Args:
        chunk: whole lines; the last one may have no line end.
        first_line: the number of the first line, from 1.
        name: of the file, relative to the project.
        columns: the requested fields.
        complaints: receives the mistakes.
    """
    lines = chunk.split(b"\n")
    if not lines[-1]:
        lines.pop()
    try:
        texts = [line.decode() for line in lines]
    except UnicodeDecodeError:
        return _slowly(lines, first_line, name, columns, complaints)
    if b"\r" in chunk:
        texts = [text.removesuffix("\r") for text in texts]
    if all(texts) and not any(map(str.isspace, texts)):
        return Block(texts, None, range(first_line, first_line + len(texts)))
    kept = [(text, line) for line, text in enumerate(texts, first_line) if text and not text.isspace()]
    return Block([text for text, _ in kept], None, [line for _, line in kept])


def _slowly(lines: list[bytes], first_line: int, name: str, columns: Columns, complaints: Complaints) -> Block:
    rows = Rows(name, columns, complaints)
    for number, line in enumerate(lines, first_line):
        try:
            text = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            rows.complain(bad_byte(line, number))
            continue
        if text and not text.isspace():
            rows.add(text, None, number)
    return rows.take()
