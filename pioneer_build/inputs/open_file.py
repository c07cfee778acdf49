"""The decompressed bytes of a file, and what is wrong with single lines of it."""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.disk.regular_files import open_regular
from pioneer_build.inputs.complaints import Mistake
from pioneer_build.inputs.wrong_contents import HEAD, foreign
from pioneer_build.inputs.zstd import ZstdStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

    from pioneer_build.inputs.named_files import Compression, InputFile

BUFFER = 1 << 20
#: Unpacking a compressed file may make it at most this many times larger; `_ALWAYS_ALLOWED` bytes are always allowed.
#: Text becomes 3 to 20 times larger.
MOST_TIMES_LARGER = 200
_ALWAYS_ALLOWED = 64 << 20
BOM = b"\xef\xbb\xbf"
#: What a line begins with that git writes into a file with a conflict: one of them may be left of it.
CONFLICT = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")
#: What ends a conflict may be a quote in a mail, so git's own words must follow: a branch, or a commit and its subject.
_CONFLICT_LINE = re.compile(
    r"""(?: [<|]{7}(?:[ ].*)?
          | ={7}
          | >{7}(?:[ ](?: \S+ | [0-9a-f]{7,64}(?:\.\.\.)?[ ].* | Stashed[ ]changes ))?
        )\r?\n?\Z""",
    re.VERBOSE,
)
_MAGIC_SIZE = 4
#: How streams begin; zstd's may also begin with a frame to skip (RFC 8878, section 3.1.2).
_MAGIC = {"gzip": re.compile(rb"\x1f\x8b"), "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")}


class DamagedStreamError(Exception):
    """The compressed stream is damaged, truncated or a bomb, as the message says."""


class OtherContentError(Exception):
    """The file is not a compressed stream at all. `mistake` says what it is."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


@contextmanager
def open_bytes(file: InputFile) -> Iterator[io.BufferedReader]:
    """The decompressed bytes of `file`.

    Raises:
        OtherContentError: it is not compressed.
        DamagedStreamError: the stream is damaged.
        OSError: the file can't be read.
    """
    with open_regular(file.path, buffering=BUFFER) as raw:
        assert isinstance(raw, io.BufferedReader), "because of its buffer"
        if not file.compression:
            yield raw
            return
        head = raw.read(HEAD)
        raw.seek(0)
        is_other = len(head) >= _MAGIC_SIZE and not _MAGIC[file.compression].match(head)
        if is_other and (found := foreign(head, file.format)):
            raise OtherContentError(found)
        try:
            with _decompressed(raw, file.compression) as stream:
                yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            if is_other:
                raise OtherContentError(_uncompressed(file)) from error
            raise DamagedStreamError(f"the {file.compression} stream is damaged or truncated: {error}") from error


def _uncompressed(file: InputFile) -> Mistake:
    ending = file.path.suffix
    message = f"the file is not {file.compression}, but its name ends with {ending}"
    return Mistake(1, message, "encoding", hint=f"rename it without {ending}, or compress it")


def _decompressed(raw: BinaryIO, compression: Compression) -> io.BufferedReader:
    unpacked: io.BufferedIOBase | io.RawIOBase
    unpacked = gzip.GzipFile(fileobj=raw, mode="rb") if compression == "gzip" else ZstdStream(raw)
    return io.BufferedReader(_Bounded(unpacked, most_unpacked(os.fstat(raw.fileno()).st_size)), BUFFER)


def most_unpacked(size: int) -> int:
    """How many bytes a compressed file of `size` bytes may become."""
    return max(_ALWAYS_ALLOWED, MOST_TIMES_LARGER * size)


class _Bounded(io.RawIOBase):
    """A stream that ends with an error after `most` bytes: a bomb, which would take forever to read."""

    def __init__(self, stream: io.BufferedIOBase | io.RawIOBase, most: int) -> None:
        super().__init__()
        self._stream = stream
        self._left = most

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fills `buffer`; 0 at the end."""
        count = self._stream.readinto(buffer) or 0
        self._left -= count
        if self._left < 0:
            raise DamagedStreamError(f"decompressed, the file is more than {MOST_TIMES_LARGER} times as large")
        return count


def lines_of(chunk: bytes) -> list[bytes]:
    """The lines of a chunk of whole lines, without their ends; the last one may have none. None if all are blank."""
    if chunk.isspace():  # a small compressed file may have very many blank lines
        return []
    lines = chunk.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def bad_byte(line: bytes, number: int) -> Mistake:
    """What is wrong with line `number` of a file, which is not UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        column = len(line[: error.start].decode()) + 1
        byte = line[error.start]
        as_latin = bytes([byte]).decode("cp1252", errors="replace")
        guess = f" (in Windows-1252 it is {as_latin!r})" if as_latin.isprintable() and byte >= 0x80 else ""
        return Mistake(
            number,
            f"not UTF-8: byte 0x{byte:02x}{guess}",
            "encoding",
            column,
            hint="convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE",
            source=line.decode(errors="replace"),
        )
    raise AssertionError("the line is UTF-8")


def stray_mark(number: int, column: int, source: str) -> Mistake:
    """What is wrong with line `number`: it has a byte order mark, which only the beginning of a file may have.

    Args:
        number: of the line, from 1.
        column: of the mark, from 1.
        source: the line.
    """
    message = "a byte order mark (BOM, U+FEFF) inside the file: two files seem to be joined here"
    hint = "remove it: perl -pi -e 's/\\xEF\\xBB\\xBF//g' FILE; if it belongs to the text, use JSONL"
    return Mistake(number, message, "byte-order-mark", column, hint, source)


def stray_nul(number: int, column: int, source: str) -> Mistake:
    """What is wrong with line `number`: it has a NUL byte, which no text file has.

    Args:
        number: of the line, from 1.
        column: of the byte, from 1.
        source: the line.
    """
    message = "a NUL byte: the file is damaged, or this part of it is UTF-16"
    return Mistake(number, message, "nul", column, "copy the file again, or convert it to UTF-8", source)


class Conflicts:
    """Finds what git left of conflicts, each once: their lines would be read as texts, with both sides."""

    def __init__(self) -> None:
        self._told = False

    def mistake(self, number: int, line: str) -> Mistake | None:
        """What is wrong with line `number`, if a conflict begins there, or the rest of one.

        Args:
            number: of the line, from 1.
            line: with or without its end.
        """
        if not _CONFLICT_LINE.match(line):
            return None
        begins, known = line[0] == "<", self._told
        self._told = line[0] != ">"
        if known and not begins:
            return None
        what = "an unresolved merge conflict begins here" if begins else "this is left of a merge conflict"
        hint = "resolve the conflict: keep the right lines, and remove git's; if it belongs to the text, use JSONL"
        return Mistake(number, what, "conflict", 1, hint, line.rstrip("\r\n"))
