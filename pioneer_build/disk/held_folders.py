"""Folders that are written to without following a link, and held while they are.

What was checked may be something else when it is written: whoever can change a checkout can put a link in the place of
a folder between the two. So the path that was checked is walked again, folder by folder, without following a link, and
what is done in the folder goes through its descriptor, wherever its name leads meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from pioneer_build.disk.folders import sync_opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.disk import AnyPath

#: A folder that may be searched, but not read, can be held as well, where the system has this.
_SEARCH: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def hold_folder(path: AnyPath, *, make: bool = False, mode: int = 0o700) -> int:
    """Opens a folder without following a link on the way to it; returns its descriptor, which the caller closes.

    Args:
        path: the folder, without links (`os.path.realpath`); a relative path starts in the current folder.
        make: whether to make what is missing, durably.
        mode: permission bits of each new folder, whatever the umask is.

    Raises:
        OSError: there is no such folder, or something on the way is a link.
    """
    text = os.fspath(path)
    here = os.open("/" if text.startswith("/") else ".", _SEARCH)
    try:
        for part in text.split("/"):
            if part in ("", "."):
                continue
            below = _step(here, part, make=make, mode=mode)
            os.close(here)
            here = below
    except BaseException:
        os.close(here)
        raise
    return here


def _step(above: int, name: str, *, make: bool, mode: int) -> int:
    try:
        return os.open(name, _SEARCH, dir_fd=above)
    except FileNotFoundError:
        if not make:
            raise
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP) or not _is_link(name, above):
            raise
        raise OSError(errno.ELOOP, "a symbolic link has taken the place of a folder", name) from None
    with suppress(FileExistsError):  # another process was faster
        os.mkdir(name, mode, dir_fd=above)
    made = os.open(name, _SEARCH, dir_fd=above)
    try:
        if mode & ~os.fstat(made).st_mode:  # the umask removed bits
            os.chmod(path_of(made, name), mode)  # noqa: PTH101
        with suppress(PermissionError):  # one that can't be read can't be synced
            sync_held(above)
    except BaseException:
        os.close(made)
        raise
    return made


def _is_link(name: str, above: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode)
    except OSError:
        return False


def sync_held(descriptor: int) -> None:
    """Syncs a folder that is held.

    Raises:
        OSError: it can't be synced.
    """
    sync_opened(os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=descriptor))


def path_of(descriptor: int, path: AnyPath) -> str:
    """A path of a folder that is held, which leads to it whatever its name leads to now.

    Only Linux has such paths. Elsewhere, and where /proc isn't there, it is the path that was walked.

    Args:
        descriptor: of the folder.
        path: of the folder.
    """
    held = f"/proc/self/fd/{descriptor}"
    return held if os.path.isdir(held) else os.fspath(path) or "."  # noqa: PTH112 - no pathlib here


@contextmanager
def held_folder(path: AnyPath, *, make: bool = False) -> Iterator[str]:
    """Holds a folder; gives a path for what is done in it.

    Args:
        path: as for `hold_folder`.
        make: whether to make what is missing.

    Raises:
        OSError: as `hold_folder`.
    """
    descriptor = hold_folder(path, make=make)
    try:
        yield path_of(descriptor, path)
    finally:
        os.close(descriptor)
