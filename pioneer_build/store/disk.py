"""Files that are whole or not there: written aside, flushed to the disk, then named.

Every error of the system becomes a `StoreError` that names the path and says what may help.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_ELSEWHERE = "set `store:` in pioneer.yaml to another folder"
_RIGHTS = f"look at the folder's owner and permissions, or {_ELSEWHERE}"
_HINTS = {
    errno.ENOSPC: f"the disk is full: make room (`pioneer-build gc` says what could go), or {_ELSEWHERE}",
    errno.EDQUOT: f"your quota is used up: make room, or {_ELSEWHERE}",
    errno.EROFS: f"the file system is read-only: {_ELSEWHERE}",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EFBIG: f"the file system takes no file this large: {_ELSEWHERE}",
    errno.EIO: "the disk reports an error: look at its health before anything else",
}


def store_error(error: OSError, path: Path, doing: str) -> StoreError:
    """`error` in this tool's words; `doing` is such as "write"."""
    hint = _HINTS.get(error.errno or 0, "`pioneer-build doctor` looks at the store")
    return StoreError(f"can't {doing} {path}: {error.strerror or error}", hint)


@contextmanager
def guarded(path: Path, doing: str) -> Iterator[None]:
    """Turns the system's errors about `path` into `StoreError`."""
    try:
        yield
    except OSError as error:
        raise store_error(error, path, doing) from error


@dataclass(frozen=True, slots=True)
class Modes:
    """Permissions of what the store creates.

    Only the user's own, unless the store's folder is there already and its group may write to it: then it is
    a team's, and the group may read and write all of it.
    """

    folder: int = 0o700
    file: int = 0o600

    @classmethod
    def of(cls, root: Path) -> Modes:
        """The permissions that suit the store in `root`."""
        try:
            mode = root.stat().st_mode
        except OSError:
            return cls()
        return cls(0o770 | (mode & stat.S_ISGID), 0o660) if mode & stat.S_IWGRP else cls()


def make_folder(path: Path, modes: Modes) -> None:
    """Creates `path` and its parents where they are missing, durably."""
    if path.is_dir():
        return
    make_folder(path.parent, modes)
    with guarded(path, "create the folder"), suppress(FileExistsError):
        path.mkdir(mode=modes.folder)
        path.chmod(modes.folder)
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Makes names created in, or removed from, the folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that have no such thing
            raise
    finally:
        os.close(descriptor)


def create(path: Path, modes: Modes) -> int:
    """A new file, opened to append; `FileExistsError` if there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, modes.file)
    try:
        os.fchmod(descriptor, modes.file)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes all of `data`."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def unique_name() -> str:
    """A name that no other process, on whatever machine, will think of."""
    return os.urandom(10).hex()


@contextmanager
def aside(folder: Path, modes: Modes) -> Iterator[tuple[Path, int]]:
    """A file in `folder` to be filled and then renamed by `settle`; removed if that doesn't happen."""
    path = folder / unique_name()
    descriptor = create(path, modes)
    try:
        yield path, descriptor
    finally:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()


def settle(temporary: Path, descriptor: int, final: Path) -> None:
    """Gives a filled file its name, durably: after this returns it survives a power loss."""
    os.fsync(descriptor)
    temporary.replace(final)
    sync_folder(final.parent)


def write_whole(final: Path, parts: Iterable[bytes | memoryview], tmp: Path, modes: Modes) -> None:
    """Writes a file that is either whole under its name or not there."""
    with guarded(final, "write"), aside(tmp, modes) as (path, descriptor):
        for part in parts:
            write_all(descriptor, part)
        settle(path, descriptor, final)
