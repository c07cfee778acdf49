"""What a failed write means, and what helps."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioneer_build.disk import AnyPath

#: What a failed write means, and what helps.
_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "your quota is used up: free some space",
    errno.EROFS: "the file system is read-only: mount it for writing",
    errno.EACCES: "check the owner and permissions",
    errno.EPERM: "check the owner, permissions and attributes",
    errno.EFBIG: "files can't become this large here: raise the limit (`ulimit -f`)",
    errno.EBUSY: "it is a mount of its own, which can't be replaced: mount the folder that it is in",
    errno.EISDIR: "it must be a file: move the folder away",
    errno.EIO: "the disk reports an I/O error: check the disk first",
}


def advice(error: OSError, path: AnyPath, elsewhere: str | None = None) -> str | None:
    """What helps if `path` can't be written; `None` if nothing is known.

    Args:
        error: the error of the system.
        path: the file or folder.
        elsewhere: what to do in order to use another place.
    """
    help_ = _ADVICE.get(error.errno or 0)
    if error.errno in _ON_THE_WAY and (found := _no_folder_on_the_way(os.fspath(path))):
        if not os.path.islink(found):  # noqa: PTH114
            move = "move it away" if elsewhere is None else f"{elsewhere}, or move it away"
            return f"{found} is a file, not a folder: {move}"
        if error.errno == errno.ELOOP and os.path.exists(found):  # noqa: PTH110
            return f"{found} is a symbolic link: replace it by the file itself"
        loop = error.errno == errno.ELOOP
        whither = "itself" if loop else f"{os.readlink(found)}, which isn't there"  # noqa: PTH115
        help_ = f"{found} is a link to {whither}: replace it" + ("" if loop else ", or create its target")
    return help_ if help_ is None or elsewhere is None else f"{help_}, or {elsewhere}"


#: Errors of a path on whose way there is no folder.
_ON_THE_WAY = (errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.ELOOP)


def _no_folder_on_the_way(path: str) -> str | None:
    """The nearest folder of `path` that exists, if it isn't a folder: a file, or a link to nowhere."""
    while not os.path.lexists(path) and path != (above := os.path.dirname(path)):  # noqa: PTH120
        path = above
    return None if os.path.isdir(path) else path  # noqa: PTH112
