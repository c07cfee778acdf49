"""Reads files whose place a repository chose: it may have put a pipe or a device there, or a huge file."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import BinaryIO

    from pioneer_build.disk import AnyPath


#: The largest file of specs or settings.
MAX_FILE_BYTES: Final = 16 * 1024 * 1024
#: The largest lock, and the largest saved plan: several hundred thousand datasets.
MAX_LOCK_BYTES: Final = 512 * 1024 * 1024
#: What is read at once, in bytes, of a file that doesn't say its size.
_PIECE: Final = 1 << 16


def open_regular(path: AnyPath, *, buffering: int = -1, follow: bool = True) -> BinaryIO:
    """A regular file, opened for reading.

    Args:
        path: of the file.
        buffering: as for `open`.
        follow: whether it may be a symbolic link.

    Raises:
        OSError: it can't be read, or is no regular file; `strerror` says what it is.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not block
    descriptor = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return open(descriptor, "rb", buffering=buffering)  # noqa: PTH123 - it has flags
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: AnyPath, most: int = MAX_FILE_BYTES, *, follow: bool = True) -> bytes:
    """The bytes of a regular file, as far as the first `most` and one: whoever gets more than `most` refuses it.

    Args:
        path: of the file.
        most: the number of bytes that are enough.
        follow: whether it may be a symbolic link.

    Raises:
        OSError: as `open_regular`.
    """
    with open_regular(path, buffering=0, follow=follow) as file:
        parts: list[bytes] = []
        left = most + 1
        piece = max(_PIECE, os.fstat(file.fileno()).st_size + 1)  # what is asked for is allocated: not all of `most`
        while left > 0 and (part := file.read(min(left, piece))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
