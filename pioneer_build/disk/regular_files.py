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


class TooLargeError(OSError):
    """A file has more bytes than it may have."""

    def __init__(self, most: int) -> None:
        super().__init__(errno.EFBIG, f"it is larger than {most // 1024**2} MiB")


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
        return _read_up_to(file, most + 1)


def read_whole(path: AnyPath, most: int = MAX_FILE_BYTES, *, follow: bool = True) -> bytes:
    """All bytes of a regular file. Nothing is read of one whose size says that it has more than `most`.

    Args:
        path: of the file.
        most: the number of bytes that it may have.
        follow: whether it may be a symbolic link.

    Raises:
        TooLargeError: it has more.
        OSError: as `open_regular`.
    """
    with open_regular(path, buffering=0, follow=follow) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise TooLargeError(most)
        data = _read_up_to(file, most + 1)  # it may grow, or not say its size
    if len(data) > most:
        raise TooLargeError(most)
    return data


def _read_up_to(file: BinaryIO, most: int) -> bytes:
    parts: list[bytes] = []
    piece = max(_PIECE, os.fstat(file.fileno()).st_size + 1)  # what is asked for is allocated: not all of `most`
    while most > 0 and (part := file.read(min(most, piece))):
        parts.append(part)
        most -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
