"""Whether a file has changed, by its `stat`. Imports nothing: a plan with nothing to do asks for little else."""

from __future__ import annotations

import os
from typing import TypeAlias

#: The state of a file: size in bytes, mtime in ns, inode, ctime in ns.
Stamp: TypeAlias = "tuple[int, int, int, int]"
#: The name of a file that was read, relative to the project, and its stamp; `None` if that would prove nothing.
StampedFile: TypeAlias = "tuple[str, Stamp | None]"
_SECOND_NS = 1_000_000_000
#: For times in whole seconds, from file systems with this resolution: two seconds in FAT, one in HFS+ and ext3.
_MARGIN_OF_SECONDS_NS = 2 * _SECOND_NS
#: For all others. They use the kernel's clock at its last tick, at most 10 ms ago (ext4, XFS, tmpfs, APFS, NTFS; finer
#: with the multigrain times of Linux 6.13), or have a resolution of 10 ms (exFAT). This is five times that.
_MARGIN_OF_TICKS_NS = 50_000_000


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of a file with this `stat`."""
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns


def stamp_at(path: str) -> Stamp | None:
    """The stamp of the file at `path`; `None` if there is none.

    Raises:
        OSError: it has no readable `stat`.
    """
    try:
        return stamp_of(os.stat(path))  # noqa: PTH116 - no pathlib here
    except (FileNotFoundError, NotADirectoryError):
        return None


def stamp_text(stamp: Stamp) -> str:
    """A stamp as the caches keep it in their lines."""
    return "%d %d %d %d" % stamp  # noqa: UP031 - the fastest way, and thousands of files have one


def is_settled(stamp: Stamp, read_at_ns: int) -> bool:
    """Whether any change after `read_at_ns` would show in the stamp. One that isn't settled proves nothing.

    A second change shortly after the first may leave the same times: git calls them racy.

    Args:
        stamp: of a file, taken before it was read.
        read_at_ns: when reading started, in ns since 1970.
    """
    _, mtime, _, ctime = stamp
    in_seconds = not mtime % _SECOND_NS or not ctime % _SECOND_NS
    return max(mtime, ctime) + (_MARGIN_OF_SECONDS_NS if in_seconds else _MARGIN_OF_TICKS_NS) < read_at_ns
