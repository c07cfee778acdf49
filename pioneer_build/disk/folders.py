"""Makes folders, private and durably."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioneer_build.disk import AnyPath


def make_folder(path: AnyPath, mode: int = 0o700) -> None:
    """Makes a folder and the missing ones above it, durably. One that exists is left as it is.

    Args:
        path: the folder.
        mode: permission bits of each new folder, whatever the umask is.

    Raises:
        OSError: it can't be made, or there is something else.
    """
    text = os.fspath(path)
    if os.path.isdir(text):  # noqa: PTH112 - no pathlib here
        return
    above = os.path.dirname(text.rstrip("/")) or "."  # noqa: PTH120
    make_folder(above, mode)
    try:
        os.mkdir(text, mode)  # noqa: PTH102
    except FileExistsError:  # another process was faster, or it is no folder
        if not os.path.isdir(text):  # noqa: PTH112
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), text) from None
    else:
        if mode & ~os.stat(text).st_mode:  # noqa: PTH116 - the umask may have removed bits
            os.chmod(text, mode)  # noqa: PTH101
        with suppress(PermissionError):  # one that can't be read can't be synced
            sync_folder(above)


def sync_folder(folder: AnyPath) -> None:
    """Syncs a folder: after fsync(2) of a new file, its name still needs an fsync of the folder.

    Raises:
        OSError: the folder can't be synced.
    """
    sync_opened(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))


def sync_opened(descriptor: int) -> None:
    """Syncs a folder that was opened to be read, and closes it.

    Raises:
        OSError: the folder can't be synced.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that can't sync folders
            raise
    finally:
        os.close(descriptor)


def sync_way(folder: AnyPath) -> None:
    """Syncs a folder and those above it, as far as they are the user's: whoever made one may have died before that.

    Raises:
        OSError: a folder can't be synced.
    """
    way = os.path.realpath(folder)
    while True:
        sync_folder(way)
        above = os.path.dirname(way)  # noqa: PTH120 - no pathlib here
        if above == way or not os.access(above, os.R_OK | os.W_OK):  # nobody has made a folder there
            return
        way = above
