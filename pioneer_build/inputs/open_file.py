"""The decompressed bytes of a file, and its encoding, as far as the first bytes show it."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from pioneer_build.inputs.problems import Mistake
from pioneer_build.inputs.zstd import ZstdStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.inputs.files import Compression, InputFile

BUFFER = 1 << 20
BOM = b"\xef\xbb\xbf"

_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PAR1", "Parquet"),
)


class DamagedStreamError(Exception):
    """The compressed stream is damaged or truncated, as the message says."""


@contextmanager
def open_bytes(file: InputFile) -> Iterator[BinaryIO]:
    """The decompressed bytes of `file`; raises `DamagedStreamError` for a damaged stream, and OSError."""
    with file.path.open("rb", buffering=BUFFER) as raw:
        if not file.compression:
            yield raw
            return
        try:
            with _decompressed(raw, file.compression) as stream:
                yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DamagedStreamError(f"the {file.compression} stream is damaged or truncated: {error}") from error


def _decompressed(raw: BinaryIO, compression: Compression) -> BinaryIO:
    if compression == "gzip":
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb"))
    return io.BufferedReader(ZstdStream(raw), BUFFER)


def foreign(head: bytes) -> Mistake | None:
    """What is wrong with a stream that starts with `head`, if it isn't UTF-8."""
    for mark, what in _MARKS:
        if head.startswith(mark):
            if what.startswith("UTF"):
                return _not_utf8(f"the file is {what}, not UTF-8", f"convert it: iconv -f {what} -t UTF-8 FILE")
            if what == "zip":
                return _not_utf8("the file is a zip archive, which can't be read", "extract it, or save it as CSV")
            return _not_utf8(
                f"the file is {what}, but its name has another ending", f"rename it with the ending for {what} files"
            )
    if b"\0" in head[:4096]:
        guess = "it is UTF-16 without a byte order mark, or not a text file"
        return _not_utf8(f"the file contains NUL bytes: {guess}", "convert it to UTF-8")
    return None


def _not_utf8(message: str, hint: str) -> Mistake:
    return Mistake(1, message, "encoding", hint=hint)


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
