"""What the file system says of a file that was read: enough to know, by a `stat`, that it is the same
still."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from pathlib import Path

#: A change so shortly before a reading may leave no trace in the times: FAT counts two seconds, others less.
GRANULARITY_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class FileStamp:
    """One file as it was when it was read; times in nanoseconds since 1970, `name` relative to the project.

    `settled` is false for a file that was changed so shortly before it was read that a later change might
    leave the same times (git's racy timestamps): such a stamp proves nothing, and the file is read again.
    """

    name: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    settled: bool

    def holds(self, path: Path) -> bool:
        """Whether the file at `path` is still the one that was read."""
        try:
            now = path.stat()
        except OSError:
            return False
        return self.settled and self.same(now)

    def same(self, now: os.stat_result) -> bool:
        """Whether `now` is of the same file in the same state."""
        return (self.size, self.mtime_ns, self.ctime_ns, self.inode) == (
            now.st_size,
            now.st_mtime_ns,
            now.st_ctime_ns,
            now.st_ino,
        )


def stamp(name: str, found: os.stat_result, read_at_ns: int | None = None) -> FileStamp:
    """The stamp of a file whose `stat` was `found` when reading it began, at `read_at_ns` (default: now)."""
    began = time.time_ns() if read_at_ns is None else read_at_ns
    latest = max(found.st_mtime_ns, found.st_ctime_ns)
    return FileStamp(
        name,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_ino,
        latest + GRANULARITY_NS < began,
    )
