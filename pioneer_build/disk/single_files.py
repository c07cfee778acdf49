"""Opens, makes and fills single files: no link that a repository brought is followed."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.disk.folders import sync_folder

if TYPE_CHECKING:
    from pioneer_build.disk import AnyPath

#: No file of ours is a link.
_OURS = os.O_NOFOLLOW | os.O_CLOEXEC


def create(path: AnyPath, mode: int, *, append: bool = False) -> int:
    """Creates a file and opens it for writing; returns its descriptor. A link at its place is not followed.

    Args:
        path: the file.
        mode: permission bits; the umask removes some.
        append: whether every write goes to its end.

    Raises:
        FileExistsError: it exists.
        OSError: it can't be created.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OURS | (os.O_APPEND if append else 0), mode)


def write_new(target: AnyPath, data: bytes, mode: int) -> None:
    """Writes a file that doesn't exist, durably. A link in its place is not followed.

    Args:
        target: the file; its folder must exist.
        data: its bytes.
        mode: permission bits; the umask removes some.

    Raises:
        FileExistsError: it exists.
        OSError: it can't be written; then it doesn't exist.
    """
    descriptor = create(target, mode)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
        sync_folder(os.path.dirname(target) or ".")  # noqa: PTH120
    except BaseException:
        os.unlink(target)  # noqa: PTH108 - an incomplete file would count as existing
        raise
    finally:
        os.close(descriptor)


def open_shared(path: AnyPath, mode: int = 0o600, *, append: bool = False, make: bool = True) -> int:
    """Opens a file that several processes read and write, and creates it if needed; returns its descriptor.

    It is never replaced: processes hold locks on it, or add to it. A link at its place is not followed.

    Args:
        path: the file; its folder must exist.
        mode: permission bits of a new file, whatever the umask is.
        append: whether every write goes to its end.
        make: whether to create it if it doesn't exist.

    Raises:
        OSError: it can't be opened.
    """
    flags = os.O_RDWR | _OURS | (os.O_APPEND if append else 0)
    while True:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            if not make:
                raise
        with suppress(FileExistsError):  # another process was faster
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, mode)
            try:
                add_bits(descriptor, mode)
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor


def add_bits(descriptor: int, mode: int) -> None:
    """Gives a new file the permission bits that the umask removed."""
    if mode & ~os.fstat(descriptor).st_mode:
        os.fchmod(descriptor, mode)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes all of `data` to an open file.

    Raises:
        OSError: only some of it, or nothing, could be written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def random_name() -> str:
    """A name that no other process on any machine will choose: 20 hexadecimal digits."""
    return os.urandom(10).hex()
