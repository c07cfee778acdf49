"""zstd streams, with the extra `zstd`. Unlike the library's own reader, this one notices a truncated stream."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from pioneer_build.errors import MissingExtra

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A block of four bytes can expand to 128 KiB: this amount of input at a time limits the output of a compressed bomb.
_INPUT = 2048
# The window size that `zstd -d` allows by default.
_MAX_WINDOW = 1 << 27


class ZstdStream(io.RawIOBase):
    """The decompressed bytes of `raw`, which may have several frames."""

    def __init__(self, raw: BinaryIO) -> None:
        try:
            import zstandard  # an extra, which may not be installed
        except ImportError as error:
            raise MissingExtra("a zstd file", "zstd") from error
        super().__init__()
        self._raw = raw
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        self._damage = zstandard.ZstdError
        self._frame: Any = None
        self._out = b""
        self._at = 0
        self._in = b""

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fills `buffer`; 0 at the end. Raises EOFError for a damaged or truncated stream."""
        view = memoryview(buffer).cast("B")
        while self._at >= len(self._out):
            if not self._more():
                return 0
        count = min(len(view), len(self._out) - self._at)
        view[:count] = self._out[self._at : self._at + count]
        self._at += count
        return count

    def _more(self) -> bool:
        data = self._in or self._raw.read(_INPUT)
        self._in = b""
        if not data:
            if self._frame is not None:
                raise EOFError("it ends in the middle of a frame")
            return False
        if self._frame is None:
            self._frame = self._decompressor.decompressobj()
        try:
            self._out, self._at = self._frame.decompress(data), 0
        except self._damage as error:
            raise EOFError(str(error)) from error
        if self._frame.eof:
            self._in, self._frame = self._frame.unused_data, None
        return True
