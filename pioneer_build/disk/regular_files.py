"""Reads files whose place a repository chose: it may have put a pipe or a device there, or a huge file."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pioneer_build.disk import AnyPath


#: The largest file of specs or settings.
MAX_FILE_BYTES: Final = 16 * 1024 * 1024


def read_regular(path: AnyPath, most: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file, as far as the first `most` and one: whoever gets more than `most` refuses it.

    A link is followed.

    Raises:
        OSError: it can't be read, or is none of these; `strerror` says what it is.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not block
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - it has flags
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        parts: list[bytes] = []
        left = most + 1
        while left > 0 and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
