"""The seal of a log: the number of its last line, in the file whose lock is held while a line is added.

It is written after its line, and not flushed to the disk. So it is never greater than the number of the last line, but
if lines were lost.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING
from zlib import crc32

from pioneer_build.disk.regular_files import open_regular

if TYPE_CHECKING:
    from pathlib import Path

_DIGITS = 12


def read_seal(path: Path) -> int:
    """The number that the file at `path` has; 0 if it has none, or is damaged."""
    try:
        with open_regular(path) as file:
            digits, _, checksum = file.read(_DIGITS + 9).partition(b" ")
    except OSError:
        return 0
    if len(digits) != _DIGITS or not digits.isdigit() or checksum != b"%08x" % crc32(digits):
        return 0
    return int(digits)


def write_seal(descriptor: int, number: int) -> None:
    """Writes the number of the last line to an open file; a disk that doesn't take it is no error."""
    digits = b"%0*d" % (_DIGITS, number)
    with suppress(OSError):
        os.pwrite(descriptor, digits + b" %08x\n" % crc32(digits), 0)
