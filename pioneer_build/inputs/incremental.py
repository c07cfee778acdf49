"""Reads a file of lines in chunks that are remembered, so that a changed file costs one pass of SHA-256 and the parsing
of its changed parts.

Each chunk of whole lines is stored with the SHA-256 of its bytes and the digests of its texts. In the next run, a chunk
with the same bytes, wherever it is now, is not parsed again. After a change, the reader finds the next unchanged chunk
by its first line (as rsync does with a rolling checksum); until then it examines single lines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO
from zlib import crc32

from pioneer_build.inputs.line_chunks import CHUNK, LineTooLongError
from pioneer_build.inputs.records import MAX_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WINDOW = 1 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some whole lines of a file: length and SHA-256 of their bytes, number of lines, number of texts.

    `head` is the CRC-32 of the first line, used to find the chunk; `start` is the number of texts before it.
    """

    length: int
    sha: bytes
    head: int
    lines: int
    rows: int
    start: int

    def moved_to(self, start: int) -> Chunk:
        """The same chunk after `start` texts."""
        return replace(self, start=start)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the file: either an unchanged chunk (`old`), or bytes to parse."""

    old: Chunk | None
    data: bytes


class _Window:
    """A stream with a bounded lookahead."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0
        self._end = False

    def peek(self, size: int) -> memoryview:
        """The next `size` bytes, fewer at the end; nothing is consumed."""
        have = len(self._buffer) - self._at
        if have < size and not self._end:
            parts = [self._buffer[self._at :]]
            while have < size:
                data = self._stream.read(max(_WINDOW, size - have))
                if not data:
                    self._end = True
                    break
                parts.append(data)
                have += len(data)
            self._buffer, self._at = b"".join(parts), 0
        return memoryview(self._buffer)[self._at : self._at + size]

    def lines(self, size: int) -> bytes:
        """About `size` bytes of whole lines: at least one line, fewer bytes only at the end of the stream."""
        want = size
        while want <= MAX_RECORD:
            data = bytes(self.peek(want))
            if len(data) < want:
                return data
            if cut := data.rfind(b"\n") + 1:
                return data[:cut]
            want *= 2
        raise LineTooLongError(0)

    def skip(self, size: int) -> None:
        self._at += size


def pieces(stream: BinaryIO, old: Sequence[Chunk]) -> Iterator[Piece]:
    """The whole stream in order: old chunks if they are unchanged, otherwise bytes of whole lines."""
    window = _Window(stream)
    heads: dict[int, list[int]] = {}
    for index, chunk in enumerate(old):
        heads.setdefault(chunk.head, []).append(index)
    next_old = 0
    tries = 2 * len(old) + 16
    while True:
        if next_old < len(old) and _matches(window, old[next_old]):
            window.skip(old[next_old].length)
            yield Piece(old[next_old], b"")
            next_old += 1
            continue
        data = window.lines(CHUNK)
        if not data:
            return
        if tries > 0 and heads:
            found, next_old, tries = _find(window, data, old, heads, next_old, tries)
            data = data[:found]
            if not data:
                continue
        window.skip(len(data))
        yield Piece(None, data)


def _matches(window: _Window, chunk: Chunk) -> bool:
    view = window.peek(chunk.length)
    return len(view) == chunk.length and sha256(view).digest() == chunk.sha


def _find(
    window: _Window, data: bytes, old: Sequence[Chunk], heads: dict[int, list[int]], after: int, tries: int
) -> tuple[int, int, int]:
    """Finds the start of an old chunk in `data`, which may be its end: offset, index of the chunk, remaining tries."""
    position = 0
    while position < len(data) and tries > 0:
        end = data.find(b"\n", position) + 1 or len(data)
        candidates = heads.get(crc32(data[position:end]))
        if candidates:
            tries -= 1
            index = next((i for i in candidates if i >= after), candidates[-1])
            length = old[index].length
            view = window.peek(position + length)[position:]
            if len(view) == length and sha256(view).digest() == old[index].sha:
                return position, index, tries
        position = end
    return len(data), after, tries


def chunk_of(data: bytes, rows: int, start: int) -> Chunk:
    """What is remembered of some whole lines.

    Args:
        data: the lines.
        rows: the number of texts in them.
        start: the number of texts in the file before them.
    """
    end = data.find(b"\n") + 1 or len(data)
    return Chunk(len(data), sha256(data).digest(), crc32(data[:end]), data.count(b"\n"), rows, start)
