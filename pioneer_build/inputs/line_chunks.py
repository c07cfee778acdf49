"""Cuts a stream into chunks of whole lines, of bounded size."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.inputs.records import MAX_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 17


class LineTooLongError(Exception):
    """A line is longer than `MAX_RECORD`. `lines` were complete before it."""

    def __init__(self, lines: int) -> None:
        super().__init__(lines)
        self.lines = lines


def line_chunks(stream: BinaryIO, size: int = CHUNK, limit: int = MAX_RECORD) -> Iterator[bytes]:
    """The stream's bytes in chunks that end with a newline; the last one may not.

    Args:
        stream: read to its end.
        size: bytes that are read at once; about the size of a chunk.
        limit: of a line, in bytes.

    Raises:
        LineTooLongError: a line is longer; everything before the chunk with its start was yielded.
    """
    parts: list[bytes] = []
    held = lines = 0
    while data := stream.read(size):
        cut = data.rfind(b"\n") + 1
        if cut:
            parts.append(data[:cut])
            chunk = b"".join(parts)
            if held + data.find(b"\n") >= limit:
                raise LineTooLongError(lines)
            lines += chunk.count(b"\n")
            yield chunk
            parts, held = ([data[cut:]], len(data) - cut) if cut < len(data) else ([], 0)
        else:
            parts.append(data)
            held += len(data)
        if held >= limit:
            raise LineTooLongError(lines)
    if parts:
        yield b"".join(parts)
