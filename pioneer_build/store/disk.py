"""The store's files on disk: whole or not there, readable by whom the store belongs to, with errors that help.

Every error of the system becomes a `StoreError` that names the path and says what may help.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.disk import NewFile, create, sync_folder
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
    """`error` in this tool's words.

    Args:
        error: what the system said.
        path: the file or folder it is about.
        doing: what was tried, as a verb: "write", "read", "create the folder".
    """
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
    """Creates `path` and its parents where they are missing, durably.

    Raises:
        StoreError: it can't be made.
    """
    if path.is_dir():
        return
    make_folder(path.parent, modes)
    with guarded(path, "create the folder"), suppress(FileExistsError):
        path.mkdir(mode=modes.folder)
        path.chmod(modes.folder)
        sync_folder(path.parent)


def create_log(path: Path, modes: Modes) -> int:
    """The descriptor of a new file whose writes all go to its end.

    Raises:
        FileExistsError: there is one.
        OSError: it can't be made.
    """
    descriptor = create(path, modes.file, append=True)
    try:
        os.fchmod(descriptor, modes.file)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def new_file(tmp: Path, modes: Modes) -> NewFile:
    """A file in the store's folder of temporary files, to be moved to where it belongs."""
    return NewFile(tmp, mode=modes.file)


def write_whole(final: Path, parts: Iterable[bytes | memoryview], tmp: Path, modes: Modes) -> None:
    """Writes a file that is either whole under its name or not there, durably.

    Args:
        final: the file; its folder must exist.
        parts: its bytes, in pieces.
        tmp: the store's folder of temporary files.
        modes: the store's permissions.

    Raises:
        StoreError: it can't be written.
    """
    with guarded(final, "write"), new_file(tmp, modes) as new:
        for part in parts:
            new.file.write(part)
        new.move_to(final)
