"""Reads regular files alone, where anything may be in their place: a folder, a pipe, a device, or a huge file."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from io import BufferedReader

    from pioneer_build.disk import AnyPath


#: The largest file of specs or settings.
MAX_FILE_BYTES: Final = 16 * 1024 * 1024


def read_regular(path: AnyPath, most: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file, as far as the first `most` and one: whoever gets more than `most` refuses it.

    A link is followed.

    Raises:
        OSError: it can't be read, or is none of these; `strerror` says what it is.
    """
    with open_regular(path) as file:
        return file.read(most + 1)


def open_regular(path: AnyPath) -> BufferedReader:
    """Opens a regular file for reading. A link is followed; a pipe is not waited for.

    Raises:
        OSError: it can't be opened, or is none of these; `strerror` says what it is.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return open(descriptor, "rb")  # noqa: PTH123 - it has flags
    except BaseException:
        os.close(descriptor)
        raise
