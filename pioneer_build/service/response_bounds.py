"""How large a response may be: nothing that a server sends may fill this machine's memory.

A response is bounded by what was requested: in bytes after decompression, and in JSON values, because `[],` takes three
bytes as text and twenty times that as a value.
"""

from __future__ import annotations

from dataclasses import dataclass

from pioneer_build.spec.request_limits import ROWS_UNKNOWN

_MIB = 1024 * 1024
#: Bytes and JSON values of a response without rows, and what each row may add on average.
_BYTES, _BYTES_A_ROW = 4 * _MIB, 64 * 1024
_VALUES, _VALUES_A_ROW = 100_000, 500
#: If this is exceeded, what each of many rows may add: all of them are in memory while they are judged.
_MANY_BYTES, _BYTES_A_ROW_OF_MANY = 256 * _MIB, 4 * 1024
_MANY_VALUES, _VALUES_A_ROW_OF_MANY = 2_000_000, 64
#: A response that is read as one JSON value is never longer than this.
_WHOLE_BYTES = 512 * _MIB
#: The longest line of a download; a row is one line.
LONGEST_LINE = 4 * _MIB


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest response that is read: `size` in bytes, `values` in JSON values, `rows` in lines of a download."""

    size: int = _BYTES
    values: int = _VALUES
    rows: int = 0

    @property
    def shown(self) -> str:
        """The size, for a message."""
        return f"{self.size / _MIB:,.0f} MiB"


def bounds_for(rows: int | None, *, streamed: bool = False, more: int = 0) -> Bounds:
    """The bounds of a response that may have `rows` rows.

    Args:
        rows: how many were requested; `None` if that is not known.
        streamed: whether it is read line by line, so that its text needn't be in memory as a whole.
        more: further bytes, for what it may repeat of the request.
    """
    expected = ROWS_UNKNOWN if rows is None else rows
    size = _BYTES + min(_BYTES_A_ROW * expected, max(_MANY_BYTES, _BYTES_A_ROW_OF_MANY * expected)) + more
    values = _VALUES + min(_VALUES_A_ROW * expected, max(_MANY_VALUES, _VALUES_A_ROW_OF_MANY * expected))
    most_rows = 2 * expected + ROWS_UNKNOWN  # a version may have rows of others
    return Bounds(size if streamed else min(size, _WHOLE_BYTES + more), values, most_rows)
