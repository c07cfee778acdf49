"""Whether files can be written, and whether there is room for them: tried before anything is paid for."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.disk.single_files import create, random_name, write_all

if TYPE_CHECKING:
    from pioneer_build.disk import AnyPath

#: A reservation consists of real blocks up to this many bytes; for more, the free space that the system reports counts.
_ALLOCATED = 64 << 20
#: These bytes of a reservation are written and synced.
_WRITTEN = 4096


def reserve(folder: AnyPath, size: int) -> int:
    """Takes `size` bytes of the disk that `folder` is on; returns a descriptor whose closing gives them back.

    This is a real file, written and synced: the free space that a system reports is wrong under a quota, a thin volume
    or a limit for files, and says nothing about permissions. The file has no name when this returns, so that a process
    that is killed leaves nothing behind.

    Raises:
        OSError: files can't be written there, or not this much.
    """
    path = os.path.join(folder, f".{random_name()}.tmp")  # noqa: PTH118 - no pathlib here
    descriptor = create(path, 0o600)
    try:
        os.unlink(path)  # noqa: PTH108
        write_all(descriptor, os.urandom(_WRITTEN))
        if size > _WRITTEN:
            _allocate(descriptor, min(size, _ALLOCATED))
        os.fsync(descriptor)
        found = os.fstatvfs(descriptor)
        if size > _ALLOCATED and found.f_blocks > 0 and found.f_bavail * found.f_frsize < size - _ALLOCATED:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - if that was what failed
        raise
    return descriptor


def check_writable(path: AnyPath) -> None:
    """Checks that files can be written in a folder, or that a file can be written. Changes nothing.

    Raises:
        OSError: they can't, or it can't.
    """
    if os.path.isdir(path):  # noqa: PTH112 - no pathlib here
        os.close(reserve(path, 0))
    else:
        # a pipe must not block
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK))


def check_replaceable(path: str) -> None:
    """Checks that a file may be replaced by a new one, as far as that can be known without doing it. Changes nothing.

    The file's permission bits don't matter for this, only those of its folder: see `check_writable`.

    Raises:
        OSError: it can't be replaced: it is a folder, a mount of its own, immutable, or belongs to another user in a
            folder where that matters.
    """
    above, name = os.path.split(os.fspath(path))
    above = os.path.realpath(above or ".")
    found, folder = os.lstat(path), os.stat(above)  # noqa: PTH116 - no pathlib here
    if _is_mount(f"{above}/{name}"):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, found.st_uid, folder.st_uid):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    if stat.S_ISLNK(found.st_mode):
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        if error.errno != errno.EACCES:
            raise


def _is_mount(path: str) -> bool:
    """Whether a file is a mount of its own. Only Linux has that, and only its list of mounts knows it in every case."""
    try:
        with open("/proc/self/mountinfo", "rb") as file:  # noqa: PTH123 - no pathlib here
            points = {line.split()[4] for line in file}
    except OSError:
        return False
    # white space and backslashes are written in octal (proc_pid_mountinfo(5))
    escaped = os.fsencode(path)
    for character in b"\\ \t\n":
        escaped = escaped.replace(bytes([character]), b"\\%03o" % character)
    return escaped in points


def _allocate(descriptor: int, size: int) -> None:
    """Makes a new file `size` bytes long, with real blocks: allocated, or written where the system can't allocate."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP):
                raise
        else:
            return
    piece = os.urandom(1 << 20)  # not zeros, which some file systems don't store
    for start in range(0, size, len(piece)):
        write_all(descriptor, piece[: size - start])
